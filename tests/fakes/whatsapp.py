"""WhatsApp's Cloud API as a channel sees it: messages, media, profiles and numbers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.adapters.contract import Fault
from tests.fakes.pushes import pushes_of

FIXTURES = pushes_of("whatsapp")
NUMBER, SECOND, CUSTOMER = "106540352242922", "106540352242923", "16505551234"
TOKEN = "EAAJB" + "t" * 40
PICTURE = b"\xff\xd8JFIF" + b"x" * 200_000
Planned = tuple[int, Mapping[str, Any]]


def error(code: int, status: int = 400, **more: Any) -> Planned:
    """An answer of Meta's that something is wrong."""
    told = {"message": f"(#{code}) told by Meta", "type": "OAuthException", "code": code, "fbtrace_id": "x"}
    return status, {"error": told | more}


FAULTS: Mapping[Fault, Planned] = {
    "busy": error(131056),
    "broken": error(131016, 500),
    "refused": error(131026),
    "unauthorised": error(190, 401),
}


@dataclass
class Far:
    """One account. Each answer of `plan` is given once, to any call; each of `faults` to a message. `sent` are the
    messages that were taken, with the number they left from. `scopes` are the token's, and told to the `app` that knows
    its `secret`."""

    url: str = ""
    plan: list[Planned] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    sent: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    uploads: list[tuple[str, str, int]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)
    media_url: str = ""
    app: str = "1517776481860111"
    secret: str = ""
    scopes: list[str] = field(
        default_factory=lambda: ["whatsapp_business_messaging", "whatsapp_business_management"]
    )
    busy_s: float | None = 6.0

    @property
    def delivered(self) -> list[str]:
        """The texts that customers were shown."""
        return [body["text"]["body"] for _, body in self.sent if body.get("type") == "text"]

    async def called(self, request: web.Request) -> web.StreamResponse:
        """Any call."""
        path = request.path.removeprefix("/v26.0/")
        if path == "debug_token":
            return self._debug(request)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _told(error(190, 401))
        self.calls.append(f"{request.method} {path}")
        if self.plan:
            return _told(self.plan.pop(0))
        number, _, edge = path.partition("/")
        if edge == "messages":
            return self._message(request, number, await request.json())
        if edge == "media":
            return await self._upload(request)
        if edge == "whatsapp_business_profile":
            return await self._profile(request, number)
        if path == "app":
            return web.json_response({"id": self.app}) if self.app else _told(error(100))
        if path.startswith("files/"):
            return web.Response(body=PICTURE)
        if number in (NUMBER, SECOND):
            told = {"display_phone_number": "+1 555-078-3881", "verified_name": "Acme", "id": number}
            return web.json_response(told)
        url = self.media_url or f"{self.url}/files/{number}"
        return web.json_response({"url": url, "mime_type": "image/jpeg", "id": number})

    def _debug(self, request: web.Request) -> web.StreamResponse:
        asks = f"Bearer {self.app}|{self.secret}"
        if request.headers.get("Authorization") != asks or request.query["input_token"] != TOKEN:
            return _told(error(190, 401))
        return web.json_response({"data": {"app_id": self.app, "is_valid": True, "scopes": self.scopes}})

    def _message(self, request: web.Request, number: str, body: Mapping[str, Any]) -> web.StreamResponse:
        fault = self.faults.pop(0) if self.faults else None
        if fault == "cut":
            assert request.transport is not None
            request.transport.abort()
        if fault is not None and fault in FAULTS:
            return _told(FAULTS[fault])
        self.sent.append((number, body))
        told = {"messaging_product": "whatsapp", "messages": [{"id": f"wamid.{len(self.sent)}"}]}
        return web.json_response({"success": True} if "status" in body else told)

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField)
        assert form["messaging_product"] == "whatsapp"
        assert form["type"] == file.content_type
        self.uploads.append((file.filename, file.content_type, len(file.file.read())))
        return web.json_response({"id": f"media-{len(self.uploads)}"})

    async def _profile(self, request: web.Request, number: str) -> web.Response:
        if request.method == "POST":
            self.about[number] = (await request.json())["about"]
            return web.json_response({"success": True})
        row = {"messaging_product": "whatsapp"}
        if number in self.about:
            row["about"] = self.about[number]
        return web.json_response({"data": [row]})


def _told(planned: Planned) -> web.Response:
    status, body = planned
    return web.Response(status=status, text=json.dumps(body) if body else "", content_type="application/json")


@asynccontextmanager
async def far_end() -> AsyncIterator[Far]:
    """Run one on loopback."""
    far = Far()
    app = web.Application(client_max_size=200_000_000)
    app.router.add_route("*", "/v26.0/{path:.*}", far.called)
    async with TestServer(app) as running:
        far.url = str(running.make_url("/v26.0"))
        yield far
