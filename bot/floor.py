"""The simulated support floor of `jono demo`: customers who come, agents who answer, over a day with rushes.

It is a peer like any shop: it knows the bot only by the signed requests that go either way, and learns what
happens as an agent or a customer would. Everything it does is drawn from one seed; its clock is the desk's.
Invariant: once `close` was called nobody new comes, and `run` ends when the last one was answered.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bot.clock import Chance, Clock
from bot.floor_ledger import Ledger
from bot.floor_peer import Peer
from bot.floor_people import AGENTS, NOTES, Customer, draw_customer

HOUR_S, DAY_S = 3600.0, 86_400.0

PEAK_PER_S = 1.2 / 60
"""Customers per second of desk time in the busiest ordinary hour."""
DAY_CURVE = (
    0.08, 0.05, 0.04, 0.03, 0.03, 0.05, 0.12, 0.3, 0.6, 0.85, 1.0, 0.95,
    0.85, 0.9, 1.0, 0.95, 0.85, 0.75, 0.65, 0.6, 0.5, 0.4, 0.25, 0.15,
)  # fmt: skip
"""How busy each hour begins, as a share of the peak; in between it changes steadily."""
RUSHES_S = tuple(hour * HOUR_S for hour in (9.25, 12.5, 16.0, 19.5))
RUSH_LENGTH_S, RUSH_FACTOR = 720.0, 6.0

MEDIAN_HANDLING_S, HANDLING_SIGMA = 200.0, 0.55
LEAST_HANDLING_S, MOST_HANDLING_S = 60.0, 720.0
CYCLE_S = 290.0
"""From one case to the next, on average: reading, typing and what is to be done after it."""
OCCUPANCY = 0.75
"""The share of their time that agents are busy when as many are on duty as the plan wants."""
EXTRA_AGENTS = 3
CALLED_IN_AFTER_S = 600.0
"""How long it takes until those who are called in during a rush are there."""
RACE_SHARE = 0.08
NOTE_SHARE = 0.1
REPEAT_SHARE = 0.03
"""So many requests are sent twice under one id, as platforms do when they did not hear the answer."""


def arrivals_per_s(at: float) -> float:
    """The arrival rate at a moment (epoch seconds, UTC): the day's curve, times six in a rush."""
    rush = any(0 <= at % DAY_S - begin < RUSH_LENGTH_S for begin in RUSHES_S)
    return ordinary_per_s(at) * (RUSH_FACTOR if rush else 1.0)


def ordinary_per_s(at: float) -> float:
    """The arrival rate without rushes, which nobody foresees."""
    hour, part = divmod(at % DAY_S / HOUR_S, 1.0)
    here, there = DAY_CURVE[int(hour)], DAY_CURVE[(int(hour) + 1) % 24]
    return PEAK_PER_S * (here + (there - here) * part)


def next_arrival(at: float, chance: Chance) -> float:
    """When the next customer comes after `at`: a Poisson process whose rate changes, by thinning.

    Lewis and Shedler 1979: https://doi.org/10.1002/nav.3800260304
    """
    most = PEAK_PER_S * RUSH_FACTOR
    while True:
        at += chance.random.expovariate(most)
        if chance.random.random() * most < arrivals_per_s(at):
            return at


def agents_planned(at: float) -> int:
    """How many agents the plan wants on duty at a moment."""
    return max(1, math.ceil(ordinary_per_s(at) * CYCLE_S / OCCUPANCY))


