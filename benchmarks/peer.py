"""A local peer that takes whatever the bot sends, and counts: `python -m benchmarks.peer`.

Prints its address; when standard input is closed, how many acknowledgements came, and how many a second.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from aiohttp import web


async def main() -> None:
    """Serve until standard input is closed."""
    times: list[float] = []

    async def take(request: web.Request) -> web.Response:
        if b'"acknowledgement"' in await request.read():
            times.append(time.monotonic())
        return web.Response()

    app = web.Application()
    app.router.add_post("/in", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/in", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()
    took = times[-1] - times[0] if len(times) > 1 else 1.0
    print(json.dumps({"acknowledgements": len(times), "a_second": len(times) / took}))


if __name__ == "__main__":
    asyncio.run(main())
