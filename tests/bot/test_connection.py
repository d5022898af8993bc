"""Reaching the store over every kind of URL, following it through failovers, refusing what is not safe.

The servers are real, and so are their deaths.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from redis.asyncio import Redis
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

from bot.store.address import Address, Login, parse
from bot.store.connection import (
    BadUrl,
    Connection,
    Options,
    StoreDown,
    UnsafeStore,
    check_safe,
    connect,
    dangers,
    reaching,
    redacted,
    server_time,
    unavailable,
)
from tests.fakes import servers
from tests.waiting import until

LIBRARY = """#!lua name=probe
redis.register_function('probe_set', function(keys, args) return redis.call('SET', keys[1], args[1]) end)
"""


@asynccontextmanager
async def connected(url: str, options: Options | None = None) -> AsyncIterator[Connection]:
    connection = await connect(url, options or Options())
    try:
        yield connection
    finally:
        await connection.aclose()


async def eventually(condition: Callable[[], Awaitable[object]]) -> None:
    """Wait until `condition` holds, as callers of our scripts do: a store that is down means "not yet"."""

    async def holds() -> object:
        try:
            return await condition()
        except (RedisError, OSError) as error:
            if not unavailable(error):
                raise
            return False

    await until(holds)


async def first_error(call: Callable[[], Awaitable[object]]) -> RedisError:
    """Repeat `call` until it fails."""

    async def failure() -> RedisError | None:
        try:
            await call()
        except RedisError as error:
            return error
        return None

    return await until(failure)


# --- addresses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("embedded:./data", Address("embedded", path=Path("data"))),
        ("embedded:/var/lib/jono", Address("embedded", path=Path("/var/lib/jono"))),
        ("redis://host", Address("redis", (("host", 6379),))),
        ("redis://:p%40ss@host:1/2", Address("redis", (("host", 1),), database=2, login=Login(None, "p@ss"))),
        ("redis://[::1]:7000?db=3", Address("redis", (("::1", 7000),), database=3)),
        ("rediss://u:p@host", Address("rediss", (("host", 6379),), login=Login("u", "p"), tls={})),
        ("unix:///run/v.sock?db=1", Address("unix", path=Path("/run/v.sock"), database=1)),
        ("unix://u:p@/run/v.sock", Address("unix", path=Path("/run/v.sock"), login=Login("u", "p"))),
        (
            "sentinel://u:p@a,b:2/main/4?sentinel_password=s",
            Address(
                "sentinel",
                (("a", 26379), ("b", 2)),
                service="main",
                database=4,
                login=Login("u", "p"),
                sentinel_login=Login(None, "s"),
            ),
        ),
        (
            "cluster://a:7000,b:7001?tls=yes&ssl_ca_certs=/ca.pem",
            Address("cluster", (("a", 7000), ("b", 7001)), tls={"ssl_ca_certs": "/ca.pem"}),
        ),
    ],
)
def test_an_address_is_taken_apart(url: str, address: Address) -> None:
    assert parse(url) == address


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "unknown kind of store"),
        ("localhost:6379", "unknown kind of store"),
        ("http://host", "unknown kind of store"),
        ("embedded:", "wants a directory"),
        ("embedded://data", "wants a directory"),
        ("redis://", "a host is missing"),
        ("redis://host:port", "not a well-formed URL"),
        ("redis://host:99999", "not a well-formed URL"),
        ("redis://[::1", "not a well-formed URL"),
        ("redis://a,b", "one host only"),
        ("redis://host/zero", "database must be a number"),
        ("redis://host?socket_timeout=60", "unknown setting socket_timeout"),
        ("unix://run/v.sock", "must be absolute"),
        ("sentinel://a:1,b:2", "name Sentinel knows the primary by"),
        ("cluster://a:1/3", "no numbered databases"),
        ("cluster://a:1?tls=maybe", "tls must be yes or no"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(url: str, reason: str) -> None:
    with pytest.raises(BadUrl, match=reason) as refused:
        parse(url)
    assert "embedded:DIRECTORY" in str(refused.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://host:1/2", "redis://host:1/2"),
        ("redis://user:geheim@host:1/2", "redis://***@host:1/2"),
        ("redis://:ge@he/im@host", "redis://***@host"),
        ("unix://:geheim@/run/v.sock?db=1", "unix://***@/run/v.sock?db=1"),
        (
            "sentinel://:geheim@a/m?sentinel_password=geheim&db=1",
            "sentinel://***@a/m?sentinel_password=***&db=1",
        ),
        ("htp://user:geheim@", "htp://***@"),
    ],
)
def test_a_redacted_address_shows_no_password(url: str, shown: str) -> None:
    assert redacted(url) == shown


async def test_no_password_is_shown_by_a_connection_or_an_error() -> None:
    with pytest.raises(BadUrl) as refused:
        await connect("redis://user:geheim@host:port")
    assert "geheim" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__

    async with connected(f"redis://user:geheim@127.0.0.1:{servers.free_port()}") as connection:
        with pytest.raises(RedisConnectionError) as failed:
            await connection.client.ping()
        shown = f"{connection!r} {connection.client!r} {connection.url} {failed.value} {parse('redis://u:geheim@h')}"
        assert "geheim" not in shown


# --- one server ---------------------------------------------------------------------------------------------


async def test_every_kind_of_store_speaks_alike(store_url: str) -> None:
    async with connected(store_url) as connection:
        await connection.client.function_load(LIBRARY, replace=True)
        for queue in ("support", "sales", "returns"):
            await connection.client.fcall("probe_set", 1, f"jono:{{q:{queue}}}:probe", queue)
        pipe = connection.client.pipeline(transaction=False)
        for queue in ("support", "sales", "returns"):
            pipe.get(f"jono:{{q:{queue}}}:probe")
        assert await pipe.execute() == ["support", "sales", "returns"]
        assert connection.is_cluster == store_url.startswith("cluster:")


async def test_the_servers_clock_is_read(store_url: str) -> None:
    async with connected(store_url) as connection:
        before = time.time()
        assert before - 1 < await server_time(connection) < before + 60


async def test_a_password_and_a_database_are_used() -> None:
    with servers.valkey() as server:
        server.call("CONFIG", "SET", "requirepass", "hush")
        async with connected(f"redis://:hush@127.0.0.1:{server.port}/3") as connection:
            await connection.client.set("key", "value")
            assert "db3" in await connection.client.info("keyspace")
        async with connected(server.url) as connection:
            with pytest.raises(RedisError):
                await connection.client.ping()


async def test_a_frozen_server_is_given_up_and_found_again() -> None:
    with servers.valkey() as server:
        async with connected(server.url, Options(answer_timeout_s=0.1, connect_timeout_s=0.1)) as connection:
            await eventually(connection.client.ping)
            server.freeze()
            with pytest.raises(RedisError) as failed:
                await connection.client.ping()
            assert unavailable(failed.value)
            server.thaw()
            await eventually(connection.client.ping)


async def test_a_restarted_server_is_found_by_every_idle_connection() -> None:
    with servers.valkey() as server:
        async with connected(server.url) as connection:
            await asyncio.gather(*(connection.client.ping() for _ in range(16)))
            await asyncio.to_thread(server.restart)
            assert all(await asyncio.gather(*(connection.client.ping() for _ in range(16))))


async def test_more_callers_than_connections_wait_their_turn(store_url: str) -> None:
    async with connected(store_url, Options(max_connections=2)) as connection:
        answers = await asyncio.gather(*(connection.client.echo(str(i)) for i in range(50)))
        assert answers == [str(i) for i in range(50)]


# --- what counts as down ------------------------------------------------------------------------------------


async def test_a_store_that_takes_no_writes_counts_as_down() -> None:
    with servers.valkey() as primary, servers.valkey(replicaof=f"127.0.0.1 {primary.port}") as replica:
        async with connected(replica.url) as connection:
            with pytest.raises(RedisError, match="read only replica") as read_only:
                await connection.client.set("key", "value")
        primary.call("CONFIG", "SET", "min-replicas-to-write", 2)
        async with connected(primary.url) as connection:
            with pytest.raises(RedisError, match="NOREPLICAS") as no_replicas:
                await connection.client.set("key", "value")
        primary.call("CONFIG", "SET", "min-replicas-to-write", 0, "maxmemory", 1)
        async with connected(primary.url) as connection:
            with pytest.raises(RedisError, match="maxmemory") as full:
                await connection.client.set("key", "value")
    assert all(unavailable(error.value) for error in (read_only, no_replicas, full))


async def test_a_script_that_hangs_the_server_counts_as_down() -> None:
    with servers.valkey(busy_reply_threshold="1") as server:
        async with connected(server.url) as connection, connected(server.url) as other:
            hanging = asyncio.ensure_future(connection.client.eval("while true do end", 0))
            busy = await first_error(other.client.ping)
            assert str(busy).startswith("BUSY ")
            assert unavailable(busy)
            await other.client.script_kill()
            with pytest.raises(ResponseError) as killed:
                await hanging
            assert not unavailable(killed.value)


async def test_a_mistake_of_ours_does_not_count_as_down(store_url: str) -> None:
    async with connected(store_url) as connection:
        await connection.client.set("key", "value")
        with pytest.raises(ResponseError) as mistake:
            await connection.client.lpush("key", "value")
    assert not unavailable(mistake.value)


async def test_a_connection_that_is_closed_while_it_is_written_to_counts_as_down() -> None:
    """As happens in a cluster's failover: another task closes it, and the client finds no writer (redis-py 8.1)."""
    closed: Any = redis.asyncio.Connection()
    with pytest.raises(StoreDown):
        async with reaching():
            await closed._send_packed_command([b"PING"])
    with pytest.raises(AttributeError):
        async with reaching():
            closed.no_such_thing  # noqa: B018 - a mistake of ours


