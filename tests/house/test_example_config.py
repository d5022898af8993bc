"""config.example.toml and the models say the same: every key, with a reason, and its true default."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from bot.config import Config, load
from bot.config.channels import channel_type
from bot.config.hours import DAYS, HoursSettings
from bot.config.settings import QueueSettings

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
TABLES: Mapping[str, Any] = tomllib.loads(EXAMPLE.read_text("utf-8"))


def described() -> Iterator[tuple[str, type[BaseModel], Mapping[str, Any]]]:
    """Every table of the example with its model: one queue stands for all, and one table of hours."""
    for name, field in Config.model_fields.items():
        if name not in ("queues", "channels"):
            assert isinstance(field.annotation, type)
            yield name, field.annotation, TABLES[name]
    yield "queues.support", QueueSettings, TABLES["queues"]["support"]
    yield "queues.billing.hours", HoursSettings, TABLES["queues"]["billing"]["hours"]
    for name, channel in TABLES["channels"].items():
        yield f"channels.{name}", channel_type(channel["adapter"]), channel


def comments() -> Mapping[str, str]:
    """The comment above each key, by dotted key."""
    found, above, table = {}, "", ""
    for line in EXAMPLE.read_text("utf-8").splitlines():
        if line.startswith("#"):
            above += line[1:]
        elif header := re.fullmatch(r"\[(.+)\]", line):
            table, above = header[1], ""
        elif key := re.match(r"(\S+) = ", line):
            found[f"{table}.{key[1]}"], above = above, ""
    return found


def plain(default: Any) -> Any:
    """A model's default as TOML would give it."""
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    return list(default) if isinstance(default, tuple) else default


COMMENTS = comments()
DESCRIBED = list(described())
KEYS = [(table, key, model, shown) for table, model, shown in DESCRIBED for key in model.model_fields]


def test_the_example_is_a_working_configuration() -> None:
    config = load(EXAMPLE, {})
    assert set(config.queues) == {"support", "billing"}
    assert config.channels["shop"].options.url == "https://shop.example/in"


def test_the_example_has_every_table_and_no_other() -> None:
    assert set(TABLES) == set(Config.model_fields)


@pytest.mark.parametrize(("table", "model", "shown"), DESCRIBED, ids=[row[0] for row in DESCRIBED])
def test_a_table_of_the_example_has_every_key_and_no_other(
    table: str, model: type[BaseModel], shown: Mapping[str, Any]
) -> None:
    days = {key for key in shown if key.partition("-")[0] in DAYS}
    assert set(shown) - days == set(model.model_fields), table


@pytest.mark.parametrize(("table", "key", "model", "shown"), KEYS, ids=[f"{row[0]}.{row[1]}" for row in KEYS])
def test_a_key_is_explained_and_its_true_default_told(
    table: str, key: str, model: type[BaseModel], shown: Mapping[str, Any]
) -> None:
    comment, field = COMMENTS[f"{table}.{key}"], model.model_fields[key]
    assert len(comment) > 30, "says too little"
    if field.is_required():
        assert comment.startswith(" Required")
        return
    told = re.search(r"Default: (\S+)", comment)
    default = plain(field.get_default(call_default_factory=True))
    if (table, key) == ("queues.support", "hours"):
        default = "always"  # the model's None, as the file writes it
    assert (tomllib.loads(f"told = {told[1]}")["told"] if told else shown[key]) == default
