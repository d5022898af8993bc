"""Rooms that the bot is asked into. It goes in beside what it reads: a far server may not answer for long, or never."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Sequence

from adapters.base import Bookmarks, Refused, Undelivered
from adapters.matrix.calls import Calls

PLACE = "invited"
MOST = 20
"""More are not kept, as anybody may ask the bot into any number of rooms: the latest ones are."""
FIRST_S, LONGEST_S = 5.0, 3_600.0
log = logging.getLogger(__name__)


class Invitations:
    """Those that were not followed yet. They are kept in a bookmark, as the homeserver tells of each once."""

    def __init__(self, calls: Calls, bookmarks: Bookmarks) -> None:
        self._calls = calls
        self._bookmarks = bookmarks
        self._open: Sequence[str] = ()
        self._new = asyncio.Event()

    def take(self, room_ids: Iterable[str]) -> None:
        """The bot was asked into these."""
        new = [room_id for room_id in room_ids if room_id not in self._open]
        if new:
            self._keep([*new, *self._open])
            self._new.set()

    async def follow(self) -> None:
        """Go in, for ever. Where it does not work now it is tried again, after longer and longer pauses."""
        self.take((await self._bookmarks.all()).get(PLACE, "").split())
        pause_s = FIRST_S
        while True:
            self._new.clear()
            await asyncio.gather(*map(self._go_in, self._open))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._new.wait(), pause_s if self._open else None)
            pause_s = FIRST_S if self._new.is_set() else min(2 * pause_s, LONGEST_S)

    async def _go_in(self, room_id: str) -> None:
        try:
            await self._calls.join(room_id)
        except Refused as error:
            # Taken back meanwhile, for example.
            log.info("an invitation cannot be followed: %s", error)
        except Undelivered as error:
            log.info("an invitation cannot be followed now: %s", error)
            return
        self._keep([one for one in self._open if one != room_id])

    def _keep(self, room_ids: Sequence[str]) -> None:
        if len(room_ids) > MOST:
            log.warning("too many invitations at once: %d are given up", len(room_ids) - MOST)
        self._open = room_ids[:MOST]
        self._bookmarks.mark(PLACE, " ".join(self._open))
