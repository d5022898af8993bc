"""The functions of the store as they are called, and single reads. No key has a meaning here.

The library carries a digest of its text in its name, so that two versions of the bot can work side by side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable
from functools import partial
from pathlib import Path
from typing import Any

from redis.exceptions import ResponseError

from bot.store import keys
from bot.store.connection import Connection, reaching

_SOURCE = Path(__file__).with_name("functions.lua").read_text(encoding="utf-8")
_VERSION = hashlib.sha256(_SOURCE.encode()).hexdigest()[:8]
_LIBRARY = f"#!lua name=jono_{_VERSION}\n" + _SOURCE.replace("@VERSION@", _VERSION)


class Library:
    """Calls functions.lua on a connection."""

    def __init__(self, connection: Connection) -> None:
        # The client's types do not know that answers are decoded to text.
        self.client: Any = connection.client

    async def load(self) -> None:
        """Have the server know the functions."""
        await self.client.function_load(_LIBRARY, replace=True)

    async def call(self, queue: str, function: str, *arguments: str | bytes | int | float) -> Any:
        """Call a function; a server that lost or never had it gets it again. Raises StoreDown."""
        name = f"jono_{function}_{_VERSION}"
        call = partial(self.client.fcall, name, 1, keys.prefix(queue), *arguments)
        async with reaching():
            try:
                return await call()
            except ResponseError as error:
                if "Function not found" not in str(error):
                    raise
            await self.load()
            return await call()

    async def read(self, answer: Awaitable[Any]) -> Any:
        """The answer of one command. Raises StoreDown."""
        async with reaching():
            return await answer
