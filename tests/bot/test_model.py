"""Any story of a desk, told to two real processes on one real store and to a dictionary; they must agree.

After every step each open case stands in exactly the indexes its state says, in the place its turn says, in one
queue only, and one version further if and only if something was decided.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.case import Case
from tests.fakes.desk import Floor, HandClock, open_floor

Result = TypeVar("Result")
LEASE_S = 900.0
QUEUES = ("support", "billing")
CUSTOMERS = ("c-1", "c-2", "c-3")
AGENTS = ("a-1", "a-2")
HOLDER = "who holds it"
customers = st.sampled_from(CUSTOMERS)
nth = st.integers(0, len(CUSTOMERS) - 1)
"""Which of the open cases."""
agents = st.sampled_from((*AGENTS, HOLDER))
processes = st.integers(0, 1)
some_case = precondition(lambda machine: bool(machine.cases))


@dataclass
class Expected:
    """An open case as the dictionary has it."""

    id: str
    queue: str
    turn_at: float | None
    agent: str | None = None
    lease_until: float | None = None
    messages: int = 1

    @property
    def state(self) -> str:
        if self.turn_at is None:
            return "answered"
        return "waiting" if self.agent is None else "claimed"


class DeskMachine(RuleBasedStateMachine):
    """The stories. `url` is set by the test."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.cases: dict[str, Expected] = {}
        self.replies: dict[str, list[str]] = {}
        self.duty: dict[tuple[str, str], float] = {}
        self.versions: dict[str, int] = {}
        self.last: tuple[str, dict[str, Any]] | None = None
        self.number = 0
        self.clock = HandClock()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.floors = self.run(self._open())

    async def _open(self) -> list[Floor]:
        first = await self.stack.enter_async_context(open_floor(self.url, clock=self.clock))
        await first.parts.connection.client.flushall()
        second = open_floor(self.url, clock=self.clock, platforms=first.platforms, seed=2)
        return [first, await self.stack.enter_async_context(second)]

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.runner.close()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(work)

    # --- what the dictionary does ----------------------------------------------------------------------------

    def found(self, customer: str) -> Case | None:
        return self.run(self.floors[0].case(customer))

    def done(self, customer: str) -> None:
        """The case of this customer is one version further."""
        self.versions[customer] += 1

    def chosen(self, nth: int, agent: str) -> tuple[str, Expected, str]:
        """One of the open cases, and the agent who acts on it."""
        customer = sorted(self.cases)[nth % len(self.cases)]
        case = self.cases[customer]
        return customer, case, agent if agent != HOLDER else case.agent or AGENTS[0]

    def holds(self, case: Expected, agent: str) -> None:
        case.agent = agent
        self.duty[case.queue, agent] = self.clock.now()

    def may(self, case: Expected, agent: str) -> bool:
        return case.agent in (None, agent)

    def command(self, line: str, agent: str, process: int, customer: str) -> bool:
        """Give a command on a customer's case; whether the answer says that it was done."""
        self.number += 1
        given = {
            "line": line.format(case=self.cases[customer].id),
            "agent": agent,
            "command_id": f"x-{self.number}",
        }
        for (queue, one), _ in list(self.duty.items()):
            if one == agent:
                self.duty[queue, one] = self.clock.now()
        self.last = ("command", given)
        self.run(self.floors[process].command(**given))
        after = self.found(customer)
        before = self.versions[customer]
        return after is None or after.version != before

    def promises_had_their_say(self) -> None:
        """Promises are made and judged by the way, each a version of its own; nothing goes back."""
        for customer in self.cases:
            after = self.found(customer)
            assert after is not None
            assert after.version >= self.versions[customer]
            self.versions[customer] = after.version

    # --- what happens ----------------------------------------------------------------------------------------

    @rule(customer=customers, process=processes)
    def write(self, customer: str, process: int) -> None:
        self.number += 1
        given: dict[str, Any] = {
            "text": f"text {self.number}",
            "who": customer,
            "message_id": f"m-{self.number}",
        }
        self.last = ("write", given)
        self.run(self.floors[process].write(**given))
        case = self.cases.get(customer)
        if case is None:
            opened = self.found(customer)
            assert opened is not None
            self.cases[customer] = Expected(opened.id, "support", self.clock.now())
            self.versions[customer] = 1
            return
        case.messages += 1
        if case.turn_at is None:
            case.turn_at = self.clock.now()
            case.lease_until = None if case.agent is None else self.clock.now() + LEASE_S
        self.done(customer)

    @some_case
    @rule(nth=nth, agent=agents, process=processes)
    def claim(self, nth: int, agent: str, process: int) -> None:
        customer, case, agent = self.chosen(nth, agent)
        allowed = self.may(case, agent)
        assert self.command("/claim {case}", agent, process, customer) is allowed
        if allowed:
            self.holds(case, agent)
            case.lease_until = self.clock.now() + LEASE_S
            self.done(customer)

    @some_case
    @rule(nth=nth, agent=agents, process=processes)
    def release(self, nth: int, agent: str, process: int) -> None:
        customer, case, agent = self.chosen(nth, agent)
        allowed = case.agent == agent
        assert self.command("/release {case}", agent, process, customer) is allowed
        if allowed:
            case.agent = case.lease_until = None
            self.done(customer)

    @some_case
    @rule(nth=nth, agent=agents, process=processes)
    def reply(self, nth: int, agent: str, process: int) -> None:
        customer, case, agent = self.chosen(nth, agent)
        allowed = self.may(case, agent)
        assert self.command(f"/reply {{case}} reply {self.number}", agent, process, customer) is allowed
        if allowed:
            self.replies.setdefault(customer, []).append(f"reply {self.number - 1}")
            self.holds(case, agent)
            case.turn_at = case.lease_until = None
            self.done(customer)

    @some_case
    @rule(nth=nth, agent=agents, process=processes)
    def note(self, nth: int, agent: str, process: int) -> None:
        customer, _, agent = self.chosen(nth, agent)
        assert self.command("/note {case} a note", agent, process, customer)
        self.done(customer)

    @some_case
    @rule(nth=nth, agent=agents, process=processes, queue=st.sampled_from(QUEUES))
    def transfer(self, nth: int, agent: str, process: int, queue: str) -> None:
        customer, case, agent = self.chosen(nth, agent)
        if case.queue == queue:
            return
        allowed = self.may(case, agent)
        moved = self.command(f"/transfer {{case}} {queue}", agent, process, customer)
        after = self.found(customer)
        assert after is not None
        assert (after.queue == queue) is allowed
        if allowed:
            case.queue, case.agent, case.lease_until = queue, None, None
            case.turn_at = self.clock.now() if case.turn_at is None else case.turn_at
            self.versions[customer] = after.version
        else:
            assert not moved

    @some_case
    @rule(nth=nth, agent=agents, process=processes)
    def close(self, nth: int, agent: str, process: int) -> None:
        customer, case, agent = self.chosen(nth, agent)
        allowed = self.may(case, agent)
        assert self.command("/close {case}", agent, process, customer) is allowed
        if allowed:
            del self.cases[customer], self.versions[customer]

    @rule(customer=customers, process=processes)
    def give_up(self, customer: str, process: int) -> None:
        self.number += 1
        given: dict[str, Any] = {"text": "/cancel", "who": customer, "message_id": f"m-{self.number}"}
        self.last = ("write", given)
        self.run(self.floors[process].write(**given))
        if customer in self.cases:
            del self.cases[customer], self.versions[customer]

    @rule(process=processes)
    def redeliver(self, process: int) -> None:
        """What came last comes again, to either process: nothing follows."""
        if self.last is not None:
            name, given = self.last
            self.run(getattr(self.floors[process], name)(**given))

    @rule(process=processes, after_s=st.sampled_from([1.0, 100.0, 901.0]))
    def time_passes(self, process: int, after_s: float) -> None:
        """The keeper looks at both queues; who vanished loses cases that wait for a reply."""
        floor = self.floors[process]
        self.clock.advance(after_s)
        for queue in QUEUES:
            self.run(floor.tick(queue))
        self.run(self._resign(floor))
        now = self.clock.now()
        for case in self.cases.values():
            if case.state != "claimed" or case.lease_until is None or case.lease_until > now:
                continue
            assert case.agent is not None
            kept_until = self.duty.get((case.queue, case.agent), 0.0) + LEASE_S
            if kept_until > now:
                case.lease_until = kept_until
            else:
                self.duty.pop((case.queue, case.agent), None)
                case.agent = case.lease_until = None
        self.promises_had_their_say()

    async def _resign(self, floor: Floor) -> None:
        await floor.parts.keeper.resign(QUEUES)

    @rule(process=processes)
    def deliver(self, process: int) -> None:
        """Everything is sent; automatic words may promise something, which is a version of its own."""
        self.run(self.floors[process].deliver())
        self.promises_had_their_say()
        for customer, texts in self.replies.items():
            sent = [out.text for out in self.floors[0].messages(customer) if out.kind == "reply"]
            assert sent == texts

    # --- what always holds -----------------------------------------------------------------------------------

    @invariant()
    def the_dictionary_and_the_store_agree(self) -> None:
        self.run(self._agree())

    async def _agree(self) -> None:
        floor = self.floors[0]
        for customer in CUSTOMERS:
            case, expected = await floor.case(customer), self.cases.get(customer)
            if case is None or expected is None:
                assert (case, expected) == (None, None)
                continue
            agent = case.agent.removeprefix("shop/") if case.agent else None
            assert (case.id, case.queue, case.state, agent) == (
                expected.id,
                expected.queue,
                expected.state,
                expected.agent,
            )
            assert (case.turn_at, case.lease_until, case.messages, case.version) == (
                expected.turn_at,
                expected.lease_until,
                expected.messages,
                self.versions[customer],
            )
        for queue in QUEUES:
            await self._indexed(floor, queue)

    async def _indexed(self, floor: Floor, queue: str) -> None:
        store = floor.parts.store
        here = [case for case in self.cases.values() if case.queue == queue]
        waiting = sorted((case.turn_at or 0, case.id) for case in here if case.state == "waiting")
        assert await store.waiting(queue, 10) == [case_id for _, case_id in waiting]
        for agent in AGENTS:
            held = sorted(case.id for case in here if case.agent == agent)
            assert await store.held(queue, f"shop/{agent}") == held
        line = await store.line(queue)
        assert line.claimed == sum(case.state == "claimed" for case in here)
        assert line.agents == sum(one == queue for one, _ in self.duty)


def test_any_story(store_url: str) -> None:
    DeskMachine.url = store_url
    run_state_machine_as_test(
        DeskMachine,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            # A story of thirty steps is short enough to read; on a real store, shrinking it takes minutes.
            phases=[Phase.reuse, Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
