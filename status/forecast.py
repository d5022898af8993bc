"""A wait as a distribution: a table of how likely the reply has come by when.

The likelihoods are written as the z of a normal distribution: z = 0 is the median, 0.84 the 80 % quantile.
So a forecast can be read in both directions: how long for a given z, and which z a wait turned out to be. If
the forecast was right, those z are normally distributed; where they are not, `status.calibration` sees it.

Behind others, the clock of `status.capacity` must advance by as many replies as there are places. Each gap
between replies is exponential, so their sum is a gamma distribution: the queue-length estimator of Whitt
(1999, https://doi.org/10.1287/mnsc.45.6.870). Where agents do not take the longest waiting first, the line
competes with luck: being picked at random, or as the newest.

Invariant: both columns of a table rise, and nothing is negative.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import erfc, exp, expm1, log, log1p, pow, sqrt
from statistics import NormalDist

from status.claims import Order

NORMAL = NormalDist()

Z80, Z90 = NORMAL.inv_cdf(0.8), NORMAL.inv_cdf(0.9)
GRID = (-2.5, -1.7, -1.2, -0.8, -0.5, -0.25, 0.0, 0.25, 0.5, Z80, Z90, 1.8, 2.4, 3.2)
"""The z at which a forecast is tabulated; between them it is read along straight lines."""

SHARES = tuple(NORMAL.cdf(z) for z in GRID)
"""And how likely each is: 0.6 % to 99.9 %."""

PARTS = (0.004, 0.01, 0.02, 0.04, 0.07, 0.11, 0.17, 0.25, 0.36, 0.5, 0.66, 0.83, 1.0, 1.25, 1.6, 2.2)
"""Where luck decides, the parts of the mean at which a forecast is tabulated."""

FEW = (0.1, 0.3, 0.7, 1.5, 3.0, 6.0)
"""And so many replies: whoever is picked as the newest is picked soon, however long the line."""

MOST_SPREAD = 2.0
"""The greatest relative variance: beyond it the approximation of the gamma distribution fails."""

PACE_DOUBT = 0.01
"""Relative variance of the pace between now and the reply, beyond what counting explains: a tenth either way."""

STAFF_DOUBT, STAFF_DOUBT_S = 0.01, 8 * 3600.0
"""Relative variance of who will be there: nothing for the next minutes, a tenth either way in a day."""

FARTHEST = 8.0
"""No z beyond this: chances of one in 10^15 are not told apart."""

BEYOND = 4.0
"""A wait beyond the table (one in a thousand) shows a forecast that is wrong in kind, not in degree: scores reach
far enough to say by how much."""

FAIR = 0.95
"""A desk this fair is taken to be first come, first served."""

INSTANT_S = 0.05
"""Times no further apart than this are one."""

SQRT_HALF = sqrt(0.5)


@dataclass(frozen=True, slots=True)
class Forecast:
    """A table: with chance NORMAL.cdf(z[i]) the reply comes within seconds[i]."""

    z: tuple[float, ...]
    seconds: tuple[float, ...]

    def at(self, z: float) -> float:
        """The seconds for this z; beyond the table each further unit of z is BEYOND times as long."""
        places, times = self.z, self.seconds
        if z >= places[-1]:
            return (times[-1] + 1) * pow(BEYOND, z - places[-1]) - 1
        i = bisect_left(places, z)
        if i == 0:
            return times[0] * exp(max(-50.0, z - places[0]))
        part = (z - places[i - 1]) / (places[i] - places[i - 1])
        return times[i - 1] + part * (times[i] - times[i - 1])

    def z_of(self, seconds: float) -> float:
        """Which z this wait is: the inverse of `at`, within FARTHEST."""
        places, times = self.z, self.seconds
        if seconds > times[-1]:
            return min(FARTHEST, places[-1] + log((seconds + 1) / (times[-1] + 1), BEYOND))
        i = bisect_left(times, seconds)
        if i == 0:
            if seconds >= times[0] - INSTANT_S:
                return self._middle(times[0])
            return max(-FARTHEST, places[0] + log((seconds + INSTANT_S) / (times[0] + INSTANT_S)))
        if times[i] - times[i - 1] < INSTANT_S:
            return self._middle(times[i])
        part = (seconds - times[i - 1]) / (times[i] - times[i - 1])
        return places[i - 1] + part * (places[i] - places[i - 1])

    def _middle(self, seconds: float) -> float:
        """The middle of all z at which the table says these very seconds: such a wait was none of them more."""
        same = [z for z, at in zip(self.z, self.seconds, strict=True) if abs(at - seconds) <= INSTANT_S]
        return sum(same) / len(same)


def of_lengths(quantile: Callable[[float], float]) -> Forecast:
    """A forecast from the quantiles of waits that were seen."""
    times: list[float] = []
    for share in SHARES:
        times.append(max(quantile(share), times[-1] if times else 0.0))
    return Forecast(GRID, tuple(times))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case stands: the replies to be begun before and with its own (`replies`, 0 where a hand is free),
    and the time from there to the reply itself as if it were `handover` more of them. `among` customers compete,
    `newest` of them is this one; `joining` more per reply.
    """

    replies: float
    handover: float
    among: float
    newest: bool
    joining: float


