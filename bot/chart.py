"""The last hours as a picture: what was published, when the desk was closed, which promises were kept.

Geometry only: the coordinates are of a stretchable picture PLOT_WIDTH x PLOT_HEIGHT whose labels are text
beside it, so that it fits a phone and a wall alike. A young history gets a short picture, a day at most. A
time with nothing published stays empty: nothing is drawn between two points further apart than three
refreshes, and nothing while no figure was given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from bot.published import HistoryPoint

MINUTE_S = 60.0
HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
MISSED_REFRESHES = 3

PLOT_WIDTH = 960.0
PLOT_HEIGHT = 240.0
BAR_HEIGHT = 60.0
BAR_GAP = 6.0

TOPS_S = tuple(
    60.0 * minutes for minutes in (10, 20, 30, 60, 120, 240, 480, 720, 1440, 2880, 5760, 11520, 23040, 46080)
)
"""Ends of the vertical axis, chosen so that the half of each is a round figure too."""


@dataclass(frozen=True, slots=True)
class Period:
    """How far back a chart looks. A bar and a row of the table stand for `step_s` each."""

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
class Figure:
    """A wait as it was published at an instant."""

    at: float
    p50_s: float
    p80_s: float


@dataclass(frozen=True, slots=True)
class Step:
    """One step's figures for the table: the last published wait (None: none) and the judged promises."""

    starts_at: float
    state: str
    figure: Figure | None
    promises: int
    kept: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything the template draws and says. `bands`, `uppers` and `medians` are SVG point lists."""

    period: Period
    starts_at: float
    top_s: float
    bands: tuple[str, ...]
    uppers: tuple[str, ...]
    medians: tuple[str, ...]
    closed: tuple[Span, ...]
    bars: tuple[Bar, ...]
    steps: tuple[Step, ...]
    shortest_s: float | None
    longest_s: float | None

    @property
    def marks(self) -> tuple[float, ...]:
        """The instants labelled under the time axis, evenly spaced from one end to the other."""
        count = round(self.period.length_s / self.period.mark_every_s)
        return tuple(self.starts_at + index * self.period.mark_every_s for index in range(count + 1))


def draw(history: Sequence[HistoryPoint], as_of: float, refresh_s: float) -> Chart:
    """The chart up to the end of the step in which `as_of` lies; `history` is in order of time.

    It spans the shortest of PERIODS that holds the history of the last day.
    """
    first_at = next((point.at for point in history if _begin(PERIODS[-1], as_of) <= point.at), as_of)
    period = next(period for period in PERIODS if _begin(period, as_of) <= first_at)
    axis = _Axis(_begin(period, as_of), period, refresh_s)
    points = [point for point in history if axis.starts_at <= point.at <= as_of]
    runs = list(axis.runs(points))
    told_s = [figure.p80_s for run in runs for figure in run]
    top_s = next((top for top in TOPS_S if top >= max(told_s, default=0.0)), TOPS_S[-1])
    uppers = [axis.corners([(figure.at, figure.p80_s / top_s) for figure in run]) for run in runs]
    medians = [axis.corners([(figure.at, figure.p50_s / top_s) for figure in run]) for run in runs]
    steps = tuple(_steps(points, axis))
    return Chart(
        period=period,
        starts_at=axis.starts_at,
        top_s=top_s,
        bands=tuple(" ".join([*up, *reversed(down)]) for up, down in zip(uppers, medians, strict=True)),
        uppers=tuple(map(" ".join, uppers)),
        medians=tuple(map(" ".join, medians)),
        closed=tuple(axis.closed(points)),
        bars=tuple(_bars(steps, axis)),
        steps=steps,
        shortest_s=min(told_s, default=None),
        longest_s=max(told_s, default=None),
    )


def _begin(period: Period, as_of: float) -> float:
    return (as_of // period.step_s + 1) * period.step_s - period.length_s


@dataclass(frozen=True, slots=True)
class _Axis:
    """The time axis: where an instant stands, and how long a published figure holds."""

    starts_at: float
    period: Period
    refresh_s: float

    def x(self, at: float) -> float:
        return min(PLOT_WIDTH, (at - self.starts_at) / self.period.length_s * PLOT_WIDTH)

    def runs(self, points: Sequence[HistoryPoint]) -> Iterator[list[Figure]]:
        """Stretches of figures, none missing between them."""
        run: list[Figure] = []
        for point in points:
            figure = _figure(point)
            if run and (figure is None or not self._follows(run[-1].at, point.at)):
                yield run
                run = []
            if figure is not None:
                run.append(figure)
        if run:
            yield run

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


def _figure(point: HistoryPoint) -> Figure | None:
    if point.state != "open" or point.p50_s is None or point.p80_s is None:
        return None
    return Figure(point.at, point.p50_s, point.p80_s)


def _steps(points: Sequence[HistoryPoint], axis: _Axis) -> Iterator[Step]:
    step_s = axis.period.step_s
    for number, within in groupby(points, key=lambda point: (point.at - axis.starts_at) // step_s):
        step = list(within)
        yield Step(
            starts_at=axis.starts_at + number * step_s,
            state=step[-1].state,
            figure=_figure(step[-1]),
            promises=sum(point.promises for point in step),
            kept=sum(point.kept for point in step),
        )


def _bars(steps: Sequence[Step], axis: _Axis) -> Iterator[Bar]:
    most = max((step.promises for step in steps), default=0)
    for step in steps:
        if step.promises:
            unit = BAR_HEIGHT / most
            left = axis.x(step.starts_at)
            width = axis.x(step.starts_at + axis.period.step_s) - left - BAR_GAP
            broken = step.promises - step.kept
            yield Bar(left + BAR_GAP / 2, width, round(step.kept * unit, 1), round(broken * unit, 1))
