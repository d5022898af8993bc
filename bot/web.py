"""The HTTP surface: hooks for channels, the status page and its figures, badges, banners, health and metrics.

Routes translate between HTTP and the rest; they decide nothing. A hook answers 2xx only after the arrival is
durable, and 503 with Retry-After within two seconds when the store cannot take it now.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from adapters.base import Arrival, Channel, Malformed, Untrusted
from bot.badge import badge_svg
from bot.board import Board
from bot.clock import Clock
from bot.config.settings import Config
from bot.figures import Figures
from bot.formats import FORMATS
from bot.inbox import Inbox
from bot.metrics import Metrics
from bot.page import PICTURE_HEADERS, SECURITY_HEADERS, QueueStatus, render_page
from bot.painter import CannotDraw, Painter, Picture
from bot.published import Published
from bot.store.store import Store, StoreDown
from bot.troubles import Troubles
from bot.words import Words

log = structlog.get_logger(__name__)

STATIC = Path(__file__).with_name("static")
ANSWER_WITHIN_S = 1.8
"""A platform that waits longer than two seconds for its answer is better told to come back."""
BODY_WITHIN_S = 10.0
KEEP_ALIVE_S = 15.0
"""An idle event stream says something this often, so that proxies keep it: https://html.spec.whatwg.org/#sse"""


