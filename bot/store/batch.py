"""Micro-batching: calls that are made while another is under way travel together in the next one.

Nobody waits for a batch to fill: a lone call goes at once; under load the batches grow by themselves. When a call
fails, those who wait for the next one fail with it: they have waited as long, and would again.
Invariant: every submitted item gets exactly one answer or error, in any order of failure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Batcher(Generic[Item, Answer]):
    """Collects items for `call`, which answers a batch of up to `most` items in their order."""

    def __init__(self, call: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]], most: int = 64) -> None:
        self._call = call
        self._most = most
        self._pending: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._drain: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Answer:
        """The answer for `item`; raises what `call` raised for its batch."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._pending.append((item, answer))
        if self._drain is None:
            self._drain = loop.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        try:
            while self._pending:
                batch, self._pending = self._pending[: self._most], self._pending[self._most :]
                await self._answer(batch)
        finally:
            self._drain = None

    async def _answer(self, batch: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._call([item for item, _ in batch])
        except BaseException as error:
            # Whoever waits must hear of it, a cancellation included; only that one goes on up.
            waiting, self._pending = self._pending, []
            for _, future in (*batch, *waiting):
                if not future.done():
                    future.set_exception(
                        error if isinstance(error, Exception) else ConnectionError("stopped")
                    )
            if not isinstance(error, Exception):
                raise
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)
