"""LINE's side of the Messaging API, as a real HTTP server on loopback.

It keeps the ledger of what customers were shown, takes a retry key and a reply token once, and can be told to answer
with errors or not at all. A request that LINE would not take fails the test.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web

from tests.adapters.contract import Fault

TOKEN = "token-of-the-channel+/="


@dataclass(frozen=True, slots=True)
class Script:
    """One answer out of the ordinary; `accepted` when the message is delivered all the same, `hangs_up` when no answer
    comes at all."""

    status: int = 500
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    accepted: bool = False
    hangs_up: bool = False


FAULTS: Mapping[Fault, Script] = {
    "busy": Script(429, "The API rate limit has been exceeded. Try again later."),
    "broken": Script(500, "Internal error"),
    "refused": Script(400, "The property, 'to', in the request body is invalid"),
    "unauthorised": Script(401, "Authentication failed. Confirm that the access token is valid."),
    "cut": Script(hangs_up=True),
}


class LineSide:
    """The platform. Each of `script`, and then each of `faults`, happens once to what is said, or asked of a customer;
    `reply_tokens` are those that may still be used, `profiles` of those who let us know."""

    def __init__(self) -> None:
        self.url = ""
        self.faults: list[Fault] = []
        self.busy_s: float | None = 7.0
        self.shown: list[tuple[str, str]] = []
        self.calls: Counter[str] = Counter()
        self.reply_tokens: dict[str, str] = {}
        self.script: list[Script] = []
        self.endpoint: dict[str, Any] | None = None
        self.quota: dict[str, Any] = {"type": "none"}
        self.used = 0
        self.profiles: dict[str, Mapping[str, str]] = {}
        self.contents: dict[str, tuple[int, bytes]] = {}
        self.dots: list[Mapping[str, Any]] = []
        self.wrongs: list[str] = []
        self._accepted: dict[str, str] = {}

    @property
    def delivered(self) -> list[str]:
        """The texts that people were shown."""
        return [text for _, text in self.shown]

    # --- messages ------------------------------------------------------------------------------------------

    async def push(self, request: web.Request) -> web.StreamResponse:
        """Deliver once for a retry key."""
        self._look_at(request)
        key, body = request.headers.get("X-Line-Retry-Key", ""), await request.json()
        if str(uuid.UUID(key)) != key:
            self.wrongs.append(f"no retry key: {key!r}")
        if key in self._accepted:
            told = {"message": "The retry key is already accepted"}
            return web.json_response({**told, **_sent(self._accepted[key])}, status=409)
        if (script := self._next()) is None or script.accepted:
            self._accepted[key] = self._show(body["to"], body["messages"])
        return await self._answer(request, script, _sent(self._accepted.get(key, "")))

    async def reply(self, request: web.Request) -> web.StreamResponse:
        """Deliver once for a reply token."""
        self._look_at(request)
        if "X-Line-Retry-Key" in request.headers:
            self.wrongs.append("LINE answers a reply that has a retry key with 400")
        body = await request.json()
        if body["replyToken"] not in self.reply_tokens:
            return web.json_response({"message": "Invalid reply token"}, status=400)
        script, shown = self._next(), ""
        if script is None or script.accepted:
            shown = self._show(self.reply_tokens.pop(body["replyToken"]), body["messages"])
        return await self._answer(request, script, _sent(shown))

    def _show(self, to: str, messages: list[dict[str, Any]]) -> str:
        if not 0 < len(messages) <= 5:
            self.wrongs.append(f"{len(messages)} messages at once")
        for message in messages:
            self.shown.append((to, self._read(message)))
        return str(4_000 + len(self.shown))

    def _read(self, message: dict[str, Any]) -> str:
        if message["type"] == "location":
            if not (0 < len(message["title"]) <= 100 and 0 < len(message["address"]) <= 100):
                self.wrongs.append("a location without title and address")
            return f"{message['title']} at {message['latitude']} {message['longitude']}"
        if message["type"] == "image":
            pictures = {message["originalContentUrl"], message["previewImageUrl"]}
            if any(len(url) > 2_000 or not url.startswith("https://") for url in pictures):
                self.wrongs.append("a picture without addresses that LINE takes")
            return f"picture {message['originalContentUrl']}"
        text: str = message["text"]
        if message["type"] != "text" or not 0 < len(text.encode("utf-16-le")) <= 10_000:
            self.wrongs.append(f"not a text that LINE takes: {message['type']}")
        return text

    def _next(self) -> Script | None:
        """What goes wrong now, if anything."""
        if self.script:
            return self.script.pop(0)
        if not self.faults:
            return None
        fault = self.faults.pop(0)
        headers = {"Retry-After": f"{self.busy_s:.0f}"} if fault == "busy" else {}
        return replace(FAULTS[fault], headers=headers)

    async def _answer(
        self, request: web.Request, script: Script | None, good: Mapping[str, Any]
    ) -> web.StreamResponse:
        if script is None:
            return web.json_response(good)
        if script.hangs_up:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"message": script.message}, status=script.status, headers=script.headers)

    def _look_at(self, request: web.Request) -> None:
        self.calls[f"{request.method} {request.path}"] += 1
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise web.HTTPUnauthorized(text='{"message":"Authentication failed"}')

    # --- beside --------------------------------------------------------------------------------------------

    async def loading(self, request: web.Request) -> web.Response:
        """The dots."""
        self._look_at(request)
        self.dots.append(await request.json())
        return web.json_response({}, status=202)

    async def profile(self, request: web.Request) -> web.StreamResponse:
        """Who a customer is."""
        self._look_at(request)
        who, script = self.profiles.get(request.match_info["id"]), self._next()
        unknown = Script(404, "Not found") if who is None else None
        return await self._answer(request, script or unknown, who or {})

    async def content(self, request: web.Request) -> web.Response:
        """What a customer sent."""
        self._look_at(request)
        status, body = self.contents.get(request.match_info["id"], (404, b"{}"))
        return web.Response(status=status, body=body)

    async def info(self, request: web.Request) -> web.Response:
        """Who the account is."""
        self._look_at(request)
        return web.json_response({"displayName": "Acme", "basicId": "@216ru", "chatMode": "bot"})

    async def webhook(self, request: web.Request) -> web.Response:
        """Where events are pushed to; a change leaves the switch in the console as it is."""
        self._look_at(request)
        if request.method == "PUT":
            active = self.endpoint["active"] if self.endpoint else True
            self.endpoint = {**await request.json(), "active": active}
            return web.json_response({})
        if self.endpoint is None:
            return web.json_response({"message": "Webhook endpoint not found"}, status=404)
        return web.json_response(self.endpoint)

    async def month(self, request: web.Request) -> web.Response:
        """How many messages the plan has, and how many are used."""
        self._look_at(request)
        used = request.path.endswith("consumption")
        return web.json_response({"totalUsage": self.used} if used else self.quota)


def _sent(message_id: str) -> Mapping[str, Any]:
    return {"sentMessages": [{"id": message_id}]} if message_id else {}


@asynccontextmanager
async def line_side() -> AsyncIterator[LineSide]:
    """A platform that listens until the block ends; then it must have nothing to complain about."""
    made = LineSide()
    application = web.Application()
    application.add_routes(
        [
            web.post("/v2/bot/message/push", made.push),
            web.post("/v2/bot/message/reply", made.reply),
            web.post("/v2/bot/chat/loading/start", made.loading),
            web.get("/v2/bot/profile/{id}", made.profile),
            web.get("/v2/bot/message/{id}/content", made.content),
            web.get("/v2/bot/info", made.info),
            web.get("/v2/bot/channel/webhook/endpoint", made.webhook),
            web.put("/v2/bot/channel/webhook/endpoint", made.webhook),
            web.get("/v2/bot/message/quota", made.month),
            web.get("/v2/bot/message/quota/consumption", made.month),
        ]
    )
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield made
    finally:
        await runner.cleanup()
    assert not made.wrongs, made.wrongs[:5]
