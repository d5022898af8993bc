"""What we ask of our own answers: a table of limits, and how a replay stands to each.

Limits for simulated desks go by the kind of desk, the trace's name up to its last hyphen (`crisis-2`): some are
harder than others. Of recorded desks only honesty is asked; how far a formula can be beaten there, nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import exp, fsum, log

from bot.replay.queries import KINDS
from bot.replay.report import Result, pinball_ratio

AT_ONCE = ("steady", "abandon", "claiming")
"""Desks whose wait is nearly all chance: the state tells what can be told."""

SWAYING = ("churn", "multichat", "daynight")
"""Desks where people come and go, or do several things at once."""

ROUGH = ("crisis", "closed")
"""Desks with days unlike all days before."""


@dataclass(frozen=True, slots=True)
class Check:
    """One figure against its limits; None: nothing is asked on that side, or there is no such figure."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    as_share: bool = False

    @property
    def asked(self) -> bool:
        """Whether there is a figure and a limit to hold it against."""
        return self.value is not None and (self.low is not None or self.high is not None)

    @property
    def missed(self) -> bool:
        """Whether it breaks a limit."""
        return self.shortfall > 0

    @property
    def shortfall(self) -> float:
        """How far it lies beyond its nearest limit; 0 within."""
        if self.value is None:
            return 0.0
        below = 0.0 if self.low is None else self.low - self.value
        above = 0.0 if self.high is None else self.value - self.high
        return max(0.0, below, above)

    @property
    def shown(self) -> str:
        """The figure as text, with as many digits as it takes to tell a missed limit from a met one."""
        if self.value is None:
            return "-"
        limits = [self._text(limit) for limit in (self.low, self.high) if limit is not None]
        texts = [self._text(self.value, digits) for digits in (2, 3, 4)]
        return next((text for text in texts if not (self.missed and text in limits)), texts[-1])

    @property
    def limit(self) -> str:
        """The limits as text."""
        if self.low is not None and self.high is not None:
            return f"{self._text(self.low)} to {self._text(self.high)}"
        if self.low is not None:
            return f"at least {self._text(self.low)}"
        return "" if self.high is None else f"at most {self._text(self.high)}"

    def _text(self, value: float, digits: int = 2) -> str:
        return f"{value:.{digits - 1}%}" if self.as_share else f"{value:.{digits}f}"


def checks(result: Result) -> list[Check]:
    """All targets of one trace."""
    return [*_errors(result), *_promises(result)]


def desk(result: Result) -> str:
    """The kind of a simulated desk; empty for a recorded one."""
    return result.name.rpartition("-")[0] if result.simulated else ""


def _errors(result: Result) -> Iterator[Check]:
    live, published, kind = result.ours("live"), result.ours("published"), desk(result)
    beaten, logs, pinball = (1.0, 0.52, 0.6) if result.simulated else (None, None, 0.9)
    yield Check("error over the best vendor's", result.against_best("live", "mae_s"), high=beaten)
    yield Check("error over the handle-time formula's", result.against_best("live", "mae_s", ("ewt",)))
    yield Check("log error over the best vendor's", result.against_best("live", "log_mae"), high=logs)
    if result.simulated:
        most = 1.05 if kind in AT_ONCE else 1.25 if kind in SWAYING else None
        yield Check("error over the best possible", live.oracle, high=most)
        longest = 1.25 if kind in ("steady", "abandon") else None
        yield Check("length of an 80 % promise over the best possible", live.oracle_p80, high=longest)
    yield Check("p80 loss over the better window's", pinball_ratio(result), high=pinball)
    frozen = published.mae_s / live.mae_s if published.mae_s is not None and live.mae_s else None
    yield Check("error of the published figure over the live one's", frozen, high=1.03)


def _promises(result: Result) -> Iterator[Check]:
    rough = desk(result) in ROUGH
    for kind in KINDS:
        ours = result.ours(kind)
        yield Check(f"80 % promises kept, {kind}", ours.coverage_p80, 0.78, 0.82, as_share=True)
        yield Check(f"90 % promises kept, {kind}", ours.coverage_p90, 0.885, 0.915, as_share=True)
        week, day = ours.week_p80 or (None, None), ours.day_p80 or (None, None)
        yield Check(
            f"80 % promises kept in the worst 7 days, {kind}", week[0], 0.72 if rough else 0.76, as_share=True
        )
        yield Check(f"80 % promises kept in the best 7 days, {kind}", week[1], high=0.88, as_share=True)
        yield Check(
            f"80 % promises kept in the worst 24 h, {kind}", day[0], 0.4 if rough else 0.6, as_share=True
        )
    yield Check(
        "80 % promises kept in the first week", result.ours("live").first_week_p80, 0.75, as_share=True
    )


def together(results: Sequence[Result]) -> list[Check]:
    """The targets of all simulated traces in one: geometric means of ratios."""
    simulated = [result for result in results if result.simulated]
    best = _geometric_mean(result.against_best("live", "mae_s") for result in simulated)
    vendor = _geometric_mean(result.against_best("live", "mae_s", ("ewt",)) for result in simulated)
    return [
        Check("error over the best vendor's, geometric mean of simulated traces", best, high=0.6),
        Check("error over the handle-time formula's, geometric mean of simulated traces", vendor, high=0.45),
    ]


def _geometric_mean(ratios: Iterable[float | None]) -> float | None:
    logs = [log(ratio) for ratio in ratios if ratio]
    return exp(fsum(logs) / len(logs)) if logs else None
