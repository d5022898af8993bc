"""`jono replay`: what the service would have told the customers of a recorded or simulated desk, and how true it was.

Several traces are replayed side by side on all cores. Results go to standard output, progress to standard error.
What is wrong with a trace or with where to write is told before anything begins.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from bot.cli_common import Failure
from bot.clock import Clock
from bot.replay import replay_job
from bot.replay.processes import at_work
from bot.replay.replay_job import COLUMNS, Job, Outcome
from bot.replay.report import to_json, to_text
from bot.replay.trace import BadTrace, Trace, beside, read

LOOK_EVERY_S = 0.2


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `jono replay`."""
    parser.add_argument("traces", nargs="+", type=Path, metavar="TRACE", help="a trace: .csv or .csv.gz")
    parser.add_argument(
        "--json", action="store_true", help="print all figures, of the baselines too, as JSON"
    )
    parser.add_argument(
        "--predictions", type=Path, metavar="FILE", help="write all that was told, as .csv or .csv.gz"
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with pictures and targets")
    parser.add_argument(
        "--jobs",
        type=_jobs,
        default=os.cpu_count() or 1,
        metavar="N",
        help="traces at a time (default: cores)",
    )


def _jobs(text: str) -> int:
    if not (text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"{text} is no number of jobs; take 1, 2, 3 ...")
    return int(text)


async def replay(options: argparse.Namespace) -> int:
    """Replay what was asked for; gives the exit code. Raises Failure."""
    for option, path in (("--predictions", options.predictions), ("--html", options.html)):
        _check_target(option, path)
    jobs = [
        Job(trace, predictions=options.predictions is not None, pictures=options.html is not None)
        for trace in _traces(options.traces)
    ]
    outcomes = await _outcomes(jobs, options.jobs)
    if options.predictions is not None:
        _write_predictions(options.predictions, outcomes)
    if options.html is not None:
        _write_page(options.html, outcomes)
    results = [outcome.result for outcome in outcomes]
    print(json.dumps(to_json(results), indent=1) if options.json else to_text(results))
    return 0


def _check_target(option: str, path: Path | None) -> None:
    if path is not None and (path.is_dir() or not path.parent.is_dir()):
        wrong = "it is a folder" if path.is_dir() else f"there is no folder {path.parent}"
        raise Failure(
            f"{option}: {path} cannot be written: {wrong}; name a file in a folder that exists", code=2
        )


def _traces(named: Sequence[Path]) -> list[Trace]:
    paths = _traces_alone(named)
    try:
        traces = [read(path) for path in paths]
    except BadTrace as error:
        raise Failure(str(error), code=2) from error
    seen: dict[str, Path] = {}
    for trace, path in zip(traces, paths, strict=True):
        if trace.name in seen:
            raise Failure(f"{path}: {seen[trace.name]} has the same name; rename one of them", code=2)
        seen[trace.name] = path
    return traces


def _traces_alone(named: Sequence[Path]) -> list[Path]:
    """Each trace once, without the files beside it, which `traces/*.csv.gz` names too. Raises Failure."""
    paths = dict.fromkeys(path for path in named if beside(path) is None)
    for path in named:
        whose = beside(path)
        if whose is not None and not any(_unpacked(whose) == _unpacked(other) for other in paths):
            raise Failure(f"{path}: this file only belongs to a trace; name {whose} as well", code=2)
    return list(paths)


def _unpacked(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(".gz"))


# --- several at a time -------------------------------------------------------------------------------------


async def _outcomes(jobs: Sequence[Job], at_once: int) -> list[Outcome]:
    """What comes of all jobs, in their order. Raises Failure."""
    try:
        with at_work(replay_job.do, jobs, at_once) as futures:
            await _show(futures)
            return [future.result() for future in futures]
    except BrokenProcessPool as error:
        raise Failure("a process of the replay was ended from outside; is there memory enough?") from error


async def _show(futures: Sequence[Future[Outcome]]) -> None:
    """Tell how far it is until all are through: a line that changes on a terminal, else a line for each trace."""
    terminal, started_s = sys.stderr.isatty(), Clock.monotonic()
    told = through = 0
    while through < len(futures):
        await asyncio.sleep(LOOK_EVERY_S)
        through = sum(future.done() for future in futures)
        line = f"jono: {through} of {len(futures)} traces replayed"
        if terminal:
            print(
                f"\r\033[K{line}, {Clock.monotonic() - started_s:.0f} s", end="", file=sys.stderr, flush=True
            )
        elif through > told:
            print(line, file=sys.stderr, flush=True)
        told = through
    if terminal:
        print("\r\033[K", end="", file=sys.stderr, flush=True)


# --- files -------------------------------------------------------------------------------------------------


def _write_predictions(path: Path, outcomes: Sequence[Outcome]) -> None:
    text = ",".join(COLUMNS) + "\n" + "".join(outcome.lines for outcome in outcomes)
    content = text.encode()
    # Without a time in it the same replay gives the same file.
    _write("--predictions", path, gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def _write_page(path: Path, outcomes: Sequence[Outcome]) -> None:
    from bot.replay.report_html import to_html

    drawn = [(outcome.result, outcome.drawn) for outcome in outcomes if outcome.drawn is not None]
    _write("--html", path, to_html(drawn).encode())


def _write(option: str, path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Failure(f"{option}: {path} cannot be written: {error.strerror}") from error
