"""The last hours or days as a picture: what was published, when the desk was closed, what became of promises and turns.

Geometry only: the coordinates are of a stretchable picture PLOT_WIDTH x PLOT_HEIGHT whose labels are text
beside it, so that it fits a phone and a wall alike. A young history gets a short picture, a day at most. A
time with nothing published stays empty: nothing is drawn between two points further apart than three
refreshes, and nothing while no figure was given.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import groupby, pairwise
from statistics import fmean

from bot.points import SLOT_S
from bot.published import HistoryPoint

MINUTE_S = 60.0
HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
WEEK_DAYS = 7
MISSED_REFRESHES = 3

PLOT_WIDTH = 960.0
PLOT_HEIGHT = 240.0
BAR_HEIGHT = 60.0
BAR_GAP = 0.25
"""The part of its step that a bar leaves free."""
COLUMNS = 288
"""A line has at most so many corners, one every five minutes of a day."""

TOPS_S = tuple(
    60.0 * minutes for minutes in (10, 20, 30, 60, 120, 240, 480, 720, 1440, 2880, 5760, 11520, 23040, 46080)
)
"""Ends of the vertical axis, chosen so that the half of each is a round figure too."""


@dataclass(frozen=True, slots=True)
class Period:
    """How far back a chart of hours looks. A bar and a row of the table stand for `step_s` each."""

    length_s: float
    step_s: float
    mark_every_s: float


PERIODS = (
    Period(2 * HOUR_S, 15 * MINUTE_S, 30 * MINUTE_S),
    Period(6 * HOUR_S, 30 * MINUTE_S, HOUR_S),
    Period(12 * HOUR_S, HOUR_S, 3 * HOUR_S),
    Period(DAY_S, HOUR_S, 6 * HOUR_S),
)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the time axis, in plot units."""

    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One step's judged promises as heights in plot units: the broken ones stand on the kept ones."""

    left: float
    width: float
    kept_height: float
    broken_height: float


@dataclass(frozen=True, slots=True)
class Flow:
    """One step's new requests and its replies, as heights in plot units of two bars side by side."""

    left: float
    width: float
    arrived_height: float
    answered_height: float


@dataclass(frozen=True, slots=True)
class Figure:
    """A wait as it was published at an instant."""

    at: float
    p50_s: float
    p80_s: float


