"""Looking back: how well the desk served, and how often it kept its word.

Pure sums over plain day counters, as the bot keeps them. A turn counts on the day it ends, so one that is
still open is not yet in any share. A customer who left before the target ran out is censored: whether the
reply would have been in time is not known, so that turn counts neither for nor against; one who left after
it was failed.

Invariant: every share is between 0 and 1, or None where nothing was there to be counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from status.model import TrackRecord

Day = Mapping[str, int]
"""Counters of one day; a missing one is 0.

arrived, answered, left   turns that began, got their reply, or ended without one
within_target             of the answered: those within the queue's target
left_within_target        of the left: those that ended before the target ran out
promises, kept            promises judged, and those that were kept
worked_s, capacity_s      seconds of hands in use, and of hands on duty (agents times concurrency)
"""


@dataclass(frozen=True, slots=True)
class ServiceReport:
    """A period in figures: counts of turns and promises, and the shares that follow from them."""

    days: int
    arrived: int
    answered: int
    left: int
    promises: int
    kept: int
    service_level: float | None
    """Share answered within the target, of the turns whose fate against it is known."""
    reply_rate: float | None
    """Share that got a reply, of the turns that ended; the rest is abandonment."""
    kept_share: float | None
    """Share of the judged promises that were kept; an honest desk is near `status.promise.SHARE`."""
    occupancy: float | None
    """Share of the hands on duty that were in use."""


def summarise(days: Iterable[Day]) -> ServiceReport:
    """The figures of all these days together."""
    listed = list(days)

    def total(counter: str) -> int:
        return sum(day.get(counter, 0) for day in listed)

    answered, left = total("answered"), total("left")
    return ServiceReport(
        days=len(listed),
        arrived=total("arrived"),
        answered=answered,
        left=left,
        promises=total("promises"),
        kept=total("kept"),
        service_level=share(total("within_target"), answered + left - total("left_within_target")),
        reply_rate=share(answered, answered + left),
        kept_share=share(total("kept"), total("promises")),
        occupancy=share(total("worked_s"), total("capacity_s")),
    )


def track_record(days: Iterable[Day]) -> TrackRecord:
    """How many promises were judged in these days, and how many of them were kept."""
    report = summarise(days)
    return TrackRecord(report.days, report.promises, report.kept)


def share(part: int, whole: int) -> float | None:
    """`part` of `whole`, None of nothing. Counters written one by one may be caught a step apart, hence the
    cap.
    """
    return min(1.0, part / whole) if whole > 0 else None
