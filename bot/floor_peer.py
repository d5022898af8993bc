"""The floor's end of the wire: signed requests to the bot, and a small server for those that come back.

It follows the Standard Webhooks specification (https://www.standardwebhooks.com) and shares no line with the
bot's adapter, so that the two check each other. A request the bot cannot take now is sent again under the
same id until it was taken.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from aiohttp import ClientError, ClientSession, web

from bot.clock import Clock
from bot.published import rfc3339

TOLERANCE_S = 300
AGAIN_AFTER_S = 0.25
LATER = frozenset({429, 500, 502, 503, 504})

Taker = Callable[[str, str, Mapping[str, Any]], None]
"""What is done with an arrival: its id, its type and its data."""


class BotRefused(Exception):
    """The bot refused a request that it should have taken."""


class Peer:
    """One Standard Webhooks peer on loopback. `hook_url` must be set before the first `post`."""

    def __init__(self, secret: str, clock: Clock, session: ClientSession, taker: Taker) -> None:
        self._key = base64.b64decode(secret.removeprefix("whsec_"))
        self._clock = clock
        self._session = session
        self._taker = taker
        self.hook_url = ""

    async def post(self, request_id: str, kind: str, data: Mapping[str, Any]) -> None:
        """Return once the bot has taken the request. Raises BotRefused when it never will."""
        body = json.dumps({"type": kind, "timestamp": rfc3339(self._clock.now()), "data": data}).encode()
        while True:
            try:
                status = await self._post_once(request_id, body)
            except (ClientError, TimeoutError):
                status = 503
            if status < 300:
                return
            if status not in LATER:
                raise BotRefused(f"{kind}: HTTP {status}")
            await self._clock.pause(AGAIN_AFTER_S)

    async def _post_once(self, request_id: str, body: bytes) -> int:
        stamp = str(int(self._clock.real()))
        headers = {
            "Content-Type": "application/json",
            "webhook-id": request_id,
            "webhook-timestamp": stamp,
            "webhook-signature": self._signature(request_id, stamp, body),
        }
        async with self._session.post(self.hook_url, data=body, headers=headers) as answer:
            return answer.status

    def _signature(self, request_id: str, stamp: str, body: bytes) -> str:
        signed = f"{request_id}.{stamp}.".encode() + body
        return "v1," + base64.b64encode(hmac.digest(self._key, signed, "sha256")).decode()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Take the bot's requests for as long as the block lasts; gives the address for them."""
        app = web.Application()
        app.add_routes([web.post("/in", self._take)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/in"
        finally:
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not self._is_genuine(request.headers, body):
            return web.Response(status=401)
        message = json.loads(body)
        self._taker(request.headers["webhook-id"], message["type"], message["data"])
        return web.Response(status=204)

    def _is_genuine(self, headers: Mapping[str, str], body: bytes) -> bool:
        request_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not stamp.isdecimal() or abs(self._clock.real() - int(stamp)) > TOLERANCE_S:
            return False
        expected = self._signature(request_id, stamp, body)
        given = headers.get("webhook-signature", "").split()
        return any(hmac.compare_digest(expected.encode(), one.encode()) for one in given)
