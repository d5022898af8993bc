"""Events pulled by `/sync`, where no application service can be registered.

What is marked as read was taken in; a room of which more was said than one answer holds is read back to where we were.
Nothing is taken in of an answer that does not follow on something that we know.
https://spec.matrix.org/latest/client-server-api/#syncing
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from adapters.base import (
    Bookmarks,
    Busy,
    Down,
    Inbox,
    Refused,
    Undelivered,
    maybe_object,
    maybe_objects,
    maybe_text,
)
from adapters.matrix.calls import CLIENT, Calls, quoted
from adapters.matrix.events import Event, Reader
from adapters.matrix.invitations import Invitations

PLACE = "sync"
WAIT_MS = 10_000
"""Well below the time after which a call is given up."""
ANSWER_BYTES = 50_000_000
TIMELINE, FEW, PAGE, MOST_PAGES = 50, 1, 100, 100
MOST_TRIES = 12
"""So many sessions, with pauses that grow to some twenty minutes together, may fail to read one room back before the
others go on without."""
KINDS = (
    "m.room.message",
    "m.room.encrypted",
    "m.room.redaction",
    "m.room.member",
    "m.reaction",
    "m.sticker",
)
NOTHING: Mapping[str, Sequence[str]] = {"types": ()}
log = logging.getLogger(__name__)


class Sync:
    """Pulls the events of the bot `user`."""

    def __init__(self, calls: Calls, reader: Reader, user: str, bookmarks: Bookmarks) -> None:
        self._calls = calls
        self._reader = reader
        self._user = user
        self._bookmarks = bookmarks
        self._invitations = Invitations(calls, bookmarks)
        self._failed: Counter[str] = Counter()

    async def pull(self, inbox: Inbox) -> None:
        """For ever. The first time it begins now: nothing older is read. Raises Busy, Refused or Down."""
        going_in = asyncio.create_task(self._invitations.follow())
        try:
            await self._read(inbox)
        finally:
            going_in.cancel()
            await asyncio.gather(going_in, return_exceptions=True)

    async def _read(self, inbox: Inbox) -> None:
        since = (await self._bookmarks.all()).get(PLACE, "")
        while True:
            answer = await self._next(since)
            rooms = maybe_object(answer, "rooms")
            if since:
                for told in (maybe_object(rooms, "join"), maybe_object(rooms, "leave")):
                    for room_id in told:
                        await self._take_in(inbox, room_id, maybe_object(told, room_id), since)
            self._invitations.take(maybe_object(rooms, "invite"))
            since = maybe_text(answer, "next_batch")
            if not since:
                raise Busy("that is no homeserver's answer: it has no next_batch")
            self._bookmarks.mark(PLACE, since)

    async def _next(self, since: str) -> Mapping[str, Any]:
        """What happened since; little of each room at first where it is too much for one answer."""
        for limit in (TIMELINE, FEW) if since else (FEW,):
            try:
                return await self._ask(since, limit)
            except Refused as error:
                if since and "HTTP 400" in str(error):
                    self._bookmarks.mark(PLACE, "")
                    raise Down(
                        f"the homeserver does not know where we left off, we go on from now: {error}"
                    ) from error
                if "longer than" not in str(error):
                    raise
        raise Busy("the homeserver answers with more than can be read at once")

    async def _ask(self, since: str, limit: int) -> Mapping[str, Any]:
        query = {"filter": json.dumps(_filter(limit)), "timeout": WAIT_MS if since else 0}
        query |= {"since": since} if since else {}
        return await self._calls.ask("GET", f"{CLIENT}/sync", query=query, most_bytes=ANSWER_BYTES)

    async def _take_in(self, inbox: Inbox, room_id: str, part: Mapping[str, Any], since: str) -> None:
        timeline = maybe_object(part, "timeline")
        events = maybe_objects(timeline, "events")
        if timeline.get("limited") is True and (back := maybe_text(timeline, "prev_batch")):
            events = [*await self._before(room_id, back, since), *events]
        known = [*maybe_objects(maybe_object(part, "state"), "events"), *events]
        names = dict(_names(known))
        for event in self._since_invited(events):
            for arrival in self._reader.read(room_id, event, names):
                await inbox(arrival)

    async def _before(self, room_id: str, back: str, since: str) -> list[Event]:
        """What was said between what we read last and what we were given, the oldest first."""
        found: list[Event] = []
        narrowed = json.dumps({"types": KINDS, "lazy_load_members": True})
        path = f"{CLIENT}/rooms/{quoted(room_id)}/messages"
        for _ in range(MOST_PAGES):
            query = {"dir": "b", "from": back, "to": since, "limit": PAGE, "filter": narrowed}
            try:
                page = await self._calls.ask("GET", path, query=query, most_bytes=ANSWER_BYTES)
            except Undelivered as error:
                self._failed[room_id] += 1
                if not isinstance(error, Refused) and self._failed[room_id] < MOST_TRIES:
                    raise
                # The room can be read no further back. All others must not be deaf for its sake.
                log.warning("what was said meanwhile in %s cannot be read: %s", room_id, error)
                break
            chunk, back = maybe_objects(page, "chunk"), maybe_text(page, "end")
            found += chunk
            if not back or not chunk:
                break
        self._failed.pop(room_id, None)
        return found[::-1]

    def _since_invited(self, events: list[Event]) -> list[Event]:
        """Without what was said in a room before the bot was asked into it."""
        invited, joined = 0, 0
        for number, event in enumerate(events):
            if event.get("state_key") == self._user:
                membership = maybe_object(event, "content").get("membership")
                before = maybe_object(maybe_object(event, "unsigned"), "prev_content").get("membership")
                if membership == "invite":
                    invited, joined = number, 0
                elif membership == "join" and before != "join" and not invited and before != "invite":
                    joined = number
        return events[invited or joined :]


def _filter(limit: int) -> Mapping[str, Any]:
    """What is to be told, and how much of each room."""
    members = {"types": ["m.room.member"], "lazy_load_members": True, "include_redundant_members": True}
    return {
        "presence": NOTHING,
        "account_data": NOTHING,
        "room": {
            "account_data": NOTHING,
            "ephemeral": NOTHING,
            "state": members,
            "timeline": {"types": KINDS, "limit": limit, "lazy_load_members": True},
        },
    }


def _names(events: Iterable[Event]) -> Iterator[tuple[str, str]]:
    """What people call themselves in a room."""
    for event in events:
        if event.get("type") == "m.room.member":
            who, name = event.get("state_key"), maybe_text(maybe_object(event, "content"), "displayname")
            if isinstance(who, str) and name:
                yield who, name
