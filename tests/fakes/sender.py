"""A platform that delivers to the bot: it signs, waits for a 2xx, and tries again until it gets one.

As platforms do, it repeats whatever was refused for now or broke off, under the same id with a new signature;
it is only less patient than they are. A 4xx is an error of the test and raises. `accepted` holds what was
answered with 2xx: the bot must have it from then on.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
from standardwebhooks import Webhook

PATIENCE_S = 10.0
"""Longer than the bot may take to answer, so that a hanging answer shows."""
RETRY_AFTER_S = 0.2


@dataclass(frozen=True, slots=True)
class Customer:
    """Who writes; the conversation is named after the customer."""

    id: str
    name: str
    language: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What one attempt got; status 0 means that the connection broke or was refused."""

    status: int
    retry_after: str | None
    took_s: float


class Sender:
    """Delivers to bots at `addresses`, `at_once` requests at most. Use it with `async with`."""

    def __init__(self, secret: str, addresses: Sequence[str], channel: str, at_once: int = 32) -> None:
        self.accepted: set[str] = set()
        self.answers: Counter[int] = Counter()
        self.slowest_s = 0.0
        self._addresses = addresses
        self._path = f"/hooks/{channel}"
        self._webhook = Webhook(secret)
        self._room = asyncio.Semaphore(at_once)
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=at_once),
            timeout=aiohttp.ClientTimeout(total=PATIENCE_S),
        )

    async def __aenter__(self) -> Sender:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    async def message(self, customer: Customer, message_id: str, text: str, to: int = 0) -> None:
        """Deliver what a customer wrote, first to the bot number `to`."""
        await self.deliver(message_id, *self._written(customer, message_id, text), to)

    async def command(self, agent: str, command_id: str, command: str, arguments: str, to: int = 0) -> None:
        """Deliver an agent's command, first to the bot number `to`."""
        data = {"command_id": command_id, "agent": {"id": agent, "name": f"Agent {agent}"}}
        data |= {"command": command, "arguments": arguments}
        await self.deliver(command_id, "command.received", data, to)

    async def deliver(self, webhook_id: str, kind: str, data: Mapping[str, Any], to: int) -> None:
        """Try until it is accepted, at each attempt at the next bot."""
        while (answer := await self.attempt(webhook_id, kind, data, to)).status // 100 != 2:
            assert answer.status == 0 or answer.status >= 500, f"{webhook_id}: {answer}"
            to += 1
            await asyncio.sleep(RETRY_AFTER_S)

    async def once(self, customer: Customer, message_id: str, text: str, to: int = 0) -> Answer:
        """Try to deliver what a customer wrote a single time."""
        return await self.attempt(message_id, *self._written(customer, message_id, text), to)

    async def attempt(self, webhook_id: str, kind: str, data: Mapping[str, Any], to: int) -> Answer:
        """Send one request to the bot number `to`, counted round and round."""
        now = datetime.now(UTC)
        body = json.dumps({"type": kind, "timestamp": now.isoformat(), "data": data}, ensure_ascii=False)
        headers = {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(webhook_id, now, body),
        }
        async with self._room:
            answer = await self._post(self._addresses[to % len(self._addresses)], body.encode(), headers)
        self.answers[answer.status] += 1
        self.slowest_s = max(self.slowest_s, answer.took_s)
        if answer.status // 100 == 2:
            self.accepted.add(webhook_id)
        return answer

    async def _post(self, address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        began = time.monotonic()
        try:
            async with self._http.post(address + self._path, data=body, headers=headers) as answer:
                await answer.read()
                status, retry_after = answer.status, answer.headers.get("Retry-After")
        except (aiohttp.ClientError, TimeoutError):
            status, retry_after = 0, None
        return Answer(status, retry_after, time.monotonic() - began)

    @staticmethod
    def _written(customer: Customer, message_id: str, text: str) -> tuple[str, dict[str, Any]]:
        who = {"id": customer.id, "name": customer.name, "language": customer.language}
        data = {"message_id": message_id, "conversation_id": customer.id, "customer": who, "text": text}
        return "message.received", data
