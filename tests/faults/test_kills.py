"""Bots and servers are killed while customers write and agents reply: nothing is lost, nothing is said twice.

Each message is delivered three times, to both bots. Customers write one message after another, so that the
order in the store and at the customer can be judged. A SIGKILL leaves no time to finish anything.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

import pytest

from tests.end_to_end.floor import (
    REPLIES_EACH,
    Agent,
    Floor,
    Kept,
    customers,
    draw_seed,
    floor,
    kept,
    nothing_left_to_send,
    short_directory,
    words,
)
from tests.fakes import servers
from tests.fakes.bot_process import BotProcess, embedded_server
from tests.fakes.sender import Customer

BOTS, TIMES, AGENTS, WRITERS = 2, 3, 2, 4
MESSAGES_EACH, PEOPLE_EACH = 4, 1_000


Cases = Mapping[str, Sequence[Kept]]


@dataclass(frozen=True, slots=True)
class Store:
    """A store to be killed: its address for bots, its address for us, and how to kill it."""

    url: str
    readable: str
    kill: Callable[[], None]


@contextmanager
def embedded() -> Iterator[Store]:
    """The server that the bots embed; they bring it back themselves."""
    with short_directory() as directory, embedded_server(directory / "data") as server:
        yield Store(f"embedded:{server.directory}", server.url, server.kill)


@contextmanager
def separate() -> Iterator[Store]:
    """A server on its own, which whoever runs it starts again; like ours, it syncs before it answers."""
    with servers.valkey(appendfsync="always") as server:
        yield Store(server.url, server.url, server.restart)


@dataclass(slots=True)
class Sent:
    """What was sent, as the senders remember it."""

    over: bool = False
    messages: dict[Customer, int] = field(default_factory=dict)
    ready_s: list[float] = field(default_factory=list)


@pytest.mark.parametrize("kind", [embedded, separate])
@pytest.mark.parametrize(
    ("bot_kills", "server_kills"),
    [(4, 2), pytest.param(20, 5, marks=[pytest.mark.drill, pytest.mark.timeout(600)])],
)
async def test_nothing_is_lost_or_said_twice(
    kind: Callable[[], AbstractContextManager[Store]], bot_kills: int, server_kills: int
) -> None:
    seed = draw_seed()
    chance, sent = random.Random(seed), Sent()
    blows = chance.sample(["bot"] * bot_kills + ["server"] * server_kills, bot_kills + server_kills)
    with kind() as store:
        async with floor(store.url, bots=BOTS, agents=AGENTS, seed=seed) as desk:
            agents = [desk.agent(n) for n in range(AGENTS)]
            people = customers(WRITERS * PEOPLE_EACH)
            async with asyncio.TaskGroup() as group:
                for n in range(WRITERS):
                    group.create_task(write(desk, people[n::WRITERS], sent, random.Random(seed + n)))
                for agent in agents:
                    group.create_task(reply(agent, sent))
                await strike(desk.bots, store, blows, chance, sent)
                sent.over = True
            await nothing_left_to_send(store.readable)
            cases = await kept(store.readable)
            check_replies(desk, agents, cases)
            check_messages(desk, cases, sent)
            report(desk, sent)


# --- the people ---------------------------------------------------------------------------------------------


async def write(desk: Floor, people: list[Customer], sent: Sent, chance: random.Random) -> None:
    """One customer after another writes some messages, each delivered TIMES times, until it is over."""
    for customer, number in itertools.product(people, range(MESSAGES_EACH)):
        if sent.over:
            return
        await asyncio.gather(*(desk.write(customer, number, to=to) for to in range(TIMES)))
        sent.messages[customer] = number + 1
        await asyncio.sleep(chance.uniform(0.05, 0.2))


async def reply(agent: Agent, sent: Sent) -> None:
    """Work through the queue, again and again, until it is over."""
    while not sent.over:
        await agent.take_and_reply()
        await asyncio.sleep(0.2)


async def strike(
    bots: Sequence[BotProcess], store: Store, blows: list[str], chance: random.Random, sent: Sent
) -> None:
    """Kill what `blows` says, and wait until the bots are ready again."""
    for blow in blows:
        await asyncio.sleep(chance.uniform(0.05, 0.4))
        if blow == "server":
            await asyncio.to_thread(store.kill)
            continue
        for bot in chance.sample(bots, chance.choice([1, 1, 1, len(bots)])):
            await bot.kill()
            await bot.start()
            sent.ready_s.append(await bot.ready())


# --- the verdict --------------------------------------------------------------------------------------------


def check_replies(desk: Floor, agents: list[Agent], cases: Cases) -> None:
    """What an agent was told to be on its way has arrived: once, in order, after the acknowledgement."""
    conversations = {one.case.id: conversation for conversation, found in cases.items() for one in found}
    for agent in agents:
        for case, texts in agent.replied.items():
            conversation = conversations[case]
            assert desk.peer.told(conversation, "reply") == texts
            kinds = [one.data["kind"] for one in desk.peer.shown[conversation]]
            assert kinds in (["acknowledgement"] + ["reply"] * REPLIES_EACH, ["reply"] * REPLIES_EACH)


def check_messages(desk: Floor, cases: Cases, sent: Sent) -> None:
    """Every accepted message stands in its one case, once and in order; who had no reply was acknowledged."""
    assert cases.keys() == {customer.id for customer in sent.messages}
    for customer, count in sent.messages.items():
        [one] = cases[customer.id]
        assert one.texts("customer") == [words(customer, number) for number in range(count)]
        acknowledged = len(desk.peer.told(customer.id, "acknowledgement"))
        assert acknowledged == 1 or (acknowledged == 0 and one.texts("agent"))


def report(desk: Floor, sent: Sent) -> None:
    """The figures of a run."""
    print(
        f"{sum(sent.messages.values())} messages of {len(sent.messages)} customers, each {TIMES} times; "
        f"answers {dict(desk.sender.answers)}, slowest {desk.sender.slowest_s:.2f} s; "
        f"sent again {sum(desk.peer.repeats.values())} of {len(desk.peer.ledger)}; "
        f"ready after {sorted(sent.ready_s)[len(sent.ready_s) // 2]:.2f} s, at most {max(sent.ready_s):.2f} s"
    )
