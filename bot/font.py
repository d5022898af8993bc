"""The typeface of the pictures, a stack of fonts: what it can draw, how wide it is, how a text fits a given room.

The renderer draws a box for a character that all its fonts lack, and nothing at all without a font; both are found
here, before a picture exists. Widths are upper bounds: kerning is left out. The first font that has a character draws
it, so a picture looks the same on every machine.

Invariant: a text fitted to a width is never wider than that width once drawn.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from bot.glyphs import FontFile
from bot.joined import alone, joined
from bot.parts import may_cut

FONT_FAMILY = "Noto Sans"
"""Latin, Cyrillic, Greek and Devanagari, in every installation."""
PACKAGES = {
    "fontpkg_noto_sans": "NotoSans[wdth,wght].ttf",
    "fontpkg_noto_sans_arabic": "NotoSansArabic[wdth,wght].ttf",
    "fontpkg_heebo": "Heebo[wght].ttf",
    "fontpkg_noto_sans_thai": "NotoSansThai[wdth,wght].ttf",
}
"""The fonts by package; all but the first are the extra "fonts"."""
IN_THE_EXTRA = ("ARABIC", "HEBREW", "THAI")

JOINED_WIDENS = 1.07
"""How much a pair of joined letters is wider than its forms at most (measured over 6000 words of 1 to 7 letters)."""
CAP_HEIGHT = 0.714
"""The height of a capital letter (OS/2 table); like the next two, as a part of the text's size."""
LINE_HEIGHT = 1.16
BASELINE = (LINE_HEIGHT + CAP_HEIGHT) / 2
"""How far below the top of its line the baseline of a text lies, so that its capitals stand in the middle."""
SHRINK = 0.96
ELLIPSIS = "…"


class MissingGlyphs(ValueError):
    """No font of the stack can draw these characters; the text says where a font that can is to be had."""

    def __init__(self, characters: str) -> None:
        named = " ".join(f"{character} (U+{ord(character):04X})" for character in characters)
        scripts = {unicodedata.name(character, "").split(" ")[0] for character in characters}
        way_out = (
            "install jono[fonts]"
            if scripts <= set(IN_THE_EXTRA)
            else "name a font file that has one in brand.fonts, or leave them out"
        )
        super().__init__(f"no font has a glyph for {named}; {way_out}")
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
    """Glyphs and advance widths of a stack of fonts."""

    def __init__(self, fonts: Sequence[FontFile]) -> None:
        self.fonts = fonts
        self._advances: dict[tuple[str, bool], float] = {}

    @property
    def files(self) -> list[str]:
        """The stack for the renderer, the first font first."""
        return [str(font.path) for font in self.fonts]

    def missing(self, text: str) -> str:
        """The characters of `text` that no font has a glyph for, each once, in order."""
        return "".join(dict.fromkeys(character for character in text if self._font(character) is None))

    def width_px(self, text: str, size_px: float, bold: bool = False) -> float:
        """An upper bound of the drawn width. Raises MissingGlyphs."""
        return size_px * sum(self._advance(letter, bold, text) for letter in joined(text))

    def _font(self, character: str) -> FontFile | None:
        return next((font for font in self.fonts if character in font), None)

    def _advance(self, letter: str, bold: bool, text: str) -> float:
        advance = self._advances.get((letter, bold))
        if advance is None:
            # A form of a letter that the fonts have no character for is measured by the letter alone.
            font = self._font(letter) or self._font(letter := alone(letter))
            if font is None:
                raise MissingGlyphs(self.missing(text))
            widens = JOINED_WIDENS if unicodedata.bidirectional(letter) == "AL" else 1.0
            advance = self._advances[letter, bold] = font.advance(letter, bold) * widens
        return advance

    def fit(self, text: str, room: Room) -> Block:
        """`text` as large as the room allows; cut with an ellipsis where the least size is still too large.

        Raises MissingGlyphs.
        """
        if missing := self.missing(text):
            raise MissingGlyphs(missing)
        size = room.size_px
        wrapped = self._wrap(text, room, size)
        while size * SHRINK >= room.least_px and not self._fits(wrapped, room, size):
            size *= SHRINK
            wrapped = self._wrap(text, room, size)
        if len(wrapped) > room.lines:
            wrapped = [*wrapped[: room.lines - 1], _after(text, wrapped[: room.lines - 1])]
        else:
            wrapped = self._balance(text, wrapped, room, size)
        return Block(tuple(self._cut(line, room, size) for line in wrapped), size)

    def _fits(self, wrapped: list[str], room: Room, size_px: float) -> bool:
        return len(wrapped) <= room.lines and self._widest_px(wrapped, room, size_px) <= room.width_px

    def _widest_px(self, wrapped: list[str], room: Room, size_px: float) -> float:
        return max(self.width_px(line, size_px, room.bold) for line in wrapped)

    def _balance(self, text: str, wrapped: list[str], room: Room, size_px: float) -> list[str]:
        """The same number of lines, as even as they can be: no short word is left alone at an end."""
        while True:
            widest_px = self._widest_px(wrapped, room, size_px)
            narrower = replace(room, width_px=widest_px * 0.999)
            tighter = self._wrap(text, narrower, size_px)
            if len(tighter) > len(wrapped) or self._widest_px(tighter, room, size_px) >= widest_px:
                return wrapped
            wrapped = tighter

    def _wrap(self, text: str, room: Room, size_px: float) -> list[str]:
        wrapped: list[str] = []
        for space, word in _words(text):
            longer = f"{wrapped[-1]}{space}{word}" if wrapped else word
            if wrapped and self.width_px(longer, size_px, room.bold) <= room.width_px:
                wrapped[-1] = longer
            else:
                wrapped.append(word)
        return wrapped

    def _cut(self, line: str, room: Room, size_px: float) -> str:
        if self.width_px(line, size_px, room.bold) <= room.width_px:
            return line
        kept = len(line) - 1
        while kept and (
            not may_cut(line, kept)
            or self.width_px(line[:kept] + ELLIPSIS, size_px, room.bold) > room.width_px
        ):
            kept -= 1
        return line[:kept].rstrip() + ELLIPSIS