@dataclass(frozen=True, slots=True)
class Step:
    """One step's figures for the table: the published wait on average (None: none was) and what was counted."""

    starts_at: float
    ends_at: float
    state: str
    p50_s: float | None
    p80_s: float | None
    promises: int
    kept: int
    arrived: int
    answered: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything the template draws and says. `bands`, `uppers` and `medians` are SVG point lists.

    It looks `days` days back, or where that is 0 `length_s`. `marks` are labelled under the axis of hours, evenly
    spaced from one end to the other; under that of days each labels the day it begins. `most_turns` is the height of
    the tallest bar in requests or replies, `most_promises` that in promises.
    """

    starts_at: float
    length_s: float
    days: int
    top_s: float
    most_turns: int
    most_promises: int
    bands: tuple[str, ...]
    uppers: tuple[str, ...]
    medians: tuple[str, ...]
    closed: tuple[Span, ...]
    bars: tuple[Bar, ...]
    flows: tuple[Flow, ...]
    steps: tuple[Step, ...]
    marks: tuple[float, ...]
    shortest_s: float | None
    longest_s: float | None


def draw(history: Sequence[HistoryPoint], as_of: float, refresh_s: float, columns: int = COLUMNS) -> Chart:
    """The chart up to the end of the step in which `as_of` lies; `history` is in order of time.

    It spans the shortest of PERIODS that holds the history of the last day.
    """
    first_at = next((point.at for point in history if _begin(PERIODS[-1], as_of) <= point.at), as_of)
    period = next(period for period in PERIODS if _begin(period, as_of) <= first_at)
    begin = _begin(period, as_of)
    edges = [begin + n * period.step_s for n in range(round(period.length_s / period.step_s) + 1)]
    marks = [begin + n * period.mark_every_s for n in range(round(period.length_s / period.mark_every_s) + 1)]
    return _drawn(history, as_of, _Axis(edges, refresh_s, columns), marks, 0)


def draw_week(week: Sequence[HistoryPoint], as_of: float, zone: tzinfo) -> Chart:
    """The chart of the day in which `as_of` lies and the six before it, on the clock of `zone`; `week` is in slots."""
    today = datetime.fromtimestamp(as_of, zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    # Adding to an aware time moves the hands of the local clock.
    edges = [(today + timedelta(days=n)).timestamp() for n in range(1 - WEEK_DAYS, 2)]
    return _drawn(week, as_of, _Axis(edges, SLOT_S, COLUMNS), edges[:-1], WEEK_DAYS)


def _begin(period: Period, as_of: float) -> float:
    return (as_of // period.step_s + 1) * period.step_s - period.length_s


def _drawn(
    history: Sequence[HistoryPoint], as_of: float, axis: _Axis, marks: Sequence[float], days: int
) -> Chart:
    points = [point for point in history if axis.begin <= point.at <= as_of]
    runs = list(axis.runs(points))
    told_s = [figure.p80_s for run in runs for figure in run]
    top_s = next((top for top in TOPS_S if top >= max(told_s, default=0.0)), TOPS_S[-1])
    uppers = [axis.corners([(figure.at, figure.p80_s / top_s) for figure in run]) for run in runs]
    medians = [axis.corners([(figure.at, figure.p50_s / top_s) for figure in run]) for run in runs]
    steps = tuple(_steps(points, axis))
    most_turns = max((max(step.arrived, step.answered) for step in steps), default=0)
    most_promises = max((step.promises for step in steps), default=0)
    return Chart(
        starts_at=axis.begin,
        length_s=axis.length_s,
        days=days,
        top_s=top_s,
        most_turns=most_turns,
        most_promises=most_promises,
        bands=tuple(" ".join([*up, *reversed(down)]) for up, down in zip(uppers, medians, strict=True)),
        uppers=tuple(map(" ".join, uppers)),
        medians=tuple(map(" ".join, medians)),
        closed=tuple(axis.closed(points)),
        bars=tuple(_bars(steps, axis, most_promises)),
        flows=tuple(_flows(steps, axis, most_turns)),
        steps=steps,
        marks=tuple(marks),
        shortest_s=min(told_s, default=None),
        longest_s=max(told_s, default=None),
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    """The time axis: where its steps begin and end, where an instant stands, and how long a figure holds."""

    edges: Sequence[float]
    refresh_s: float
    columns: int

    @property
    def begin(self) -> float:
        return self.edges[0]

    @property
    def length_s(self) -> float:
        return self.edges[-1] - self.edges[0]

    def x(self, at: float) -> float:
        return min(PLOT_WIDTH, (at - self.begin) / self.length_s * PLOT_WIDTH)

    def step(self, point: HistoryPoint) -> int:
        """The number of the step in which a point lies."""
        return bisect_right(self.edges, point.at) - 1

    def runs(self, points: Sequence[HistoryPoint]) -> Iterator[list[Figure]]:
        """Stretches of figures, none missing between them; of each column the longest wait."""
        run: list[Figure] = []
        for point in points:
            figure = _figure(point)
            if run and (figure is None or not self._follows(run[-1].at, point.at)):
                yield self._thinned(run)
                run = []
            if figure is not None:
                run.append(figure)
        if run:
            yield self._thinned(run)

    def _thinned(self, run: Sequence[Figure]) -> list[Figure]:
        column_s = self.length_s / self.columns
        columns = groupby(run, key=lambda figure: (figure.at - self.begin) // column_s)
        longest = [max(column, key=lambda figure: figure.p80_s) for _, column in columns]
        # The last one stays where it is: it holds until now.
        return longest if longest[-1] == run[-1] else [*longest[:-1], longest[-1], run[-1]]

    def corners(self, heights: Sequence[tuple[float, float]]) -> list[str]:
        """Instants and shares of the height as SVG points; the last holds until its refresh was due."""
        last_at, last = heights[-1]
        held = [*heights, (last_at + self.refresh_s, last)]
        return [f"{self.x(at):.1f},{(1 - min(1.0, share)) * PLOT_HEIGHT:.1f}" for at, share in held]

    def closed(self, points: Sequence[HistoryPoint]) -> Iterator[Span]:
        """The stretches in which the desk was closed."""
        spans: list[tuple[float, float]] = []
        for index, point in enumerate(points):
            if point.state != "closed":
                continue
            begin = spans.pop()[0] if spans and spans[-1][1] == point.at else point.at
            spans.append((begin, self._holds_until(points, index)))
        for begin, end in spans:
            yield Span(round(self.x(begin), 1), round(self.x(end) - self.x(begin), 1))

    def _holds_until(self, points: Sequence[HistoryPoint], index: int) -> float:
        at = points[index].at
        later = points[index + 1].at if index + 1 < len(points) else None
        return later if later is not None and self._follows(at, later) else at + self.refresh_s

    def _follows(self, at: float, later: float) -> bool:
        return later - at <= MISSED_REFRESHES * self.refresh_s

    def place(self, step: Step) -> tuple[float, float]:
        """Where a step's bars stand: left edge and width."""
        left, right = self.x(step.starts_at), self.x(step.ends_at)
        gap = BAR_GAP * (right - left)
        return round(left + gap / 2, 1), round(right - left - gap, 1)


def _figure(point: HistoryPoint) -> Figure | None:
    if point.state != "open" or point.p50_s is None or point.p80_s is None:
        return None
    return Figure(point.at, point.p50_s, point.p80_s)


def _steps(points: Iterable[HistoryPoint], axis: _Axis) -> Iterator[Step]:
    bounds = list(pairwise(axis.edges))
    for number, within in groupby(points, key=axis.step):
        step = list(within)
        figures = [figure for point in step if (figure := _figure(point))]
        yield Step(
            *bounds[number],
            state=step[-1].state,
            p50_s=fmean(figure.p50_s for figure in figures) if figures else None,
            p80_s=fmean(figure.p80_s for figure in figures) if figures else None,
            promises=sum(point.promises for point in step),
            kept=sum(point.kept for point in step),
            arrived=sum(point.arrived for point in step),
            answered=sum(point.answered for point in step),
        )


def _bars(steps: Sequence[Step], axis: _Axis, most: int) -> Iterator[Bar]:
    for step in steps:
        if step.promises:
            unit = BAR_HEIGHT / most
            broken = step.promises - step.kept
            yield Bar(*axis.place(step), round(step.kept * unit, 1), round(broken * unit, 1))


def _flows(steps: Sequence[Step], axis: _Axis, most: int) -> Iterator[Flow]:
    for step in steps:
        if step.arrived or step.answered:
            unit = BAR_HEIGHT / most
            left, width = axis.place(step)
            yield Flow(
                left, round(width / 2, 1), round(step.arrived * unit, 1), round(step.answered * unit, 1)
            )
