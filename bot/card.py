"""One queue as the status page shows it: the sign, a few facts, when and where to find us.

Everything the template needs stands here as finished text, so that it decides nothing. A fact that is not
known is left out: no trend without a figure of half an hour ago, no opening hours of a desk that never closes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.light import Light, light
from bot.published import HistoryPoint, Published, rfc3339
from bot.words.page import Direction, PageWords
from bot.words.plain import one_line
from bot.words.sign import Sign
from status.hours import Hours
from status.promise import box

TITLE_CHARS = 80
TREND_OVER_S = 1800.0
TREND_MARGIN = 0.1
"""A change by less than this share is noise, even where it crosses from one box to the next."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to reach us: an address, and of which kind it is ("chat", "mailto", "tel" or an adapter's name)."""

    kind: str
    address: str


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
    ways: Sequence[Way] = ()

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
class OpenDay:
    """A day of the coming week and its shifts; without any it is closed."""

    name: str
    today: bool
    shifts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A way to reach us as the template shows it."""

    shape: str
    label: str
    address: str


@dataclass(frozen=True, slots=True)
class Card:
    """One queue, now, as the template shows it."""

    queue: str
    title: str
    sign: Sign
    state: str
    detail: str
    trend: Fact | None
    facts: tuple[Fact, ...]
    freshness: str
    as_of: str
    overdue: str
    zone: str
    week: tuple[OpenDay, ...]
    ways: tuple[Link, ...]


def overdue(published: Published, now: float) -> bool:
    """Whether the figure after this one should have been replaced by now: a whole refresh was missed."""
    return now > published.next_refresh + max(1.0, published.next_refresh - published.outlook.as_of)


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


def make_card(queue: QueueStatus, voice: PageWords, now: float) -> Card:
    """The card of a queue as it is read at `now`, which only decides whether its figure is overdue."""
    published, outlook = queue.published, queue.published.outlook
    moved = trend(queue)
    return Card(
        queue=published.queue,
        title=one_line(queue.title, TITLE_CHARS),
        sign=voice.sign(outlook, queue.light),
        state=outlook.state,
        detail=_detail(queue, voice),
        trend=Fact(moved[0], voice.trend(*moved)) if moved else None,
        facts=tuple(_facts(queue, voice)),
        freshness=voice.freshness(outlook.as_of, published.next_refresh),
        as_of=rfc3339(outlook.as_of),
        overdue=voice.overdue(outlook.as_of) if overdue(published, now) else "",
        zone=voice.time_zone(),
        week=() if queue.hours.round_the_clock else tuple(_week(queue.hours, outlook.as_of, voice)),
        ways=tuple(_link(way, voice) for way in queue.ways),
    )


def _detail(queue: QueueStatus, voice: PageWords) -> str:
    outlook = queue.published.outlook
    if outlook.state != "open" or outlook.wait is None or outlook.promise is None:
        return ""
    return voice.spread(outlook.wait, outlook.promise)


def _facts(queue: QueueStatus, voice: PageWords) -> Iterator[Fact]:
    outlook = queue.published.outlook
    yield Fact("waiting", voice.waiting(outlook.waiting))
    if outlook.state != "closed":
        yield Fact("hours", voice.open_until(queue.hours.closing(outlook.as_of), outlook.as_of))


def _week(hours: Hours, at: float, voice: PageWords) -> Iterator[OpenDay]:
    """Monday to Sunday, each as it comes next: today and the six days after it, with their exceptions."""
    today = datetime.fromtimestamp(at, hours.zone).date()
    for weekday in range(7):
        day = today + timedelta(days=(weekday - today.weekday()) % 7)
        shifts = sorted(hours.exceptions.get(day, hours.week[weekday]))
        yield OpenDay(voice.weekday(weekday), day == today, tuple(voice.shift(shift) for shift in shifts))


def _link(way: Way, voice: PageWords) -> Link:
    shape = way.kind if way.kind in ("mailto", "tel") else "chat"
    return Link(shape, voice.contact(way.kind, way.address), way.address)
