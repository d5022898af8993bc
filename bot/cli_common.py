"""What the commands of the command line share: how they fail, the configuration, the store, the name of a queue.

`bot.cli` is the table of the commands themselves.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot import config as configuration
from bot import log
from bot.clock import Clock
from bot.config import Config
from bot.published import Published
from bot.store.connection import connect
from bot.store.store import Store
from status.model import Outlook, TrackRecord

DEFAULT_CONFIG = Path("config.toml")


class Failure(Exception):
    """A command could not do its work; the text is shown, `code` is the exit code."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the command line."""

    name: str
    summary: str
    example: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], Coroutine[Any, Any, int]]


def with_config(parser: argparse.ArgumentParser) -> None:
    """The argument of every command that needs a configuration."""
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"the configuration (default: {DEFAULT_CONFIG}, where it exists)",
    )


def config_of(options: argparse.Namespace) -> Config:
    """The configuration; its warnings go to standard error. Raises ConfigError."""
    path: Path | None = options.config
    if path is None and DEFAULT_CONFIG.exists():
        path = DEFAULT_CONFIG
    config = configuration.load(path, os.environ)
    log.configure(config.log.level)
    for warning in configuration.warnings(config, path):
        print(f"jono: warning: {warning}", file=sys.stderr)
    return config


@contextlib.asynccontextmanager
async def opened_store(config: Config, clock: Clock) -> AsyncIterator[Store]:
    """The store, for as long as the block lasts. Raises StoreDown, UnsafeStore or EmbeddedError."""
    connection = await connect(config.store.url.get_secret_value())
    try:
        store = Store(connection, clock)
        await store.open(config.store.allow_unsafe)
        yield store
    finally:
        await connection.aclose()


async def published_of(config: Config, queue: str) -> Published:
    """What was published last, or that it is not known where that is too old. Raises like `opened_store`."""
    clock = Clock()
    async with opened_store(config, clock) as store:
        published = await store.published(queue)
    if published is not None and clock.now() <= published.next_refresh + config.publish.refresh_s:
        return published
    outlook = Outlook("unknown", clock.now(), 0, 0, reason="stale")
    return Published(queue, outlook, clock.now(), TrackRecord(0, 0, 0))


def one_queue(config: Config, name: str | None) -> str:
    """The queue of that name, or the only one. Raises Failure."""
    if name is None and len(config.queues) == 1:
        return next(iter(config.queues))
    if name is None or name not in config.queues:
        raise Failure(f"name one of these queues: {', '.join(config.queues)}", code=2)
    return name
