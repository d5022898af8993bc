"""What is wrong with a configuration, in sentences an operator can act on.

Each fault is one line `key: what is wrong; way out` with the exact dotted key. Never says a refused value,
which may be a secret: only names of keys and what would be right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, cast

from pydantic_core import ErrorDetails

from bot.config.channels import channel_type
from bot.config.kinds import Settings, listed
from bot.config.settings import Config, QueueSettings

Location = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: at which dotted key, and a sentence with the way out."""

    key: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.key}: {self.sentence}"


class ConfigError(Exception):
    """The configuration cannot work; `faults` are all that were found, the first one to be mended first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)

    @property
    def first_line(self) -> str:
        """The first fault and the number of others, in one line for the terminal."""
        others = len(self.faults) - 1
        return f"{self.faults[0]} (and {others} more)" if others else str(self.faults[0])


# What pydantic finds (https://docs.pydantic.dev/latest/errors/validation_errors/) in an operator's words.
_TYPES = {
    "string_type": "text in quotes",
    "int_type": "a whole number without quotes",
    "float_type": "a number without quotes",
    "bool_type": "true or false without quotes",
    "tuple_type": 'a list such as ["one", "two"]',
    "dict_type": "a table, written [section]",
    "model_type": "a table, written [section]",
}
_RANGES = {
    "greater_than_equal": "is too small; the least is {ge}",
    "greater_than": "is too small; it must be above {gt}",
    "less_than_equal": "is too large; the most is {le}",
    "less_than": "is too large; it must be below {lt}",
    "string_too_short": "is too short; write at least {min_length} characters",
    "string_too_long": "is too long; write at most {max_length} characters",
    "too_short": "has too few entries; add at least {min_length}",
    "literal_error": "is not one of the choices; use {expected}",
    "missing": "is missing; add it, config.example.toml shows how",
}


def faults_of(errors: Iterable[ErrorDetails], data: Mapping[str, Any]) -> list[Fault]:
    """One fault for each key that pydantic found at fault in `data`, in its order."""
    by_key: dict[str, list[ErrorDetails]] = {}
    for error in errors:
        by_key.setdefault(dotted(key_path(error["loc"])), []).append(error)
    return [Fault(key, _sentence(found, data)) for key, found in by_key.items()]


def key_path(location: Location) -> tuple[str, ...]:
    """The names of the key at a pydantic location, without list indexes and pydantic's own marks."""
    # An adapter's option may be of several types; pydantic names each behind the option.
    depth = 3 if location[0] == "channels" else len(location)
    return tuple(step for step in location[:depth] if isinstance(step, str) and step != "[key]")


def dotted(path: Iterable[str]) -> str:
    """A key as TOML writes it: quoted where it must be (https://toml.io/en/v1.0.0#keys)."""
    return ".".join(name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name) for name in path)


def _sentence(errors: Sequence[ErrorDetails], data: Mapping[str, Any]) -> str:
    types = [_TYPES[error["type"]] for error in errors if error["type"] in _TYPES]
    if types:
        return f"has the wrong type; write {' or '.join(dict.fromkeys(types))}"
    first = errors[0]
    if first["type"] == "extra_forbidden":
        return _unknown(first["loc"], data)
    context = first.get("ctx", {})
    if first["type"] == "value_error":
        return str(context["error"])
    return _RANGES.get(first["type"], "does not fit; see config.example.toml").format_map(context)


def _unknown(location: Location, data: Mapping[str, Any]) -> str:
    known = _table(location, data).model_fields
    similar = get_close_matches(str(location[-1]), known, 1)
    hint = f"did you mean {similar[0]}?" if similar else f"known here: {listed(known)}"
    return f"is not a known key; {hint}"


def _table(location: Location, data: Mapping[str, Any]) -> type[Settings]:
    """The table in which an unknown key stands."""
    match location:
        case (_,):
            return Config
        case ("queues", *_):
            return QueueSettings
        case ("channels", name, *_):
            return channel_type(data["channels"][name]["adapter"])
        case (table, *_):
            return cast(type[Settings], Config.model_fields[str(table)].annotation)
    raise AssertionError(location)
