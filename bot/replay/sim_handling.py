"""How long handling takes in a simulated desk: a new case, and the rest of one that has taken some time already.

The rest is drawn from the same distribution given the time so far, exactly: what a forecast may know at best.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Literal

from bot.clock import Chance

STANDARD = NormalDist()
SURE = 1e-300
"""A probability below which nothing is drawn any more."""

Shape = Literal["exponential", "gamma", "lognormal"]


class Handling:
    """A distribution of handling times with this mean (seconds) and coefficient of variation."""

    def __init__(self, shape: Shape, mean_s: float, cv: float) -> None:
        self._mean_s = mean_s
        self._shape = shape
        self._gamma = 1 / cv**2
        self._scale_s = mean_s * cv**2
        self._sigma = math.sqrt(math.log1p(cv**2))
        self._mu = math.log(mean_s) - self._sigma**2 / 2

    def draw(self, chance: Chance) -> float:
        """The handling time of a new case."""
        if self._shape == "lognormal":
            return chance.random.lognormvariate(self._mu, self._sigma)
        if self._shape == "gamma":
            return chance.random.gammavariate(self._gamma, self._scale_s)
        return exponential(chance, self._mean_s)

    def rest(self, chance: Chance, elapsed_s: float) -> float:
        """What remains of a case that has been handled for so long."""
        if elapsed_s <= 0:
            return self.draw(chance)
        if self._shape == "lognormal":
            return self._lognormal_rest(chance, elapsed_s)
        if self._shape == "gamma":
            return self._gamma_rest(chance, elapsed_s)
        return exponential(chance, self._mean_s)

    def _lognormal_rest(self, chance: Chance, elapsed_s: float) -> float:
        """By the inverse of the upper tail, which keeps its precision far out."""
        beyond = (math.log(elapsed_s) - self._mu) / self._sigma
        tail = math.erfc(beyond / math.sqrt(2)) / 2 * (1 - chance.random.random())
        z = max(beyond, -STANDARD.inv_cdf(max(tail, SURE))) if tail < 1 else beyond
        return max(math.exp(self._mu + self._sigma * z) - elapsed_s, 0.0)

    def _gamma_rest(self, chance: Chance, elapsed_s: float) -> float:
        """By rejection: from the whole distribution while much of it lies ahead, then from its tail's tangent."""
        if elapsed_s < self._mean_s:
            while True:
                drawn = self.draw(chance)
                if drawn > elapsed_s:
                    return drawn - elapsed_s
        power = self._gamma - 1
        bend = max(power, 0.0) / elapsed_s
        while True:
            rest = exponential(chance, 1 / (1 / self._scale_s - bend))
            accepted = power * math.log1p(rest / elapsed_s) - bend * rest
            if 1 - chance.random.random() <= math.exp(accepted):
                return rest


def exponential(chance: Chance, mean_s: float) -> float:
    """A length that does not age: an exponential with this mean; 0 for a mean of 0."""
    return -mean_s * math.log(1 - chance.random.random())
