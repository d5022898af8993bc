"""What strangers wrote, made safe to repeat inside our own sentences.

A display name may hold line breaks, invisible or direction-changing characters, or a whole novel. What comes
out is one line of visible text of limited length. It does not escape any platform's markup: the adapter knows
that. https://www.unicode.org/reports/tr36/ tells what such characters are used for.
"""

from __future__ import annotations

import unicodedata

NAME_CHARS = 40
SNIPPET_CHARS = 60
LINE_CHARS = 1000

# Letters and symbols that show as nothing: Hangul fillers and the blank Braille pattern.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def one_line(text: str, limit_chars: int) -> str:
    """The visible part of `text` on one line, cut to `limit_chars` characters, the last "…" when cut."""
    line = " ".join("".join(map(_visible, text)).split())
    return line if len(line) <= limit_chars else line[: limit_chars - 1].rstrip() + "…"


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    # C: control, format (direction, zero width), surrogate, private and unassigned code points.
    hidden = character in _BLANK or unicodedata.category(character).startswith("C")
    return "" if hidden else character


def person_name(name: str) -> str:
    """A display name as we repeat it; empty when nothing of it is visible."""
    return one_line(name, NAME_CHARS)
