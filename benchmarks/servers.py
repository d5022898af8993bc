"""The servers that are loaded, each in a process of its own: `python -m benchmarks.servers KIND DIR`.

`bare` answers 200 and nothing else, with a page of PAGE bytes to those who look; `signed` also verifies and parses the
request; `full` is the bot's whole inbound path (verify, parse, decide, commit durably, acknowledgement queued) with
nothing else running; `delivering` is the whole bot, which sends every acknowledgement to a local peer meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from aiohttp import web

from adapters.base import Tools
from adapters.webhook import Options, open_channel
from benchmarks.messages import SECRET
from bot import log
from bot.app import Bot, Parts, assemble, collect_seldom
from bot.clock import Chance, Clock
from bot.config import Config, check
from bot.descriptors import make_room
from bot.fetch import open_session
from bot.store.connection import connect

PAGE = 8_000
"""As many bytes as a status page has when it is packed."""
REFRESH_S = 30
"""Ten times as often as by default: the figure changes in some of the runs, and those who watch hear of it."""


def settings(directory: Path, peer: str = "http://127.0.0.1:9/in") -> Config:
    """The least that `jono run` needs."""
    tables: dict[str, Any] = {
        "bot": {"name": "Bench"},
        "server": {"listen": "127.0.0.1:0"},
        "store": {"url": f"embedded:{directory}"},
        "queues": {"support": {"target_s": 480, "concurrency": 100}},
        "channels": {
            "shop": {
                "adapter": "webhook",
                "queue": "support",
                "secret": SECRET,
                "url": peer,
                "agents": ["a-1"],
            }
        },
        "outgoing": {"allow_private": True},
        "limits": {"requests_at_once": 10_000},
        "publish": {"refresh_s": REFRESH_S},
    }
    return check(tables)


@contextlib.asynccontextmanager
async def small(kind: str) -> AsyncIterator[str]:
    """A server of one aiohttp handler."""
    async with open_session(allow_private=True) as session:
        clock = Clock()
        channel = open_channel(Options(SECRET), Tools("shop", session, clock.real))

        async def bare(request: web.Request) -> web.Response:
            return web.Response(body=b'{"accepted":1}', content_type="application/json")

        async def signed(request: web.Request) -> web.Response:
            channel.accept(request.headers, await request.read(), clock.real())
            return web.Response(body=b'{"accepted":1}', content_type="application/json")

        async def page(request: web.Request) -> web.Response:
            return web.Response(body=b"x" * PAGE, content_type="text/html")

        app = web.Application()
        app.router.add_get("/", page)
        app.router.add_post("/hooks/{channel}", bare if kind == "bare" else signed)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


@contextlib.asynccontextmanager
async def full_parts(directory: Path, peer: str | None = None) -> AsyncIterator[Parts]:
    """A bot put together on an embedded store of its own, with nothing running yet."""
    config = settings(directory, peer or "http://127.0.0.1:9/in")
    connection = await connect(config.store.url.get_secret_value())
    try:
        async with open_session(allow_private=True) as session:
            parts = assemble(config, Clock(), Chance(), connection, session)
            await parts.store.open()
            yield parts
    finally:
        await connection.aclose()


@contextlib.asynccontextmanager
async def full(directory: Path, *, peer: str | None) -> AsyncIterator[str]:
    """The bot: only its inbound path, or, with a peer, all of it."""
    async with full_parts(directory, peer) as parts, contextlib.AsyncExitStack() as stack:
        collect_seldom()
        make_room(parts.config.limits)
        bot = Bot(parts)
        if peer is not None:
            await stack.enter_async_context(bot.working())
        await stack.enter_async_context(bot.serving())
        yield bot.address


async def main(kind: str, directory: Path, peer: str | None) -> None:
    """Serve until standard input is closed; then print the CPU time that was used."""
    log.configure("error")
    served = small(kind) if kind in ("bare", "signed") else full(directory, peer=peer)
    async with served as address:
        print(address, flush=True)
        loop = asyncio.get_running_loop()
        started = resource.getrusage(resource.RUSAGE_SELF)
        await loop.run_in_executor(None, sys.stdin.read)
        ended = resource.getrusage(resource.RUSAGE_SELF)
        print(
            json.dumps({"cpu_s": ended.ru_utime + ended.ru_stime - started.ru_utime - started.ru_stime}),
            flush=True,
        )


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None))
