"""The last 24 hours as a picture: what was published, when the desk was closed, which promises were kept.

Geometry only: the coordinates are of a stretchable picture PLOT_WIDTH x PLOT_HEIGHT whose labels are text
beside it, so that it fits a phone and a wall alike. A time with nothing published stays empty: nothing is
drawn between two points further apart than three refreshes, and nothing while no figure was given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.published import HistoryPoint

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
MARK_EVERY_S = 6 * HOUR_S
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
class Span:
    """A stretch of the time axis, in plot units."""

    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour's judged promises as heights in plot units: the broken ones stand on the kept ones."""

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
class Hour:
    """One hour's figures for the table: the last published wait (None: none) and the judged promises."""

    starts_at: float
    state: str
    figure: Figure | None
    waiting: int
    promises: int
    kept: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything the template draws and says. `bands`, `uppers` and `medians` are SVG point lists."""

    starts_at: float
    ends_at: float
    top_s: float
    bands: tuple[str, ...]
    uppers: tuple[str, ...]
    medians: tuple[str, ...]
    closed: tuple[Span, ...]
    bars: tuple[Bar, ...]
    hours: tuple[Hour, ...]
    shortest_s: float | None
    longest_s: float | None

    @property
    def marks(self) -> tuple[float, ...]:
        """The instants labelled under the time axis, evenly spaced from one end to the other."""
        count = int(DAY_S / MARK_EVERY_S)
        return tuple(self.starts_at + index * MARK_EVERY_S for index in range(count + 1))


def draw(history: Sequence[HistoryPoint], as_of: float, refresh_s: float) -> Chart:
    """The chart of the 24 hours up to the full hour after `as_of`; `history` is in order of time."""
    ends_at = -(-as_of // HOUR_S) * HOUR_S
    axis = _Axis(ends_at - DAY_S, refresh_s)
    points = [point for point in history if axis.starts_at <= point.at <= as_of]
    runs = list(axis.runs(points))
    told_s = [figure.p80_s for run in runs for figure in run]
    top_s = next((top for top in TOPS_S if top >= max(told_s, default=0.0)), TOPS_S[-1])
    uppers = [axis.corners([(figure.at, figure.p80_s / top_s) for figure in run]) for run in runs]
    medians = [axis.corners([(figure.at, figure.p50_s / top_s) for figure in run]) for run in runs]
    hours = tuple(_hours(points, axis.starts_at))
    return Chart(
        starts_at=axis.starts_at,
        ends_at=ends_at,
        top_s=top_s,
        bands=tuple(" ".join([*up, *reversed(down)]) for up, down in zip(uppers, medians, strict=True)),
        uppers=tuple(map(" ".join, uppers)),
        medians=tuple(map(" ".join, medians)),
        closed=tuple(axis.closed(points)),
        bars=tuple(_bars(hours, axis)),
        hours=hours,
        shortest_s=min(told_s, default=None),
        longest_s=max(told_s, default=None),
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    """The time axis: where an instant stands, and how long a published figure holds."""

    starts_at: float
    refresh_s: float

    def x(self, at: float) -> float:
        return min(PLOT_WIDTH, (at - self.starts_at) / DAY_S * PLOT_WIDTH)

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


def _hours(points: Sequence[HistoryPoint], starts_at: float) -> Iterator[Hour]:
    for index in range(int(DAY_S / HOUR_S)):
        begin = starts_at + index * HOUR_S
        within = [point for point in points if begin <= point.at < begin + HOUR_S]
        if within:
            yield Hour(
                starts_at=begin,
                state=within[-1].state,
                figure=_figure(within[-1]),
                waiting=within[-1].waiting,
                promises=sum(point.promises for point in within),
                kept=sum(point.kept for point in within),
            )


def _bars(hours: Sequence[Hour], axis: _Axis) -> Iterator[Bar]:
    most = max((hour.promises for hour in hours), default=0)
    for hour in hours:
        if hour.promises:
            unit = BAR_HEIGHT / most
            left = axis.x(hour.starts_at)
            width = axis.x(hour.starts_at + HOUR_S) - left - BAR_GAP
            broken = hour.promises - hour.kept
            yield Bar(left + BAR_GAP / 2, width, round(hour.kept * unit, 1), round(broken * unit, 1))
