"""`GET /events`: the published wait as it changes, as server-sent events.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from bot.web.answers import compact, later
from bot.web.view import View

KEEP_ALIVE_S = 15.0
"""An idle event stream says something this often, so that proxies keep it: https://html.spec.whatwg.org/#sse"""


class Stream:
    """The event streams of one process; `stopping` ends them all."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.stopping = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        """The one stream."""
        return [web.get("/events", self._events)]

    async def _events(self, request: web.Request) -> web.StreamResponse:
        board = self._view.board
        if board.watchers >= self._view.config.limits.event_streams:
            return later("too many event streams")
        stream = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        language = self._view.language(request)
        async with board.watching() as changed:
            await stream.prepare(request)
            with contextlib.suppress(ConnectionResetError):
                async for text in self._news(changed, language):
                    await stream.write(text.encode())
        return stream

    async def _news(self, changed: asyncio.Event, language: str) -> AsyncIterator[str]:
        view = self._view
        changed.set()
        while not self.stopping.is_set():
            try:
                async with asyncio.timeout(KEEP_ALIVE_S):
                    await changed.wait()
            except TimeoutError:
                yield ": still here\n\n"
                continue
            changed.clear()
            for queue in view.board.queues:
                yield f"event: wait\ndata: {compact(view.json(view.board.published(queue), language))}\n\n"
