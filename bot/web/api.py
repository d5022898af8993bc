"""`/api/v1`: the published wait as JSON, for other programs."""

from __future__ import annotations

from aiohttp import web

from bot.web.answers import FOR_ALL
from bot.web.view import View


class Api:
    """The JSON routes."""

    def __init__(self, view: View) -> None:
        self._view = view

    def routes(self) -> list[web.RouteDef]:
        """All queues, and one queue's wait."""
        return [
            web.get("/api/v1/queues", self._queues),
            web.get("/api/v1/queues/{queue}/wait", self._wait),
        ]

    async def _wait(self, request: web.Request) -> web.StreamResponse:
        view = self._view
        data = view.json(view.board.published(view.queue(request)), view.language(request))
        return web.json_response(data, headers=FOR_ALL)

    async def _queues(self, request: web.Request) -> web.StreamResponse:
        view, language = self._view, self._view.language(request)
        rows = [
            {"title": view.config.title(queue), **view.json(view.board.published(queue), language)}
            for queue in view.board.queues
        ]
        return web.json_response({"queues": rows}, headers=FOR_ALL)
