"""Hooks of platforms that ask before they push, or want to be answered in their own way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping

import aiohttp
import pytest
from aiohttp import web

from adapters.base import (
    AgentTyping,
    Answering,
    Arrival,
    Channel,
    Inbox,
    Limits,
    Outgoing,
    Pushed,
    Told,
    Untrusted,
)
from bot.clock import Clock
from bot.config.settings import LimitSettings
from bot.metrics import Metrics
from bot.store.store import StoreDown
from bot.web.hooks import Hooks


class Picky:
    """A platform that sends a challenge, pushes with PUT below the hook, and wants XML for an answer."""

    limits = Limits(1_000, resend_is_safe=False, come_again=429)
    wants_events = False
    thanks = Told(b"<Response/>", "text/xml")

    def answer(self, pushed: Pushed, now: float) -> Told | None:
        if pushed.method == "GET":
            if pushed.query.get("token") != "ours":
                raise Untrusted("the token is not ours")
            return Told(pushed.query["challenge"].encode())
        return None if pushed.path == "/transactions/7" else Told(b"no such path", status=404)

    def accept(self, headers: Mapping[str, str], body: bytes, now: float) -> list[Arrival]:
        return [AgentTyping(place) for place in json.loads(body)]

    async def listen(self, inbox: Inbox) -> None:
        await asyncio.Event().wait()

    async def send(self, outgoing: Outgoing) -> str:
        return outgoing.key

    async def aclose(self) -> None:
        """Nothing to give back."""


class Taken:
    """An inbox that keeps what came, or is `down`."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.down = False

    async def receive(self, channel: str, arrival: Arrival) -> None:
        if self.down:
            raise StoreDown("away")
        self.arrivals.append(arrival)


@pytest.fixture
async def hook() -> AsyncIterator[tuple[aiohttp.ClientSession, str, Taken]]:
    taken = Taken()
    channels: dict[str, Channel] = {"picky": Picky()}
    hooks = Hooks(LimitSettings(), taken, Clock(), Metrics(), channels)  # type: ignore[arg-type]  # one method of it
    app = web.Application()
    app.add_routes(hooks.routes())
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with aiohttp.ClientSession() as http:
            yield http, f"http://127.0.0.1:{runner.addresses[0][1]}/hooks/picky", taken
    finally:
        await runner.cleanup()


Hook = tuple[aiohttp.ClientSession, str, Taken]


async def test_a_challenge_is_answered_and_nothing_is_taken_in(hook: Hook) -> None:
    http, url, taken = hook
    async with http.get(f"{url}?token=ours&challenge=1158201444") as answer:
        assert (answer.status, await answer.text()) == (200, "1158201444")
    assert taken.arrivals == []


async def test_a_challenge_of_somebody_else_is_refused(hook: Hook) -> None:
    http, url, _ = hook
    async with http.get(f"{url}?token=theirs&challenge=1") as answer:
        assert answer.status == 401


async def test_what_is_pushed_below_the_hook_is_taken_in_and_thanked_for(hook: Hook) -> None:
    http, url, taken = hook
    async with http.put(f"{url}/transactions/7", data=b'["a", "b"]') as answer:
        assert (answer.status, answer.content_type, await answer.text()) == (200, "text/xml", "<Response/>")
    assert taken.arrivals == [AgentTyping("a"), AgentTyping("b")]


async def test_it_is_told_to_come_again_in_the_way_it_understands(hook: Hook) -> None:
    http, url, taken = hook
    taken.down = True
    async with http.put(f"{url}/transactions/7", data=b'["a"]') as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "2")


async def test_what_the_platform_has_no_path_for_is_not_taken_in(hook: Hook) -> None:
    http, url, taken = hook
    async with http.put(f"{url}/nowhere", data=b'["a"]') as answer:
        assert answer.status == 404
    assert taken.arrivals == []


def test_it_is_an_ability() -> None:
    assert isinstance(Picky(), Answering)
