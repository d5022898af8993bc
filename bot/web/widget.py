"""`/widget.js`, what it asks for, and the page on which an operator sees it and copies its tag."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from bot.kept import Kept, Shelf
from bot.render import render
from bot.statics import files
from bot.web.answers import READ_ANYWHERE, SECURITY_HEADERS, compact
from bot.web.caching import answer, until_next, version_of
from bot.web.view import View
from bot.widget import Place, widget_data

SCRIPT_HEADERS: Mapping[str, str] = {
    # Its address is in other people's pages and never changes; a new version is there within the hour.
    "Cache-Control": "public, max-age=3600, stale-while-revalidate=86400",
    **READ_ANYWHERE,
}


class Widget:
    """The widget's routes."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._shelf = Shelf()

    def routes(self) -> list[web.RouteDef]:
        """The script, its data, the operator's page."""
        return [
            web.get("/widget.js", self._script),
            web.get("/widget/{queue}.json", self._data),
            web.get("/widget", self._page),
        ]

    async def _script(self, request: web.Request) -> web.StreamResponse:
        return answer(request, files()["widget.js"], SCRIPT_HEADERS, by_language=False)

    async def _data(self, request: web.Request) -> web.StreamResponse:
        view = self._view
        queue, language = view.queue(request), view.language(request)
        published = view.board.published(queue)

        def made() -> Kept:
            voice = view.words.outlet(language, view.figures.zone(queue))
            data = widget_data(view.status(queue), voice, self._place(queue))
            return Kept.of(compact(data), "application/json")

        kept = self._shelf.get((queue, language), version_of(published), made)
        headers = {"Cache-Control": until_next([published], view.clock), **READ_ANYWHERE}
        return answer(request, kept, headers)

    def _place(self, queue: str) -> Place:
        config = self._view.config
        refresh_s = config.publish.refresh_s / self._view.clock.speed
        return Place(next(self._view.chats(queue), ""), len(config.queues) > 1, refresh_s)

    async def _page(self, request: web.Request) -> web.StreamResponse:
        view, language = self._view, self._view.language(request)
        queues = view.board.queues
        origin = view.origin(request)
        html = render(
            "widget.html",
            language=language,
            brand=view.config.bot.name,
            origin=origin,
            queues=[{"name": queue, "title": view.config.title(queue)} for queue in queues],
            labels=view.words.outlet(language, view.figures.zone(queues[0])).page_labels(origin),
            languages=view.words.languages(),
        )
        return web.Response(text=html, content_type="text/html", headers=SECURITY_HEADERS)
