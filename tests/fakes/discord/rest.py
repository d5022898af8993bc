"""The HTTP door of the API: who may call, what goes wrong on request, how fast, and then the handler of the route.

Invariant: whatever the door itself refuses is refused before anything was done.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.fakes.discord.errors import ApiError, TooMany, bad
from tests.fakes.discord.faults import AFTERWARDS, Fault
from tests.fakes.discord.things import JSON
from tests.fakes.discord.uploads import Upload
from tests.fakes.discord.world import World

BODY_BYTES = 120 * 1024**2
API = "/api/v10"
PAGE = "<html><head><title>Access denied</title></head><body><h1>Error 1015</h1></body></html>"
MAJOR = ("channel", "guild", "hook")
"""The parts of a path that have buckets of their own."""


@dataclass(slots=True)
class Call:
    """One request: its route, the numbers and words in its path, its query, its body and its files."""

    route: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    uploads: list[Upload] = field(default_factory=list)

    def number(self, name: str) -> int:
        """A snowflake of the path. Raises ApiError."""
        given = self.path[name]
        if not given.isdecimal():
            raise bad(50035, "Invalid Form Body")
        return int(given)

    @property
    def object(self) -> JSON:
        """The body, which must be an object. Raises ApiError."""
        if not isinstance(self.body, dict):
            raise bad(50109, "The request body contains invalid JSON.")
        return self.body


Handler = Callable[[World, Call], object]
"""Gives the body of the answer; None for 204."""
Route = tuple[str, Handler, bool]
"""A method and a path such as "GET /channels/{channel}", who handles it, and whether it takes the bot's token."""


