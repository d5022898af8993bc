"""Reaching the store: one connection, whatever kind of server is behind the URL.

The rest of the bot gets a client that speaks to one server, to the primary Sentinel names or to a Cluster
alike. A call fails fast and is not repeated here: our scripts may be repeated without harm, so whoever calls
waits and tries again, and an intake can refuse in time. `unavailable` says which errors mean "down", and
`reaching` turns them into `StoreDown`.
Invariant: no password is shown by anything here.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
import structlog
from redis.asyncio import (
    BlockingConnectionPool,
    Redis,
    RedisCluster,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import Connection as TcpConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import (
    ClusterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    ResponseError,
    SlotNotCoveredError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.maint_notifications import MaintNotificationsConfig

from bot.store.address import Address, BadUrl, Login, parse, redacted

__all__ = [
    "UNAVAILABLE",
    "BadUrl",
    "Connection",
    "Options",
    "StoreDown",
    "UnsafeStore",
    "check_safe",
    "connect",
    "reaching",
    "redacted",
    "server_time",
    "unavailable",
]

HEALTH_CHECK_INTERVAL_S = 15
SENTINEL_POLL_S = 5.0
SENTINEL_RETRY_AFTER_S = 1.0
# The cluster client has no pool that waits: what exceeds this is refused at once.
CLUSTER_CONNECTIONS_PER_NODE = 100
# Without one retry a pipeline of the cluster client never asks again who owns the slots after a failover.
CLUSTER_RETRIES = 1
OLDEST_SERVER = 7

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """How to speak to the store. `server_binary`: the server to embed, where it is not to be looked up.

    A call waits at most `connect_timeout_s` for a free connection, as long for a new one to open, and
    `answer_timeout_s` for the answer.
    """

    max_connections: int = 16
    answer_timeout_s: float = 1.5
    connect_timeout_s: float = 1.0
    server_binary: Path | None = None


DEFAULTS = Options()


@dataclass(slots=True)
class Connection:
    """The store, reached. `url` is safe to show."""

    client: Redis | RedisCluster = field(repr=False)
    url: str
    _on_close: AsyncExitStack = field(repr=False)

    @property
    def is_cluster(self) -> bool:
        """Whether keys are spread over several primaries."""
        return isinstance(self.client, RedisCluster)

    async def aclose(self) -> None:
        """Give back everything; the last user of an embedded server stops it. May be called twice."""
        await self._on_close.aclose()


async def connect(url: str, options: Options = DEFAULTS) -> Connection:
    """Be ready to speak to the store at `url` (see `address.ACCEPTED`); an embedded one is up on return.

    Any other need not be: the first call finds out. Raises BadUrl, and EmbeddedError for an embedded one.
    """
    address = parse(url)
    on_close = AsyncExitStack()
    client: Redis | RedisCluster
    if address.scheme == "cluster":
        client = _cluster(address, options)
    elif address.scheme == "sentinel":
        client = _sentinel(address, options, on_close)
    elif address.scheme == "embedded":
        client = _unix(await _embedded(url, address, options, on_close), address, options)
    elif address.scheme == "unix":
        client = _unix(address.path, address, options)
    else:
        client = _tcp(address, options)
    on_close.push_async_callback(client.aclose)
    return Connection(client, redacted(url), on_close)


# --- one client for each kind of server ---------------------------------------------------------------------


def _settings(login: Login, options: Options) -> dict[str, Any]:
    """What all clients share.

    Maintenance notifications break an idle connection's recovery when nothing is retried:
    https://github.com/redis/redis-py/issues/4252
    """
    return {
        "username": login.username,
        "password": login.password,
        "socket_timeout": options.answer_timeout_s,
        "socket_connect_timeout": options.connect_timeout_s,
        "health_check_interval": HEALTH_CHECK_INTERVAL_S,
        "decode_responses": True,
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }


def _pool_settings(address: Address, options: Options) -> dict[str, Any]:
    """What clients with a waiting pool share: it makes callers queue where the usual one fails at once."""
    return _settings(address.login, options) | {
        "db": address.database,
        "retry": _no_retry(),
        "max_connections": options.max_connections,
        "timeout": options.connect_timeout_s,
    }


def _tls(address: Address) -> dict[str, Any]:
    return {} if address.tls is None else {"ssl": True, **address.tls}


def _no_retry() -> Retry:
    return Retry(NoBackoff(), 0)


def _tcp(address: Address, options: Options) -> Redis:
    [(host, port)] = address.hosts
    kind = TcpConnection if address.tls is None else SSLConnection
    settings = _pool_settings(address, options) | dict(address.tls or {})
    return Redis.from_pool(BlockingConnectionPool(connection_class=kind, host=host, port=port, **settings))


def _unix(path: Path, address: Address, options: Options) -> Redis:
    settings = _pool_settings(address, options)
    kind = UnixDomainSocketConnection
    return Redis.from_pool(BlockingConnectionPool(connection_class=kind, path=str(path), **settings))


async def _embedded(url: str, address: Address, options: Options, on_close: AsyncExitStack) -> Path:
    if sys.platform == "win32":
        raise BadUrl(url, "there is no embedded store on Windows; use WSL, Docker or a server that runs")
    # Imported here because its locks (fcntl) do not exist on Windows, where the other stores still work.
    from bot.store import embedded

    server = await embedded.start(address.path, options.server_binary)
    on_close.push_async_callback(server.stop)
    return server.socket


def _cluster(address: Address, options: Options) -> RedisCluster:
    """MOVED and ASK are followed by the client. One lost shard takes only its own queues down."""
    return RedisCluster(
        startup_nodes=[ClusterNode(host, port) for host, port in address.hosts],
        retry=Retry(NoBackoff(), CLUSTER_RETRIES),
        require_full_coverage=False,
        max_connections=CLUSTER_CONNECTIONS_PER_NODE,
        **_tls(address),
        **_settings(address.login, options),
    )


# --- Sentinel -----------------------------------------------------------------------------------------------


class _WaitingSentinelPool(SentinelConnectionPool, BlockingConnectionPool):
    """Connections to whatever primary Sentinel names, with callers waiting their turn.

    One at a time asks the sentinels: whoever finds one that answers moves it to the front of the list, and
    two who do so together lose others from it. https://github.com/redis/redis-py/pull/4331
    """

    def __init__(self, service: str, sentinel: Sentinel, **settings: Any) -> None:
        super().__init__(service, sentinel, **settings)  # type: ignore[no-untyped-call]
        self._asking = asyncio.Lock()
        self._announced = ""

    async def get_master_address(self) -> tuple[str, int]:
        async with self._asking:
            address: tuple[str, int] = await super().get_master_address()  # type: ignore[no-untyped-call]
            return address

    async def switch(self, primary: str) -> None:
        """Drop all connections on the first news of another primary; the other sentinels repeat it."""
        if primary != self._announced:
            self._announced = primary
            log.info("sentinel names another primary", service=self.service_name, primary=primary)
            await self.disconnect(inuse_connections=True)


def _sentinel(address: Address, options: Options, on_close: AsyncExitStack) -> Redis:
    to_sentinel = _settings(address.sentinel_login, options) | _tls(address) | {"retry": _no_retry()}
    sentinel = Sentinel(address.hosts, sentinel_kwargs=to_sentinel)  # type: ignore[no-untyped-call]
    on_close.push_async_callback(sentinel.aclose)
    to_primary = _pool_settings(address, options) | _tls(address)
    pool = _WaitingSentinelPool(address.service, sentinel, **to_primary)
    for one in sentinel.sentinels:
        watcher = asyncio.create_task(_follow_switches(one, address.service, pool), name="sentinel watcher")
        on_close.push_async_callback(_cancel, watcher)
    return Redis.from_pool(pool)


async def _follow_switches(sentinel: Redis, service: str, pool: _WaitingSentinelPool) -> None:
    """Tell the pool when this sentinel names another primary.

    After a planned switch the old primary takes writes for some ten seconds more, and then throws them away:
    https://github.com/redis/redis/issues/6062. The event is "SERVICE OLD-IP OLD-PORT NEW-IP NEW-PORT":
    https://valkey.io/topics/sentinel/
    """
    while True:
        try:
            async with sentinel.pubsub() as subscription:
                await subscription.subscribe("+switch-master")
                # A switch may have gone unheard before; this drops idle connections to a former primary.
                await pool.get_master_address()
                while True:
                    message = await subscription.get_message(True, SENTINEL_POLL_S)
                    if message and message["data"].split()[0] == service:
                        await pool.switch(":".join(message["data"].split()[3:]))
        except (RedisError, OSError) as error:
            log.debug("a sentinel cannot be heard", reason=type(error).__name__)
            await asyncio.sleep(SENTINEL_RETRY_AFTER_S)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


# --- what the store says ------------------------------------------------------------------------------------

UNAVAILABLE: tuple[type[BaseException], ...] = (
    RedisConnectionError,
    RedisTimeoutError,
    OSError,
    ClusterDownError,
    SlotNotCoveredError,
    TryAgainError,
    ReadOnlyError,
    OutOfMemoryError,
)
"""Errors that always mean "not now": the request was fine, the store could not take it."""

_CLIENT = str(Path(redis.__file__).parent)
# Codes for which the client has no class of their own.
_NOT_NOW = ("NOREPLICAS ", "MISCONF ", "UNKILLABLE ", "BUSY ")
_CLUSTER_NOT_NOW = ("Redis Cluster cannot be connected", "All slots are not covered")


def unavailable(error: BaseException) -> bool:
    """Whether `error` means that the store is down or takes no writes now, rather than a mistake of ours."""
    if isinstance(error, ResponseError):
        return isinstance(error, UNAVAILABLE) or str(error).startswith(_NOT_NOW)
    if isinstance(error, RedisClusterException):
        return isinstance(error, UNAVAILABLE) or str(error).startswith(_CLUSTER_NOT_NOW)
    if isinstance(error, AttributeError):
        return traceback.extract_tb(error.__traceback__)[-1].filename.startswith(_CLIENT)
    return isinstance(error, UNAVAILABLE)


class StoreDown(Exception):
    """The store cannot be reached or cannot write now. Try again later; nothing was lost."""


@asynccontextmanager
async def reaching() -> AsyncIterator[None]:
    """Whatever says "not now" in the client's many words becomes StoreDown.

    The client swallows a cancellation that comes while it connects (redis-py 8.1, `connect_check_health`): it is
    raised again here, or a stop would wait for ever. And where one task closes a cluster's connection while another one
    writes to it, that one's writer is gone (`_send_packed_command`).
    """
    try:
        yield
    except (RedisError, RedisClusterException, OSError, AttributeError) as error:
        if unavailable(error):
            raise StoreDown(type(error).__name__) from error
        raise
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def server_time(connection: Connection) -> float:
    """The store's clock, epoch seconds; in a cluster that of one primary. https://valkey.io/commands/time/"""
    target = {"target_nodes": RedisCluster.DEFAULT_NODE} if connection.is_cluster else {}
    seconds, microseconds = await connection.client.execute_command("TIME", **target)
    return float(seconds) + float(microseconds) / 1e6


