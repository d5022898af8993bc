"""`jono replay`: what the service would have told the customers of a recorded or simulated desk, and how true it was.

Several traces are replayed side by side on all cores. Results go to standard output, progress to standard error.
What is wrong with a trace or with where to write is told before anything begins.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import multiprocessing
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from bot.cli import Failure
from bot.replay import replay_job
from bot.replay.replay_job import COLUMNS, Job, Outcome, Share
from bot.replay.report import to_json, to_text
from bot.replay.trace import BadTrace, Trace, read

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
    try:
        outcomes = [outcome async for outcome in _outcomes(jobs, options.jobs)]
    except BrokenProcessPool as error:
        raise Failure("a process of the replay was ended from outside; is there memory enough?") from error
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


def _traces(paths: Sequence[Path]) -> list[Trace]:
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


# --- several at a time -------------------------------------------------------------------------------------


async def _outcomes(jobs: Sequence[Job], at_once: int) -> AsyncIterator[Outcome]:
    """What comes of all jobs, in their order."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    # A fresh process is the same everywhere; a forked one is not safe beside threads.
    context = multiprocessing.get_context("spawn")
    done: Share = context.Value("d", 0.0)
    workers = min(len(jobs), at_once)
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=replay_job.ready, initargs=(done,))
    try:
        futures = [pool.submit(replay_job.do, job) for job in jobs]
        shown = asyncio.create_task(_show(done, futures))
        for future in futures:
            yield await asyncio.wrap_future(future)
        await shown
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.terminate()


async def _show(done: Share, futures: Sequence[Future[Outcome]]) -> None:
    """Tell how far it is: one line that changes on a terminal, else one line for each trace that is through."""
    terminal, through = sys.stderr.isatty(), 0
    while True:
        now = sum(future.done() for future in futures)
        share = done.value / len(futures)
        if terminal:
            print(
                f"\rjono: {now} of {len(futures)} traces, {share:.0%} ", end="", file=sys.stderr, flush=True
            )
        elif now > through:
            print(f"jono: {now} of {len(futures)} traces", file=sys.stderr, flush=True)
        through = now
        if now == len(futures):
            break
        await asyncio.sleep(LOOK_EVERY_S)
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