@dataclass(slots=True)
class Agent:
    """One agent; `number` counts from 0 and orders who is called first."""

    number: int
    id: str
    name: str
    chance: Chance
    on_duty: bool = False
    commands: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command was answered."""

    ok: bool
    case_id: str


@dataclass(frozen=True, slots=True)
class Card:
    """A new case as idle agents see it appear, and how long they take to react to it."""

    case_id: str
    reaction_s: float


class Floor:
    """Customers and agents. Give `take` to the peer that brings the bot's messages."""

    def __init__(self, ledger: Ledger, clock: Clock, seed: int) -> None:
        self._ledger = ledger
        self._clock = clock
        # Their own dice: what agents and the network do changes nobody's plans.
        self._arrivals, self._luck = Chance(seed), Chance(seed + 1)
        self._closing = asyncio.Event()
        self._answered: dict[str, asyncio.Event] = {}
        self._commands: dict[str, asyncio.Future[Answer]] = {}
        self._idle: deque[asyncio.Future[Card | None]] = deque()
        self._extra = 0
        self.customers = 0
        self.waiting: set[str] = set()
        self.agents = [
            Agent(number, f"a-{number + 1}", name, Chance(seed + 2 + number))
            for number, name in enumerate(AGENTS)
        ]
        self.peer: Peer

    @property
    def on_duty(self) -> int:
        """How many agents are on duty."""
        return sum(agent.on_duty for agent in self.agents)

    def close(self) -> None:
        """Let nobody in any more; agents answer whoever waits at once, without taking their time."""
        self._closing.set()
        for answered in self._answered.values():
            answered.set()
        for seen in self._idle:
            if not seen.done():
                seen.set_result(None)

    async def open(self) -> None:
        """Bring the first agents on duty."""
        for agent in self.agents:
            if self._is_wanted(agent):
                await self._change_duty(agent, on=True)

    async def run(self) -> None:
        """Live the day until `close`, then finish it. Raises an ExceptionGroup of BotRefused."""
        async with asyncio.TaskGroup() as group:
            for agent in self.agents:
                group.create_task(self._work(agent))
            group.create_task(self._call_in())
            await self._let_in(group)

    async def _pause(self, desk_s: float) -> bool:
        """Let time pass; false at once when the floor is closing."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, desk_s) / self._clock.speed):
                await self._closing.wait()
        return not self._closing.is_set()

    # --- customers -----------------------------------------------------------------------------------------

    async def _let_in(self, group: asyncio.TaskGroup) -> None:
        at = next_arrival(self._clock.now(), self._arrivals)
        while await self._pause(at - self._clock.now()):
            self.customers += 1
            group.create_task(self._customer(draw_customer(self._arrivals, self.customers)))
            at = next_arrival(at, self._arrivals)

    async def _customer(self, customer: Customer) -> None:
        await self._visit(customer)
        if customer.returns_after_s is not None and await self._pause(customer.returns_after_s):
            await self._write(customer, customer.again)

    async def _visit(self, customer: Customer) -> None:
        """Write; while no reply comes, perhaps add something, ask, or give up."""
        answered = self._answered[customer.id] = asyncio.Event()
        begun_at = self._clock.now()
        await self._write(customer, customer.first)
        plan = (
            (customer.more_after_s, customer.more),
            (customer.asks_after_s, "/wait"),
            (customer.patience_s, "/cancel"),
        )
        for after_s, said in plan:
            if after_s is not None and await self._still_waits(customer, begun_at + after_s):
                await self._write(customer, said)
        if not self._closing.is_set():
            await answered.wait()

    async def _still_waits(self, customer: Customer, at: float) -> bool:
        """Wait until `at`; false at once when the reply came or the floor closes."""
        answered = self._answered[customer.id]
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, at - self._clock.now()) / self._clock.speed):
                await answered.wait()
        return not (answered.is_set() or self._closing.is_set())

    async def _write(self, customer: Customer, text: str) -> None:
        self._ledger.sent += 1
        is_command = text.startswith("/")
        if not is_command:
            self._ledger.begins(customer, self._clock.now(), self._clock.monotonic())
        message_id = f"m-{self._ledger.sent}"
        await self._send(
            message_id,
            "message.received",
            {
                "message_id": message_id,
                "conversation_id": customer.id,
                "customer": {"id": customer.id, "name": customer.name, "language": customer.language},
                "text": text,
            },
        )
        if is_command:
            self._ledger.asked(customer, text, self._clock.now())
        else:
            self._ledger.wrote(customer, text)
        if text == "/cancel":
            self._answered[customer.id].set()

    async def _send(self, request_id: str, kind: str, data: Mapping[str, Any]) -> None:
        await self.peer.post(request_id, kind, data)
        if self._luck.random.random() < REPEAT_SHARE:
            self._ledger.repeated += 1
            await self.peer.post(request_id, kind, data)

    # --- agents --------------------------------------------------------------------------------------------

    def _is_wanted(self, agent: Agent) -> bool:
        """Shifts change on the hour: one agent goes, another comes."""
        at = self._clock.now()
        place = (agent.number - int(at // HOUR_S)) % len(self.agents)
        return place < agents_planned(at) + self._extra

    async def _call_in(self) -> None:
        """Have extra agents come when many wait, and go when the rush is over."""
        while await self._pause(60):
            if len(self.waiting) > 2 * self.on_duty and not self._extra:
                await self._pause(CALLED_IN_AFTER_S)
                self._extra = EXTRA_AGENTS
            elif len(self.waiting) < self.on_duty // 2:
                self._extra = 0

    async def _work(self, agent: Agent) -> None:
        while not self._is_over(agent):
            if not self._closing.is_set() and agent.on_duty != self._is_wanted(agent):
                await self._change_duty(agent, on=not agent.on_duty)
            elif not agent.on_duty:
                await self._pause(30)
            elif case_id := await self._take(agent):
                await self._serve(agent, case_id)
        if agent.on_duty:
            await self._change_duty(agent, on=False)

    def _is_over(self, agent: Agent) -> bool:
        # Asked of the ledger: a case appears a moment after its customer's message was accepted.
        return self._closing.is_set() and not (agent.on_duty and self._ledger.unanswered)

    async def _change_duty(self, agent: Agent, *, on: bool) -> None:
        await self._command(agent, "on" if on else "off")
        agent.on_duty = on

    async def _take(self, agent: Agent) -> str | None:
        """The case that waits longest or, when none does, the next that comes while the agent looks."""
        answer = await self._command(agent, "next")
        if not answer.ok:
            card = await self._look(agent)
            if card is None:
                return None
            await self._pause(card.reaction_s)
            answer = await self._command(agent, "claim", card.case_id)
            self._ledger.too_late += not answer.ok
        if not answer.ok:
            return None
        self._ledger.claimed(answer.case_id)
        return answer.case_id

    async def _look(self, agent: Agent) -> Card | None:
        """The next card to appear; None after a minute or two, and when the floor closes."""
        if self._closing.is_set():
            await self._clock.pause(0.02)
            return None
        seen: asyncio.Future[Card | None] = asyncio.get_running_loop().create_future()
        self._idle.append(seen)
        with suppress(TimeoutError):
            async with asyncio.timeout(agent.chance.random.uniform(180, 300) / self._clock.speed):
                return await seen
        return None

    async def _serve(self, agent: Agent, case_id: str) -> None:
        """Read, type, reply, clear up. A case whose customer gave up meanwhile is simply over."""
        dice = agent.chance.random
        handling_s = dice.lognormvariate(math.log(MEDIAN_HANDLING_S), HANDLING_SIGMA)
        await self._pause(min(max(handling_s, LEAST_HANDLING_S), MOST_HANDLING_S))
        if dice.random() < NOTE_SHARE:
            await self._command(agent, "note", f"{case_id} {dice.choice(NOTES)}")
        customer = await self._customer_of(case_id)
        text = dice.choice(customer.replies)
        if (await self._command(agent, "reply", f"{case_id} {text}")).ok:
            self._ledger.replied(case_id, text)
            await self._pause(dice.uniform(20, 60))
            await self._command(agent, "close", case_id)

    async def _customer_of(self, case_id: str) -> Customer:
        """Whose case it is: told by an event that may come a moment after the agent got the case."""
        while case_id not in self._ledger.cases:
            await self._clock.pause(0.01)
        return self._ledger.conversations[self._ledger.cases[case_id]].customer

    async def _command(self, agent: Agent, command: str, arguments: str = "") -> Answer:
        """Have a command carried out; returns when its answer has come."""
        agent.commands += 1
        command_id = f"{agent.id}-{agent.commands}"
        self._commands[command_id] = asyncio.get_running_loop().create_future()
        data = {
            "command_id": command_id,
            "agent": {"id": agent.id, "name": agent.name},
            "command": command,
            "arguments": arguments,
        }
        await self._send(f"k-{command_id}", "command.received", data)
        self._ledger.commanded(command_id)
        return await self._commands[command_id]

    # --- what comes back -----------------------------------------------------------------------------------

    def take(self, arrival_id: str, kind: str, data: Mapping[str, Any]) -> None:
        """Take one of the bot's messages; one that is known already changes nothing."""
        if not self._ledger.is_new(arrival_id):
            return
        match kind:
            case "message.send":
                self._shown(data)
            case "command.answer":
                self._told(data)
            case "case.opened":
                self._opened(data)
            case "case.claimed" | "case.closed":
                self.waiting.discard(data["case_id"])
            case "wait.updated":
                self._ledger.published = data

    def _shown(self, data: Mapping[str, Any]) -> None:
        self._ledger.shown(data, self._clock.now(), self._clock.monotonic())
        if data["kind"] == "reply":
            self._answered[data["conversation_id"]].set()

    def _told(self, data: Mapping[str, Any]) -> None:
        self._ledger.answered(data["command_id"])
        waiting = self._commands[data["command_id"]]
        if not waiting.done():
            waiting.set_result(Answer(data["ok"], data.get("case_id", "")))

    def _opened(self, data: Mapping[str, Any]) -> None:
        """A card appears. One idle agent goes for it, sometimes two at the same moment."""
        case_id = data["case_id"]
        self._ledger.cases[case_id] = data["conversation_id"]
        self.waiting.add(case_id)
        card = Card(case_id, self._luck.random.uniform(5, 40))
        wanted = 2 if self._luck.random.random() < RACE_SHARE else 1
        while self._idle and wanted:
            seen = self._idle.popleft()
            if not seen.done():
                seen.set_result(card)
                wanted -= 1
