"""How long a post is, as X counts: https://docs.x.com/fundamentals/counting-characters

Never less than X's own count, and more only for what seldom stands in an answer: signs that are put together of
several, and words with a dot in them, which X might take for links.
"""

from __future__ import annotations

import re
from unicodedata import normalize

POST_WEIGHT = 280
"""Of an account that has not paid for longer posts."""
LINK_WEIGHT = 23
LIGHT = ((0, 4_351), (8_192, 8_205), (8_208, 8_223), (8_242, 8_247))
"""The signs that count once: https://github.com/twitter/twitter-text/blob/master/config/v3.json; all others twice."""
LINK = re.compile(r"https?://[\w-]+(?:\.[\w-]+)+\S*|(?<![\w.-])(?:[\w-]+\.)+[^\W\d_]{2,}\S*", re.IGNORECASE)
ELLIPSIS = "…"


def weight(text: str) -> int:
    """How much of a post's room a text takes."""
    text = normalize("NFC", text)
    return _plain(LINK.sub("", text)) + sum(_of_link(link[0]) for link in LINK.finditer(text))


def _of_link(link: str) -> int:
    """X shortens links; what begins otherwise than they do may be none, and count in full."""
    return LINK_WEIGHT if link.lower().startswith("http") else max(LINK_WEIGHT, _plain(link))


def _plain(text: str) -> int:
    return sum(1 if any(first <= ord(sign) <= last for first, last in LIGHT) else 2 for sign in text)


def cut_post(text: str) -> str:
    """The beginning of a text, as much as a post holds, up to the end of a word; that something is missing shows by
    an "…"."""
    if weight(text) <= POST_WEIGHT:
        return text
    room, kept = POST_WEIGHT - _plain(ELLIPSIS), ""
    for word in re.finditer(r"\s*\S+", text):
        if weight(kept + word[0]) > room:
            break
        kept += word[0]
    if weight(kept) < room // 2:
        # Languages that are written without spaces have no word to end at.
        kept = _most_signs(text, room)
    return kept.rstrip() + ELLIPSIS


def _most_signs(text: str, room: int) -> str:
    most = 0
    while most < len(text) and weight(text[: most + 1]) <= room:
        most += 1
    return text[:most]
