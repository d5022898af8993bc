"""Who is taken next: a desk's own order, learned from which place in the line each agent took.

Few desks are strictly first come, first served: agents pick what they can answer, or what came last. The order
is a mixture of three: the one who waits longest, anybody, the newest. Each claim from a line of three or more
is weighed by how likely each of the three explains it: the expectation-maximisation algorithm, one step a
claim (Dempster, Laird and Rubin 1977, https://doi.org/10.1111/j.2517-6161.1977.tb01600.x; in this running
form Neal and Hinton 1998).

Invariant: the three shares are positive and add up to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

TELLING = 3
"""A claim from a shorter line tells too little: its longest and its newest are nearly everybody."""

FORGET = 0.998
"""A claim counts for about 500 more of them."""

NEARLY = 0.1
"""First come, first served is nearly kept when two agents choose at the same time: the next in line is taken
with this part of the chance of the first, and so on."""


class Order(NamedTuple):
    """The shares of claims that take the longest waiting, anybody, and the newest."""

    longest: float
    anybody: float
    newest: float


LEAST = 0.01
"""No order is ruled out: even at a desk that picks at random, who has waited longest is picked some time."""


@dataclass(slots=True)
class Claims:
    """Weights of the three orders; the desk is taken to be fair until it shows otherwise."""

    longest: float = 20.0
    anybody: float = 0.7
    newest: float = 0.2

    def see(self, ahead: int, waiting: int) -> None:
        """A case with `ahead` before it was taken from a line of `waiting`."""
        if waiting < TELLING:
            return
        total = self.longest + self.anybody + self.newest
        longest = self.longest / total * ((1 - NEARLY) if ahead == 0 else NEARLY * 0.5 ** min(ahead, 60))
        anybody = self.anybody / total / waiting
        newest = self.newest / total * (ahead == waiting - 1)
        likelihood = longest + anybody + newest
        self.longest = self.longest * FORGET + longest / likelihood
        self.anybody = self.anybody * FORGET + anybody / likelihood
        self.newest = self.newest * FORGET + newest / likelihood

    def order(self) -> Order:
        """The order as it stands."""
        least = LEAST * (self.longest + self.anybody + self.newest)
        longest, anybody, newest = max(least, self.longest), max(least, self.anybody), max(least, self.newest)
        total = longest + anybody + newest
        return Order(longest / total, anybody / total, newest / total)
