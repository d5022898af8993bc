"""`/badge/<queue>.svg` and `.json`: the published wait as a badge, drawn here or by a service such as shields.io.

`?label=` stands in place of the queue's title; an empty one leaves the left field out.
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from bot.badge import badge_json, badge_svg
from bot.kept import Kept
from bot.light import Light
from bot.web.answers import PICTURE_HEADERS, compact
from bot.web.caching import answer, until_next
from bot.web.view import View


class Badges:
    """The badge routes."""

    def __init__(self, view: View) -> None:
        self._view = view

    def routes(self) -> list[web.RouteDef]:
        """The picture, and what a service draws one from."""
        return [
            web.get("/badge/{queue}.svg", self._svg),
            web.get("/badge/{queue}.json", self._json),
        ]

    async def _svg(self, request: web.Request) -> web.StreamResponse:
        return self._answer(request, lambda *badge: Kept.of(badge_svg(*badge), "image/svg+xml"))

    async def _json(self, request: web.Request) -> web.StreamResponse:
        return self._answer(request, lambda *badge: Kept.of(compact(badge_json(*badge)), "application/json"))

    def _answer(self, request: web.Request, made: Callable[[str, str, Light], Kept]) -> web.StreamResponse:
        """The badge of the queue of the path. It is made for each request: a label can be anything."""
        view = self._view
        queue = view.queue(request)
        status = view.status(queue)
        voice = view.words.outlet(view.language(request), view.figures.zone(queue))
        text = voice.badge_text(status.published.outlook, status.light)
        kept = made(request.query.get("label", status.title), text, status.light)
        held = until_next([status.published], view.clock)
        headers = {**PICTURE_HEADERS, "Cache-Control": held, "Access-Control-Allow-Origin": "*"}
        return answer(request, kept, headers)
