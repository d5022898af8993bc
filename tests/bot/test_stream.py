"""The event stream in a crisis: who hears what, what a viewer costs, and how streams end."""

from __future__ import annotations

import asyncio
import gc
import re
import socket
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from bot.app import Bot
from bot.published import Published
from bot.web import stream as streams
from bot.web import viewers
from bot.web.view import View
from tests.fakes.desk import changed, open_floor
from tests.fakes.site import ANY_PORT, Site, open_site, publish
from tests.waiting import WITHIN_S, until

MANY = 300
VIEWER_BYTES = 6_000
"""What a viewer may cost: it is some 2 kB, and was 15 kB while aiohttp kept its request."""
STOP_WITHIN_S = 2.0


@pytest.fixture
async def site(store_url: str) -> AsyncIterator[Site]:
    async with open_site(store_url) as running:
        yield running


def watching(site: Site) -> int:
    return len(site.floor.parts.web.stream)


async def heard(answer: aiohttp.ClientResponse, events: int) -> str:
    """What a stream says until so many more events have come."""
    text = ""
    async with asyncio.timeout(WITHIN_S):
        while events:
            line = (await answer.content.readline()).decode()
            assert line, f"the stream ended after {text}"
            text += line
            events -= line.startswith("data: ")
        return text + (await answer.content.readline()).decode()


def knock(address: str, *headers: str, version: str = "1.1") -> socket.socket:
    """A browser that asks for the stream, and reads nothing unless told to."""
    where = urlsplit(address)
    connection = socket.socket()
    # Small, so that what is not read soon fills up.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    connection.connect((where.hostname, where.port))
    lines = [f"GET /events HTTP/{version}", f"Host: {where.netloc}", *headers, "", ""]
    connection.sendall("\r\n".join(lines).encode())
    connection.setblocking(False)
    return connection


