"""Sending what takes a message for each file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from adapters.base.errors import Uncertain, Undelivered

Attached = TypeVar("Attached")
"""An attachment, or what a platform wants to be told of it."""


async def one_by_one(files: Sequence[Attached], send: Callable[[Attached], Awaitable[str]]) -> str:
    """Send each file as a message; gives the id of the first one. Raises Uncertain where only some were sent, else
    what `send` raises."""
    sent: list[str] = []
    for file in files:
        try:
            sent.append(await send(file))
        except Undelivered as error:
            if not sent:
                raise
            raise Uncertain(f"only {len(sent)} of {len(files)} files were sent: {error}") from error
    return sent[0]