async def test_a_cluster_that_cannot_be_reached_counts_as_down() -> None:
    async with connected(f"cluster://127.0.0.1:{servers.free_port()}") as connection:
        with pytest.raises(Exception, match="cannot be connected") as failed:
            await connection.client.get("key")
    assert unavailable(failed.value)


# --- is it safe? --------------------------------------------------------------------------------------------


@pytest.fixture
def primary() -> Iterator[servers.Server]:
    with servers.valkey() as server:
        yield server


async def test_a_safe_store_passes(store_url: str) -> None:
    async with connected(store_url) as connection:
        await check_safe(connection, allow=())


@pytest.mark.skipif(servers.DEBIAN_REDIS is None, reason="no redis-server on PATH")
async def test_redis_7_passes() -> None:
    with servers.debian_redis() as server:
        async with connected(server.url) as connection:
            await check_safe(connection, allow=())


async def refused(server: servers.Server, override: str) -> str:
    """What is said when `server` is refused; with its override, and nothing less, it must pass."""
    async with connected(server.url) as connection:
        with pytest.raises(UnsafeStore) as unsafe:
            await check_safe(connection, allow=())
        assert unsafe.value.override == override
        assert f'store.allow_unsafe = ["{override}"]' in str(unsafe.value)
        await check_safe(connection, allow=[override])
    return str(unsafe.value)


