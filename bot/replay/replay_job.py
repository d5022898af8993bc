"""One trace replayed and judged, as a job for a process of its own. Imports little, so that it starts fast."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

from bot.replay.baselines import BASELINES
from bot.replay.report import OURS, Result
from bot.replay.report_data import Drawn, drawn
from bot.replay.run import Quantiles, Replayed, ending, replay
from bot.replay.subject import Service
from bot.replay.trace import Trace
from bot.replay.verdict import ended_at, judge

COLUMNS = ("trace", "kind", "case_id", "at", "p50_s", "p80_s", "p90_s")


@dataclass(frozen=True, slots=True)
class Job:
    """What to replay, and whether to keep what is told and what is drawn."""

    trace: Trace
    predictions: bool = False
    pictures: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """A result; with it, where asked for, lines of CSV and the data of pictures."""

    result: Result
    lines: str = ""
    drawn: Drawn | None = None


def do(job: Job) -> Outcome:
    """Replay it to Jono and to all baselines, and judge them."""
    trace = job.trace
    estimators = {OURS: Service(), **{name: baseline() for name, baseline in BASELINES.items()}}
    replayed = replay(trace, estimators)
    result = Result(
        name=trace.name,
        cases=len(trace.cases),
        days=(ended_at(trace) - trace.cases[0].arrived_at) / 86_400,
        mean_wait_s=mean_wait_s(trace),
        simulated=trace.oracle is not None,
        verdict=judge(replayed),
        took_s=replayed.took_s,
        cost=replayed.costs[OURS],
    )
    lines = "".join(told(replayed)) if job.predictions else ""
    return Outcome(result, lines, drawn(replayed, result) if job.pictures else None)


def mean_wait_s(trace: Trace) -> float:
    """Of answered cases; zero where there is none."""
    endings = [(case.arrived_at, *ending(case)) for case in trace.cases]
    waits = [at - arrived_at for arrived_at, at, answered in endings if answered]
    return fmean(waits) if waits else 0.0


def told(replayed: Replayed) -> Iterator[str]:
    """What Jono said, a line for each question in the order in which they were asked."""
    name, cases = _quoted(replayed.trace.name), replayed.trace.cases
    for query, answer in zip(replayed.queries, replayed.answers[OURS], strict=True):
        figures = _figures(answer)
        yield f"{name},{query.kind},{_quoted(cases[query.case].case_id)},{_moment(query.at)},{figures}\n"


def _quoted(text: str) -> str:
    if any(mark in text for mark in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _moment(at: float) -> str:
    """Epoch seconds to the millisecond, without idle zeros."""
    return f"{at:.3f}".rstrip("0").rstrip(".")


def _figures(answer: Quantiles | None) -> str:
    return ",," if answer is None else ",".join(f"{seconds:.1f}" for seconds in answer)
