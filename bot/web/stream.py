"""`GET /events`: the published wait as it changes, as server-sent events, to thousands at once.

https://html.spec.whatwg.org/multipage/server-sent-events.html

Those who watch the same queues in the same language are one audience: what it hears is made once for each change. A
stream begins with how things stand, unless its `Last-Event-ID` shows that this is known. An id stands for all that an
audience has heard, and is the same in every process. After a restart nobody comes back in the same second as all.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack

from aiohttp import web

from bot.clock import Chance
from bot.supervise import beside, forever
from bot.web.answers import FOR_ALL, compact, later
from bot.web.view import View
from bot.web.viewers import Frame, Viewer, admit

KEEP_ALIVE_S = 15.0
"""An idle event stream says something this often, so that proxies keep it: https://html.spec.whatwg.org/#sse"""
RETRY_FROM_MS, RETRY_SPREAD_MS = 1_000, 9_000
"""When a browser comes back after its stream has ended: drawn for each."""
AT_ONCE, APART_S = 50, 0.01
"""So many are told at once, a millisecond's work, and so long after them the next: five thousand within some 1.2 s.
Messages and pages get their turn in between, and those who then ask for the page do not ask all at once."""

HEADERS = {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no", **FOR_ALL}
STILL_HERE = Frame.of(": still here\n\n")


class Audience:
    """Those who watch the same queues in the same language, and what they have heard."""

    def __init__(self, view: View, language: str, queues: Sequence[str]) -> None:
        self.viewers: set[Viewer] = set()
        self._view = view
        self._language = language
        self._heard = dict.fromkeys(queues, "")
        self._id = ""
        self.news()

    def news(self) -> Frame | None:
        """What has changed since this was asked last, None when nothing has."""
        before = self._heard
        self._heard = {queue: self._wait(queue) for queue in before}
        self._id = hashlib.blake2s("".join(self._heard.values()).encode(), digest_size=8).hexdigest()
        changed = [data for queue, data in self._heard.items() if data != before[queue]]
        return Frame.of(self._events(changed)) if changed else None

    def welcome(self, last_id: str | None, retry_ms: int) -> Frame:
        """What a stream begins with, for one who has heard all up to `last_id`."""
        known = last_id == self._id
        return Frame.of(f"retry: {retry_ms}\n\n{'' if known else self._events(self._heard.values())}")

    def _wait(self, queue: str) -> str:
        return compact(self._view.json(self._view.board.published(queue), self._language))

    def _events(self, waits: Iterable[str]) -> str:
        """One event for each wait; the last bears the id, so that whoever lost some of them gets all again."""
        *others, last = (f"data: {data}\n\n" for data in waits)
        return "".join(f"event: wait\n{data}" for data in others) + f"event: wait\nid: {self._id}\n{last}"


class Stream:
    """The event streams of one process."""

    def __init__(self, view: View, chance: Chance) -> None:
        self._view = view
        self._chance = chance
        self._audiences: dict[tuple[str, str | None], Audience] = {}
        self._of: dict[Viewer, Audience] = {}
        self._stopping = False

    def __len__(self) -> int:
        """How many watch now."""
        return len(self._of)

    def routes(self) -> list[web.RouteDef]:
        """The one stream."""
        return [web.get("/events", self._events)]

    async def running(self, app: web.Application) -> AsyncIterator[None]:
        """Tell changes, and keep streams alive, for as long as the application serves."""
        async with AsyncExitStack() as stack:
            for name, loop in (("event streams", self._tell_changes), ("idle streams", self._keep_alive)):
                await stack.enter_async_context(beside(forever(name, loop, self._chance)))
            yield
        for viewer in list(self._of):
            viewer.drop()

    def stop(self) -> None:
        """End all streams in good order, and begin no more."""
        self._stopping = True
        for viewer in list(self._of):
            viewer.end()

    async def _events(self, request: web.Request) -> web.StreamResponse:
        selected, language = self._view.selected(request), self._view.language(request)
        if self._stopping or len(self) >= self._view.config.limits.event_streams:
            return later("too many event streams")
        last_id = request.headers.get("Last-Event-ID")
        response, viewer = await admit(request, HEADERS, self._gone)
        if viewer is not None:
            audience = self._audience(language, selected)
            audience.viewers.add(viewer)
            self._of[viewer] = audience
            retry_ms = RETRY_FROM_MS + self._chance.below(RETRY_SPREAD_MS)
            viewer.tell(audience.welcome(last_id, retry_ms))
        return response

    def _audience(self, language: str, selected: str | None) -> Audience:
        """The audience, which hears of changes from now on."""
        known = self._audiences.get((language, selected))
        if known is None:
            queues = [selected] if selected else self._view.board.queues
            known = self._audiences[language, selected] = Audience(self._view, language, queues)
        return known

    def _gone(self, viewer: Viewer) -> None:
        if audience := self._of.pop(viewer, None):
            audience.viewers.discard(viewer)

    async def _tell_changes(self) -> None:
        async with self._view.board.watching() as changed:
            while True:
                await changed.wait()
                changed.clear()
                for key, audience in list(self._audiences.items()):
                    if not audience.viewers:
                        del self._audiences[key]
                    elif news := audience.news():
                        await self._tell(audience, news)

    async def _tell(self, audience: Audience, news: Frame) -> None:
        """Whoever comes meanwhile has heard of it already."""
        for turn in turns(audience.viewers):
            for viewer in turn:
                viewer.tell(news)
            await asyncio.sleep(APART_S)

    async def _keep_alive(self) -> None:
        """Go round all streams in KEEP_ALIVE_S, some at a time."""
        while True:
            round_ = turns(self._of) or [[]]
            for turn in round_:
                for viewer in turn:
                    viewer.tell(STILL_HERE)
                await asyncio.sleep(KEEP_ALIVE_S / len(round_))


def turns(viewers: Iterable[Viewer]) -> list[list[Viewer]]:
    """The viewers, some at a time."""
    everybody = list(viewers)
    return [everybody[at : at + AT_ONCE] for at in range(0, len(everybody), AT_ONCE)]
