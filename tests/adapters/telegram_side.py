"""A Telegram channel and the wire fake it talks to, for the tests of the adapter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from aiohttp import ClientSession

from adapters.base import Arrival, CommandHelp, MessageOut, Tools
from adapters.telegram import Options, Telegram, open_channel
from tests.adapters.contract import NOW
from tests.fakes.telegram.client import TelegramFake
from tests.waiting import WITHIN_S

COMMANDS = (
    CommandHelp("wait", "", "How long?", False, {"en": "How long?", "fi": "Kauanko?", "pl": "Jak długo?"}),
    CommandHelp("next", "", "Take one", True, {"en": "Take one", "fi": "Ota yksi", "pl": "Weź jedną"}),
)
QUEUES = ("support", "billing")
Kind = TypeVar("Kind", bound=Arrival)


class Side:
    """A channel, what came in through it, and what it reported."""

    def __init__(self, fake: TelegramFake, channel: Telegram, reports: list[str]) -> None:
        self.fake = fake
        self.channel = channel
        self.reports = reports
        self.arrivals: list[Arrival] = []
        self._changed = asyncio.Condition()

    async def inbox(self, arrival: Arrival) -> None:
        """Take it in."""
        self.arrivals.append(arrival)
        async with self._changed:
            self._changed.notify_all()

    async def until(self, condition: Callable[[], object], what: str = "arrivals") -> None:
        """Wait until `condition`, which is asked after every arrival, holds."""
        try:
            async with asyncio.timeout(WITHIN_S), self._changed:
                await self._changed.wait_for(lambda: bool(condition()))
        except TimeoutError:
            raise AssertionError(f"{what}: not in time; there are {self.arrivals}") from None

    async def got(self, number: int) -> list[Arrival]:
        """The first so many arrivals."""
        await self.until(lambda: len(self.arrivals) >= number, f"{number} arrivals")
        return self.arrivals[:number]

    async def one(self, kind: type[Kind]) -> Kind:
        """The only arrival, which is of this kind."""
        (arrival,) = await self.got(1)
        assert isinstance(arrival, kind), arrival
        return arrival

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """While it listens."""
        task = asyncio.create_task(self.channel.listen(self.inbox))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled(), task.exception()


@asynccontextmanager
async def side(
    fake: TelegramFake, *, hook_url: str = "", agents: set[str] | None = None, **options: Any
) -> AsyncIterator[Side]:
    """A channel on the fake; `agents` are the ids of those who are agents everywhere."""
    reports: list[str] = []
    async with ClientSession() as http:
        tools = Tools(
            "tg",
            http,
            lambda: NOW,
            COMMANDS,
            frozenset(agents or ()),
            QUEUES,
            hook_url=hook_url,
            report=reports.append,
        )
        channel = open_channel(Options(fake.token, api_base=fake.api, **options), tools)
        try:
            yield Side(fake, channel, reports)
        finally:
            await channel.aclose()


async def ready(fake: TelegramFake) -> None:
    """Once the bot has asked for updates, and so told which kinds it wants."""
    await fake.until(lambda ledger: ledger.calls["getupdates"], "a poll")


def message(conversation: int | str, text: str, key: str = "K7Q2M4-1-0", **more: Any) -> MessageOut:
    """A reply to a customer."""
    return MessageOut(key, str(conversation), str(conversation), "K7Q2M4", "reply", text, **more)


@asynccontextmanager
async def proxy(status: bytes) -> AsyncIterator[str]:
    """Somebody in between who answers every request with a page for people."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        page = b"<h1>Sorry</h1>"
        head = b"HTTP/1.1 %b\r\nContent-Type: text/html\r\nContent-Length: %d\r\n" % (status, len(page))
        writer.write(head + b"Connection: close\r\n\r\n" + page)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
