"""Where everything of a replay's three pictures stands: geometry only, in the units of each picture's viewBox.

The cloud: what new arrivals were told against how long they waited, both axes logarithmic. The calendar: the share
of promises kept day by day, against the band it should lie in. The sizes: mean errors by how long the wait was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import floor, log, log10, sqrt

from bot.replay.report import TITLES, duration
from bot.replay.report_data import CELLS_A_DECADE, SHORTEST_S, Day, Drawn, Size
from bot.replay.verdict import LEARNING_S

WEEK_DAYS = int(LEARNING_S // 86_400)

TICKS_S = {
    10.0: "10 s",
    60.0: "1 min",
    300.0: "5 min",
    900.0: "15 min",
    3600.0: "1 h",
    4 * 3600.0: "4 h",
    86_400.0: "1 day",
    7 * 86_400.0: "1 week",
    60 * 86_400.0: "2 months",
}

BANDS = ((0.78, 0.82), (0.885, 0.915))
"""Where the shares of 80 % and of 90 % promises kept should lie."""


@dataclass(frozen=True, slots=True)
class Box:
    """A plot within its picture."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top + self.height


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A dot, and what it says when pointed at."""

    x: float
    y: float
    radius: float
    title: str


@dataclass(frozen=True, slots=True)
class Cloud:
    """Told against true. `cells` are x, y and opacity of squares of side `cell`; `p80` is a line of points."""

    box: Box
    cell: float
    cells: tuple[tuple[float, float, float], ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    p80: str
    medians: tuple[Dot, ...]
    p80s: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """Kept by day. `bands` are y and height; `p80` and `p90` are lines of points, broken where days are missing."""

    box: Box
    learning: float
    bands: tuple[tuple[float, float], ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    days: tuple[Dot, ...]
    p80: tuple[str, ...]
    p90: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One size of waits: two bars as wide as the mean errors, the wider one as wide as the plot."""

    y: float
    label: str
    cases: str
    ours: float
    vendor: float
    ours_text: str
    vendor_text: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Errors by size; `vendor` names whose they are compared with."""

    box: Box
    height: float
    bars: tuple[Bar, ...]
    vendor: str


# --- the cloud ---------------------------------------------------------------------------------------------

CLOUD_BOX = Box(64.0, 12.0, 440.0, 440.0)


def cloud(drawn: Drawn) -> Cloud:
    """The cloud of a trace; both axes end where the last cell does."""
    box = CLOUD_BOX
    last = max((max(one.told, one.true) for one in drawn.cells), default=CELLS_A_DECADE)
    side = box.width / (last + 1)

    def along(seconds: float) -> float:
        shown = log10(max(SHORTEST_S, seconds) / SHORTEST_S) * CELLS_A_DECADE
        return min(shown * side, box.width)

    most = max((one.cases for one in drawn.cells), default=1)
    middles = [(box.left + (column.told + 0.5) * side, column) for column in drawn.columns]
    ticks = [(along(at), label) for at, label in TICKS_S.items() if at <= _longest_s(last)]
    return Cloud(
        box=box,
        cell=round(side, 2),
        cells=tuple(
            (
                round(box.left + one.told * side, 2),
                round(box.bottom - (one.true + 1) * side, 2),
                round(0.08 + 0.82 * log(one.cases) / log(max(most, 2)), 2),
            )
            for one in drawn.cells
        ),
        across=tuple(Tick(round(box.left + at, 1), label) for at, label in ticks),
        up=tuple(Tick(round(box.bottom - at, 1), label) for at, label in ticks),
        p80=_points((x, box.bottom - along(column.told_p80_s)) for x, column in middles),
        medians=tuple(
            Dot(
                round(x, 1),
                round(box.bottom - along(one.p50_s), 1),
                3.5,
                f"half within {duration(one.p50_s)}",
            )
            for x, one in middles
        ),
        p80s=tuple(
            Dot(
                round(x, 1),
                round(box.bottom - along(one.p80_s), 1),
                3.5,
                f"80 % within {duration(one.p80_s)}",
            )
            for x, one in middles
        ),
    )


def _longest_s(last: int) -> float:
    return float(SHORTEST_S * 10 ** ((last + 1) / CELLS_A_DECADE))


def _points(corners: Iterator[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)


# --- the calendar ------------------------------------------------------------------------------------------

CALENDAR_BOX = Box(52.0, 12.0, 576.0, 212.0)
LOWEST = 0.6
DAYS_A_TICK = (1, 7, 14, 28, 56, 91, 182, 364)
MOST_TICKS = 9


def calendar(drawn: Drawn) -> Calendar:
    """The calendar of a trace; it reaches down to the worst day."""
    box, days = CALENDAR_BOX, drawn.days
    shares = [share for day in days for share in (day.p80, day.week_p80) if share is not None]
    low = floor(min([LOWEST, *shares]) * 10) / 10
    count = max(len(days), 1)

    def x(number: float) -> float:
        return round(box.left + number / count * box.width, 1)

    def y(share: float) -> float:
        return round(box.bottom - (share - low) / (1 - low) * box.height, 1)

    most = max((day.promises for day in days), default=1) or 1
    step = next((step for step in DAYS_A_TICK if count / step <= MOST_TICKS), DAYS_A_TICK[-1])
    every = 0.1 if low >= 0.5 else 0.2
    marks = [round(1 - number * every, 1) for number in range(floor((1 - low) / every + 1e-9) + 1)]
    return Calendar(
        box=box,
        learning=round(min(WEEK_DAYS / count, 1.0) * box.width, 1),
        bands=tuple((y(high), round(y(below) - y(high), 1)) for below, high in BANDS),
        across=tuple(Tick(x(number), f"day {number}") for number in range(0, count, step)),
        up=tuple(Tick(y(share), f"{share:.0%}") for share in marks),
        days=tuple(
            Dot(x(day.number + 0.5), y(day.p80), round(1.5 + 2.5 * sqrt(day.promises / most), 1), _told(day))
            for day in days
            if day.p80 is not None
        ),
        p80=_lines(days, lambda day: day.week_p80, x, y),
        p90=_lines(days, lambda day: day.week_p90, x, y),
    )


def _told(day: Day) -> str:
    return f"day {day.number}: {day.p80:.0%} of {day.promises} promises"


def _lines(
    days: Sequence[Day],
    share: Callable[[Day], float | None],
    x: Callable[[float], float],
    y: Callable[[float], float],
) -> tuple[str, ...]:
    """A line for each stretch of days with a share; the seven days count from the second week on."""
    shares = [(day.number, share(day) if day.number >= 2 * WEEK_DAYS - 1 else None) for day in days]
    runs = [list(run) for there, run in groupby(shares, key=lambda one: one[1] is not None) if there]
    return tuple(
        _points((x(number + 1), y(value)) for number, value in run if value is not None) for run in runs
    )


# --- the sizes ---------------------------------------------------------------------------------------------

SIZES_LEFT, SIZES_WIDTH, SIZES_ROW = 128.0, 400.0, 46.0


def bars(drawn: Drawn) -> Bars:
    """The errors of a trace by size."""
    height = max(1, len(drawn.sizes)) * SIZES_ROW
    found, below = [], "0"
    for row, size in enumerate(drawn.sizes):
        found.append(_bar(row * SIZES_ROW, size, below))
        below = _limit(size.below_s)
    title = TITLES.get(drawn.vendor, "no vendor")
    return Bars(Box(SIZES_LEFT, 0.0, SIZES_WIDTH, height), height, tuple(found), title)


def _bar(y: float, size: Size, below: str) -> Bar:
    longest = max(size.ours_s, size.vendor_s or 0.0) or 1.0
    label = f"over {below}" if size.below_s is None else f"up to {_limit(size.below_s)}"
    return Bar(
        y=y,
        label=label,
        cases="1 case" if size.cases == 1 else f"{size.cases:,} cases",
        ours=round(size.ours_s / longest * SIZES_WIDTH, 1),
        vendor=round((size.vendor_s or 0.0) / longest * SIZES_WIDTH, 1),
        ours_text=duration(size.ours_s),
        vendor_text=duration(size.vendor_s),
    )


def _limit(below_s: float | None) -> str:
    return TICKS_S.get(below_s or 0.0, duration(below_s))
