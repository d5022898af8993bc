"""The published wait as a picture, for the profile pages of the platforms.

The layout is computed here from the font's own widths, the template only draws it; how large a picture is and
where text survives on it stands in `bot.formats`. Pictures show rounded promises and no time of day, so they
change seldom and a copy that was cached somewhere does not lie.

Invariant: the same sign, brand and format give the same bytes, and every word in the picture is readable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import resvg_py

from bot.font import (
    BASELINE,
    BOLD_WEIGHT,
    CAP_HEIGHT,
    FONT_FAMILY,
    FONT_FILE,
    LINE_HEIGHT,
    Block,
    Room,
    typeface,
)
from bot.formats import FORMATS, Format
from bot.jpeg import as_jpeg
from bot.light import SHAPES, Light
from bot.render import render
from bot.words.plain import NAME_CHARS, one_line
from bot.words.sign import NO_BREAK_SPACE, Sign

COLOURS: Mapping[Light, str] = {
    "open": "#4fd1a1",
    "busy": "#f6c453",
    "long": "#ffa085",
    "closed": "#9db7ff",
    "unknown": "#b6c0cd",
    "incident": "#f78df4",
}
"""On the banner's dark ground each has a contrast above 7:1 (https://www.w3.org/TR/WCAG22/#contrast-enhanced)."""


Role = Literal["brand", "caption", "figure", "state", "note"]
BOLD: frozenset[Role] = frozenset({"figure", "state"})
SMALLEST = 0.65
"""How far a text may shrink before it is cut instead."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text in place: `x` is its start, or its middle where it is centred; `y` is the baseline."""

    text: str
    role: Role
    x: float
    y: float
    size_px: float
    centred: bool


@dataclass(frozen=True, slots=True)
class Dial:
    """A clock face whose arc is the promise: a quarter for 15 minutes, all of it for an hour and more."""

    x: float
    y: float
    radius: float
    share: float


@dataclass(frozen=True, slots=True)
class _Row:
    """A block of text in a stack, and the space under it."""

    role: Role
    block: Block
    space_px: float = 0.0

    @property
    def height_px(self) -> float:
        return len(self.block.lines) * self.block.size_px * LINE_HEIGHT + self.space_px


def render_banner(name: str, sign: Sign, brand: str, title: str, encoding: str = "png") -> bytes:
    """The banner in the format of that name as PNG, or as "jpeg"; `title` is the queue's.

    Raises KeyError for a name not in FORMATS, MissingGlyphs for a text the font cannot draw.
    """
    png: bytes = resvg_py.svg_to_bytes(
        svg_string=banner_svg(FORMATS[name], sign, brand, title),
        skip_system_fonts=True,
        font_files=[str(FONT_FILE)],
    )
    return as_jpeg(png) if encoding == "jpeg" else png


def banner_svg(banner: Format, sign: Sign, brand: str, title: str) -> str:
    """The banner as SVG, every text inside the safe part. Raises MissingGlyphs."""
    owner, queue = one_line(brand, NAME_CHARS), one_line(title, NAME_CHARS)
    named = owner if queue in ("", owner) else f"{owner}{NO_BREAK_SPACE}· {queue}"
    arrange = _wide if banner.shape == "wide" else _round
    dial, lines = arrange(banner, sign, named)
    return render(
        f"banner_{banner.shape}.svg",
        banner=banner,
        dial=dial,
        lines=lines,
        colour=COLOURS[sign.light],
        icon=SHAPES[sign.light],
        font={"family": FONT_FAMILY, "bold": BOLD_WEIGHT, "bold_roles": BOLD},
    )


def _wide(banner: Format, sign: Sign, named: str) -> tuple[Dial, list[Line]]:
    """Text from the safe part's left edge, the dial at its right, the state inside the dial."""
    left, top = banner.safe.left * banner.width, banner.safe.top * banner.height
    width, height = banner.safe.width * banner.width, banner.safe.height * banner.height
    radius = min(height * 0.46, width * 0.19)
    dial = Dial(left + width - radius, top + height / 2, radius * 0.92, sign.share_of_hour)
    room_px = width - 2 * radius - width * 0.06
    figure_px = height * (0.34 if sign.note else 0.44)
    rows = [
        _Row("brand", _fit(named, room_px, height * 0.09, lines=2), height * 0.045),
        _Row("caption", _fit(sign.caption, room_px, height * 0.12)),
        _Row("figure", _fit_figure(sign.figure, room_px, figure_px)),
    ]
    if sign.note:
        rows.append(_Row("note", _fit(sign.note, room_px, height * 0.085, lines=2)))
    lines = list(_stack(rows, left, top + height / 2))
    return dial, [*lines, _in_dial(sign.state, "state", dial, 0.42, dial.radius * 1.3, dial.radius * 0.22)]


def _round(banner: Format, sign: Sign, named: str) -> tuple[Dial, list[Line]]:
    """The dial along the edge, all text in the middle of it."""
    side = float(banner.width)
    dial = Dial(side / 2, side / 2, side * 0.435, sign.share_of_hour)
    # Widths are the chords of the inner circle at these heights.
    around = [
        _in_dial(named, "brand", dial, -0.63, side * 0.36, side * 0.05),
        _in_dial(sign.caption, "caption", dial, -0.45, side * 0.5, side * 0.065),
        _in_dial(sign.state, "state", dial, 0.6, side * 0.38, side * 0.06),
    ]
    if not sign.share_of_hour:
        figure = _Row("figure", _fit_figure(sign.figure, side * 0.6, side * 0.2))
        return dial, [*around, *_stack([figure], dial.x, dial.y, centred=True)]
    amount, _, unit = sign.figure.partition(NO_BREAK_SPACE)
    return dial, [
        *around,
        _in_dial(amount, "figure", dial, 0.0, side * 0.6, side * 0.32),
        _in_dial(unit, "caption", dial, 0.36, side * 0.5, side * 0.085),
    ]


def _fit(text: str, width_px: float, size_px: float, lines: int = 1) -> Block:
    return typeface().fit(text, Room(width_px, size_px, size_px * SMALLEST, lines))


def _fit_figure(text: str, width_px: float, size_px: float) -> Block:
    """The figure on one line or, where that would halve it, on two; it is never cut."""
    single = typeface().fit(text, Room(width_px, size_px, size_px / 2, bold=True))
    if single.lines == (text,):
        return single
    return typeface().fit(text, Room(width_px, size_px / 2, 1.0, lines=2, bold=True))


def _stack(rows: Sequence[_Row], x: float, middle: float, centred: bool = False) -> Iterator[Line]:
    """Rows below each other, as a whole centred on `middle`."""
    y = middle - sum(row.height_px for row in rows) / 2
    for row in rows:
        size_px = row.block.size_px
        for index, text in enumerate(row.block.lines):
            baseline = y + (index * LINE_HEIGHT + BASELINE) * size_px
            yield Line(text, row.role, x, baseline, size_px, centred)
        y += row.height_px


def _in_dial(text: str, role: Role, dial: Dial, lowered: float, width_px: float, size_px: float) -> Line:
    """One line centred in the dial, its middle `lowered` radii under the dial's."""
    block = typeface().fit(text, Room(width_px, size_px, size_px * SMALLEST, bold=role in BOLD))
    y = dial.y + lowered * dial.radius + CAP_HEIGHT / 2 * block.size_px
    return Line(block.lines[0], role, dial.x, y, block.size_px, centred=True)