# --- is it safe to keep promises in? ------------------------------------------------------------------------


class UnsafeStore(Exception):
    """The store would lose or refuse data; `override` in `store.allow_unsafe` accepts that."""

    def __init__(self, sentence: str, override: str) -> None:
        super().__init__(f'{sentence} To run on it all the same: store.allow_unsafe = ["{override}"]')
        self.override = override


async def check_safe(connection: Connection, allow: Collection[str]) -> None:
    """Raise UnsafeStore for the first danger found that is not in `allow`. In a cluster, ask every primary.

    Reads INFO alone: managed services forbid CONFIG. https://valkey.io/commands/info/
    """
    try:
        described = await _describe(connection)
    except NoPermissionError as error:
        if "unchecked" in allow:
            return
        sentence = "The user may not run INFO (ACL: +info), so nothing can be checked."
        raise UnsafeStore(sentence, "unchecked") from error
    for information in described:
        for override, sentence in dangers(information):
            if override not in allow:
                raise UnsafeStore(sentence, override)


async def _describe(connection: Connection) -> list[Mapping[str, Any]]:
    client = connection.client
    if not isinstance(client, RedisCluster):
        return [await client.info()]
    await client.initialize()
    return [await client.info(target_nodes=node) for node in client.get_primaries()]


_NO_PERSISTENCE = (
    "The server keeps no append-only file (appendonly no): a crash loses all that came after its last "
    "snapshot, and everything when there is none; set appendonly yes."
)


def dangers(information: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The reasons not to trust a server that describes itself so: the override, and a sentence for people."""
    version = str(information["redis_version"])
    if int(version.split(".")[0]) < OLDEST_SERVER:
        yield "old-version", f"The server is version {version}; functions need Redis 7.0 or Valkey."
    if information["role"] != "master":
        yield "replica", "The server is a replica: it takes no writes, or loses them at the next sync."
    policy = information.get("maxmemory_policy", "noeviction")
    if information.get("maxmemory", 0) and policy != "noeviction":
        yield (
            "eviction",
            f"The server drops data when it is full (maxmemory-policy {policy}); set noeviction.",
        )
    if not information.get("aof_enabled", 0):
        yield "no-persistence", _NO_PERSISTENCE