class Door:
    """An aiohttp application on one port. It can be shut: then connections are refused, and open ones are reset."""

    def __init__(self, made: Callable[[], web.Application]) -> None:
        self.port = 0
        self._made = made
        self._runner: web.AppRunner | None = None
        self._open: set[asyncio.Transport] = set()

    async def open(self) -> None:
        """Listen; always on the same port."""
        if self._runner is not None:
            return
        app = self._made()
        app.middlewares.append(self._remember)
        # Whoever hangs up does not wait any more.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, backlog=1024, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]

    async def shut(self) -> None:
        """Refuse connections."""
        if self._runner is not None:
            for transport in list(self._open):
                reset(transport)
            await self._runner.cleanup()
            self._runner = None

    @web.middleware
    async def _remember(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if isinstance(request.transport, asyncio.Transport):
            self._open = {one for one in self._open if not one.is_closing()} | {request.transport}
        answered: web.StreamResponse = await handler(request)
        return answered


class Rest:
    """The API of one application."""

    def __init__(self, world: World, routes: list[Route]) -> None:
        self._world = world
        self._routes = routes

    def app(self) -> web.Application:
        """All routes, and the CDN."""
        app = web.Application(client_max_size=BODY_BYTES)
        for route, handler, with_token in self._routes:
            method, _, path = route.partition(" ")
            app.router.add_route(method, API + path, self._handler(route, handler, with_token))
        app.router.add_route("*", API + "/{rest:.*}", self._nowhere)
        app.router.add_get("/{path:(attachments|avatars|banners|embed|guilds)/.+}", self._download)
        return app

    def _handler(self, route: str, handler: Handler, with_token: bool) -> Any:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._called(request, route, handler, with_token)

        return handle

    async def _nowhere(self, request: web.Request) -> web.Response:
        self._world.log.note(
            "refused", route=f"{request.method} {request.path}", status=404, code=0, message=""
        )
        return answer(404, {"message": "404: Not Found", "code": 0})

    async def _download(self, request: web.Request) -> web.Response:
        found = self._world.uploads.fetch(request.path, dict(request.query), self._world.now())
        if found is None:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=found.content, headers={"Content-Type": found.mime})

    # --- calls ---------------------------------------------------------------------------------------------

    async def _called(
        self, request: web.Request, route: str, handler: Handler, with_token: bool
    ) -> web.StreamResponse:
        world = self._world
        channel = int(request.match_info.get("channel", "0") or 0)
        bucket = " ".join([route, *(request.match_info.get(name, "") for name in MAJOR)])
        # Nothing is known of a call before it has arrived whole.
        call = await read(request, route)
        world.log.note("called", route=route, channel=channel, counted=with_token)
        fault = world.faults.pick(route, channel)
        if fault is not None:
            world.log.note("fault", kind=fault.kind, route=route, channel=channel)
            if fault.kind not in AFTERWARDS:
                return await self._instead(fault, bucket, request)
        response = self._answered(call, handler, bucket, with_token, request)
        return response if fault is None else await self._afterwards(fault, response, request)

    def _answered(
        self, call: Call, handler: Handler, bucket: str, with_token: bool, request: web.Request
    ) -> web.Response:
        world, route = self._world, call.route
        try:
            self._may(request, with_token)
            if early_s := world.limits.early_by_s(bucket, world.now()):
                world.log.note("violation", kind="early", route=route, bucket=bucket, early_by_s=early_s)
                raise TooMany(early_s)
            world.limits.enter(route, bucket, world.now(), counted=with_token)
            body = handler(world, call)
        except ApiError as error:
            told = {"status": error.status, "code": error.code, "message": error.message}
            world.log.note("refused", route=route, errors=error.more.get("errors"), **told)
            return self._refusal(error, route, bucket)
        headers = world.limits.headers(route, bucket, world.now())
        return answer(200 if body is not None else 204, body, headers)

    def _may(self, request: web.Request, with_token: bool) -> None:
        if not with_token:
            return
        given = request.headers.get("Authorization", "")
        if given != f"Bot {self._world.token}" or self._world.revoked:
            raise ApiError(401, 0, "401: Unauthorized")
        if not request.headers.get("User-Agent", "").startswith("DiscordBot ("):
            self._world.log.note("violation", kind="user agent", route=request.path)

    def _refusal(self, error: ApiError, route: str, bucket: str) -> web.Response:
        headers = dict(self._world.limits.headers(route, bucket, self._world.now()))
        if isinstance(error, TooMany):
            # What comes from the API itself came by its proxy; the shield before it has no such header.
            headers |= {"Via": "1.1 google", "Retry-After": str(int(error.retry_after_s) + 1)}
            headers |= {"X-RateLimit-Scope": "global" if error.everywhere else "user"}
            headers |= {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": f"{error.retry_after_s:.3f}"}
            if error.everywhere:
                headers["X-RateLimit-Global"] = "true"
        return answer(error.status, error.body(), headers)

    # --- trouble -------------------------------------------------------------------------------------------

    async def _instead(self, fault: Fault, bucket: str, request: web.Request) -> web.StreamResponse:
        world = self._world
        match fault.kind:
            case "429":
                world.limits.tell("" if fault.everywhere else bucket, fault.seconds, world.now())
                error = TooMany(fault.seconds, everywhere=fault.everywhere)
                return self._refusal(error, bucket.partition(" /")[0], bucket)
            case "ban":
                return web.Response(status=429, text=PAGE, content_type="text/html")
            case "reset":
                reset(request.transport)
                return web.Response()
            case "hang":
                return await silence()
            case _:
                return answer(fault.status, {"message": f"{fault.status}: trouble", "code": fault.code})

    async def _afterwards(
        self, fault: Fault, response: web.Response, request: web.Request
    ) -> web.StreamResponse:
        if fault.kind == "never":
            return await silence()
        if fault.kind == "lost":
            reset(request.transport)
        else:
            await asyncio.sleep(fault.seconds)
        return response


async def read(request: web.Request, route: str) -> Call:
    """A request's path, query, body and files."""
    body: Any = None
    uploads: list[Upload] = []
    if request.content_type.startswith("multipart/"):
        body = {}
        async for part in await request.multipart():
            name = getattr(part, "name", "") or ""
            if name == "payload_json":
                body = json.loads(await part.read())  # type: ignore[union-attr]
            elif name.startswith("files["):
                content = bytes(await part.read())  # type: ignore[union-attr]
                mime = part.headers.get("Content-Type", "") if part is not None else ""
                mime = "" if mime == "application/octet-stream" else mime
                filename = getattr(part, "filename", "") or ""
                uploads.append(Upload(int(name[6:-1]), filename, content, mime))
    elif request.can_read_body:
        try:
            body = json.loads(await request.read())
        except ValueError:
            body = "no JSON"
    return Call(route, dict(request.match_info), dict(request.query), body, uploads)


def answer(status: int, body: object, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer as the vendor gives it: no word about the character set."""
    if status == 204:
        return web.Response(status=204, headers=headers)
    content = json.dumps(body, ensure_ascii=False).encode()
    return web.Response(
        status=status, body=content, headers={"Content-Type": "application/json", **(headers or {})}
    )


async def silence() -> web.Response:
    """Until the other side hangs up."""
    await asyncio.Event().wait()
    return web.Response()


def reset(transport: asyncio.BaseTransport | None) -> None:
    """The connection ends at once, with RST."""
    if isinstance(transport, asyncio.Transport) and not transport.is_closing():
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