def in_line(
    place: Place, order: Order, spread: float, seconds: Callable[[Sequence[float]], list[float]]
) -> Forecast:
    """The forecast for a place in the line; `seconds` is the desk's clock, `spread` the relative variance of
    its pace."""
    fair = order.longest >= FAIR or place.replies <= 0
    line = place.replies if fair else _thinned(place, order)
    mean = line + place.handover
    variance = line + place.handover**2 + (0.0 if fair else (1 / order.longest - 1) ** 2)
    relative = min(MOST_SPREAD, variance / mean**2 + spread)
    if fair:
        return Forecast(GRID, tuple(seconds([mean * part for part in _gamma(relative)])))
    amounts = sorted([*(few for few in FEW if few < mean / 4), *(mean * part for part in PARTS)])
    return Forecast(*_rising(_with_luck(amounts, mean, relative, place, order), seconds(amounts)))


def _gamma(relative: float) -> list[float]:
    """The quantiles of a gamma distribution over its mean, by the cube-root approximation of Wilson and Hilferty
    1931 (https://doi.org/10.1073/pnas.17.12.684): from the median up within 4 %, for a relative variance up to 2.
    """
    third = relative / 9
    root = sqrt(third)
    return [max(1e-3, 1 - third + z * root) ** 3 for z in GRID]


def _thinned(place: Place, order: Order) -> float:
    """The replies until the line before this place is gone, when some of them take from anywhere in it.

    Of r still ahead of n, a reply takes one with chance longest + anybody r / n; solved for r = 0.
    """
    ahead, among = place.replies, max(place.among, place.replies)
    if order.anybody * ahead < 1e-3 * order.longest * among:
        return ahead / order.longest
    return max(ahead, among / order.anybody * log1p(order.anybody * ahead / (order.longest * among)))


def _with_luck(
    amounts: Sequence[float], mean: float, relative: float, place: Place, order: Order
) -> list[float]:
    """The z of having been answered within so many replies: by the line, or by luck, whichever comes first.

    Anybody is picked with chance 1 / n a reply. The newest stays the newest until somebody joins, which happens
    at rate `joining`, so the chance of being picked as such adds up to less and less.
    """
    third = relative / 9
    root, found = sqrt(third), []
    anybody, newest = order.anybody / max(1.0, place.among), order.newest if place.newest else 0.0
    joining = max(1e-9, place.joining)
    for replies in amounts:
        z = ((replies / mean) ** (1 / 3) - 1 + third) / root
        luck = anybody * replies - (newest / joining * expm1(-joining * replies) if newest else 0.0)
        waiting = erfc(z * SQRT_HALF) / 2 * exp(-luck)
        found.append(-NORMAL.inv_cdf(min(1 - 1e-12, max(1e-12, waiting))))
    return found


def _rising(z: Sequence[float], seconds: Sequence[float]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Both columns without rows in which z stands still."""
    rows = [(z[0], seconds[0])]
    for row in zip(z, seconds, strict=True):
        if row[0] > rows[-1][0] + 1e-6:
            rows.append(row)
    if len(rows) == 1:
        return (z[0], z[0] + 1), (seconds[0], seconds[0])
    return tuple([one for one, _ in rows]), tuple([at_s for _, at_s in rows])
