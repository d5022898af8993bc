"""One font file: which characters it can draw, and how far each moves the next one.

Reads TrueType, OpenType and the first font of a collection; draws nothing. Which characters a file has is read from
its `cmap` table (https://learn.microsoft.com/en-us/typography/opentype/spec/cmap), widths come from FreeType, so
that a variable font is measured at the weight it is drawn with.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from struct import error as cut_off
from struct import iter_unpack, unpack_from

from PIL import ImageFont

REGULAR_WEIGHT = 400
BOLD_WEIGHT = 600
MEASURED_PX = 1000
"""The size at which widths are taken: large enough that no rounding shows."""
LAST_OF_PLANE_0 = 0xFFFF


class NoFont(ValueError):
    """A file is not a font that we can read; the text says why."""


class FontFile:
    """The characters of a font file and their widths. Raises NoFont."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.characters = frozenset(_characters(path.read_bytes()))
            self._advances: dict[tuple[str, bool], float] = {}
            self._regular, self._bold = (_face(path, weight) for weight in (REGULAR_WEIGHT, BOLD_WEIGHT))
        except OSError as error:
            raise NoFont(f"cannot be read ({error.strerror or error})") from None
        except (cut_off, StopIteration):
            raise NoFont("is not a TrueType or OpenType font with Unicode characters") from None

    def __contains__(self, character: str) -> bool:
        return ord(character) in self.characters

    def advance(self, character: str, bold: bool) -> float:
        """How wide the character is, alone, as a part of the text's size."""
        key = character, bold
        if key not in self._advances:
            face = self._bold if bold else self._regular
            self._advances[key] = face.getlength(character) / MEASURED_PX
        return self._advances[key]


def _face(path: Path, weight: int) -> ImageFont.FreeTypeFont:
    # The basic layout is the same on every machine; the other one depends on a library of the system.
    face = ImageFont.truetype(str(path), MEASURED_PX, layout_engine=ImageFont.Layout.BASIC)
    try:
        axes = face.get_variation_axes()
    except OSError:
        return face
    face.set_variation_by_axes(
        [weight if axis["name"] == b"Weight" else int(axis["default"] or 0) for axis in axes]
    )
    return face


def _characters(font: bytes) -> Iterator[int]:
    """The code points that the file has a glyph for."""
    (first,) = unpack_from(">L", font, 12) if font[:4] == b"ttcf" else (0,)
    (count,) = unpack_from(">H", font, first + 4)
    tables = {tag: at for tag, _, at, _ in iter_unpack(">4sLLL", font[first + 12 : first + 12 + 16 * count])}
    start = tables.get(b"cmap", 0)
    (count,) = unpack_from(">H", font, start + 2)
    offsets = [start + unpack_from(">L", font, start + 8 + 8 * record)[0] for record in range(count)]
    formats = {unpack_from(">H", font, at)[0]: at for at in offsets}
    yield from _all_planes(font, formats[12]) if 12 in formats else _plane_0(font, formats.get(4, len(font)))


def _all_planes(font: bytes, at: int) -> Iterator[int]:
    (groups,) = unpack_from(">L", font, at + 12)
    for first, last, _ in iter_unpack(">LLL", font[at + 16 : at + 16 + 12 * groups]):
        yield from range(first, last + 1)


def _plane_0(font: bytes, at: int) -> Iterator[int]:
    (twice,) = unpack_from(">H", font, at + 6)
    ends = unpack_from(f">{twice // 2}H", font, at + 14)
    starts = unpack_from(f">{twice // 2}H", font, at + 16 + twice)
    for first, last in zip(starts, ends, strict=True):
        yield from range(first, min(last + 1, LAST_OF_PLANE_0))
