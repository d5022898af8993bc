"""How updates come in: pulled by our own loop, or pushed to our webhook, which is made known and then watched.

Invariant: an update is confirmed only after all that it means was taken in. The library's Updater confirms before
(https://core.telegram.org/bots/api#getupdates), and one update that it cannot read stops all others.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from telegram import Bot, Update

from adapters.base import Down, Inbox
from adapters.telegram.calls import Request, listening
from adapters.telegram.updates import ALLOWED, UNREADABLE, Reader, album_of

POLL_S, GRACE_S = 30, 20
"""So long Telegram keeps us waiting for an update, and so much later it is taken for dead."""
ALBUM_S = 0.6
"""The rest of an album is there after so long. Asked sooner, Telegram gives one update only."""
WATCH_S = 60.0
log = logging.getLogger(__name__)


class Inlet:
    """Reads one bot's updates; `request` is for nothing else, so that sends never keep it waiting."""

    def __init__(
        self, bot: Bot, request: Request, reader: Reader, hook_url: str, report: Callable[[str], None]
    ) -> None:
        self._bot = bot
        self._request = request
        self._reader = reader
        self._hook_url = hook_url
        self._report = report

    # --- pulled --------------------------------------------------------------------------------------------

    async def pull(self, inbox: Inbox) -> None:
        """Until cancelled. Each call confirms all updates before `offset`. Raises Down or Unusable."""
        with listening():
            await self._bot.delete_webhook()
        offset = 0
        while True:
            batch = await self._complete(offset, await self._get(offset, POLL_S))
            for arrival in self._reader.arrivals(self.readable(batch)):
                await inbox(arrival)
            if batch:
                offset = batch[-1]["update_id"] + 1

    async def _complete(self, offset: int, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The batch, with the rest of the album that it may end within."""
        while batch and any(album_of(update) for update in self.readable(batch[-1:])):
            await asyncio.sleep(ALBUM_S)
            longer = await self._get(offset, 0)
            if len(longer) <= len(batch):
                break
            batch = longer
        return batch

    async def _get(self, offset: int, wait_s: int) -> list[dict[str, Any]]:
        """Raw updates from the one named `offset` on, without the ones before."""
        query = {"offset": offset, "timeout": wait_s, "allowed_updates": json.dumps(ALLOWED)}
        address = f"{self._bot.base_url}/getUpdates?{urlencode(query)}"
        with listening():
            found: Any = await self._request.post(address, read_timeout=wait_s + GRACE_S)
        return list(found)

    async def peek(self) -> list[Update]:
        """What waits to be pulled. Nothing is confirmed, and a program that pulls is not disturbed: Telegram ends its
        call only for another one that waits. Raises Down or Unusable."""
        with listening():
            found: Any = await self._request.post(f"{self._bot.base_url}/getUpdates?timeout=0")
        return self.readable(found)

    def readable(self, raw: Sequence[Mapping[str, Any]]) -> list[Update]:
        """One that the library cannot read, for being newer than it, must not stop all others."""
        read = []
        for one in raw:
            try:
                read.append(Update.de_json(dict(one), self._bot))
            except UNREADABLE as error:
                log.warning("an update cannot be read: %s", type(error).__name__)
        return read

    # --- pushed --------------------------------------------------------------------------------------------

    async def be_pushed(self, secret: str) -> None:
        """Tell Telegram where to push, and see to it that it stays so. Raises Down or Unusable."""
        with listening():
            await self._bot.set_webhook(self._hook_url, allowed_updates=ALLOWED, secret_token=secret)
        while True:
            await asyncio.sleep(WATCH_S)
            with listening():
                hook = await self._bot.get_webhook_info()
            if hook.url != self._hook_url:
                raise Down(
                    "another program has taken the webhook away; stop it, or make a bot of its own for it"
                )
            self._report(self._trouble(hook.last_error_message, hook.pending_update_count))

    @staticmethod
    def _trouble(error: str | None, pending: int) -> str:
        """An old error is forgotten once nothing waits."""
        return f"Telegram cannot push {pending} updates: {error}" if error and pending else ""
