"""How a queue's last hours or days went, as the status page shows it: figures at a glance, charts, and a table.

Everything the template needs stands here as finished text. A share of nothing is not shown as zero, and a handful of
promises is no track record.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bot.card import QueueStatus
from bot.chart import COLUMNS, Chart, Step, draw, draw_week
from bot.published import HistoryPoint
from bot.words.page import PageWords
from status.level import share, summarise

Days = Literal[1, 7]
LEAST_PROMISES = 30
"""Fewer judged promises say little: at 80 % kept, 30 of them leave an error of 7 points (standard error)."""
NONE = "–"


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure at a glance; `filled` is its share of the whole in percent, None where it is no share."""

    label: str
    figure: str
    below: str
    filled: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One step of the charts in words."""

    begins: str
    half: str
    most: str
    promises: str
    arrived: str
    answered: str


@dataclass(frozen=True, slots=True)
class Past:
    """The last hours or days as the template shows them."""

    title: str
    tiles: tuple[Tile, ...]
    chart: Chart
    summary: str
    axis: tuple[str, str]
    most_turns: str
    most_promises: str
    marks: tuple[str, ...]
    rows: tuple[Row, ...]
    record: str


def make_past(queue: QueueStatus, voice: PageWords, days: Days = 1, columns: int = COLUMNS) -> Past:
    """How the last day or week went; lines have at most `columns` corners."""
    as_of = queue.published.outlook.as_of
    if days == 1:
        chart, points = draw(queue.history, as_of, queue.refresh_s, columns), queue.history
    else:
        chart, points = draw_week(queue.week, as_of, queue.hours.zone), queue.week
    return Past(
        title=voice.days_back(chart.days) if chart.days else voice.hours_back(chart.length_s),
        tiles=tuple(
            _tiles([point for point in points if point.at >= chart.starts_at], queue.target_s, voice)
        ),
        chart=chart,
        summary=_summary(chart, voice),
        axis=(voice.length(chart.top_s), voice.length(chart.top_s / 2)),
        most_turns=voice.number(chart.most_turns),
        most_promises=voice.number(chart.most_promises),
        marks=tuple(voice.day(at) if chart.days else voice.clock(at) for at in chart.marks),
        rows=tuple(_row(step, chart, voice) for step in reversed(chart.steps)),
        record=_record(queue, voice),
    )


def _tiles(points: list[HistoryPoint], target_s: float, voice: PageWords) -> Iterator[Tile]:
    labels = voice.labels()
    report = summarise(
        {
            "arrived": point.arrived,
            "answered": point.answered,
            "left": point.left,
            "promises": point.promises,
            "kept": point.kept,
        }
        for point in points
    )
    in_time = sum(point.within_target for point in points)
    yield _share(labels["kept"], report.kept, report.promises, voice)
    yield _share(labels["replied"], report.answered, report.answered + report.left, voice)
    yield _share(voice.within_target(target_s), in_time, report.answered, voice)
    yield Tile(labels["arrived"], voice.number(report.arrived), voice.replies(report.answered), None)


def _share(label: str, part: int, whole: int, voice: PageWords) -> Tile:
    known = share(part, whole)
    if known is None:
        return Tile(label, NONE, "", None)
    return Tile(label, voice.share(known), voice.part(min(part, whole), whole), round(100 * known, 1))


def _summary(chart: Chart, voice: PageWords) -> str:
    if chart.shortest_s is None or chart.longest_s is None:
        return ""
    if chart.days:
        return voice.range_of_days(chart.days, chart.shortest_s, chart.longest_s)
    return voice.range(chart.length_s, chart.shortest_s, chart.longest_s)


def _row(step: Step, chart: Chart, voice: PageWords) -> Row:
    none = voice.no_figure(step.state)
    return Row(
        begins=voice.date(step.starts_at) if chart.days else voice.clock(step.starts_at),
        half=none if step.p50_s is None else voice.length(step.p50_s),
        most=none if step.p80_s is None else voice.length(step.p80_s),
        promises=f"{voice.number(step.kept)} / {voice.number(step.promises)}" if step.promises else NONE,
        arrived=voice.number(step.arrived),
        answered=voice.number(step.answered),
    )


def _record(queue: QueueStatus, voice: PageWords) -> str:
    record = queue.published.track_record
    return voice.track_record(record) if record.promises >= LEAST_PROMISES else ""
