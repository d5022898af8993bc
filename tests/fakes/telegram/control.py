"""The tests' door: acts of people, the ledger, faults and limits, on a port of its own.

POST /<bot>/act/<name>      an act of `Scene`, with its arguments as a JSON object
GET  /<bot>/ledger          what happened after event `after`; waits for `wait_s`
POST /<bot>/fault           something is to go wrong; /<bot>/calm: nothing is any more
POST /<bot>/set             limits, the time, the token, the bot's privacy mode
POST /door/shut, /door/open
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from tests.fakes.telegram.faults import Fault
from tests.fakes.telegram.scene import Scene
from tests.fakes.telegram.server import Door
from tests.fakes.telegram.world import World


class Control:
    """What tests may do with the worlds, by the number of the bot."""

    def __init__(self, door: Door) -> None:
        self._worlds: dict[int, World] = {}
        self._scenes: dict[int, Scene] = {}
        self._door = door
        self._next = 0

    def app(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=100 * 1024**2)
        app.router.add_post("/bots", self._bot)
        app.router.add_delete(r"/{bot:\d+}", self._no_bot)
        app.router.add_post(r"/{bot:\d+}/act/{act:[a-z]\w+}", self._act)
        app.router.add_get(r"/{bot:\d+}/ledger", self._ledger)
        app.router.add_post(r"/{bot:\d+}/fault", self._fault)
        app.router.add_post(r"/{bot:\d+}/calm", self._calm)
        app.router.add_post(r"/{bot:\d+}/set", self._set)
        app.router.add_post("/door/{what:shut|open}", self._turn)
        return app

    async def _bot(self, request: web.Request) -> web.Response:
        number, given = self._next, await request.json()
        self._next += 1
        world = World(number, given["token"], given["seed"], given["conflict_s"])
        self._worlds[number], self._scenes[number] = world, Scene(world)
        self._door.worlds[world.token] = world
        return web.json_response(number)

    async def _no_bot(self, request: web.Request) -> web.Response:
        number = int(request.match_info["bot"])
        del self._scenes[number]
        await self._door.worlds.pop(self._worlds.pop(number).token).updates.aclose()
        return web.json_response(None)

    async def aclose(self) -> None:
        """Let no bot be pushed to any more."""
        for world in self._worlds.values():
            await world.updates.aclose()

    def _world(self, request: web.Request) -> World:
        return self._worlds[int(request.match_info["bot"])]

    async def _act(self, request: web.Request) -> web.Response:
        scene = self._scenes[int(request.match_info["bot"])]
        return web.json_response(getattr(scene, request.match_info["act"])(**await request.json()))

    async def _ledger(self, request: web.Request) -> web.Response:
        number, wait_s = int(request.query["after"]), float(request.query["wait_s"])
        return web.json_response(await self._world(request).log.after(number, wait_s))

    async def _fault(self, request: web.Request) -> web.Response:
        self._world(request).faults.planned.append(Fault(**await request.json()))
        return web.json_response(None)

    async def _calm(self, request: web.Request) -> web.Response:
        self._world(request).faults.planned.clear()
        return web.json_response(None)

    async def _set(self, request: web.Request) -> web.Response:
        world, given = self._world(request), await request.json()
        limits: Mapping[str, object] = given.get("limits", {})
        for name, value in limits.items():
            setattr(world.pacer.limits, name, tuple(value) if isinstance(value, list) else value)
        world.ahead_s += given.get("ahead_s", 0.0)
        world.revoked = given.get("revoked", world.revoked)
        world.me |= given.get("me", {})
        return web.json_response(world.updates.pending)

    async def _turn(self, request: web.Request) -> web.Response:
        await self._door.shut()
        if request.match_info["what"] == "open":
            await self._door.open()
        return web.json_response(None)
