"""Boxes of what browsers show, as a channel is lent them: kept in the store, and told to whoever looks just now.

Each replica follows the news of its channel while somebody looks at a box there. What it puts in itself it tells at
once. Invariant: a watcher is woken after an item was put in, in whichever process that was.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.clock import Chance, Clock
from bot.store import keys
from bot.store.mail import DAY_S, ITEMS_AT_ONCE, NEWS_AT_ONCE, START, MailStore

LOOK_EVERY_S = 0.2
FILE_NAME_CHARS = 32
ITEM_ID = re.compile(r"[0-9]{1,19}-[0-9]{1,19}")


@dataclass(eq=False, slots=True)
class Watcher:
    """Somebody who looks at a box: `woken` is set when there is something new, there or elsewhere; `fresh`, when it is
    in the box; `signs` are what passed since."""

    woken: asyncio.Event
    fresh: bool = True
    signs: set[str] = field(default_factory=set)

    def take_fresh(self) -> bool:
        """Whether there may be something new in the box since it was asked last."""
        fresh, self.fresh = self.fresh, False
        return fresh

    def take_signs(self) -> set[str]:
        """What passed since it was asked last."""
        signs, self.signs = self.signs, set()
        return signs


class StoredMailbox:
    """The boxes of one channel; kept for `keep_s` after the last item, at most `most` items each. `files_bytes` bound
    what strangers have kept: one of them, and all of them."""

    def __init__(
        self,
        store: MailStore,
        queue: str,
        channel: str,
        clock: Clock,
        chance: Chance,
        keep_s: int,
        most: int,
        files_bytes: tuple[int, int],
    ) -> None:
        self._store = store
        self._queue = queue
        self._channel = channel
        self._clock = clock
        self._chance = chance
        self._keep_s = keep_s
        self._most = most
        self._files_bytes = files_bytes
        self._watchers: dict[str, set[Watcher]] = {}
        self._watched = asyncio.Event()

    # --- what adapters use ---------------------------------------------------------------------------------

    async def put(self, box: str, key: str, item: Mapping[str, Any]) -> str:
        """Put an item into a box, once for its key; gives its id. Raises StoreDown."""
        item_id = await self._store.post(self._queue, self._channel, box, key, item, self._keep_s, self._most)
        self._wake(box)
        return item_id

    async def keep_file(self, box: str, content: bytes) -> str:
        """Keep a file beside a box; gives the `ref` it is found by. Raises StoreDown."""
        name = self._chance.secret().hex()[:FILE_NAME_CHARS]
        await self._store.keep_file(self._queue, keys.lane(self._channel, box), name, content, self._keep_s)
        return f"{box}/{name}"

    async def take_room(self, box: str, size: int) -> bool:
        """Take room for a file of a stranger's box; False, when there is not so much. Raises StoreDown."""
        day = int(self._clock.real() // DAY_S)
        return await self._store.take_room(
            self._queue, self._channel, box, size, day, self._keep_s, self._files_bytes
        )

    async def file(self, ref: str) -> bytes | None:
        """The file of a `ref`; None when there is none any more. Raises StoreDown."""
        box, _, name = ref.rpartition("/")
        return await self._store.file(self._queue, keys.lane(self._channel, box), name)

    async def show(self, box: str, sign: str) -> None:
        """Something that is worth knowing just now, and not worth keeping. Raises StoreDown."""
        await self._store.sign(self._queue, self._channel, box, sign)

    # --- what pages use ------------------------------------------------------------------------------------

    async def items(self, box: str, after: str = START) -> AsyncGenerator[tuple[str, dict[str, Any]]]:
        """What a box holds after the item of that id, not read all at once. Raises StoreDown."""
        found: list[tuple[str, dict[str, Any]]] = []
        while not found or len(found) == ITEMS_AT_ONCE:
            found = await self._store.items(self._queue, self._channel, box, after)
            if not found:
                return
            for item in found:
                yield item
            after = found[-1][0]

    async def last(self, box: str) -> str:
        """The id of the last item of a box. Raises StoreDown."""
        return await self._store.last_item(self._queue, self._channel, box)

    @asynccontextmanager
    async def watching(self, box: str, woken: asyncio.Event | None = None) -> AsyncIterator[Watcher]:
        """To be woken whenever the box has something new; by `woken`, where one waits for more than that."""
        watcher = Watcher(woken or asyncio.Event())
        self._watchers.setdefault(box, set()).add(watcher)
        self._watched.set()
        try:
            yield watcher
        finally:
            self._watchers[box].discard(watcher)
            if not self._watchers[box]:
                del self._watchers[box]
            if not self._watchers:
                self._watched.clear()

    @property
    def watchers(self) -> int:
        """How many look at a box now."""
        return sum(map(len, self._watchers.values()))

    def tell(self) -> None:
        """Wake everyone."""
        for box in self._watchers:
            self._wake(box)

    def _wake(self, box: str, sign: str = "") -> None:
        for watcher in self._watchers.get(box, ()):
            if sign:
                watcher.signs.add(sign)
            else:
                watcher.fresh = True
            watcher.woken.set()

    async def run(self) -> None:
        """Follow the news while anybody looks, until cancelled. Raises StoreDown."""
        while True:
            await self._watched.wait()
            after = await self._store.last_news(self._queue, self._channel)
            # What came in between is not among the news that follow.
            self.tell()
            while self._watched.is_set():
                found = await self._store.news(self._queue, self._channel, after)
                for news in found:
                    after = news.id
                    self._wake(news.box, news.sign)
                if len(found) == NEWS_AT_ONCE:
                    # More may have passed than is kept.
                    self.tell()
                await self._clock.pause(LOOK_EVERY_S)


def place_of(asked: str, otherwise: str = START) -> str:
    """Where a page says it is in its box."""
    return asked if ITEM_ID.fullmatch(asked) else otherwise
