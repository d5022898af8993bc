"""The tests' door: acts of people, the ledger, faults and limits, on a port of its own.

POST /<bot>/act/<name>      an act of `Scene`, with its arguments as a JSON object
GET  /<bot>/ledger          what happened after event `after`; waits for `wait_s`
POST /<bot>/fault           something is to go wrong; /<bot>/calm: nothing is any more
POST /<bot>/set             limits, the time, the token, the bot's privacy mode
POST /door/shut, /door/open
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import web

from tests.fakes.telegram.faults import Fault
from tests.fakes.telegram.scene import Scene
from tests.fakes.telegram.server import Door
from tests.fakes.telegram.world import World


class Control:
    """What tests may do with the worlds, by the number of the bot."""

    def __init__(self, worlds: Sequence[World], door: Door) -> None:
        self._worlds = worlds
        self._scenes = [Scene(world) for world in worlds]
        self._door = door

    def app(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=100 * 1024**2)
        app.router.add_post(r"/{bot:\d+}/act/{act:[a-z]\w+}", self._act)
        app.router.add_get(r"/{bot:\d+}/ledger", self._ledger)
        app.router.add_post(r"/{bot:\d+}/fault", self._fault)
        app.router.add_post(r"/{bot:\d+}/calm", self._calm)
        app.router.add_post(r"/{bot:\d+}/set", self._set)
        app.router.add_post("/door/{what:shut|open}", self._turn)
        return app

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
        await (self._door.shut() if request.match_info["what"] == "shut" else self._door.open())
        return web.json_response(None)
