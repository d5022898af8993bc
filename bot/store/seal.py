"""The secret that signs what the API answers, shared by all replicas. It stands beside the first queue."""

from __future__ import annotations

from base64 import b64decode, b64encode

from bot.store import keys
from bot.store.library import Library


class SealStore:
    """One secret, written once."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def secret(self, queue: str, fresh: bytes) -> bytes:
        """The secret; `fresh` becomes it where there is none yet. Raises StoreDown."""
        key = f"{keys.prefix(queue)}seal"
        await self._library.read(self._library.client.set(key, b64encode(fresh).decode(), nx=True))
        return b64decode(await self._library.read(self._library.client.get(key)))
