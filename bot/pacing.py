"""How fast platforms are spoken to: whose turn it is within their budgets, and until when they want silence.

Budgets and silences are kept in the store, so that they hold for all replicas and outlast a restart. What this process
alone knows only makes it gentler: who waits here for which budget, and in which order, what is under way, and a
silence that has yet to be written down.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from typing import TypeVar

from adapters.base import Busy, Pace
from bot.clock import Clock
from bot.store.store import Store, StoreDown

Answer = TypeVar("Answer")

UNLIMITED = Pace("", most=0, per_s=0.0, draws=0)
"""Where no budget is stated: as fast as we can, until the platform asks for silence."""
INSIST_EVERY_S = 0.3
UNDER_WAY_S = 0.05
"""After so long it is looked again whether another message to the same place is through."""
OVERDUE_S, SWEPT_EVERY_S = 10.0, 1.0
"""Whoever has not asked again so long after their time is not waited for."""


class NotYet(Exception):
    """It is not this message's turn; nothing was tried. Ask again in `delay_s`."""

    def __init__(self, delay_s: float) -> None:
        super().__init__(f"{delay_s:.1f} s")
        self.delay_s = delay_s


async def unasked() -> None:
    """Nobody wants to know when a message goes out."""


class Line:
    """Who waits for one budget, in the order in which they came, and when they ask again."""

    def __init__(self) -> None:
        self._asks_at: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._asks_at)

    def sweep(self, now: float) -> None:
        """Forget those at the head who should have asked long ago: their messages went another way."""
        while self._asks_at and now - self._asks_at[head := next(iter(self._asks_at))] > OVERDUE_S:
            del self._asks_at[head]

    def ahead_of(self, key: str) -> int:
        """How many come before it; for a newcomer that is everybody."""
        if key not in self._asks_at:
            return len(self._asks_at)
        return next(place for place, one in enumerate(self._asks_at) if one == key)

    def waits(self, key: str, at: float) -> None:
        """It asks again at this moment, and keeps its place."""
        self._asks_at[key] = at

    def leaves(self, key: str) -> None:
        """It has had its turn."""
        self._asks_at.pop(key, None)


class Pacing:
    """Gives turns. `homes` tells the queue of each channel, beside which its budgets are kept."""

    def __init__(self, store: Store, homes: Mapping[str, str], clock: Clock) -> None:
        self._store = store
        self._homes = homes
        self._clock = clock
        self._lines: defaultdict[tuple[str, str], Line] = defaultdict(Line)
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._under_way: set[tuple[str, str]] = set()
        self._silent_until: dict[tuple[str, str], float] = {}
        self._swept_at = 0.0

    @asynccontextmanager
    async def turn(
        self, channel: str, key: str, paces: Sequence[Pace], begin: Callable[[], Awaitable[None]] = unasked
    ) -> AsyncIterator[None]:
        """The time in which a message, known by its `key`, may be sent; the narrowest of its budgets stands last.
        `begin` is awaited when its turn comes. When the block raises Busy with a delay, that budget is silent for so
        long. Raises NotYet, StoreDown and what `begin` raises."""
        with self._alone(channel, paces[-1]):
            await self._draw(channel, key, paces)
            await begin()
            # Last: what is under way meanwhile may have been asked for silence.
            self._heed_silence(channel, paces)
            try:
                yield
            except Busy as busy:
                if busy.retry_after_s is not None:
                    await self._be_silent(channel, _silenced(busy, paces), busy.retry_after_s)
                raise

    async def _draw(self, channel: str, key: str, paces: Sequence[Pace]) -> None:
        async with self._in_order(channel, paces):
            now = self._clock.real()
            self._sweep(now)
            lines = [self._lines[channel, pace.name] for pace in paces]
            ahead = [line.ahead_of(key) for line in lines]
            drawn = await self._store.channels.pace(self._homes[channel], channel, paces, ahead)
            if drawn.wait_s > 0:
                self._lines[channel, drawn.budget].waits(key, now + drawn.wait_s)
                raise NotYet(drawn.wait_s)
            for line in lines:
                line.leaves(key)

    def _in_order(self, channel: str, paces: Sequence[Pace]) -> AbstractAsyncContextManager[object]:
        """One asks after another, so that places are given in the order in which messages come; where there are no
        places to be given, all ask at once."""
        return self._asking[channel] if any(pace.most for pace in paces) else nullcontext()

    def _sweep(self, now: float) -> None:
        if now < self._swept_at + SWEPT_EVERY_S:
            return
        self._swept_at = now
        for place, line in list(self._lines.items()):
            line.sweep(now)
            if not line:
                del self._lines[place]

    def _heed_silence(self, channel: str, paces: Sequence[Pace]) -> None:
        until = max(self._silent_until.get((channel, pace.name), 0.0) for pace in paces)
        if (left_s := until - self._clock.real()) > 0:
            raise NotYet(left_s)

    async def _be_silent(self, channel: str, pace: Pace, for_s: float) -> None:
        now = self._clock.real()
        lasting = {place: until for place, until in self._silent_until.items() if until > now}
        until = max(now + for_s, lasting.get((channel, pace.name), 0.0))
        self._silent_until = {**lasting, (channel, pace.name): until}
        await insist(lambda: self._store.channels.hush(self._homes[channel], channel, pace, for_s))

    @contextmanager
    def _alone(self, channel: str, narrowest: Pace) -> Iterator[None]:
        """One send at a time to a place that has a budget of its own, such as `chat:7`: what is under way when it asks
        for silence would break it."""
        place = (channel, narrowest.name)
        if place in self._under_way:
            raise NotYet(UNDER_WAY_S)
        if ":" in narrowest.name:
            self._under_way.add(place)
        try:
            yield
        finally:
            self._under_way.discard(place)


def _silenced(busy: Busy, paces: Sequence[Pace]) -> Pace:
    """Which of a message's budgets a silence counts for."""
    return next((pace for pace in paces if busy.budget == pace.name.partition(":")[0]), paces[-1])


async def insist(write: Callable[[], Awaitable[Answer]]) -> Answer:
    """Have it written down what became of a message, however long the store is away: only we know it."""
    while True:
        try:
            return await write()
        except StoreDown:
            await asyncio.sleep(INSIST_EVERY_S)
