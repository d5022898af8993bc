"""A store that cannot take a message now: it is refused in time, and nothing that was accepted is missing later.

The states are those a real server gets into: frozen, gone, loading, full, a replica, without its own replicas.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot import config as configuration
from bot.app import running
from bot.clock import Chance, Clock
from tests.end_to_end.floor import (
    QUEUE,
    Floor,
    customers,
    floor,
    kept,
    message_id,
    nothing_left_to_send,
    words,
)
from tests.end_to_end.floor import configuration as tables
from tests.fakes import servers
from tests.fakes.bot_process import status_of, toml
from tests.fakes.sender import Customer
from tests.waiting import until

REFUSED_WITHIN_S = 2.0
SLACK_S = 2.0
"""What a busy machine may add until the test hears of an answer."""
BEFORE = 10
"""So many customers write before the trouble begins."""

State = Callable[[servers.Server, int], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def frozen(server: servers.Server, requests: int) -> AsyncIterator[None]:
    """Connections stay open, nothing answers."""
    server.freeze()
    yield
    server.thaw()


@asynccontextmanager
async def gone(server: servers.Server, requests: int) -> AsyncIterator[None]:
    """Connections are refused."""
    server.kill()
    yield
    await asyncio.to_thread(server.start)


@asynccontextmanager
async def loading(server: servers.Server, requests: int) -> AsyncIterator[None]:
    """The server is up and reads its log, a millisecond for each entry: long enough for all requests."""
    with servers.client_of(server.url) as client:
        pipe = client.pipeline(transaction=False)
        for number in range(2_000 + 20 * requests):
            pipe.set(f"other:{number}", number)
        pipe.execute()
    server.kill()
    async with asyncio.TaskGroup() as group:
        loaded = group.create_task(asyncio.to_thread(server.start))
        yield
        assert not loaded.done(), "it was over too early to see anything"


@asynccontextmanager
async def full(server: servers.Server, requests: int) -> AsyncIterator[None]:
    """No memory left, and nothing may be evicted."""
    server.call("CONFIG", "SET", "maxmemory", 1)
    yield
    server.call("CONFIG", "SET", "maxmemory", 0)


@asynccontextmanager
async def a_replica(server: servers.Server, requests: int) -> AsyncIterator[None]:
    """Somebody made it the replica of a server that is not there: it answers, and takes no writes."""
    server.call("REPLICAOF", "127.0.0.1", servers.free_port())
    yield
    server.call("REPLICAOF", "NO", "ONE")


@asynccontextmanager
async def without_replicas(server: servers.Server, requests: int) -> AsyncIterator[None]:
    """It may write only while a replica follows, and none does."""
    server.call("CONFIG", "SET", "min-replicas-to-write", 1)
    yield
    server.call("CONFIG", "SET", "min-replicas-to-write", 0)


@pytest.mark.parametrize("state", [frozen, gone, loading, full, a_replica, without_replicas])
@pytest.mark.parametrize(
    "requests", [100, pytest.param(1_000, marks=[pytest.mark.drill, pytest.mark.timeout(600)])]
)
async def test_what_cannot_be_stored_is_refused_in_time(state: State, requests: int) -> None:
    people = customers(BEFORE + requests)
    with servers.valkey(key_load_delay="1000") as server:
        async with floor(server.url, at_once=100) as desk:
            for customer in people[:BEFORE]:
                await desk.write(customer, 0)
            await desk.peer.until(lambda: len(desk.peer.shown) == BEFORE, "all are acknowledged")
            async with state(server, requests), asyncio.TaskGroup() as group:
                group.create_task(check_health(desk))
                for customer in people[BEFORE:]:
                    group.create_task(check_refusal(desk, customer))
            await asyncio.gather(*(desk.write(customer, 0) for customer in people[BEFORE:]))
            await desk.peer.until(lambda: len(desk.peer.shown) == len(people), "all are acknowledged")
            await nothing_left_to_send(server.url)
            cases = await kept(server.url)
            for customer in people:
                [one] = cases[customer.id]
                assert one.texts("customer") == [words(customer, 0)]
                assert len(desk.peer.shown[customer.id]) == 1
        print(f"{state.__name__}: {desk.sender.answers[503]} refused, slowest {desk.sender.slowest_s:.2f} s")


async def test_what_was_delivered_while_the_store_was_gone_is_not_delivered_again() -> None:
    """Only the bot that sent a message knows that it arrived: it keeps that in mind until the store is back."""
    people = customers(20)
    with servers.valkey(appendfsync="always") as server:
        async with floor(server.url, bots=2) as desk:
            desk.peer.delay_s = 1.0
            await asyncio.gather(*(desk.write(customer, 0) for customer in people))
            await desk.peer.until(lambda: len(desk.peer.shown) == len(people), "all are being told")
            async with gone(server, 0):
                await asyncio.sleep(desk.peer.delay_s + 0.5)
            desk.peer.delay_s = 0.0
            await nothing_left_to_send(server.url)
            assert not desk.peer.repeats


async def check_refusal(desk: Floor, customer: Customer) -> None:
    """Nothing can be stored, so nothing may be accepted; the platform hears in time when to come again."""
    answer = await desk.sender.once(customer, message_id(customer, 0), words(customer, 0))
    assert (answer.status, answer.retry_after) == (503, "2")
    assert answer.took_s < REFUSED_WITHIN_S + SLACK_S


async def check_health(desk: Floor) -> None:
    """The process is well, what it depends on is not."""
    async with aiohttp.ClientSession() as http:
        assert await status_of(http, f"{desk.bots[0].address}/healthz") == 200
        assert await status_of(http, f"{desk.bots[0].address}/readyz") == 503


async def test_a_figure_that_is_not_refreshed_is_taken_down(tmp_path: Path) -> None:
    """The store freezes and a minute passes: nobody is shown the old wait. Once it thaws, there is a new one."""
    with servers.valkey() as server:
        (tmp_path / "config.toml").write_text(
            toml(tables(server.url, "", 1) | {"server": {"listen": "127.0.0.1:0"}})
        )
        clock = Clock()
        async with (
            running(configuration.load(tmp_path / "config.toml", {}), clock, Chance(1)) as bot,
            aiohttp.ClientSession(bot.address) as http,
        ):
            await published(http, lambda wait: wait["reason"] != "stale")
            server.freeze()
            clock.follow(clock.real() + 62)
            stale = await published(http, lambda wait: wait["reason"] == "stale")
            assert (stale["state"], stale["wait"], stale["promise"]) == ("unknown", None, None)
            server.thaw()
            await published(http, lambda wait: wait["reason"] != "stale")


async def published(
    http: aiohttp.ClientSession, condition: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """The published wait, once it is as `condition` wants it."""

    async def so() -> dict[str, Any] | None:
        async with http.get(f"/api/v1/queues/{QUEUE}/wait") as answer:
            wait: dict[str, Any] = await answer.json()
        return wait if condition(wait) else None

    return await until(so, "the published wait is as wanted", every_s=0.05)
