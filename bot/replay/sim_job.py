"""One scenario simulated and written, as a job for a process of its own. Imports little, so that it starts fast."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from bot.replay.oracle import simulate_with_oracle
from bot.replay.scenarios import Scenario
from bot.replay.simulator import simulate
from bot.replay.trace import Trace, write


@dataclass(frozen=True, slots=True)
class Job:
    """What to simulate, with forecasts for so many cases (0: none), and the folder to write to."""

    scenario: Scenario
    seed: int
    folder: Path
    oracle_cases: int


def do(job: Job) -> str:
    """Simulate and write; gives one line on what came of it. Raises OSError."""
    if job.oracle_cases:
        trace = simulate_with_oracle(job.scenario, job.seed, job.oracle_cases)
    else:
        trace = simulate(job.scenario, job.seed)
    if not trace.cases:
        return f"{trace.name}: nobody wrote in {job.scenario.days} day(s), so there is no trace"
    return f"{write(trace, job.folder)}: {summary(trace)}"


def summary(trace: Trace) -> str:
    """How many cases there are, how long they waited on average, and who got no reply."""
    waits = [case.replied_at - case.arrived_at for case in trace.cases if case.replied_at is not None]
    left = sum(case.left_at is not None for case in trace.cases)
    parts = [f"{len(trace.cases):,} cases"]
    if waits:
        parts.append(f"mean wait {fmean(waits) / 60:.1f} min")
    if left:
        parts.append(f"{left / len(trace.cases):.1%} left")
    if unanswered := len(trace.cases) - len(waits) - left:
        parts.append(f"{unanswered:,} still waiting")
    return ", ".join(parts)
