"""A desk without people: customers arrive, agents come and go, take cases, reply and finish them, event by event.

Invariants: no case waits while an agent on duty has room; an agent holds at most `concurrency` cases, finishes
them when off duty, and takes none then. The same plan and chance give the same story. Times are seconds from the
start until they enter a Trace.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from zlib import crc32

from bot.clock import Chance
from bot.replay.scenarios import Scenario
from bot.replay.sim_handling import Handling, exponential
from bot.replay.sim_plan import Plan, draw_plan
from bot.replay.trace import Trace, TracedCase, ordered

STARTS_AT = 1_704_067_200.0
"""Midnight of Monday, 1 January 2024 (UTC)."""

CHANNEL = "chat"

ARRIVE, ROTA, CHURN, REPLY, CLOSE, LEAVE = range(6)

Event = tuple[float, int, int, int]
"""When, what, which agent (-1: none), and which case; for ROTA 1 or 0 (on or off), for CHURN which shift."""


@dataclass(slots=True, eq=False)
class Agent:
    """An agent: in the hours of the rota or not, away for a while or not, and the cases held, each with the moment
    of its reply (None: not yet). `shift` counts the rota's changes, so that what an old shift planned is void."""

    number: int
    in_rota: bool = False
    away: bool = False
    shift: int = 0
    held: dict[int, float | None] = field(default_factory=dict)

    @property
    def on_duty(self) -> bool:
        """Whether the agent takes cases now."""
        return self.in_rota and not self.away

    def copy(self) -> Agent:
        """One that can live on differently."""
        return Agent(self.number, self.in_rota, self.away, self.shift, self.held.copy())


class Desk:
    """The desk at one moment, and what happened since it was made: when each case arrived, got its reply, was left
    and closed, by whom, and how many agents were on duty from when on. Cases are numbered in order of arrival.

    `seen` is called at every arrival, when the case is in the queue or taken already.
    """

    def __init__(self, plan: Plan, chance: Chance, seen: Callable[[Desk, int], None] | None = None) -> None:
        self.plan, self.now = plan, 0.0
        self.arrived: dict[int, float] = {}
        self.replied: dict[int, float] = {}
        self.left: dict[int, float] = {}
        self.closed: dict[int, float] = {}
        self.agent_of: dict[int, int] = {}
        self.staff: list[tuple[float, int]] = [(0.0, 0)]
        self.waiting: list[int] = []
        self.agents = [Agent(number) for number in range(plan.agents)]
        self._on_duty: list[Agent] = []
        self._arrivals = self._changes = 0
        self._chance, self._seen = chance, seen
        self._scenario = plan.scenario
        self._handling = Handling(
            plan.scenario.handling_shape, plan.scenario.handling_s, plan.scenario.handling_cv
        )
        self._events: list[Event] = []
        self._happen = (self._arrive, self._rota, self._churn, self._reply, self._close, self._leave)

    def start(self) -> None:
        """Begin with an empty queue and nobody at work yet."""
        self._expect_arrival()
        self._expect_change()

    def run(self, until: float, reply_to: int | None = None) -> None:
        """Let happen what happens up to that moment, or until that case has its reply."""
        events, happen = self._events, self._happen
        while events and events[0][0] <= until and reply_to not in self.replied:
            self.now, what, agent, detail = heapq.heappop(events)
            happen[what](agent, detail)

    def fork(self, chance: Chance, staying: int) -> Desk:
        """The desk as it is now, with a future of its own: what nobody can know is drawn anew.

        That is: what remains of handling, pick-up, patience and presence, and who will write. The plan stays.
        The customer of the case `staying` does not leave. Who writes later is left out where it cannot matter.
        """
        other = Desk(self.plan, chance)
        other.now, other._arrivals, other._changes = self.now, self._arrivals, self._changes
        other.waiting = self.waiting.copy()
        other.agents = [agent.copy() for agent in self.agents]
        other._on_duty = [other.agents[agent.number] for agent in self._on_duty]
        for agent in other.agents:
            other._resume(agent)
        for case in other.waiting:
            if case != staying:
                other._expect_leaving(case)
        if not self._scenario.in_order:
            other._expect_arrival()
        other._expect_change()
        return other

    # --- what will happen ----------------------------------------------------------------------------------

    def _expect(self, after_s: float, what: int, agent: int, detail: int) -> None:
        heapq.heappush(self._events, (self.now + after_s, what, agent, detail))

    def _expect_arrival(self) -> None:
        at = self.plan.next_arrival(self.now, self._chance)
        heapq.heappush(self._events, (at, ARRIVE, -1, self._arrivals + 1))

    def _expect_change(self) -> None:
        if self._changes < len(self.plan.changes):
            at, agent, on = self.plan.changes[self._changes]
            heapq.heappush(self._events, (at, ROTA, agent, on))

    def _expect_leaving(self, case: int) -> None:
        if self._scenario.patience_s is not None:
            self._expect(exponential(self._chance, self._scenario.patience_s), LEAVE, -1, case)

    def _expect_churn(self, agent: Agent) -> None:
        if self._scenario.churn_on_s and agent.in_rota:
            mean_s = self._scenario.churn_off_s if agent.away else self._scenario.churn_on_s
            self._expect(exponential(self._chance, mean_s), CHURN, agent.number, agent.shift)

    def _expect_reply(self, agent: Agent, case: int) -> None:
        self._expect(exponential(self._chance, self._scenario.pickup_s), REPLY, agent.number, case)

    def _resume(self, agent: Agent) -> None:
        """Draw anew how an agent goes on who may be in the middle of something."""
        self._expect_churn(agent)
        for case, since in agent.held.items():
            if since is None:
                self._expect_reply(agent, case)
            else:
                rest_s = self._handling.rest(self._chance, self.now - since)
                self._expect(rest_s, CLOSE, agent.number, case)

    # --- customers -----------------------------------------------------------------------------------------

    def _arrive(self, _: int, case: int) -> None:
        self._arrivals = case
        self.arrived[case] = self.now
        self._expect_arrival()
        free = None if self.waiting else self._freest()
        if free is None:
            self.waiting.append(case)
            self._expect_leaving(case)
        else:
            self._take(free, case)
        if self._seen is not None:
            self._seen(self, case)

    def _leave(self, _: int, case: int) -> None:
        place = bisect_left(self.waiting, case)
        if place < len(self.waiting) and self.waiting[place] == case:
            del self.waiting[place]
            self.left[case] = self.now

    # --- agents --------------------------------------------------------------------------------------------

    def _rota(self, number: int, on: int) -> None:
        agent = self.agents[number]
        self._changes += 1
        self._expect_change()
        agent.in_rota, agent.away = bool(on), False
        agent.shift += 1
        self._appear(agent)

    def _churn(self, number: int, shift: int) -> None:
        agent = self.agents[number]
        if agent.shift == shift:
            agent.away = not agent.away
            self._appear(agent)

    def _appear(self, agent: Agent) -> None:
        """An agent goes on or off duty."""
        if agent in self._on_duty:
            self._on_duty.remove(agent)
        if agent.on_duty:
            self._on_duty.append(agent)
        self.staff.append((self.now, len(self._on_duty)))
        self._expect_churn(agent)
        self._fill(agent)

    def _freest(self) -> Agent | None:
        """Somebody on duty with room: of those who hold fewest cases, any."""
        fewest, found = self._scenario.concurrency, []
        for agent in self._on_duty:
            if len(agent.held) < fewest:
                fewest, found = len(agent.held), [agent]
            elif len(agent.held) == fewest < self._scenario.concurrency:
                found.append(agent)
        if len(found) > 1:
            return found[self._chance.below(len(found))]
        return found[0] if found else None

    def _fill(self, agent: Agent) -> None:
        while self.waiting and agent.on_duty and len(agent.held) < self._scenario.concurrency:
            self._take(agent, self._choose())

    def _choose(self) -> int:
        """The case an agent takes, by the habits of the desk; it leaves the queue."""
        scenario, waiting = self._scenario, self.waiting
        if scenario.in_order or len(waiting) == 1:
            return waiting.pop(0)
        habit = self._chance.random.random()
        if habit < scenario.random_share:
            return waiting.pop(self._chance.below(len(waiting)))
        newest = habit < scenario.random_share + scenario.newest_share
        return waiting.pop(-1 if newest else 0)

    def _take(self, agent: Agent, case: int) -> None:
        agent.held[case] = None
        if self._scenario.pickup_s:
            self._expect_reply(agent, case)
        else:
            self._reply(agent.number, case)

    def _reply(self, number: int, case: int) -> None:
        self.replied[case], self.agent_of[case] = self.now, number
        self.agents[number].held[case] = self.now
        self._expect(self._handling.draw(self._chance), CLOSE, number, case)

    def _close(self, number: int, case: int) -> None:
        agent = self.agents[number]
        del agent.held[case]
        self.closed[case] = self.now
        self._fill(agent)


