"""The past played again: what an estimator would have said, had it seen a trace happen.

An estimator is told one thing after another and asked in between. The rule for one instant: first it is asked,
then it is told, so that every answer rests on what happened *before* that instant and on nothing else. What
happened at one instant is told in a fixed order: hands freed, duty, customers who left, replies, arrivals,
and last what came of these arrivals at once. So the order of lines in a file changes nothing.

Without a staff file agents are on duty while they are seen at work: from a reply until 15 minutes after it or
after its close, whichever is later. No answer ever rests on a case's future.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from math import inf
from typing import Protocol

from bot.clock import Clock
from bot.replay.queries import Line, Query, ticks
from bot.replay.trace import Trace, TracedCase
from status.model import Happened, Observation

Quantiles = tuple[float, float, float]
"""p50, p80 and p90 of the time until the reply, in seconds; NaN where an estimator has no such figure."""

Waiting = tuple[str, int, float]
"""A waiting case: its id, how many are ahead of it, how long it has waited, in seconds."""

SEEN_AT_WORK_S = 15 * 60.0
"""An agent seen at work is taken to be on duty for so much longer."""

IN_HAND_S = 24 * 3600.0
"""A case with no close by then is not in anybody's hands any more, only open."""


class Estimator(Protocol):
    """What can be replayed. None is "unknown"; nothing may be remembered from one trace to the next."""

    def observe(self, seen: Observation) -> None:
        """Something happened."""

    def refresh(self, at: float, waiting: Sequence[Waiting]) -> Quantiles | None:
        """What is published at this tick: the wait of one who would arrive now. `waiting` are the cases that
        will be asked about."""

    def arriving(self, at: float) -> Quantiles | None:
        """The wait of a case that arrives now, and that has not been observed yet."""

    def still(self, at: float, case_id: str, ahead: int, elapsed_s: float) -> Quantiles | None:
        """The time still to go for a case that waits."""


@dataclass(slots=True)
class Cost:
    """Real seconds that one estimator took, in all and in its slowest call, and how many calls there were."""

    seconds: float = 0.0
    slowest_s: float = 0.0
    calls: int = 0


@dataclass(slots=True)
class Replayed:
    """All that was asked of a trace, in order, and what each estimator answered. `took_s` is real time, all of
    it."""

    trace: Trace
    queries: list[Query] = field(default_factory=list)
    answers: dict[str, list[Quantiles | None]] = field(default_factory=dict)
    costs: dict[str, Cost] = field(default_factory=dict)
    took_s: float = 0.0


def replay(
    trace: Trace, estimators: Mapping[str, Estimator], real: Callable[[], float] = Clock.monotonic
) -> Replayed:
    """Play a trace to estimators, all new."""
    started_s = real()
    players = [_Player(estimator, real) for estimator in estimators.values()]
    desk = _Desk(trace)
    found = Replayed(trace)
    for at, move, subject in _moves(trace):
        if move is Move.TICK:
            sample = desk.sample(subject)
            found.queries += [Query("waiting", case, at) for case, _ in sample]
            for player in players:
                player.tick(at, [waiting for _, waiting in sample])
        elif move is Move.ASK:
            found.queries += (Query("live", subject, at), Query("published", subject, at))
            for player in players:
                player.ask(at)
        elif (seen := desk.moved(at, move, subject)) is not None:
            for player in players:
                player.see(seen)
    found.answers = {name: player.answers for name, player in zip(estimators, players, strict=True)}
    found.costs = {name: player.cost for name, player in zip(estimators, players, strict=True)}
    found.took_s = real() - started_s
    return found


class _Player:
    """One estimator with its clock and its answers."""

    def __init__(self, estimator: Estimator, real: Callable[[], float]) -> None:
        self._estimator, self._real = estimator, real
        self._published: Quantiles | None = None
        self.answers: list[Quantiles | None] = []
        self.cost = Cost()

    def see(self, seen: Observation) -> None:
        before = self._real()
        self._estimator.observe(seen)
        self._count(before)

    def ask(self, at: float) -> None:
        before = self._real()
        answer = self._estimator.arriving(at)
        self._count(before)
        self.answers += (answer, self._published)

    def tick(self, at: float, sample: list[Waiting]) -> None:
        before = self._real()
        self._published = self._estimator.refresh(at, sample)
        self._count(before)
        for waiting in sample:
            before = self._real()
            answer = self._estimator.still(at, *waiting)
            self._count(before)
            self.answers.append(answer)

    def _count(self, before: float) -> None:
        took_s, cost = self._real() - before, self.cost
        cost.seconds += took_s
        cost.calls += 1
        if took_s > cost.slowest_s:
            cost.slowest_s = took_s


# --- what happens, in order --------------------------------------------------------------------------------


class Move(IntEnum):
    """What comes at an instant, in this order. AT_ONCE is for cases that arrived, or were answered, just then."""

    TICK = 0
    ASK = 1
    CLOSED = 2
    DUTY = 3
    LEFT = 4
    ANSWERED = 5
    ARRIVED = 6
    LEFT_AT_ONCE = 7
    ANSWERED_AT_ONCE = 8
    CLOSED_AT_ONCE = 9


HAPPENED: Mapping[Move, Happened] = {
    Move.CLOSED: "closed",
    Move.LEFT: "left",
    Move.ANSWERED: "answered",
    Move.LEFT_AT_ONCE: "left",
    Move.ANSWERED_AT_ONCE: "answered",
    Move.CLOSED_AT_ONCE: "closed",
}

