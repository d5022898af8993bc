"""What strangers wrote, made safe to repeat inside our own sentences.

A display name may hold line breaks, invisible or direction-changing characters, or a whole novel. What comes
out is one line of visible text of limited length. It does not escape any platform's markup: the adapter knows
that. https://www.unicode.org/reports/tr36/ tells what such characters are used for.
"""

from __future__ import annotations

import re
import unicodedata

from bot.parts import may_cut

NAME_CHARS = 40
SNIPPET_CHARS = 60
LINE_CHARS = 1000

# Letters, marks and symbols that show as nothing: Hangul fillers, the blank Braille pattern, the grapheme joiner,
# Khmer's inherent vowels, Mongolian selectors.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f")
# Selectors choose how the character before them looks; without one they are nothing.
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_STRAY = re.compile(rf"(?<![^\s{_SELECTORS}])[{_SELECTORS}]+")


def one_line(text: str, limit_chars: int) -> str:
    """The visible part of `text` on one line, cut to `limit_chars` characters, the last "…" when cut."""
    line = " ".join(_STRAY.sub("", "".join(map(_visible, text))).split())
    if len(line) <= limit_chars:
        return line
    cut = limit_chars - 1
    while cut > 1 and not may_cut(line, cut):
        cut -= 1
    return line[:cut].rstrip() + "…"


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    # C: control, format (direction, zero width), surrogate, private and unassigned code points.
    hidden = character in _BLANK or unicodedata.category(character).startswith("C")
    return "" if hidden else character


def person_name(name: str) -> str:
    """A display name as we repeat it; empty when nothing of it is visible."""
    return one_line(name, NAME_CHARS)
