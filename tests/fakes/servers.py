"""Real Redis and Valkey servers for tests: there in milliseconds, frozen and killed at will, gone afterwards.

Every helper is a context manager that gives a URL as `store.url` takes it. Whatever a test does, no server
outlives it: the end is always a SIGKILL. They listen on loopback or on a unix socket only.
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from bot.store.embedded import find_binary
from tests.waiting import WITHIN_S

DEBIAN_REDIS = shutil.which("redis-server")
SLOTS = 16384
SERVICE = "mymaster"


def client_of(url: str) -> redis.Redis:
    """A blocking client that tries once, for arranging things; use it with `with`."""
    # Without telling the server who we are: that would be looked up each time.
    options = {
        "decode_responses": True,
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": 5,
        "driver_info": None,
    }
    return redis.Redis.from_url(url, **options)


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for `condition`; a server that is not there yet counts as "no"."""
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except redis.RedisError:
            pass
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {WITHIN_S:.0f} s")


def free_port() -> int:
    """A TCP port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """One server process on its own directory. `settings` are those of valkey.conf, with `_` for `-`."""

    def __init__(self, binary: Path, directory: Path, *, unix: bool = False, **settings: str) -> None:
        self.directory = directory
        self.port = 0 if unix else free_port()
        self._socket = directory / "server.sock"
        listening = {"unixsocket": str(self._socket)} if unix else {"bind": "127.0.0.1"}
        self._command = [str(binary), "--port", str(self.port), "--dir", str(directory)]
        for name, value in (listening | {"save": "", "appendonly": "yes"} | settings).items():
            self._command += ["--" + name.replace("_", "-"), value]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What to put into `store.url`."""
        return f"redis://127.0.0.1:{self.port}" if self.port else f"unix://{self._socket}"

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self._process is not None
        return self._process.pid

    def call(self, *command: str | int) -> Any:
        """Send one command and return the answer."""
        with client_of(self.url) as client:
            return client.execute_command(*command)

    def info(self) -> dict[str, Any]:
        """Everything the server says of itself."""
        with client_of(self.url) as client:
            return dict(client.info())

    def start(self) -> None:
        """Start on what the directory holds, and wait until the server answers."""
        with (self.directory / "output.log").open("ab") as output:
            self._process = subprocess.Popen(self._command, stdout=output, stderr=subprocess.STDOUT)
        until(lambda: self._process and (self._process.poll() is not None or self.call("PING")), "a PONG")
        assert self._process.poll() is None, (self.directory / "output.log").read_text()

    def kill(self) -> None:
        """SIGKILL: the server gets no chance to save anything. Does nothing to one that is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """SIGSTOP: connections stay open, nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Undo `freeze`."""
        self._signal(signal.SIGCONT)

    def restart(self) -> None:
        """Kill and start again on the same data and port."""
        self.kill()
        self.start()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


@contextmanager
def _directory() -> Iterator[Path]:
    # Short, whatever pytest's own directory is: a unix socket's path must fit into some 100 bytes.
    with tempfile.TemporaryDirectory(prefix="jono-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def _running(binary: Path, *, unix: bool = False, **settings: str) -> Iterator[Server]:
    with _directory() as directory:
        server = Server(binary, directory, unix=unix, **settings)
        try:
            server.start()
            yield server
        finally:
            server.kill()


@contextmanager
def valkey(*, unix: bool = False, **settings: str) -> Iterator[Server]:
    """A Valkey of the version that Jono embeds."""
    with _running(find_binary(), unix=unix, **settings) as server:
        yield server


@contextmanager
def debian_redis(*, unix: bool = False, **settings: str) -> Iterator[Server]:
    """The redis-server on PATH; only where DEBIAN_REDIS says there is one."""
    assert DEBIAN_REDIS is not None
    with _running(Path(DEBIAN_REDIS), unix=unix, **settings) as server:
        yield server


# --- Cluster ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cluster:
    """The nodes of a Valkey Cluster; the primaries come first, replica i follows primary i."""

    primaries: list[Server]
    replicas: list[Server]

    @property
    def nodes(self) -> list[Server]:
        """All nodes."""
        return self.primaries + self.replicas

    @property
    def url(self) -> str:
        """What to put into `store.url`."""
        return "cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)


@contextmanager
def cluster(primaries: int = 3, replicas: int = 3, node_timeout_ms: int = 5000) -> Iterator[Cluster]:
    """A Valkey Cluster, its slots dealt out evenly, its replicas in step.

    A primary counts as dead after `node_timeout_ms`; a short time speeds failovers up, too short a one makes
    a busy machine see deaths that are none.
    """
    with ExitStack() as stack:
        buses = [free_port() for _ in range(primaries + replicas)]
        nodes = [stack.enter_context(_cluster_node(bus, node_timeout_ms)) for bus in buses]
        made = Cluster(nodes[:primaries], nodes[primaries:])
        _deal_slots(made.primaries)
        for node, bus in zip(nodes, buses, strict=True):
            nodes[0].call("CLUSTER", "MEET", "127.0.0.1", node.port, bus)
        until(lambda: all(_peers(node) == len(nodes) for node in nodes), "all nodes know each other")
        for primary, replica in zip(made.primaries, made.replicas, strict=False):
            replica.call("CLUSTER", "REPLICATE", primary.call("CLUSTER", "MYID"))
        until(
            lambda: all(node.info()["master_link_status"] == "up" for node in made.replicas),
            "replicas in step",
        )
        until(lambda: all(_cluster_ok(node) for node in nodes), "cluster_state:ok")
        yield made


def _cluster_node(bus_port: int, node_timeout_ms: int) -> AbstractContextManager[Server]:
    return valkey(
        cluster_enabled="yes",
        cluster_port=str(bus_port),
        cluster_node_timeout=str(node_timeout_ms),
        repl_diskless_sync_delay="0",
        cluster_require_full_coverage="no",
    )


def _deal_slots(primaries: list[Server]) -> None:
    bounds = [SLOTS * i // len(primaries) for i in range(len(primaries) + 1)]
    for i, node in enumerate(primaries):
        node.call("CLUSTER", "ADDSLOTSRANGE", bounds[i], bounds[i + 1] - 1)
        # Distinct epochs at once, instead of after some seconds of settling conflicts.
        node.call("CLUSTER", "SET-CONFIG-EPOCH", i + 1)


def _cluster_info(node: Server) -> dict[str, str]:
    with client_of(node.url) as client:
        return dict(client.cluster("INFO"))


def _peers(node: Server) -> int:
    return int(_cluster_info(node)["cluster_known_nodes"])


def _cluster_ok(node: Server) -> bool:
    return _cluster_info(node)["cluster_state"] == "ok"


# --- Sentinel -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sentinels:
    """A primary, its replica, and the three sentinels that watch over them."""

    primary: Server
    replica: Server
    ports: list[int]

    @property
    def url(self) -> str:
        """What to put into `store.url`."""
        return "sentinel://" + ",".join(f"127.0.0.1:{port}" for port in self.ports) + f"/{SERVICE}"

    def call(self, *command: str) -> Any:
        """Send one command to the first sentinel."""
        with client_of(f"redis://127.0.0.1:{self.ports[0]}") as client:
            return client.execute_command(*command)


@contextmanager
def sentinel() -> Iterator[Sentinels]:
    """One primary, one replica in step with it, and three sentinels that agree within about a second."""
    with ExitStack() as stack:
        primary = stack.enter_context(valkey(repl_diskless_sync_delay="0"))
        replica = stack.enter_context(
            valkey(repl_diskless_sync_delay="0", replicaof=f"127.0.0.1 {primary.port}")
        )
        until(lambda: replica.info()["master_link_status"] == "up", "the replica in step")
        made = Sentinels(primary, replica, [free_port() for _ in range(3)])
        for port in made.ports:
            stack.enter_context(_sentinel(port, primary.port))
        until(lambda: all(_sees_all(port) for port in made.ports), "the sentinels know each other")
        yield made


@contextmanager
def _sentinel(port: int, primary_port: int) -> Iterator[None]:
    with _directory() as directory:
        file = directory / "sentinel.conf"
        file.write_text(
            f"port {port}\nbind 127.0.0.1\ndir {directory}\nlogfile {directory}/sentinel.log\n"
            f"sentinel monitor {SERVICE} 127.0.0.1 {primary_port} 2\n"
            f"sentinel down-after-milliseconds {SERVICE} 500\nsentinel failover-timeout {SERVICE} 5000\n"
        )
        process = subprocess.Popen([find_binary(), file, "--sentinel"])
        try:
            yield
        finally:
            process.kill()
            process.wait()


def _sees_all(port: int) -> bool:
    with client_of(f"redis://127.0.0.1:{port}") as client:
        state = client.sentinel_master(SERVICE)
        return (state["num-other-sentinels"], state["num-slaves"]) == (2, 1)
