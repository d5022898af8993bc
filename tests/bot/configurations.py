"""Configurations for the tests: the least one, the full one, and how to change, write and refuse them."""

from __future__ import annotations

import json
import tomllib
import traceback
from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.config import Config, ConfigError, load

SECRET = "correct-horse-battery"
MINIMAL = """
[bot]
name = "Acme"
[server]
listen = "127.0.0.1:8080"
[store]
url = "embedded:./data"
[queues.support]
hours = "always"
target_s = 480
[channels.shop]
adapter = "webhook"
queue = "support"
secret = "whsec_correct-horse-battery"
url = "https://shop.example/in"
agents = ["a-1", "a-2"]
[outgoing]
allow_private = false
"""
EXAMPLE = tomllib.loads((Path(__file__).parents[2] / "config.example.toml").read_text("utf-8"))


def refused(path: Path | None, environ: Mapping[str, str]) -> ConfigError:
    """The error that this configuration raises; whatever it is, it is told well and tells no secret."""
    with pytest.raises(ConfigError) as caught:
        load(path, environ)
    error = caught.value
    assert SECRET not in "".join(traceback.format_exception(error))
    assert "\n" not in error.first_line
    assert all("; " in str(fault) for fault in error.faults), str(error)
    assert str(error).splitlines() == [str(fault) for fault in error.faults]
    return error


def as_toml(value: Any) -> str:
    """Plain data as a TOML value; a JSON text is one (https://toml.io/en/v1.0.0#string)."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {as_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value)


def write(folder: Path, tables: Mapping[str, Any]) -> Path:
    """These tables as a file."""
    path = folder / "jono.toml"
    path.write_text(
        "\n".join(f"{json.dumps(key)} = {as_toml(value)}" for key, value in tables.items()), "utf-8"
    )
    return path


def written(folder: Path, tables: Mapping[str, Any]) -> Config:
    """What these tables are read as. Raises ConfigError."""
    return load(write(folder, tables), {})


ABSENT = object()


def changed(tables: Mapping[str, Any], key: str, value: object) -> dict[str, Any]:
    """A copy of `tables` with one key set, or taken away."""
    copy: dict[str, Any] = deepcopy(dict(tables))
    *above, last = key.split(".")
    table = copy
    for name in above:
        table = table[name]
    if value is ABSENT:
        del table[last]
    else:
        table[last] = value
    return copy
