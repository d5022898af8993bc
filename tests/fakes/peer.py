"""The other side of a webhook channel: a shop's own chat, as a real HTTP server on loopback.

It verifies every request with the reference library of Standard Webhooks and keeps the ledger: what reached
customers, agents and other programs, each webhook id once, in the order of first arrival. Tests judge by it,
never by what the bot says of itself. It can answer slowly, with errors, or not at all.

Invariant: a request that is not genuine, or says something new under an old id, fails the test.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from tests.adapters.contract import Fault
from tests.waiting import WITHIN_S

STATUSES: Mapping[Fault, int] = {"busy": 429, "broken": 503, "refused": 422, "unauthorised": 401, "cut": 500}


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it first arrived."""

    id: str
    type: str
    data: Mapping[str, Any]


class Peer:
    """Receives the bot's webhooks.

    `delay_s` passes between taking a message in and answering. Each of `faults` happens once to a request, which is not
    taken in then. Of all others the share `refusing` is turned away with 503 before it is taken in, and the share
    `dropping` is taken in and never answered.
    """

    def __init__(self, secret: str, seed: int = 0) -> None:
        self.url = ""
        self.delay_s = self.refusing = self.dropping = 0.0
        self.faults: list[Fault] = []
        self.busy_s: float | None = 7.0
        self.ledger: list[Received] = []
        self.repeats: Counter[str] = Counter()
        self.refused = self.dropped = 0
        self.shown: dict[str, list[Received]] = defaultdict(list)
        self.answers: dict[str, Received] = {}
        self.news: dict[str, list[Received]] = defaultdict(list)
        self.wrongs: list[str] = []
        self._known: dict[str, Received] = {}
        self._webhook = Webhook(secret)
        self._random = random.Random(seed)
        self._changed = asyncio.Condition()

    @property
    def delivered(self) -> list[str]:
        """The texts that customers were shown."""
        return [one.data["text"] for one in self.ledger if one.type == "message.send"]

    def told(self, conversation: str, *kinds: str) -> list[str]:
        """The texts of these kinds that a conversation was shown, in order."""
        return [one.data["text"] for one in self.shown[conversation] if one.data["kind"] in kinds]

    async def until(self, condition: Callable[[], object], what: str, within_s: float = WITHIN_S) -> None:
        """Wait until `condition`, which is asked after every arrival, holds."""
        try:
            async with asyncio.timeout(within_s), self._changed:
                await self._changed.wait_for(lambda: bool(condition()))
        except TimeoutError:
            raise AssertionError(f"{what}: not within {within_s:.0f} s") from None

    async def answer(self, command_id: str, within_s: float = WITHIN_S) -> Mapping[str, Any]:
        """The answer to a command, once it is here."""
        await self.until(lambda: command_id in self.answers, f"the answer to {command_id}", within_s)
        return self.answers[command_id].data

    async def receive(self, request: web.Request) -> web.Response:
        """Take one request in."""
        body = await request.read()
        try:
            content = self._webhook.verify(body, dict(request.headers))
        except WebhookVerificationError as error:
            self.wrongs.append(f"not genuine: {error}")
            return web.Response(status=401)
        if self.faults:
            return self._turned_away(request, self.faults.pop(0))
        if self._random.random() < self.refusing:
            self.refused += 1
            return self._turned_away(request, "broken")
        await self._note(Received(request.headers["webhook-id"], content["type"], content["data"]))
        await asyncio.sleep(self.delay_s)
        if self._random.random() < self.dropping:
            self.dropped += 1
            _hang_up(request)
        return web.Response(status=204)

    def _turned_away(self, request: web.Request, fault: Fault) -> web.Response:
        if fault == "cut":
            _hang_up(request)
        headers = {"Retry-After": f"{self.busy_s:.0f}"} if fault == "busy" else {}
        return web.Response(status=STATUSES[fault], headers=headers)

    async def _note(self, received: Received) -> None:
        known = self._known.setdefault(received.id, received)
        if known is not received:
            self.repeats[received.id] += 1
            if known != received:
                self.wrongs.append(f"{received.id} was said in two ways: {json.dumps(known.data)}")
            return
        self.ledger.append(received)
        if received.type == "message.send":
            self.shown[received.data["conversation_id"]].append(received)
        elif received.type == "command.answer":
            if received.data["command_id"] in self.answers:
                self.wrongs.append(f"{received.data['command_id']} was answered twice")
            self.answers[received.data["command_id"]] = received
        else:
            self.news[received.type].append(received)
        async with self._changed:
            self._changed.notify_all()


def _hang_up(request: web.Request) -> None:
    """Nobody hears what is answered then."""
    if request.transport is not None:
        request.transport.abort()


@asynccontextmanager
async def peer(secret: str, seed: int = 0) -> AsyncIterator[Peer]:
    """A peer that listens until the block ends; then it must have nothing to complain about."""
    made = Peer(secret, seed)
    application = web.Application()
    application.router.add_post("/in", made.receive)
    # Whoever hangs up is not answered any more, so that nothing of it outlives the test.
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/in"
        yield made
    finally:
        await runner.cleanup()
    assert not made.wrongs, made.wrongs[:5]
