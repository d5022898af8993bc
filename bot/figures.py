"""The live figure: from the store's counters and what was learned to an outlook, for a queue or one case.

All replicas answer from the same learned state; only the leading one adds to it (`learn`).
Invariant: a call costs the same however many cases wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.case import Case, CaseState
from bot.clock import Clock
from bot.config.hours import build
from bot.config.settings import Config
from bot.store.store import Store
from bot.store.wire import Line
from status.history import Learned, observe
from status.hours import Hours
from status.model import Outlook, Promise, Snapshot
from status.promise import outlook
from status.wait import estimate

EVENTS_AT_ONCE = 5_000
LINE_KEPT_S, LEARNED_KEPT_S = 0.02, 5.0
"""How long (real seconds) a process may answer from what it read last; each is far below a wait's grain."""


@dataclass(slots=True)
class _Known:
    """What a process read last of one queue."""

    learned: Learned
    after: str = "0-0"
    learned_read: float = float("-inf")
    line: Line | None = None
    line_read: float = float("-inf")
    hours: Hours | None = None
    hours_for: date | None = None


class Figures:
    """Answers "how long?" for every queue."""

    def __init__(self, store: Store, clock: Clock, config: Config) -> None:
        self._store = store
        self._clock = clock
        self._config = config
        self._known = {name: _Known(Learned()) for name in config.queues}

    def zone(self, queue: str) -> ZoneInfo:
        """The time zone in which the queue's times are told."""
        return self._config.zone(queue)

    def hours(self, queue: str) -> Hours:
        """The queue's opening hours, with the holidays around today."""
        known = self._known[queue]
        zone = self.zone(queue)
        today = datetime.fromtimestamp(self._clock.now(), zone).date()
        if known.hours is None or known.hours_for != today:
            known.hours, known.hours_for = build(self._config.queues[queue].hours, today, zone), today
        return known.hours

    async def outlook(
        self,
        queue: str,
        case: Case | None = None,
        *,
        ahead: int | None = None,
        previous: Promise | None = None,
    ) -> Outlook:
        """The outlook for a new arrival or, given a case, for that one; `ahead` of it where that is known already.

        `previous` steadies the published outlook. Raises StoreDown.
        """
        settings, line, now = self._config.queues[queue], await self._line(queue), self._clock.now()
        before, elapsed_s, in_line = line.waiting, 0.0, 0
        if case is not None and case.turn_at is not None:
            elapsed_s = max(0.0, now - case.turn_at)
            before = await self._ahead(queue, case) if ahead is None else ahead
            in_line = int(case.state is CaseState.WAITING)
        snapshot = Snapshot(
            taken_at=now,
            waiting=max(line.waiting, before + in_line),
            ahead=before,
            elapsed_s=elapsed_s,
            oldest_s=max(elapsed_s, now - (line.oldest_at or now)),
            claimed=max(0, line.claimed),
            agents=line.agents,
            concurrency=settings.concurrency,
            target_s=settings.target_s,
            hours=self.hours(queue),
        )
        return outlook(snapshot, estimate(snapshot, await self._learned(queue)), previous)

    def forget(self, queue: str) -> None:
        """Who is on duty has just changed: the next answer must know."""
        self._known[queue].line = None

    async def _ahead(self, queue: str, case: Case) -> int:
        """A claimed case has nobody ahead: it is being answered."""
        if case.state is not CaseState.WAITING:
            return 0
        return await self._store.ahead(queue, case.id) or 0

    async def _line(self, queue: str) -> Line:
        known = self._known[queue]
        if known.line is None or self._clock.monotonic() - known.line_read > LINE_KEPT_S:
            known.line = await self._store.line(queue)
            known.line_read = self._clock.monotonic()
        return known.line

    async def _learned(self, queue: str) -> Learned:
        known = self._known[queue]
        if self._clock.monotonic() - known.learned_read > LEARNED_KEPT_S:
            await self._recall(queue)
        return known.learned

    async def _recall(self, queue: str) -> None:
        known = self._known[queue]
        kept = await self._store.learned(queue)
        if kept is not None:
            known.learned, known.after = Learned.from_data(kept["data"]), kept["after"]
        known.learned_read = self._clock.monotonic()

    async def learn(self, queue: str, fence: int) -> bool:
        """Add what happened since the last time; False when this replica no longer leads. Raises StoreDown."""
        await self._recall(queue)
        known, hours = self._known[queue], self.hours(queue)
        while events := await self._store.events_since(queue, known.after, EVENTS_AT_ONCE):
            for event_id, observation in events:
                known.learned = observe(known.learned, observation, hours)
                known.after = event_id
            if not await self._store.remember(
                queue, fence, {"after": known.after, "data": known.learned.to_data()}
            ):
                return False
            if len(events) < EVENTS_AT_ONCE:
                break
        return True
