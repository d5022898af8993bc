"""What wakes those who wait for it to change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Watched:
    """Something that changes, and those who watch it; `anybody` is set while there are any."""

    def __init__(self) -> None:
        self._woken: set[asyncio.Event] = set()
        self.anybody = asyncio.Event()

    @asynccontextmanager
    async def watching(self, woken: asyncio.Event | None = None) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever something changed; `woken`, where one waits for more than that."""
        woken = woken or asyncio.Event()
        self._woken.add(woken)
        self.anybody.set()
        try:
            yield woken
        finally:
            self._woken.discard(woken)
            if not self._woken:
                self.anybody.clear()

    @property
    def watchers(self) -> int:
        """How many watch now."""
        return len(self._woken)

    def tell(self) -> None:
        """Wake everyone."""
        for woken in self._woken:
            woken.set()
