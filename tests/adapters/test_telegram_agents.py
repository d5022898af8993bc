"""What agents do on Telegram, in their group and in private: from the wire fake's updates to arrivals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.base import AgentCommand, AgentEdit, CustomerMessage, Person
from tests.adapters.telegram_side import Side, ready, side
from tests.adapters.test_telegram_updates import fake, process
from tests.fakes.telegram.client import JPEG, TelegramFake

__all__ = ["fake", "process"]

Desk = tuple[Side, int, int]


@pytest.fixture
async def desk(fake: TelegramFake) -> AsyncIterator[Desk]:
    """A bot that listens, the agents' group with topics, and Ben, who is one of them."""
    ben = await fake.person("Ben", last_name="Berg")
    group = await fake.group("Desk", [ben])
    async with side(fake, agents_chat=group) as made, made.listening():
        await ready(fake)
        yield made, group, ben


# --- a group with topics -----------------------------------------------------------------------------------


async def test_what_an_agent_writes_in_a_topic_is_a_reply(desk: Desk) -> None:
    tg, group, ben = desk
    topic = await tg.fake.makes_topic(ben, group, "K7Q2M4")
    number = await tg.fake.says(ben, "tomorrow", chat=group, topic=topic)
    command = await tg.one(AgentCommand)
    assert command == AgentCommand(
        id=f"{group}:{number}",
        agent=Person(str(ben), "Ben Berg"),
        command="reply",
        arguments="tomorrow",
        place=f"t{topic}",
        member=True,
        answer_to=f"m{group}:{topic}:{number}",
        ref=f"m{number}",
    )


@pytest.mark.parametrize(
    ("said", "command", "arguments"),
    [
        ("// a regular", "note", "a regular"),
        ("//a regular\nsecond line", "note", "a regular\nsecond line"),
        ("/close done", "close", "done"),
        ("/close@acme_123456_bot\ndone\nreally", "close", "done\nreally"),
        ("/CLOSE", "CLOSE", ""),
    ],
)
async def test_commands_and_notes(desk: Desk, said: str, command: str, arguments: str) -> None:
    tg, group, ben = desk
    topic = await tg.fake.makes_topic(ben, group, "K7Q2M4")
    await tg.fake.says(ben, said, chat=group, topic=topic)
    arrival = await tg.one(AgentCommand)
    assert (arrival.command, arrival.arguments, arrival.place) == (command, arguments, f"t{topic}")
    assert bool(arrival.ref) == (command == "note")


async def test_a_command_for_another_bot_is_not_ours(desk: Desk) -> None:
    tg, group, ben = desk
    await tg.fake.says(ben, "/next@other_bot", chat=group)
    await tg.fake.says(ben, "/next", chat=group)
    assert (await tg.one(AgentCommand)).place == ""


async def test_chat_among_agents_is_nobodys_reply(desk: Desk) -> None:
    tg, group, ben = desk
    await tg.fake.says(ben, "lunch?", chat=group)
    await tg.fake.says(ben, "/next", chat=group)
    assert (await tg.one(AgentCommand)).command == "next"


async def test_an_agents_files_and_albums(desk: Desk) -> None:
    tg, group, ben = desk
    topic = await tg.fake.makes_topic(ben, group, "K7Q2M4")
    where: dict[str, Any] = {"chat": group, "topic": topic}
    await tg.fake.sends(ben, "document", b"%PDF", caption="// only for us", **where)
    await tg.fake.sends(ben, "photo", JPEG, caption="both", group="a-1", **where)
    await tg.fake.sends(ben, "photo", JPEG, group="a-1", **where)
    note, album = [one for one in await tg.got(2) if isinstance(one, AgentCommand)]
    assert (note.command, note.arguments, len(note.files)) == ("note", "only for us", 1)
    assert (album.command, album.arguments, len(album.files)) == ("reply", "both", 2)


async def test_a_button(desk: Desk) -> None:
    tg, group, ben = desk
    card = await tg.fake.says(ben, "card", chat=group)
    query = await tg.fake.presses(ben, card, "claim K7Q2M4", group, forged=True)
    assert await tg.one(AgentCommand) == AgentCommand(
        query, Person(str(ben), "Ben Berg"), "claim", "K7Q2M4", member=True, answer_to=f"q{query}"
    )


