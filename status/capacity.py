"""The desk's own clock: not seconds pass on it, but replies that could have been begun.

Between two moments it advances by hands at work times their pace, so a night counts nothing, a lunch break
little, and an hour with twice the agents twice. Whoever has n others ahead is served when the clock has
advanced by n + 1, whenever that is on the wall. Agents who join begin a reply at once: each advances the
clock by their free hands.

Customers ahead who give up are work that vanishes. With each leaving at rate h, the places r still ahead obey
dr/dt = -(c(t) + h r), so r(0) = integral of c(t) exp(h t) dt: the same clock, running faster by exp(h t). It is
the fluid limit of the queue (Whitt 2006, https://doi.org/10.1287/opre.1050.0227).

Invariant: the clock never runs backwards, and `seconds` is the inverse of `advance`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from math import exp, log1p

from status.rhythm import HORIZON_S, Staffing

MOST = 20.0
"""The exponent of exp(h t) is cut here: by then nobody is left."""


class Capacity:
    """Agents to come, `hands` of each, and `per_s` replies begun per hand and second; customers `leaving` per
    second. What was walked once need not be foreseen again."""

    def __init__(self, stretches: Iterator[Staffing], hands: int, per_s: float, leaving: float) -> None:
        self._stretches = stretches
        self._hands = hands
        self._per_s = per_s
        self._leaving = leaving
        # Of each stretch walked in which somebody works: when it begins, how fast the clock runs, and what it shows
        # at first (with those who join just then) and at last.
        self._begins_s: list[float] = []
        self._rates: list[float] = []
        self._first: list[float] = []
        self._last: list[float] = [0.0]

    def seconds(self, replies: Sequence[float]) -> list[float]:
        """When the clock will have advanced by each of these amounts, positive and rising, in seconds from now.

        HORIZON_S for what is not reached by then.
        """
        if self._last[-1] < replies[-1]:
            self._walk(replies[-1])
        begins_s, first, last, leaving = self._begins_s, self._first, self._last, self._leaving
        found = []
        for amount in replies:
            place = bisect_left(first, amount)
            if amount > last[place]:
                # Those who join at the next stretch begin it.
                found.append(begins_s[place] if place < len(begins_s) else HORIZON_S)
                continue
            part_s = (amount - first[place - 1]) / self._rates[place - 1]
            found.append(begins_s[place - 1] + (log1p(part_s * leaving) / leaving if leaving else part_s))
        return found

    def _walk(self, replies: float) -> None:
        """Go on until the clock has advanced so far."""
        begins_s, rates, first, last = self._begins_s, self._rates, self._first, self._last
        hands, per_s, leaving = self._hands, self._hands * self._per_s, self._leaving
        reached, growth = last[-1], 1.0
        for begin_s, until_s, agents, joining in self._stretches:
            if agents <= 0:
                continue
            length_s = until_s - begin_s
            if leaving:
                growth = exp(min(MOST, leaving * begin_s))
                length_s = _grown(leaving, length_s)
            reached += joining * hands * growth
            rate = agents * per_s * growth
            begins_s.append(begin_s)
            rates.append(rate)
            first.append(reached)
            reached += rate * length_s
            last.append(reached)
            if reached >= replies:
                return


def _grown(leaving: float, length_s: float) -> float:
    """The integral of exp(leaving t) over `length_s` seconds."""
    return (exp(min(MOST, leaving * length_s)) - 1) / leaving
