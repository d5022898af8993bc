"""A process that looks after a platform's profile, with time in the test's hands."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any, cast

import pytest

from adapters.base import Outlet, Shown, Uncertain, Undelivered
from bot import outlets as module
from bot.board import Board
from bot.bookmarks import StoredBookmarks
from bot.clock import Clock
from bot.lease import Lease
from bot.light import light
from bot.listening import Listening
from bot.metrics import Metrics
from bot.outlets import Outlets
from bot.painter import Picture
from bot.published import Published
from bot.showing import Showing
from bot.store.store import Store
from bot.troubles import Troubles
from bot.words import Words
from bot.writer import Writer
from status.model import Outlook, Promise, TrackRecord, Wait
from tests.fakes.source import LEASE_S, NAME, QUEUE, Flaky, Impatient, Inlet, Source, flaky
from tests.waiting import until

ABOUT = Outlet("about", least_s=300, chars=120, per_language=True)
BANNER = Outlet("banner", least_s=900, format="discord")
PRESENCE = Outlet("presence", least_s=30, chars=128, in_session=True)
OWN = {"": "We sell shoes", "en": "", "fi": "Myymme kenkiä", "pl": ""}
OWN_PICTURE = b"\x89PNG theirs \x00\xff"
MINUTE_S = 60


class Wall(Clock):
    """Real time, which a test may let jump."""

    ahead_s = 0.0

    def real(self) -> float:
        return super().real() + self.ahead_s

    def now(self) -> float:
        return super().now() + self.ahead_s


class Page(Source):
    """A platform with a profile: what stands in its outlets, and every change that was asked for."""

    def __init__(self, *outlets: Outlet, one_reader: bool = True) -> None:
        super().__init__(one_reader=one_reader)
        self.outlets: Sequence[Outlet] = outlets
        self.stands: dict[str, Shown] = {"about": OWN, "banner": OWN_PICTURE, "presence": {"": ""}}
        self.changes: list[tuple[str, Shown]] = []
        self.reads: list[str] = []
        self.troubles: deque[Undelivered | None] = deque()

    async def read_outlet(self, name: str) -> Shown:
        self.reads.append(name)
        return self.stands[name]

    async def show_outlet(self, name: str, shown: Shown) -> None:
        self.changes.append((name, shown))
        trouble = self.troubles.popleft() if self.troubles else None
        if trouble is None or isinstance(trouble, Uncertain):
            self.stands[name] = shown
        if trouble is not None:
            raise trouble

    def about(self, language: str = "") -> str:
        """What customers read."""
        stands = self.stands["about"]
        assert isinstance(stands, dict)
        return str(stands[language])


@dataclass
class Refreshed:
    """What was published last: all that a board asks a store for."""

    clock: Wall
    last: Published | None = None
    processes: list[Process] = field(default_factory=list)

    async def later(self, seconds: float) -> None:
        """Let time pass, once no process is in the middle of a change that it has yet to note."""
        await until(lambda: not any(process.under_way for process in self.processes))
        self.clock.ahead_s += seconds

    def publish(self, outlook: Outlook | None = None, *, minutes: float = 15) -> None:
        now = self.clock.now()
        if outlook is None:
            wait = Wait(minutes * 20, minutes * 50, minutes * 60, 100, "test", now)
            outlook = Outlook("open", now, 3, 2, wait=wait, promise=Promise(now, now, minutes * MINUTE_S))
        self.last = Published(QUEUE, replace(outlook, as_of=now), now + 300, TrackRecord(0, 0, 0))

    async def published(self, queue: str) -> Published | None:
        return self.last

    async def history(self, queue: str, since: float) -> list[Any]:
        return []


async def no_drawing(picture: Picture) -> bytes:
    return f"{picture.format}: {picture.sign.figure}".encode()


@dataclass
class Process:
    """One process of the bot that reads one channel."""

    page: Page
    store: Flaky
    refreshed: Refreshed
    who: str = "one"
    draw: Callable[[Picture], Any] = no_drawing
    troubles: Troubles = field(default_factory=Troubles)
    task: asyncio.Task[Any] | None = None
    under_way: int = 0

    def __post_init__(self) -> None:
        clock, words, chance = self.refreshed.clock, Words(), Impatient()
        self.board = Board(cast(Store, self.refreshed), clock, Metrics(), {QUEUE: None})

        def picture(queue: str, name: str, language: str) -> Picture:
            outlook = self.board.published(queue).outlook
            sign = words.sign(language, UTC).sign(outlook, light(outlook, 600, 1800))
            return Picture(name, sign, "Acme", "Support")

        showing = Showing(self.board, words, "en", lambda queue: UTC, picture, self.draw)
        self.lease = Lease(self.store, QUEUE, NAME, self.who, clock, LEASE_S)
        self.metrics = Metrics()
        self.writer = Writer(
            NAME, self.page, QUEUE, self.store, self.lease, clock, self.troubles, self.metrics
        )
        self.outlets = Outlets(NAME, QUEUE, self.store, showing, self.lease, clock, self.writer)
        for name in ("look", "still_ours", "show", "give_back"):
            setattr(self.writer, name, self._watched(getattr(self.writer, name)))
        self.refreshed.processes.append(self)
        self.listening = Listening(
            NAME,
            self.page,
            Inlet().receive,
            StoredBookmarks(self.store, QUEUE, NAME, clock),
            self.troubles,
            clock,
            chance,
            self.lease,
            self.outlets,
        )

    def _watched(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def watched(*arguments: Any) -> Any:
            self.under_way += 1
            try:
                return await call(*arguments)
            finally:
                self.under_way -= 1

        return watched

    async def start(self) -> Process:
        async def follow() -> None:
            while True:
                await self.board.look()
                await asyncio.sleep(0.01)

        async def both() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(follow())
                group.create_task(self.listening.run())

        self.task = asyncio.create_task(both())
        return self

    async def refresh(self, minutes: float, after_s: float = 0.0) -> None:
        """Time passes, and there is a new figure at once: the board has no moment to call the old one stale."""
        await self.refreshed.later(after_s)
        self.refreshed.publish(minutes=minutes)
        await self.board.look()

    async def crash(self) -> None:
        """Nothing is given back; the lease runs out, as far as others can tell."""
        assert self.task is not None
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        self.task = None

    async def stop(self) -> None:
        """An orderly stop."""
        if self.task is not None:
            await self.crash()
            await self.listening.close()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round follows at once."""
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.01)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Flaky]:
    async with flaky(store_url) as store:
        yield store


@pytest.fixture
def refreshed() -> Refreshed:
    return Refreshed(Wall())


@asynccontextmanager
async def process(page: Page, store: Flaky, refreshed: Refreshed, **more: Any) -> AsyncIterator[Process]:
    one = await Process(page, store, refreshed, **more).start()
    try:
        yield one
    finally:
        await one.stop()


async def a_while() -> None:
    """Long enough for many rounds."""
    await asyncio.sleep(0.2)
