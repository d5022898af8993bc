"""A bot at work: a real store, real signed requests, and a shop that takes what comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from aiohttp import ClientSession, web
from standardwebhooks import Webhook

from bot.app import Bot, running
from bot.clock import Chance, Clock
from bot.config.load import check
from tests.waiting import WITHIN_S, until

SECRET = "whsec_ZXhhbXBsZSBvbmx5LCBtYWtlIHlvdXIgb3du"


class Shop:
    """The other end of a webhook channel. `answers` tells what a conversation's messages get instead of 204:
    an HTTP status, or None for no answer at all."""

    def __init__(self, session: ClientSession, answers: Mapping[str, int | None]) -> None:
        self.received: list[dict[str, Any]] = []
        self.hook = ""
        self._session = session
        self._answers = answers
        self._closing = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        """Take one request of the bot, once its signature is found right."""
        body = await request.text()
        Webhook(SECRET).verify(body, dict(request.headers))
        event = json.loads(body)
        status = self._answers.get(event["data"].get("conversation_id", ""), 204)
        if status is None:
            await self._closing.wait()
            return web.Response(status=503)
        if status == 204:
            self.received.append(event)
        return web.Response(status=status)

    def close(self) -> None:
        """Answer those who were kept waiting."""
        self._closing.set()

    async def says(self, conversation: str, text: str, queue: str | None = None) -> None:
        """A customer writes; the bot has it when this returns."""
        customer = {"id": f"customer of {conversation}", "name": "Aino", "language": "fi"}
        data = {"message_id": f"{conversation} {text}", "conversation_id": conversation, "text": text}
        queued = {} if queue is None else {"queue": queue}
        await self._post("message.received", {**data, "customer": customer, **queued})

    async def commands(self, agent: str, command: str, arguments: str = "") -> str:
        """An agent commands; gives the answer."""
        number = f"{agent} {command} {arguments} {len(self.received)}"
        data = {"command_id": number, "agent": {"id": agent}, "command": command, "arguments": arguments}
        await self._post("command.received", data)
        answer = await self.event(lambda e: e["data"].get("command_id") == number)
        return str(answer["data"]["text"])

    async def event(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first such event, as soon as it is there."""
        return await until(lambda: next(filter(wanted, self.received), None), "an event")

    async def _post(self, kind: str, data: Mapping[str, Any]) -> None:
        now = datetime.now(UTC)
        body = json.dumps({"type": kind, "timestamp": now.isoformat(), "data": data})
        signature = Webhook(SECRET).sign(kind, now, body)
        headers = {
            "webhook-id": kind,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }
        async with self._session.post(self.hook, data=body.encode(), headers=headers) as answer:
            assert answer.status == 200, await answer.text()


@asynccontextmanager
async def bot_and_shop(
    store_url: str,
    answers: Mapping[str, int | None] | None = None,
    channels: Mapping[str, Any] | None = None,
    **tables: Any,
) -> AsyncIterator[tuple[Bot, Shop]]:
    """A bot on this store, ready, with two queues, one shop and other `channels`; `tables` are more of its
    configuration."""
    async with ClientSession() as session:
        shop = Shop(session, answers or {})
        app = web.Application()
        app.add_routes([web.post("/", shop.take)])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        try:
            async with running(
                check(_tables(store_url, url, channels or {}) | tables), Clock(), Chance(7)
            ) as bot:
                await asyncio.wait_for(bot.ready.wait(), WITHIN_S)
                shop.hook = f"{bot.address}/hooks/shop"
                try:
                    yield bot, shop
                finally:
                    shop.close()
        finally:
            await runner.cleanup()


def _tables(store_url: str, shop_url: str, channels: Mapping[str, Any]) -> dict[str, Any]:
    shop = {
        "adapter": "webhook",
        "queue": "support",
        "agents": ["a-1", "a-2"],
        "secret": SECRET,
        "url": shop_url,
    }
    return {
        "bot": {"name": "Acme"},
        "server": {"listen": "127.0.0.1:0"},
        "store": {"url": store_url},
        "queues": {"support": {}, "billing": {}},
        "channels": {"shop": shop, **channels},
        "outgoing": {"allow_private": True},
        "publish": {"refresh_s": 1},
    }
