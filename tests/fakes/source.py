"""A channel whose sessions a test writes, and what stands around whoever listens to it: an inlet, a store, chance."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

from adapters.base import Arrival, CustomerMessage, Inbox, Limits, Malformed, Outgoing, Person
from bot.clock import Chance
from bot.store.channels import ChannelStore
from bot.store.connection import connect
from bot.store.library import Library
from bot.store.store import StoreDown

LEASE_S = 1.0
QUEUE, NAME = "support", "chat"

Session = Callable[[Inbox], Awaitable[None]]


def message(number: int, text: str = "Hello") -> CustomerMessage:
    """A customer's message."""
    return CustomerMessage(f"m-{number}", "c-1", Person("c-1", "Aino"), text)


# --- sessions ------------------------------------------------------------------------------------------------


async def goes_on(inbox: Inbox) -> None:
    """A session in which nothing happens."""
    await asyncio.Event().wait()


def fails(error: BaseException) -> Session:
    """A session that ends at once."""

    async def session(inbox: Inbox) -> None:
        raise error

    return session


def brings(*arrivals: Arrival) -> Session:
    """A session in which these arrive."""

    async def session(inbox: Inbox) -> None:
        for arrival in arrivals:
            await inbox(arrival)
        await asyncio.Event().wait()

    return session


class Source:
    """A channel whose sessions go as given, one after another, and then on for ever."""

    wants_events = False

    def __init__(self, *sessions: Session, one_reader: bool = False) -> None:
        self.limits = Limits(1_000, resend_is_safe=False, one_reader=one_reader)
        self.sessions = deque(sessions)
        self.begun = self.under_way = 0
        self.ended_at: list[float] = []

    def accept(self, headers: Mapping[str, str], body: bytes, now: float) -> list[Arrival]:
        """Nothing is pushed here."""
        raise Malformed("nothing is pushed here")

    async def listen(self, inbox: Inbox) -> None:
        """The next session."""
        self.begun += 1
        self.under_way += 1
        try:
            await (self.sessions.popleft() if self.sessions else goes_on)(inbox)
        finally:
            self.under_way -= 1
            self.ended_at.append(asyncio.get_running_loop().time())

    async def send(self, outgoing: Outgoing) -> str:
        """All is well."""
        return outgoing.key

    async def aclose(self) -> None:
        """Nothing to give back."""


# --- what stands around --------------------------------------------------------------------------------------


class Inlet:
    """Takes arrivals in, after these errors."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = deque(errors)
        self.taken: list[Arrival] = []
        self.tries = 0

    async def receive(self, arrival: Arrival) -> None:
        """Take one in."""
        self.tries += 1
        if self.errors:
            raise self.errors.popleft()
        self.taken.append(arrival)


class Impatient(Chance):
    """No pause is long; `asked` keeps which attempts were paused before, and how long they might have been."""

    def __init__(self) -> None:
        super().__init__(1)
        self.asked: list[tuple[int, float, float]] = []

    def backoff(self, attempt: int, base_s: float, cap_s: float) -> float:
        self.asked.append((attempt, base_s, cap_s))
        return 0.001


class _Library:
    """Calls the store, unless it is away."""

    def __init__(self, behind: Library) -> None:
        self.behind, self.client, self.away = behind, behind.client, False

    async def call(self, *arguments: Any) -> Any:
        self._reach()
        return await self.behind.call(*arguments)

    async def read(self, answer: Coroutine[Any, Any, Any]) -> Any:
        if self.away:
            answer.close()
        self._reach()
        return await self.behind.read(answer)

    def _reach(self) -> None:
        if self.away:
            raise StoreDown("away")


class Flaky(ChannelStore):
    """What is kept for channels, in a store that may be `away`. `behind` always reaches it; `held_at` is when a lease
    was last asked for and granted."""

    def __init__(self, library: Library) -> None:
        self._switch = _Library(library)
        super().__init__(cast(Library, self._switch))
        self.behind = ChannelStore(library)
        self.held_at = 0.0

    @property
    def away(self) -> bool:
        """Whether nothing reaches the store."""
        return self._switch.away

    @away.setter
    def away(self, away: bool) -> None:
        self._switch.away = away

    async def hold(self, queue: str, channel: str, who: str, ttl_s: float) -> bool:
        asked_at = asyncio.get_running_loop().time()
        if held := await super().hold(queue, channel, who, ttl_s):
            self.held_at = asked_at
        return held


@asynccontextmanager
async def flaky(store_url: str) -> AsyncIterator[Flaky]:
    """A store that may be away, on a real one."""
    connection = await connect(store_url)
    try:
        library = Library(connection)
        await library.load()
        yield Flaky(library)
    finally:
        await connection.aclose()