async def test_a_server_that_evicts_is_refused() -> None:
    with servers.valkey(maxmemory="100mb", maxmemory_policy="allkeys-lru") as server:
        assert "allkeys-lru" in await refused(server, "eviction")


async def test_a_limit_without_eviction_passes() -> None:
    with servers.valkey(maxmemory="100mb") as server:
        async with connected(server.url) as connection:
            await check_safe(connection, allow=())


async def test_a_server_without_a_log_is_refused() -> None:
    with servers.valkey(appendonly="no") as server:
        assert "appendonly yes" in await refused(server, "no-persistence")


async def test_a_replica_is_refused(primary: servers.Server) -> None:
    with servers.valkey(replicaof=f"127.0.0.1 {primary.port}") as replica:
        assert "replica" in await refused(replica, "replica")


async def test_a_user_who_may_not_ask_is_told_what_to_grant(primary: servers.Server) -> None:
    primary.call("ACL", "SETUSER", "default", "-info")
    assert "+info" in await refused(primary, "unchecked")


def test_an_old_server_is_refused() -> None:
    """As Redis 6.2 describes itself: https://redis.io/docs/latest/commands/info/"""
    information = {"redis_version": "6.2.14", "role": "master", "maxmemory": 0, "aof_enabled": 1}
    assert [override for override, _ in dangers(information)] == ["old-version"]


def test_all_dangers_are_found() -> None:
    information = {
        "redis_version": "5.0.7",
        "role": "slave",
        "maxmemory": 1,
        "maxmemory_policy": "volatile-ttl",
        "aof_enabled": 0,
    }
    assert [name for name, _ in dangers(information)] == [
        "old-version",
        "replica",
        "eviction",
        "no-persistence",
    ]


