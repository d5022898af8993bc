"""One case from a public mention on X to private messages there, and by the agent's link to WhatsApp, where it ends.

The adapters, the bot and the store are real; the far ends are X, WhatsApp and the shop whose agent answers.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.case import CaseState
from bot.clock import Clock
from bot.store.connection import connect
from bot.store.store import Store
from tests.end_to_end.floor import QUEUE, SECRET, Kept, kept
from tests.end_to_end.house import common
from tests.fakes import whatsapp, x
from tests.fakes.bot_process import PRIVATE, BotProcess, bot_processes
from tests.fakes.peer import Peer, peer
from tests.fakes.sender import Sender
from tests.waiting import until

APP_SECRET, VERIFY_TOKEN = "s" * 32, "our-own-word"
PAIR = f"{whatsapp.NUMBER}/{whatsapp.CUSTOMER}"
NAMES = ("OtherUser", "Sheena")
HERE = "We go on with your case here."


@dataclass
class Desk:
    """The bot, what customers use, and the agent Ann at a shop's own desk."""

    bot: BotProcess
    store_url: str
    x: x.Far
    whatsapp: whatsapp.Far
    shop: Peer
    sender: Sender
    http: aiohttp.ClientSession
    asked: list[str] = field(default_factory=list)

    async def pushed(self, channel: str, name: str, change: Mapping[str, str]) -> None:
        """A platform pushes one of its documented payloads, in which some words are others."""
        text = (x if channel == "x" else whatsapp).FIXTURES[name].decode()
        for old, new in change.items():
            assert old in text
            text = text.replace(old, new)
        secret = x.CONSUMER_SECRET if channel == "x" else APP_SECRET
        digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256)
        proof = {
            "x": ("x-twitter-webhooks-signature", f"sha256={base64.b64encode(digest.digest()).decode()}"),
            "whatsapp": ("X-Hub-Signature-256", f"sha256={digest.hexdigest()}"),
        }[channel]
        hook = f"{self.bot.address}/hooks/{channel}"
        async with self.http.post(hook, data=text.encode(), headers=dict([proof])) as answer:
            assert answer.status == 200, await answer.text()

    async def ann(self, command: str, arguments: str = "") -> Mapping[str, Any]:
        """Ann gives a command: its answer."""
        self.asked.append(f"ann-{len(self.asked)}")
        await self.sender.command("a-1", self.asked[-1], command, arguments)
        answer = await self.shop.answer(self.asked[-1])
        assert answer["ok"], answer
        return answer

    def in_public(self) -> list[tuple[str, str]]:
        """What was said below posts: below which, and the text."""
        posts = [body for path, body, _ in self.x.calls if path == "/2/tweets"]
        return [(body["reply"]["in_reply_to_tweet_id"], body["text"]) for body in posts]

    def in_private(self) -> list[str]:
        """What was said in X's direct messages."""
        return [body["text"] for path, body, _ in self.x.calls if path.startswith("/2/dm_conversations/")]

    async def all_cases(self) -> list[Kept]:
        """All cases, the oldest first."""
        found = [one for cases in (await kept(self.store_url)).values() for one in cases]
        return sorted(found, key=lambda one: one.case.opened_at)

    async def the_case(self) -> Kept:
        """The only one there is."""
        [case] = await self.all_cases()
        return case

    async def day(self) -> Mapping[str, int]:
        """Today's counters."""
        connection = await connect(self.store_url)
        try:
            return (await Store(connection, Clock()).days(QUEUE, 1))[0]
        finally:
            await connection.aclose()


def tables(store_url: str, on_x: x.Far, on_whatsapp: whatsapp.Far, shop: Peer) -> dict[str, Any]:
    return common(store_url) | {
        "channels.x": {
            "adapter": "x",
            "queue": QUEUE,
            "account": x.US,
            "handle": "@ExampleUser",
            "consumer_secret": x.CONSUMER_SECRET,
            "consumer_key": x.CONSUMER_KEY,
            "access_token": x.ACCESS_TOKEN,
            "access_secret": x.ACCESS_SECRET,
            "api_base": on_x.url,
        },
        "channels.whatsapp": {
            "adapter": "whatsapp",
            "queue": QUEUE,
            "numbers": [whatsapp.NUMBER],
            "token": whatsapp.TOKEN,
            "secret": APP_SECRET,
            "verify_token": VERIFY_TOKEN,
            "contact": "https://wa.me/15550783881",
            "api_base": on_whatsapp.url,
        },
        "channels.shop": {
            "adapter": "webhook",
            "queue": QUEUE,
            "secret": SECRET,
            "url": shop.url,
            "agents": ["a-1"],
        },
    }


