"""The tests' door: acts of people, the ledger, faults, limits and the gateway's moods, on a port of its own.

POST /act/<name>        an act of `Scene`, with its arguments as a JSON object
GET  /ledger            what happened after event `after`; waits for `wait_s`
POST /fault, /calm      something is to go wrong; nothing is any more
POST /set               limits, the time, the token, intents, the gateway's settings
POST /gateway/<deed>    drop, invalidate, reconnect, forget, freeze, plan
POST /door/shut, /door/open
"""

from __future__ import annotations

from aiohttp import web

from tests.fakes.discord.faults import Fault
from tests.fakes.discord.gateway import Planned
from tests.fakes.discord.rest import Door
from tests.fakes.discord.scene import Scene
from tests.fakes.discord.world import World


class Control:
    """What tests may do with the world."""

    def __init__(self, world: World, door: Door) -> None:
        self._world = world
        self._scene = Scene(world)
        self._door = door

    def app(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=100 * 1024**2)
        app.router.add_post(r"/act/{act:[a-z]\w+}", self._act)
        app.router.add_get("/ledger", self._ledger)
        app.router.add_post("/fault", self._fault)
        app.router.add_post("/calm", self._calm)
        app.router.add_post("/set", self._set)
        app.router.add_post("/gateway/{deed}", self._gateway)
        app.router.add_post("/door/{what:shut|open}", self._turn)
        return app

    async def _act(self, request: web.Request) -> web.Response:
        return web.json_response(getattr(self._scene, request.match_info["act"])(**await request.json()))

    async def _ledger(self, request: web.Request) -> web.Response:
        number, wait_s = int(request.query["after"]), float(request.query["wait_s"])
        return web.json_response(await self._world.log.after(number, wait_s))

    async def _fault(self, request: web.Request) -> web.Response:
        self._world.faults.planned.append(Fault(**await request.json()))
        return web.json_response(None)

    async def _calm(self, request: web.Request) -> web.Response:
        self._world.faults.planned.clear()
        return web.json_response(None)

    async def _set(self, request: web.Request) -> web.Response:
        world, given = self._world, await request.json()
        for name, value in given.get("limits", {}).items():
            setattr(world.limits.settings, name, tuple(value) if isinstance(value, list) else value)
        for name, value in given.get("gateway", {}).items():
            setattr(world.gateway.settings, name, set(value) if name == "allowed" else value)
        world.ahead_s += given.get("ahead_s", 0.0)
        world.revoked = given.get("revoked", world.revoked)
        return web.json_response(None)

    async def _gateway(self, request: web.Request) -> web.Response:
        gateway, given = self._world.gateway, await request.json()
        match request.match_info["deed"]:
            case "drop":
                await gateway.drop(given.get("code"))
            case "invalidate":
                await gateway.invalidate(resumable=given.get("resumable", False))
            case "reconnect":
                await gateway.reconnect()
            case "freeze":
                gateway.freeze(given["frozen"])
            case "plan":
                gateway.planned.append(Planned(**given))
            case "unplan":
                gateway.planned.clear()
            case _:
                gateway.forget()
        return web.json_response(None)

    async def _turn(self, request: web.Request) -> web.Response:
        await self._door.shut()
        if request.match_info["what"] == "open":
            await self._door.open()
        return web.json_response(None)
