"""What happens by itself: the refresh, timers of cases, agents who forgot to go off duty.

One replica leads a queue at a time, by a lease; its fencing number goes into every write of the refresh, so that a
leader who was asleep cannot overwrite a newer one. Timers may run twice: the case's version lets one through.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from bot.case import Case, CaseState
from bot.cases import Cases
from bot.clock import Clock
from bot.config.settings import Config
from bot.events import Due, Observed
from bot.figures import Figures
from bot.metrics import Metrics
from bot.points import counts_of, new_point
from bot.published import Published
from bot.store import keys
from bot.store.store import Store, StoreDown
from bot.store.wire import Commit, OutEntry, day_name
from status.level import track_record
from status.model import Outlook

log = structlog.get_logger(__name__)

DAY_S = 86_400
LEAD_S = 3.0
TURN_S = 0.5
"""Real seconds between two rounds; a vanished leader is replaced after LEAD_S at the latest."""
LEARN_EVERY_S = 3.0
UNKNOWN_HOLDS_S = 10.0
"""A published "unknown" stands this long (desk time) before a known wait may take its place early."""
RIPE_AT_ONCE = 200

News = Callable[[Published], dict[str, Any]]
"""What `wait.updated` tells other programs."""


class Keeper:
    """Keeps every queue's figures fresh and its timers running."""

    def __init__(
        self,
        config: Config,
        store: Store,
        cases: Cases,
        figures: Figures,
        clock: Clock,
        metrics: Metrics,
        listeners: Sequence[str],
        news: News,
        who: str,
    ) -> None:
        self._config = config
        self._store = store
        self._cases = cases
        self._figures = figures
        self._clock = clock
        self._metrics = metrics
        self._listeners = listeners
        self._news = news
        self._who = who

    async def run(self, queue: str) -> None:
        """Lead the queue whenever nobody else does, until cancelled. Raises StoreDown."""
        learned_at = followed_at = -math.inf
        while True:
            fence = await self._store.lead(queue, self._who, LEAD_S)
            if fence:
                if self._clock.monotonic() - learned_at >= LEARN_EVERY_S:
                    await self._learn(queue, fence)
                    learned_at = self._clock.monotonic()
                await self._look_at_cases(queue)
                await self._refresh_when_due(queue, fence)
            if self._clock.monotonic() - followed_at >= 60:
                await self._store.follow_clock()
                followed_at = self._clock.monotonic()
            await self._clock.pause(TURN_S)

    async def resign(self, queues: Sequence[str]) -> None:
        """Let other replicas lead at once. A store that is down will find out by itself."""
        for queue in queues:
            with contextlib.suppress(StoreDown):
                await self._store.resign(queue, self._who)

    async def _learn(self, queue: str, fence: int) -> bool:
        """Learn from all that happened; False when another replica leads meanwhile.

        After an update that may be weeks, longer than a lease: go on leading, since two who lose it to one another
        would both begin again and again.
        """
        while not await self._figures.learn(queue, fence):
            if await self._store.lead(queue, self._who, LEAD_S) != fence:
                return False
        return True

    # --- the refresh ---------------------------------------------------------------------------------------

    async def _refresh_when_due(self, queue: str, fence: int) -> None:
        previous = await self._store.published(queue)
        if previous is None or await self._is_due(previous, self._clock.now()):
            await self.refresh(queue, fence, previous)

    async def refresh(self, queue: str, fence: int, previous: Published | None = None) -> None:
        """Freeze the wait anew and tell everyone; nothing happens when `fence` is no longer the leader's."""
        if not await self._learn(queue, fence):
            return
        now = self._clock.now()
        await self._relieve(queue, now)
        days = await self._days(queue, now)
        published = await self._freeze(queue, fence, previous, days)
        point = new_point(published, previous, days)
        keep_s = self._config.publish.history_days * DAY_S
        await self._store.publish(fence, published, point, now - keep_s, self._entries(published))
        self._metrics.published(published)
        log.info(
            "refreshed",
            queue=queue,
            state=published.outlook.state,
            waiting=published.outlook.waiting,
            agents=published.outlook.agents,
            within_s=published.outlook.promise and published.outlook.promise.within_s,
        )

    async def _is_due(self, previous: Published, now: float) -> bool:
        """At its time; early when an unknown wait has become known, so that nobody looks at "unknown" in vain."""
        if not now < previous.next_refresh <= now + self._config.publish.refresh_s:
            return True
        if previous.outlook.state != "unknown" or now < previous.outlook.as_of + UNKNOWN_HOLDS_S:
            return False
        return (await self._figures.outlook(previous.queue)).state != "unknown"

    async def _days(self, queue: str, now: float) -> dict[str, dict[str, int]]:
        """The counters of the last days by the days' names, today's first. Yesterday's are always among them: since
        the last refresh they may have gone on."""
        days = await self._store.days(queue, max(2, self._config.publish.history_days))
        return {day_name(now - back * DAY_S): day for back, day in enumerate(days)}

    async def _freeze(
        self, queue: str, fence: int, previous: Published | None, days: Mapping[str, Mapping[str, int]]
    ) -> Published:
        refresh_s = self._config.publish.refresh_s
        outlook = await self._figures.publish(queue, fence, previous.outlook.promise if previous else None)
        line = await self._store.line(queue)
        incident = await self._store.incident(queue)
        return Published(
            queue=queue,
            outlook=outlook,
            # At multiples of the interval, so that all outlets change together.
            next_refresh=(outlook.as_of // refresh_s + 1) * refresh_s,
            track_record=track_record(list(days.values())[: self._config.publish.history_days]),
            judged=line.judged,
            kept=line.kept,
            incident=incident is not None and incident.from_at <= outlook.as_of,
            counted=counts_of(*next(iter(days.items()))),
        )

    def _entries(self, published: Published) -> list[OutEntry]:
        data = self._news(published)
        key = f"wait-{published.queue}-{int(published.outlook.as_of * 1000)}"
        return [
            OutEntry(
                f"{key}-{channel}",
                keys.lane(channel, "!wait"),
                {"kind": "event", "type": "wait.updated", "data": data},
            )
            for channel in self._listeners
            if self._config.channels[channel].queue == published.queue
        ]

    async def _relieve(self, queue: str, now: float) -> None:
        """Agents who have shown no sign of life for long are off duty: the wait must not count on them."""
        for agent, known in (await self._store.on_duty(queue)).items():
            if known["seen"] + self._config.desk.off_duty_after_s <= now:
                log.info("agent off duty after silence", queue=queue)
                gone = Commit(duty=(agent, None), observations=(Observed("duty", now, agent),))
                await self._store.commit(queue, gone)

    # --- timers --------------------------------------------------------------------------------------------

    async def _look_at_cases(self, queue: str) -> None:
        while ripe := await self._store.ripe(queue, RIPE_AT_ONCE):
            for case in ripe:
                await self._look_at(queue, case)
            if len(ripe) < RIPE_AT_ONCE:
                return

    async def _look_at(self, queue: str, case: Case) -> None:
        seen_at: float | None = None
        outlook: Outlook | None = None
        if case.state is CaseState.CLAIMED and case.agent is not None:
            known = await self._store.duty(queue, case.agent)
            seen_at = known["seen"] if known else None
        elif case.state is CaseState.WAITING and case.promises:
            outlook = await self._figures.outlook(queue, case)
        event = Due(self._clock.now(), seen_at, outlook)
        await self._cases.apply(queue, case, event, channel=case.channel)
