"""Bytes of the server for a waiting case: taken in, acknowledged, its promise told; without the text itself."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from adapters.base import AgentCommand, CustomerMessage, Person
from benchmarks.messages import TEXT
from benchmarks.servers import full_parts
from benchmarks.table import Row
from bot.app import Parts
from bot.store.keys import prefix
from bot.store.wire import Taken

WARM, CASES = 1_000, 20_000
AT_ONCE = 12
MOST_BYTES = 600.0


async def measure() -> list[Row]:
    """Open many cases, acknowledge all, and ask the server."""
    with tempfile.TemporaryDirectory(prefix="jono-bench-") as folder:
        async with full_parts(Path(folder) / "data") as parts:
            on = AgentCommand("on", Person("a-1", "Anna"), "on")
            await parts.inbox.receive("shop", on)
            await _open_cases(parts, 0, WARM)
            before = await _used_bytes(parts)
            await _open_cases(parts, WARM, WARM + CASES)
            after = await _used_bytes(parts)
            promised = await parts.connection.client.zcard(prefix("support") + "timers")
    each = (after - before) / CASES
    return [
        Row("a waiting case with its promise, text included", each, "bytes"),
        Row(
            "a waiting case with its promise, without the text",
            each - len(TEXT.encode()),
            "bytes",
            MOST_BYTES,
        ),
        Row("cases with a promise told", promised, "", WARM + CASES, least=True),
    ]


async def _open_cases(parts: Parts, first: int, end: int) -> None:
    for start in range(first, end, 500):
        await asyncio.gather(
            *(
                parts.inbox.receive(
                    "shop",
                    CustomerMessage(
                        f"m-{number:08}",
                        f"c-{number:08}",
                        Person(f"u-{number:08}", "Aino Virtanen", "fi"),
                        TEXT,
                    ),
                )
                for number in range(start, min(end, start + 500))
            )
        )
    await _acknowledge(parts)


async def _acknowledge(parts: Parts) -> None:
    """What the outbox does, without a peer: every message is worded, and counts as delivered."""
    free = asyncio.Semaphore(AT_ONCE)
    while True:
        taken, _ = await parts.store.take("support", "shop", "bench", 500, 60)
        if not taken:
            return

        async def deliver(one: Taken | None) -> None:
            async with free:
                while one is not None:
                    await parts.delivery.word("support", one.entry)
                    one = await parts.store.settle_delivered("support", "bench", one, 60)

        await asyncio.gather(*(deliver(one) for one in taken))


async def _used_bytes(parts: Parts) -> int:
    return int((await parts.connection.client.info("memory"))["used_memory"])
