"""The live figure: from the store's counters and what was learned to an outlook, for a queue or one case.

What was learned is kept up from the queue's events by the leading replica (`learn`) and stored beside the queue every
half minute and with each refresh; the others read it there, and whoever leads next adds the events since.
Invariant: a call costs the same however many cases wait.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import inf
from zoneinfo import ZoneInfo

from bot.case import Case, CaseState
from bot.clock import Clock
from bot.config.hours import build
from bot.config.settings import Config
from bot.rota import Rotas
from bot.store.store import Store
from bot.store.wire import Line
from status.history import Learned
from status.hours import Hours
from status.memory import VERSION, from_data, to_data
from status.model import Desk, Kind, Outlook, Promise, Snapshot
from status.promise import outlook
from status.wait import estimate, note, observe, publish

EVENTS_AT_ONCE = 1_000
"""Learning from so many events takes far less time than a lease of the leader, even on a slow machine."""

EVENTS_IN_A_ROW = 100
"""Learning from so many events takes some milliseconds; then others get their turn."""

LINE_KEPT_S, LEARNED_KEPT_S = 0.02, 5.0
"""How long (real seconds) a process may answer from what it read last; each is far below a wait's grain."""

STORED_EVERY_S = 30.0
"""How often (real seconds) what was learned is stored: it is some 80 kB, and events bring back what came since."""

SAMPLED = 2
"""So many waiting cases are forecast at each refresh, to learn how true such forecasts are."""

JUST_COME_S = 60.0
"""Who has waited less than this asks as one who arrives."""


@dataclass(slots=True)
class _Known:
    """What a process knows of one queue. Answers are made from `learned`, which is up to the event `after`. `fence` is
    the lease under which it learned last; `behind` is what it learned under it, until that is up to now."""

    learned: Learned
    after: str = "0-0"
    behind: tuple[Learned, str] | None = None
    learned_read: float = -inf
    stored: float = -inf
    fence: int = 0
    line: Line | None = None
    line_read: float = -inf
    hours: Hours | None = None
    hours_for: date | None = None


class Figures:
    """Answers "how long?" for every queue."""

    def __init__(self, store: Store, clock: Clock, config: Config, rotas: Rotas) -> None:
        self._store = store
        self._clock = clock
        self._config = config
        self._rotas = rotas
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
        desk, asked = await self._desk(queue), await self._snapshot(queue, case, ahead)
        kind: Kind = "live" if asked.elapsed_s < JUST_COME_S else "waiting"
        learned = await self._learned(queue)
        return outlook(asked, estimate(asked, learned, desk, kind), desk.hours, previous)

    async def publish(self, queue: str, fence: int, previous: Promise | None) -> Outlook:
        """The outlook to stand until the next refresh, by the leading replica. Raises StoreDown.

        It will be judged by all who arrive meanwhile, and so will the time still to go of some who wait.
        """
        desk, asked = await self._desk(queue), await self._snapshot(queue, None, None)
        sample = await self._store.waiting_sample(queue, SAMPLED)
        known = self._known[queue]
        figure = publish(asked, known.learned, desk)
        for case_id, turn_at, ahead in sample:
            waiting = max(asked.waiting, ahead + 1)
            elapsed_s = max(0.0, asked.taken_at - turn_at)
            one = replace(asked, waiting=waiting, ahead=ahead, elapsed_s=elapsed_s)
            note(case_id, one, known.learned, desk, "waiting")
        await self._remember(queue, fence)
        return outlook(asked, figure, desk.hours, previous)

    async def _desk(self, queue: str) -> Desk:
        settings = self._config.queues[queue]
        return Desk(self.hours(queue), settings.target_s, settings.concurrency, await self._rotas.rota(queue))

    async def _snapshot(self, queue: str, case: Case | None, ahead: int | None) -> Snapshot:
        line, now = await self._line(queue), self._clock.now()
        before, elapsed_s, in_line = line.waiting, 0.0, 0
        if case is not None and case.turn_at is not None:
            elapsed_s = max(0.0, now - case.turn_at)
            before = await self._ahead(queue, case) if ahead is None else ahead
            in_line = int(case.state is CaseState.WAITING)
        return Snapshot(
            taken_at=now,
            waiting=max(line.waiting, before + in_line),
            ahead=before,
            elapsed_s=elapsed_s,
            oldest_s=max(elapsed_s, now - (line.oldest_at or now)),
            # The case asked about is not in its own way.
            held=max(0, line.claimed - (case is not None and case.state is CaseState.CLAIMED)),
            agents=line.agents,
        )

    def forget(self, queue: str) -> None:
        """Who is on duty, or is to come, has just changed: the next answer must know."""
        self._known[queue].line = None
        self._rotas.forget(queue)

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
        if (stored := await self._stored(queue)) is not None:
            known.learned, known.after = stored
        known.learned_read = self._clock.monotonic()

    async def _stored(self, queue: str) -> tuple[Learned, str] | None:
        """What was stored last, and up to which event it goes; None where this version cannot read it."""
        kept = await self._store.learned(queue)
        if kept is None or kept["data"].get("version") != VERSION:
            return None
        return from_data(kept["data"]), kept["after"]

    async def learn(self, queue: str, fence: int) -> bool:
        """Learn from EVENTS_AT_ONCE more events at most; whether that is all that happened. Raises StoreDown."""
        known, desk = self._known[queue], await self._desk(queue)
        if known.fence != fence:
            # Whoever led before may have learned more.
            known.behind = await self._stored(queue) or (Learned(), "0-0")
            known.fence = fence
        # Who asks meanwhile lets time pass up to now, and what is still to be learned would come too late for it.
        learned, after = known.behind or (known.learned, known.after)
        events = await self._store.events_since(queue, after, EVENTS_AT_ONCE)
        for number, (event_id, observation) in enumerate(events, 1):
            observe(learned, observation, desk)
            after = event_id
            if number % EVENTS_IN_A_ROW == 0:
                known.behind = learned, after
                await asyncio.sleep(0)
        known.behind = learned, after
        if len(events) == EVENTS_AT_ONCE:
            return False
        known.learned, known.after, known.behind = learned, after, None
        known.learned_read = self._clock.monotonic()
        if known.learned_read - known.stored >= STORED_EVERY_S:
            await self._remember(queue, fence)
        return True

    async def _remember(self, queue: str, fence: int) -> None:
        """Store what was learned; nothing happens when `fence` is no longer the leader's."""
        known = self._known[queue]
        data = {"after": known.after, "data": to_data(known.learned)}
        known.stored = self._clock.monotonic()
        await self._store.remember(queue, fence, data)
