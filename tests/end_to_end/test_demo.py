"""`jono demo` as a newcomer runs it: a real process that ends by itself or by a signal and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.fakes.browser import Browser
from tests.waiting import WITHIN_S


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    """An environment whose temporary files are in a directory of the test's own."""
    return {**os.environ, "TMPDIR": str(tmp_path)}


@asynccontextmanager
async def demo(environment: Mapping[str, str], *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", *arguments,
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(WITHIN_S):
            yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def first_lines(process: asyncio.subprocess.Process) -> list[str]:
    """Where the live page is, where to be a customer, and where to be an agent."""
    assert process.stdout is not None
    return [(await process.stdout.readline()).decode() for _ in range(3)]


def servers_in(directory: Path) -> list[str]:
    """The processes whose command line names the directory, where the system shows them."""
    lines = [path.read_bytes().replace(b"\0", b" ").decode() for path in Path("/proc").glob("[0-9]*/cmdline")]
    return [line for line in lines if str(directory) in line]


def rows(output: str) -> dict[str, str]:
    return dict(re.findall(r"^  (\w[\w ]*?)  +(\S.*)$", output, re.MULTILINE))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")
async def test_a_short_demo_loses_nothing_and_leaves_nothing(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    async with demo(environment, "--minutes", "0.2", "--port", "0") as process:
        output, errors = (stream.decode() for stream in await process.communicate())
    assert (process.returncode, errors) == (0, "")
    assert re.match(r"Live page: http://127\.0\.0\.1:\d+  \(one second here is one minute", output)
    balance = rows(output)
    assert (balance["lost"], balance["twice"]) == ("0", "0")
    customers = int(balance["customers"].partition(";")[0])
    assert customers > 0
    assert int(balance["cases"].partition(";")[0]) >= customers
    assert int(balance["acknowledgements"].partition(";")[0]) >= customers
    assert list(tmp_path.iterdir()) == []
    assert servers_in(tmp_path) == []


async def test_whoever_watches_may_be_a_customer_and_an_agent(environment: Mapping[str, str]) -> None:
    async with (
        demo(environment, "--minutes", "0.15", "--port", "0") as process,
        aiohttp.ClientSession() as http,
    ):
        page, customer, agent = (re.findall(r"http\S+", line)[0] for line in await first_lines(process))
        visitor, desk = Browser(http, page), Browser(http, page)
        assert (await visitor.get(customer.removeprefix(page)))[0] == 200
        assert (await visitor.writes("Is anybody there?", name="Aino"))[0] == 200
        assert (await desk.post("/desk/session", {"secret": agent.partition("#")[2]}))[0] == 200
        await desk.commands("next")
        async with visitor.listening("/chat/site/events") as events:
            await desk.commands("reply", "Here I am.")
            reply = await anext(data async for _, data in events if data.get("kind") == "reply")
        assert reply["text"] == "Here I am."
        output, errors = (stream.decode() for stream in await process.communicate())
    assert (process.returncode, errors) == (0, "")
    assert (rows(output)["lost"], rows(output)["twice"]) == ("0", "0")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_in_the_middle_ends_it_as_cleanly(
    environment: Mapping[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    async with demo(environment, "--port", "0") as process:
        address = (await first_lines(process))[0].split()[2]
        async with aiohttp.ClientSession() as session, session.get(address) as page:
            assert "Acme Outdoor" in await page.text()
        process.send_signal(number)
        output, errors = (stream.decode() for stream in await process.communicate())
    assert (process.returncode, errors) == (0, "")
    assert rows(output)["lost"] == "0"
    assert list(tmp_path.iterdir()) == []
    assert servers_in(tmp_path) == []


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")
async def test_a_second_signal_ends_it_at_once_and_leaves_nothing_either(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    async with demo(environment, "--port", "0") as process:
        await first_lines(process)
        # Two different ones: a signal that is sent again before it was heard counts once.
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        output, errors = (stream.decode() for stream in await process.communicate())
    assert (process.returncode, output, errors) == (130, "", "")
    assert list(tmp_path.iterdir()) == []
    assert servers_in(tmp_path) == []


async def test_a_taken_port_is_said_in_one_line_with_the_way_out(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        async with demo(environment, "--port", str(taken.getsockname()[1])) as process:
            output, errors = (stream.decode() for stream in await process.communicate())
    assert (process.returncode, output) == (2, "")
    assert re.fullmatch(r"jono: --port: \d+ cannot be used; --port 0 takes any free one\n", errors)
    assert list(tmp_path.iterdir()) == []


async def test_kept_data_stay_and_are_not_mixed_with_another_demos(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    keep = tmp_path / "kept"
    arguments = ("--minutes", "0.02", "--port", "0", "--keep", str(keep))
    async with demo(environment, *arguments) as process:
        await process.communicate()
    assert process.returncode == 0
    assert (keep / "store").is_dir()
    async with demo(environment, *arguments) as process:
        _, errors = await process.communicate()
    assert (process.returncode, errors) == (2, b"jono: --keep: is in use; name a new or empty directory\n")