Moment = tuple[float, Move, int]
"""When, what, and of which case; for DUTY how many agents, for TICK which."""


def _moves(trace: Trace) -> list[Moment]:
    cases = trace.cases
    moves = [(float(tick), Move.TICK, tick) for tick in ticks(cases[0].arrived_at, cases[-1].arrived_at)]
    freed = freed_at(trace)
    staff = staff_seen(cases, freed) if trace.staff is None else trace.staff
    moves += [(at, Move.DUTY, agents) for at, agents in dict(staff).items()]
    for number, case in enumerate(cases):
        arrived_at = case.arrived_at
        moves += ((arrived_at, Move.ASK, number), (arrived_at, Move.ARRIVED, number))
        ended_at, answered = ending(case)
        if answered:
            at_once = ended_at == arrived_at
            moves.append((ended_at, Move.ANSWERED_AT_ONCE if at_once else Move.ANSWERED, number))
            if (free := freed[number]) is not None:
                moves.append((free, Move.CLOSED_AT_ONCE if free == ended_at else Move.CLOSED, number))
        elif ended_at < inf:
            moves.append((ended_at, Move.LEFT_AT_ONCE if ended_at == arrived_at else Move.LEFT, number))
    return sorted(moves)


def ending(case: TracedCase) -> tuple[float, bool]:
    """When a case stopped waiting, and whether by a reply; never (infinite) when it waits to the trace's end.

    A customer who left got no reply, whatever was written to them later; a close without a reply is an end too.
    """
    gone_at = inf if case.left_at is None else case.left_at
    if case.replied_at is not None and case.replied_at <= gone_at:
        return case.replied_at, True
    if case.replied_at is None and case.closed_at is not None:
        gone_at = min(gone_at, case.closed_at)
    return gone_at, False


def freed_at(trace: Trace) -> list[float | None]:
    """When each answered case left its agent's hands; None for one that was never held.

    Where closes are recorded at all, a missing one is taken to be still to come: a trace that ends must say
    the same as one that goes on. Where none is, nobody holds anything.
    """
    recorded = any(case.closed_at is not None for case in trace.cases)
    freed: list[float | None] = []
    for case in trace.cases:
        replied_at, answered = ending(case)
        closed_at = inf if case.closed_at is None else case.closed_at
        freed.append(min(closed_at, replied_at + IN_HAND_S) if answered and recorded else None)
    return freed


def staff_seen(cases: Sequence[TracedCase], freed: Sequence[float | None]) -> Iterator[tuple[float, int]]:
    """How many agents are on duty from each moment on, as far as their replies and closes show it."""
    spans: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for case, free in zip(cases, freed, strict=True):
        replied_at, answered = ending(case)
        if answered:
            spans[case.agent].append((replied_at, max(replied_at, free or 0.0) + SEEN_AT_WORK_S))
    steps: dict[float, int] = defaultdict(int)
    for seen in spans.values():
        seen.sort()
        off_at = -inf
        for begin, end in seen:
            if begin > off_at:
                steps[begin] += 1
                steps[off_at] -= 1
            off_at = max(off_at, end)
        steps[off_at] -= 1
    agents = 0
    steps.pop(-inf, None)
    for at in sorted(steps):
        if steps[at]:
            agents += steps[at]
            yield at, agents


class _Desk:
    """The desk as the estimator may see it: the line, the agents on duty, the cases in their hands."""

    def __init__(self, trace: Trace) -> None:
        self._cases = trace.cases
        self._line = Line(tuple(case.case_id for case in trace.cases))
        self._freed = freed_at(trace)
        self._agents = 0
        self._held = 0

    def sample(self, tick: int) -> list[tuple[int, Waiting]]:
        """The waiting cases to be asked about, by number and as the estimator sees them."""
        return [(case, self._waiting(tick, case)) for case in self._line.draw(tick)]

    def _waiting(self, tick: int, number: int) -> Waiting:
        case = self._cases[number]
        return case.case_id, self._line.ahead(number), tick - case.arrived_at

    def moved(self, at: float, move: Move, subject: int) -> Observation | None:
        """Let it happen; gives what is seen of it, None where nothing changed."""
        if move is Move.DUTY:
            if subject == self._agents:
                return None
            self._agents = subject
            return Observation(at, "duty", len(self._line), subject, held=self._held)
        return (
            self._arrived(at, subject) if move is Move.ARRIVED else self._ended(at, HAPPENED[move], subject)
        )

    def _arrived(self, at: float, number: int) -> Observation:
        case, ahead = self._cases[number], len(self._line)
        self._line.join(number)
        return Observation(
            at=at,
            happened="arrived",
            waiting=ahead + 1,
            agents=self._agents,
            case=case.case_id,
            ahead=ahead,
            held=self._held,
            channel=case.channel,
        )

    def _ended(self, at: float, happened: Happened, number: int) -> Observation:
        case, line = self._cases[number], self._line
        ahead, wait_s = None, None
        if happened == "closed":
            self._held -= 1
        else:
            ahead, wait_s = line.ahead(number), at - case.arrived_at
            line.leave(number)
            self._held += happened == "answered" and self._freed[number] is not None
        return Observation(
            at=at,
            happened=happened,
            waiting=len(line),
            agents=self._agents,
            wait_s=wait_s,
            queued=happened != "closed",
            case=case.case_id,
            agent="" if happened == "left" else case.agent,
            ahead=ahead,
            held=self._held,
            channel=case.channel,
        )
