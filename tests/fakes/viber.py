"""Viber as a channel sees it: calls under /pa, and files under /media."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

FIXTURES = {
    path.stem: path.read_bytes()
    for path in (Path(__file__).parents[1] / "adapters/fixtures/viber").glob("*.json")
}
Planned = int | tuple[int, Mapping[str, str]]
PICTURE = b"\x89PNG" + b"x" * 996


@dataclass
class Far:
    """One bot at Viber. Each answer of `plan` is given once: a status of Viber's, or an HTTP status with headers; after
    them all is well. `delivered` are the messages that were taken."""

    url: str = ""
    plan: list[Planned] = field(default_factory=list)
    calls: list[tuple[str, Mapping[str, Any], Mapping[str, str]]] = field(default_factory=list)
    delivered: list[Mapping[str, Any]] = field(default_factory=list)
    account: dict[str, Any] = field(default_factory=lambda: json.loads(FIXTURES["account_info"]))

    async def called(self, request: web.Request) -> web.Response:
        """Any method of the REST interface."""
        method, body = request.match_info["method"], json.loads(await request.read())
        self.calls.append((method, body, dict(request.headers)))
        planned = self.plan.pop(0) if self.plan else 0
        if isinstance(planned, tuple):
            return web.Response(status=planned[0], headers=planned[1])
        if planned == 0 and method == "get_account_info":
            return web.json_response(self.account)
        if planned == 0 and method == "set_webhook":
            self.account |= {"webhook": body["url"], "event_types": body["event_types"]}
        if planned == 0 and method == "send_message":
            self.delivered.append(body)
        told = {"status": planned, "status_message": "told by Viber", "message_token": 7000 + len(self.calls)}
        return web.json_response(told)

    @staticmethod
    async def media(request: web.Request) -> web.Response:
        """A picture, or the HTTP status that is asked for."""
        name = request.match_info["name"]
        if name.isdecimal():
            return web.Response(status=int(name), headers={"Location": "/media/picture", "Retry-After": "9"})
        return web.Response(body=PICTURE)


@asynccontextmanager
async def far_end() -> AsyncIterator[Far]:
    """Run one on loopback."""
    viber = Far()
    app = web.Application()
    app.router.add_post("/pa/{method}", viber.called)
    app.router.add_get("/media/{name}", viber.media)
    async with TestServer(app) as running:
        viber.url = str(running.make_url("/pa"))
        yield viber