# --- a whole story -----------------------------------------------------------------------------------------


def simulate(
    scenario: Scenario, seed: int, seen: Callable[[Desk, int], None] | None = None, plan: Plan | None = None
) -> Trace:
    """The trace of a scenario's days, up to the last midnight: what had not happened by then is missing.

    It is named NAME-SEED. `plan` replaces the one that the seed gives; `seen` looks on, see Desk.
    """
    name = f"{scenario.name}-{seed}"
    desk = Desk(plan or plan_of(scenario, seed), stream(name, "desk"), seen)
    desk.start()
    desk.run(desk.plan.ends_at)
    return Trace(name, ordered(_cases(desk)), tuple(_changes(desk.staff)))


def plan_of(scenario: Scenario, seed: int) -> Plan:
    """What the days of a scenario bring with this seed."""
    return draw_plan(scenario, stream(f"{scenario.name}-{seed}", "plan"))


def stream(name: str, purpose: str) -> Chance:
    """Chance for one purpose in one trace: what one of them draws changes nothing for the others."""
    return Chance(crc32(f"{name}/{purpose}".encode()))


def _cases(desk: Desk) -> Iterator[TracedCase]:
    for case, arrived_at in desk.arrived.items():
        agent = desk.agent_of.get(case)
        yield TracedCase(
            str(case),
            round(STARTS_AT + arrived_at, 1),
            _moment(desk.replied.get(case)),
            "" if agent is None else f"a{agent}",
            CHANNEL,
            _moment(desk.left.get(case)),
            _moment(desk.closed.get(case)),
        )


def _moment(at: float | None) -> float | None:
    return None if at is None else round(STARTS_AT + at, 1)


def _changes(staff: Iterable[tuple[float, int]]) -> Iterator[tuple[float, int]]:
    """The last count of each tenth of a second, where it differs from the one before."""
    last = {round(STARTS_AT + at, 1): count for at, count in staff}
    before = None
    for at, count in last.items():
        if count != before:
            yield at, count
        before = count
