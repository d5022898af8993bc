"""Discord from end to end: the bot as operators run it, against the wire fake of REST and gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.end_to_end.house import DiscordHouse, discord_house
from tests.fakes.bot_process import PRIVATE


@pytest.fixture
async def house(store_url: str, tmp_path: Path) -> AsyncIterator[DiscordHouse]:
    async with discord_house(store_url, tmp_path) as running:
        yield running


async def test_a_customer_is_served(house: DiscordHouse) -> None:
    discord, room = house.discord, house.room
    aino = await room.customer("Aino", locale="fi")
    private = await discord.private(aino)
    await discord.says(aino, f"{PRIVATE}: where is my parcel?")
    await discord.until(lambda led: led.shown(private), "the acknowledgement")
    post = await room.post("Aino")
    card, said = (await room.posts(post))[:2]
    assert said.text == f"👤 Aino:\n{PRIVATE}: where is my parcel?"
    assert [label for label, _ in card.buttons] == ["Claim", "Next case"]
    assert "waiting" in post.tags

    assert "yours" in await room.press(room.ann, card, "Claim")
    await discord.until(lambda led: "claimed" in led.threads[post.id].tags, "the tag")
    reply = await discord.says(room.ann, "*Tomorrow*, @everyone!", channel=post.id)
    await discord.until(
        lambda led: led.texts(private)[-1] == "*Tomorrow*, @everyone!", "the reply, as written"
    )
    await discord.until(lambda led: led.channels[post.id][reply].reactions.get("✅"), "the mark")

    note = await discord.says(room.ann, "// a regular", channel=post.id)
    ledger = await discord.until(
        lambda led: led.channels[post.id][note].reactions.get("📝"), "the note's mark"
    )
    assert "a regular" not in "".join(ledger.texts(private))

    card = (await room.posts(post))[0]
    pressed = await discord.presses(room.ann, post.id, card.id, dict(card.buttons)["Close"])
    await discord.form(pressed)
    done = await discord.submits(room.ann, post.id, pressed, "refunded")
    assert "closed" in await discord.answer(done)
    ledger = await discord.until(lambda led: led.threads[post.id].archived, "the post is archived")
    assert ledger.pings == 0
    assert not ledger.violations
    assert all(one.delay_s is not None and one.delay_s < 3 for one in ledger.asked.values())


async def test_commands_are_published_once_and_answered_in_private(house: DiscordHouse) -> None:
    discord, room = house.discord, house.room
    ledger = await discord.until(lambda led: led.published[room.guild], "the agents' commands")
    claim = next(one for one in ledger.commands[room.guild] if one["name"] == "claim")
    assert claim["name_localizations"]["pl"] == "przejmij"
    assert claim["default_member_permissions"] not in (None, "0")
    aino = await room.customer("Aino")
    text = await discord.channel(room.guild, "lobby")
    asked = await discord.commands(aino, "wait", channel=text)
    assert "no open case" in await discord.answer(asked)
    ledger = await discord.read()
    assert ledger.asked[asked].ephemeral
    await house.bot.stop()
    await house.bot.start()
    await discord.until(lambda led: len(led.at_gateway("ready")) == 2, "a second session")
    assert (await discord.read()).published[room.guild] == 1, "published again, and nothing had changed"


async def test_contact_leads_into_a_private_conversation(house: DiscordHouse) -> None:
    discord, room = house.discord, house.room
    aino = await room.customer("Aino")
    text = await discord.channel(room.guild, "lobby")
    asked = await discord.commands(aino, "contact", channel=text)
    await discord.form(asked)
    await discord.submits(aino, text, asked, f"{PRIVATE}: my order is late")
    private = await discord.private(aino)
    await discord.until(lambda led: led.shown(private), "the acknowledgement, in private")
    assert f"{PRIVATE}: my order is late" in (await room.posts(await room.post("Aino")))[1].text


async def test_a_deleted_post_is_made_anew(house: DiscordHouse) -> None:
    discord, room = house.discord, house.room
    aino = await room.customer("Aino")
    await discord.says(aino, f"{PRIVATE} one")
    first = await room.post("Aino")
    await room.posts(first)
    await discord.deletes_channel(first.id)
    await discord.says(aino, f"{PRIVATE} two")
    second = await room.post("Aino")
    assert second.id != first.id
    await discord.until(
        lambda led: all(f"{PRIVATE} {text}" in "\n".join(led.texts(second.id)) for text in ("one", "two")),
        "all that was said",
    )


async def test_files_edits_reactions_and_typing_are_relayed(house: DiscordHouse) -> None:
    discord, room = house.discord, house.room
    aino = await room.customer("Aino")
    private = await discord.private(aino)
    message = await discord.says(aino, f"{PRIVATE} look", files=[("bill.png", b"\x89PNG....", "image/png")])
    post = await room.post("Aino")
    await discord.until(lambda led: any(one.files for one in led.shown(post.id)), "the picture in the post")
    await discord.edits(aino, message, f"{PRIVATE} look here")
    await discord.until(lambda led: "look here" in "\n".join(led.texts(post.id)), "the edit")
    await discord.types(room.ben, post.id)
    await discord.until(lambda led: led.typing[private], "somebody is writing")
    reply = await discord.says(room.ben, "Tomorow", channel=post.id)
    await discord.until(lambda led: led.texts(private)[-1] == "Tomorow", "the reply")
    await discord.until(lambda led: led.channels[post.id][reply].reactions.get("✅"), "the mark")
    await discord.edits(room.ben, reply, "Tomorrow", channel=post.id)
    ledger = await discord.until(lambda led: led.texts(private)[-1] == "Tomorrow", "the correction")
    await discord.reacts(aino, ledger.shown(private)[-1].id, "👍")
    await discord.until(lambda led: "👍" in "\n".join(led.texts(post.id)), "the reaction")
    await discord.deletes(room.ben, reply, channel=post.id)
    await discord.until(lambda led: "Tomorrow" not in led.texts(private), "the reply is taken back")


async def test_the_presence_shows_the_published_wait(house: DiscordHouse) -> None:
    ledger = await house.discord.until(lambda led: led.presences, "a presence")
    assert ledger.presences[-1]["texts"]


async def test_missed_messages_are_caught_up_with(house: DiscordHouse) -> None:
    """While there is no session the gateway keeps nothing: only history has it."""
    discord, room = house.discord, house.room
    aino = await room.customer("Aino")
    private = await discord.private(aino)
    await discord.says(aino, f"{PRIVATE} before")
    post = await room.post("Aino")
    await room.posts(post)
    await house.bot.stop()
    await discord.gateway_does("forget")
    for number in range(5):
        await discord.says(aino, f"{PRIVATE} gap {number}")
    await discord.says(room.ann, "An answer from the gap", channel=post.id)
    await house.bot.start()
    await discord.until(lambda led: "An answer from the gap" in led.texts(private), "the agent's message")
    ledger = await discord.until(
        lambda led: "gap 4" in "\n".join(led.texts(post.id)), "the customer's messages"
    )
    said = "\n".join(ledger.texts(post.id))
    assert [said.count(f"{PRIVATE} gap {number}") for number in range(5)] == [1] * 5
