"""How many requests a second come in: a bare handler, the same with signature check, and our whole inbound path.

The load is a burst of customers nobody has seen, so every request opens a case. Servers take turns, and the median
of the rounds counts. `delivering` is the whole bot with every acknowledgement sent to a local peer meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Result, load, write_requests
from benchmarks.messages import messages
from benchmarks.servers import full_parts
from benchmarks.table import Row

ROUNDS = 5
SECONDS = 3.0
REQUESTS = 60_000
LEAST_SHARE = 0.35
STAGE_CALLS = 3_000


@dataclass(frozen=True, slots=True)
class Loaded:
    """One server under one load."""

    load: Result
    cpu_s: float

    @property
    def cpu_us(self) -> float:
        """CPU time of the server's process for one request."""
        return self.cpu_s / self.load.requests * 1e6


def measure() -> list[Row]:
    """Run all rounds."""
    with tempfile.TemporaryDirectory(prefix="jono-bench-") as folder:
        requests = Path(folder) / "requests"
        write_requests(requests, 0, REQUESTS)
        rounds: dict[str, list[Loaded]] = {"bare": [], "signed": [], "full": []}
        for number in range(ROUNDS):
            for kind, done in rounds.items():
                done.append(_loaded(kind, Path(folder) / f"{kind}-{number}", requests))
            print(f"  round {number + 1} of {ROUNDS}", file=sys.stderr, flush=True)
        delivering = _delivering(Path(folder) / "delivering", requests)
    return [*_rates(rounds), *delivering, *asyncio.run(_stages())]


def _rates(rounds: dict[str, list[Loaded]]) -> list[Row]:
    rows = []
    for kind, done in rounds.items():
        rows += [
            Row(f"{kind}: requests a second", statistics.median(one.load.rate for one in done), "req/s"),
            Row(f"{kind}: p99", statistics.median(one.load.p99_ms for one in done), "ms"),
            Row(f"{kind}: CPU of the process a request", statistics.median(one.cpu_us for one in done), "us"),
            Row(f"{kind}: answers other than 2xx", sum(one.load.bad for one in done), "", limit=0),
        ]
    pairs = zip(rounds["full"], rounds["bare"], strict=True)
    share = statistics.median(full.load.rate / bare.load.rate for full, bare in pairs)
    cpu = zip(rounds["full"], rounds["bare"], strict=True)
    by_cpu = statistics.median(bare.cpu_us / full.cpu_us for full, bare in cpu)
    return [
        *rows,
        Row("full / bare, requests a second", share, "", limit=LEAST_SHARE, least=True),
        Row("bare / full, CPU of the process", by_cpu, ""),
    ]


def _loaded(kind: str, directory: Path, requests: Path, *peer: str) -> Loaded:
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.servers", kind, str(directory), *peer],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        result = load(server.stdout.readline().strip(), requests, SECONDS)
        rest, _ = server.communicate(timeout=60)
    finally:
        server.kill()
    return Loaded(result, json.loads(rest.strip().splitlines()[-1])["cpu_s"])


def _delivering(directory: Path, requests: Path) -> list[Row]:
    peer = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.peer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert peer.stdout is not None
    try:
        done = _loaded("delivering", directory, requests, peer.stdout.readline().strip())
        rest, _ = peer.communicate(timeout=60)
    finally:
        peer.kill()
    counted = json.loads(rest)
    return [
        Row("delivering meanwhile: requests a second", done.load.rate, "req/s"),
        Row("delivering meanwhile: p99", done.load.p99_ms, "ms"),
        Row("delivering meanwhile: acknowledgements delivered", counted["acknowledgements"], ""),
        Row("delivering meanwhile: acknowledgements a second", counted["a_second"], "1/s"),
    ]


async def _stages() -> list[Row]:
    """CPU time of each stage of the inbound path, one after another without HTTP."""
    with tempfile.TemporaryDirectory(prefix="jono-bench-") as folder:
        async with full_parts(Path(folder) / "data") as parts:
            channel = parts.channels["shop"]
            signed = [(headers, body.encode()) for headers, body in messages(0, STAGE_CALLS)]
            now = parts.clock.real()
            started = time.process_time()
            arrivals = [arrival for headers, body in signed for arrival in channel.accept(headers, body, now)]
            accepted = time.process_time()
            await _at_once(lambda i: parts.inbox.receive("shop", arrivals[i]), STAGE_CALLS)
            taken = time.process_time()
    per_call = 1e6 / STAGE_CALLS
    return [
        Row("stage: verify and parse, CPU", (accepted - started) * per_call, "us"),
        Row("stage: decide and commit, CPU (64 at once)", (taken - accepted) * per_call, "us"),
    ]


async def _at_once(work: Callable[[int], Awaitable[None]], count: int, tasks: int = 64) -> None:
    numbers = iter(range(count))

    async def worker() -> None:
        for number in numbers:
            await work(number)

    await asyncio.gather(*(worker() for _ in range(tasks)))
