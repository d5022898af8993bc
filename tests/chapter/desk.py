"""Small desks to learn from: what the tests of this chapter share. Not a test itself.

T0 is a Monday, 00:00 UTC. `Floor` writes down what happens at a desk as the store would: each observation tells
the line, the agents on duty and the cases in their hands as they stand right after it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from hypothesis import settings

from status import Desk, Hours, Learned, Observation, Snapshot, Unknown, Wait, estimate, observe
from status.history import learn
from status.hours import Shift
from status.model import Happened
from status.rota import Rota

ALIKE = settings(derandomize=True)
"""Properties are tried on the same examples every time."""

MINUTE, HOUR, DAY, WEEK = 60.0, 3600.0, 86_400.0, 604_800.0
T0 = 1_767_571_200.0
"""Monday 5 January 2026, 00:00 UTC."""

ALWAYS = Hours.always()
NINE_TO_FIVE: tuple[Shift, ...] = ((9 * 60, 17 * 60),)
DAYTIME = Hours(ALWAYS.zone, (NINE_TO_FIVE,) * 7)
NO_ROTA = Rota()
DESK = Desk(ALWAYS, target_s=480.0)
"""Open round the clock, a target of eight minutes, and how many cases an agent works on is to be learned."""
DAY_DESK = Desk(DAYTIME, target_s=480.0)


def known(figure: Wait | Unknown) -> Wait:
    """The figure, which must be one."""
    assert isinstance(figure, Wait), figure
    return figure


def seen_at(
    at: float,
    *,
    waiting: int = 0,
    ahead: int | None = None,
    elapsed_s: float = 0.0,
    oldest_s: float = 0.0,
    held: int = 0,
    agents: int = 1,
) -> Snapshot:
    """A snapshot for a new arrival, unless `ahead` and `elapsed_s` say otherwise."""
    return Snapshot(at, waiting, waiting if ahead is None else ahead, elapsed_s, oldest_s, held, agents)


def taught(observations: Iterable[Observation], desk: Desk = DESK) -> Learned:
    """What is known of a desk after all of these, when nobody was told anything: nothing was scored."""
    learned = Learned()
    for observation in observations:
        learn(learned, observation, desk)
    return learned


@dataclass
class Floor:
    """A desk where things happen, one call each; `seen` is all that was observed, `line` who waits."""

    agents: int = 1
    line: list[str] = field(default_factory=list)
    held: int = 0
    began: dict[str, float] = field(default_factory=dict)
    seen: list[Observation] = field(default_factory=list)

    def arrive(self, at: float) -> Observation:
        """A customer joins the line."""
        case = f"case {len(self.began)}"
        self.began[case] = at
        self.line.append(case)
        return self._see(at, "arrived", case, ahead=len(self.line) - 1)

    def answer(self, at: float, agent: str = "ann", ahead: int = 0, *, keep: bool = True) -> Observation:
        """An agent answers the one with so many ahead, and keeps the case in hand or is done with it."""
        case = self.line.pop(ahead)
        self.held += keep
        return self._see(at, "answered", case, agent, ahead=ahead, wait_s=at - self.began[case])

    def leave(self, at: float, ahead: int = 0) -> Observation:
        """A customer gives up."""
        case = self.line.pop(ahead)
        return self._see(at, "left", case, ahead=ahead, wait_s=at - self.began[case])

    def close(self, at: float, agent: str = "ann") -> Observation:
        """An agent is done with a case in hand."""
        self.held -= 1
        return self._see(at, "closed", "", agent, queued=False)

    def duty(self, at: float, agents: int) -> Observation:
        """From now on so many agents are on duty."""
        self.agents = agents
        return self._see(at, "duty", "")

    def _see(
        self,
        at: float,
        happened: Happened,
        case: str,
        agent: str = "",
        *,
        ahead: int | None = None,
        wait_s: float | None = None,
        queued: bool = True,
    ) -> Observation:
        waiting, held = len(self.line), self.held
        self.seen.append(
            Observation(at, happened, waiting, self.agents, wait_s, queued, case, agent, ahead, held)
        )
        return self.seen[-1]


def lone_turns(lengths: Iterable[tuple[float, bool]], start: float = T0) -> list[Observation]:
    """One customer an hour, each finding nobody ahead: (seconds, True) got a reply, (seconds, False) left."""
    floor = Floor()
    floor.duty(start, 1)
    for hour, (wait_s, answered) in enumerate(lengths):
        at = start + hour * HOUR
        floor.arrive(at)
        if answered:
            floor.answer(at + wait_s, keep=False)
        else:
            floor.leave(at + wait_s)
    return floor.seen


def full_queue(
    replies: int, gap_s: float, agents: int = 2, waiting: int = 6, start: float = T0
) -> list[Observation]:
    """A queue always this full: a reply every `gap_s`, by the agents in turn, who finish the case before; and at
    once a new customer in the free place.
    """
    floor = Floor()
    floor.duty(start, agents)
    for _ in range(waiting):
        floor.arrive(start)
    for n in range(1, replies + 1):
        at, agent = start + n * gap_s, f"agent {n % agents}"
        if floor.held == agents:
            floor.close(at, agent)
        floor.answer(at, agent)
        floor.arrive(at)
    return floor.seen


BUSY_AT = T0 + 200 * MINUTE


def busy() -> Learned:
    """Two agents who free a place a minute, seen for 200 minutes."""
    return taught(full_queue(200, gap_s=MINUTE))


def full(waiting: int, ahead: int | None = None, agents: int = 2, at: float = BUSY_AT) -> Snapshot:
    """A desk where every hand is full."""
    return seen_at(at, waiting=waiting, ahead=ahead, held=agents, agents=agents)


@dataclass
class MarkovDesk:
    """The M/M/s queue: random arrivals, `agents` with so many `hands` each, all of which finish a case in
    `handle_s` on average, first come first served.

    A reply comes when a hand takes the case; then it is busy with it. `told` has for each customer what was found
    on arrival, what was told, and the wait that followed.
    """

    agents: int
    handle_s: float
    load: float
    seed: int
    hands: int = 1
    learned: Learned = field(default_factory=Learned)
    told: list[tuple[Snapshot, Wait, float]] = field(default_factory=list)

    @property
    def desk(self) -> Desk:
        """What is configured: the target, which here is as long as a case takes."""
        return Desk(ALWAYS, self.handle_s)

    @property
    def at(self) -> float:
        """When something happened last."""
        return self.learned.at or T0

    def found(self, at: float, floor: Floor) -> Snapshot:
        """What a customer finds who comes now."""
        oldest_s = at - floor.began[floor.line[0]] if floor.line else 0.0
        return seen_at(at, waiting=len(floor.line), oldest_s=oldest_s, held=floor.held, agents=self.agents)

    def run(self, customers: int) -> MarkovDesk:
        """Serve so many customers."""
        random, servers = Random(self.seed), self.agents * self.hands
        free = [(T0, f"agent {n % self.agents}") for n in range(servers)]
        heapq.heapify(free)
        events: list[tuple[float, int, str, float]] = []
        at = T0
        for _ in range(customers):
            at += random.expovariate(self.load * servers / self.handle_s)
            free_at, agent = heapq.heappop(free)
            replied_at = max(at, free_at)
            closed_at = replied_at + random.expovariate(1 / self.handle_s)
            heapq.heappush(free, (closed_at, agent))
            events += [(at, 1, "", replied_at - at), (replied_at, 2, agent, 0.0), (closed_at, 0, agent, 0.0)]
        self._watch(sorted(events))
        return self

    def _watch(self, events: list[tuple[float, int, str, float]]) -> None:
        """See it happen: at one instant hands come free, then customers arrive, then hands take them."""
        floor = Floor()
        observe(self.learned, floor.duty(T0, self.agents), self.desk)
        for at, what, agent, wait_s in events:
            if what == 1:
                found = self.found(at, floor)
                self.told.append((found, known(estimate(found, self.learned, self.desk)), wait_s))
                floor.arrive(at)
            elif what == 2:
                floor.answer(at, agent)
            else:
                floor.close(at, agent)
            observe(self.learned, floor.seen[-1], self.desk)
