"""How long turns last, when some of them have not ended: the Kaplan-Meier estimate.

A customer who still waits, or who left, has told us that the reply takes *longer* than that. To drop such
turns would keep the quick ones and flatter the desk; to count them as answered would flatter it too. They
are censored: they count as waiting up to the moment we lost sight of them, and not at all after it.

Source: Kaplan and Meier 1958, "Nonparametric Estimation from Incomplete Observations"
(https://doi.org/10.1080/01621459.1958.10501452). Invariant: the share still waiting never rises with time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ROUNDING = 1e-9
"""Shares are products of ratios of counts; their last digit must not carry a quantile to the next turn."""


@dataclass(frozen=True, slots=True)
class Length:
    """How long one turn was seen to wait, and whether a reply ended it (if not, it is censored there)."""

    seconds: float
    answered: bool


@dataclass(frozen=True, slots=True)
class Survival:
    """The share of turns still waiting after so many seconds, as the steps at which it falls."""

    steps: tuple[tuple[float, float], ...]

    def still_waiting(self, after_s: float) -> float:
        """The share of turns that wait longer than `after_s`."""
        share = 1.0
        for seconds, left in self.steps:
            if seconds > after_s:
                break
            share = left
        return share

    def still_to_go(self, shares: Sequence[float], elapsed_s: float = 0.0) -> list[float] | None:
        """The times within which these shares (rising) of the turns that have waited `elapsed_s` will get their
        reply. None when no turn was ever seen to wait longer than that.
        """
        # Who has just come has not outlasted those who were answered at once.
        first = bisect_right(self.steps, elapsed_s, key=lambda step: step[0]) if elapsed_s > 0 else 0
        if first == len(self.steps):
            return None
        left = self.steps[first - 1][1] if first else 1.0
        goals = iter([(1 - share) * left + ROUNDING for share in shares])
        goal, found = next(goals, None), []
        for seconds, waiting in self.steps[first:]:
            while goal is not None and waiting <= goal:
                found.append(seconds - elapsed_s)
                goal = next(goals, None)
        return found


def survival(lengths: Iterable[Length]) -> Survival:
    """The Kaplan-Meier curve of these turns.

    Where the longest of them is censored, the rest of the curve is taken to fall there, which is Efron's
    convention (1967, "The two sample problem with censored data").
    """
    # Of turns that end at the same second, those answered come first: the others outlasted that second.
    ordered = sorted(lengths, key=lambda length: (length.seconds, not length.answered))
    share, steps = 1.0, []
    for index, length in enumerate(ordered):
        if length.answered:
            share *= 1 - 1 / (len(ordered) - index)
            steps.append((length.seconds, share))
    if ordered and share > 0:
        steps.append((ordered[-1].seconds, 0.0))
    return Survival(tuple(steps))