@pytest.fixture
async def desk(store_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with (
        x.far_end(time.time()) as on_x,
        whatsapp.far_end() as on_whatsapp,
        peer(SECRET) as shop,
        bot_processes(tmp_path, tables(store_url, on_x, on_whatsapp, shop)) as [bot],
        Sender(SECRET, [bot.address], "shop") as sender,
        aiohttp.ClientSession() as http,
    ):
        yield Desk(bot, store_url, on_x, on_whatsapp, shop, sender, http)


async def mentioned(desk: Desk) -> Kept:
    """The customer mentions us, and is answered below the post."""
    await desk.pushed("x", "mention", {"hey @ExampleUser": f"@ExampleUser {PRIVATE}: my parcel?"})
    await until(desk.in_public, "the public answer")
    return await desk.the_case()


async def wrote_in_private(desk: Desk) -> None:
    """They write in private on X, and are told there that it goes on."""
    await desk.pushed("x", "ordinary", {"hello!": f"{PRIVATE}: order 1234"})
    await until(desk.in_private, "the word in private")


async def invited(desk: Desk, case_id: str) -> str:
    """Ann sends the link to WhatsApp: the code in it."""
    await desk.ann("invite", f"{case_id} whatsapp")
    await until(lambda: len(desk.in_private()) == 2, "the link")
    found = re.search(r"https://wa\.me/15550783881\?text=%2Fstart%20([A-Z2-7]{16})", desk.in_private()[1])
    assert found is not None, desk.in_private()[1]
    return found[1]


async def came_to_whatsapp(desk: Desk, code: str) -> None:
    """The customer taps the link and sends what stands there."""
    said = json.loads(whatsapp.FIXTURES["ordinary"])["entry"][0]["changes"][0]["value"]["messages"][0]
    await desk.pushed("whatsapp", "ordinary", {said["text"]["body"]: f"/start {code}"})
    await until(lambda: desk.whatsapp.delivered, "the word on WhatsApp")


async def test_one_case_from_a_mention_over_private_messages_to_whatsapp(desk: Desk) -> None:
    public = await mentioned(desk)
    [(post, answer)] = desk.in_public()
    assert (post, desk.in_private()) == ("2080765813578191303", [])
    assert f"https://x.com/messages/compose?recipient_id={x.US}" in answer
    assert public.case.public == post
    assert not [word for word in (public.case.id, *NAMES) if word in answer]

    await wrote_in_private(desk)
    [here] = desk.in_private()
    assert HERE in here
    private = await desk.the_case()
    assert (private.case.id, private.case.public) == (public.case.id, "")

    await desk.ann("claim", public.case.id)
    await came_to_whatsapp(desk, await invited(desk, public.case.id))
    [there] = desk.whatsapp.delivered
    assert HERE in there
    moved = (await desk.the_case()).case
    assert (moved.id, moved.channel, moved.conversation_id) == (public.case.id, "whatsapp", PAIR)
    assert moved.turn_at == private.case.turn_at == public.case.turn_at

    await desk.ann("reply", f"{public.case.id} Tomorrow!")
    await until(lambda: desk.whatsapp.delivered[1:] == ["Tomorrow!"], "the reply")
    await desk.ann("close", public.case.id)
    ended = await desk.the_case()
    assert (ended.case.state, ended.case.channel) == (CaseState.CLOSED, "whatsapp")
    assert [text for _, text in ended.said] == [
        f"{PRIVATE}: my parcel?",
        "↪ x",
        f"{PRIVATE}: order 1234",
        "✉ whatsapp",
        "↪ whatsapp",
        "Tomorrow!",
    ]
    assert (len(desk.in_public()), len(desk.in_private())) == (1, 2)
    day = await desk.day()
    assert (day["arrived"], day["answered"]) == (1, 1)

    await desk.pushed("x", "mention", {"2080765813578191303": "2080765813578191399"})
    await until(lambda: len(desk.in_public()) == 2, "another public answer")
    first, second = await desk.all_cases()
    assert first.case.id == public.case.id != second.case.id
    assert second.case.public == desk.in_public()[1][0] == "2080765813578191399"
