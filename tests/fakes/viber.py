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

from tests.adapters.contract import Fault

FIXTURES = {
    path.stem: path.read_bytes()
    for path in (Path(__file__).parents[1] / "adapters/fixtures/viber").glob("*.json")
}
Planned = int | tuple[int, Mapping[str, str]]
FAULTS: Mapping[Fault, Planned] = {
    "busy": 12,
    "broken": (503, {}),
    "refused": 6,
    "unauthorised": 2,
    "cut": (500, {}),
}
"""https://developers.viber.com/docs/api/rest-bot-api/#error-codes"""
PICTURE = b"\x89PNG" + b"x" * 996


@dataclass
class Far:
    """One bot at Viber. Each answer of `plan`, and then each of `faults`, is given once: a status of Viber's, or an
    HTTP status with headers; after them all is well. `sent` are the messages that were taken. Viber tells no delay."""

    url: str = ""
    busy_s: float | None = None
    faults: list[Fault] = field(default_factory=list)
    plan: list[Planned] = field(default_factory=list)
    calls: list[tuple[str, Mapping[str, Any], Mapping[str, str]]] = field(default_factory=list)
    sent: list[Mapping[str, Any]] = field(default_factory=list)
    account: dict[str, Any] = field(default_factory=lambda: json.loads(FIXTURES["account_info"]))

    @property
    def delivered(self) -> list[str]:
        """The texts that people were shown."""
        return [body["text"] for body in self.sent if body["type"] == "text"]

    async def called(self, request: web.Request) -> web.Response:
        """Any method of the REST interface."""
        method, body = request.match_info["method"], json.loads(await request.read())
        self.calls.append((method, body, dict(request.headers)))
        planned = self._next(request)
        if isinstance(planned, tuple):
            return web.Response(status=planned[0], headers=planned[1])
        if planned == 0 and method == "get_account_info":
            return web.json_response(self.account)
        if planned == 0 and method == "set_webhook":
            self.account |= {"webhook": body["url"], "event_types": body["event_types"]}
        if planned == 0 and method == "send_message":
            self.sent.append(body)
        told = {"status": planned, "status_message": "told by Viber", "message_token": 7000 + len(self.calls)}
        return web.json_response(told)

    def _next(self, request: web.Request) -> Planned:
        """What is answered now."""
        if self.plan:
            return self.plan.pop(0)
        fault = self.faults.pop(0) if self.faults else None
        if fault == "cut":
            _hang_up(request)
        return FAULTS[fault] if fault is not None else 0

    @staticmethod
    async def media(request: web.Request) -> web.Response:
        """A picture, or the HTTP status that is asked for; "cut" hangs up."""
        name = request.match_info["name"]
        if name == "cut":
            _hang_up(request)
        if name.isdecimal():
            return web.Response(status=int(name), headers={"Location": "/media/picture", "Retry-After": "9"})
        return web.Response(body=PICTURE)


def _hang_up(request: web.Request) -> None:
    """Nobody hears what is answered then."""
    assert request.transport is not None
    request.transport.abort()


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
