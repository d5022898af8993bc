"""The page's cover, which shows the published wait.

A picture is uploaded as a photo that nobody is shown, then made the cover; the one before it, if it was ours, is taken
away. https://developers.facebook.com/docs/graph-api/reference/page/#updating
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping

from aiohttp import FormData

from adapters.base import Bookmarks, Busy, Outlet, Refused, Shown, Undelivered
from adapters.base.graph import Graph

COVER = Outlet("cover", least_s=900, format="facebook", encoding="jpeg")
"""How often it may be changed Facebook does not say."""
COVER_BYTES = 10_000_000


class Cover:
    """The cover of one page. Which photo of it is ours is kept as a bookmark."""

    def __init__(self, graph: Graph, page: str, bookmarks: Bookmarks) -> None:
        self._graph = graph
        self._page = page
        self._bookmarks = bookmarks

    async def read(self) -> Shown:
        """The picture that stands there. Raises Refused or Busy."""
        cover = (await self._graph.ask("GET", f"{self._page}?fields=cover")).get("cover")
        if not isinstance(cover, dict) or not isinstance(cover.get("source"), str):
            return None
        picture = io.BytesIO()
        await self._graph.fetch(cover["source"], picture, COVER_BYTES)
        return picture.getvalue()

    async def show(self, shown: Shown) -> None:
        """Put a picture there, or take ours away. Raises Refused, Busy or Uncertain."""
        if isinstance(shown, Mapping):
            raise Refused("a cover is no text")
        before = (await self._bookmarks.all()).get(COVER.name, "")
        if shown is None:
            if before:
                await self._graph.ask("DELETE", before, sends=True)
            return
        photo = await self._upload(shown)
        settings = {"cover": photo, "offset_y": "0", "no_feed_story": "true", "no_notification": "true"}
        try:
            await self._graph.ask("POST", self._page, data=settings, sends=True)
        except (Refused, Busy):
            await self._forget(photo)
            raise
        self._bookmarks.mark(COVER.name, photo)
        if before:
            await self._forget(before)

    async def _upload(self, picture: bytes) -> str:
        form = FormData()
        form.add_field("published", "false")
        form.add_field("source", picture, filename="cover.jpg", content_type="image/jpeg")
        # Nobody sees it yet: whatever goes wrong, it may be tried again.
        answer = await self._graph.ask("POST", f"{self._page}/photos", data=form)
        photo = answer.get("id")
        if not isinstance(photo, str) or not photo:
            raise Busy("an answer that makes no sense")
        return photo

    async def _forget(self, photo: str) -> None:
        """Delete a photo of ours. What stays there harms nobody."""
        with contextlib.suppress(Undelivered):
            await self._graph.ask("DELETE", photo)
