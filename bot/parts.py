"""A long text in parts, each of which a platform takes: cut where a reader would pause.

Between paragraphs rather than lines, lines rather than sentences, sentences rather than words; inside a word, which
may be a link, only when it alone is too long, and never inside what is read as one character.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

PAUSES = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?…])\s|(?<=[。！？])(?![」』）])|(?<=[。！？][」』）])"),
    re.compile(r"\s"),
)
"""From the longest pause to the shortest; some scripts put no space between sentences."""
WHOLE = re.compile(r"https?://[\x21-\x7e]+|@[A-Za-z0-9_]+|(?:(?!https?://)\w)+[.!?…,;:]*")
"""What is of use only as a whole, where no space sets it off: links, mentions, words with what ends them."""
LEAST_FILLED = 0.3
"""A part shorter than this share of the room is not worth a longer pause; words are cut off wherever they end."""
JOINERS = "\u200c\u200d"


def split(text: str, most: int, measure: Callable[[str], int] = len) -> list[str]:
    """The text in parts that measure at most `most` each. Nothing is lost but white space at the cuts.

    `measure` gives at least 1 for each character, and never less for a longer text. A single character that measures
    more than `most` is a part of its own, too long as it is.
    """
    parts = []
    rest = text.strip()
    while rest:
        fits = _fitting(rest, most, measure)
        if fits == len(rest):
            parts.append(rest)
            break
        cut = _pause(rest, fits) or _inside_a_word(rest, fits, most, measure)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return parts


def _fitting(text: str, most: int, measure: Callable[[str], int]) -> int:
    """How many characters from the beginning fit; at least one."""
    high = min(len(text), most)
    if measure(text[:high]) <= most:
        return max(1, high)
    low = 1
    while low < high - 1:
        middle = (low + high) // 2
        low, high = (middle, high) if measure(text[:middle]) <= most else (low, middle)
    return low


def _pause(text: str, fits: int) -> int:
    """Where to cut within the first `fits` characters, at the best pause; 0 when there is none."""
    window = text[: fits + 1]
    for pause in PAUSES:
        least = 0 if pause is PAUSES[-1] else int(fits * LEAST_FILLED)
        ends = [match.start() for match in pause.finditer(window) if match.start() <= fits]
        if ends and ends[-1] > least:
            return ends[-1]
    return 0


def _inside_a_word(text: str, fits: int, most: int, measure: Callable[[str], int]) -> int:
    """The last place up to `fits` that cuts nothing in two that fits as a whole, and no character; `fits` where there
    is none."""
    for whole in WHOLE.finditer(text, 0, fits + most):
        start, end = whole.span()
        if 0 < start < fits < end and may_cut(text, start) and measure(whole[0]) <= most:
            return start
    return next((cut for cut in range(fits, 0, -1) if may_cut(text, cut)), fits)


def may_cut(text: str, at: int) -> bool:
    """Whether two characters meet at this place: a short form of https://www.unicode.org/reports/tr29/."""
    before, after = text[at - 1], text[at]
    if after in JOINERS or before == "\u200d" or (before, after) == ("\r", "\n"):
        return False
    if unicodedata.category(after).startswith("M") or _modifies(after) or _continues_syllable(after):
        return False
    return not (_is_flag_letter(after) and _flag_letters_before(text, at) % 2 == 1)


def _modifies(character: str) -> bool:
    """Skin tones and the letters of tags, as in the flag of Wales."""
    return "\U0001f3fb" <= character <= "\U0001f3ff" or "\U000e0020" <= character <= "\U000e007f"


def _continues_syllable(character: str) -> bool:
    """Vowels and final consonants of Korean that is written letter by letter."""
    return "\u1160" <= character <= "\u11ff"


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_letters_before(text: str, at: int) -> int:
    """Flags are pairs of letters: so many stand in a row before this place."""
    first = at
    while first > 0 and _is_flag_letter(text[first - 1]):
        first -= 1
    return at - first
