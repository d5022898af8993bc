"""`GET /`: the status page, its short form for other sites' frames, and the files it is made of.

A page is rendered once for each figure, language and form, however many ask; `bot.web.caching` tells the caches in
between for how long it holds.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from bot import statics
from bot.card import overdue
from bot.kept import Kept, Shelf
from bot.page import Days, render_embed, render_page
from bot.web.answers import SECURITY_HEADERS
from bot.web.caching import FOR_EVER, answer, until_next, version_of
from bot.web.view import View

HTML = "text/html; charset=utf-8"
ASK_AGAIN = "public, no-cache"
"""For a file that was asked for by its name alone: scripts that import each other must be of one version."""

_PERIODS: Mapping[str | None, Days] = {None: 1, "1": 1, "7": 7}
FRAMED_HEADERS: Mapping[str, str] = {
    **SECURITY_HEADERS,
    "Content-Security-Policy": SECURITY_HEADERS["Content-Security-Policy"].replace(
        "frame-ancestors 'none'", "frame-ancestors *"
    ),
    # A site that isolates itself may frame it too.
    "Cross-Origin-Resource-Policy": "cross-origin",
}
"""For the short form alone: any site may show it in a frame. It holds nothing that a click could be stolen for."""


class Pages:
    """The page and its files."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._shelf = Shelf()

    def routes(self) -> list[web.RouteDef]:
        """The page, and `/static`."""
        return [web.get("/", self._page), web.get("/static/{name}", self._file)]

    async def _page(self, request: web.Request) -> web.StreamResponse:
        view, selected, language = self._view, self._view.selected(request), self._view.language(request)
        queues = [selected] if selected else view.board.queues
        framed, days = request.query.get("embed") == "1", _days(request)
        now = view.clock.now()
        shown = [view.board.published(queue) for queue in queues]
        # That a figure is overdue shows without a new one.
        version = tuple((version_of(one), overdue(one, now)) for one in shown)

        def render() -> Kept:
            statuses = [view.status(queue) for queue in queues]
            brand, words = view.config.bot.name, view.words
            if framed:
                html = render_embed(statuses, brand=brand, words=words, language=language, now=now)
            else:
                html = render_page(
                    statuses,
                    brand=brand,
                    words=words,
                    language=language,
                    now=now,
                    selected=selected,
                    days=days,
                    public_url=view.config.server.public_url,
                )
            return Kept.of(html, HTML)

        kept = self._shelf.get((selected, language, framed, days), version, render)
        headers = FRAMED_HEADERS if framed else SECURITY_HEADERS
        return answer(request, kept, {**headers, "Cache-Control": until_next(shown, view.clock)})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        kept = statics.files().get(name)
        if kept is None:
            raise web.HTTPNotFound(reason="there is no such file")
        for_good = request.query.get("v") == statics.version(name)
        headers = {
            "Cache-Control": FOR_EVER if for_good else ASK_AGAIN,
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
        }
        return answer(request, kept, headers, by_language=False)


def _days(request: web.Request) -> Days:
    asked = request.query.get("days")
    if asked not in _PERIODS:
        raise web.HTTPNotFound(reason="there are periods of 1 and of 7 days")
    return _PERIODS[asked]
