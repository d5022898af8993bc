"""Streams of other systems in our store, as adapters follow them: looked at twice a second, whatever the store does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.clock import Clock
from bot.store.channels import ChannelStore
from bot.store.store import StoreDown

LOOK_AGAIN_S = 0.5
AT_ONCE = 100


class StoredStreams:
    """All streams of the store; adapters name the one they follow."""

    def __init__(self, store: ChannelStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def read(self, key: str, after: str) -> Sequence[tuple[str, Mapping[str, str]]]:
        """The next entries, some hundred at a time. Waits until there are some."""
        while True:
            try:
                if found := await self._store.entries(key, after, AT_ONCE):
                    return found
            except StoreDown:
                pass
            await self._clock.pause(LOOK_AGAIN_S)
