"""The one typeface of the pictures: what it can draw, how wide it is, how a text fits a given room.

The renderer draws a box for a character its font lacks, and nothing at all without a font; both are found
here, before a picture exists. Widths are upper bounds: kerning is left out, and bold is widened by one
factor for all characters. Reads one file, once; draws nothing.

Invariant: a text fitted to a width is never wider than that width once drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from struct import iter_unpack, unpack_from

from fontpkg_noto_sans import ROOT

FONT_FILE: Path = ROOT / "files" / "NotoSans[wdth,wght].ttf"
FONT_FAMILY = "Noto Sans"

BOLD_WEIGHT = 600
BOLD_WIDENS = 1.13
"""How much wider than regular a letter of BOLD_WEIGHT is at most (measured over the Latin letters)."""
CAP_HEIGHT = 0.714
"""The height of a capital letter (OS/2 table); like the next two, as a part of the text's size."""
LINE_HEIGHT = 1.16
BASELINE = (LINE_HEIGHT + CAP_HEIGHT) / 2
"""How far below the top of its line the baseline of a text lies, so that its capitals stand in the middle."""
SHRINK = 0.96
ELLIPSIS = "…"


class MissingGlyphs(ValueError):
    """The bundled font cannot draw these characters; the operator names the queue or brand otherwise."""

    def __init__(self, characters: str) -> None:
        super().__init__(
            "the bundled font has no glyph for " + " ".join(f"U+{ord(c):04X}" for c in characters)
        )
        self.characters = characters


@dataclass(frozen=True, slots=True)
class Room:
    """Where a text may stand: so many lines of this width, so large, and never smaller than `least_px`."""

    width_px: float
    size_px: float
    least_px: float
    lines: int = 1
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of text that fit, and the size in pixels at which they do."""

    lines: tuple[str, ...]
    size_px: float


class Typeface:
    """Glyphs and advance widths of a TrueType font.

    The tables `head`, `hhea`, `hmtx` and `cmap`: https://learn.microsoft.com/en-us/typography/opentype/spec/otff
    """

    def __init__(self, font: bytes) -> None:
        (count,) = unpack_from(">H", font, 4)
        start = {tag: at for tag, _, at, _ in iter_unpack(">4sLLL", font[12 : 12 + 16 * count])}
        (self._units_per_em,) = unpack_from(">H", font, start[b"head"] + 18)
        self._glyphs = _read_cmap(font, start[b"cmap"])
        (count,) = unpack_from(">H", font, start[b"hhea"] + 34)
        self._advances = [unpack_from(">H", font, start[b"hmtx"] + 4 * glyph)[0] for glyph in range(count)]

    def missing(self, text: str) -> str:
        """The characters of `text` the font has no glyph for, each once, in order."""
        return "".join(dict.fromkeys(character for character in text if ord(character) not in self._glyphs))

    def width_px(self, text: str, size_px: float, bold: bool = False) -> float:
        """An upper bound of the drawn width. Raises MissingGlyphs."""
        if missing := self.missing(text):
            raise MissingGlyphs(missing)
        units = sum(self._advance(self._glyphs[ord(character)]) for character in text)
        return float(units * size_px / self._units_per_em * (BOLD_WIDENS if bold else 1.0))

    def fit(self, text: str, room: Room) -> Block:
        """`text` as large as the room allows; cut with an ellipsis where the least size is still too large.

        Raises MissingGlyphs.
        """
        size = room.size_px
        wrapped = self._wrap(text, room, size)
        while size * SHRINK >= room.least_px and not self._fits(wrapped, room, size):
            size *= SHRINK
            wrapped = self._wrap(text, room, size)
        if len(wrapped) > room.lines:
            wrapped = [*wrapped[: room.lines - 1], " ".join(wrapped[room.lines - 1 :])]
        else:
            wrapped = self._balance(wrapped, room, size)
        return Block(tuple(self._cut(line, room, size) for line in wrapped), size)

    def _advance(self, glyph: int) -> int:
        # The last entry of `hmtx` holds for every glyph after it.
        return int(self._advances[min(glyph, len(self._advances) - 1)])

    def _fits(self, wrapped: list[str], room: Room, size_px: float) -> bool:
        return len(wrapped) <= room.lines and self._widest_px(wrapped, room, size_px) <= room.width_px

    def _widest_px(self, wrapped: list[str], room: Room, size_px: float) -> float:
        return max(self.width_px(line, size_px, room.bold) for line in wrapped)

    def _balance(self, wrapped: list[str], room: Room, size_px: float) -> list[str]:
        """The same number of lines, as even as they can be: no short word is left alone at an end."""
        while True:
            widest_px = self._widest_px(wrapped, room, size_px)
            narrower = replace(room, width_px=widest_px * 0.999)
            tighter = self._wrap(" ".join(wrapped), narrower, size_px)
            if len(tighter) > len(wrapped) or self._widest_px(tighter, room, size_px) >= widest_px:
                return wrapped
            wrapped = tighter

    def _wrap(self, text: str, room: Room, size_px: float) -> list[str]:
        wrapped: list[str] = []
        for word in text.split(" "):
            longer = f"{wrapped[-1]} {word}" if wrapped else word
            if wrapped and self.width_px(longer, size_px, room.bold) <= room.width_px:
                wrapped[-1] = longer
            else:
                wrapped.append(word)
        return wrapped

    def _cut(self, line: str, room: Room, size_px: float) -> str:
        if self.width_px(line, size_px, room.bold) <= room.width_px:
            return line
        kept = line
        while kept and self.width_px(kept + ELLIPSIS, size_px, room.bold) > room.width_px:
            kept = kept[:-1]
        return kept.rstrip() + ELLIPSIS


@cache
def typeface() -> Typeface:
    """The bundled font, read once."""
    return Typeface(FONT_FILE.read_bytes())


def _read_cmap(font: bytes, start: int) -> dict[int, int]:
    """Code point -> glyph, from the full-Unicode subtable (format 12)."""
    (count,) = unpack_from(">H", font, start + 2)
    offsets = [unpack_from(">L", font, start + 8 + 8 * record)[0] for record in range(count)]
    subtable = next(start + at for at in offsets if unpack_from(">H", font, start + at)[0] == 12)
    (groups,) = unpack_from(">L", font, subtable + 12)
    glyphs: dict[int, int] = {}
    for first, last, glyph in iter_unpack(">LLL", font[subtable + 16 : subtable + 16 + 12 * groups]):
        glyphs.update((code, glyph + code - first) for code in range(first, last + 1))
    return glyphs
