"""How good the answers were: errors of the point, and whether promises were kept as often as they said.

A promise is kept when the reply came within it, and broken when it ran out while the customer waited or before
they left. It is unknown, and not counted, when the customer left or the trace ended before it ran out. Coverage
counts promises longer than a minute: shorter ones read "under a minute", are nearly always kept and would only
flatter. The first seven days, in which an estimator learns the desk, stand apart.

Errors are those of answered cases with a figure. Invariant: nothing here is told to any estimator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, log1p
from statistics import median

from bot.replay.queries import KINDS, Kind
from bot.replay.run import Quantiles, Replayed, ending
from bot.replay.trace import Forecast, Trace

SHARES = (0.5, 0.8, 0.9)
DAY_S = 86_400.0
LEARNING_S = 7 * DAY_S
SHORT_S = 60.0
WEEK_PROMISES = 150
DAY_PROMISES = 40

Range = tuple[float, float]
"""The worst and the best."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of one estimator's answers to one kind of question; None where there is nothing to tell.

    `n` answered cases had a figure, `unknown` had none; `promises` were judged. `log_mae` is the mean of
    |log(1 + told) - log(1 + true)| in seconds: 0.1 is about ten percent off, whatever the length. `oracle` is the
    MAE over the best possible forecast's, on the cases that have one, and `oracle_p80` the same of the mean p80.
    """

    n: int
    unknown: int
    mae_s: float | None
    median_ae_s: float | None
    log_mae: float | None
    pinball_p50: float | None
    pinball_p80: float | None = None
    pinball_p90: float | None = None
    mean_p80_s: float | None = None
    promises: int = 0
    coverage_p80: float | None = None
    coverage_p90: float | None = None
    week_p80: Range | None = None
    day_p80: Range | None = None
    first_week_p80: float | None = None
    oracle: float | None = None
    oracle_p80: float | None = None


Verdict = Mapping[str, Mapping[Kind, Figures]]
"""By estimator and kind."""


def judge(replayed: Replayed) -> Verdict:
    """The figures of every estimator of a replay."""
    learned_at = replayed.trace.cases[0].arrived_at + LEARNING_S
    asked = {kind: _asked(replayed, kind, learned_at) for kind in KINDS}
    return {
        name: {kind: _figures(asked[kind], answers, learned_at) for kind in KINDS}
        for name, answers in replayed.answers.items()
    }


# --- what is true ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Truth:
    """What became of a question's case, in seconds from the question: the reply, or else how long it was seen
    to wait without one."""

    reply_s: float | None
    unanswered_s: float

    def kept(self, promise_s: float) -> bool | None:
        """Whether a promise of this length was kept; None when nobody can know."""
        if self.reply_s is not None:
            return self.reply_s <= promise_s
        return False if self.unanswered_s > promise_s else None


@dataclass(frozen=True, slots=True)
class Asked:
    """One question with what is true of it; `number` is its place among all questions of the replay."""

    number: int
    at: float
    truth: Truth
    learning: bool
    oracle: Forecast | None


def ended_at(trace: Trace) -> float:
    """The last moment a trace tells of."""
    return max(
        at
        for case in trace.cases
        for at in (case.arrived_at, case.replied_at, case.left_at, case.closed_at)
        if at is not None
    )


def truths(replayed: Replayed) -> Iterator[Truth]:
    """What is true of every question, in their order."""
    cases, over_at = replayed.trace.cases, ended_at(replayed.trace)
    endings = [ending(case) for case in cases]
    for query in replayed.queries:
        at, answered = endings[query.case]
        if answered:
            yield Truth(at - query.at, at - query.at)
        else:
            yield Truth(None, min(at, over_at) - query.at)


def _asked(replayed: Replayed, kind: Kind, learned_at: float) -> list[Asked]:
    cases, oracle = replayed.trace.cases, replayed.trace.oracle or {}
    return [
        Asked(
            number,
            query.at,
            truth,
            query.at < learned_at,
            None if kind == "waiting" else oracle.get(cases[query.case].case_id),
        )
        for number, (query, truth) in enumerate(zip(replayed.queries, truths(replayed), strict=True))
        if query.kind == kind
    ]


# --- the figures -------------------------------------------------------------------------------------------


Told = tuple[Asked, Quantiles]
Scored = tuple[float, Quantiles]


def _figures(asked: Sequence[Asked], answers: Sequence[Quantiles | None], learned_at: float) -> Figures:
    told = [(one, answer) for one in asked if (answer := answers[one.number]) is not None]
    scored = [
        (one.truth.reply_s, answer)
        for one, answer in told
        if one.truth.reply_s is not None and not one.learning
    ]
    errors = [abs(answer[0] - true_s) for true_s, answer in scored]
    answered = sum(one.truth.reply_s is not None and not one.learning for one in asked)
    figures = Figures(
        n=len(scored),
        unknown=answered - len(scored),
        mae_s=_mean(errors),
        median_ae_s=median(errors) if errors else None,
        log_mae=_mean([abs(log1p(answer[0]) - log1p(true_s)) for true_s, answer in scored]),
        pinball_p50=_pinball(scored, 0),
        oracle=_against_oracle(told, point=True),
    )
    promises = any(answer[1] == answer[1] for _, answer in told[:1])
    return _with_promises(figures, told, scored, learned_at) if promises else figures


def _with_promises(
    figures: Figures, told: Sequence[Told], scored: Sequence[Scored], learned_at: float
) -> Figures:
    """With the figures that only an estimator of quantiles has."""
    times, kept = _kept(told, 1)
    _, kept_p90 = _kept(told, 2)
    _, first = _kept(told, 1, learning=True)
    return replace(
        figures,
        pinball_p80=_pinball(scored, 1),
        pinball_p90=_pinball(scored, 2),
        mean_p80_s=_mean([answer[1] for _, answer in scored]),
        promises=len(kept),
        coverage_p80=_mean(kept),
        coverage_p90=_mean(kept_p90),
        week_p80=rolling(times, kept, learned_at, 7 * DAY_S, WEEK_PROMISES),
        day_p80=rolling(times, kept, learned_at, DAY_S, DAY_PROMISES),
        first_week_p80=_mean(first),
        oracle_p80=_against_oracle(told, point=False),
    )


def _kept(told: Sequence[Told], which: int, *, learning: bool = False) -> tuple[list[float], list[bool]]:
    """When promises that could be judged were made, and whether they were kept."""
    times, outcomes = [], []
    for one, answer in told:
        promise_s = answer[which]
        if promise_s > SHORT_S and one.learning is learning:
            kept = one.truth.kept(promise_s)
            if kept is not None:
                times.append(one.at)
                outcomes.append(kept)
    return times, outcomes


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _pinball(scored: Sequence[Scored], which: int) -> float | None:
    """Mean of the share times what was told too short, and the rest times what was told too long (Koenker and
    Bassett 1978)."""
    share = SHARES[which]
    missed = [true_s - answer[which] for true_s, answer in scored]
    return _mean([share * short_s if short_s > 0 else (share - 1) * short_s for short_s in missed])


def rolling(
    times: Sequence[float], kept: Sequence[bool], begins_at: float, span_s: float, least: int
) -> Range | None:
    """The lowest and the highest share kept in a stretch of `span_s` that ends with a promise, begins after
    `begins_at` and has at least so many."""
    begin, count, worst, best = 0, 0, inf, -inf
    for end, at in enumerate(times):
        count += kept[end]
        while times[begin] <= at - span_s:
            count -= kept[begin]
            begin += 1
        if (size := end - begin + 1) >= least and at - span_s >= begins_at:
            share = count / size
            worst, best = min(worst, share), max(best, share)
    return (worst, best) if worst < inf else None


def _against_oracle(told: Sequence[Told], *, point: bool) -> float | None:
    """Our mean error, or our mean p80, over the oracle's."""
    ours = theirs = 0.0
    for one, answer in told:
        if one.oracle is not None and one.truth.reply_s is not None and not one.learning:
            _, p50, p80, _ = one.oracle
            ours += abs(answer[0] - one.truth.reply_s) if point else answer[1]
            theirs += abs(p50 - one.truth.reply_s) if point else p80
    return ours / theirs if theirs else None
