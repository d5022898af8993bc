"""An agent of another platform at the web desk: `/desk` there brings a link, and in the browser they are themselves."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest

from bot.app import Bot
from tests.fakes.browser import PNG, Browser
from tests.fakes.servers import free_port
from tests.house.living import Shop, bot_and_shop
from tests.waiting import until

SITE = {"site": {"adapter": "web", "queue": "support", "agents": ["anna"]}}


@dataclass
class Scene:
    """A bot, a shop whose agents are on another platform, and HTTP."""

    bot: Bot
    shop: Shop
    http: aiohttp.ClientSession

    async def browser_of(self, agent: str) -> Browser:
        """The agent asks the bot for a link, and opens it."""
        answer = await self.shop.commands(agent, "desk")
        secret = re.search(r"/desk/enter#([0-9a-f]{64})", answer)
        assert secret, answer
        browser = Browser(self.http, self.bot.address)
        status, who = await browser.post("/desk/session", {"secret": secret[1]})
        assert (status, who) == (200, {"name": agent})
        return browser

    async def waiting(self) -> str:
        """The case that waits longest."""
        (case_id,) = await self.bot.parts.store.waiting("support", 1)
        return case_id


@pytest.fixture
async def scene(store_url: str) -> AsyncIterator[Scene]:
    port = free_port()
    server = {"listen": f"127.0.0.1:{port}", "public_url": f"http://127.0.0.1:{port}"}
    async with (
        bot_and_shop(store_url, channels=SITE, server=server) as (bot, shop),
        aiohttp.ClientSession() as http,
    ):
        yield Scene(bot, shop, http)


async def test_in_the_browser_they_are_who_they_are_elsewhere(scene: Scene) -> None:
    await scene.shop.says("c-1", "Missä pakettini on?")
    browser, case_id = await scene.browser_of("a-1"), await scene.waiting()
    await browser.commands("claim", case=case_id)
    await browser.commands("reply", "Se lähti aamulla.", case=case_id, plain=True)
    reply = await scene.shop.event(lambda event: event["data"].get("kind") == "reply")
    assert (reply["data"]["conversation_id"], reply["data"]["text"]) == ("c-1", "Se lähti aamulla.")
    case = await scene.bot.parts.store.case("support", case_id)
    assert case is not None
    assert case.agent == "shop/a-1"
    assert case_id in await scene.shop.commands("a-1", "close")


async def test_answers_go_to_the_browser_and_not_to_the_other_platform(scene: Scene) -> None:
    browser = await scene.browser_of("a-1")
    before = [event for event in scene.shop.received if event["type"] == "command.answer"]
    async with browser.listening("/desk/events") as events:
        await browser.commands("next")
        item = await anext(data async for name, data in events if name == "item")
    assert (item["kind"], item["ok"]) == ("answer", False)
    assert [event for event in scene.shop.received if event["type"] == "command.answer"] == before


async def test_what_became_of_a_reply_is_shown_at_it(scene: Scene) -> None:
    await scene.shop.says("c-1", "Missä pakettini on?")
    browser, case_id = await scene.browser_of("a-1"), await scene.waiting()
    _, kept = await browser.post("/desk/files", PNG)
    file = {"ref": kept["ref"], "name": "map.png", "mime": "image/png", "size": kept["size"]}
    async with browser.listening("/desk/events") as events:
        await browser.commands("claim", case=case_id)
        await browser.post(
            "/desk/commands",
            {"id": "words-001", "command": "reply", "arguments": "Hei", "case": case_id, "plain": True},
        )
        await browser.post(
            "/desk/commands",
            {"id": "files-001", "command": "reply", "files": [file], "case": case_id, "plain": True},
        )
        fates: dict[str, str] = {}
        async for name, item in events:
            if name == "item" and item["kind"] == "receipt":
                fates[item["id"]] = item["fate"]
            if len(fates) == 2:
                break
    # A shop's webhook takes no files: nobody must think that the map arrived.
    assert fates == {"words-001": "delivered", "files-001": "failed"}
    _, whole = await browser.get(f"/desk/cases/{case_id}")
    assert [entry["by"] for entry in whole["said"]].count("failed") == 1


async def test_a_customer_gets_no_link(scene: Scene) -> None:
    assert "desk/enter" not in await scene.shop.commands("nobody", "desk")


async def test_without_a_public_address_there_is_no_link(store_url: str) -> None:
    async with bot_and_shop(store_url, channels=SITE) as (_, shop):
        assert "public_url" in await shop.commands("a-1", "desk")


async def test_without_a_site_chat_there_is_no_desk(store_url: str) -> None:
    async with bot_and_shop(store_url) as (bot, shop), aiohttp.ClientSession() as http:
        assert "adapter web" in await shop.commands("a-1", "desk")
        await until(lambda: bot.parts.sign_in is None, "it is noticed")
        assert (await Browser(http, bot.address).get("/desk"))[0] == 404
