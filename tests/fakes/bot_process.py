"""The bot as operators run it: `jono run` in a process of its own, killed and stopped at will.

A bot keeps its address over restarts, as behind a load balancer. Whatever a test does, neither a bot nor the
embedded server it leaves behind outlives the block. Two things must not be in a bot's log: a task that failed
for a reason the code does not name, and anything that customers wrote.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp

from bot.store.embedded import socket_path
from tests.fakes.servers import client_of, free_port
from tests.waiting import WITHIN_S, until

Tables = Mapping[str, Mapping[str, object]]
"""A configuration: the tables of the file by their dotted names."""
PRIVATE = "between-us"
"""Stands in everything that customers write in tests, and in no log."""


def toml(tables: Tables) -> str:
    """The configuration as a file. Strings, numbers, booleans and lists read the same in JSON and TOML."""
    return "\n".join(
        f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
        for name, keys in tables.items()
    )


class BotProcess:
    """One bot; `directory` is its own, for its configuration and its log."""

    def __init__(self, directory: Path, tables: Tables) -> None:
        directory.mkdir(exist_ok=True)
        self.address = ""
        self._listen = f"127.0.0.1:{free_port()}"
        self.config = directory / "config.toml"
        self._output = directory / "bot.out"
        self._log = directory / "bot.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self.config.touch(mode=0o600)
        self.config.write_text(toml({**tables, "server": {"listen": self._listen}}))

    @property
    def log(self) -> str:
        """All that the bot ever wrote to its log."""
        return self._log.read_text() if self._log.exists() else ""

    async def start(self) -> None:
        """Start it and read its address from the first line it prints; it may not be ready yet."""
        self._started = time.monotonic()
        with self._output.open("wb") as output, self._log.open("ab") as log:
            self._process = subprocess.Popen(
                (sys.executable, "-m", "bot", "run", "--config", str(self.config)),
                stdout=output,
                stderr=log,
                cwd=self.config.parent,
                env={name: value for name, value in os.environ.items() if not name.startswith("JONO_")},
            )
        self.address = (await until(self._first_line, "the bot's address")).split()[-1]

    async def ready(self) -> float:
        """Wait until it says so itself; gives the seconds since its start."""
        async with aiohttp.ClientSession() as http:
            await until(lambda: is_ready(http, self.address), "the bot is ready", every_s=0.02)
        return time.monotonic() - self._started

    def _first_line(self) -> str:
        """What it prints first, once the line is whole."""
        line = self._output.read_text()
        if line.endswith("\n"):
            return line
        assert self._process is not None
        assert self._process.poll() is None, self.log
        return ""

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    async def ended(self) -> int:
        """Its exit code, once it has ended."""
        assert self._process is not None
        return await asyncio.to_thread(self._process.wait, WITHIN_S)

    async def kill(self) -> None:
        """SIGKILL: it gets no chance to finish anything. Does nothing to a bot that has ended."""
        if self._process is not None:
            self._process.kill()
            await self.ended()

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Ask it to stop: the exit code, and how many seconds the end took."""
        began = time.monotonic()
        self.send(number)
        return await self.ended(), time.monotonic() - began


async def status_of(http: aiohttp.ClientSession, url: str) -> int:
    """The HTTP status of a GET; 0 when nobody answers."""
    try:
        async with http.get(url) as answer:
            return answer.status
    except (aiohttp.ClientError, TimeoutError):
        return 0


async def is_ready(http: aiohttp.ClientSession, address: str) -> bool:
    """Whether the bot there says that it can work."""
    return await status_of(http, f"{address}/readyz") == 200


@asynccontextmanager
async def bot_processes(directory: Path, tables: Tables, count: int = 1) -> AsyncIterator[list[BotProcess]]:
    """Bots of one configuration, started and ready; killed at the end, and their logs looked through."""
    bots = [BotProcess(directory / f"bot-{number}", tables) for number in range(count)]
    try:
        for bot in bots:
            await bot.start()
        for bot in bots:
            await bot.ready()
        yield bots
    finally:
        for bot in bots:
            await bot.kill()
    for bot in bots:
        failed = [line for line in bot.log.splitlines() if "task failed" in line]
        assert not failed, failed[0].replace("\\n", "\n")
        assert PRIVATE not in bot.log


class EmbeddedServer:
    """The server that bots embed on a directory, seen from outside."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.url = f"unix://{socket_path(directory)}"

    def kill(self) -> None:
        """SIGKILL whatever server runs there, and wait for its end."""
        with client_of(self.url) as client:
            os.kill(client.info("server")["process_id"], signal.SIGKILL)

    def gone(self) -> bool:
        """Whether no server holds the directory."""
        with (self.directory / "server.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True


@contextmanager
def embedded_server(directory: Path) -> Iterator[EmbeddedServer]:
    """A directory for bots to embed their server on; a server they leave behind is killed at the end."""
    server = EmbeddedServer(directory)
    directory.mkdir()
    try:
        yield server
    finally:
        if not server.gone():
            server.kill()
