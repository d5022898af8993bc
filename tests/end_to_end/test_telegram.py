"""Telegram from end to end: the bot as operators run it, against the wire fake of the Bot API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.end_to_end.house import TelegramHouse, telegram_house
from tests.fakes.bot_process import PRIVATE


@pytest.fixture
async def house(store_url: str, tmp_path: Path) -> AsyncIterator[TelegramHouse]:
    async with telegram_house(store_url, tmp_path) as running:
        yield running


async def test_a_customer_is_served(house: TelegramHouse) -> None:
    telegram = house.telegram
    aino = await telegram.customer("Aino", language="fi")
    await telegram.says(aino, f"{PRIVATE}: missä pakettini on?")
    ledger = await telegram.until(lambda led: led.shown(aino), "the acknowledgement")
    assert "Aino" in ledger.texts(aino)[0]
    topic = await house.topic("Aino")
    card, post = (await house.posts(topic))[:2]
    assert post.text == f"👤 Aino:\n{PRIVATE}: missä pakettini on?"
    assert [label for label, _ in card.buttons] == ["Claim", "Next case"]

    toast = await house.press(house.ann, card, "Claim")
    assert "yours" in toast["text"]
    await telegram.until(lambda led: "Ann" in led.topics[str(house.group)][topic.id].name, "the owner's name")
    reply = await telegram.says(house.ann, "Huomenna!", chat=house.group, topic=topic.id)
    ledger = await telegram.until(lambda led: led.texts(aino)[-1] == "Huomenna!", "the reply")
    await telegram.until(lambda led: led.chats[str(house.group)][reply].reactions, "the mark")

    note = await telegram.says(house.ann, "// a regular", chat=house.group, topic=topic.id)
    ledger = await telegram.until(lambda led: led.chats[str(house.group)][note].reactions, "the note's mark")
    assert "a regular" not in "".join(ledger.texts(aino))

    card = (await house.posts(topic))[0]
    await house.press(house.ann, card, "Close")
    await telegram.until(lambda led: not led.topics[str(house.group)][topic.id].open, "the topic is closed")
    assert not ledger.violations


async def test_files_go_both_ways(house: TelegramHouse) -> None:
    telegram = house.telegram
    aino = await telegram.customer("Aino")
    await telegram.sends(aino, "photo", b"\xff\xd8\xff\xe0" + bytes(60), caption="look")
    topic = await house.topic("Aino")
    ledger = await telegram.until(
        lambda led: any(one.kind == "photo" for one in led.shown(house.group, topic.id)),
        "the photo in the topic",
    )
    await telegram.sends(house.ben, "document", b"%PDF", name="bill.pdf", chat=house.group, topic=topic.id)
    ledger = await telegram.until(
        lambda led: any(one.kind == "document" for one in led.shown(aino)), "the document at the customer's"
    )
    assert not ledger.refused


async def test_a_deleted_topic_is_made_anew(house: TelegramHouse) -> None:
    telegram = house.telegram
    aino = await telegram.customer("Aino")
    await telegram.says(aino, f"{PRIVATE} one")
    first = await house.topic("Aino")
    await house.posts(first)
    await telegram.deletes_topic(house.group, first.id)
    await telegram.says(aino, f"{PRIVATE} two")
    second = await house.topic("Aino")
    assert second.id != first.id
    posts = "\n".join(one.text for one in await house.posts(second))
    assert f"{PRIVATE} one" in posts
    assert f"{PRIVATE} two" in posts


async def test_a_group_without_topics_works_through_replies(store_url: str, tmp_path: Path) -> None:
    async with telegram_house(store_url, tmp_path, group={"forum": False}) as house:
        telegram = house.telegram
        aino = await telegram.customer("Aino")
        await telegram.says(aino, f"{PRIVATE} hello")
        ledger = await telegram.until(lambda led: len(led.shown(house.group)) >= 2, "card and post")
        card, post = ledger.shown(house.group)
        assert post.reply_to == card.id
        await telegram.says(house.ann, "Hello back", chat=house.group, reply_to=post.id)
        await telegram.until(lambda led: "Hello back" in led.texts(aino), "the reply")


async def test_it_starts_while_telegram_is_down_and_recovers(store_url: str, tmp_path: Path) -> None:
    async with telegram_house(store_url, tmp_path) as house:
        telegram = house.telegram
        await house.bot.stop()
        await telegram.down()
        await house.bot.start()
        await house.bot.ready()
        await telegram.up()
        aino = await telegram.customer("Aino")
        await telegram.says(aino, f"{PRIVATE} anybody there?")
        await telegram.until(lambda led: led.shown(aino), "the acknowledgement")
