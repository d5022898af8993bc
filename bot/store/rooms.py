"""What is kept of the agents' rooms: how each case is shown in each of them, and what a message there belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from bot.store import keys
from bot.store.connection import reaching
from bot.store.library import Library
from bot.store.wire import dump


class Room(msgspec.Struct, frozen=True, omit_defaults=True):
    """A case in a channel's room: its place, its card, how many entries of what was said are shown, how many posts of
    the next entry, digests of the card and the title that stand there, and how many entries there were when the room
    was made. An empty place: nothing is shown yet."""

    place: str = ""
    card: str = ""
    told: int = 0
    posts: int = 0
    card_digest: str = ""
    title_digest: str = ""
    begun: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """What a message or a place in a room belongs to: a case, or beside it what was sent for it to the customer."""

    case: str
    sent: tuple[str, ...] = ()


class RoomStore:
    """Rooms and links."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def room(self, queue: str, case: str, channel: str) -> Room:
        """How the case is shown in the channel's room."""
        text = await self._library.read(
            self._library.client.hget(f"{keys.prefix(queue)}room:{case}", channel)
        )
        return msgspec.json.decode(text, type=Room) if text else Room()

    async def rooms(self, queue: str, case: str) -> dict[str, Room]:
        """How the case is shown, by channel."""
        found = await self._library.read(self._library.client.hgetall(f"{keys.prefix(queue)}room:{case}"))
        return {channel: msgspec.json.decode(text, type=Room) for channel, text in found.items()}

    async def set_room(
        self, queue: str, case: str, channel: str, room: Room, ttl_s: int, names: Sequence[str] = ()
    ) -> None:
        """Keep how the case is shown; each of `names` (a place, a message's id) leads to the case from now on."""
        prefix = keys.prefix(queue)
        async with reaching():
            pipe = self._library.client.pipeline(transaction=False)
            pipe.hset(f"{prefix}room:{case}", channel, dump(room))
            pipe.expire(f"{prefix}room:{case}", ttl_s)
            for name in names:
                pipe.set(f"{prefix}link:{channel}/{name}", dump([case]), ex=ttl_s)
            await pipe.execute()

    async def set_link(self, queue: str, channel: str, name: str, link: Link, ttl_s: int) -> None:
        """Keep what a message belongs to."""
        key = f"{keys.prefix(queue)}link:{channel}/{name}"
        await self._library.read(self._library.client.set(key, dump([link.case, *link.sent]), ex=ttl_s))

    async def link(self, queues: Sequence[str], channel: str, name: str) -> Link | None:
        """What a message or place of the channel's room belongs to, in whichever of the queues it stands."""
        for queue in queues:
            key = f"{keys.prefix(queue)}link:{channel}/{name}"
            text = await self._library.read(self._library.client.get(key))
            if text:
                case, *sent = msgspec.json.decode(text)
                return Link(case, tuple(sent))
        return None
