"""What the README tells a newcomer to do, done: the session in the terminal, and the shop that speaks to a bot."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.fakes.bot_process import is_ready
from tests.fakes.servers import free_port
from tests.house.source import ROOT
from tests.waiting import WITHIN_S, until

README = (ROOT / "README.md").read_text("utf-8")
CASE_ID = re.compile(r"(?:[A-Z][0-9]){3}")


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language, in order."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [text for named, text in found if named == language]


def pattern(line: str) -> re.Pattern[str]:
    """A line of the session: ids differ from run to run, and `...` stands for words that do."""
    parts = [".*".join(map(re.escape, CASE_ID.split(part))) for part in re.split(r" ?\.\.\. ?", line)]
    return re.compile(".*".join(parts))


@asynccontextmanager
async def bot_run(folder: Path, config: str, listen: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`jono run` in a folder that holds nothing but this configuration."""
    (folder / "config.toml").write_text(config, "utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "run",
        cwd=folder,
        env={**os.environ, "JONO_SERVER__LISTEN": listen, "PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        await process.communicate()


async def heard(process: asyncio.subprocess.Process, wanted: re.Pattern[str]) -> None:
    """Read what the bot prints until such a line comes."""
    assert process.stdout is not None
    read = ""
    try:
        async with asyncio.timeout(WITHIN_S):
            while not wanted.search(read):
                line = await process.stdout.readline()
                assert line, f"the bot ended; it had said:\n{read}"
                read += line.decode()
    except TimeoutError:
        raise AssertionError(f"{wanted.pattern!r} did not come; this did:\n{read}") from None


async def test_the_session_in_the_terminal_goes_as_shown(tmp_path: Path) -> None:
    session = next(block for block in blocks("") if block.startswith("> "))
    async with bot_run(tmp_path, blocks("toml")[0], "127.0.0.1:0") as process:
        assert process.stdin is not None
        await heard(process, re.compile("You are the agent too"))
        for line in session.splitlines():
            if line.startswith("> "):
                process.stdin.write(line[2:].encode() + b"\n")
            else:
                await heard(process, pattern(line))


async def ready(address: str) -> None:
    """Return once the bot can work."""
    async with aiohttp.ClientSession() as http:
        await until(lambda: is_ready(http, f"http://{address}"), "the bot is ready", every_s=0.05)


async def test_the_shop_of_the_readme_works(tmp_path: Path) -> None:
    jono, shop = f"127.0.0.1:{free_port()}", free_port()
    config = blocks("toml")[1].replace("127.0.0.1:8081", f"127.0.0.1:{shop}")
    program = blocks("python")[0].replace("127.0.0.1:8080", jono).replace("8081", str(shop))
    async with bot_run(tmp_path, config, jono):
        await ready(jono)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(WITHIN_S):
            printed, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    said = printed.decode()
    assert "message.send acknowledgement" in said
    assert "command.answer" in said
    assert "message.send reply Hei Aino, pakettisi lähti tänä aamuna." in said
