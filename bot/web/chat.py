"""The site chat: a customer's page at `/chat/<channel>`, live by server-sent events, for each channel that is a `Site`.

What the page posts is read by the channel's own `accept`, like any other arrival, and answered once it is durable. A
browser is known by a cookie that the page sets; the page shows the box of its conversation, after a reload and in a
second window as well.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from aiohttp import web

from adapters.base import Channel, CustomerMessage, Pace, Site, Untrusted
from bot.clock import Chance
from bot.handover import Handover
from bot.inbox import Inbox
from bot.mailbox import StoredMailbox, Watcher, place_of
from bot.render import render
from bot.signin import TYPING, box_of
from bot.store import keys
from bot.store.store import Store
from bot.web.answers import (
    ALIVE,
    NOT_KEPT,
    SECURITY_HEADERS,
    compact,
    later,
    or_problem,
    problem,
    streamed,
    woken_within,
)
from bot.web.files import file_answer
from bot.web.guard import from_our_page, letters, not_too_often, parcels
from bot.web.view import View
from bot.words.browser import chat_labels, own_wait

COOKIE_FOR_S = 365 * 86_400
MESSAGES = (20, 30.0)
"""So many messages a visitor may send in so many seconds; files count as well."""
SIGNS = (12, 30.0)
"""So often in so many seconds a visitor may show that they write."""

Handler = Callable[[str, web.Request, str], Awaitable[web.StreamResponse]]
"""For a channel, a request, and the conversation it belongs to."""


class Chat:
    """The chats of all channels that customers reach with a browser."""

    def __init__(
        self,
        view: View,
        store: Store,
        inbox: Inbox,
        channels: Mapping[str, Channel],
        boxes: Mapping[str, StoredMailbox],
        handover: Handover,
        chance: Chance,
    ) -> None:
        self._view = view
        self._store = store
        self._inbox = inbox
        self._channels = channels
        self._sites = {name: one for name, one in channels.items() if isinstance(one, Site)}
        self._boxes = boxes
        self._handover = handover
        self._chance = chance
        self._letters, self._parcels = letters(), parcels()

    def routes(self) -> list[web.RouteDef]:
        """The page, its stream, and what it posts."""
        routes = []
        for name in self._sites:
            at = f"/chat/{name}"
            routes += [
                web.get(at, partial(self._page, name)),
                web.get(f"{at}/events", self._known(name, self._events)),
                web.post(f"{at}/messages", self._known(name, self._message)),
                web.post(f"{at}/files", self._known(name, self._upload)),
                web.post(f"{at}/typing", self._known(name, self._typing)),
                web.get(f"{at}/files/{{box}}/{{file}}", self._known(name, self._file)),
            ]
        return routes

    def _known(self, name: str, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Only for a browser that has our cookie, whose conversation the handler gets, and for pages of ours."""

        @or_problem
        async def handle(request: web.Request) -> web.StreamResponse:
            if request.method != "GET":
                from_our_page(request, self._view.config.server.public_url)
            return await handler(name, request, self._sites[name].visitor(request.headers))

        return handle

    # --- the page ------------------------------------------------------------------------------------------

    async def _page(self, name: str, request: web.Request) -> web.StreamResponse:
        view, site = self._view, self._sites[name]
        language = view.language(request)
        queue = view.selected(request) or view.config.channels[name].queue
        html = render(
            "chat.html",
            language=language,
            brand=view.config.bot.name,
            title=view.config.title(queue),
            channel=name,
            asked=request.query.get("queue", ""),
            labels=chat_labels(view.words.language(language)),
            sign=self._sign(queue, language),
            zone=str(view.config.zone(queue)),
            zone_words=view.words.page(language, view.config.zone(queue)).time_zone(),
            file_bytes=self._channels[name].limits.file_bytes,
        )
        answer = web.Response(text=html, content_type="text/html", headers=SECURITY_HEADERS)
        try:
            site.visitor(request.headers)
        except Untrusted:
            secret = self._chance.secret().hex()
            answer.set_cookie(
                site.cookie, secret, max_age=COOKIE_FOR_S, secure=True, httponly=True, samesite="Lax"
            )
        return answer

    def _sign(self, queue: str, language: str) -> Mapping[str, Any]:
        """How long a reply takes, as it stands at the top of the page."""
        status = self._view.status(queue)
        sign = self._view.words.sign(language, status.hours.zone).sign(status.published.outlook, status.light)
        return {
            "light": sign.light,
            "state": sign.state,
            "caption": sign.caption,
            "figure": sign.figure,
            "note": sign.note,
        }

    async def _wait(self, name: str, conversation: str, queue: str, language: str) -> Mapping[str, Any]:
        """The visitor's own wait while they have one; else what everybody is told. Raises StoreDown."""
        _, case = await self._handover.find(queue, keys.lane(name, conversation))
        if case is None or case.turn_at is None:
            return self._sign(queue, language)
        return own_wait(self._view.words.language(language), case, self._view.clock.now())

    # --- live ----------------------------------------------------------------------------------------------

    async def _events(self, name: str, request: web.Request, conversation: str) -> web.StreamResponse:
        """The box from the item on that the browser has last, then whatever comes; and the wait as it changes."""
        box = self._boxes[name]
        if box.watchers >= self._view.config.limits.event_streams:
            return later("too many event streams")
        after = place_of(request.query.get("after", ""))
        async with self._view.board.watching() as woken, box.watching(conversation, woken) as watcher:
            woken.set()
            return await streamed(request, self._news(name, request, conversation, after, watcher))

    async def _news(
        self, name: str, request: web.Request, conversation: str, after: str, watcher: Watcher
    ) -> AsyncGenerator[str]:
        view, box = self._view, self._boxes[name]
        language = view.language(request)
        queue = view.selected(request) or view.config.channels[name].queue
        shown: Mapping[str, Any] = {}
        while not self._view.stopping.is_set():
            if not await woken_within(watcher.woken):
                yield ALIVE
            if watcher.take_fresh():
                async for item_id, item in box.items(conversation, after):
                    after = item_id
                    yield f"id: {item_id}\nevent: item\ndata: {compact({'key': item_id, **item})}\n\n"
            for sign in watcher.take_signs():
                yield f"event: {sign}\ndata: {{}}\n\n"
            if (wait := await self._wait(name, conversation, queue, language)) != shown:
                shown = wait
                yield f"event: wait\ndata: {compact(wait)}\n\n"

    # --- what the page posts -------------------------------------------------------------------------------

    async def _message(self, name: str, request: web.Request, conversation: str) -> web.StreamResponse:
        await self._admitted(name, conversation)
        body = await self._letters.read(request, self._view.config.limits.body_bytes)
        at = self._view.clock.real()
        for arrival in self._channels[name].accept(request.headers, body, at):
            await self._inbox.receive(name, arrival)
            if isinstance(arrival, CustomerMessage):
                item = self._sites[name].shown(arrival, at)
                await self._boxes[name].put(conversation, f"own-{arrival.id}", item)
        return web.json_response({"accepted": 1}, headers=NOT_KEPT)

    async def _typing(self, name: str, request: web.Request, conversation: str) -> web.StreamResponse:
        """Let the agent who has the case see that its customer is writing."""
        view, (most, per_s) = self._view, SIGNS
        home = view.config.channels[name].queue
        pace = Pace(f"signs-{conversation}", most, per_s)
        if (await self._store.channels.pace(home, name, [pace])).wait_s > 0:
            # One sign more or less: nobody needs to hear of it.
            return web.json_response({}, headers=NOT_KEPT)
        queue = view.selected(request) or home
        _, case = await self._handover.find(queue, keys.lane(name, conversation))
        if case is not None and case.agent is not None:
            # The desk uses the first of the boxes.
            desk = next(iter(self._boxes.values()))
            await desk.show(box_of(case.agent), f"{TYPING} {case.id}")
        return web.json_response({}, headers=NOT_KEPT)

    async def _upload(self, name: str, request: web.Request, conversation: str) -> web.StreamResponse:
        await self._admitted(name, conversation)
        content = await self._parcels.read(request, self._channels[name].limits.file_bytes)
        if not await self._boxes[name].take_room(conversation, len(content)):
            return problem(507, "there is no room for more files")
        ref = await self._boxes[name].keep_file(conversation, content)
        return web.json_response({"ref": ref, "size": len(content)}, headers=NOT_KEPT)

    async def _admitted(self, name: str, conversation: str) -> None:
        """Whether its visitor does not write too often. Raises HTTPTooManyRequests, StoreDown."""
        most, per_s = MESSAGES
        home = self._view.config.channels[name].queue
        await not_too_often(self._store.channels, home, name, Pace(f"visitor-{conversation}", most, per_s))

    async def _file(self, name: str, request: web.Request, conversation: str) -> web.StreamResponse:
        if request.match_info["box"] != conversation:
            raise web.HTTPNotFound(reason="there is no such file")
        content = await self._boxes[name].file(f"{conversation}/{request.match_info['file']}")
        if content is None:
            raise web.HTTPNotFound(reason="the file is not kept any more")
        return file_answer(content, request.query.get("name", ""))
