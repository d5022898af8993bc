"""What we dare say: from a wait to a promise, and whether it was kept.

A promise is the 80 % quantile of the wait, rounded up to one of the lengths people use. Nothing here words
it, stores it or sends it. Where there is no honest figure the outlook carries the reason instead.

Invariants: a promise is never shorter than the wait's p80; a published one moves to a longer box at once,
but to a shorter one only when p80 is clearly inside it, so that a banner does not flicker.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from math import inf

from status.hours import Hours
from status.model import Outlook, Promise, Snapshot, Unknown, Wait

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86_400.0

BOXES_S = (
    *(n * _MINUTE for n in (1, 2, 3, 5, 8, 10, 15, 20, 30, 45)),
    *(n * _HOUR for n in (1, 1.5, 2, 3, 4, 6, 8, 12, 24)),
    *(n * _DAY for n in (2, 3, 5, 7, 14)),
)
"""The lengths a promise may have, in seconds. Each is 1.25 to 2 times the one before: a finer scale would
claim a precision that a wait of a handful of replies has not (relative error 1/sqrt(ahead + 1), see
status.forecast), a coarser one would cost the customer more than a doubling. Beyond two weeks there is no
promise, only "too_long"."""

SHARE = 0.8
"""The share of promises that is meant to be kept: the usual level of service targets, 80 % within so long."""

SHORTER_MARGIN = 0.1
"""A shorter box is taken only if p80 would fit it when a tenth longer; the closest boxes are a quarter
apart."""

WORSE_MARGIN = 0.25
"""A wait is clearly worse than promised if it misses even when a quarter of it is put down to chance."""

LOOK_AGAIN = 2 / 3
"""The part of a promise after which it is looked at again: late enough to know, early enough to say so."""


def box(seconds: float) -> float | None:
    """The shortest box that holds `seconds`; None beyond the last, where no promise is made."""
    index = bisect_left(BOXES_S, seconds)
    return BOXES_S[index] if index < len(BOXES_S) else None


def outlook(
    snapshot: Snapshot, estimate: Wait | Unknown, hours: Hours, previous: Promise | None = None
) -> Outlook:
    """The answer to "how long?" at `snapshot.taken_at`.

    `previous` is the promise published before, for the figure that many see; without it the outlook is live.
    While the desk is closed the promise starts at the next opening, if there is one and the wait is known.
    """
    at = snapshot.taken_at
    opens_at = hours.next_opening(at)
    plain = Outlook("closed", at, snapshot.waiting, snapshot.agents, opens_at=opens_at)
    if opens_at == at:
        plain = replace(plain, state="open", opens_at=None)
    if isinstance(estimate, Unknown):
        return _without_promise(plain, estimate.reason)
    starts_at = at if opens_at is None else opens_at
    within_s = _steady_box(max(0.0, at + estimate.p80_s - starts_at), previous)
    if within_s is None:
        return replace(_without_promise(plain, "too_long"), wait=estimate)
    return replace(plain, wait=estimate, promise=Promise(at, starts_at, within_s, SHARE))


def _without_promise(plain: Outlook, reason: str) -> Outlook:
    """Closed stays closed, which says more than the reason; an open desk without a figure is unknown."""
    return plain if plain.state == "closed" else replace(plain, state="unknown", reason=reason)


def _steady_box(seconds: float, previous: Promise | None) -> float | None:
    """The box for `seconds`; shorter than the previous promise's only where it fits with a margin."""
    shortest = box(round(seconds, 3))
    if shortest is None or previous is None:
        return shortest
    roomy = box(seconds / (1 - SHORTER_MARGIN)) or inf
    return max(shortest, min(previous.within_s, roomy))


def judge(promise: Promise, at: float, answered: bool) -> bool | None:
    """Whether the promise was kept, seen at `at`: when the reply came, the customer left, or we look.

    True: the reply came in time. False: time ran out, whatever happened after. None: it has not run out and
    there was no reply, so nobody will ever know if the customer left; such a promise is not counted.
    """
    if at > promise.due_at:
        return False
    return True if answered else None


def clearly_worse(promise: Promise, now: Outlook) -> bool:
    """Whether the reply must now be expected so late that the customer should be told before the promise
    breaks.

    `now` is the live outlook for that case. The whole wait, from the promise's start to the new p80, must
    need a longer box even after the margin. Without a figure there is nothing better to tell, so the answer
    is no.
    """
    if now.wait is None:
        return False
    whole_s = now.as_of + now.wait.p80_s - promise.starts_at
    return (box(whole_s * (1 - WORSE_MARGIN)) or inf) > promise.within_s


def warn_at(promise: Promise) -> float:
    """When to look at a promise again, so that a warning still comes before it breaks."""
    return promise.starts_at + promise.within_s * LOOK_AGAIN
