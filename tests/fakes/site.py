"""A bot that serves on a real store, its clock in the test's hands, and somebody who asks it over HTTP."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
from standardwebhooks import Webhook as Reference

from bot.app import Bot
from tests.fakes.desk import SECRET, Floor, changed, open_floor

ANY_PORT: dict[str, Any] = changed("server.listen", "127.0.0.1:0")


@dataclass
class Site:
    """A bot that serves, and an HTTP client."""

    floor: Floor
    http: aiohttp.ClientSession
    address: str

    async def get(self, path: str, **headers: str) -> tuple[aiohttp.ClientResponse, bytes]:
        """Ask for a path; `_` in a header's name is sent as `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.get(self.address + path, headers=named) as answer:
            return answer, await answer.read()

    async def json(self, path: str, **headers: str) -> Any:
        """The JSON at a path."""
        answer, body = await self.get(path, **headers)
        assert answer.status == 200, body
        assert answer.content_type == "application/json"
        return json.loads(body)

    async def post(
        self, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], Any]:
        """Send a body: status, headers and JSON of the answer."""
        async with self.http.post(self.address + path, data=io.BytesIO(body), headers=headers) as answer:
            return answer.status, answer.headers, await answer.json()

    def signed(self, body: bytes, message_id: str = "m-1") -> dict[str, str]:
        """The headers of a genuine request."""
        at = int(self.floor.clock.real())
        signature = Reference(SECRET).sign(message_id, datetime.fromtimestamp(at, UTC), body.decode())
        return {"webhook-id": message_id, "webhook-timestamp": str(at), "webhook-signature": signature}

    async def stored(self) -> int:
        """How many keys there are, with the memory of ids."""
        found = [key async for key in self.floor.parts.connection.client.scan_iter(match="jono:*")]
        return len(found)


@asynccontextmanager
async def open_site(store_url: str, tables: Mapping[str, Any] = ANY_PORT) -> AsyncIterator[Site]:
    """A bot under these tables, which serves until the block ends; none of its loops runs."""
    async with open_floor(store_url, tables=tables) as floor:
        bot = Bot(floor.parts)
        async with bot.serving(), aiohttp.ClientSession() as http:
            floor.parts.degraded.clear()
            yield Site(floor, http, bot.address)


async def publish(floor: Floor) -> None:
    """An agent is on duty, and the wait is published."""
    await floor.ask("/on")
    await floor.tick()
    await floor.parts.board.look()
