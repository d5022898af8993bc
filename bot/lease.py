"""Being the one process that reads a channel: a lease in the store, renewed while it is needed.

Invariant: work that needs the lease is cancelled before another process may begin with it, also when the store
does not answer. A process that was stopped by its machine cannot know that; platforms then tell of two readers.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from bot.clock import Clock
from bot.store.channels import ChannelStore
from bot.store.store import StoreDown
from bot.supervise import ended

log = structlog.get_logger(__name__)

LEASE_S = 10.0
"""The reader that vanished is followed after this at the latest."""
RENEW, TAKE, MARGIN = 0.2, 0.1, 0.3
"""Parts of a lease: how often it is renewed, how often others try to take it, and how long before its end the work is
cancelled, which may take `ENDS_WITHIN_S`."""


class Lease:
    """The lease of one channel, as one process sees it."""

    def __init__(
        self, store: ChannelStore, queue: str, channel: str, who: str, clock: Clock, lease_s: float = LEASE_S
    ) -> None:
        self._store = store
        self._queue = queue
        self._channel = channel
        self._who = who
        self._clock = clock
        self._lease_s = lease_s
        self._until = -math.inf
        self._answered = False
        self._unreachable = False

    @property
    def take_over_s(self) -> float:
        """After so long, another process that waits for the lease has taken what was let go."""
        return 2 * TAKE * self._lease_s

    @property
    def held_last(self) -> bool:
        """Whether this process was the reader when the store last answered."""
        return self._answered

    @property
    def mine(self) -> bool:
        """Whether this process is the reader, for certain."""
        return self._clock.monotonic() < self._safe_until

    @property
    def orphaned(self) -> bool:
        """Whether this process was the reader when the store went away, and is not any more."""
        return self._unreachable and self._answered and not self.mine

    @property
    def _safe_until(self) -> float:
        return self._until - MARGIN * self._lease_s

    async def while_mine(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do `work` whenever this process is the reader, from its beginning each time, until it ends by itself."""
        while True:
            while not await self.take():
                await self._clock.pause(TAKE * self._lease_s)
            working = asyncio.create_task(work(), name=f"reader of {self._channel}")
            losing = asyncio.create_task(self._lost(), name=f"lease of {self._channel}")
            try:
                done, _ = await asyncio.wait({working, losing}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await ended(working, losing)
                await self.let_go()
            if working in done:
                working.result()
                return
            losing.result()
            log.warning("no longer the reader", channel=self._channel, store_away=self._unreachable)

    async def take(self) -> bool:
        """Be the reader for a lease's length from now, if nobody else is."""
        asked_at = self._clock.monotonic()
        try:
            mine = await self._store.hold(self._queue, self._channel, self._who, self._lease_s)
        except StoreDown:
            self._unreachable = True
            return False
        self._unreachable, self._answered = False, mine
        if mine:
            self._until = asked_at + self._lease_s
        return mine

    async def _lost(self) -> None:
        """Renew the lease; returns once it is lost, or may soon be."""
        while (left_s := self._safe_until - self._clock.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._clock.pause(RENEW * self._lease_s)
                    if not await self.take() and not self._unreachable:
                        return

    async def let_go(self) -> None:
        """Let another process be the reader at once. A store that is away will find out by itself."""
        self._until = -math.inf
        with contextlib.suppress(StoreDown, TimeoutError):
            async with asyncio.timeout(MARGIN * self._lease_s):
                await self._store.let_go(self._queue, self._channel, self._who)
