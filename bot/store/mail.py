"""What is kept for customers and agents who come with a browser: boxes of items, files, and who is signed in.

A box is what one conversation shows, in order; whoever looks at it later, elsewhere or again sees the same. All of it
stands beside the channel's own queue and is forgotten after `keep_s`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.store import keys
from bot.store.connection import reaching
from bot.store.library import Library
from bot.store.wire import dump

START = "0-0"
DAY_S = 86_400
NEWS_AT_ONCE = 1_000
ITEMS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class News:
    """A box has a new item, or nothing but a `sign` that passes, such as that somebody is typing."""

    id: str
    box: str
    sign: str = ""


class MailStore:
    """Boxes, files and sessions."""

    def __init__(self, library: Library) -> None:
        self._library = library

    # --- boxes ---------------------------------------------------------------------------------------------

    async def post(
        self, queue: str, channel: str, box: str, key: str, item: Mapping[str, Any], keep_s: int, most: int
    ) -> str:
        """Put an item into a box, once for its key; of more than `most` the oldest go. Gives its id."""
        posted = await self._library.call(queue, "post", channel, box, key, dump(item), keep_s, most)
        return str(posted)

    async def items(self, queue: str, channel: str, box: str, after: str) -> list[tuple[str, dict[str, Any]]]:
        """The next items of a box after the one of that id, in order."""
        key = f"{keys.prefix(queue)}mail:{keys.lane(channel, box)}"
        rows = await self._library.read(
            self._library.client.xrange(key, f"({after}", "+", count=ITEMS_AT_ONCE)
        )
        return [(item_id, msgspec.json.decode(fields["item"])) for item_id, fields in rows]

    async def last_item(self, queue: str, channel: str, box: str) -> str:
        """The id of the last item of a box."""
        return await self._last(f"{keys.prefix(queue)}mail:{keys.lane(channel, box)}")

    async def sign(self, queue: str, channel: str, box: str, sign: str) -> None:
        """Tell whoever looks at a box just now."""
        key = f"{keys.prefix(queue)}mailed:{channel}"
        fields = {"box": box, "sign": sign}
        await self._library.read(self._library.client.xadd(key, fields, maxlen=NEWS_AT_ONCE))

    async def last_news(self, queue: str, channel: str) -> str:
        """The id of the latest news."""
        return await self._last(f"{keys.prefix(queue)}mailed:{channel}")

    async def _last(self, key: str) -> str:
        rows = await self._library.read(self._library.client.xrevrange(key, "+", "-", count=1))
        return rows[0][0] if rows else START

    async def news(self, queue: str, channel: str, after: str) -> list[News]:
        """What changed since, the oldest first."""
        key = f"{keys.prefix(queue)}mailed:{channel}"
        rows = await self._library.read(
            self._library.client.xrange(key, f"({after}", "+", count=NEWS_AT_ONCE)
        )
        return [News(news_id, fields["box"], fields["sign"]) for news_id, fields in rows]

    # --- files ---------------------------------------------------------------------------------------------

    async def keep_file(self, queue: str, lane: str, name: str, content: bytes, keep_s: int) -> None:
        """Keep what was sent."""
        key = f"{keys.prefix(queue)}file:{lane}:{name}"
        text = base64.b64encode(content).decode()
        await self._library.read(self._library.client.set(key, text, ex=keep_s))

    async def take_room(
        self, queue: str, channel: str, box: str, size: int, day: int, keep_s: int, most: tuple[int, int]
    ) -> bool:
        """Count so many bytes for the box and for its channel, on this day; False, and nothing is counted, where that
        would be more than `most` of those that are still kept."""
        names = [f"{keys.prefix(queue)}filed:{name}" for name in (keys.lane(channel, box), channel)]
        first = day - keep_s // DAY_S - 1
        async with reaching():
            pipe = self._library.client.pipeline(transaction=False)
            for name in names:
                pipe.hincrby(name, str(day), size)
                pipe.expire(name, keep_s + DAY_S)
                pipe.hgetall(name)
            counts = (await pipe.execute())[2::3]
            kept = [sum(int(n) for on, n in count.items() if int(on) >= first) for count in counts]
            is_room = all(total <= bound for total, bound in zip(kept, most, strict=True))
            pipe = self._library.client.pipeline(transaction=False)
            for name, count in zip(names, counts, strict=True):
                if not is_room:
                    pipe.hincrby(name, str(day), -size)
                if over := [on for on in count if int(on) < first]:
                    pipe.hdel(name, *over)
            await pipe.execute()
        return is_room

    async def file(self, queue: str, lane: str, name: str) -> bytes | None:
        """What was kept; None when it was not, or is forgotten."""
        text = await self._library.read(self._library.client.get(f"{keys.prefix(queue)}file:{lane}:{name}"))
        return base64.b64decode(text) if text else None

    # --- what a secret opens -------------------------------------------------------------------------------

    async def keep_secret(self, queue: str, kind: str, digest: str, who: Any, ttl_s: int) -> None:
        """Keep what a link ("sign-in"), a session ("session") or an invitation ("invitation") is for, for so long."""
        await self._library.read(
            self._library.client.set(f"{keys.prefix(queue)}{kind}:{digest}", dump(who), ex=ttl_s)
        )

    async def lengthen_secret(self, queue: str, kind: str, digest: str, ttl_s: int) -> None:
        """Keep it for so long from now on, if it is there."""
        await self._library.read(self._library.client.expire(f"{keys.prefix(queue)}{kind}:{digest}", ttl_s))

    async def behind_secret(self, queue: str, kind: str, digest: str) -> dict[str, Any] | None:
        """What it is for; None when there is none, or none any more."""
        text = await self._library.read(self._library.client.get(f"{keys.prefix(queue)}{kind}:{digest}"))
        return msgspec.json.decode(text) if text else None

    async def end_secret(self, queue: str, kind: str, digest: str) -> bool:
        """Take it back; whether it was there: of several who do so at once, one is told so."""
        return bool(
            await self._library.read(self._library.client.delete(f"{keys.prefix(queue)}{kind}:{digest}"))
        )
