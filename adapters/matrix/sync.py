"""Events pulled by `/sync`, where no application service can be registered.

What is marked as read was taken in; a room of which more was said than one answer holds is read back to where we were.
https://spec.matrix.org/latest/client-server-api/#syncing
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from adapters.base import Bookmarks, Inbox, Refused, maybe_object, maybe_objects, maybe_text
from adapters.matrix.calls import CLIENT, Calls, quoted
from adapters.matrix.events import Event, Reader

PLACE = "sync"
WAIT_MS = 10_000
"""Well below the time after which a call is given up."""
ANSWER_BYTES = 50_000_000
TIMELINE, PAGE, MOST_PAGES = 50, 100, 100
KINDS = (
    "m.room.message",
    "m.room.encrypted",
    "m.room.redaction",
    "m.room.member",
    "m.reaction",
    "m.sticker",
)
NOTHING: Mapping[str, Sequence[str]] = {"types": ()}
FILTER = {
    "presence": NOTHING,
    "account_data": NOTHING,
    "room": {
        "account_data": NOTHING,
        "ephemeral": NOTHING,
        "state": {
            "types": ["m.room.member"],
            "lazy_load_members": True,
            "include_redundant_members": True,
        },
        "timeline": {"types": KINDS, "limit": TIMELINE, "lazy_load_members": True},
    },
}
log = logging.getLogger(__name__)


class Sync:
    """Pulls the events of the bot `user`."""

    def __init__(self, calls: Calls, reader: Reader, user: str, bookmarks: Bookmarks) -> None:
        self._calls = calls
        self._reader = reader
        self._user = user
        self._bookmarks = bookmarks

    async def pull(self, inbox: Inbox) -> None:
        """For ever. The first time it begins now: nothing older is read. Raises Busy or Refused."""
        since = (await self._bookmarks.all()).get(PLACE, "")
        while True:
            answer = await self._next(since)
            rooms = maybe_object(answer, "rooms")
            await self._go_in(maybe_object(rooms, "invite"))
            if since:
                for told in (maybe_object(rooms, "join"), maybe_object(rooms, "leave")):
                    for room_id in told:
                        await self._take_in(inbox, room_id, maybe_object(told, room_id), since)
            since = maybe_text(answer, "next_batch") or since
            if since:
                self._bookmarks.mark(PLACE, since)

    async def _next(self, since: str) -> Mapping[str, Any]:
        """What happened since; a mark that the homeserver does not know any more is given up."""
        query = {"filter": json.dumps(FILTER), "timeout": WAIT_MS if since else 0}
        path = f"{CLIENT}/sync"
        if since:
            try:
                return await self._calls.ask(
                    "GET", path, query={**query, "since": since}, most_bytes=ANSWER_BYTES
                )
            except Refused as error:
                if "HTTP 400" not in str(error):
                    raise
                log.warning("the homeserver does not know where we left off, reading on from now: %s", error)
                query["timeout"] = 0
        return await self._calls.ask("GET", path, query=query, most_bytes=ANSWER_BYTES)

    async def _go_in(self, invited: Mapping[str, Any]) -> None:
        for room_id in invited:
            try:
                await self._calls.join(room_id)
            except Refused as error:
                # Taken back meanwhile, for example.
                log.info("an invitation cannot be followed: %s", error)

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
            except Refused as error:
                log.warning("what was said meanwhile cannot be read: %s", error)
                break
            chunk, back = maybe_objects(page, "chunk"), maybe_text(page, "end")
            found += chunk
            if not back or not chunk:
                break
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


def _names(events: Iterable[Event]) -> Iterator[tuple[str, str]]:
    """What people call themselves in a room."""
    for event in events:
        if event.get("type") == "m.room.member":
            who, name = event.get("state_key"), maybe_text(maybe_object(event, "content"), "displayname")
            if isinstance(who, str) and name:
                yield who, name
