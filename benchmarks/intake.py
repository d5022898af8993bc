"""How many requests a second come in: a bare handler, the same with signature check, and our whole inbound path.

The load is a burst of customers nobody has seen, so every request opens a case. Servers take turns, and the median
of the rounds counts. `delivering` is the whole bot, until every acknowledgement has reached a local peer.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Result, load, write_requests
from benchmarks.messages import messages
from benchmarks.process import process
from benchmarks.servers import full_parts
from benchmarks.table import Row

ROUNDS = 5
SECONDS = 3.0
REQUESTS = 60_000
LEAST_SHARE = 0.35
STAGE_CALLS = 3_000
DELIVERED, DELIVERED_WITHIN_S = 3_000, 60.0


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


def _loaded(kind: str, directory: Path, requests: Path) -> Loaded:
    with process("benchmarks.servers", kind, str(directory)) as (server, address):
        result = load(address, requests, SECONDS)
        rest, _ = server.communicate(timeout=60)
    return Loaded(result, json.loads(rest.strip().splitlines()[-1])["cpu_s"])


def _delivering(directory: Path, requests: Path) -> list[Row]:
    """A burst on the whole bot, until the last acknowledgement has reached the peer."""
    write_requests(requests, 0, DELIVERED)
    with (
        process("benchmarks.peer") as (_, peer),
        process("benchmarks.servers", "delivering", str(directory), f"{peer}/in") as (server, address),
    ):
        started = time.monotonic()
        result = load(address, requests, DELIVERED_WITHIN_S, each_once=True)
        while _acknowledged(peer) < DELIVERED and time.monotonic() - started < DELIVERED_WITHIN_S:
            time.sleep(0.1)
        took_s, arrived = time.monotonic() - started, _acknowledged(peer)
        server.communicate(timeout=60)
    return [
        Row("delivering: taken in meanwhile", result.rate, "req/s"),
        Row("delivering: acknowledgements that did not arrive", DELIVERED - arrived, "", limit=0),
        Row("delivering: taken in, worded and delivered", arrived / took_s, "req/s"),
    ]


def _acknowledged(peer: str) -> int:
    with urllib.request.urlopen(f"{peer}/count", timeout=10) as answer:
        return int(answer.read())


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
