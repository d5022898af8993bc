"""The time of a refresh with a thousand and with a million waiting cases: it must not grow with the queue."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from adapters.base import AgentCommand, CustomerMessage, Person
from benchmarks.servers import full_parts
from benchmarks.table import Row
from bot.app import Parts
from bot.store.keys import prefix

FEW, MANY = 1_000, 1_000_000
REFRESHES = 15
CHUNK = 20_000
MOST_TIMES = 2.0


async def measure() -> list[Row]:
    """Refresh with few, fill up, refresh with many."""
    with tempfile.TemporaryDirectory(prefix="jono-bench-") as folder:
        async with full_parts(Path(folder) / "data") as parts:
            await parts.inbox.receive("shop", AgentCommand("on", Person("a-1", "Anna"), "on"))
            await parts.inbox.receive("shop", CustomerMessage("m", "c", Person("u", "Aino"), "Hello"))
            await _fill(parts, 1, FEW)
            few_s = await _refresh_s(parts)
            await _fill(parts, FEW, MANY)
            many_s = await _refresh_s(parts)
            waiting = (await parts.store.line("support")).waiting
    return [
        Row(f"a refresh with {FEW:,} waiting cases, median", few_s * 1e3, "ms"),
        Row(f"a refresh with {waiting:,} waiting cases, median", many_s * 1e3, "ms"),
        Row("the second / the first", many_s / few_s, "", MOST_TIMES),
    ]


async def _fill(parts: Parts, first: int, end: int) -> None:
    """Cases in the queue's order, without their texts: a refresh never reads those, whatever the length."""
    now_ms = int(parts.clock.now() * 1000)
    for start in range(first, end, CHUNK):
        chunk = {f"case-{number}": now_ms + number for number in range(start, min(end, start + CHUNK))}
        await parts.connection.client.zadd(prefix("support") + "waiting", chunk)
    print(f"  {end:,} waiting", file=sys.stderr, flush=True)


async def _refresh_s(parts: Parts) -> float:
    times = []
    for _ in range(REFRESHES):
        fence = await parts.store.lead("support", "bench", 60)
        started = time.perf_counter()
        await parts.keeper.refresh("support", fence)
        times.append(time.perf_counter() - started)
    return statistics.median(times)
