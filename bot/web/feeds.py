"""`/feed/<queue>.atom` and `/hours/<queue>.ics`: what changed, and when somebody is there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from urllib.parse import quote

from aiohttp import web

from bot.calendar import Timetable, render_calendar
from bot.feed import authority, render_feed
from bot.kept import Kept, Shelf
from bot.web.answers import READ_ANYWHERE
from bot.web.caching import answer, until_next, version_of
from bot.web.view import View
from bot.words.outlet import OutletWords

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    **READ_ANYWHERE,
}
HOURS_KEPT = "public, max-age=3600"


class Feeds:
    """The routes for programs that follow a queue."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._shelf = Shelf()

    def routes(self) -> list[web.RouteDef]:
        """The changes, and the hours."""
        return [
            web.get("/feed/{queue}.atom", self._feed),
            web.get("/hours/{queue}.ics", self._hours),
        ]

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        view, origin = self._view, self._view.origin(request)
        queue, voice = self._asked(request)
        published = view.board.published(queue)

        def made() -> Kept:
            text = render_feed(view.status(queue), voice, view.config.bot.name, origin)
            return Kept.of(text, "application/atom+xml; charset=utf-8")

        kept = self._shelf.get(("feed", queue, voice.language.code), (version_of(published), origin), made)
        return answer(request, kept, {"Cache-Control": until_next([published], view.clock), **HEADERS})

    async def _hours(self, request: web.Request) -> web.StreamResponse:
        view, origin = self._view, self._view.origin(request)
        queue, voice = self._asked(request)
        now = view.clock.now()
        today = datetime.fromtimestamp(now, view.figures.zone(queue)).date()

        def made() -> Kept:
            table = self._timetable(queue, today, origin)
            return Kept.of(render_calendar(table, voice, now), "text/calendar; charset=utf-8")

        kept = self._shelf.get(("hours", queue, voice.language.code), (today, origin), made)
        return answer(request, kept, {"Cache-Control": HOURS_KEPT, **HEADERS})

    def _asked(self, request: web.Request) -> tuple[str, OutletWords]:
        """The queue of the path, and the voice to speak with. Raises HTTPNotFound."""
        view = self._view
        queue = view.queue(request)
        return queue, view.words.outlet(view.language(request), view.figures.zone(queue))

    def _timetable(self, queue: str, today: date, origin: str) -> Timetable:
        view = self._view
        settings = view.config.queues[queue].hours
        return Timetable(
            queue=queue,
            title=view.config.title(queue),
            hours=view.figures.hours(queue),
            days_off=settings.days_off(today) if settings else {},
            page=f"{origin}/?queue={quote(queue)}",
            authority=authority(origin),
        )
