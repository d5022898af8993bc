"""`/files`: where platforms that take addresses only fetch what they are sent, for an hour.

Whoever has such an address was given it; what is no address of ours, or one no more, leads nowhere.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from aiohttp import web

from adapters.base import Channel, File, Media, Refused, Undelivered
from bot.carried import Addresses
from bot.spool import fetched, media_type
from bot.web.answers import NOT_KEPT, later, or_problem
from bot.web.files import ENCLOSED, MOST_BYTES, saved_as, stream_file

AT_ONCE = 16
LASTS_S = 600.0
"""Whoever reads slower than that does not get it."""
MIME = re.compile(r"[a-z]+/[A-Za-z0-9][A-Za-z0-9.+_-]{0,99}")
UNKNOWN = "application/octet-stream"


class Door:
    """The one route."""

    def __init__(self, addresses: Addresses, channels: Mapping[str, Channel]) -> None:
        self._addresses = addresses
        self._channels = channels
        self._open = 0

    def routes(self) -> list[web.RouteDef]:
        """A file by its address."""
        return [web.get("/files/{token}/{name}", self._file)]

    @or_problem
    async def _file(self, request: web.Request) -> web.StreamResponse:
        where = request.match_info
        carried = await self._addresses.read(where["token"], where["name"])
        source = self._channels.get(carried.channel) if carried else None
        if carried is None or source is None or not isinstance(source, Media):
            raise web.HTTPNotFound(reason="there is no such file")
        if self._open >= AT_ONCE:
            return later("too many files are fetched at once")
        self._open += 1
        try:
            async with asyncio.timeout(LASTS_S):
                return await _handed_out(request, source, carried.file)
        except Refused:
            raise web.HTTPNotFound(reason="the file is not there any more") from None
        except Undelivered:
            return later("the file cannot be fetched now")
        finally:
            self._open -= 1


async def _handed_out(request: web.Request, source: Media, file: File) -> web.StreamResponse:
    async with fetched(source, file, MOST_BYTES) as spool:
        mime = media_type(file, spool.head())
        headers = {
            **NOT_KEPT,
            **ENCLOSED,
            "Content-Disposition": saved_as("attachment", file.name or request.match_info["name"]),
            "Content-Type": mime if MIME.fullmatch(mime) else UNKNOWN,
        }
        return await stream_file(request, spool, headers)
