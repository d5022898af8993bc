"""Small desks to learn from: what the tests of this chapter share. Not a test itself.

T0 is a Monday, 00:00 UTC. Every desk is a plain list of observations, as the store would have kept them.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from status import Hours, Learned, Observation, Snapshot, Unknown, Wait, observe
from status.history import ALWAYS

MINUTE, HOUR, DAY, WEEK = 60.0, 3600.0, 86_400.0, 604_800.0
T0 = 1_767_571_200.0
"""Monday 5 January 2026, 00:00 UTC."""


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
    claimed: int = 0,
    agents: int = 1,
    concurrency: int = 1,
    target_s: float = 480.0,
    hours: Hours = ALWAYS,
) -> Snapshot:
    """A snapshot for a new arrival, unless `ahead` and `elapsed_s` say otherwise."""
    place = waiting if ahead is None else ahead
    return Snapshot(at, waiting, place, elapsed_s, oldest_s, claimed, agents, concurrency, target_s, hours)


def taught(observations: Iterable[Observation], hours: Hours = ALWAYS) -> Learned:
    """What a desk knows after all of these."""
    learned = Learned()
    for observation in observations:
        learned = observe(learned, observation, hours)
    return learned


def lone_turns(lengths: Iterable[tuple[float, bool]], start: float = T0) -> list[Observation]:
    """One customer an hour, each finding nobody ahead: (seconds, True) got a reply, (seconds, False) left."""
    observations = []
    for hour, (wait_s, answered) in enumerate(lengths):
        at = start + hour * HOUR
        observations.append(Observation(at, "arrived", 1, 1))
        observations.append(Observation(at + wait_s, "answered" if answered else "left", 0, 1, wait_s))
    return observations


def full_queue(replies: int, gap_s: float, agents: int = 2, waiting: int = 6) -> list[Observation]:
    """A queue always this full: a reply every `gap_s`, and at once a new customer in the free place."""
    observations = [Observation(T0, "arrived", n, agents) for n in range(1, waiting + 1)]
    for n in range(1, replies + 1):
        at = T0 + n * gap_s
        wait_s = min(n * gap_s, waiting * gap_s)
        observations.append(Observation(at, "answered", waiting - 1, agents, wait_s))
        observations.append(Observation(at, "arrived", waiting, agents))
    return observations


@dataclass
class MarkovDesk:
    """The M/M/s queue: random arrivals, `agents` who each finish a case in `handle_s` on average, first
    come first.

    A reply comes when an agent takes the case; then the agent is busy with it. `told` pairs what was said on
    arrival with the wait that followed, for customers who found nobody free.
    """

    agents: int
    handle_s: float
    load: float
    seed: int
    learned: Learned = field(default_factory=Learned)
    asked: list[tuple[Snapshot, Learned, int]] = field(default_factory=list)
    waits_s: dict[int, float] = field(default_factory=dict)

    def run(self, customers: int) -> None:
        """Serve so many customers."""
        random, free_at = Random(self.seed), [T0] * self.agents
        arrivals, at = [], T0
        for _ in range(customers):
            at += random.expovariate(self.load * self.agents / self.handle_s)
            arrivals.append(at)
        events: list[tuple[float, int, int]] = []
        for number, arrived_at in enumerate(arrivals):
            replied_at = max(arrived_at, heapq.heappop(free_at))
            heapq.heappush(free_at, replied_at + random.expovariate(1 / self.handle_s))
            self.waits_s[number] = replied_at - arrived_at
            events += [(arrived_at, 0, number), (replied_at, 1, number)]
        self._watch(sorted(events))

    def _watch(self, events: list[tuple[float, int, int]]) -> None:
        waiting = 0
        for at, ended, number in events:
            if ended:
                waiting -= 1
                self._see(Observation(at, "answered", waiting, self.agents, self.waits_s[number]))
            else:
                snapshot = seen_at(at, waiting=waiting, agents=self.agents, target_s=self.handle_s)
                self.asked.append((snapshot, self.learned, number))
                waiting += 1
                self._see(Observation(at, "arrived", waiting, self.agents))

    def _see(self, observation: Observation) -> None:
        self.learned = observe(self.learned, observation)
