"""From a file and the environment to a `Config`, or to all that is wrong with them.

Answers with a checked configuration. Never connects, opens a channel or writes.
Invariant: nothing raised here holds a value of the configuration, in its text or in a chained error.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.config.channels import secret_keys
from bot.config.environment import Setting, overlaid, settings
from bot.config.faults import ConfigError, Fault, dotted, faults_of, key_path
from bot.config.files import Unreadable, read_tables
from bot.config.kinds import listed
from bot.config.rota import read_rota
from bot.config.settings import Config
from bot.store.address import parse

# A table left out is an empty one: its defaults hold, or a fault names the very key that is missing.
EMPTY: Mapping[str, Any] = {name: {} for name in Config.model_fields}


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """The configuration in the file at `path` and, over it, in `environ`. Raises ConfigError."""
    tables = _read(path) if path else {}
    folder = (path.parent if path else Path()).absolute()
    return check(tables, settings(environ, tables, folder), folder)


def _read(path: Path) -> dict[str, Any]:
    try:
        return read_tables(path)
    except Unreadable as error:
        raise ConfigError([Fault(str(path), str(error))]) from None


def check(tables: Mapping[str, Any], variables: Sequence[Setting] = (), folder: Path | None = None) -> Config:
    """The configuration in TOML's `tables`, `variables` over them; `folder` is where an embedded store's path
    counts from. Raises ConfigError.
    """
    data = {**EMPTY, **overlaid(tables, variables)}
    try:
        config, errors = Config.model_validate(_with_tuples(data), context=folder), []
    except ValidationError as error:
        config, errors = None, error.errors(include_url=False, include_input=False)
    texts = {key_path(error["loc"]) for error in errors if _wants_text(error)}
    if any(one.key in texts and one.value != one.text for one in variables):
        # A text made of digits, such as a platform's id, is text all the same: only the kind of key tells.
        variables = [replace(one, value=one.text) if one.key in texts else one for one in variables]
        return check(tables, variables, folder)
    faults = [*faults_of(errors, data), *_loose_names(data)]
    if config is not None:
        faults += _bad_rotas(config)
    if config is None or faults:
        raise ConfigError([_with_source(fault, variables) for fault in faults])
    return config


def _wants_text(error: ErrorDetails) -> bool:
    """Whether the key itself, not an entry of its list, is to be a text."""
    return error["type"] == "string_type" and not any(isinstance(step, int) for step in error["loc"])


def _with_tuples(value: Any) -> Any:
    """TOML's arrays as tuples: what is frozen holds no list."""
    if isinstance(value, dict):
        return {key: _with_tuples(item) for key, item in value.items()}
    return tuple(map(_with_tuples, value)) if isinstance(value, list) else value


def _loose_names(data: Mapping[str, Any]) -> Iterator[Fault]:
    """Names in one table that must stand in another: a channel's queue, the channels of a queue's team."""
    queues, channels = (data[name] if isinstance(data[name], dict) else {} for name in ("queues", "channels"))
    for name, channel in channels.items():
        queue = channel.get("queue") if isinstance(channel, dict) else None
        if isinstance(queue, str) and queue not in queues:
            yield Fault(
                dotted(("channels", name, "queue")), f"is no queue; use one of these: {listed(queues)}"
            )
    for name, queue in queues.items():
        team = queue.get("team") if isinstance(queue, dict) else None
        if isinstance(team, list) and any(isinstance(one, str) and one not in channels for one in team):
            yield Fault(
                dotted(("queues", name, "team")), f"names no channel; use some of these: {listed(channels)}"
            )


def _bad_rotas(config: Config) -> Iterator[Fault]:
    for name, queue in config.queues.items():
        if queue.rota:
            try:
                read_rota(Path(queue.rota), config.zone(name))
            except Unreadable as error:
                yield Fault(dotted(("queues", name, "rota")), str(error))


def _with_source(fault: Fault, variables: Sequence[Setting]) -> Fault:
    """The fault, with the variable that set the key, a table around it or something within."""
    for one in variables:
        key = dotted(one.key)
        if f"{fault.key}.".startswith(f"{key}.") or key.startswith(f"{fault.key}."):
            return replace(fault, sentence=f"{fault.sentence} (from {one.variable})")
    return fault


def warnings(config: Config, path: Path | None) -> list[str]:
    """What works but should not stay so, in the form of faults: `key: what is wrong; way out`."""
    return [str(fault) for fault in (*_open_secrets(config, path), *_early_apologies(config))]


def _open_secrets(config: Config, path: Path | None) -> Iterator[Fault]:
    if path is None or not path.stat().st_mode & stat.S_IROTH:
        return
    for key in _secrets_inside(config, _read(path)):
        yield Fault(key, "stands in a file that every user of this machine can read; run chmod o-r on it")


def _secrets_inside(config: Config, tables: Mapping[str, Any]) -> Iterator[str]:
    address = parse(config.store.url.get_secret_value())
    if "url" in tables.get("store", {}) and (address.login.password or address.sentinel_login.password):
        yield "store.url"
    for name, table in tables.get("channels", {}).items():
        for key in sorted(secret_keys(config.channels[name].adapter) & table.keys()):
            yield dotted(("channels", name, key))


def _early_apologies(config: Config) -> Iterator[Fault]:
    for name, queue in config.queues.items():
        if queue.overloaded_s < queue.target_s:
            yield Fault(
                dotted(("queues", name, "overloaded_s")),
                "is below target_s, so texts apologise for waits within the target; raise it",
            )
