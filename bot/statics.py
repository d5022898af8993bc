"""The files our pages are made of: read once, packed once, and named by their content so that nobody asks twice.

`address("page.css")` is what a page links to. It changes with the file, so browsers and CDNs may keep what they get
there for good.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bot.kept import Kept

STATIC = Path(__file__).parent / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}
VERSION_CHARS = 12


@cache
def files() -> dict[str, Kept]:
    """Every file by its name."""
    return {
        path.name: Kept.of(path.read_bytes(), TYPES[path.suffix])
        for path in sorted(STATIC.iterdir())
        if path.suffix in TYPES
    }


@cache
def address(name: str) -> str:
    """Where a file is found. Raises KeyError for one that is not there."""
    return f"/static/{name}?v={version(name)}"


def version(name: str) -> str:
    """What stands for the file's content in its address."""
    return files()[name].tag[:VERSION_CHARS]
