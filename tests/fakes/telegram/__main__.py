"""The process: prints the addresses of its two doors, and runs until its standard input ends.

python -m tests.fakes.telegram
"""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web

from tests.fakes.telegram.control import Control
from tests.fakes.telegram.server import Door


async def main() -> None:
    """Run until whoever started it is gone."""
    door = Door()
    control = Control(door)
    await door.open()
    runner = web.AppRunner(control.app(), access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{door.port} http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    try:
        await asyncio.to_thread(sys.stdin.read)
    finally:
        await control.aclose()
        await door.shut()
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