async def test_a_button_pressed_outside_the_group_proves_nothing(desk: Desk) -> None:
    tg, _, _ = desk
    aino = await tg.fake.person("Aino")
    number = await tg.fake.says(aino, "hello")
    await tg.fake.presses(aino, number, "claim K7Q2M4", forged=True)
    _, pressed = await tg.got(2)
    assert isinstance(pressed, AgentCommand)
    assert not pressed.member


async def test_an_agents_edit(desk: Desk) -> None:
    tg, group, ben = desk
    topic = await tg.fake.makes_topic(ben, group, "K7Q2M4")
    number = await tg.fake.says(ben, "tomorow", chat=group, topic=topic)
    await tg.fake.edits(ben, number, "tomorrow", chat=group)
    _, edit = await tg.got(2)
    assert isinstance(edit, AgentEdit)
    assert (edit.place, edit.ref, edit.text) == (f"t{topic}", f"m{number}", "tomorrow")
    assert (edit.agent.id, edit.member) == (str(ben), True)


async def test_an_anonymous_administrator_is_an_agent_and_a_bot_or_channel_is_none(desk: Desk) -> None:
    tg, group, ben = desk
    topic = await tg.fake.makes_topic(ben, group, "K7Q2M4")
    channel = {"id": -1_009, "type": "channel", "title": "News"}
    robot = {"id": 9, "is_bot": True, "first_name": "Robot"}
    base = {"message_id": 900, "date": 0, "chat": {"id": group, "type": "supergroup", "title": "Desk"}}
    base |= {"message_thread_id": topic, "is_topic_message": True}
    await tg.fake.emits("message", {**base, "from": robot, "text": "I am a robot"})
    await tg.fake.emits("message", {**base, "from": robot, "sender_chat": channel, "text": "news"})
    await tg.fake.emits("edited_message", {**base, "from": robot, "edit_date": 1, "text": "I am none"})
    await tg.fake.says(ben, "hello", chat=group, topic=topic, anonymous="Boss")
    command = await tg.one(AgentCommand)
    assert command.agent == Person(f"{group}:Boss", "Boss")
    assert (command.command, command.arguments) == ("reply", "hello")


async def test_agents_by_id_command_in_private(fake: TelegramFake) -> None:
    ben, aino = await fake.person("Ben"), await fake.person("Aino")
    async with side(fake, agents={str(ben)}) as tg, tg.listening():
        number = await fake.says(ben, "/queue")
        await fake.says(aino, "/queue")
        command, message = await tg.got(2)
    assert isinstance(command, AgentCommand)
    assert (command.command, command.member, command.answer_to) == ("queue", False, f"m{ben}:0:{number}")
    assert isinstance(message, CustomerMessage)


# --- a group without topics, and one that moves ------------------------------------------------------------


async def test_without_topics_agents_reply_to_the_card(fake: TelegramFake) -> None:
    ben = await fake.person("Ben")
    group = await fake.group("Desk", [ben], forum=False)
    async with side(fake, agents_chat=group) as tg, tg.listening():
        await ready(fake)
        card = await fake.says(ben, "card", chat=group)
        reply = await fake.says(ben, "tomorrow", chat=group, reply_to=card)
        await fake.edits(ben, reply, "today", chat=group)
        command, edit = await tg.got(2)
    assert isinstance(command, AgentCommand)
    assert (command.place, command.answer_to) == (f"m{card}", f"m{group}:0:{reply}")
    assert isinstance(edit, AgentEdit)
    assert edit.place == f"m{card}"


async def test_a_group_that_moves_stays_the_agents(fake: TelegramFake) -> None:
    ben = await fake.person("Ben")
    old = await fake.group("Desk", [ben], basic=True)
    async with side(fake, agents_chat=old) as tg, tg.listening():
        await ready(fake)
        new = await fake.migrates(old)
        await fake.says(ben, "/next", chat=new)
        assert (await tg.one(AgentCommand)).member
    async with side(fake, agents_chat=old) as later, later.listening():
        await fake.says(ben, "/queue", chat=new)
        await later.until(lambda: later.arrivals)
        await fake.until(lambda ledger: (f"chat:{new}", "fi") in ledger.commands, "the agents' commands")
