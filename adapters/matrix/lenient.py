"""JSON in which a homeserver hands on what strangers wrote: nothing that one of them wrote keeps the others from us."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

DEEPEST = 100
"""Nothing that Matrix knows is nested so deep."""
DIGITS = 20
SIGNS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
HALVES = re.compile(r"\\u[dD][89abAB]")


def object_in(body: bytes) -> Mapping[str, Any]:
    """The object that a body holds, without what cannot be read of it; an empty one where it holds none."""
    text = body.decode("utf-8", "replace")
    try:
        try:
            value = _read(text)
        except RecursionError:
            value = _read(_shallow(text))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _read(text: str) -> Any:
    value = _decode(text)
    if HALVES.search(text):
        # A lone surrogate is JSON, but no text: it could not be stored or sent on.
        value = _decode(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode())
    return value


def _shallow(text: str) -> str:
    """The same, with null for what is nested too deep."""
    kept: list[str] = []
    depth, start = 0, 0
    for sign in SIGNS.finditer(text):
        if sign[0] in "[{":
            depth += 1
            if depth == DEEPEST:
                kept.append(text[start : sign.start()])
                start = len(text)
        elif sign[0] in "]}":
            if depth == DEEPEST:
                kept.append("null")
                start = sign.end()
            depth -= 1
    return "".join([*kept, text[start:]])


def _whole(digits: str) -> int | None:
    """Python refuses all for a number that is too long."""
    return int(digits) if len(digits) <= DIGITS else None


_decode = json.JSONDecoder(parse_int=_whole).decode
