"""The HTTP door of the Bot API: who may call, what goes wrong on request, how fast, and then the method itself.

Invariant: whatever the door itself refuses is refused before anything was done.
"""

from __future__ import annotations

import asyncio
import socket
import struct

from aiohttp import web

from tests.fakes.telegram import chats, media, methods, params
from tests.fakes.telegram.errors import ApiError, too_many
from tests.fakes.telegram.faults import AFTERWARDS, Fault
from tests.fakes.telegram.params import Params
from tests.fakes.telegram.world import World

METHODS = chats.METHODS | methods.METHODS
LONGEST_POLL_S = 50
BODY_BYTES = 60 * 1024**2
TOPICS = ("createforumtopic", "editforumtopic", "closeforumtopic", "reopenforumtopic", "deleteforumtopic")
FREE = ("sendchataction",)
PROFILE = ("setmyprofilephoto", "removemyprofilephoto", "setmyshortdescription", "setmydescription")
PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


class Door:
    """The Bot API on one port. It can be shut: then connections are refused, and open ones are reset."""

    def __init__(self) -> None:
        self.port = 0
        self.worlds: dict[str, World] = {}
        """By token."""
        self._runner: web.AppRunner | None = None
        self._open: set[asyncio.Transport] = set()

    async def open(self) -> None:
        """Listen; always on the same port."""
        app = web.Application(client_max_size=BODY_BYTES)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        # Whoever hangs up does not wait any more: a bot that was killed polls no longer.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, backlog=1024, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]

    async def shut(self) -> None:
        """Refuse connections."""
        if self._runner is not None:
            for transport in self._open:
                reset(transport)
            self._open = set()
            await self._runner.cleanup()
            self._runner = None

    # --- calls ---------------------------------------------------------------------------------------------

    async def _call(self, request: web.Request) -> web.StreamResponse:
        if isinstance(request.transport, asyncio.Transport):
            self._open = {one for one in self._open if not one.is_closing()} | {request.transport}
        world = self.worlds.get(request.match_info["token"])
        if world is None or world.revoked:
            return answer(ApiError(401, "Unauthorized"))
        method = request.match_info["method"].lower()
        given = await params.read(request)
        chat = given.text("chat_id")
        if connection := given.text("business_connection_id"):
            chat = f"{connection}:{chat}"
        world.log.note("called", method=method, chat=chat)
        fault = world.faults.pick(method, chat)
        if fault is not None:
            world.log.note("fault", kind=fault.kind, method=method, chat=chat)
            if fault.kind not in AFTERWARDS:
                return await self._instead(world, fault, chat, request)
        try:
            response = success(await self._do(world, method, given, chat))
        except ApiError as error:
            told = {"method": method, "chat": chat, "code": error.code, "description": error.description}
            world.log.note("refused", **told)
            response = answer(error)
        return response if fault is None else await self._afterwards(fault, response, request)

    async def _do(self, world: World, method: str, given: Params, chat: str) -> object:
        if method == "getupdates":
            return await get_updates(world, given)
        if method not in METHODS:
            raise ApiError(404, "Not Found")
        if counts(method):
            pace(world, method, given, chat)
        elif method in PROFILE:
            pace_profile(world, method, given)
        return METHODS[method](world, given)

    async def _instead(
        self, world: World, fault: Fault, chat: str, request: web.Request
    ) -> web.StreamResponse:
        match fault.kind:
            case "429":
                world.pacer.told(chat, fault.seconds)
                return answer(too_many(int(fault.seconds)))
            case "html":
                return web.Response(status=502, text=PAGE, content_type="text/html")
            case "list":
                return web.json_response(["no", "object"], status=500)
            case "reset":
                reset(request.transport)
                return web.Response()
            case "hang":
                return await silence()
            case _:
                return answer(ApiError(fault.code, fault.description))

    async def _afterwards(
        self, fault: Fault, response: web.Response, request: web.Request
    ) -> web.StreamResponse:
        if fault.kind == "never":
            return await silence()
        if fault.kind == "garbled" and isinstance(response.body, bytes):
            return web.Response(body=response.body[:-2], content_type="application/json")
        if fault.kind == "lost":
            reset(request.transport)
        else:
            await asyncio.sleep(fault.seconds)
        return response

    async def _download(self, request: web.Request) -> web.Response:
        world = self.worlds.get(request.match_info["token"])
        content = media.content_at(world, request.match_info["path"]) if world else None
        if content is None:
            return answer(ApiError(404, "Not Found"))
        return web.Response(body=content, content_type="application/octet-stream")


async def get_updates(world: World, given: Params) -> object:
    """getUpdates; the kinds of updates stay asked for until others are."""
    if "allowed_updates" in given.given:
        world.updates.allowed = given.strings("allowed_updates")
    limit = min(max(given.number("limit", 100), 1), 100)
    timeout_s = min(given.number("timeout"), LONGEST_POLL_S)
    return await world.updates.get(given.number("offset"), limit, timeout_s)


def counts(method: str) -> bool:
    """Whether a call counts as a message: whatever people see does."""
    return method in TOPICS or (method.startswith(("send", "copy", "forward", "edit")) and method not in FREE)


def pace(world: World, method: str, given: Params, chat: str) -> None:
    """Note too fast a bot, or one that does not wait as it was told; the latter waits. Raises ApiError."""
    if early_s := world.pacer.early_by_s(chat):
        world.log.note("violation", kind="early", chat=chat, early_by_s=early_s)
        raise too_many(int(early_s) + 1)
    known = world.chats.get(chat)
    private = known is None or known.type == "private"
    messages = len(given.objects("media")) if method == "sendmediagroup" else 1
    verdict = world.pacer.judge(chat, private, messages)
    for kind in verdict.broken:
        world.log.note("violation", kind=kind, chat=chat)
    if verdict.wait_s:
        world.pacer.told(chat, verdict.wait_s)
        raise too_many(verdict.wait_s)


def pace_profile(world: World, method: str, given: Params) -> None:
    """Refuse too fast changes of one thing in the profile. Raises ApiError."""
    what = "photo" if "photo" in method else f"{method}:{given.text('language_code')}"
    if early_s := world.pacer.early_by_s(what):
        world.log.note("violation", kind="early", chat=what, early_by_s=early_s)
        raise too_many(int(early_s) + 1)
    if wait_s := world.pacer.profile_wait_s(what):
        world.pacer.told(what, wait_s)
        raise too_many(wait_s)


def success(result: object) -> web.Response:
    """A method's result."""
    return web.json_response({"ok": True, "result": result})


def answer(error: ApiError) -> web.Response:
    """A refusal."""
    return web.json_response(error.body(), status=error.code)


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
