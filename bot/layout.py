"""Where everything on a banner stands, computed from the widths of the fonts.

Texts are fitted into the part of a format that every platform leaves visible. A sign in a script that is read from the
right is laid out from the right. Measures, draws nothing.

Invariant: no text reaches out of the safe part, and caption, figure and state are never cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from bot.font import BASELINE, CAP_HEIGHT, LINE_HEIGHT, Block, Room, Typeface, right_to_left
from bot.formats import Format
from bot.scene import BOLD, Anchor, Area, Dial, Line, Role, Scene
from bot.words.sign import NO_BREAK_SPACE, Sign

SMALLEST = 0.65
"""How far a text may shrink before it is cut instead."""
UNIT_SIZE, UNIT_GAP = 0.5, 0.14
"""Of the "min" behind its number, as parts of the number's size."""
CHIP_HEIGHT, CHIP_PADDING, CHIP_ICON, CHIP_GAP = 1.75, 0.75, 1.15, 0.4
"""Of the chip, as parts of the size of its text."""
DIAL_ICON = 0.92
"""How large the icon is in the dial, as a part of its radius."""
LOGO_HEIGHT, LOGO_GAP, WIDEST_LOGO = 1.5, 0.45, 4.0
"""Of the logo, as parts of the size of the name beside it; a wider one is less high."""
FROM_RIGHT, END_OF_THAT = "\N{RIGHT-TO-LEFT EMBEDDING}", "\N{POP DIRECTIONAL FORMATTING}"


@dataclass(frozen=True, slots=True)
class _Column:
    """Where text stands: between two edges, read from one of them."""

    left: float
    right: float
    from_right: bool

    @property
    def anchor(self) -> Anchor:
        return "end" if self.from_right else "start"

    @property
    def width(self) -> float:
        return self.right - self.left

    def x(self, offset: float = 0.0) -> float:
        """The place so far from where reading begins."""
        return self.right - offset if self.from_right else self.left + offset

    def area(self, offset: float, middle: float, width: float, height: float) -> Area:
        """A rectangle so far from where reading begins, its middle at that height."""
        left = self.right - offset - width if self.from_right else self.left + offset
        return Area(left, middle - height / 2, width, height)


@dataclass(frozen=True, slots=True)
class _Row:
    """A block of text in a column, how high it stands with the space under it, and what is before and behind it."""

    role: Role
    block: Block
    height_px: float
    indent_px: float = 0.0
    unit: str = ""


def arranged(banner: Format, sign: Sign, named: str, font: Typeface, logo_aspect: float) -> Scene:
    """Everything of a sign in place on a banner; `logo_aspect` is the logo's width by its height, 0 without one.

    Raises MissingGlyphs.
    """
    setter = _Setter(font, sign, named, min(logo_aspect, WIDEST_LOGO))
    return setter.wide(banner) if banner.shape == "wide" else setter.round(banner)


