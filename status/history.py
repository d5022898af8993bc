"""What the desk has taught us so far: how fast it clears a backlog, and how soon it answers a lone customer.

`observe` folds one observation after another into `Learned`, in constant time and bounded memory; `until`
adds the time in which nothing happened, for no news is news too. Nothing here forecasts, and nothing here
is about one customer: the state is plain numbers that survive a restart as JSON.

The pace is measured only while a backlog stands, since otherwise it would measure how many customers came,
not how many could have been served. Invariant: tallies never go negative, and time never runs backwards in
them: an observation that comes late counts, but adds no time.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from status.hours import Hours
from status.model import Observation
from status.survival import Length

VERSION = 1

BACKLOG = 2
"""So many waiting are a backlog. A single one may be waiting for an idle agent to look up, which says nothing
about how fast busy agents work; two at once rarely do."""

FAST_HALF_LIFE_S = 30 * 60.0
"""Of time with a backlog: today's pace, the last three quarters of an hour or so."""

SLOW_HALF_LIFE_S = 8 * 3600.0
"""Of time with a backlog: the usual pace, over some days of it."""

LONE_KEPT = 100
"""Turns that began with nobody ahead; a hundred give a 90 % quantile within about three percentage points."""

SAME_INSTANT_S = 1.0
"""A turn is told by when it began, which the caller may round to the second."""

ALWAYS = Hours.always()


@dataclass(frozen=True, slots=True)
class Tally:
    """What happened while a backlog stood and somebody was on duty, older parts counting less.

    `served` places came free through an agent's work and `left` because customers gave up, in `busy_s`
    seconds, during which agents spent `agent_s` on duty and customers `waiting_s` in the queue.
    """

    served: float = 0.0
    left: float = 0.0
    busy_s: float = 0.0
    agent_s: float = 0.0
    waiting_s: float = 0.0

    def grown(self, busy_s: float, waiting: int, agents: int, half_life_s: float) -> Tally:
        """The tally after `busy_s` more seconds with this many waiting and on duty."""
        kept: float = 0.5 ** (busy_s / half_life_s)
        return Tally(
            served=self.served * kept,
            left=self.left * kept,
            busy_s=self.busy_s * kept + busy_s,
            agent_s=self.agent_s * kept + busy_s * agents,
            waiting_s=self.waiting_s * kept + busy_s * waiting,
        )

    def counted(self, *, served: bool) -> Tally:
        """The tally with one more place in the queue come free, by an agent's work or by the customer
        leaving.
        """
        return replace(self, served=self.served + 1) if served else replace(self, left=self.left + 1)


@dataclass(frozen=True, slots=True)
class LoneTurn:
    """A turn that began with nobody ahead; `staffed_s` is its open length, None while it lasts."""

    began_at: float
    staffed_s: float | None = None
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Learned:
    """All that is remembered of a queue's past.

    `at`, `waiting` and `agents` are as the latest observation left them. `moved_at` is when the queue last
    moved or, after nobody was on duty, could begin to; `settled` is the slow tally as it stood then.
    """

    at: float | None = None
    waiting: int = 0
    agents: int = 0
    fast: Tally = field(default_factory=Tally)
    slow: Tally = field(default_factory=Tally)
    settled: Tally = field(default_factory=Tally)
    moved_at: float | None = None
    lone: tuple[LoneTurn, ...] = ()

    def to_data(self) -> dict[str, Any]:
        """Plain JSON-able data; `from_data` is the inverse."""
        return {"version": VERSION, **asdict(self), "lone": [asdict(turn) for turn in self.lone]}

    @staticmethod
    def from_data(data: dict[str, Any]) -> Learned:
        """What `to_data` gave; data of another version teaches nothing, so learning starts afresh."""
        if data.get("version") != VERSION:
            return Learned()
        return Learned(
            at=data["at"],
            waiting=data["waiting"],
            agents=data["agents"],
            fast=Tally(**data["fast"]),
            slow=Tally(**data["slow"]),
            settled=Tally(**data["settled"]),
            moved_at=data["moved_at"],
            lone=tuple(LoneTurn(**turn) for turn in data["lone"]),
        )

    def lone_lengths(self, at: float, hours: Hours) -> list[Length]:
        """The open lengths of turns that began with nobody ahead; those that still last at `at` are
        censored.
        """
        return [
            Length(hours.staffed_s(turn.began_at, at), answered=False)
            if turn.staffed_s is None
            else Length(turn.staffed_s, turn.answered)
            for turn in self.lone
        ]


def until(learned: Learned, at: float, hours: Hours = ALWAYS) -> Learned:
    """What is known at `at` (epoch seconds) if nothing has happened since the latest observation."""
    if learned.at is None or at <= learned.at:
        return learned
    busy_s = hours.staffed_s(learned.at, at) if _is_busy(learned) else 0.0
    waiting, agents = learned.waiting, learned.agents
    return replace(
        learned,
        at=at,
        fast=learned.fast.grown(busy_s, waiting, agents, FAST_HALF_LIFE_S),
        slow=learned.slow.grown(busy_s, waiting, agents, SLOW_HALF_LIFE_S),
    )


def observe(learned: Learned, seen: Observation, hours: Hours = ALWAYS) -> Learned:
    """What is known after one more observation; `hours` tells which seconds the desk could work in.

    A follow-up (`queued` false) never stood in the queue: it moves nothing and teaches no wait.
    """
    before = until(learned, seen.at, hours)
    after = before if before.at is not None else replace(before, at=seen.at)
    if seen.queued:
        after = _with_lone_turn(_with_movement(after, seen), seen, hours)
    if seen.agents and not before.agents:
        after = replace(after, moved_at=after.at, settled=after.slow)
    return replace(after, waiting=seen.waiting, agents=seen.agents)


def _is_busy(learned: Learned) -> bool:
    return learned.waiting >= BACKLOG and learned.agents > 0


def _with_movement(learned: Learned, seen: Observation) -> Learned:
    """Count a place come free: by a claim, a reply with no claim before it, or the customer leaving."""
    if seen.happened not in ("claimed", "answered", "left") or seen.waiting >= learned.waiting:
        return learned
    served = seen.happened != "left"
    if _is_busy(learned):
        fast, slow = learned.fast.counted(served=served), learned.slow.counted(served=served)
        learned = replace(learned, fast=fast, slow=slow)
    return replace(learned, moved_at=learned.at, settled=learned.slow) if served else learned


def _with_lone_turn(learned: Learned, seen: Observation, hours: Hours) -> Learned:
    """Remember a turn that begins with nobody ahead, and how it ends."""
    if seen.happened == "arrived" and seen.waiting == 1 and seen.agents:
        return replace(learned, lone=(*learned.lone, LoneTurn(seen.at))[-LONE_KEPT:])
    if seen.happened in ("answered", "left") and seen.wait_s is not None:
        began_at, answered = seen.at - seen.wait_s, seen.happened == "answered"
        for index, turn in enumerate(learned.lone):
            if turn.staffed_s is None and abs(turn.began_at - began_at) <= SAME_INSTANT_S:
                ended = LoneTurn(turn.began_at, hours.staffed_s(turn.began_at, seen.at), answered)
                return replace(learned, lone=(*learned.lone[:index], ended, *learned.lone[index + 1 :]))
    return learned
