"""Configuration from environment variables, to be laid over the file's.

`JONO_QUEUES__SUPPORT__TARGET_S=300` sets `queues.support.target_s`: two underscores part the levels, upper
and lower case are one, and `_` also finds a `-` in the file's names. `..._FILE` names a file that holds the
value, meant for secrets. A value is read as TOML where it parses (300, true, ["a", "b"]), else as plain text.
Invariant: no variable is dropped; one that fits nothing becomes an unknown key.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.config.faults import ConfigError, Fault, dotted
from bot.config.files import Unreadable, read_text

PREFIX = "jono_"
FROM_FILE = "_file"


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable: the key it sets, its text, and the value read from that."""

    variable: str
    key: tuple[str, ...]
    text: str
    value: object


def settings(environ: Mapping[str, str], data: Mapping[str, Any], folder: Path) -> list[Setting]:
    """The settings in `environ`; names are matched to those in `data`, files are found from `folder`.

    Raises ConfigError for values that cannot be read and keys that are set twice.
    """
    found: dict[tuple[str, ...], Setting] = {}
    faults = []
    for variable in sorted(environ):
        if not variable.lower().startswith(PREFIX):
            continue
        levels = variable.lower().removeprefix(PREFIX).split("__")
        key = _matched([*levels[:-1], levels[-1].removesuffix(FROM_FILE)], data)
        try:
            if key in found:
                raise Unreadable(f"is also set by {found[key].variable}; keep one of the two")
            text = _text(environ[variable], folder if levels[-1].endswith(FROM_FILE) else None)
            found[key] = Setting(variable, key, text, _value(text))
        except Unreadable as error:
            faults.append(Fault(dotted(key), f"{error} (from {variable})"))
    if faults:
        raise ConfigError(faults)
    return list(found.values())


def _matched(levels: list[str], tables: object) -> tuple[str, ...]:
    """The key that a variable's levels mean: each a name that stands in `tables`, or else a new one."""
    key: list[str] = []
    for level in levels:
        names = tables if isinstance(tables, Mapping) else {}
        key.append(next((name for name in names if name.lower().replace("-", "_") == level), level))
        tables = names.get(key[-1])
    return tuple(key)


def _text(text: str, folder: Path | None) -> str:
    """The variable's text, or that of the file it names when there is a folder to look from."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unreadable("is not UTF-8 text; set it anew") from None
    if folder is None:
        return text
    content = read_text(folder / text).strip()
    if not content:
        raise Unreadable("stands in an empty file; write the value into it")
    return content


def _value(text: str) -> object:
    try:
        read = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, RecursionError):
        return text
    return read["value"] if read.keys() == {"value"} else text


def overlaid(tables: Mapping[str, Any], settings: Iterable[Setting]) -> dict[str, Any]:
    """A copy of `tables` in which every setting has its value; tables on the way are made."""
    copy = _copy(tables)
    for setting in settings:
        table = copy
        for name in setting.key[:-1]:
            if not isinstance(table.get(name), dict):
                table[name] = {}
            table = table[name]
        table[setting.key[-1]] = setting.value
    return copy


def _copy(tables: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _copy(value) if isinstance(value, dict) else value for name, value in tables.items()}
