"""The board: what was published last, held ready for everyone who looks.

A process reads the store once a second at most, however many look. When the feed dies the figure is taken down: no
outlet shows a wait that is older than its next refresh allows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.clock import Clock
from bot.metrics import Metrics
from bot.points import SLOT_S, in_slots, slot_of
from bot.published import HistoryPoint, Published
from bot.store.store import Store
from bot.watched import Watched
from status.model import Outlook, TrackRecord

LOOK_EVERY_S = 1.0
DAY_S = 86_400.0
WEEK_S = 8 * DAY_S
"""Seven whole days of a place and the one that is running."""
GRACE_S = 60.0
"""A refresh that is late by more than this (real time, which is what makes it late) is not coming."""


class Board(Watched):
    """The published wait of every queue, with the history of the last day, and that of the last week in slots."""

    def __init__(self, store: Store, clock: Clock, metrics: Metrics, queues: Mapping[str, object]) -> None:
        super().__init__()
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._published: dict[str, Published] = {}
        self._history: dict[str, list[HistoryPoint]] = {name: [] for name in queues}
        self._older: dict[str, list[HistoryPoint]] = {name: [] for name in queues}
        self._week: dict[str, list[HistoryPoint]] = {name: [] for name in queues}
        self._fresh = dict.fromkeys(queues, False)
        self.on_published: Callable[[str], None] = lambda queue: None
        """Called with the queue after a new figure of it was taken over."""

    @property
    def queues(self) -> list[str]:
        """The names of all queues, in the configuration's order."""
        return list(self._history)

    def history(self, queue: str) -> list[HistoryPoint]:
        """What was published in the last day and perhaps a little before, oldest first."""
        return self._history[queue]

    def week(self, queue: str) -> list[HistoryPoint]:
        """What was published in the last week, oldest first, put together in slots of `bot.points.SLOT_S`."""
        return self._week[queue]

    def published(self, queue: str) -> Published:
        """The published wait now; "unknown" before the first refresh and after a missed one."""
        now, known = self._clock.now(), self._published.get(queue)
        if known is None:
            outlook = Outlook("unknown", now, 0, 0, reason="stale")
            return Published(queue, outlook, now, TrackRecord(0, 0, 0))
        if now <= known.next_refresh + GRACE_S * self._clock.speed:
            return known
        stale = replace(known.outlook, state="unknown", reason="stale", wait=None, promise=None)
        return replace(known, outlook=stale)

    async def run(self) -> None:
        """Follow the store until cancelled. Raises StoreDown."""
        while True:
            await self.look()
            await self._clock.pause(LOOK_EVERY_S)

    async def look(self) -> None:
        """Take over what was published since, and tell the watchers. Raises StoreDown."""
        changed = False
        for queue in self.queues:
            published = await self._store.published(queue)
            if published is not None and published != self._published.get(queue):
                await self._follow(queue, published.outlook.as_of)
                self._published[queue] = published
                self._metrics.published(published)
                self.on_published(queue)
                changed = True
        if self._note_freshness() or changed:
            self.tell()

    async def _follow(self, queue: str, as_of: float) -> None:
        """Read what is new of the history, and put together what is older than a day."""
        known, older = self._history[queue], self._older[queue]
        if known and known[-1].at >= as_of:
            # The store was set back in time: what was known is not so.
            known, older = [], []
        after = known[-1].at if known else as_of - WEEK_S
        read = await self._store.history(queue, after)
        points = known + [point for point in read if not known or point.at > after]
        # Whole slots only, so that none is put together twice.
        begin = (as_of - DAY_S) // SLOT_S
        recent = next((n for n, point in enumerate(points) if slot_of(point) >= begin), len(points))
        self._older[queue] = [
            point for point in older + in_slots(points[:recent]) if point.at >= as_of - WEEK_S - SLOT_S
        ]
        self._history[queue] = points[recent:]
        self._week[queue] = self._older[queue] + in_slots(points[recent:])

    def _note_freshness(self) -> bool:
        fresh = {queue: self.published(queue).outlook.reason != "stale" for queue in self.queues}
        changed, self._fresh = fresh != self._fresh, fresh
        return changed
