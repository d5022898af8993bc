"""`make bench-estimate`: how true our answers are and what they cost, against the targets.

    python -m benchmarks.estimate                  nine simulated desks, each drawn from two seeds
    python -m benchmarks.estimate TRACES --write   all traces of a folder; docs/estimate.md made anew

A target's line shows the trace that is furthest from it. The exit code is 1 when one is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks.estimate_cost import costs
from benchmarks.estimate_page import PAGE, rewrite
from benchmarks.estimate_targets import Target, table, targets
from benchmarks.table import show
from bot.replay import replay_job
from bot.replay.oracle import simulate_with_oracle
from bot.replay.processes import at_work
from bot.replay.replay_job import Job, Outcome
from bot.replay.report import to_text
from bot.replay.sim_presets import PRESETS, preset
from bot.replay.trace import Trace, read, trace_name

SEEDS = (1, 2)
BESIDE = re.compile(r"\.(staff|oracle)\.csv(\.gz)?$")


@dataclass(frozen=True, slots=True)
class Simulated:
    """A trace that is made up where it is needed."""

    scenario: str
    seed: int


Source = Simulated | Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 1 when a target is missed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.estimate", description="Our answers against the targets."
    )
    parser.add_argument("traces", nargs="?", type=Path, help="a folder of traces (default: simulated ones)")
    parser.add_argument("--write", action="store_true", help=f"make {PAGE} and its pictures anew")
    parser.add_argument(
        "--without-closes",
        action="store_true",
        help="as at a desk that never closes a case: nobody knows when an agent is done",
    )
    options = parser.parse_args(arguments)
    sources = _sources(options.traces)
    outcomes = asyncio.run(_replayed(sources, pictures=options.write, closes=not options.without_closes))
    results = [outcome.result for outcome in outcomes]
    held = targets(results)
    print(f"\n{to_text(results)}\n")
    for line in table(held):
        print(line)
    spent = costs(trace_of(sources[0]), results)
    print("\ncost")
    show(spent)
    if options.write:
        rewrite(outcomes, held, spent)
    return int(any(map(_missed, held)) or any(row.missed for row in spent))


def _missed(target: Target) -> bool:
    return target.met < target.asked


def _sources(folder: Path | None) -> list[Source]:
    if folder is None:
        return [Simulated(name, seed) for name in sorted(PRESETS) for seed in SEEDS]
    paths = [path for path in folder.rglob("*.csv*") if not BESIDE.search(path.name)]
    if not paths:
        sys.exit(f"{folder}: there is no trace; make some with: jono simulate --out {folder}")
    return [*sorted(paths, key=trace_name)]


def trace_of(source: Source) -> Trace:
    """Read it, or make it up."""
    if isinstance(source, Path):
        return read(source)
    return simulate_with_oracle(preset(source.scenario, source.seed), source.seed)


async def _replayed(sources: Sequence[Source], *, pictures: bool, closes: bool) -> list[Outcome]:
    outcomes = []
    with at_work(partial(_replay, pictures=pictures, closes=closes), sources, os.cpu_count() or 1) as futures:
        for count, future in enumerate(futures, start=1):
            outcomes.append(await asyncio.wrap_future(future))
            print(f"  {count} of {len(sources)}: {outcomes[-1].result.name}", file=sys.stderr, flush=True)
    return outcomes


def _replay(source: Source, *, pictures: bool, closes: bool) -> Outcome:
    trace = trace_of(source)
    if not closes:
        # A case that nobody answered was closed by its customer's leaving.
        cases = tuple(replace(one, closed_at=None) if one.replied_at else one for one in trace.cases)
        trace = replace(trace, cases=cases)
    return replay_job.do(Job(trace, pictures=pictures))


if __name__ == "__main__":
    sys.exit(main())
