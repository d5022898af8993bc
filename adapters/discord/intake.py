"""Taking in, in order: what arrives, and what was missed while there was no session.

The gateway repeats nothing of what happened before a session; only the history of channels has it. Before the first
message that arrives in a place is taken in, that place is caught up with; all others follow when nothing waits.

Invariant: a place's bookmark moves only after all messages up to it were taken in.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from discord import Forbidden, Member, Message, NotFound, Thread, User
from discord.utils import snowflake_time, time_snowflake

from adapters.base import Arrival, Bookmarks, Inbox

ROOM, PRIVATE = "t", "d"
"""What the bookmarks of cases' threads and of private conversations begin with."""
RECENT = timedelta(days=30)
"""Conversations that were silent for longer are asked for what was missed only when something arrives in them."""
SLACK = timedelta(minutes=5)


class Source(Protocol):
    """What is asked for what was missed."""

    def history(self, channel_id: int, after: int) -> AsyncIterator[Message]:
        """The messages of a channel after that one, the oldest first."""
        ...

    async def author(self, message: Message, place: str) -> User | Member:
        """Who wrote it, with their roles where that matters; history does not tell them."""
        ...

    def read(self, message: Message, place: str, author: User | Member) -> Arrival | None:
        """A message as an arrival; None for one that is no concern of ours."""
        ...


class Intake:
    """One queue for all that arrives."""

    def __init__(self, source: Source, inbox: Inbox, bookmarks: Bookmarks, now: Callable[[], float]) -> None:
        self._source = source
        self._inbox = inbox
        self._bookmarks = bookmarks
        self._now = now
        self._arrived: asyncio.Queue[tuple[Arrival | None, str, int]] = asyncio.Queue()
        self._marks: dict[str, int] = {}
        self._before: dict[str, int] = {}
        self._behind: dict[str, int] = {}
        self._silent: dict[str, int] = {}
        self._began = 0
        self._rooms_known = True

    def load(self, marks: Mapping[str, str]) -> None:
        """How far each place was read."""
        self._marks = {
            place: int(mark)
            for place, mark in marks.items()
            if place.startswith((ROOM, PRIVATE)) and mark.isdecimal()
        }

    # --- sessions ------------------------------------------------------------------------------------------

    def session_began(self) -> None:
        """Whatever arrives from now on may come after something that was missed."""
        oldest = time_snowflake(datetime.fromtimestamp(self._now(), UTC) - RECENT)
        self._began += 1
        self._rooms_known = False
        self._before = dict(self._marks)
        private = {place: mark for place, mark in self._marks.items() if place.startswith(PRIVATE)}
        self._silent = {place: mark for place, mark in private.items() if mark < oldest}
        recent = {place: mark for place, mark in private.items() if mark >= oldest}
        self._behind = recent | self._behind
        self._look()

    @property
    def heard_last(self) -> datetime | None:
        """Until when former sessions surely told everything; None when there was none."""
        return snowflake_time(max(self._before.values())) - SLACK if self._before else None

    def rooms_known(self, threads: Iterable[Thread]) -> None:
        """These are the threads that may hold something new; each tells its last message."""
        self._rooms_known = True
        for thread in threads:
            place = f"{ROOM}{thread.id}"
            mark = self._before.get(place, thread.id - 1)
            if (thread.last_message_id or 0) > mark:
                self._behind.setdefault(place, mark)
        self._look()

    def _look(self) -> None:
        """Let the queue look at what it is behind with."""
        self._arrived.put_nowait((None, "", 0))

    # --- the queue -----------------------------------------------------------------------------------------

    def put(self, arrival: Arrival | None, place: str = "", message_id: int = 0) -> None:
        """Something arrived: a message of a place, one that only moves its bookmark, or something beside."""
        self._arrived.put_nowait((arrival, place, message_id))

    def learn(self, place: str, message_id: int) -> None:
        """A place that may be unknown so far; from now on it can be caught up with."""
        if place not in self._marks:
            self._mark(place, message_id)

    async def run(self) -> None:
        """Hand over what arrives, one after another, until cancelled."""
        while True:
            if self._behind and self._arrived.empty():
                await self._catch_up(next(iter(self._behind)))
            else:
                await self._one(*await self._arrived.get())

    async def _one(self, arrival: Arrival | None, place: str, message_id: int) -> None:
        if place.startswith(ROOM) and not self._rooms_known:
            self._behind.setdefault(place, self._before.get(place, int(place[1:]) - 1))
        if place in self._silent:
            self._behind.setdefault(place, self._silent.pop(place))
        if place in self._behind:
            await self._catch_up(place)
        if arrival is not None:
            await self._inbox(arrival)
        if message_id:
            self._mark(place, message_id)

    def _mark(self, place: str, message_id: int) -> None:
        """All up to this message was taken in. Ids rise with time."""
        if message_id > self._marks.get(place, 0):
            self._marks[place] = message_id
            self._bookmarks.mark(place, str(message_id))

    async def _catch_up(self, place: str) -> None:
        """Take in what was written in a place since."""
        began, mark = self._began, self._behind[place]
        try:
            async for message in self._source.history(int(place[1:]), mark):
                author = await self._source.author(message, place)
                arrival = self._source.read(message, place, author)
                if arrival is not None:
                    await self._inbox(arrival)
                self._mark(place, message.id)
        except (NotFound, Forbidden):
            # Deleted, or not ours any more: there is nothing to miss there.
            pass
        if began == self._began:
            del self._behind[place]
