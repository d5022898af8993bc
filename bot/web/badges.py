"""`/badge/<queue>.svg` and `.json`: the published wait as a badge, drawn here or by a service such as shields.io.

`?label=` stands in place of the queue's title; an empty one leaves the left field out.
"""

from __future__ import annotations

from aiohttp import web

from bot.badge import badge_json, badge_svg
from bot.light import Light
from bot.web.answers import PICTURE_HEADERS, compact
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
        svg = badge_svg(*self._badge(request))
        return web.Response(text=svg, content_type="image/svg+xml", headers=PICTURE_HEADERS)

    async def _json(self, request: web.Request) -> web.StreamResponse:
        text = compact(badge_json(*self._badge(request)))
        headers = {**PICTURE_HEADERS, "Access-Control-Allow-Origin": "*"}
        return web.Response(text=text, content_type="application/json", headers=headers)

    def _badge(self, request: web.Request) -> tuple[str, str, Light]:
        """Label, text and light of the queue of the path. Raises HTTPNotFound."""
        view = self._view
        queue = view.queue(request)
        status = view.status(queue)
        voice = view.words.outlet(view.language(request), view.figures.zone(queue))
        text = voice.badge_text(status.published.outlook)
        return request.query.get("label", status.title), text, status.light