async def read_to_end(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    loop, text = asyncio.get_running_loop(), b""
    async with asyncio.timeout(WITHIN_S):
        while piece := await loop.sock_recv(connection, 65_536):
            text += piece
    return text


@contextmanager
def crowd(address: str, count: int) -> Iterator[list[socket.socket]]:
    """So many browsers."""
    with ExitStack() as stack:
        yield [stack.enter_context(closing(knock(address))) for _ in range(count)]


# --- who hears what ------------------------------------------------------------------------------------------


async def test_a_stream_is_for_every_site_and_no_proxy_holds_it_back(site: Site) -> None:
    async with site.http.get(f"{site.address}/events") as answer:
        assert answer.content_type == "text/event-stream"
        wanted = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        assert {name: answer.headers[name] for name in wanted} == wanted
        assert answer.headers["Server"] == "Jono"


async def test_only_the_queue_that_was_asked_for_is_told(site: Site) -> None:
    async with site.http.get(f"{site.address}/events?queue=billing") as answer:
        assert '"queue":"billing"' in await heard(answer, 1)
        await publish(site.floor)
        async with site.http.get(f"{site.address}/events?queue=support") as other:
            assert '"queue":"support"' in await heard(other, 1)
        site.floor.parts.web.stop()
        assert b"support" not in await answer.content.read()
    answer, _ = await site.get("/events?queue=sales")
    assert answer.status == 404


async def test_each_hears_it_in_their_language_and_only_what_changed(site: Site) -> None:
    english, finnish = [
        await site.http.get(f"{site.address}/events", headers={"Accept-Language": language})
        for language in ("en", "fi")
    ]
    for answer in (english, finnish):
        await heard(answer, 2)
    await publish(site.floor)
    told = [await heard(answer, 1) for answer in (english, finnish)]
    site.floor.parts.web.stop()
    rest = [await answer.content.read() for answer in (english, finnish)]
    assert "within" in told[0]
    assert "minuutissa" in told[1] or "minuutin" in told[1]
    assert rest == [b"", b""]


async def test_who_comes_back_is_told_again_only_what_they_missed(site: Site) -> None:
    async with site.http.get(f"{site.address}/events") as answer:
        first = await heard(answer, 2)
    [known] = re.findall(r"^id: (\w+)$", first, re.M)
    async with site.http.get(f"{site.address}/events", headers={"Last-Event-ID": known}) as answer:
        await until(lambda: watching(site) == 1, "the stream begins")
        await publish(site.floor)
        now = await heard(answer, 1)
        assert '"queue":"support"' in now
        assert '"queue":"billing"' not in now
    async with site.http.get(f"{site.address}/events", headers={"Last-Event-ID": known}) as answer:
        assert '"queue":"billing"' in await heard(answer, 2)


async def test_an_id_is_the_same_in_every_process(store_url: str) -> None:
    ids = []
    async with open_site(store_url) as one, open_site(store_url) as other:
        await publish(one.floor)
        await other.floor.parts.board.look()
        for site in (one, other):
            async with site.http.get(f"{site.address}/events?queue=support") as answer:
                ids += re.findall(r"^id: (\w+)$", await heard(answer, 1), re.M)
    assert ids[0] == ids[1]


async def test_nobody_comes_back_in_the_same_moment_as_all(site: Site) -> None:
    waits = []
    for _ in range(12):
        async with site.http.get(f"{site.address}/events") as answer:
            waits += [int(ms) for ms in re.findall(r"^retry: (\d+)$", await heard(answer, 2), re.M)]
    assert len(waits) == 12
    assert len(set(waits)) > 6
    assert min(waits) >= streams.RETRY_FROM_MS
    assert max(waits) < streams.RETRY_FROM_MS + streams.RETRY_SPREAD_MS


async def test_a_change_is_made_into_bytes_once_for_all_who_hear_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, real = [], View.json

    def counted(view: View, published: Published, language: str) -> dict[str, Any]:
        made.append((published.queue, language))
        return real(view, published, language)

    with crowd(site.address, 50):
        await until(lambda: watching(site) == 50, "all watch")
        async with site.http.get(f"{site.address}/events") as answer:
            await heard(answer, 2)
            await site.floor.ask("/on")
            await site.floor.tick()
            monkeypatch.setattr(View, "json", counted)
            await site.floor.parts.board.look()
            await heard(answer, 1)
    assert made == [("support", "en"), ("billing", "en")]


async def test_a_proxy_that_speaks_http_1_0_gets_no_chunks(site: Site) -> None:
    with closing(knock(site.address, version="1.0")) as connection:
        await until(lambda: watching(site) == 1, "the stream begins")
        site.floor.parts.web.stop()
        head, _, body = (await read_to_end(connection)).partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert re.fullmatch(rb"retry: \d+\n\nevent: wait\ndata: .*\n\nevent: wait\nid: \w+\ndata: .*\n\n", body)


async def test_the_head_alone_is_told_too(site: Site) -> None:
    async with site.http.head(f"{site.address}/events") as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
    assert watching(site) == 0


async def test_an_idle_stream_shows_that_it_lives(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "KEEP_ALIVE_S", 0.05)
    async with open_site(store_url) as site, site.http.get(f"{site.address}/events") as answer:
        await heard(answer, 2)
        async with asyncio.timeout(WITHIN_S):
            for _ in range(3):
                assert await answer.content.readline() == b": still here\n"
                await answer.content.readline()


# --- what a viewer costs -------------------------------------------------------------------------------------


def cost() -> float:
    """What each of MANY viewers holds, in bytes."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0] / MANY


async def test_an_idle_viewer_costs_little_more_than_the_connection(site: Site) -> None:
    # The first as many make grow what all share.
    with crowd(site.address, MANY):
        await until(lambda: watching(site) == MANY, "all watch")
        await until(lambda: len(asyncio.all_tasks()) < MANY, "no task stands for a viewer")
        tasks = len(asyncio.all_tasks())
        gc.collect()
        tracemalloc.start()
        try:
            with crowd(site.address, MANY):
                await until(lambda: watching(site) == 2 * MANY, "all watch")
                await until(lambda: cost() < VIEWER_BYTES, "what aiohttp had of them is freed")
                await until(lambda: len(asyncio.all_tasks()) == tasks, "no task stands for a viewer")
        finally:
            tracemalloc.stop()


async def test_a_viewer_who_leaves_is_noticed(site: Site) -> None:
    with crowd(site.address, 20):
        await until(lambda: watching(site) == 20, "all watch")
    await until(lambda: watching(site) == 0, "all have left")


async def test_whoever_does_not_read_is_dropped_and_nobody_else(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewers, "MOST_UNREAD_BYTES", 4_096)
    async with site.http.get(f"{site.address}/events?queue=support") as reader:
        await heard(reader, 1)
        with closing(knock(site.address)):
            await until(lambda: watching(site) == 2, "both watch")
            await site.floor.ask("/on")
            for _ in range(1_000):
                site.floor.clock.advance(300)
                await site.floor.tick()
                await site.floor.parts.board.look()
                assert '"queue":"support"' in await heard(reader, 1)
                if watching(site) == 1:
                    break
        assert watching(site) == 1


async def test_there_is_room_again_when_one_leaves(store_url: str) -> None:
    async with open_site(store_url, changed("limits.event_streams", 1, ANY_PORT)) as site:
        with crowd(site.address, 1):
            await until(lambda: watching(site) == 1, "one watches")
            answer, _ = await site.get("/events")
            assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        await until(lambda: watching(site) == 0, "nobody watches")
        async with site.http.get(f"{site.address}/events") as again:
            assert again.status == 200


# --- the end -------------------------------------------------------------------------------------------------


async def test_closing_frees_all_in_time_and_in_good_order(store_url: str) -> None:
    """None of the viewers reads, and one has just left."""
    async with open_floor(store_url, tables=ANY_PORT) as floor, AsyncExitStack() as serving:
        bot, stream = Bot(floor.parts), floor.parts.web.stream
        await serving.enter_async_context(bot.serving())
        with crowd(bot.address, MANY) as everybody:
            await until(lambda: len(stream) == MANY, "all watch")
            everybody[0].close()
            began = time.monotonic()
            await serving.aclose()
            assert time.monotonic() - began < STOP_WITHIN_S
            assert len(stream) == 0
            for connection in everybody[1::10]:
                assert (await read_to_end(connection)).endswith(b"\r\n0\r\n\r\n")


async def test_a_stream_that_is_asked_for_during_the_end_is_not_begun(site: Site) -> None:
    site.floor.parts.web.stop()
    answer, _ = await site.get("/events")
    assert answer.status == 503
