"""Files that people sent, as browsers get them: pictures are shown, everything else is only saved.

What a file says of itself is not believed: a picture is one by its first bytes, and runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from aiohttp import web

PICTURES: Iterable[tuple[bytes, str]] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
NAME_CHARS = 200


def picture_type(content: bytes) -> str:
    """The media type of a picture that browsers may show; "" for all else."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((mime for begin, mime in PICTURES if content.startswith(begin)), "")


def file_answer(content: bytes, name: str) -> web.Response:
    """The file, never as a page: https://datatracker.ietf.org/doc/html/rfc6266"""
    picture = picture_type(content)
    disposition = "inline" if picture else "attachment"
    headers = {
        "Content-Disposition": f"{disposition}; filename*=UTF-8''{quote((name or 'file')[:NAME_CHARS], safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Content-Type": picture or "application/octet-stream",
        "Cache-Control": "private, max-age=86400",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(body=content, headers=headers)
