"""The fluid baseline: a desk as a vessel that drains at the pace it had at this hour of other weeks.

The pace is the replies per second of time with somebody waiting, for each half-hour of the week; weeks count less
as they age. Where a half-hour of the week was seldom busy, the same half-hour of like days (working days, weekends)
stands in. Nights and weekends are thus worth what they are, with no opening hours configured. Today's departure
from the usual pace, measured over the last hour with somebody waiting, fades over three hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, nan

from bot.replay.run import Quantiles, Waiting
from status.model import Observation

BIN_S = 1800
DAY_BINS = 48
WEEK_BINS = 7 * DAY_BINS
WEEKEND = (2, 3)
"""Days of the week counted from the epoch's Thursday: Saturday and Sunday, in UTC."""

WEEK_KEPT = 0.7
PRIOR_S = 1800.0
LIKE_PRIOR_S = 60.0
FIRST_PACE = 1 / 600
"""Replies per second before any was seen: six an hour."""

RECENT_S = 3600.0
FADES_S = 3 * 3600.0
RATIO = (0.2, 5.0)
HORIZON_BINS = 4 * WEEK_BINS


class _Pace:
    """Replies made, and time with somebody waiting, of one half-hour."""

    __slots__ = ("busy_s", "replies")

    def __init__(self) -> None:
        self.replies, self.busy_s = 0.0, 0.0

    def age(self, kept: float) -> None:
        self.replies *= kept
        self.busy_s *= kept


class Fluid:
    """When ahead + 1 replies will have fitted into the usual pace, corrected by today's."""

    def __init__(self) -> None:
        self._at: float | None = None
        self._waiting = 0
        self._week = [_Pace() for _ in range(WEEK_BINS)]
        self._like = [_Pace() for _ in range(2 * DAY_BINS)]
        self._all = _Pace()
        self._recent = _Pace()
        self._expected = 0.0

    def observe(self, seen: Observation) -> None:
        """Count time with somebody waiting, and the replies made in it."""
        self._until(seen.at)
        if seen.happened == "answered":
            number = int(seen.at // BIN_S)
            for pace in (self._week[number % WEEK_BINS], self._like[_like(number)], self._all, self._recent):
                pace.replies += 1
        self._waiting = seen.waiting

    def _until(self, at: float) -> None:
        if self._at is None:
            self._at = at
        while self._at < at:
            number = int(self._at // BIN_S)
            end = min(at, (number + 1.0) * BIN_S)
            if self._waiting:
                self._busy(number, end - self._at)
            if end == (number + 1) * BIN_S:
                self._week[(number + 1) % WEEK_BINS].age(WEEK_KEPT)
                self._like[_like(number + 1)].age(WEEK_KEPT ** (1 / 5))
            self._at = end

    def _busy(self, number: int, busy_s: float) -> None:
        kept = exp(-busy_s / RECENT_S)
        self._recent.age(kept)
        self._expected = self._expected * kept + busy_s * self._usual(number)
        for pace in (self._week[number % WEEK_BINS], self._like[_like(number)], self._all):
            pace.busy_s += busy_s

    def _usual(self, number: int) -> float:
        """Replies per second in this half-hour, counted from the epoch."""
        week, like = self._week[number % WEEK_BINS], self._like[_like(number)]
        mean = (self._all.replies + 1) / (self._all.busy_s + 1 / FIRST_PACE)
        alike = (like.replies + LIKE_PRIOR_S * mean) / (like.busy_s + LIKE_PRIOR_S)
        return (week.replies + PRIOR_S * alike) / (week.busy_s + PRIOR_S)

    def _drained(self, at: float, replies: int) -> Quantiles | None:
        self._until(at)
        ratio = (self._recent.replies + 3) / (self._expected + 3)
        ratio = min(RATIO[1], max(RATIO[0], ratio))
        now, number = at, int(at // BIN_S)
        left = float(replies)
        for ahead in range(HORIZON_BINS):
            end = (number + ahead + 1.0) * BIN_S
            today = 1 + (ratio - 1) * exp(-(now - at) / FADES_S)
            pace = self._usual(number + ahead) * today
            if pace * (end - now) >= left:
                return now + left / pace - at, nan, nan
            left -= pace * (end - now)
            now = end
        return None

    def refresh(self, at: float, waiting: Sequence[Waiting]) -> Quantiles | None:
        """For the next place."""
        return self._drained(at, self._waiting + 1)

    def arriving(self, at: float) -> Quantiles | None:
        """For the next place."""
        return self._drained(at, self._waiting + 1)

    def still(self, at: float, case_id: str, ahead: int, elapsed_s: float) -> Quantiles | None:
        """For the place it has come to."""
        return self._drained(at, ahead + 1)


def _like(number: int) -> int:
    """The same half-hour of like days."""
    day, half_hour = divmod(number % WEEK_BINS, DAY_BINS)
    return half_hour + DAY_BINS * (day in WEEKEND)
