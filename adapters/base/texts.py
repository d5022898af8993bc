"""The length of a text as most platforms count it: in UTF-16 units, of which no character needs more than two."""

from __future__ import annotations


def utf16(text: str) -> int:
    """The length of a text in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, most: int) -> str:
    """The beginning of a text, as much as fits into `most` UTF-16 units; that something is missing shows by an "…"."""
    if utf16(text) <= most:
        return text
    kept = text.encode("utf-16-le", "surrogatepass")[: 2 * (most - 1)]
    return kept.decode("utf-16-le", "ignore") + "…"
