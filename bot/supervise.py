"""The one supervisor: keeps loops running and tasks from failing unheard. Nowhere else is every error caught.

A loop that fails is logged and started again after a pause that grows; a store that is down is nothing unusual
and logged once. Invariant: cancelling the supervisor's task ends everything it started.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import structlog

from bot.clock import Chance
from bot.store.store import StoreDown

log = structlog.get_logger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
CALM_S = 30.0
"""A loop that ran this long before it failed starts again as if for the first time."""
ENDS_WITHIN_S = 2.0
"""So long whoever is cancelled may take to give back what it holds."""


async def forever(name: str, loop: Callable[[], Awaitable[None]], chance: Chance) -> None:
    """Run `loop`, which is not meant to end, again and again until cancelled."""
    failures, down = 0, False
    clock = asyncio.get_running_loop()
    while True:
        started = clock.time()
        try:
            await loop()
            down = False
        except StoreDown as error:
            if not down:
                log.warning("store down, waiting", task=name, error=str(error))
            down = True
        except Exception as error:
            log.error("task failed, starting again", task=name, error=type(error).__name__, exc_info=error)
        failures = 0 if clock.time() - started > CALM_S else failures + 1
        await asyncio.sleep(chance.backoff(failures, FIRST_PAUSE_S, LONGEST_PAUSE_S))


async def outcome(work: Coroutine[Any, Any, None]) -> BaseException | None:
    """Wait for `work` in a task of its own, and give what it failed with, whatever that is; None when it did not.

    Work that cancels itself has failed as well. Cancelling the caller cancels it, and waits for its end.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task})
    finally:
        await ended(task)
    return asyncio.CancelledError("cancelled from within") if task.cancelled() else task.exception()


async def ended(*tasks: asyncio.Task[None]) -> None:
    """Cancel tasks and wait until they have ended; their errors are nobody's any more."""
    for task in tasks:
        task.cancel()
    _, hanging = await asyncio.wait(tasks, timeout=ENDS_WITHIN_S)
    for task in tasks:
        if task in hanging:
            log.error("task does not end", task=task.get_name())
        elif not task.cancelled():
            task.exception()


@contextlib.asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Have `work` done for as long as the block lasts."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        await ended(task)


class Crew:
    """Tasks that come and go, each of which may fail without taking the others along."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` beside everything else; its failure is logged."""
        task = asyncio.create_task(self._guard(name, work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guard(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except StoreDown as error:
            log.warning("store down", task=name, error=str(error))
        except Exception as error:
            log.error("task failed", task=name, error=type(error).__name__, exc_info=error)

    async def finish(self, within_s: float) -> None:
        """Wait for what is under way, then cancel the rest."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within_s)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
