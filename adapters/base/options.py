"""What the options of several channels have in common."""

from __future__ import annotations

from adapters.base.errors import BadOptions


def each(secret: str | tuple[str, ...]) -> tuple[str, ...]:
    """A secret, or several of them while it is being replaced; what is new stands first."""
    return (secret,) if isinstance(secret, str) else secret


def examine_address(option: str, address: str) -> None:
    """Raises BadOptions unless it is one that can be called."""
    if not address.startswith(("http://", "https://")):
        raise BadOptions(option, "must begin with https:// or http://")
