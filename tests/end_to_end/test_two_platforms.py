"""One desk on two platforms: a customer on one, an agent on the other, one case; and claims that race."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end.house import (
    DISCORD,
    TELEGRAM,
    DiscordRoom,
    TelegramHouse,
    common,
    discord_room,
    telegram_table,
)
from tests.fakes.bot_process import PRIVATE, bot_processes
from tests.fakes.discord.client import discord_fake
from tests.fakes.telegram.client import telegram_fake

AGENTS_EACH = 25


@dataclass
class Both:
    """Agents on both platforms, one queue."""

    telegram: TelegramHouse
    discord: DiscordRoom


@pytest.fixture
async def both(store_url: str, tmp_path: Path) -> AsyncIterator[Both]:
    async with telegram_fake() as telegram, discord_fake() as discord:
        room = await discord_room(discord)
        ann, ben = await telegram.person("Tea"), await telegram.person("Tom")
        group = await telegram.group("Acme support", [ann, ben])
        tables = common(store_url) | {
            f"channels.{TELEGRAM}": telegram_table(telegram, group),
            f"channels.{DISCORD}": room.table,
        }
        async with bot_processes(tmp_path, tables) as started:
            await discord.until(lambda led: led.at_gateway("ready"), "a session")
            yield Both(TelegramHouse(telegram, started, group, ann, ben), room)


async def test_a_customer_on_telegram_is_served_by_an_agent_on_discord(both: Both) -> None:
    telegram, room = both.telegram.telegram, both.discord
    aino = await telegram.customer("Aino")
    await telegram.says(aino, f"{PRIVATE}: where is it?")
    await telegram.sends(aino, "photo", b"\xff\xd8\xff\xe0" + bytes(60))
    post = await room.post("Aino")
    await room.discord.until(lambda led: any(one.files for one in led.shown(post.id)), "the photo on Discord")
    assert "yours" in await room.press(room.ann, (await room.posts(post))[0], "Claim")
    topic = await both.telegram.topic("Aino")
    await telegram.until(
        lambda led: "Ann" in led.topics[str(both.telegram.group)][topic.id].name, "seen on Telegram"
    )
    reply = await room.discord.says(room.ann, "Tomorrow!", channel=post.id)
    await telegram.until(lambda led: led.texts(aino)[-1] == "Tomorrow!", "the reply")
    await room.discord.until(lambda led: led.channels[post.id][reply].reactions.get("✅"), "the mark")
    await telegram.until(
        lambda led: "Tomorrow!" in "\n".join(led.texts(both.telegram.group, topic.id)),
        "agents on Telegram see it",
    )


async def test_a_customer_on_discord_is_served_by_an_agent_on_telegram(both: Both) -> None:
    telegram, room = both.telegram.telegram, both.discord
    aino = await room.customer("Aino")
    private = await room.discord.private(aino)
    await room.discord.says(aino, f"{PRIVATE}: where is it?")
    topic = await both.telegram.topic("Aino")
    await both.telegram.posts(topic)
    document = await telegram.sends(
        both.telegram.ann, "document", b"%PDF-1.7", name="bill.pdf", chat=both.telegram.group, topic=topic.id
    )
    await room.discord.until(
        lambda led: any("bill.pdf" in one.files for one in led.shown(private)), "the document on Discord"
    )
    await telegram.until(lambda led: led.chats[str(both.telegram.group)][document].reactions, "the mark")


async def test_of_fifty_agents_on_two_platforms_one_gets_the_case(both: Both) -> None:
    telegram, room = both.telegram.telegram, both.discord
    others = [await room.discord.person(f"Agent {number}") for number in range(AGENTS_EACH)]
    for agent in others:
        await room.discord.joins(agent, room.guild, room.role)
    here = [await telegram.person(f"Agent {number}") for number in range(AGENTS_EACH)]
    aino = await telegram.customer("Aino")
    await telegram.says(aino, f"{PRIVATE}: hello")
    post, topic = await room.post("Aino"), await both.telegram.topic("Aino")
    card, other_card = (await both.telegram.posts(topic))[0], (await room.posts(post))[0]
    claim, other_claim = dict(card.buttons)["Claim"], dict(other_card.buttons)["Claim"]
    presses = [telegram.presses(agent, card.id, claim, both.telegram.group) for agent in here]
    others_press = [room.discord.presses(agent, post.id, other_card.id, other_claim) for agent in others]
    pressed, asked = await asyncio.gather(asyncio.gather(*presses), asyncio.gather(*others_press))
    answers = [await room.discord.answer(interaction) for interaction in asked]
    ledger = await telegram.until(
        lambda led: all(query in led.answers for query in pressed), "all toasts", 60
    )
    answers += [ledger.answers[query]["text"] for query in pressed]
    assert len(answers) == 2 * AGENTS_EACH
    assert sum("is yours" in text for text in answers) == 1
    [winner] = {text.rpartition(" by ")[2].rstrip(".") for text in answers if "already claimed" in text}
    assert sum("already claimed" in text for text in answers) == 2 * AGENTS_EACH - 1
    await telegram.until(
        lambda led: winner in led.topics[str(both.telegram.group)][topic.id].name, "the owner in the title"
    )