class Web:
    """All routes of one process."""

    def __init__(
        self,
        config: Config,
        store: Store,
        inbox: Inbox,
        board: Board,
        figures: Figures,
        words: Words,
        clock: Clock,
        metrics: Metrics,
        channels: Mapping[str, Channel],
        troubles: Troubles,
        degraded: Mapping[str, str],
    ) -> None:
        self._config = config
        self._store = store
        self._inbox = inbox
        self._board = board
        self._figures = figures
        self._words = words
        self._clock = clock
        self._metrics = metrics
        self._channels = channels
        self._troubles = troubles
        self._degraded = degraded
        self.painter = Painter()
        self._under_way = 0
        self.stopping = asyncio.Event()

    def application(self) -> web.Application:
        """The routes, ready to be served."""
        app = web.Application(client_max_size=self._config.limits.body_bytes)
        app.on_response_prepare.append(_plain)
        app.add_routes(
            [
                *(web.post(f"/hooks/{name}", partial(self._hook, name)) for name in self._channels),
                web.get("/", self._page),
                web.get("/api/v1/queues", self._queues),
                web.get("/api/v1/queues/{queue}/wait", self._wait),
                web.get("/events", self._events),
                web.get("/badge/{queue}.svg", self._badge),
                web.get("/banner/{queue}/{format}.png", self._banner),
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/metrics", self._metrics_text),
                web.static("/static", STATIC),
            ]
        )
        return app

    # --- hooks ---------------------------------------------------------------------------------------------

    async def _hook(self, channel: str, request: web.Request) -> web.StreamResponse:
        if self._under_way >= self._config.limits.requests_at_once:
            return _later("too many requests at once")
        started = self._clock.monotonic()
        self._under_way += 1
        try:
            answer = await self._take_in(channel, request)
        finally:
            self._under_way -= 1
        self._metrics.request(channel, answer.status, self._clock.monotonic() - started)
        return answer

    async def _take_in(self, channel: str, request: web.Request) -> web.Response:
        if request.headers.get("Content-Encoding", "identity") != "identity":
            return _problem(415, "a compressed body is not taken")
        try:
            body = await self._body(request)
            arrivals = self._channels[channel].accept(request.headers, body, self._clock.real())
            for arrival in arrivals:
                await self._receive(channel, arrival)
        except Untrusted as error:
            return _problem(401, str(error))
        except Malformed as error:
            return _problem(400, str(error))
        except web.HTTPRequestEntityTooLarge:
            return _problem(413, f"the body is larger than {self._config.limits.body_bytes} bytes")
        except TimeoutError:
            return _later("the request did not come in time")
        except StoreDown as error:
            return _later(f"the store cannot take it now: {error}")
        return web.Response(body=b'{"accepted":%d}' % len(arrivals), headers=_TAKEN)

    async def _receive(self, channel: str, arrival: Arrival) -> None:
        """What can never be taken in is an error for those who want to hear of it. Others would push it for days, and
        hold back what comes after it."""
        try:
            await self._inbox.receive(channel, arrival)
        except Malformed as error:
            if self._channels[channel].limits.hears_refusals:
                raise
            log.warning("arrival dropped", channel=channel, kind=type(arrival).__name__, reason=str(error))

    async def _body(self, request: web.Request) -> bytes:
        """The body; most have come whole with their head, and need no waiting. Raises TimeoutError."""
        if request.content.is_eof():
            body = request.content.read_nowait()
            if len(body) > self._config.limits.body_bytes:
                raise web.HTTPRequestEntityTooLarge(self._config.limits.body_bytes, len(body))
            return body
        async with asyncio.timeout(BODY_WITHIN_S):
            return await request.read()

    # --- the published wait --------------------------------------------------------------------------------

    def _language(self, request: web.Request) -> str:
        """`?lang=` first, then what the browser asks for: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4"""
        asked = [request.query["lang"]] if "lang" in request.query else []
        ranked = []
        for part in request.headers.get("Accept-Language", "")[:200].split(","):
            tag, _, quality = part.strip().partition(";q=")
            with contextlib.suppress(ValueError):
                if float(quality or 1) > 0:
                    ranked.append((-float(quality or 1), tag))
        return self._words.negotiate(*asked, *(tag for _, tag in sorted(ranked, key=lambda one: one[0])))

    def _queue(self, request: web.Request) -> str:
        queue = request.match_info["queue"]
        if queue not in self._config.queues:
            raise web.HTTPNotFound(reason="there is no such queue")
        return queue

    def _json(self, published: Published, language: str) -> dict[str, Any]:
        voice = self._words.outlet(language, self._figures.zone(published.queue))
        return published.to_json(voice.promise_text)

    def news(self, published: Published) -> dict[str, Any]:
        """What `wait.updated` tells: the wait as JSON, and where its picture is."""
        data = self._json(published, self._config.bot.language)
        base = self._config.server.public_url.rstrip("/")
        return {**data, "banner_url": f"{base}/banner/{published.queue}/opengraph.png"}

    async def _wait(self, request: web.Request) -> web.StreamResponse:
        data = self._json(self._board.published(self._queue(request)), self._language(request))
        return web.json_response(data, headers=_FOR_ALL)

    async def _queues(self, request: web.Request) -> web.StreamResponse:
        language = self._language(request)
        rows = [
            {"title": self._config.title(queue), **self._json(self._board.published(queue), language)}
            for queue in self._board.queues
        ]
        return web.json_response({"queues": rows}, headers=_FOR_ALL)

    def _status(self, queue: str) -> QueueStatus:
        settings = self._config.queues[queue]
        return QueueStatus(
            title=self._config.title(queue),
            hours=self._figures.hours(queue),
            target_s=settings.target_s,
            overloaded_s=settings.overloaded_s,
            published=self._board.published(queue),
            history=self._board.history(queue),
        )

    async def _page(self, request: web.Request) -> web.StreamResponse:
        selected = request.query.get("queue")
        if selected is not None and selected not in self._config.queues:
            raise web.HTTPNotFound(reason="there is no such queue")
        html = render_page(
            [self._status(queue) for queue in ([selected] if selected else self._board.queues)],
            brand=self._config.bot.name,
            words=self._words,
            language=self._language(request),
            now=self._clock.now(),
            selected=selected,
            public_url=self._config.server.public_url,
        )
        return web.Response(text=html, content_type="text/html", headers=SECURITY_HEADERS)

    async def _badge(self, request: web.Request) -> web.StreamResponse:
        queue = self._queue(request)
        status = self._status(queue)
        voice = self._words.outlet(self._language(request), self._figures.zone(queue))
        svg = badge_svg(status.title, voice.badge_text(status.published.outlook), status.light)
        return web.Response(text=svg, content_type="image/svg+xml", headers=PICTURE_HEADERS)

    async def _banner(self, request: web.Request) -> web.StreamResponse:
        queue, name = self._queue(request), request.match_info["format"]
        if name not in FORMATS:
            raise web.HTTPNotFound(reason=f"there is no such format; there are: {', '.join(FORMATS)}")
        try:
            png = await self.painter.draw(self.picture(queue, name, self._language(request)))
        except CannotDraw as error:
            return _problem(500, str(error))
        return web.Response(body=png, content_type="image/png", headers=PICTURE_HEADERS)

    async def draw_ahead(self, queue: str) -> None:
        """Have the banner ready that `wait.updated` points to, before anyone asks for it."""
        with contextlib.suppress(CannotDraw):
            await self.painter.draw(self.picture(queue, "opengraph", self._config.bot.language))

    def picture(self, queue: str, name: str, language: str) -> Picture:
        """What a queue's banner of the format `name` shows now."""
        status = self._status(queue)
        sign = self._words.sign(language, status.hours.zone).sign(status.published.outlook, status.light)
        return Picture(name, sign, self._config.bot.name, status.title)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if self._board.watchers >= self._config.limits.event_streams:
            return _later("too many event streams")
        stream = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        language = self._language(request)
        async with self._board.watching() as changed:
            await stream.prepare(request)
            with contextlib.suppress(ConnectionResetError):
                async for text in self._news_stream(changed, language):
                    await stream.write(text.encode())
        return stream

    async def _news_stream(self, changed: asyncio.Event, language: str) -> AsyncIterator[str]:
        changed.set()
        while not self.stopping.is_set():
            try:
                async with asyncio.timeout(KEEP_ALIVE_S):
                    await changed.wait()
            except TimeoutError:
                yield ": still here\n\n"
                continue
            changed.clear()
            for queue in self._board.queues:
                yield f"event: wait\ndata: {_compact(self._json(self._board.published(queue), language))}\n\n"

    # --- for operators -------------------------------------------------------------------------------------

    async def _healthz(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"status": "ok"}, headers=_NOT_KEPT)

    async def _readyz(self, request: web.Request) -> web.StreamResponse:
        """A channel in trouble is told here, and the process is ready all the same: it serves all others, and one that
        is not would not be mended by being taken out of service or started again."""
        waiting_for = dict(self._degraded)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await asyncio.gather(*(self._store.probe(queue) for queue in self._config.queues))
        except (StoreDown, TimeoutError):
            waiting_for["store"] = "takes no writes"
        status = "not ready" if waiting_for else "ready"
        data = {"status": status, "degraded": {**self._troubles.shown(), **waiting_for}}
        return web.json_response(data, status=503 if waiting_for else 200, headers=_NOT_KEPT)

    async def _metrics_text(self, request: web.Request) -> web.StreamResponse:
        return web.Response(
            body=self._metrics.text(),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8", **_NOT_KEPT},
        )


_TAKEN = {"Content-Type": "application/json"}
_NOT_KEPT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_FOR_ALL = {**_NOT_KEPT, "Access-Control-Allow-Origin": "*"}


def _compact(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _problem(status: int, detail: str) -> web.Response:
    return web.json_response({"error": detail}, status=status, headers=_NOT_KEPT)


def _later(detail: str) -> web.Response:
    return web.json_response({"error": detail}, status=503, headers={"Retry-After": "2", **_NOT_KEPT})


async def _plain(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Nobody needs to know which version of what serves here; an error is short JSON."""
    response.headers["Server"] = "Jono"
    if isinstance(response, web.HTTPException) and response.status >= 400:
        body = _compact({"error": response.reason}).encode()
        response.body = body
        # The length is known already when this is called.
        response.headers.update(
            _NOT_KEPT, **{"Content-Type": "application/json", "Content-Length": str(len(body))}
        )
