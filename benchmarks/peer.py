"""A local peer that takes whatever the bot sends: `python -m benchmarks.peer`.

Prints its address; `/in` takes messages, `/count` tells how many acknowledgements came.
"""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web


async def main() -> None:
    """Serve until standard input is closed."""
    acknowledged: set[str] = set()

    async def take(request: web.Request) -> web.Response:
        if b'"acknowledgement"' in await request.read():
            acknowledged.add(request.headers["webhook-id"])
        return web.Response()

    async def count(request: web.Request) -> web.Response:
        return web.Response(text=str(len(acknowledged)))

    app = web.Application()
    app.add_routes([web.post("/in", take), web.get("/count", count)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
