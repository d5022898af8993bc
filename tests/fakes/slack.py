"""Slack as a channel sees it: the Web API under /api, files, addresses of commands, and Socket Mode."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.adapters.contract import Fault
from tests.fakes.pushes import pushes_of

FIXTURES = pushes_of("slack")
PICTURE = b"\x89PNG" + b"x" * 100_000
SCOPES = (
    "chat:write,commands,files:read,files:write,im:history,reactions:read,reactions:write,channels:history,"
    "channels:read,groups:history,groups:read,channels:write.topic,groups:write.topic,users:read,users.profile:read,"
    "users.profile:write"
)
FAULTS: Mapping[Fault, tuple[int, Mapping[str, Any]]] = {
    "busy": (429, {"ok": False, "error": "ratelimited"}),
    "broken": (200, {"ok": False, "error": "internal_error"}),
    "refused": (200, {"ok": False, "error": "channel_not_found"}),
    "unauthorised": (200, {"ok": False, "error": "invalid_auth"}),
}


def form(**fields: str) -> bytes:
    """A slash command, as Slack posts it."""
    asked = {
        "token": "gIkuvaNzQIHg97ATvDxqgjtO",
        "team_id": "T123ABC456",
        "channel_id": "C0AGENTS",
        "channel_name": "desk",
        "user_id": "U0ANNA",
        "user_name": "anna",
        "command": "/jono",
        "text": "claim K7Q2M4",
        "api_app_id": "A123ABC456",
        "response_url": "https://hooks.slack.com/commands/1234/5678",
        "trigger_id": "13345224609.738474920.8088930838d88f008e0",
    }
    return urlencode(asked | fields).encode()


def seen(text: str) -> str:
    """A text as people see it, markup being off."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@dataclass
class Far:
    """One workspace. `words` are answered once each, as errors; `denied` always, by method. `envelopes` are what Socket
    Mode brings, `private` the channels that are."""

    url: str = ""
    host: str = ""
    faults: list[Fault] = field(default_factory=list)
    busy_s: float | None = 7.0
    words: list[str] = field(default_factory=list)
    denied: dict[str, str] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)
    scopes: str = SCOPES
    member: bool = True
    calls: list[tuple[str, Mapping[str, Any], str]] = field(default_factory=list)
    delivered: list[str] = field(default_factory=list)
    uploads: list[bytes] = field(default_factory=list)
    responses: list[Mapping[str, Any]] = field(default_factory=list)
    response_status: int = 200
    envelopes: Sequence[Mapping[str, Any]] = ()
    confirmed: list[str] = field(default_factory=list)

    def last(self, method: str) -> Mapping[str, Any]:
        """What a method was called with last."""
        return next(what for name, what, _ in reversed(self.calls) if name == method)

    async def called(self, request: web.Request) -> web.StreamResponse:
        """Any method of the Web API."""
        method = request.match_info["method"]
        as_json = request.content_type == "application/json"
        what: Mapping[str, Any] = json.loads(await request.read()) if as_json else dict(await request.post())
        self.calls.append((method, what, request.headers["Authorization"]))
        fault = self.faults.pop(0) if self.faults else None
        if fault == "cut":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if fault is not None:
            status, told = FAULTS[fault]
            return web.json_response(told, status=status, headers={"Retry-After": f"{self.busy_s:.0f}"})
        if self.words or method in self.denied:
            word = self.denied.get(method) or self.words.pop(0)
            return web.json_response({"ok": False, "error": word, "needed": "files:write"})
        if method == "chat.postMessage":
            self.delivered.append(seen(what["text"]))
        return web.json_response(
            {"ok": True, **self._told(method, what)}, headers={"x-oauth-scopes": self.scopes}
        )

    def _told(self, method: str, what: Mapping[str, Any]) -> Mapping[str, Any]:
        ts = f"1767614400.{len(self.calls):06}"
        channel = {"name": "desk", "is_member": self.member, "topic": {"value": "a &amp; b"}}
        channel["is_private"] = what.get("channel") in self.private
        special: Mapping[str, Mapping[str, Any]] = {
            "auth.test": {"user": "jono", "team": "Acme"},
            "chat.postEphemeral": {"message_ts": ts},
            "conversations.info": {"channel": channel},
            "users.info": {
                "user": {"profile": {"real_name": "Aino V.", "display_name": "aino"}, "locale": "fi-FI"}
            },
            "users.profile.get": {"profile": {"status_text": "out &amp; about"}},
            "files.getUploadURLExternal": {"upload_url": f"{self.host}/upload/1", "file_id": "F1"},
            "files.completeUploadExternal": {"files": [{"id": "F1"}]},
            "files.info": {"file": {"url_private": f"{self.host}/files/picture"}},
            "apps.connections.open": {"url": f"{self.host}/socket".replace("http", "ws")},
        }
        return special.get(method, {"ts": ts, "channel": "C0AGENTS"})

    async def put(self, request: web.Request) -> web.Response:
        """The middle step of an upload."""
        self.uploads.append(await request.read())
        return web.Response(text="OK")

    @staticmethod
    async def file(request: web.Request) -> web.Response:
        """A picture, or the HTTP status that is asked for."""
        name = request.match_info["name"]
        if name.isdecimal():
            return web.Response(status=int(name), headers={"Location": "/signin", "Retry-After": "9"})
        if name == "signin" or "Authorization" not in request.headers:
            return web.Response(text="<html>", content_type="text/html")
        return web.Response(body=PICTURE, content_type="image/png")

    async def responded(self, request: web.Request) -> web.Response:
        """An address that came with a command."""
        self.responses.append(await request.json())
        return web.Response(text="ok", status=self.response_status)

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """Socket Mode: each envelope after the one before was confirmed, then the end."""
        ready = web.WebSocketResponse()
        await ready.prepare(request)
        await ready.send_json({"type": "hello", "num_connections": 1})
        for envelope in self.envelopes:
            await ready.send_json(envelope)
            self.confirmed.append((await ready.receive_json())["envelope_id"])
        await ready.send_json({"type": "disconnect", "reason": "refresh_requested"})
        await ready.receive()
        return ready


@asynccontextmanager
async def workspace() -> AsyncIterator[Far]:
    """Run one on loopback."""
    slack = Far()
    app = web.Application(client_max_size=10_000_000)
    app.router.add_post("/api/{method}", slack.called)
    app.router.add_post("/upload/{id}", slack.put)
    app.router.add_get("/files/{name}", slack.file)
    app.router.add_post("/respond", slack.responded)
    app.router.add_get("/socket", slack.socket)
    async with TestServer(app) as running:
        slack.host = str(running.make_url("")).rstrip("/")
        slack.url = f"{slack.host}/api"
        yield slack
