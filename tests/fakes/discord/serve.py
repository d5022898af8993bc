"""The two doors: Discord's own, and the one by which tests say what people do and ask what happened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from tests.fakes.discord.control import Control
from tests.fakes.discord.rest import Door, Rest
from tests.fakes.discord.routes import ROUTES
from tests.fakes.discord.world import World


@asynccontextmanager
async def serve(token: str, seed: int) -> AsyncIterator[tuple[str, str]]:
    """Serve a new world until the block ends; gives the addresses of both doors."""
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
    try:
        yield f"http://127.0.0.1:{door.port}", f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        world.gateway.forget()
        await door.shut()
        await runner.cleanup()
