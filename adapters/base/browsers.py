"""Reading what our own pages post, for customers and for agents: nothing of it is believed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from adapters.base.arrivals import File, kind_of
from adapters.base.errors import Malformed
from adapters.base.reading import read_text

ID = re.compile(r"[A-Za-z0-9-]{8,64}")
FILES_AT_ONCE = 10
NAME_CHARS, MIME_CHARS = 200, 100
MOST_BYTES = 2**53
"""More than a browser can count: https://developer.mozilla.org/docs/Web/JavaScript/Reference/Global_Objects/Number"""


def read_id(data: Mapping[str, Any]) -> str:
    """The name a page gave to what it posts, the same when it tries again. Raises Malformed."""
    found = read_text(data, "id")
    if not ID.fullmatch(found):
        raise Malformed("id: 8 to 64 letters, digits and hyphens are wanted")
    return found


def read_files(data: Mapping[str, Any], box: str) -> tuple[File, ...]:
    """The files that go with it, which were kept beside this box before. Raises Malformed."""
    rows = data.get("files") or []
    if not isinstance(rows, list) or len(rows) > FILES_AT_ONCE:
        raise Malformed(f"files: a list of at most {FILES_AT_ONCE} is wanted")
    return tuple(_read_file(row, f"files.{number}", box) for number, row in enumerate(rows))


def _read_file(row: object, path: str, box: str) -> File:
    if not isinstance(row, dict):
        raise Malformed(f"{path}: an object is wanted")
    ref, size = read_text(row, "ref"), row.get("size")
    if not ref.startswith(f"{box}/"):
        raise Malformed(f"{path}.ref: there is no such file")
    if size is not None and not (type(size) is int and 0 <= size < MOST_BYTES):
        raise Malformed(f"{path}.size: a number of bytes is wanted")
    mime = read_text(row, "mime")[:MIME_CHARS]
    return File(kind_of(mime), ref, read_text(row, "name")[:NAME_CHARS], mime, size)
