"""The process: prints the addresses of its two doors, and runs until its standard input ends.

python -m tests.fakes.discord TOKEN SEED
"""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web

from tests.fakes.discord.control import Control
from tests.fakes.discord.rest import Door, Rest
from tests.fakes.discord.routes import ROUTES
from tests.fakes.discord.world import World


async def main(token: str, seed: int) -> None:
    """Run until whoever started it is gone."""
    world = World(token, seed)

    def app() -> web.Application:
        made = Rest(world, ROUTES).app()
        made.router.add_get("/gateway{rest:.*}", world.gateway.connect)
        return made

    door = Door(app)
    await door.open()
    world.uploads.base = f"http://127.0.0.1:{door.port}"
    world.gateway.url = f"ws://127.0.0.1:{door.port}/gateway"
    runner = web.AppRunner(Control(world, door).app(), access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{door.port} http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    try:
        await asyncio.to_thread(sys.stdin.read)
    finally:
        world.gateway.forget()
        await door.shut()
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
