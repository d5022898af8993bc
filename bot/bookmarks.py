"""How far each place of a channel was read: marked in memory, written down once a second, read at a session's start.

A mark that was lost with the process costs a second look at messages that are known already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from bot.clock import Clock
from bot.store.channels import ChannelStore
from bot.store.store import StoreDown

WRITTEN_EVERY_S = 1.0
TRY_AGAIN_S = 0.5


class StoredBookmarks:
    """The bookmarks of one channel."""

    def __init__(self, store: ChannelStore, queue: str, channel: str, clock: Clock) -> None:
        self._store = store
        self._queue = queue
        self._channel = channel
        self._clock = clock
        self._unwritten: dict[str, str] = {}
        self._marked = asyncio.Event()

    async def all(self) -> Mapping[str, str]:
        """The last mark of every place, the highest first: they rise with time. Waits for the store."""
        while True:
            try:
                written = await self._store.bookmarks(self._queue, self._channel)
                break
            except StoreDown:
                await self._clock.pause(TRY_AGAIN_S)
        rows = (written | self._unwritten).items()
        return dict(sorted(rows, key=lambda row: (len(row[1]), row[1]), reverse=True))

    def mark(self, place: str, mark: str) -> None:
        """All up to `mark` is durable here."""
        self._unwritten[place] = mark
        self._marked.set()

    async def run(self) -> None:
        """Write down what is marked, until cancelled. Raises StoreDown."""
        while True:
            await self._marked.wait()
            await self.write()
            await self._clock.pause(WRITTEN_EVERY_S)

    async def write(self) -> None:
        """Write down what is not yet. Raises StoreDown."""
        marks = dict(self._unwritten)
        if marks:
            await self._store.mark(self._queue, self._channel, marks)
        self._unwritten = {place: mark for place, mark in self._unwritten.items() if marks.get(place) != mark}
        if not self._unwritten:
            self._marked.clear()
