"""`/hooks/<channel>`: what platforms push, verified by their adapter and taken in.

A hook answers 2xx only after the arrival is durable, and 503 with Retry-After within two seconds when the store cannot
take it now.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import structlog
from aiohttp import web

from adapters.base import Answering, Arrival, Channel, Malformed, Pushed, Site, Told
from bot.clock import Clock
from bot.config.settings import LimitSettings
from bot.inbox import Inbox
from bot.metrics import Metrics
from bot.web.answers import later, or_problem, problem
from bot.web.guard import letters, too_large

log = structlog.get_logger(__name__)

_TAKEN = {"Content-Type": "application/json"}


class Hooks:
    """The hooks of all channels."""

    def __init__(
        self,
        limits: LimitSettings,
        inbox: Inbox,
        clock: Clock,
        metrics: Metrics,
        channels: Mapping[str, Channel],
    ) -> None:
        self._limits = limits
        self._inbox = inbox
        self._clock = clock
        self._metrics = metrics
        self._channels = channels
        # Asked once: Python looks through all methods of a protocol each time that it is asked.
        self._answering = {name: one for name, one in channels.items() if isinstance(one, Answering)}
        self._under_way = 0
        self._letters = letters()

    def routes(self) -> list[web.RouteDef]:
        """One for each channel; all methods and paths below it where the platform wants to be answered in its way.
        What browsers post comes in at the chat alone, where it is asked which page posts, and how often."""
        routes = []
        for name, channel in self._channels.items():
            if isinstance(channel, Site):
                continue
            hook, at = partial(self._hook, name), f"/hooks/{name}"
            if name in self._answering:
                routes += [web.route("*", at, hook), web.route("*", f"{at}/{{tail:.*}}", hook)]
            else:
                routes.append(web.post(at, hook))
        return routes

    async def _hook(self, channel: str, request: web.Request) -> web.StreamResponse:
        if self._under_way >= self._limits.requests_at_once:
            return later("too many requests at once")
        started = self._clock.monotonic()
        self._under_way += 1
        try:
            answer = await self._take_in(channel, request)
        finally:
            self._under_way -= 1
        if answer.status == 503:
            answer.set_status(self._channels[channel].limits.come_again)
        self._metrics.request(channel, answer.status, self._clock.monotonic() - started)
        return answer

    @or_problem
    async def _take_in(self, channel: str, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Content-Encoding", "identity") != "identity":
            return problem(415, "a compressed body is not taken")
        platform, answering, now = self._channels[channel], self._answering.get(channel), self._clock.real()
        try:
            body = await self._body(request, max(self._limits.body_bytes, platform.limits.body_bytes))
            if answering and (told := answering.answer(pushed(request, body), now)):
                return _answer(told)
            arrivals = platform.accept(request.headers, body, now)
            for arrival in arrivals:
                await self._receive(channel, arrival)
        except web.HTTPRequestEntityTooLarge as error:
            log.warning("request refused", channel=channel, reason="its body is too large")
            return problem(413, error.reason)
        except web.HTTPServiceUnavailable as error:
            return later(error.reason)
        if answering:
            return _answer(answering.thanks)
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

    async def _body(self, request: web.Request, most: int) -> bytes:
        """The body; most have come whole with their head, and need no waiting. Raises HTTPRequestEntityTooLarge and
        HTTPServiceUnavailable."""
        if not request.content.is_eof():
            return await self._letters.read(request, most)
        body = request.content.read_nowait()
        if len(body) > most:
            raise too_large(most, len(body))
        return body


def pushed(request: web.Request, body: bytes) -> Pushed:
    """A request as adapters see it."""
    tail = request.match_info.get("tail")
    path = "" if tail is None else f"/{tail}"
    return Pushed(request.method, path, request.query, request.headers, body)


def _answer(told: Told) -> web.Response:
    return web.Response(body=told.body, status=told.status, headers={"Content-Type": told.content_type})
