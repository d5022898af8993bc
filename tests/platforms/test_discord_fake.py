"""The wire fake of Discord behaves as the vendor documents: asked by plain HTTP and WebSocket, without the library."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from tests.end_to_end.house import DiscordRoom, discord_room
from tests.fakes.discord.client import DiscordFake, discord_within

GUILDS_AND_MESSAGES, CONTENT = 1 | 1 << 9 | 1 << 12, 1 << 15


@dataclass
class Raw:
    """Discord, and a bot that knows nothing but HTTP."""

    fake: DiscordFake
    room: DiscordRoom
    http: aiohttp.ClientSession

    async def call(self, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
        headers = {"Authorization": f"Bot {token or self.fake.token}", "User-Agent": "DiscordBot (test, 1)"}
        async with self.http.request(method, self.fake.api + path, json=body, headers=headers) as answer:
            assert answer.headers.get("Content-Type", "application/json") == "application/json"
            return answer.status, await answer.json() if answer.status != 204 else None

    async def identify(self, intents: int) -> tuple[aiohttp.ClientWebSocketResponse, Any]:
        """A session with these intents: its socket and READY."""
        socket = await self.http.ws_connect(f"{self.fake.gateway}/?v=10")
        assert (await socket.receive_json())["op"] == 10
        await socket.send_json(
            {"op": 2, "d": {"token": self.fake.token, "intents": intents, "properties": {}}}
        )
        ready = await socket.receive_json()
        assert ready["t"] == "READY"
        await socket.receive_json()
        return socket, ready["d"]


@pytest.fixture
async def raw() -> AsyncIterator[Raw]:
    async with discord_within() as fake, aiohttp.ClientSession() as http:
        yield Raw(fake, await discord_room(fake), http)


async def test_another_token_is_refused(raw: Raw) -> None:
    assert (await raw.call("GET", "/users/@me", token="x.y.z"))[0] == 401
    assert (await raw.call("GET", "/nowhere"))[0] == 404


async def test_what_members_say_takes_an_intent(raw: Raw) -> None:
    lobby = await raw.fake.channel(raw.room.guild, "lobby")
    for intents, content in ((GUILDS_AND_MESSAGES, ""), (GUILDS_AND_MESSAGES | CONTENT, "hello")):
        socket, _ = await raw.identify(intents)
        await raw.fake.says(raw.room.ann, "hello", channel=lobby)
        event = await socket.receive_json()
        assert (event["t"], event["d"]["content"]) == ("MESSAGE_CREATE", content)
        await socket.close()


async def test_a_session_can_be_resumed_until_it_is_invalid(raw: Raw) -> None:
    aino = await raw.room.customer("Aino")
    socket, ready = await raw.identify(GUILDS_AND_MESSAGES)
    await raw.fake.gateway_does("drop")
    await raw.fake.says(aino, "missed")
    resume = {"token": raw.fake.token, "session_id": ready["session_id"], "seq": 2}
    again = await raw.http.ws_connect(ready["resume_gateway_url"])
    await again.receive_json()
    await again.send_json({"op": 6, "d": resume})
    assert (await again.receive_json())["d"]["content"] == "missed"
    await raw.fake.gateway_does("forget")
    await raw.fake.says(aino, "in the gap")
    last = await raw.http.ws_connect(ready["resume_gateway_url"])
    await last.receive_json()
    await last.send_json({"op": 6, "d": resume})
    assert (await last.receive_json())["op"] == 9, "what fell into the gap is repeated to nobody"
    private = await raw.fake.private(aino)
    _, history = await raw.call("GET", f"/channels/{private}/messages")
    assert [one["content"] for one in history] == ["in the gap", "missed"]
    for one in (socket, again, last):
        await one.close()


async def test_a_nonce_is_remembered_where_that_is_asked_for(raw: Raw) -> None:
    aino = await raw.room.customer("Aino")
    path = f"/channels/{await raw.fake.private(aino)}/messages"
    body = {"content": "once", "nonce": "n-1", "enforce_nonce": True}
    _, first = await raw.call("POST", path, body)
    _, second = await raw.call("POST", path, body)
    assert first["id"] == second["id"]
    _, third = await raw.call("POST", path, {"content": "once", "nonce": "n-1"})
    assert third["id"] != first["id"]
    await raw.fake.set(ahead_s=400)
    _, later = await raw.call("POST", path, body)
    assert later["id"] != first["id"], "it is forgotten after some minutes"


async def test_everyone_is_called_unless_the_bot_says_otherwise(raw: Raw) -> None:
    lobby = await raw.fake.channel(raw.room.guild, "lobby")
    path = f"/channels/{lobby}/messages"
    await raw.call("POST", path, {"content": "hello @everyone"})
    assert (await raw.fake.read()).pings == 1
    await raw.call("POST", path, {"content": "hello @everyone", "allowed_mentions": {"parse": []}})
    assert (await raw.fake.read()).pings == 1


async def test_an_interaction_waits_three_seconds(raw: Raw) -> None:
    command = {"name": "wait", "description": "how long", "type": 1}
    await raw.call("PUT", "/applications/1/commands", [command])
    lobby = await raw.fake.channel(raw.room.guild, "lobby")
    socket, _ = await raw.identify(GUILDS_AND_MESSAGES)
    await raw.fake.commands(raw.room.ann, "wait", channel=lobby)
    asked = (await socket.receive_json())["d"]
    path = f"/interactions/{asked['id']}/{asked['token']}/callback"
    assert (await raw.call("POST", path, {"type": 5, "data": {"flags": 64}}))[0] == 204
    status, again = await raw.call("POST", path, {"type": 5})
    assert (status, again["code"]) == (400, 40060)
    await raw.fake.commands(raw.room.ann, "wait", channel=lobby)
    late = (await socket.receive_json())["d"]
    await raw.fake.set(ahead_s=4)
    status, refused = await raw.call(
        "POST", f"/interactions/{late['id']}/{late['token']}/callback", {"type": 5}
    )
    assert (status, refused["code"]) == (404, 10062)
    await socket.close()


async def test_who_comes_earlier_than_told_is_noted(raw: Raw) -> None:
    await raw.fake.fault("429", "GET /users/@me", seconds=30)
    status, told = await raw.call("GET", "/users/@me")
    assert (status, told["retry_after"]) == (429, 30)
    assert (await raw.call("GET", "/users/@me"))[0] == 429
    await asyncio.sleep(0)
    assert [one["kind"] for one in (await raw.fake.read()).violations] == ["early"]
