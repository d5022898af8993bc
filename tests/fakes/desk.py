"""A bot put together on a real store, with time, chance and the platforms in the test's hands. No HTTP.

Every part is the one that `bot.app` runs; only the clock, the pauses between attempts and the two platforms
behind the channels are the test's. Two floors on one store and one clock are two processes of one bot.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aiohttp import ClientSession

from adapters.base import (
    AgentCommand,
    Arrival,
    CommandAnswer,
    CustomerMessage,
    EventOut,
    Inbox,
    Limits,
    MessageOut,
    Outgoing,
    Person,
    Undelivered,
    Untrusted,
)
from bot.app import Parts, assemble, delivery_through
from bot.case import Case
from bot.cases import DESK_LANE
from bot.clock import Chance, Clock
from bot.config import check
from bot.delivery import Delivery
from bot.outbox import Outbox
from bot.store import keys
from bot.store.connection import connect
from bot.supervise import forever
from tests.waiting import until

MONDAY_NOON = 1_767_614_400.0
"""5 January 2026, 12:00 UTC."""
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
AGENTS = [f"a-{number}" for number in range(1, 51)]
TABLES: Mapping[str, Any] = {
    "bot": {"name": "Acme"},
    "queues": {"support": {"target_s": 480}, "billing": {"target_s": 480}},
    "channels": {
        "shop": {"adapter": "webhook", "queue": "support", "secret": SECRET, "agents": AGENTS},
        "bank": {"adapter": "webhook", "queue": "billing", "secret": SECRET, "agents": ["b-1", "b-2"]},
    },
}


class HandClock(Clock):
    """Time that stands still until it is told to go on."""

    def __init__(self, at: float = MONDAY_NOON) -> None:
        super().__init__()
        self._at = at
        self.paused = asyncio.Event()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._at += seconds

    def now(self) -> float:
        return self._at

    def real(self) -> float:
        return self._at

    def monotonic(self) -> float:  # type: ignore[override]  # this one has a state
        return self._at

    def follow(self, store_time: float) -> None:
        """The store's clock has no say here."""

    async def pause(self, real_s: float) -> None:  # type: ignore[override]  # this one has a state
        """Whoever pauses is stopped there; `paused` tells that somebody did."""
        self.paused.set()
        await asyncio.Event().wait()


class PromptChance(Chance):
    """Seeded, and attempts follow each other at once."""

    def backoff(self, attempt: int, base_s: float, cap_s: float) -> float:
        return 0.0


class Platform:
    """A platform that keeps what it was sent in order, and raises `troubles` first."""

    wants_events = False

    def __init__(self, *, resend_is_safe: bool = True, sends_at_once: int = 16) -> None:
        self.limits = Limits(16_000, resend_is_safe, sends_at_once)
        self.sent: list[Outgoing] = []
        self.troubles: deque[Undelivered] = deque()
        self.blocked = asyncio.Event()
        self.blocked.set()
        self.waiting = self.most_at_once = 0

    def accept(self, headers: Mapping[str, str], body: bytes, now: float) -> list[Arrival]:
        raise Untrusted("nothing is pushed here")

    async def listen(self, inbox: Inbox) -> None:
        await asyncio.Event().wait()

    async def send(self, outgoing: Outgoing) -> str:
        self.waiting += 1
        self.most_at_once = max(self.most_at_once, self.waiting)
        try:
            await self.blocked.wait()
            # Others get their turn, as with every real platform.
            await asyncio.sleep(0)
        finally:
            self.waiting -= 1
        if self.troubles:
            raise self.troubles.popleft()
        self.sent.append(outgoing)
        return outgoing.key

    async def aclose(self) -> None:
        """Nothing to give back."""


