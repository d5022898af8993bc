"""Whether forecasts came true, and what follows for the next ones: an 80 % promise is kept 80 % of the time.

Each wait that was forecast is scored by its z (see `status.forecast`). If the forecasts are right the scores
are normal; where they are not, the 80 % quantile of recent scores is the z that an 80 % promise needs: split
conformal prediction (Vovk, Gammerman and Shafer 2005), in a window, for forecasts of like length. On top, the
level drifts, within bounds, while too many or too few promises are kept: adaptive conformal inference (Gibbs and
Candes 2021, https://arxiv.org/abs/2106.00170), which without bounds holds on average whatever the desk does.

Two traps. A score must not enter when the reply comes, or the quick ones enter first: it enters when its promise
has run out, broken ones as endless until answered. And waits that overlap share their luck: a score is noted
only some part of its wait after the one before. Invariant: p50 <= p80 <= p90.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field
from math import inf, isinf, log

from status.forecast import NORMAL, Forecast
from status.rhythm import HORIZON_S

LEVELS = (0.5, 0.8, 0.9)
Quantiles = tuple[float, float, float]
ZS: Quantiles = (NORMAL.inv_cdf(0.5), NORMAL.inv_cdf(0.8), NORMAL.inv_cdf(0.9))

BOUNDS_S = (300.0, 900.0, 3600.0, 4 * 3600.0, 12 * 3600.0)
"""Forecasts are alike when their median lies between the same of these; those that find a hand free are a class
of their own."""

CENTRES_S = (100.0, 500.0, 1800.0, 2 * 3600.0, 7 * 3600.0, 21 * 3600.0)
"""The middle of each class: between two of them their scores are mixed, so that an answer does not jump where one
class ends."""

IDLE = "-1"
KEPT = 400
DISBELIEF = 2.0
"""When half of the scores lie on the wrong side, long waits are no luck any more, and theory counts little."""

TRUSTED = 50
"""From so many scores on, a class has its full say beside its neighbour."""

LONG = 3
PRIOR, PRIOR_LONG, MEDIAN_PRIOR = 20.0, 100.0, 200.0
"""So many scores count as much as theory does. For waits of an hour and more (from class LONG on) it takes more of
them, since they overlap and a hundred may be the luck of one week; for the median too, which luck moves for days."""

APART, APART_WAITING = 30.0, 10.0
"""Scores are noted no closer than a thirtieth of the wait; a tenth for those who wait already, since two who stand
in one line share more of their fate than two who arrive."""

MOST_PENDING = 150
"""So many forecasts of a class may be open at once: a flood of customers must not flood the memory."""

DRIFT, MOST_DRIFT = (0.012, 0.006), (0.12, 0.07)
"""The step of the level after each promise, and how far it may go, for the 80 % and the 90 % level."""

TELLING_S = 60.0
"""A promise of a minute is nearly always kept, and would teach the others to be shorter."""

FORGOTTEN_S = 15 * 86_400.0
"""A score that is still open after so long stays endless."""


def _between(median_s: float) -> tuple[str, str, float]:
    """The classes on either side of a median, and how far it is from the first to the second."""
    far = bisect_right(CENTRES_S, median_s)
    if far in (0, len(CENTRES_S)):
        return str(max(0, far - 1)), str(max(0, far - 1)), 0.0
    part = log(median_s / CENTRES_S[far - 1]) / log(CENTRES_S[far] / CENTRES_S[far - 1])
    return str(far - 1), str(far), part


@dataclass(slots=True)
class Scores:
    """The latest scores of one class, with the key of those that are endless so far."""

    entries: list[tuple[float, str]] = field(default_factory=list)
    ordered: list[float] = field(default_factory=list)
    noted_at: float = -inf
    pending: int = 0
    """Forecasts of this class whose promise has not run out."""

    def add(self, z: float, key: str) -> None:
        """A score enters."""
        self.entries.append((z, key))
        insort(self.ordered, z)
        if len(self.entries) > KEPT:
            oldest, _ = self.entries.pop(0)
            del self.ordered[bisect_left(self.ordered, oldest)]

    def settle(self, key: str, z: float) -> None:
        """An endless score has come to an end."""
        for place in range(len(self.entries) - 1, -1, -1):
            if self.entries[place] == (inf, key):
                self.entries[place] = (z, key)
                self.ordered.pop()
                insort(self.ordered, z)
                return

    def belief(self, theory: float, level: float) -> float:
        """How much theory counts for long waits: less, the further the scores show it to be off."""
        below = bisect_right(self.ordered, theory) / max(1, len(self.ordered))
        return max(PRIOR, PRIOR_LONG * (1 - DISBELIEF * abs(below - level)))

    def quantile(self, level: float, theory: float, prior: float) -> float:
        """The z below which this share of the scores lies, with theory as a prior."""
        count = len(self.ordered)
        if not count:
            return theory
        seen = self.ordered[min(count - 1, max(0, round(level * (count + 1)) - 1))]
        if isinf(seen):
            finite = bisect_left(self.ordered, inf)
            seen = (self.ordered[finite - 1] if finite else theory) + 0.5
        return (seen * count + theory * prior) / (count + prior)


@dataclass(slots=True)
class Noted:
    """A forecast whose wait is not over, or whose promise has not run out: what was said, and how it ended."""

    group: str
    case: str
    at: float
    forecast: Forecast
    p80_s: float
    p90_s: float
    rival_s: float | None = None
    """What the other way of forecasting would have said (see `status.wait`), in which contest."""
    chosen: str = ""
    contest: str = ""
    entered: bool = False
    wait_s: float | None = None
    left: bool = False

    @property
    def kind(self) -> str:
        """Live, published or waiting."""
        return self.group.partition(" ")[0]

    @property
    def key(self) -> str:
        """What tells this one from all others of its class."""
        return f"{self.case} {self.at:.1f}"

    @property
    def expires_at(self) -> float:
        """When the 90 % promise runs out: by then it is known to be kept or broken."""
        return self.at + self.p90_s


@dataclass(slots=True)
class Calibration:
    """All scores, the drift of each kind's levels, and the forecasts still open, by case."""

    scores: dict[str, Scores] = field(default_factory=dict)
    drift: dict[str, list[float]] = field(default_factory=dict)
    open: dict[str, list[Noted]] = field(default_factory=dict)
    due: list[tuple[float, int, Noted]] = field(default_factory=list)
    count: int = 0

    def group(self, kind: str, forecast: Forecast, *, idle: bool) -> str:
        """The class of a forecast: like ones are judged together."""
        return f"{kind} {IDLE if idle else bisect_right(BOUNDS_S, forecast.at(0.0))}"

    def quantiles(self, group: str, forecast: Forecast) -> Quantiles:
        """What we dare say: p50, p80 and p90 in seconds."""
        kind, _, number = group.partition(" ")
        if number == IDLE:
            z50, z80, z90 = self._needed(kind, number)
        else:
            near, far, part = _between(forecast.at(0.0))
            part = self._leaning(part, f"{kind} {near}", f"{kind} {far}")
            z50, z80, z90 = (
                (1 - part) * here + part * there
                for here, there in zip(self._needed(kind, near), self._needed(kind, far), strict=True)
            )
        p50 = min(HORIZON_S, max(0.0, forecast.at(z50)))
        p80 = min(HORIZON_S, max(p50, forecast.at(z80)))
        return p50, p80, min(HORIZON_S, max(p80, forecast.at(z90)))

    def _leaning(self, part: float, near: str, far: str) -> float:
        """How far to go from one class to the next: not to one that has no scores, while the other has."""
        counts = [len(self.scores[group].ordered) if group in self.scores else 0 for group in (near, far)]
        here, there = (min(1.0, count / TRUSTED) for count in counts)
        weight = (1 - part) * here + part * there
        return part * there / weight if weight else part

    def _needed(self, kind: str, number: str) -> Quantiles:
        """The z that a class needs for each level: those of theory until there are scores."""
        scores = self.scores.get(f"{kind} {number}")
        if scores is None:
            return ZS
        drift80, drift90 = self.drift.get(kind, (0.0, 0.0))
        z50 = scores.quantile(0.5, ZS[0], MEDIAN_PRIOR)
        prior = scores.belief(ZS[1], 0.8) if int(number) >= LONG else PRIOR
        z80 = max(z50, scores.quantile(0.8 + drift80, ZS[1], prior))
        return z50, z80, max(z80, scores.quantile(0.9 + drift90, ZS[2], prior))

    def wants(self, group: str, at: float, median_s: float) -> bool:
        """Whether a score of this class, noted now, would tell something new."""
        scores = self.scores.get(group)
        apart = APART_WAITING if group.startswith("waiting") else APART
        if scores is None:
            return True
        return scores.pending < MOST_PENDING and at - scores.noted_at >= median_s / apart

    def note(self, noted: Noted) -> None:
        """A forecast was made, to be scored when its wait is over."""
        self.scores.setdefault(noted.group, Scores()).noted_at = noted.at
        self.open.setdefault(noted.case, []).append(noted)
        self.wait_for(noted)

    def wait_for(self, noted: Noted) -> None:
        """Look at it again when its promise has run out."""
        self.count += 1
        self.scores[noted.group].pending += 1
        heapq.heappush(self.due, (noted.expires_at, self.count, noted))

    def settle(self, case: str, at: float, *, answered: bool) -> list[Noted]:
        """A case has got its reply, or its customer left. Gives the forecasts that were made for it."""
        over = self.open.pop(case, [])
        for noted in over:
            # A reply may have been on its way already when the forecast was made.
            noted.wait_s, noted.left = max(0.0, at - noted.at), not answered
            if noted.entered and answered:
                self.scores[noted.group].settle(noted.key, noted.forecast.z_of(noted.wait_s))
        return over

    def pass_time(self, at: float) -> None:
        """Let the promises that ran out before `at` count."""
        while self.due and self.due[0][0] <= at:
            noted = heapq.heappop(self.due)[2]
            self.scores[noted.group].pending -= 1
            self._learn_level(noted)
            if noted.wait_s is None:
                noted.entered = True
                self.scores[noted.group].add(inf, noted.key)
            elif not noted.left:
                self.scores[noted.group].add(noted.forecast.z_of(noted.wait_s), noted.key)

    def _learn_level(self, noted: Noted) -> None:
        """Kept a little too often: a little shorter next time; broken: longer by four (nine) such steps."""
        drift = self.drift.setdefault(noted.kind, [0.0, 0.0])
        for place, promise_s in enumerate((noted.p80_s, noted.p90_s)):
            if promise_s <= TELLING_S or (noted.left and (noted.wait_s or 0.0) < promise_s):
                continue
            kept = noted.wait_s is not None and noted.wait_s <= promise_s
            moved = drift[place] + DRIFT[place] * (LEVELS[place + 1] - kept)
            drift[place] = max(-MOST_DRIFT[place], min(MOST_DRIFT[place], moved))

    def forget(self, at: float) -> None:
        """Give up forecasts that have been open for too long."""
        for case in [case for case, noted in self.open.items() if at - noted[-1].at > FORGOTTEN_S]:
            del self.open[case]
