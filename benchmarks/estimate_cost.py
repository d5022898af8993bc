"""What an estimate costs, on one core: an arrival, a refresh with a thousand waiting, a refit, the state, a replay."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median

from benchmarks.table import Row
from bot.replay.report import OURS, Result
from bot.replay.run import replay
from bot.replay.subject import Service
from bot.replay.trace import Trace
from status.model import Observation

WAITING = 1000
AGENTS = 10
ROUNDS = 20

MOST_REFRESH_MS = 50.0
MOST_ARRIVAL_MS = 0.2
MOST_REFIT_S = 2.0
MOST_STATE_KB = 256.0
LEAST_CASES_S = 5000.0


def costs(trace: Trace, results: Sequence[Result]) -> list[Row]:
    """The costs after this trace; the slowest call is that of all replays, refits included."""
    service = Service()
    began_s = time.perf_counter()
    replay(trace, {OURS: service})
    cases_s = len(trace.cases) / (time.perf_counter() - began_s)
    at = trace.cases[-1].arrived_at
    arrival_s = _arrivals_s(service, at)
    refresh_s = median(_seconds(lambda: _refresh(service, at + WAITING)) for _ in range(ROUNDS))
    slowest_s = max(result.cost.slowest_s for result in results)
    return [
        Row("a new arrival, asked and observed, median", arrival_s * 1e3, "ms", MOST_ARRIVAL_MS),
        Row(f"a refresh, and {WAITING:,} waiting cases asked about", refresh_s * 1e3, "ms", MOST_REFRESH_MS),
        Row("the slowest call of all replays, refits included", slowest_s, "s", MOST_REFIT_S),
        Row("the learned state as JSON", len(service.state()) / 1024, "kB", MOST_STATE_KB),
        Row("a replay, Jono alone", cases_s, "cases/s", LEAST_CASES_S, least=True),
    ]


def _seconds(work: Callable[[], None]) -> float:
    began_s = time.perf_counter()
    work()
    return time.perf_counter() - began_s


def _arrivals_s(service: Service, at: float) -> float:
    """A line of so many, one a second, at a desk with all hands full."""
    times = []
    for number in range(WAITING):
        now, case = at + number, f"waiting-{number}"
        seen = Observation(now, "arrived", number + 1, AGENTS, case=case, ahead=number, held=AGENTS)
        began_s = time.perf_counter()
        service.arriving(now)
        service.observe(seen)
        times.append(time.perf_counter() - began_s)
    return median(times)


def _refresh(service: Service, at: float) -> None:
    line = [(f"waiting-{number}", number, float(WAITING - number)) for number in range(WAITING)]
    service.refresh(at, line[:2])
    for case, ahead, elapsed_s in line:
        service.still(at, case, ahead, elapsed_s)
