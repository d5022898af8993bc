"""Meta as the channels `messenger` and `instagram` see it: the Graph API, and files under /files."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.adapters.contract import Fault

PICTURE = b"\xff\xd8\xff" + b"x" * 997
ERRORS: Mapping[str, tuple[int, Mapping[str, Any]]] = {
    "busy": (400, {"code": 613, "message": "Calls to this API have exceeded the rate limit"}),
    "broken": (500, {"code": 2, "message": "An unexpected error has occurred"}),
    "refused": (400, {"code": 10, "error_subcode": 2018278, "message": "sent outside of allowed window"}),
    "unauthorised": (400, {"code": 190, "message": "Invalid OAuth access token"}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was made. Forms and uploads are read as `said`, too."""

    method: str
    path: str
    query: Mapping[str, str]
    said: Mapping[str, Any]
    headers: Mapping[str, str]


@dataclass
class Far:
    """One account at Meta. Each of `faults` and `plan` happens once, in this order, to what is called; `answers` are
    those of single calls, "GET me" for example. `delivered` are the texts that customers were shown."""

    url: str = ""
    faults: list[Fault] = field(default_factory=list)
    plan: list[tuple[int, Mapping[str, Any] | None]] = field(default_factory=list)
    busy_s: float | None = 60.0
    answers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    delivered: list[str] = field(default_factory=list)

    async def called(self, request: web.Request) -> web.Response:
        """Any call of the Graph API."""
        path = request.match_info["path"]
        if request.content_type == "application/json":
            said = json.loads(await request.read())
        else:
            said = {
                name: await _content(value) if isinstance(value, web.FileField) else value
                for name, value in (await request.post()).items()
            }
        self.calls.append(Call(request.method, path, dict(request.query), said, dict(request.headers)))
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "cut":
            assert request.transport
            request.transport.close()
        if fault in ERRORS:
            self.plan.insert(0, ERRORS[fault])
        if self.plan:
            status, error = self.plan.pop(0)
            return (
                web.Response(status=status)
                if error is None
                else web.json_response({"error": error}, status=status)
            )
        return self._well(request.method, path, said)

    def _well(self, method: str, path: str, said: Mapping[str, Any]) -> web.Response:
        text = said.get("message")
        if isinstance(text, dict):
            text = text.get("text")
        if path.endswith(("/messages", "/comments", "/replies")) and text is not None:
            self.delivered.append(text)
        number = len(self.calls)
        made = {"recipient_id": "1", "message_id": f"m_{number}", "id": str(9_000 + number), "success": True}
        return web.json_response(self.answers.get(f"{method} {path}", made))

    @staticmethod
    async def file(request: web.Request) -> web.Response:
        """A picture, or the HTTP status that is asked for."""
        name = request.match_info["name"]
        if name.isdecimal():
            return web.Response(
                status=int(name), headers={"Location": request.query.get("to", ""), "Retry-After": "9"}
            )
        return web.Response(body=PICTURE)

    @property
    def last(self) -> Call:
        """The call that was made last."""
        return self.calls[-1]


async def _content(part: web.FileField) -> tuple[str, str, bytes]:
    return part.filename, part.content_type, part.file.read()


@asynccontextmanager
async def far_end() -> AsyncIterator[Far]:
    """Run one on loopback."""
    meta = Far()
    app = web.Application(client_max_size=30_000_000)
    app.router.add_get("/files/{name}", meta.file)
    app.router.add_route("*", "/v/{path:.+}", meta.called)
    async with TestServer(app) as running:
        meta.url = str(running.make_url("/v"))
        yield meta
