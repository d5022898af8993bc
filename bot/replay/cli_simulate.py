"""`jono simulate`: traces of simulated desks, several at a time on all cores.

Answers with files and a line for each; the same seed gives the same files. What is wrong with the arguments is
told before anything begins.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path

from bot.cli_common import Failure
from bot.replay import oracle, scenarios, sim_job
from bot.replay.processes import at_work
from bot.replay.scenarios import BadScenario, Scenario
from bot.replay.sim_job import Job
from bot.replay.sim_presets import DAYS, PRESETS, preset

DEFAULT_FOLDER = Path("traces")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `jono simulate`."""
    parser.add_argument(
        "scenarios",
        nargs="*",
        metavar="SCENARIO",
        help=f"{', '.join(PRESETS)} (default: all of them)",
    )
    parser.add_argument(
        "--scenario", type=Path, metavar="FILE", help="a desk of your own, in TOML: docs/commands.md"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change a setting, as in a scenario's file; may be given several times",
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="another seed, another desk (default: 1)"
    )
    parser.add_argument("--days", type=int, metavar="N", help=f"default: {DAYS}, or what FILE says")
    parser.add_argument(
        "--out",
        type=Path,
        default=DEFAULT_FOLDER,
        metavar="DIR",
        help=f"where to write SCENARIO-SEED.csv.gz and what belongs to it (default: {DEFAULT_FOLDER})",
    )
    forecasts = parser.add_mutually_exclusive_group()
    forecasts.add_argument(
        "--oracle-cases",
        type=_count,
        default=oracle.CASES,
        metavar="N",
        help=f"about so many cases get the best possible forecast (default: {oracle.CASES})",
    )
    forecasts.add_argument(
        "--no-oracle", dest="oracle_cases", action="store_const", const=0, help="none of them does"
    )


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is no count; take 0 or more")
    return int(text)


async def simulate(options: argparse.Namespace) -> int:
    """Simulate what was asked for; gives the exit code. Raises Failure."""
    try:
        chosen = _chosen(options)
        options.out.mkdir(parents=True, exist_ok=True)
        await _work([Job(scenario, options.seed, options.out, options.oracle_cases) for scenario in chosen])
    except BadScenario as error:
        raise Failure(str(error), code=2) from error
    except OSError as error:
        wrong = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        raise Failure(
            f"--out: {options.out} cannot be written to ({wrong}); choose another folder"
        ) from error
    except BrokenProcessPool as error:
        raise Failure(
            "a process of the simulation was ended from outside; is there memory enough?"
        ) from error
    return 0


def _chosen(options: argparse.Namespace) -> list[Scenario]:
    """The scenarios that were asked for, with what was changed in them. Raises BadScenario."""
    draw = partial(preset, seed=options.seed)
    if options.days is not None:
        draw = partial(draw, days=options.days)
    settings = dict(scenarios.setting(text) for text in options.set)
    if options.days is not None:
        settings["days"] = options.days
    names = list(dict.fromkeys(options.scenarios)) or ([] if options.scenario else list(PRESETS))
    found = [draw(name) for name in names]
    if options.scenario:
        found.append(scenarios.read(options.scenario, draw))
    found = [scenarios.changed(scenario, settings) for scenario in found]
    if len({scenario.name for scenario in found}) < len(found):
        raise BadScenario("two scenarios have one name, and so one file; give one of them another `name`")
    return found


async def _work(jobs: Sequence[Job]) -> None:
    """Do all jobs, as many at a time as there are cores; their lines keep the order asked for."""
    with at_work(sim_job.do, jobs, os.cpu_count() or 1) as futures:
        for done, future in enumerate(futures, start=1):
            line = await asyncio.wrap_future(future)
            print(line, flush=True)
            if len(jobs) > 1:
                print(f"jono: {done} of {len(jobs)} simulated", file=sys.stderr, flush=True)
