"""What others would have said: the formulas of contact-centre products and of the literature, one class each.

All are causal and learn as they go. The conventions they share: a formula that has nothing to go by yet says
"unknown"; the published figure is the formula's at the tick; for a case that waits, what it has waited already is
taken off, down to zero, unless the formula knows the case's place. Point formulas give a p50 and no p80 or p90.

`HOL` with nobody waiting says zero, and formulas that divide by agents take nobody on duty for one: that is what
products show at night.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from math import ceil, nan

from bot.replay.fluid import Fluid
from bot.replay.run import Estimator, Quantiles, Waiting
from status.model import Observation

WEEK_S = 7 * 86_400.0
HOUR_S = 3600.0


class Formula:
    """A formula for a new arrival, asked in all three ways; subclasses give `wait`."""

    def observe(self, seen: Observation) -> None:
        """Most learn from replies only."""
        if seen.happened == "answered" and seen.wait_s is not None:
            self.answered(seen.at, seen.wait_s)

    def answered(self, at: float, wait_s: float) -> None:
        """A reply came after so long a wait."""

    def wait(self, at: float) -> Quantiles | None:
        """The wait of one who arrives now."""
        raise NotImplementedError

    def refresh(self, at: float, waiting: Sequence[Waiting]) -> Quantiles | None:
        """As for an arrival."""
        return self.wait(at)

    def arriving(self, at: float) -> Quantiles | None:
        """The formula itself."""
        return self.wait(at)

    def still(self, at: float, case_id: str, ahead: int, elapsed_s: float) -> Quantiles | None:
        """What is left of the whole wait."""
        whole = self.wait(at)
        if whole is None:
            return None
        p50, p80, p90 = (
            left if (left := length - elapsed_s) > 0 or left != left else 0.0 for length in whole
        )
        return p50, p80, p90


def _point(seconds: float) -> Quantiles:
    return seconds, nan, nan


class AllTimeMean(Formula):
    """The mean of all waits so far."""

    def __init__(self) -> None:
        self._count, self._total_s = 0, 0.0

    def answered(self, at: float, wait_s: float) -> None:
        """Count it in."""
        self._count += 1
        self._total_s += wait_s

    def wait(self, at: float) -> Quantiles | None:
        """Total over count."""
        return _point(self._total_s / self._count) if self._count else None


class LastMean(Formula):
    """The mean of the last so many waits, as in Ivanti Voice (10) and, of durations, Rocket.Chat (100)."""

    def __init__(self, kept: int) -> None:
        self._kept, self._waits, self._total_s = kept, deque[float](), 0.0

    def answered(self, at: float, wait_s: float) -> None:
        """The oldest makes room."""
        self._waits.append(wait_s)
        self._total_s += wait_s
        if len(self._waits) > self._kept:
            self._total_s -= self._waits.popleft()

    def wait(self, at: float) -> Quantiles | None:
        """The mean of those kept."""
        return _point(self._total_s / len(self._waits)) if self._waits else None


class Les(Formula):
    """The wait of the last to enter service: Ibrahim and Whitt 2009 (https://doi.org/10.1287/msom.1080.0223)."""

    def __init__(self) -> None:
        self._last_s: float | None = None

    def answered(self, at: float, wait_s: float) -> None:
        """Remember this one."""
        self._last_s = wait_s

    def wait(self, at: float) -> Quantiles | None:
        """The last wait that ended in a reply."""
        return None if self._last_s is None else _point(self._last_s)


class Hol(Formula):
    """How long the head of the line has waited: the same paper; Amazon's sample for Connect does this."""

    def __init__(self) -> None:
        self._began: dict[str, float] = {}

    def observe(self, seen: Observation) -> None:
        """Keep the line; a dict keeps the order of arrival."""
        if seen.happened == "arrived":
            self._began[seen.case] = seen.at
        elif seen.happened in ("answered", "left"):
            self._began.pop(seen.case, None)

    def wait(self, at: float) -> Quantiles | None:
        """The age of the oldest."""
        return _point(at - next(iter(self._began.values())) if self._began else 0.0)


class Window(Formula):
    """Empirical quantiles of recent waits: of the last so many, or of those answered within so many seconds."""

    def __init__(self, *, kept: int | None = None, within_s: float | None = None) -> None:
        self._kept, self._within_s = kept, within_s
        self._waits: deque[tuple[float, float]] = deque()
        self._sorted: list[float] = []

    def answered(self, at: float, wait_s: float) -> None:
        """The oldest makes room."""
        self._waits.append((at, wait_s))
        insort(self._sorted, wait_s)
        if self._kept is not None and len(self._waits) > self._kept:
            self._forget()

    def wait(self, at: float) -> Quantiles | None:
        """The quantiles of those kept."""
        while self._within_s is not None and self._waits and self._waits[0][0] < at - self._within_s:
            self._forget()
        return self.quantiles(self._sorted) if self._sorted else None

    def quantiles(self, ordered: list[float]) -> Quantiles:
        """Of waits in order of length."""
        return median_of(ordered), _holding(ordered, 0.8), _holding(ordered, 0.9)

    def _forget(self) -> None:
        _, wait_s = self._waits.popleft()
        del self._sorted[bisect_left(self._sorted, wait_s)]


class WeekMedian(Window):
    """The median of the last seven days, as Intercom shows it."""

    def __init__(self) -> None:
        super().__init__(within_s=WEEK_S)

    def quantiles(self, ordered: list[float]) -> Quantiles:
        """The median alone."""
        return _point(median_of(ordered))


def median_of(ordered: Sequence[float]) -> float:
    """The middle of values in order of size."""
    count = len(ordered)
    return (ordered[count // 2] + ordered[(count - 1) // 2]) / 2


def _holding(ordered: Sequence[float], share: float) -> float:
    """What the next value stays within in at least this share of cases, if it is like those: the conformal
    quantile (Vovk, Gammerman and Shafer 2005)."""
    rank = ceil((len(ordered) + 1) * share - 1e-9)
    return ordered[min(rank, len(ordered)) - 1]


class Ewt:
    """Estimated wait time as Genesys Cloud documents it: handle time x place in line / agents on duty.

    The handle time, from reply to close, is the mean of the last hundred.
    """

    KEPT = 100

    def __init__(self) -> None:
        self.waiting = self.agents = self.held = 0
        self._began: dict[str, float] = {}
        self._handled: deque[tuple[float, float]] = deque()
        self._total_s = 0.0

    def observe(self, seen: Observation) -> None:
        """Keep the state, and how long agents take."""
        self.waiting, self.agents, self.held = seen.waiting, seen.agents, seen.held
        if seen.happened == "answered":
            self._began[seen.case] = seen.at
        elif seen.happened == "closed" and seen.case in self._began:
            self._handled.append((seen.at, seen.at - self._began.pop(seen.case)))
            self._total_s += self._handled[-1][1]
            self.forget(seen.at)

    def forget(self, at: float) -> None:
        """Keep as many handle times as the formula wants."""
        if len(self._handled) > self.KEPT:
            self._drop()

    def _drop(self) -> None:
        self._total_s -= self._handled.popleft()[1]

    def handle_s(self) -> float | None:
        """The mean handle time of those kept."""
        return self._total_s / len(self._handled) if self._handled else None

    def seconds(self, handle_s: float, ahead: int) -> float:
        """The formula."""
        return handle_s * (ahead + 1) / max(1, self.agents)

    def _at_place(self, at: float, ahead: int) -> Quantiles | None:
        self.forget(at)
        handle_s = self.handle_s()
        return None if handle_s is None else _point(self.seconds(handle_s, ahead))

    def refresh(self, at: float, waiting: Sequence[Waiting]) -> Quantiles | None:
        """For the next place."""
        return self._at_place(at, self.waiting)

    def arriving(self, at: float) -> Quantiles | None:
        """For the next place."""
        return self._at_place(at, self.waiting)

    def still(self, at: float, case_id: str, ahead: int, elapsed_s: float) -> Quantiles | None:
        """For the place it has come to."""
        return self._at_place(at, ahead)


class HourEwt(Ewt):
    """The same as Google's CCAI documents it: handle times of the last hour, hands free now go first, 10 s more.

    With nothing finished in the last hour it keeps the last handle time it saw.
    """

    MORE_S = 10.0

    def forget(self, at: float) -> None:
        """An hour's worth."""
        while len(self._handled) > 1 and self._handled[0][0] < at - HOUR_S:
            self._drop()

    def seconds(self, handle_s: float, ahead: int) -> float:
        """The formula."""
        free = max(0, self.agents - self.held)
        return handle_s / max(1, self.agents) * max(0, ahead + 1 - free) + self.MORE_S


BASELINES: Mapping[str, Callable[[], Estimator]] = {
    "all_time_mean": AllTimeMean,
    "last_20": lambda: LastMean(20),
    "last_50": lambda: LastMean(50),
    "last_100": lambda: LastMean(100),
    "median_7d": WeekMedian,
    "les": Les,
    "hol": Hol,
    "ewt": Ewt,
    "ewt_hour": HourEwt,
    "fluid": Fluid,
    "window_100": lambda: Window(kept=100),
    "window_7d": lambda: Window(within_s=WEEK_S),
}

VENDORS = ("all_time_mean", "last_20", "last_50", "last_100", "median_7d", "les", "hol", "ewt")
"""Whoever promises better must beat the best of these, chosen afterwards for each trace."""

WINDOWS = ("window_100", "window_7d")
"""The baselines that give a p80 and a p90."""
