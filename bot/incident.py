"""Help that is coming: so many more agents than usual, from one moment until another, as an agent announced it.

Pure: what an agent typed, read at a moment in a time zone. Times of day mean the span that is under way or comes
next: at 16:00 `15:30 22:00` began half an hour ago, at 23:00 it is tomorrow's.
Invariant: an announcement ends after it begins, and after the moment it was made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from status.rota import Span

OFF = "off"
NOW = "now"

_ARGUMENTS = re.compile(r"(\d{1,3})\s+(\S+)\s+(\S+)", re.ASCII)
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})", re.ASCII)
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Incident:
    """`agents` more come from `from_at` until `until_at` (the desk's time); `by` is the name of who said so."""

    agents: int
    from_at: float
    until_at: float
    by: str = ""

    @property
    def span(self) -> Span:
        """As a rota takes it, on top of whoever comes anyhow."""
        return Span(self.from_at, self.until_at, self.agents)


def announced(arguments: str, at: float, zone: tzinfo, by: str = "") -> Incident | None:
    """What `AGENTS FROM UNTIL` says at `at`, such as "4 15:30 22:00" or "4 now 22:00"; None when it says nothing."""
    found = _ARGUMENTS.fullmatch(arguments.strip())
    if found is None or not int(found[1]):
        return None
    agents, since, until = int(found[1]), found[2].lower(), _minutes(found[3])
    if until is None:
        return None
    if since == NOW:
        return Incident(agents, at, _next(until, at, zone), by)
    start = _minutes(since)
    if start is None:
        return None
    until_at = _next(until, at, zone)
    return Incident(agents, _last(start, until_at, zone), until_at, by)


def _minutes(text: str) -> int | None:
    """Minutes of the day for "9:00", "09:00", "9.00" and "24:00"."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    minutes = int(found[1]) * 60 + int(found[2])
    return minutes if int(found[2]) < 60 and minutes <= _DAY_MINUTES else None


def _next(minute: int, at: float, zone: tzinfo) -> float:
    """When the local clock shows this minute of the day for the first time after `at`."""
    return min(one for one in _around(minute, at, zone) if one > at)


def _last(minute: int, at: float, zone: tzinfo) -> float:
    """When the local clock showed this minute of the day for the last time before `at`."""
    return max(one for one in _around(minute, at, zone) if one < at)


def _around(minute: int, at: float, zone: tzinfo) -> list[float]:
    """The instants near `at` at which the local clock shows this minute of the day."""
    midnight = datetime.fromtimestamp(at, zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    # Adding to an aware time moves the hands of the local clock.
    return [(midnight + timedelta(days=days, minutes=minute)).timestamp() for days in (-2, -1, 0, 1, 2)]
