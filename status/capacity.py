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

from collections.abc import Iterator, Sequence
from itertools import tee
from math import exp, log1p

from status.rhythm import HORIZON_S, Stretch

MOST = 20.0
"""The exponent of exp(h t) is cut here: by then nobody is left."""


class Capacity:
    """Agents to come, `hands` of each, and `per_s` replies begun per hand and second; customers `leaving` per
    second."""

    def __init__(self, stretches: Iterator[Stretch], hands: int, per_s: float, leaving: float) -> None:
        self._stretches = stretches
        self._hands = hands
        self._per_s = per_s
        self._leaving = leaving

    def seconds(self, replies: Sequence[float]) -> list[float]:
        """When the clock will have advanced by each of these amounts, which must rise, in seconds from now.

        HORIZON_S for what is not reached by then. What was walked once need not be foreseen again.
        """
        found: list[float] = []
        wanted, passed, leaving = iter((*replies, None)), 0.0, self._leaving
        goal = next(wanted)
        self._stretches, walk = tee(self._stretches)
        for begin_s, until_s, agents, joining in walk:
            growth = exp(min(MOST, leaving * begin_s)) if leaving else 1.0
            passed += joining * self._hands * growth
            rate = agents * self._hands * self._per_s * growth
            while goal is not None and goal <= passed:
                found.append(begin_s)
                goal = next(wanted)
            if goal is None:
                break
            if rate <= 0:
                continue
            length_s = until_s - begin_s
            gain = rate * (_grown(leaving, length_s) if leaving else length_s)
            while goal is not None and goal <= passed + gain:
                part = (goal - passed) / rate
                found.append(begin_s + (log1p(part * leaving) / leaving if leaving else part))
                goal = next(wanted)
            if goal is None:
                break
            passed += gain
        return found + [HORIZON_S] * (len(replies) - len(found))


def _grown(leaving: float, length_s: float) -> float:
    """The integral of exp(leaving t) over `length_s` seconds."""
    return (exp(min(MOST, leaving * length_s)) - 1) / leaving
