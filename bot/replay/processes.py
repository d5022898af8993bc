"""Processes for work that keeps a core busy: as many as asked for, all gone when the work ends, however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from typing import TypeVar

Job = TypeVar("Job")
Done = TypeVar("Done")

CONTEXT = multiprocessing.get_context("spawn")
"""A fresh process is the same everywhere; a forked one is not safe beside threads."""


@contextlib.contextmanager
def at_work(do: Callable[[Job], Done], jobs: Sequence[Job], at_once: int) -> Iterator[list[Future[Done]]]:
    """Have each job done in a process of its own, so many at a time; gives a future for each, in their order.

    Within an event loop: SIGTERM cancels the task that called this. A Ctrl-C, which a terminal sends to all its
    processes, reaches this one alone.
    """
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    workers = max(1, min(len(jobs), at_once))
    pool = ProcessPoolExecutor(workers, mp_context=CONTEXT, initializer=_end_with_parent)
    try:
        with _deaf():
            futures = [pool.submit(do, job) for job in jobs]
        yield futures
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.terminate()


def _end_with_parent() -> None:
    """In a process at work: end at once when the one that began it is gone, were it killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Processes that begin now will ignore a Ctrl-C."""
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
