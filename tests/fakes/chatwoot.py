"""Chatwoot as a channel sees it: its REST interface for one account, and the files it keeps."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.adapters.contract import Fault
from tests.fakes.pushes import pushes_of

FIXTURES = pushes_of("chatwoot")
PICTURE = b"\x89PNG" + b"x" * 200_000
FOR_BOTS = {"error": "Access to this endpoint is not authorized for bots"}
STATUSES: Mapping[Fault, int] = {"busy": 429, "broken": 503, "refused": 422, "unauthorised": 401}


@dataclass
class Far:
    """One account. `faults` happen to messages once each, in this order; `statuses` are answered to any call before
    them, to a path that ends so."""

    url: str = ""
    faults: list[Fault] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    busy_s: float | None = 7.0
    profile: tuple[int, Any] = (401, FOR_BOTS)
    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    delivered: list[str] = field(default_factory=list)
    files: list[tuple[str, str, bytes]] = field(default_factory=list)

    async def called(self, request: web.Request) -> web.Response:
        """Any call about a conversation."""
        self.tokens.add(request.headers["api_access_token"])
        conversation, action = request.match_info["conversation"], request.match_info["action"]
        what = await self._form(request) if "multipart" in request.content_type else await request.json()
        self.calls.append((f"{conversation}/{action}", what))
        if status := self.statuses.get(action):
            return web.Response(
                status=status, headers={"Retry-After": "7", "Location": "https://elsewhere.example/"}
            )
        if action != "messages":
            return web.json_response({})
        if self.faults:
            return self._failed(self.faults.pop(0), request)
        self.delivered.append(what["content"])
        return web.json_response({"id": 8000 + len(self.delivered), "content": what["content"]})

    def _failed(self, fault: Fault, request: web.Request) -> web.Response:
        if fault == "cut":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        headers = (
            {"Retry-After": str(int(self.busy_s))} if fault == "busy" and self.busy_s is not None else {}
        )
        return web.json_response({"error": "Invalid Access Token"}, status=STATUSES[fault], headers=headers)

    async def _form(self, request: web.Request) -> Mapping[str, Any]:
        """The fields; the files are noted."""
        fields: dict[str, Any] = {}
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                # Rack, which Chatwoot stands on, reads names so.
                self.files.append((unquote(value.filename), value.content_type, value.file.read()))
            else:
                fields[name] = value
        return fields | {"content_attributes": json.loads(fields["content_attributes"])}

    async def asked(self, request: web.Request) -> web.Response:
        """Whose token it is."""
        status, told = self.profile
        return web.json_response(told, status=status)

    async def kept(self, request: web.Request) -> web.Response:
        """A file: `blobs/redirect/<name>` leads to `disk/<name>`; a name that is a number is an HTTP status."""
        assert "api_access_token" not in request.headers
        name = request.match_info["name"]
        if name.isdecimal():
            return web.Response(status=int(name), headers={"Retry-After": "9", "Location": request.path})
        if "redirect" in request.path:
            return web.Response(status=302, headers={"Location": f"/rails/active_storage/disk/{name}"})
        return web.Response(body=PICTURE)


@asynccontextmanager
async def far_end() -> AsyncIterator[Far]:
    """Run one on loopback."""
    chatwoot = Far()
    app = web.Application(client_max_size=8_000_000)
    app.router.add_post("/api/v1/accounts/3/conversations/{conversation}/{action}", chatwoot.called)
    app.router.add_get("/api/v1/profile", chatwoot.asked)
    app.router.add_get("/rails/active_storage/blobs/redirect/{name}", chatwoot.kept)
    app.router.add_get("/rails/active_storage/disk/{name}", chatwoot.kept)
    async with TestServer(app) as running:
        chatwoot.url = str(running.make_url("")).rstrip("/")
        yield chatwoot
