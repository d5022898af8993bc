"""How long turns last, when some of them have not ended: the Kaplan-Meier estimate.

A customer who still waits, or who left, has told us that the reply takes *longer* than that. To drop such
turns would keep the quick ones and flatter the desk; to count them as answered would flatter it too. They
are censored: they count as waiting up to the moment we lost sight of them, and not at all after it.

Source: Kaplan and Meier 1958, "Nonparametric Estimation from Incomplete Observations"
(https://doi.org/10.1080/01621459.1958.10501452). Invariant: the share still waiting never rises with time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf
from operator import mul
from typing import NamedTuple

ROUNDING = 1e-9
"""Shares are products of ratios of counts; their last digit must not carry a quantile to the next turn."""


class Length(NamedTuple):
    """How long one turn was seen to wait, and whether a reply ended it (if not, it is censored there)."""

    seconds: float
    answered: bool


@dataclass(frozen=True, slots=True)
class Survival:
    """The steps at which the share of turns still waiting falls: after how many seconds, and to what. The second
    column is kept negative, so that both rise and can be searched."""

    seconds: tuple[float, ...]
    falls_to: tuple[float, ...]

    def still_waiting(self, after_s: float) -> float:
        """The share of turns that wait longer than `after_s`."""
        place = bisect_right(self.seconds, after_s)
        return -self.falls_to[place - 1] if place else 1.0

    def still_to_go(self, shares: Sequence[float], elapsed_s: float = 0.0) -> list[float] | None:
        """The times within which these shares (rising) of the turns that have waited `elapsed_s` will get their
        reply. None when no turn was ever seen to wait longer than that.
        """
        # Who has just come has not outlasted those who were answered at once.
        place = bisect_right(self.seconds, elapsed_s) if elapsed_s > 0 else 0
        if place == len(self.seconds):
            return None
        left, found = -self.falls_to[place - 1] if place else 1.0, []
        for share in shares:
            place = bisect_left(self.falls_to, -((1 - share) * left + ROUNDING), place)
            found.append(self.seconds[place] - elapsed_s)
        return found


def survival(lengths: Iterable[tuple[float, bool]]) -> Survival:
    """The Kaplan-Meier curve of these turns: how long each was seen to wait, and whether a reply ended it (see
    Length).

    Where the longest of them is censored, the rest of the curve is taken to fall there, which is Efron's
    convention (1967, "The two sample problem with censored data").
    """
    seconds: list[float] = []
    censored: list[float] = []
    for length_s, answered in lengths:
        (seconds if answered else censored).append(length_s)
    seconds.sort()
    censored.sort()
    falls_to, left, first = [-1.0], len(seconds) + len(censored), 0
    # Of turns that end at the same second, those answered come first: the others outlasted that second.
    for until in (*censored, inf):
        last = bisect_right(seconds, until, first)
        after = left - (last - first)
        falls_to += accumulate(
            (1 - 1 / at_risk for at_risk in range(left, after, -1)), mul, initial=falls_to.pop()
        )
        left, first = after - 1, last
    if censored and (not seconds or censored[-1] >= seconds[-1]):
        seconds.append(censored[-1])
        falls_to.append(0.0)
    return Survival(tuple(seconds), tuple(falls_to[1:]))
