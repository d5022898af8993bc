"""The points of the history: what is new at a refresh, and how old points are put together.

A point counts what happened since the point before it, told from the counters of the days. They are read at every
refresh anyhow, so nothing more is counted while messages flow.

Invariant: every turn and promise is in one point, whether points are put together or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from statistics import fmean

from bot.published import COUNTED, DayCounts, HistoryPoint, Published

SLOT_S = 1800.0
"""Half an hour: in most time zones whole hours of the day begin with one."""

Day = Mapping[str, int]


def counts_of(day: str, counters: Day) -> DayCounts:
    """What a refresh remembers of the counters of its day."""
    return DayCounts(day, *(counters.get(name, 0) for name in COUNTED))


def new_point(published: Published, previous: Published | None, days: Mapping[str, Day]) -> HistoryPoint:
    """The point of this refresh. `days` are the counters of the last days by the days' names."""
    outlook, wait = published.outlook, published.outlook.wait
    return HistoryPoint(
        at=outlook.as_of,
        state=outlook.state,
        waiting=outlook.waiting,
        agents=outlook.agents,
        p50_s=wait.p50_s if wait else None,
        p80_s=wait.p80_s if wait else None,
        promises=published.judged - (previous.judged if previous else 0),
        kept=published.kept - (previous.kept if previous else 0),
        within_s=outlook.promise.within_s if outlook.promise else None,
        incident=published.incident,
        **_new_counts(previous.counted if previous else DayCounts(published.counted.day), days),
    )


def _new_counts(known: DayCounts, days: Mapping[str, Day]) -> Mapping[str, int]:
    """What the counters of the day that was known and of those after it say more than was known."""
    if known.day not in days:
        # An older version remembered nothing, or all is long ago: better no figure than a wrong one.
        return {}
    since = [counters for name, counters in days.items() if name >= known.day]
    totals = {name: sum(day.get(name, 0) for day in since) for name in COUNTED}
    return {name: max(0, total - getattr(known, name)) for name, total in totals.items()}


def in_slots(points: Sequence[HistoryPoint]) -> list[HistoryPoint]:
    """The points put together, one for each slot of time that has any; they are in order of time."""
    return [_together(slot * SLOT_S, list(within)) for slot, within in groupby(points, key=slot_of)]


def slot_of(point: HistoryPoint) -> float:
    """The number of the slot in which a point lies."""
    return point.at // SLOT_S


def _together(at: float, points: Sequence[HistoryPoint]) -> HistoryPoint:
    figures = [point for point in points if point.has_figure]
    last = figures[-1] if figures else points[-1]
    return HistoryPoint(
        at=at,
        state=last.state,
        waiting=last.waiting,
        agents=last.agents,
        p50_s=fmean(point.p50_s or 0.0 for point in figures) if figures else None,
        p80_s=fmean(point.p80_s or 0.0 for point in figures) if figures else None,
        promises=sum(point.promises for point in points),
        kept=sum(point.kept for point in points),
        arrived=sum(point.arrived for point in points),
        answered=sum(point.answered for point in points),
        left=sum(point.left for point in points),
        within_target=sum(point.within_target for point in points),
    )
