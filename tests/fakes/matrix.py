"""A homeserver as the bot sees it: the client-server API over real HTTP on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.adapters.contract import TELLING, Fault
from tests.fakes.pushes import pushes_of

FIXTURES = pushes_of("matrix")
TOKEN, BOT = "syt_am9ubw_token", "@jono:example.org"
SENDS = ("/send/", "/redact/")
EVENT_BYTES = 65_536


@dataclass
class Homeserver:
    """`closed` are rooms that cannot be joined, `silent` those of a server that never answers to that, `invited` those
    that must be joined first. Each of `answers` is given once to a path that ends so: a status and a body. `syncs` are
    answered one after the other; then it fails, or keeps whoever asks waiting where it is `patient`."""

    url: str = ""
    user: str = BOT
    faults: list[Fault] = field(default_factory=list)
    busy_s: float | None = 7.0
    delivered: list[str] = field(default_factory=list)
    events: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    calls: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    joined: set[str] = field(default_factory=set)
    invited: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    state: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    syncs: list[Any] = field(default_factory=list)
    patient: bool = False
    files: dict[str, bytes] = field(default_factory=dict)
    _cut: set[str] = field(default_factory=set)
    _done: dict[str, str] = field(default_factory=dict)

    async def any(self, request: web.Request) -> web.StreamResponse:
        """Every call."""
        path = request.rel_url.raw_path
        self.calls.append((request.method, unquote(path), dict(request.query)))
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _error(401, "M_UNKNOWN_TOKEN")
        for end in list(self.answers):
            if unquote(path).endswith(end):
                status, body = self.answers.pop(end)
                return web.json_response(body, status=status, headers={"Retry-After": "9"})
        if path.endswith("/sync"):
            return await self._sync(request.query)
        if "/media/" in path:
            return await self._media(request, path)
        body = await request.json() if request.can_read_body else {}
        if any(one in path for one in SENDS):
            return await self._send(request, path, body)
        if unquote(path).rpartition("/")[2] in self.silent:
            await asyncio.Event().wait()
        return self._asked(request.method, unquote(path), body)

    async def _send(self, request: web.Request, path: str, body: dict[str, Any]) -> web.StreamResponse:
        fault = self.faults.pop(0) if self.faults else None
        if fault == "cut":
            assert request.transport is not None
            request.transport.abort()
            if path not in self._cut:
                # The client asks once more by itself, as a PUT may be repeated: it does not help.
                self._cut.add(path)
                self.faults.insert(0, "cut")
        if fault is not None:
            status, code = {
                "busy": (429, "M_LIMIT_EXCEEDED"),
                "broken": (502, ""),
                "refused": (400, "M_BAD_JSON"),
            }.get(fault, (401, "M_UNKNOWN_TOKEN"))
            return _error(status, code, 7000)
        room, _, how = unquote(path).partition("/rooms/")[2].partition("/")
        if room in self.invited or room in self.closed:
            return _error(403, "M_FORBIDDEN")
        assert len(json.dumps(body, ensure_ascii=False).encode()) < EVENT_BYTES - 2_000
        if path not in self._done:
            self._done[path] = f"$event-{len(self._done)}"
            self.events.append((room, how, body))
            self.delivered.append(body.get("body", ""))
        return web.json_response({"event_id": self._done[path]})

    def _asked(self, method: str, path: str, body: dict[str, Any]) -> web.Response:
        last = path.rpartition("/")[2]
        if "/join/" in path:
            if last in self.closed:
                return _error(403, "M_FORBIDDEN")
            self.invited.discard(last)
            self.joined.add(last)
            return web.json_response({"room_id": last})
        if path.endswith("/versions"):
            return web.json_response({"versions": ["r0.6.1", "v1.1", "v1.11"]})
        if path.endswith("/whoami"):
            return web.json_response({"user_id": self.user})
        if path.endswith("/register"):
            return _error(400, "M_USER_IN_USE")
        if path.endswith("/joined_rooms"):
            return web.json_response({"joined_rooms": sorted(self.joined)})
        if any(f"/rooms/{room_id}/" in path for room_id in self.invited | self.closed):
            return _error(403, "M_FORBIDDEN")
        if "/state/" in path or path.endswith("/status"):
            if method == "PUT":
                self.state[last] = body
                return web.json_response({})
            return web.json_response(self.state[last]) if last in self.state else _error(404, "M_NOT_FOUND")
        return web.json_response({})

    async def _sync(self, query: Mapping[str, str]) -> web.Response:
        if "rooms" in json.loads(query["filter"])["room"]:
            return web.json_response({"rooms": {"invite": {room_id: {} for room_id in self.invited}}})
        if self.syncs:
            told = self.syncs.pop(0)
            return web.Response(body=told) if isinstance(told, bytes) else web.json_response(told)
        if self.patient:
            await asyncio.Event().wait()
        raise web.HTTPGatewayTimeout

    async def _media(self, request: web.Request, path: str) -> web.Response:
        if request.method == "POST":
            name = f"file{len(self.files)}"
            self.files[name] = await request.read()
            return web.json_response({"content_uri": f"mxc://example.org/{name}"})
        content = self.files.get(path.rpartition("/")[2])
        return _error(404, "M_NOT_FOUND") if content is None else web.Response(body=content)


def _error(status: int, code: str, retry_ms: int | None = None) -> web.Response:
    told = {"errcode": code, "error": TELLING, "retry_after_ms": retry_ms}
    return web.json_response(told, status=status)


@asynccontextmanager
async def homeserver() -> AsyncIterator[Homeserver]:
    """Run one on loopback."""
    made = Homeserver()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", made.any)
    async with TestServer(app) as running:
        made.url = str(running.make_url("/")).rstrip("/")
        yield made
