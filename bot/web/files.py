"""Files that people sent, as browsers get them: pictures are shown, everything else is only saved.

What a file says of itself is not believed: a picture is one by its first bytes, and runs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from aiohttp import web

from bot.spool import Spool, picture_type

NAME_CHARS = 200
PIECE_BYTES = 65_536
MOST_BYTES = 100_000_000
"""More than any channel sends or takes."""
ENCLOSED = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}
"""Should it be opened as a page all the same, it is one that can do nothing."""


def saved_as(how: str, name: str) -> str:
    """Whether a file is shown or saved, and the name it is saved by: https://datatracker.ietf.org/doc/html/rfc6266"""
    return f"{how}; filename*=UTF-8''{quote((name or 'file')[:NAME_CHARS], safe='')}"


def file_headers(head: bytes, name: str) -> Mapping[str, str]:
    """For a file that begins like this: never shown as a page."""
    picture = picture_type(head)
    return {
        **ENCLOSED,
        "Content-Disposition": saved_as("inline" if picture else "attachment", name),
        "Content-Type": picture or "application/octet-stream",
        "Cache-Control": "private, max-age=86400",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def file_answer(content: bytes, name: str) -> web.Response:
    """A file that is at hand."""
    return web.Response(body=content, headers=file_headers(content, name))


async def stream_file(request: web.Request, spool: Spool, headers: Mapping[str, str]) -> web.StreamResponse:
    """A file, piece by piece."""
    answer, content = web.StreamResponse(headers=headers), spool.content()
    answer.content_length = spool.size_bytes
    await answer.prepare(request)
    while request.method != "HEAD" and (piece := content.read(PIECE_BYTES)):
        await answer.write(piece)
    await answer.write_eof()
    return answer
