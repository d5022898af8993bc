"""A system that keeps its own queue tells Jono only what happens to its cases: by signed requests, or by a stream."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.clock import Clock
from bot.store.connection import connect
from bot.store.store import Store
from tests.end_to_end.floor import QUEUE, SECRET
from tests.end_to_end.house import common
from tests.fakes.bot_process import BotProcess, bot_processes
from tests.fakes.peer import Peer, peer
from tests.fakes.sender import Sender
from tests.waiting import until

STREAM, HELPDESK = "helpdesk:events", "helpdesk"
ANNA, OTTO = ({"id": name.lower(), "name": name} for name in ("Anna", "Otto"))
Told = tuple[str, str, Mapping[str, Any]]
DAY: list[Told] = [
    ("case.arrived", "1", {}),
    ("case.arrived", "2", {"customer": {"id": "c-2", "name": "Aino", "language": "fi"}}),
    ("case.assigned", "1", {"agent": ANNA}),
    ("case.arrived", "3", {"queue": QUEUE}),
    ("case.replied", "1", {"agent": ANNA}),
    ("case.closed", "1", {"agent": ANNA}),
    ("case.assigned", "2", {"agent": ANNA}),
    ("case.released", "2", {"agent": ANNA}),
    ("case.assigned", "2", {"agent": OTTO}),
    ("case.abandoned", "3", {}),
    ("case.arrived", "4", {}),
]
"""In the end one of four is answered, one left, one is held and one waits."""
COUNTED = {"arrived": 4, "answered": 1, "left": 1}


def data_of(number: int, told: Told) -> dict[str, Any]:
    return {"event_id": f"e-{number}", "conversation_id": f"case-{told[1]}", **told[2]}


def entry_of(number: int, told: Told) -> str:
    """What would be posted, as an entry's only field."""
    body = {"type": told[0], "timestamp": "2026-01-05T12:00:00Z", "data": data_of(number, told)}
    return json.dumps(body)


@asynccontextmanager
async def store_of(url: str) -> AsyncIterator[Store]:
    connection = await connect(url)
    try:
        yield Store(connection, Clock())
    finally:
        await connection.aclose()


async def add(url: str, entries: list[dict[str, str | bytes]]) -> None:
    """The helpdesk adds to its stream."""
    connection = await connect(url)
    client: Any = connection.client
    try:
        for entry in entries:
            await client.xadd(STREAM, entry)
    finally:
        await connection.aclose()


@pytest.fixture
async def listening() -> AsyncIterator[Peer]:
    async with peer(SECRET) as there:
        yield there


@pytest.fixture
async def bot(store_url: str, tmp_path: Path, listening: Peer) -> AsyncIterator[BotProcess]:
    channel = {
        "adapter": "webhook",
        "queue": QUEUE,
        "secret": SECRET,
        "stream": STREAM,
        "url": listening.url,
    }
    async with bot_processes(tmp_path, common(store_url) | {f"channels.{HELPDESK}": channel}) as [one]:
        yield one


async def comes_true(url: str, expected: Mapping[str, int], waiting: int, claimed: int) -> None:
    """The day's counters and the line are so before long."""
    async with store_of(url) as store:

        async def so() -> bool:
            day, line = (await store.days(QUEUE, 1))[0], await store.line(QUEUE)
            counted = {name: day.get(name, 0) for name in expected}
            return (counted, line.waiting, line.claimed) == (expected, waiting, claimed)

        await until(so, f"{expected}, {waiting} waiting, {claimed} claimed", every_s=0.05)


async def readiness(bot: BotProcess, so: Callable[[str], bool]) -> None:
    """What operators read at /readyz is so before long."""
    async with aiohttp.ClientSession() as http:

        async def told() -> bool:
            async with http.get(f"{bot.address}/readyz") as answer:
                return so(await answer.text())

        await until(told, "what /readyz is to say", every_s=0.05)


async def published(bot: BotProcess, waiting: int) -> Mapping[str, Any]:
    """What everybody may read, once so many wait."""
    async with aiohttp.ClientSession() as http:

        async def figure() -> Mapping[str, Any] | None:
            async with http.get(f"{bot.address}/api/v1/queues/{QUEUE}/wait") as answer:
                told: Mapping[str, Any] = await answer.json()
            return told if told.get("waiting") == waiting and told["state"] == "open" else None

        return await until(figure, f"the figure for {waiting} who wait", every_s=0.1)


async def post(bot: BotProcess, day: list[Told]) -> None:
    async with Sender(SECRET, [bot.address], HELPDESK) as sender:
        for number, told in enumerate(day):
            await sender.deliver(f"e-{number}", told[0], data_of(number, told), 0)


async def test_a_day_that_is_posted_is_counted_and_the_wait_published(
    bot: BotProcess, store_url: str, listening: Peer
) -> None:
    await post(bot, DAY)
    await comes_true(store_url, COUNTED, waiting=1, claimed=1)
    await post(bot, DAY[-1:])
    assert (await published(bot, 1))["wait"]
    await comes_true(store_url, COUNTED, waiting=1, claimed=1)
    assert not listening.shown


async def test_a_day_in_a_stream_is_taken_once_over_a_restart(
    bot: BotProcess, store_url: str, listening: Peer
) -> None:
    entries: list[dict[str, str | bytes]] = [{"event": entry_of(*one)} for one in enumerate(DAY)]
    await add(store_url, entries[:5])
    await comes_true(store_url, {"arrived": 3, "answered": 1}, waiting=2, claimed=0)
    await bot.kill()
    await add(store_url, entries[5:])
    await bot.start()
    await bot.ready()
    await comes_true(store_url, COUNTED, waiting=1, claimed=1)
    # An entry that the helpdesk adds twice, as it was unsure, has its old id.
    await add(store_url, entries[-1:])
    assert (await published(bot, 1))["wait"]
    await comes_true(store_url, COUNTED, waiting=1, claimed=1)
    assert not listening.shown


async def test_what_makes_no_sense_is_passed_over_and_told(bot: BotProcess, store_url: str) -> None:
    wrong: list[dict[str, str | bytes]] = [
        {"event": "no JSON"},
        {"event": b"\xff\xfe no UTF-8"},
        {"other": "field"},
        {"event": json.dumps({"type": "case.lost"})},
        {"event": entry_of(1, ("case.closed", "1", {}))},
    ]
    await add(store_url, wrong)
    await readiness(bot, lambda told: f"{STREAM}: entry" in told and "data.agent" in told)
    await add(store_url, [{"event": entry_of(0, DAY[0])}])
    await comes_true(store_url, {"arrived": 1}, waiting=1, claimed=0)
    await readiness(bot, lambda told: STREAM not in told)
