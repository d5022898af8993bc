"""Secrets that sign what the bot tells, shared by all replicas. They stand beside the first queue."""

from __future__ import annotations

from base64 import b64decode, b64encode

from bot.store import keys
from bot.store.library import Library


class SealStore:
    """Secrets, each written once."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def secret(self, queue: str, fresh: bytes, name: str = "seal") -> bytes:
        """The secret of that name; `fresh` becomes it where there is none yet. Raises StoreDown."""
        key = f"{keys.prefix(queue)}{name}"
        await self._library.read(self._library.client.set(key, b64encode(fresh).decode(), nx=True))
        return b64decode(await self._library.read(self._library.client.get(key)))