@dataclass(frozen=True, slots=True)
class _Setter:
    """Sets one sign."""

    font: Typeface
    sign: Sign
    named: str
    logo_aspect: float

    def wide(self, banner: Format) -> Scene:
        """Text from one edge of the safe part, the dial at its other."""
        left, top = banner.safe.left * banner.width, banner.safe.top * banner.height
        width, height = banner.safe.width * banner.width, banner.safe.height * banner.height
        from_right = right_to_left(self.sign.caption)
        radius = min(height * 0.43, width * 0.18)
        beside_px = 2 * radius + width * 0.05
        edges = (left + beside_px, left + width) if from_right else (left, left + width - beside_px)
        dial_x = left + radius if from_right else left + width - radius
        dial = Dial(dial_x, top + height / 2, radius * 0.92, self.sign.share_of_hour)
        column = _Column(*edges, from_right)
        rows = self._rows(column.width, height)
        scale = 1.0
        while sum(row.height_px for row in rows) > height:
            scale *= 0.97
            rows = self._rows(column.width, height * scale)
        return self._in_column(rows, column, top + height / 2, dial)

    def _rows(self, width_px: float, height_px: float) -> list[_Row]:
        sign = self.sign
        rows = [self._name_row(width_px, height_px * 0.1)]
        rows.append(self._row("caption", sign.caption, width_px, height_px * 0.125))
        figure = self._figure_row(width_px, height_px * (0.34 if sign.note else 0.4))
        rows.append(replace(figure, height_px=figure.height_px + height_px * 0.025) if sign.note else figure)
        if sign.note:
            rows.append(self._row("note", sign.note, width_px, height_px * 0.085, lines=2))
        chip = self._state(width_px, height_px * 0.09, 2 * CHIP_PADDING)
        rows.append(_Row("state", chip, chip.size_px * CHIP_HEIGHT + height_px * 0.06))
        return rows

    def _name_row(self, width_px: float, size_px: float) -> _Row:
        around = LOGO_HEIGHT * self.logo_aspect + LOGO_GAP if self.logo_aspect else 0.0
        block = self._fit(self.named, "brand", width_px, size_px, lines=2, around=around)
        text_px = len(block.lines) * LINE_HEIGHT
        height_px = max(text_px, LOGO_HEIGHT if around else 0.0) * block.size_px + 0.4 * size_px
        return _Row("brand", block, height_px, around * block.size_px)

    def _row(self, role: Role, text: str, width_px: float, size_px: float, lines: int = 1) -> _Row:
        block = self._fit(text, role, width_px, size_px, lines)
        return _Row(role, block, len(block.lines) * block.size_px * LINE_HEIGHT)

    def _figure_row(self, width_px: float, size_px: float) -> _Row:
        """A number with its unit on one line; words on one or, where that would halve them, on two. Never cut."""
        figure = self.sign.figure
        amount, _, unit = figure.partition(NO_BREAK_SPACE)
        if unit and self.sign.share_of_hour:
            unit_px = self.font.width_px(unit, UNIT_SIZE) + UNIT_GAP
            size_px = min(size_px, width_px / (self.font.width_px(amount, 1.0, bold=True) + unit_px))
            return _Row("figure", Block((amount,), size_px), size_px * LINE_HEIGHT, unit=unit)
        single = self.font.fit(figure, Room(width_px, size_px, size_px / 2, bold=True))
        if single.lines != (figure,):
            single = self.font.fit(figure, Room(width_px, size_px / 2, 1.0, lines=2, bold=True))
        return _Row("figure", single, len(single.lines) * single.size_px * LINE_HEIGHT)

    def _fit(
        self, text: str, role: Role, width_px: float, size_px: float, lines: int = 1, around: float = 0.0
    ) -> Block:
        """The text in a room, of which `around` parts of its size are taken."""
        room = Room(width_px - around * size_px, size_px, size_px * SMALLEST, lines, bold=role in BOLD)
        return self.font.fit(text, room)

    def _state(self, width_px: float, size_px: float, around: float) -> Block:
        """The name of the light with `around` parts of its size beside it; as small as it must be, never cut."""
        text = self.sign.state
        return Block((text,), min(size_px, width_px / (self.font.width_px(text, 1.0, bold=True) + around)))

    def _in_column(self, rows: Sequence[_Row], column: _Column, middle: float, dial: Dial) -> Scene:
        top = middle - sum(row.height_px for row in rows) / 2
        tops = accumulate((row.height_px for row in rows), initial=top)
        lines: list[Line] = []
        logo = None
        for row, y in zip(rows, tops, strict=False):
            lines += self._in_row(row, column, y)
            if row.role == "brand" and row.indent_px:
                size = row.block.size_px
                centre = y + max(LOGO_HEIGHT, len(row.block.lines) * LINE_HEIGHT) * size / 2
                logo = column.area(0.0, centre, LOGO_HEIGHT * self.logo_aspect * size, LOGO_HEIGHT * size)
        bottom, state = top + sum(row.height_px for row in rows), rows[-1].block
        chip, text = self._chip(column, bottom - state.size_px * CHIP_HEIGHT / 2, state)
        icon_px = dial.radius * DIAL_ICON
        icon = Area(dial.x - icon_px / 2, dial.y - icon_px / 2, icon_px, icon_px)
        return Scene(dial, [*lines, text], chip, icon, logo)

    def _in_row(self, row: _Row, column: _Column, top: float) -> Iterator[Line]:
        if row.role == "state":
            return
        size_px, block_px = row.block.size_px, len(row.block.lines) * row.block.size_px * LINE_HEIGHT
        if row.indent_px:
            top += max(0.0, LOGO_HEIGHT * size_px - block_px) / 2
        for index, text in enumerate(row.block.lines):
            y = top + (index * LINE_HEIGHT + BASELINE) * size_px
            yield _line(text, row.role, column.x(row.indent_px), y, size_px, column.anchor)
        if row.unit:
            offset_px = self.font.width_px(row.block.lines[0], size_px, bold=True) + UNIT_GAP * size_px
            yield _line(row.unit, "unit", column.x(offset_px), y, size_px * UNIT_SIZE, column.anchor)

    def _chip(self, column: _Column, middle: float, state: Block, before: float = 0.0) -> tuple[Area, Line]:
        """The chip and its text, which begins `before` parts of its size later to leave room for an icon."""
        (text,), size = state.lines, state.size_px
        width_px = self.font.width_px(text, size, bold=True) + (2 * CHIP_PADDING + before) * size
        x = column.x((CHIP_PADDING + before) * size)
        line = _line(text, "state", x, middle + CAP_HEIGHT / 2 * size, size, column.anchor)
        return column.area(0.0, middle, width_px, CHIP_HEIGHT * size), line

    def round(self, banner: Format) -> Scene:
        """The dial along the edge, all text in the middle of it; a logo stands in for the name."""
        side = float(banner.width)
        dial = Dial(side / 2, side / 2, side * 0.435, self.sign.share_of_hour)
        # Widths are the chords of the inner circle at these heights.
        lines = [self._centred(self.sign.caption, "caption", dial, -0.43, side * 0.52, side * 0.07)]
        logo = None
        if self.logo_aspect:
            height = side * 0.11
            width = min(height * self.logo_aspect, side * 0.34)
            logo = Area(dial.x - width / 2, dial.y - 0.655 * dial.radius - height / 2, width, height)
        else:
            lines.append(self._centred(self.named, "brand", dial, -0.64, side * 0.36, side * 0.055))
        lines += self._in_the_middle(dial, side)
        before = CHIP_ICON + CHIP_GAP
        around = 2 * CHIP_PADDING + before
        state = self._state(side * 0.48, side * 0.058, around)
        size, middle = state.size_px, dial.y + 0.64 * dial.radius
        width_px = self.font.width_px(state.lines[0], size, bold=True) + around * size
        from_right = right_to_left(self.sign.caption)
        column = _Column(dial.x - width_px / 2, dial.x + width_px / 2, from_right)
        chip, text = self._chip(column, middle, state, before)
        icon = column.area(CHIP_PADDING * size, middle, CHIP_ICON * size, CHIP_ICON * size)
        return Scene(dial, [*lines, text], chip, icon, logo)

    def _in_the_middle(self, dial: Dial, side: float) -> Iterator[Line]:
        row = self._figure_row(side * 0.6, side * 0.2)
        if row.unit:
            yield self._centred(row.block.lines[0], "figure", dial, -0.04, side * 0.6, side * 0.3)
            yield self._centred(row.unit, "unit", dial, 0.33, side * 0.5, side * 0.085)
            return
        size = row.block.size_px
        top = dial.y - row.height_px / 2
        for index, text in enumerate(row.block.lines):
            y = top + (index * LINE_HEIGHT + BASELINE) * size
            yield _line(text, "figure", dial.x, y, size, "middle")

    def _centred(
        self, text: str, role: Role, dial: Dial, lowered: float, width_px: float, size_px: float
    ) -> Line:
        """One line centred in the dial, its middle `lowered` radii under the dial's."""
        block = self._fit(text, role, width_px, size_px)
        y = dial.y + lowered * dial.radius + CAP_HEIGHT / 2 * block.size_px
        return _line(block.lines[0], role, dial.x, y, block.size_px, "middle")


def _line(text: str, role: Role, x: float, y: float, size_px: float, anchor: Anchor) -> Line:
    """The renderer takes a line to be read from the left unless it is told."""
    told = f"{FROM_RIGHT}{text}{END_OF_THAT}" if right_to_left(text) else text
    return Line(told, role, x, y, size_px, anchor)