class Inviting(Platform):
    """A platform that links can lead to."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def invitation(self, payload: str) -> str:
        """An address of its own."""
        return f"https://{self.name}.example/{payload}"


@dataclass
class Floor:
    """One process of the bot, and what a test does to it."""

    parts: Parts
    clock: HandClock
    platforms: dict[str, Platform]
    attempts: int = 20
    _numbers: Any = field(default_factory=itertools.count)

    # --- what comes in -------------------------------------------------------------------------------------

    async def write(
        self,
        text: str = "Hello",
        *,
        who: str = "c-1",
        name: str = "Aino",
        language: str = "en",
        message_id: str = "",
        channel: str = "shop",
        queue: str | None = None,
        from_robot: bool = False,
    ) -> None:
        """A customer writes; the conversation is named like the customer."""
        message_id = message_id or f"m-{next(self._numbers)}-{id(self)}"
        customer = Person(who, name, language)
        message = CustomerMessage(message_id, who, customer, text, queue, from_robot)
        await self.parts.inbox.receive(channel, message)

    async def command(
        self,
        line: str,
        *,
        agent: str = "a-1",
        command_id: str = "",
        channel: str = "shop",
        case_id: str | None = None,
    ) -> None:
        """An agent gives a command, such as `/claim K7Q2M4`; agents are named like their ids."""
        name, _, arguments = line.removeprefix("/").partition(" ")
        command_id = command_id or f"x-{next(self._numbers)}-{id(self)}"
        command = AgentCommand(command_id, Person(agent, agent.upper()), name, arguments, case_id)
        await self.parts.inbox.receive(channel, command)

    async def ask(
        self, line: str, *, agent: str = "a-1", channel: str = "shop", **more: Any
    ) -> CommandAnswer:
        """Give a command and return its answer; everything else that is due goes out as well."""
        before = len(self.answers(agent, channel))
        await self.command(line, agent=agent, channel=channel, **more)
        await self.deliver()
        answers = self.answers(agent, channel)[before:]
        assert len(answers) == 1, answers
        return answers[0]

    async def opened(self, text: str = "Hello", **more: Any) -> Case:
        """A customer writes, and this is the case."""
        await self.write(text, **more)
        case = await self.case(more.get("who", "c-1"), channel=more.get("channel", "shop"))
        assert case is not None
        return case

    # --- what is there -------------------------------------------------------------------------------------

    async def case(self, who: str = "c-1", *, channel: str = "shop") -> Case | None:
        """The open case of a customer, in whatever queue it stands."""
        home, lane = self.parts.config.channels[channel].queue, keys.lane(channel, who)
        start = await self.parts.handover.start(home, lane)
        return (await self.parts.handover.find(start, lane))[1]

    async def ended(self, case: Case) -> Case:
        """A case as it stands in its queue now, open or not."""
        found = await self.parts.store.case(case.queue, case.id)
        assert found is not None
        return found

    async def texts(self, case: Case) -> list[str]:
        """What was said in a case."""
        return [entry["text"] for entry in await self.parts.store.transcript(case.queue, case.id)]

    def messages(self, who: str = "c-1", channel: str = "shop") -> list[MessageOut]:
        """What a customer got, in order."""
        sent = self.platforms[channel].sent
        return [out for out in sent if isinstance(out, MessageOut) and out.conversation_id == who]

    def answers(self, agent: str = "a-1", channel: str = "shop") -> list[CommandAnswer]:
        """What an agent was answered, in order."""
        sent = self.platforms[channel].sent
        return [out for out in sent if isinstance(out, CommandAnswer) and out.agent_id == agent]

    def events(self, channel: str = "shop") -> list[EventOut]:
        """What other programs heard, in order."""
        return [out for out in self.platforms[channel].sent if isinstance(out, EventOut)]

    # --- time passes ---------------------------------------------------------------------------------------

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """An outbox runs, for as long as the block lasts; a store that is too slow for a moment does not end it."""
        outbox, pauses = self._new_outbox(), Chance(1)
        loops = [
            asyncio.create_task(forever("send", partial(outbox.run, *place), pauses))
            for place in self._places()
        ]
        try:
            yield
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            await outbox.drain(5)

    def _new_outbox(self) -> Outbox:
        """One that sends to these platforms; a drained one sends no more."""
        parts = self.parts
        outbox = Outbox(
            parts.store,
            self.platforms,
            delivery_of(parts, self.platforms),
            parts.handover,
            parts.chance,
            parts.metrics,
            self.attempts,
            who=f"process-{id(self)}",
        )
        parts.store.on_outgoing = outbox.wake
        return outbox

    async def deliver(self) -> None:
        """Everything that was committed is sent, and what follows from it."""
        async with self.sending():
            await until(self.settled, "everything is sent")

    async def settled(self) -> bool:
        """Whether nothing is left to send."""
        return not await self.outgoing()

    async def outgoing(self) -> int:
        """How many conversations have something to send."""
        return sum([await self.parts.store.outgoing(*place) for place in self._places()])

    def _places(self) -> list[tuple[str, str]]:
        return list(itertools.product(self.parts.config.queues, (*self.platforms, DESK_LANE)))

    async def tick(self, queue: str = "support", after_s: float = 0.0) -> None:
        """Let time pass; then the keeper does one round, if this process leads."""
        self.clock.advance(after_s)
        self.clock.paused.clear()
        keeper = asyncio.create_task(self.parts.keeper.run(queue))
        paused = asyncio.create_task(self.clock.paused.wait())
        await asyncio.wait({keeper, paused}, return_when=asyncio.FIRST_COMPLETED)
        for task in (keeper, paused):
            task.cancel()
        ended, _ = await asyncio.gather(keeper, paused, return_exceptions=True)
        if isinstance(ended, Exception):
            raise ended


@asynccontextmanager
async def open_floor(
    url: str,
    *,
    clock: HandClock | None = None,
    tables: Mapping[str, Any] = TABLES,
    seed: int = 1,
    platforms: dict[str, Platform] | None = None,
) -> AsyncIterator[Floor]:
    """A floor on the store at `url`; with the clock and platforms of another one, a second process."""
    config, chance, clock = check(tables), PromptChance(seed), clock or HandClock()
    connection = await connect(url)
    try:
        async with ClientSession() as session:
            # Where none are given, what comes in is taken by the configured adapters, and goes out to ours.
            parts = assemble(config, clock, chance, connection, session, platforms)
            platforms = platforms or {name: Platform() for name in config.channels}
            # Banners have tests of their own; each takes a process to draw.
            parts.board.on_published = lambda queue: None
            await parts.store.open()
            yield Floor(parts, clock, platforms)
    finally:
        await connection.aclose()


def delivery_of(parts: Parts, platforms: dict[str, Platform]) -> Delivery:
    """What sends this process's messages, to these platforms."""
    return delivery_through(
        platforms, parts.config, parts.store, parts.cases, parts.figures, parts.words, parts.clock
    )


def changed(path: str, value: object, tables: Mapping[str, Any] = TABLES) -> dict[str, Any]:
    """The tables with one more or another key; `path` is its dotted name."""
    name, _, below = path.partition(".")
    return {**tables, name: changed(below, value, tables.get(name, {})) if below else value}
