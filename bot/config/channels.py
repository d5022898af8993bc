"""A channel's table: the keys every channel has, and those its adapter declares.

An adapter module declares its own keys as a frozen dataclass `Options`: type hints are checked, a field
without a default is required, `field(repr=False)` marks a secret. It needs to know nothing of this package.
Invariant: adapters are found by looking into `adapters/`, so a new one is known without an edit here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated, Any, get_type_hints

from pydantic import AfterValidator, Field, ValidatorFunctionWrapHandler, WrapValidator, create_model

import adapters
from bot.config.addresses import contact_address
from bot.config.kinds import Identifiers, Settings, listed, written_as


def known_adapters() -> list[str]:
    """The names of the modules in `adapters/` that are adapters: all but the contract itself."""
    return sorted(module.name for module in iter_modules(adapters.__path__) if module.name != "base")


@cache
def options_type(adapter: str) -> type[Any]:
    """The dataclass of an adapter's own keys. Raises ValueError with a sentence for the operator."""
    if adapter not in known_adapters():
        raise ValueError(f"is no adapter; use one of these: {listed(known_adapters())}")
    try:
        declared: type[Any] = import_module(f"adapters.{adapter}").Options
    except ModuleNotFoundError as missing:
        raise ValueError(f"needs the Python package {missing.name}; install it") from missing
    return declared


def _adapter(name: str) -> str:
    options_type(name)
    return name


LimitName = Annotated[
    str,
    written_as(
        "text_chars|file_bytes|sends_at_once", "is no limit; use text_chars, file_bytes or sends_at_once"
    ),
]
Count = Annotated[int, Field(ge=1, le=2_000_000_000)]
Budget = Annotated[tuple[Count, Annotated[float, Field(gt=0, le=86_400)]], Field()]
"""At most so many sends within so many seconds."""


class ChannelSettings(Settings):
    """The keys that every channel has; an adapter's own ones stand in a subclass made by `channel_type`. `limits` and
    `paces` are what the platform allows where that is not what the adapter says."""

    adapter: Annotated[str, AfterValidator(_adapter)]
    queue: str
    agents: Identifiers = ()
    contact: Annotated[str, AfterValidator(contact_address)] = ""
    limits: Mapping[LimitName, Count] = {}
    paces: Mapping[str, Budget] = {}

    @property
    def options(self) -> Any:
        """The adapter's own `Options`, as its `open_channel` takes them. Secrets are plain text in it."""
        declared = options_type(self.adapter)
        return declared(**{field.name: getattr(self, field.name) for field in dataclasses.fields(declared)})


@cache
def channel_type(adapter: str) -> type[ChannelSettings]:
    """The table of a channel with this adapter. Raises ValueError as `options_type` does."""
    declared = options_type(adapter)
    hints = get_type_hints(declared)
    fields: dict[str, Any] = {
        field.name: _field(field, hints[field.name]) for field in dataclasses.fields(declared)
    }
    return create_model(f"{adapter.title()}Settings", __base__=ChannelSettings, **fields)


def _field(declared: dataclasses.Field[Any], hint: Any) -> tuple[Any, Any]:
    if declared.default is not dataclasses.MISSING:
        return hint, Field(declared.default, repr=declared.repr)
    if declared.default_factory is not dataclasses.MISSING:
        return hint, Field(default_factory=declared.default_factory, repr=declared.repr)
    return Annotated[hint, AfterValidator(_filled)], Field(repr=declared.repr)


def _filled(value: object) -> object:
    if value in ("", ()):
        raise ValueError("is empty; fill it in")
    return value


def secret_keys(adapter: str) -> set[str]:
    """The keys of a channel with this adapter that hold secrets."""
    return {field.name for field in dataclasses.fields(options_type(adapter)) if not field.repr}


def _of_its_adapter(table: object, common: ValidatorFunctionWrapHandler) -> Any:
    """Checks a channel's table by its adapter's keys; without one, only the common keys can be judged."""
    if not isinstance(table, Mapping):
        return common(table)
    adapter = table.get("adapter")
    if isinstance(adapter, str) and _usable(adapter):
        return channel_type(adapter).model_validate(table)
    return common({key: value for key, value in table.items() if key in ChannelSettings.model_fields})


def _usable(adapter: str) -> bool:
    try:
        options_type(adapter)
    except ValueError:
        return False
    return True


Channel = Annotated[ChannelSettings, WrapValidator(_of_its_adapter)]
