"""Opening hours: which seconds count, when only seconds with the desk open bring a reply nearer.

Answers whether the desk is open, when it opens and closes, how much open time lies between two instants, and
when a given amount of it will have passed. It reads no clock and knows no country: days off come in as dates.

Invariant: shifts are local wall time, lengths are real seconds. A time of day that the clocks skip is read
with the offset before the change, one that comes twice is its first occurrence: RFC 5545, section 3.3.5
(https://www.rfc-editor.org/rfc/rfc5545#section-3.3.5), which is also what `datetime` does with fold=0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from itertools import takewhile
from math import inf
from zoneinfo import ZoneInfo

Shift = tuple[int, int]
"""Start and end in minutes of the local day; an end that is not after the start lies on the next day."""

DAY_MINUTES = 24 * 60
HORIZON_DAYS = 366
"""How far ahead an opening is looked for: any yearly pattern shows itself within a year."""

_SHIFT = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})")
UTC = ZoneInfo("UTC")
_ROUND_THE_CLOCK: tuple[tuple[Shift, ...], ...] = (((0, DAY_MINUTES),),) * 7


@dataclass(frozen=True, slots=True)
class Hours:
    """A weekly timetable in one time zone, with exceptions.

    `week` has seven days, Monday first, each with any number of shifts; they may overlap or run past
    midnight. `exceptions` replaces the shifts that *begin* on a date; an empty tuple is a day off. A shift
    that began the evening before still runs to its end. Raises ValueError for a week or a shift that cannot
    be.
    """

    zone: tzinfo
    week: tuple[tuple[Shift, ...], ...]
    exceptions: Mapping[date, tuple[Shift, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.week) != 7:
            raise ValueError(f"a week has 7 days, Monday first, not {len(self.week)}")
        for shifts in (*self.week, *self.exceptions.values()):
            for start, end in shifts:
                if not (0 <= start < DAY_MINUTES and 0 <= end <= DAY_MINUTES):
                    raise ValueError(f"a shift lies within {DAY_MINUTES} minutes, not ({start}, {end})")

    @staticmethod
    def always(zone: ZoneInfo = UTC) -> Hours:
        """Open round the clock; `zone` is where its times are told."""
        return Hours(zone, _ROUND_THE_CLOCK)

    @property
    def round_the_clock(self) -> bool:
        """Whether the desk never closes, in which case nobody needs to ask for spans."""
        return self.week == _ROUND_THE_CLOCK and not self.exceptions

    def offset_s(self, at: float) -> float:
        """By how much local time is ahead of UTC at `at`, in seconds."""
        if self.zone is UTC:
            return 0.0
        offset = datetime.fromtimestamp(at, self.zone).utcoffset()
        return 0.0 if offset is None else offset.total_seconds()

    def open_between(self, start: float, end: float) -> list[tuple[float, float]]:
        """The open spans between two instants, cut to them, in order."""
        days = int(max(0.0, end - start) // 86_400) + 1
        spans = takewhile(lambda span: span[0] < end, self._spans(start, days))
        cut = [(max(opens, start), min(closes, end)) for opens, closes in spans]
        return [(opens, closes) for opens, closes in cut if closes > opens]

    def is_open(self, at: float) -> bool:
        """Whether the desk is open at `at` (epoch seconds): from the opening on, up to the closing."""
        return self.next_opening(at) == at

    def next_opening(self, at: float) -> float | None:
        """The first open moment not before `at`, so `at` itself while the desk is open; None if none."""
        return self.after(at, 0.0)

    def closing(self, at: float) -> float | None:
        """When the desk, open at `at`, closes next. None while it is closed, or if it does not close."""
        close_at = at
        for opens, closes in self._spans(at, HORIZON_DAYS):
            if opens > close_at:
                break
            close_at = closes
        return close_at if at < close_at < at + HORIZON_DAYS * 86_400 else None

    def staffed_s(self, start: float, end: float) -> float:
        """The open seconds between two instants; 0 when `end` is not after `start`."""
        return sum((closes - opens for opens, closes in self.open_between(start, end)), 0.0)

    def after(self, start: float, staffed_s: float) -> float | None:
        """The first open moment with `staffed_s` open seconds between `start` and it: inverse of `staffed_s`.

        None when the coming year has not that much open time.
        """
        for opens, closes in self._spans(start, HORIZON_DAYS):
            begins = max(opens, start)
            if staffed_s <= closes - begins:
                return begins + staffed_s
            staffed_s -= closes - begins
        return None

    def _spans(self, start: float, days: int) -> Iterator[tuple[float, float]]:
        """Open spans that end after `start`, in order and disjoint; they may touch at midnight."""
        if self.round_the_clock:
            yield -inf, inf
            return
        # Yesterday's overnight shift may still be running.
        first = datetime.fromtimestamp(start, self.zone).date() - timedelta(days=1)
        covered = start
        for day in (first + timedelta(days=n) for n in range(days + 2)):
            for begin, end in sorted(self.exceptions.get(day, self.week[day.weekday()])):
                opens = max(covered, self._instant(day, begin))
                closes = self._instant(day, end if end > begin else end + DAY_MINUTES)
                if closes > opens:
                    yield opens, closes
                    covered = closes

    def _instant(self, day: date, minute: int) -> float:
        """The epoch second at which the local clock shows this minute of this day."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        # Adding to an aware time moves the hands of the local clock, which is what a timetable means.
        return (midnight + timedelta(minutes=minute)).timestamp()


def shift(text: str) -> Shift:
    """Read "09:00-12:30" or, overnight, "22:00-06:00"; "24:00" may end a shift. ValueError says what is
    wrong.
    """
    match = _SHIFT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a shift; write it like 09:00-17:30")
    start_h, start_min, end_h, end_min = (int(part) for part in match.groups())
    start, end = start_h * 60 + start_min, end_h * 60 + end_min
    if start_min > 59 or end_min > 59 or start >= DAY_MINUTES or end > DAY_MINUTES:
        raise ValueError(f"{text!r} has a time that no clock shows; a day runs from 00:00 to 24:00")
    return start, end
