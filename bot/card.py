"""One queue as the status page shows it: the sign, a few facts, the last hours in figures and in words.

Everything the template needs stands here as finished text, so that it decides nothing. A fact that is not
known is left out: no trend without a figure of half an hour ago, no track record of a handful of promises.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.chart import Chart, Step, draw
from bot.light import Light, light
from bot.published import HistoryPoint, Published, rfc3339
from bot.words.plain import one_line
from bot.words.sign import Direction, Sign, SignWords
from status.hours import Hours
from status.promise import box

TITLE_CHARS = 80
TREND_OVER_S = 1800.0
TREND_MARGIN = 0.1
"""A change by less than this share is noise, even where it crosses from one box to the next."""
LEAST_PROMISES = 30
"""Fewer judged promises say little: at 80 % kept, 30 of them leave an error of 7 points (standard error)."""


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """What the page is told of one queue. Both histories are in order of time: at least the last 24 hours point by
    point, and the last week in slots."""

    title: str
    hours: Hours
    target_s: float
    overloaded_s: float
    published: Published
    history: Sequence[HistoryPoint] = ()
    week: Sequence[HistoryPoint] = ()

    @property
    def light(self) -> Light:
        """The light this queue shows."""
        published = self.published
        return light(published.outlook, self.target_s, self.overloaded_s, published.incident)

    @property
    def refresh_s(self) -> float:
        """How long a published figure is meant to hold."""
        return max(1.0, self.published.next_refresh - self.published.outlook.as_of)


@dataclass(frozen=True, slots=True)
class Fact:
    """A short line beside the figure; `shape` names its icon."""

    shape: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One step of the chart in words."""

    begins: str
    half: str
    most: str
    promises: str


@dataclass(frozen=True, slots=True)
class Card:
    """One queue as the template shows it."""

    queue: str
    title: str
    sign: Sign
    detail: str
    facts: tuple[Fact, ...]
    freshness: str
    as_of: str
    overdue: str
    period: str
    chart: Chart
    summary: str
    axis: tuple[str, str]
    marks: tuple[str, ...]
    rows: tuple[Row, ...]
    record: str


def trend(queue: QueueStatus) -> tuple[Direction, float] | None:
    """Where the wait went in the last half hour, and the promise of then in seconds; None if unknown.

    Both figures are boxes, as they were shown; a change counts only if the wait itself moved too.
    """
    outlook = queue.published.outlook
    if outlook.state != "open" or outlook.wait is None or outlook.promise is None:
        return None
    before_s = _p80_near(queue.history, outlook.as_of - TREND_OVER_S, 1.5 * queue.refresh_s)
    told_s = None if before_s is None else box(before_s)
    if before_s is None or told_s is None:
        return None
    if outlook.promise.within_s < told_s and outlook.wait.p80_s < before_s * (1 - TREND_MARGIN):
        return "shorter", told_s
    if outlook.promise.within_s > told_s and outlook.wait.p80_s > before_s * (1 + TREND_MARGIN):
        return "longer", told_s
    return "same", told_s


def _p80_near(history: Sequence[HistoryPoint], at: float, tolerance_s: float) -> float | None:
    near = [point for point in history if point.state == "open" and abs(point.at - at) <= tolerance_s]
    return min(near, key=lambda point: abs(point.at - at)).p80_s if near else None


def make_card(queue: QueueStatus, voice: SignWords, now: float) -> Card:
    """The card of a queue as it is read at `now`, which only decides whether its figure is overdue."""
    published, outlook = queue.published, queue.published.outlook
    chart = draw(queue.history, outlook.as_of, queue.refresh_s)
    overdue = now > published.next_refresh + queue.refresh_s
    return Card(
        queue=published.queue,
        title=one_line(queue.title, TITLE_CHARS),
        sign=voice.sign(outlook, queue.light),
        detail=_detail(queue, voice),
        facts=tuple(_facts(queue, voice)),
        freshness=voice.freshness(outlook.as_of, published.next_refresh),
        as_of=rfc3339(outlook.as_of),
        overdue=voice.overdue(outlook.as_of) if overdue else "",
        period=voice.period(chart.period.length_s),
        chart=chart,
        summary=_summary(chart, voice),
        axis=(voice.length(chart.top_s), voice.length(chart.top_s / 2)),
        marks=tuple(voice.clock(at) for at in chart.marks),
        rows=tuple(_row(step, voice) for step in reversed(chart.steps)),
        record=_record(queue, voice),
    )


def _detail(queue: QueueStatus, voice: SignWords) -> str:
    outlook = queue.published.outlook
    if outlook.state != "open" or outlook.wait is None or outlook.promise is None:
        return ""
    return voice.spread(outlook.wait, outlook.promise)


def _facts(queue: QueueStatus, voice: SignWords) -> Iterator[Fact]:
    outlook = queue.published.outlook
    if moved := trend(queue):
        yield Fact(moved[0], voice.trend(*moved))
    yield Fact("waiting", voice.waiting(outlook.waiting))
    if outlook.state != "closed":
        yield Fact("hours", voice.open_until(queue.hours.closing(outlook.as_of), outlook.as_of))


def _summary(chart: Chart, voice: SignWords) -> str:
    if chart.shortest_s is None or chart.longest_s is None:
        return ""
    return voice.range(chart.period.length_s, chart.shortest_s, chart.longest_s)


def _row(step: Step, voice: SignWords) -> Row:
    figure, none = step.figure, voice.no_figure(step.state)
    return Row(
        begins=voice.clock(step.starts_at),
        half=voice.length(figure.p50_s) if figure else none,
        most=voice.length(figure.p80_s) if figure else none,
        promises=f"{voice.number(step.kept)} / {voice.number(step.promises)}" if step.promises else "–",
    )


def _record(queue: QueueStatus, voice: SignWords) -> str:
    record = queue.published.track_record
    return voice.track_record(record) if record.promises >= LEAST_PROMISES else ""