@cache
def typeface(further: tuple[str, ...] = ()) -> Typeface:
    """The installed fonts and then those in the files `further`, each read once. Raises NoFont."""
    return Typeface([*_installed(), *(FontFile(Path(path)) for path in further)])


@cache
def _installed() -> tuple[FontFile, ...]:
    places = {package: find_spec(package) for package in PACKAGES}
    return tuple(
        FontFile(Path(spec.origin).parent / "files" / PACKAGES[package])
        for package, spec in places.items()
        if spec is not None and spec.origin is not None
    )


def right_to_left(text: str) -> bool:
    """Whether the text is read from the right: its first letter tells.

    https://www.unicode.org/reports/tr9/#The_Paragraph_Level
    """
    directions = map(unicodedata.bidirectional, text)
    return next((way for way in directions if way in ("L", "R", "AL")), "L") != "L"


def _words(text: str) -> Iterator[tuple[str, str]]:
    """What may stand at the beginning of a line, with the space before it: words, and single wide characters."""
    for word in text.split(" "):
        space, begin = " ", 0
        for at in range(1, len(word)):
            if _may_break(word[at - 1], word[at]) and may_cut(word, at):
                yield space, word[begin:at]
                space, begin = "", at
        yield space, word[begin:]


def _may_break(before: str, after: str) -> bool:
    """Whether a line may end between these two though there is no space: Chinese and Japanese have none."""
    if unicodedata.category(before) == "Ps" or not (after.isalnum() or unicodedata.category(after) == "Ps"):
        return False
    return "W" in (unicodedata.east_asian_width(before), unicodedata.east_asian_width(after))


def _after(text: str, lines: list[str]) -> str:
    """What comes after these first lines."""
    at = 0
    for line in lines:
        at = text.index(line, at) + len(line)
    return text[at:].lstrip(" ")
