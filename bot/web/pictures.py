"""Banners: the published wait as pictures that other sites show."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from aiohttp import web

from bot.formats import FORMATS, SUFFIXES
from bot.painter import CannotDraw, Painter, Picture
from bot.web.answers import PICTURE_HEADERS, problem
from bot.web.caching import until_next
from bot.web.view import View


class Pictures:
    """The picture routes, and what a banner of a queue shows now."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.painter = Painter()
        self._look = view.config.brand.look()

    def routes(self) -> list[web.RouteDef]:
        """A banner for each format in each encoding."""
        return [web.get("/banner/{queue}/{format}.{suffix}", self._banner)]

    async def _banner(self, request: web.Request) -> web.StreamResponse:
        queue, name = self._view.queue(request), request.match_info["format"]
        if name not in FORMATS:
            raise web.HTTPNotFound(reason=f"there is no such format; there are: {', '.join(FORMATS)}")
        encoding = SUFFIXES.get(request.match_info["suffix"])
        if encoding is None:
            raise web.HTTPNotFound(reason=f"there is no such encoding; there are: {', '.join(SUFFIXES)}")
        picture = self.picture(queue, name, self._view.language(request))
        try:
            drawn = await self.painter.draw(replace(picture, encoding=encoding))
        except CannotDraw as error:
            return problem(500, str(error))
        held = until_next([self._view.board.published(queue)], self._view.clock)
        headers = {**PICTURE_HEADERS, "Cache-Control": held}
        return web.Response(body=drawn, content_type=f"image/{encoding}", headers=headers)

    async def draw_ahead(self, queue: str) -> None:
        """Have the banner ready that `wait.updated` points to, before anyone asks for it."""
        with contextlib.suppress(CannotDraw):
            await self.painter.draw(self.picture(queue, "opengraph", self._view.config.bot.language))

    def picture(self, queue: str, name: str, language: str) -> Picture:
        """What a queue's banner of the format `name` shows now."""
        status = self._view.status(queue)
        voice = self._view.words.sign(language, status.hours.zone)
        quick_s = self._view.config.queues[queue].quick_s
        sign = voice.sign(status.published.outlook, status.light, quick_s)
        return Picture(name, sign, self._view.config.bot.name, status.title, look=self._look)
