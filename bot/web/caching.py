"""Answers that caches may keep, so that a CDN can carry a crisis: for how long, under which tag, rendered once for all.

A cache may hand an answer out until the next figure is due, some seconds more while it fetches that one, and one
refresh more when it does not reach us: https://www.rfc-editor.org/rfc/rfc5861. Each version of an answer is rendered
and packed once, however many ask, and has a strong tag: https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3

    kept = shelf.get(("wait", queue, language), version_of(published), render)
    return answer(request, kept, {"Cache-Control": until_next([published], clock)})
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from functools import lru_cache

from aiohttp import web

from bot.clock import Clock
from bot.kept import Kept, Shelf
from bot.published import Published

__all__ = ["FOR_EVER", "Kept", "Shelf", "answer", "takes_gzip", "until_next", "version_of"]

FOR_EVER = "public, max-age=31536000, immutable"
"""For what never changes under its address."""
PUBLISHING_S = 2
"""So long after its time a new figure may still be on its way from the leader to us."""
UNKNOWN_HOLDS_S = 10
"""A wait that is not known may become known at any time."""
REVALIDATE_S = 5
HEADER_CHARS = 200


def version_of(published: Published) -> Hashable:
    """What tells one published figure from another; before the first one there is another each second."""
    seen = published.outlook
    times = int(seen.as_of), int(published.next_refresh)
    return *times, seen.state, seen.reason, seen.promise, seen.wait, seen.waiting, published.incident


def until_next(figures: Iterable[Published], clock: Clock) -> str:
    """The Cache-Control of an answer made of these figures: until the first of them is to be replaced."""
    shown = list(figures)
    left_s = min(figure.next_refresh - clock.now() for figure in shown) / clock.speed
    if left_s <= 0:
        # The new figure may be here in a moment, and must not be kept from anyone by the old one.
        return "public, max-age=1"
    refresh_s = min(figure.next_refresh - figure.outlook.as_of for figure in shown) / clock.speed
    held_s = math.ceil(left_s) + PUBLISHING_S
    if any(figure.outlook.state == "unknown" for figure in shown):
        held_s = min(held_s, UNKNOWN_HOLDS_S)
    return (
        f"public, max-age={held_s}, stale-while-revalidate={REVALIDATE_S}, "
        f"stale-if-error={max(0, math.floor(refresh_s) - PUBLISHING_S)}"
    )


def answer(
    request: web.Request, kept: Kept, headers: Mapping[str, str], by_language: bool = True
) -> web.Response:
    """The rendering, packed for those who take it so; 304 for those who have it. `by_language` tells that others may
    get it in another language."""
    packed = bool(kept.packed) and takes_gzip(request.headers.get("Accept-Encoding", "")[:HEADER_CHARS])
    # Packed it is other bytes, hence another tag.
    tag = f"{kept.tag}-gzip" if packed else kept.tag
    told = {
        **headers,
        "ETag": f'"{tag}"',
        "Vary": "Accept-Language, Accept-Encoding" if by_language else "Accept-Encoding",
    }
    if any(known.value in (tag, "*") for known in request.if_none_match or ()):
        return web.Response(status=304, headers=told)
    told["Content-Type"] = kept.content_type
    if packed:
        told["Content-Encoding"] = "gzip"
    return web.Response(body=kept.packed if packed else kept.body, headers=told)


@lru_cache(maxsize=64)
def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding takes gzip: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3"""
    qualities: dict[str, bool] = {}
    for part in accepted.lower().split(","):
        name, _, quality = part.strip().partition(";")
        weight = quality.strip().removeprefix("q=")
        qualities[name.strip()] = not weight or weight.strip("0.") != ""
    return qualities.get("gzip", qualities.get("*", False))
