"""The server behind the store dies and another takes over: the bot finds it by itself, and nothing is missing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from bot.store import keys
from tests.end_to_end.floor import QUEUE, Floor, customers, floor, kept, nothing_left_to_send, words
from tests.fakes import servers
from tests.fakes.sender import Customer
from tests.waiting import until

PEOPLE, MESSAGES_EACH, NODE_TIMEOUT_MS = 30, 4, 2000

Victim = tuple[str, servers.Server]
"""The address of a store, and the server that the queue's data are on."""


@contextmanager
def a_cluster() -> Iterator[Victim]:
    """Three primaries with a replica each."""
    with servers.cluster(node_timeout_ms=NODE_TIMEOUT_MS) as nodes:
        slot = nodes.primaries[0].call("CLUSTER", "KEYSLOT", keys.prefix(QUEUE))
        yield nodes.url, nodes.primaries[slot * len(nodes.primaries) // servers.SLOTS]


@contextmanager
def sentinels() -> Iterator[Victim]:
    """A primary, a replica, and three sentinels."""
    with servers.sentinel() as watched:
        yield watched.url, watched.primary


@pytest.mark.parametrize("kind", [a_cluster, pytest.param(sentinels, marks=pytest.mark.drill)])
async def test_the_bot_follows_a_failover(kind: Callable[[], AbstractContextManager[Victim]]) -> None:
    """The primary is killed while customers write; they keep their order, and their platform keeps trying."""
    everybody = customers(PEOPLE)
    with kind() as (url, primary):
        async with floor(url, bots=2) as desk:
            async with asyncio.TaskGroup() as group:
                for customer in everybody:
                    group.create_task(write(desk, customer))
                await accepted(desk, PEOPLE)
                primary.kill()
                killed_at, before = time.monotonic(), len(desk.sender.accepted)
                # What was on its way when the server died may still be answered; something new must be.
                await accepted(desk, before + PEOPLE)
                print(f"{PEOPLE} messages taken again {time.monotonic() - killed_at:.1f} s after the death")
            await desk.peer.until(lambda: len(desk.peer.shown) == PEOPLE, "everybody is acknowledged")
            await nothing_left_to_send(url)
            cases = await kept(url)
            for customer in everybody:
                [one] = cases[customer.id]
                assert one.texts("customer") == [words(customer, n) for n in range(MESSAGES_EACH)]
                assert len(desk.peer.shown[customer.id]) == 1


async def write(desk: Floor, customer: Customer) -> None:
    """A customer's messages, one after the other."""
    for number in range(MESSAGES_EACH):
        await desk.write(customer, number, to=number)


async def accepted(desk: Floor, count: int) -> None:
    """Wait until so many messages were accepted."""
    await until(lambda: len(desk.sender.accepted) >= count, f"{count} messages are accepted")
