"""Traces small enough to be worked by hand, and estimators that say what they are told to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot.replay.queries import Kind, Query
from bot.replay.run import Quantiles, Replayed
from bot.replay.trace import Forecast, Trace, TracedCase

DAY = 86_400.0
START = 10 * DAY


def case(name: str, arrived: float, replied: float | None = None, left: float | None = None) -> TracedCase:
    """A case in seconds from START."""

    def at(seconds: float | None) -> float | None:
        return None if seconds is None else START + seconds

    return TracedCase(name, START + arrived, at(replied), "anna", left_at=at(left))


def trace(*cases: TracedCase, oracle: Mapping[str, Forecast] | None = None) -> Trace:
    """These cases in order."""
    return Trace("tiny-1", tuple(sorted(cases, key=lambda one: (one.arrived_at, one.case_id))), None, oracle)


def answered(
    past: Trace, answer: Callable[[TracedCase], Quantiles | None], kinds: Sequence[Kind] = ("live",)
) -> Replayed:
    """A replay in which an estimator "ours" gave these answers to every arrival."""
    queries = [Query(kind, number, one.arrived_at) for number, one in enumerate(past.cases) for kind in kinds]
    answers = [answer(past.cases[query.case]) for query in queries]
    return Replayed(past, queries, {"ours": answers})
