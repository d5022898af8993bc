"""Files between channels: fetched when they are sent, closed whatever happens, and never whole in memory."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from adapters.base import Attachment, Busy, Channel, File, Pace, Post, Refused, Tools, Uncertain, Undelivered
from adapters.line import Options as LineOptions
from adapters.line import open_channel as open_line
from adapters.telegram import Options as TelegramOptions
from adapters.telegram import open_channel as open_telegram
from bot.carried import Addresses
from bot.pacing import NotYet
from bot.sender import Sender
from bot.spool import IN_MEMORY_BYTES
from bot.store.channels import Drawn
from bot.store.store import Store
from tests.adapters.contract import MESSAGE, NOW
from tests.adapters.telegram_side import message
from tests.fakes.carrying import Kept, Sink, Source
from tests.fakes.desk import HandClock, Platform
from tests.waiting import until

CLOCK = HandClock(NOW)
JPEG = b"\xff\xd8\xff a picture"
PIECE, PIECES = b"x" * 65_536, 640
"""40 MB."""
MOST_AT_ONCE_BYTES = 8_000_000


class Unhurried:
    """A store in which no budget is ever used up."""

    @property
    def channels(self) -> Unhurried:
        """Where budgets are kept."""
        return self

    async def pace(self, *_: object) -> Drawn:
        """Now."""
        return Drawn(0.0)

    async def hush(self, *_: object) -> None:
        """Nothing is kept."""


def sender(public_url: str = "", **channels: Channel) -> Sender:
    addresses = Addresses(Kept(), "support", public_url, lambda: NOW)
    return Sender(cast(Store, Unhurried()), channels, dict.fromkeys(channels, "support"), addresses, CLOCK)


def post(*files: File) -> Post:
    return Post("k", "t-1", "", tuple(map(Attachment, files)))


def attachments(sink: Sink) -> tuple[Attachment, ...]:
    (sent,) = sink.sent
    assert isinstance(sent, Post)
    return sent.attachments


@pytest.mark.parametrize("content", [JPEG, b"x" * (IN_MEMORY_BYTES + 1)])
async def test_a_file_is_fetched_measured_and_closed(content: bytes) -> None:
    source, sink = Source({"r": content}), Sink()
    await sender(shop=source, room=sink).send("room", post(File("photo", "r", size_bytes=7)), "shop")
    (sent,) = attachments(sink)
    assert sink.read == [content]
    assert sent.file.size_bytes == len(content)
    assert sent.file.mime == ("image/jpeg" if content is JPEG else "")
    assert sent.url == ""
    assert [one.closed for one in sink.held] == [True]


@pytest.mark.parametrize("trouble", [Refused("no"), Busy("no"), Uncertain("no")])
async def test_it_is_closed_when_sending_fails(trouble: Undelivered) -> None:
    source, sink = Source({"r": JPEG}), Sink()
    sink.troubles.append(trouble)
    with pytest.raises(type(trouble)):
        await sender(shop=source, room=sink).send(
            "room", post(File("photo", "r"), File("photo", "r")), "shop"
        )
    assert [one.closed for one in sink.held] == [True, True]


async def test_it_is_closed_when_sending_is_given_up() -> None:
    source, sink = Source({"r": JPEG}), Sink()
    sink.blocked.clear()
    sending = asyncio.create_task(
        sender(shop=source, room=sink).send("room", post(File("photo", "r")), "shop")
    )
    await until(lambda: sink.held)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert [one.closed for one in sink.held] == [True]


async def test_what_is_larger_than_it_was_said_to_be_is_not_taken() -> None:
    source, sink = Source({"r": b"x" * 1_000_001}), Sink(file_bytes=1_000_000)
    for said in (None, 1, 1_000_001):
        with pytest.raises(Refused, match="larger than the 1 MB"):
            await sender(shop=source, room=sink).send(
                "room", post(File("photo", "r", size_bytes=said)), "shop"
            )
    assert not sink.held


async def test_there_is_an_address_where_we_are_reached_by_https_for_a_channels_own_file_as_well() -> None:
    source = Source({"r": JPEG})
    sink, own = Sink(), Sink()
    place = File.located(60.1, 24.9)
    to_room = sender("https://jono.example", shop=source, room=sink, bare=own)
    await to_room.send("room", post(File("photo", "r"), place), "shop")
    photo, located = attachments(sink)
    assert photo.url.startswith("https://jono.example/files/")
    assert photo.url.endswith("/photo.jpg")
    assert located == Attachment(place)
    await to_room.send("shop", post(File("photo", "r"), File("sticker", "")))
    (sent,) = source.sent
    assert isinstance(sent, Post)
    assert [(one.content, bool(one.url)) for one in sent.attachments] == [(None, True), (None, False)]
    await to_room.send("bare", post(File("photo", "r")))
    assert attachments(own) == (Attachment(File("photo", "r")),)


@pytest.mark.parametrize("origin", ["bare", "unknown"])
async def test_what_cannot_be_fetched_is_refused(origin: str) -> None:
    with pytest.raises(Refused, match="cannot be fetched"):
        await sender(room=Sink(), bare=Sink()).send("room", post(File("photo", "r")), origin)


# --- how much memory it takes ----------------------------------------------------------------------------------


class Platforms:
    """LINE, which has a large film, and Telegram, which counts what it is sent and keeps none of it."""

    def __init__(self) -> None:
        self.got_bytes = 0

    async def film(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(PIECES):
            await answer.write(PIECE)
        return answer

    async def take(self, request: web.Request) -> web.Response:
        async for piece in request.content.iter_chunked(65_536):
            self.got_bytes += len(piece)
        sent: dict[str, Any] = {"message_id": 7, "date": 0, "chat": {"id": 1, "type": "private"}}
        return web.json_response({"ok": True, "result": sent})


@asynccontextmanager
async def running(platforms: Platforms) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/v2/bot/message/{id}/content", platforms.film)
    app.router.add_post("/{path:.*}", platforms.take)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


async def test_memory_stays_flat_while_a_large_file_goes_from_one_platform_to_another() -> None:
    platforms = Platforms()
    async with running(platforms) as base, ClientSession() as http:
        line = open_line(LineOptions("s", "t", base, base), Tools("line", http, lambda: NOW))
        telegram = open_telegram(TelegramOptions("1:a", api_base=base), Tools("tg", http, lambda: NOW))
        film = message(1, "", attachments=(Attachment(File("video", "5", "film.mp4", "video/mp4")),))
        tracemalloc.start()
        try:
            assert await sender(line=line, tg=telegram).send("tg", film, "line") == "m7"
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            await telegram.aclose()
    assert platforms.got_bytes > len(PIECE) * PIECES
    assert most < MOST_AT_ONCE_BYTES


# --- budgets -------------------------------------------------------------------------------------------------


class Watched(Unhurried):
    """A store that notes what is drawn on, and what is to be silent."""

    def __init__(self) -> None:
        self.drawn: list[Pace] = []
        self.hushed: list[str] = []

    @property
    def channels(self) -> Watched:
        """Where budgets are kept."""
        return self

    async def pace(self, *drawn: object) -> Drawn:
        """Now."""
        self.drawn += cast(list[Pace], drawn[2])
        return Drawn(0.0)

    async def hush(self, *hushed: object) -> None:
        """Noted."""
        self.hushed.append(cast(Pace, hushed[2]).name)


class Hurried(Platform):
    """A channel with two budgets, one of them for each place."""

    names: tuple[str, ...] = ("all", "chat:7")

    def paces(self, outgoing: object) -> tuple[Pace, ...]:
        """All together, and each place."""
        return tuple(Pace(name, 28 if name == "all" else 1, 1.0) for name in self.names)


@pytest.mark.parametrize(
    ("stated", "drawn"),
    [
        ({}, [Pace("all", 28, 1.0), Pace("chat:7", 1, 1.0)]),
        ({"chat": (2, 60.0)}, [Pace("all", 28, 1.0), Pace("chat:7", 2, 60.0)]),
        ({"all": (5, 10.0), "other": (1, 1.0)}, [Pace("all", 5, 10.0), Pace("chat:7", 1, 1.0)]),
    ],
)
async def test_the_operators_budgets_take_the_place_of_the_adapters(
    stated: dict[str, tuple[int, float]], drawn: list[Pace]
) -> None:
    store, addresses = Watched(), Addresses(Kept(), "support", "", lambda: NOW)
    one = Sender(
        cast(Store, store), {"room": Hurried()}, {"room": "support"}, addresses, CLOCK, {"room": stated}
    )
    await one.send("room", Post("k", "t-1", "Hello"))
    assert store.drawn == drawn


async def test_a_silence_counts_for_the_whole_channel_where_no_budget_is_stated_and_not_for_rooms() -> None:
    crowded, clock, homes = Platform(), HandClock(NOW), {"far": "support", "near": "support"}
    addresses = Addresses(Kept(), "support", "", lambda: NOW)
    one = Sender(cast(Store, Unhurried()), {"far": crowded, "near": Platform()}, homes, addresses, clock)
    crowded.troubles.extend([Busy("too many", 30.0), Busy("no delay told"), Busy("too many again", 5.0)])
    with pytest.raises(Busy):
        await one.send("far", MESSAGE)
    clock.advance(29)
    with pytest.raises(NotYet) as caught:
        await one.send("far", replace(MESSAGE, conversation_id="c-2"))
    assert caught.value.delay_s == 1.0
    assert await one.send("near", MESSAGE)
    clock.advance(1)
    for _ in range(2):
        with pytest.raises(Busy):
            await one.send("far", MESSAGE)
    assert await one.send("far", post())
    clock.advance(5)
    assert await one.send("far", MESSAGE)


@pytest.mark.parametrize(
    ("budget", "hushed", "others_wait"),
    [("", "chat:7", False), ("chat", "chat:7", False), ("all", "all", True), ("unknown", "chat:7", False)],
)
async def test_a_silence_counts_for_the_budget_that_the_platform_means(
    budget: str, hushed: str, others_wait: bool
) -> None:
    store, platform, clock = Watched(), Hurried(), HandClock(NOW)
    addresses = Addresses(Kept(), "support", "", lambda: NOW)
    one = Sender(cast(Store, store), {"far": platform}, {"far": "support"}, addresses, clock)
    platform.troubles.append(Busy("too many", 30.0, budget))
    with pytest.raises(Busy):
        await one.send("far", MESSAGE)
    assert store.hushed == [hushed]
    with pytest.raises(NotYet):
        await one.send("far", MESSAGE)
    platform.names = ("all", "chat:8")
    if others_wait:
        with pytest.raises(NotYet):
            await one.send("far", MESSAGE)
        clock.advance(30)
    assert await one.send("far", MESSAGE)


async def test_only_a_place_with_a_budget_of_its_own_is_written_to_one_by_one() -> None:
    platform = Hurried()
    addresses = Addresses(Kept(), "support", "", lambda: NOW)
    one = Sender(cast(Store, Unhurried()), {"far": platform}, {"far": "support"}, addresses, CLOCK)
    for names, at_once in ((("all",), 3), (("all", "chat:7"), 1)):
        platform.names, platform.most_at_once = names, 0
        sends = await asyncio.gather(*(one.send("far", MESSAGE) for _ in range(3)), return_exceptions=True)
        assert [type(sent) for sent in sends].count(NotYet) == 3 - at_once
        assert platform.most_at_once == at_once
