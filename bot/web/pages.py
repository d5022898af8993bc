"""`GET /`: the status page, and the files it is made of."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from bot.page import render_page
from bot.web.answers import SECURITY_HEADERS
from bot.web.view import View

STATIC = Path(__file__).parent.with_name("static")


class Pages:
    """The page and its files."""

    def __init__(self, view: View) -> None:
        self._view = view

    def routes(self) -> list[web.AbstractRouteDef]:
        """The page, and `/static`."""
        return [web.get("/", self._page), web.static("/static", STATIC)]

    async def _page(self, request: web.Request) -> web.StreamResponse:
        view, selected = self._view, self._view.selected(request)
        html = render_page(
            [view.status(queue) for queue in ([selected] if selected else view.board.queues)],
            brand=view.config.bot.name,
            words=view.words,
            language=view.language(request),
            now=view.clock.now(),
            selected=selected,
            public_url=view.config.server.public_url,
        )
        return web.Response(text=html, content_type="text/html", headers=SECURITY_HEADERS)
