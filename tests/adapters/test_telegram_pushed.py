"""Updates that Telegram pushes to a webhook: the contract, with the wire fake's people as those who write."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from aiohttp import ClientSession

from adapters.base import Channel, Outgoing, Tools
from adapters.telegram import SECRET_HEADER, Options, open_channel
from adapters.telegram.updates import ALLOWED
from tests.adapters.contract import EVENT, NOW, Genuine, PushedContract
from tests.fakes.telegram.client import TOKEN
from tests.fakes.telegram.scene import Scene
from tests.fakes.telegram.world import World

SECRET = "s3cret_-"


@pytest.fixture
async def world() -> World:
    """A bot whose updates nobody has asked for yet."""
    made = World(0, TOKEN, seed=0)
    made.updates.allowed = [*ALLOWED]
    return made


def proven(_: bytes, secret: str) -> dict[str, str]:
    """Telegram shows its secret and signs nothing."""
    return {SECRET_HEADER: secret}


def customers_act(scene: Scene) -> list[str]:
    """One update each, by the names given back."""
    aino = scene.person("Aino", "Aalto", "aino", "fi")
    link = {"type": "text_link", "offset": 3, "length": 4, "url": "https://a.example/"}
    said = scene.says(aino, "😀 here it is", entities=[link])
    scene.says(aino, "/start billing__fi")
    scene.sends(aino, {"kind": "photo", "size": 1_000}, "both", "a-1")
    scene.sends(aino, {"kind": "document", "size": 1_000, "name": "bill.pdf", "mime": "application/pdf"})
    scene.sends(aino, {"kind": "sticker", "size": 1_000, "emoji": "🎉"})
    point = {"latitude": 60.1699, "longitude": -24.9384}
    scene.content(
        aino, {"location": point, "venue": {"location": point, "title": "Acme", "address": "Street 1"}}
    )
    scene.content(aino, {"contact": {"phone_number": "+358 9", "first_name": "Aino"}})
    scene.content(aino, {"dice": {"emoji": "🎲", "value": 3}})
    scene.edits(aino, said, "here")
    scene.reacts(aino, said, "👍")
    scene.blocks(aino)
    return [
        *("ordinary", "start", "photo", "document", "sticker", "venue", "contact", "dice"),
        *("edit", "reaction", "gone"),
    ]


def business_acts(scene: Scene) -> list[str]:
    """The same for customers of a business account."""
    olga, aino = scene.person("Olga"), scene.person("Aino")
    connection = scene.connects(olga, {"can_reply": True})
    asked = scene.says(aino, "open?", business=connection)
    scene.says(olga, "yes", business=connection, chat=aino)
    scene.edits(aino, asked, "open now?", business=connection)
    scene.deletes(aino, [asked], business=connection)
    return ["connection", "business", "owner", "business edit", "business deletion"]


def agents_act(scene: Scene) -> list[str]:
    """The same for agents, in their group and in one that is not theirs."""
    ben = scene.person("Ben", "Berg")
    desk, other = scene.group("Desk", members=[ben]), scene.group("Others", members=[ben])
    topic = scene.makes_topic(ben, desk, "K7Q2M4")
    said = scene.says(ben, "tomorrow", chat=desk, topic=topic)
    scene.says(ben, "// a regular", chat=desk, topic=topic)
    scene.says(ben, "/close done", chat=desk, topic=topic)
    scene.says(ben, "hello", chat=desk, topic=topic, anonymous="Boss")
    scene.edits(ben, said, "today", chat=desk)
    scene.presses(ben, said, "claim K7Q2M4", desk, forged=True)
    scene.says(ben, "/next", chat=other)
    return ["topic", "reply", "note", "command", "anonymous", "agent's edit", "button", "elsewhere"]


class TestPushed(PushedContract):
    @pytest.fixture
    async def genuine(self, world: World) -> Genuine:
        scene = Scene(world)
        names = [*customers_act(scene), *business_acts(scene), *agents_act(scene)]
        updates = await world.updates.get(0, 100, 0)
        samples = {name: json.dumps(update).encode() for name, update in zip(names, updates, strict=True)}
        nothing = ("connection", "topic", "elsewhere")
        return Genuine(samples, proven, (SECRET,), nothing, body_is_proven=False)

    @pytest.fixture
    def channel(self, genuine: Genuine, world: World, http: ClientSession, nobody: str) -> Channel:
        [desk] = [chat.id for chat in world.chats.values() if chat.title == "Desk"]
        tools = Tools("tg", http, lambda: NOW, queues=("billing",), hook_url="https://jono.example/hooks/tg")
        return open_channel(Options(TOKEN, "webhook", SECRET, agents_chat=desk, api_base=nobody), tools)

    @pytest.fixture
    def sendable(self) -> Sequence[Outgoing]:
        """Chats have ids of Telegram's making: what goes to them is tested where messages are sent."""
        return (EVENT,)