# --- failovers ----------------------------------------------------------------------------------------------


async def test_a_planned_switch_by_sentinel_is_followed_at_once() -> None:
    """The old primary lives, and goes on answering on connections that are open."""
    with servers.sentinel() as watched:
        async with connected(watched.url) as connection:
            await check_safe(connection, allow=())
            assert await at(connection, watched.primary)
            watched.call("SENTINEL", "FAILOVER", servers.SERVICE)
            await eventually(lambda: at(connection, watched.replica))


async def test_a_dead_sentinel_costs_none_of_the_others() -> None:
    with servers.sentinel() as watched:
        url = watched.url.replace("sentinel://", f"sentinel://127.0.0.1:{servers.free_port()},")
        async with connected(url) as connection:
            assert all(await asyncio.gather(*(connection.client.ping() for _ in range(16))))
            assert isinstance(connection.client, Redis)
            pool = connection.client.connection_pool
            assert isinstance(pool, SentinelConnectionPool)
            assert len(set(pool.sentinel_manager.sentinels)) == 4


async def test_the_death_of_a_primary_behind_sentinel_is_followed() -> None:
    with servers.sentinel() as watched:
        async with connected(watched.url) as connection:
            await connection.client.set("before", "yes")
            await eventually(lambda: connection.client.wait(1, 1000))
            watched.primary.kill()
            await eventually(lambda: can_write(connection, "after"))
            await eventually(lambda: kept(connection, "before"))


async def test_a_cluster_and_its_failover_are_followed() -> None:
    with servers.cluster(node_timeout_ms=2000) as nodes:
        async with connected(nodes.url) as connection:
            await connection.client.function_load(LIBRARY, replace=True)
            await check_safe(connection, allow=())
            queues = [f"q{i}" for i in range(12)]
            assert await piped(connection, queues)

            nodes.primaries[0].kill()
            await eventually(lambda: piped(connection, queues))


async def test_a_slot_that_moved_is_followed() -> None:
    with servers.cluster(primaries=2, replicas=0) as nodes:
        async with connected(nodes.url) as connection:
            await connection.client.set("key", "before")
            slot = nodes.primaries[0].call("CLUSTER", "KEYSLOT", "key")
            owner, other = sorted(nodes.primaries, key=lambda node: not owns(node, slot))
            move_slot(slot, owner, other, "key")
            assert await connection.client.get("key") == "before"
            pipe = connection.client.pipeline(transaction=False)
            pipe.set("key", "after")
            pipe.get("key")
            assert await pipe.execute() == [True, "after"]


async def at(connection: Connection, server: servers.Server) -> bool:
    return bool((await connection.client.info("server"))["tcp_port"] == server.port)


async def can_write(connection: Connection, key: str) -> bool:
    return bool(await connection.client.set(key, "yes"))


async def kept(connection: Connection, key: str) -> bool:
    return bool(await connection.client.get(key) == "yes")


async def piped(connection: Connection, queues: list[str]) -> bool:
    pipe = connection.client.pipeline(transaction=False)
    for queue in queues:
        pipe.fcall("probe_set", 1, f"jono:{{q:{queue}}}:probe", "yes")
    answers = await pipe.execute(raise_on_error=False)
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return len(answers) == len(queues)


def owns(node: servers.Server, slot: int) -> bool:
    myself = node.call("CLUSTER", "MYID")
    return any(
        first <= slot <= last and primary[2] == myself
        for first, last, primary, *_ in node.call("CLUSTER", "SLOTS")
    )


def move_slot(slot: int, owner: servers.Server, other: servers.Server, key: str) -> None:
    """As `valkey-cli --cluster reshard` does: https://valkey.io/commands/cluster-setslot/"""
    source, target = owner.call("CLUSTER", "MYID"), other.call("CLUSTER", "MYID")
    other.call("CLUSTER", "SETSLOT", slot, "IMPORTING", source)
    owner.call("CLUSTER", "SETSLOT", slot, "MIGRATING", target)
    owner.call("MIGRATE", "127.0.0.1", other.port, key, 0, 5000)
    other.call("CLUSTER", "SETSLOT", slot, "NODE", target)
    owner.call("CLUSTER", "SETSLOT", slot, "NODE", target)
