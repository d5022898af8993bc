"""What people do on Telegram, and what the adapter makes of it: from the wire fake's updates to arrivals."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from adapters.base import (
    AgentCommand,
    AgentEdit,
    CustomerEdit,
    CustomerGone,
    CustomerMessage,
    CustomerReaction,
    File,
    OutsideReply,
    Person,
)
from tests.adapters.telegram_side import Side, side
from tests.fakes.telegram.client import JPEG, TelegramFake, TelegramProcess, telegram_process


@pytest.fixture(scope="module")
def process() -> Iterator[TelegramProcess]:
    with telegram_process() as started:
        yield started


@pytest.fixture
async def fake(process: TelegramProcess) -> AsyncIterator[TelegramFake]:
    async with process.bot() as telegram:
        yield telegram


@pytest.fixture
async def tg(fake: TelegramFake) -> AsyncIterator[Side]:
    """A bot for customers only, that listens."""
    async with side(fake) as made, made.listening():
        await ready(fake)
        yield made


@pytest.fixture
async def desk(fake: TelegramFake) -> AsyncIterator[tuple[Side, int, int]]:
    """A bot that listens, the agents' group with topics, and Ben, who is one of them."""
    ben = await fake.person("Ben", last_name="Berg")
    group = await fake.group("Desk", [ben])
    async with side(fake, agents_chat=group) as made, made.listening():
        await ready(fake)
        yield made, group, ben


async def ready(fake: TelegramFake) -> None:
    """Once the bot has asked for updates, and so told which kinds it wants."""
    await fake.until(lambda ledger: ledger.calls["getupdates"], "a poll")


# --- customers ---------------------------------------------------------------------------------------------


async def test_a_message(tg: Side) -> None:
    aino = await tg.fake.person("Aino", last_name="Aalto", language="fi")
    number = await tg.fake.says(aino, "Hei! 😀\nMissä?")
    assert await tg.one(CustomerMessage) == CustomerMessage(
        id=f"{aino}:{number}",
        conversation_id=str(aino),
        customer=Person(str(aino), "Aino Aalto", "fi"),
        text="Hei! 😀\nMissä?",
        ref=f"m{number}",
    )


@pytest.mark.parametrize(
    ("said", "text", "queue"),
    [
        ("/start", "/start", None),
        ("/start billing", "/start", "billing"),
        ("/start billing__fi", "/start fi", "billing"),
        ("/start __pl", "/start pl", None),
        ("/start summer-sale_7", "/start summer-sale_7", None),
        ("/start@acme_123456_bot billing", "/start", "billing"),
        ("/wait", "/wait", None),
        ("/language  fi ", "/language fi", None),
        ("/started it, and now?", "/started it, and now?", None),
        ("/", "/", None),
    ],
)
async def test_commands_and_links(tg: Side, said: str, text: str, queue: str | None) -> None:
    await tg.fake.says(await tg.fake.person("Aino"), said)
    arrival = await tg.one(CustomerMessage)
    assert (arrival.text, arrival.queue) == (text, queue)


@pytest.mark.parametrize(
    ("kind", "more", "expected"),
    [
        ("photo", {}, File("photo", "photo:photo-1", size_bytes=1000)),
        (
            "document",
            {"name": "bill.pdf", "mime": "application/pdf"},
            File("document", "document:document-1", "bill.pdf", "application/pdf", 1000),
        ),
        ("video", {"mime": "video/mp4"}, File("video", "video:video-1", "", "video/mp4", 1000)),
        ("voice", {}, File("voice", "voice:voice-1", "", "audio/ogg", 1000)),
        ("audio", {"name": "a.mp3"}, File("audio", "audio:audio-1", "a.mp3", "", 1000)),
        ("video_note", {}, File("video", "video_note:video_note-1", size_bytes=1000)),
        ("animation", {}, File("video", "animation:animation-1", size_bytes=1000)),
        ("sticker", {"emoji": "🎉"}, File("sticker", "sticker:sticker-1", size_bytes=1000, text="🎉")),
    ],
)
async def test_files(tg: Side, kind: str, more: dict[str, Any], expected: File) -> None:
    aino = await tg.fake.person("Aino")
    await tg.fake.sends(aino, kind, **more)
    (file,) = (await tg.one(CustomerMessage)).files
    assert file.ref.startswith(f"{kind}:{kind}-")
    assert file == File(expected.kind, file.ref, expected.name, expected.mime, 1000, expected.text)


async def test_a_caption_is_the_text(tg: Side) -> None:
    await tg.fake.sends(await tg.fake.person("Aino"), "photo", JPEG, caption="look")
    arrival = await tg.one(CustomerMessage)
    assert (arrival.text, len(arrival.files)) == ("look", 1)


async def test_a_location(tg: Side) -> None:
    await tg.fake.locates(await tg.fake.person("Aino"), 60.1699, -24.9384)
    (file,) = (await tg.one(CustomerMessage)).files
    assert (file.kind, file.ref) == ("location", "60.169900,-24.938400")
    assert file.text == "https://www.openstreetmap.org/?mlat=60.169900&mlon=-24.938400"


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ({"contact": {"phone_number": "+358 9", "first_name": "Aino"}}, "Aino: +358 9"),
        ({"dice": {"emoji": "🎲", "value": 3}}, "🎲"),
        ({"story": {"chat": {"id": 1, "type": "private"}, "id": 2}}, "[story]"),
    ],
)
async def test_what_is_neither_text_nor_a_file(tg: Side, part: dict[str, Any], text: str) -> None:
    await tg.fake.content(await tg.fake.person("Aino"), part)
    assert (await tg.one(CustomerMessage)).text == text


async def test_a_link_behind_words_is_written_out(tg: Side) -> None:
    link = {"type": "text_link", "offset": 3, "length": 4, "url": "https://a.example/"}
    await tg.fake.says(await tg.fake.person("Aino"), "😀 here it is", entities=[link])
    assert (await tg.one(CustomerMessage)).text == "😀 here (https://a.example/) it is"


async def test_an_album_is_one_message(tg: Side) -> None:
    aino, ben = await tg.fake.person("Aino"), await tg.fake.person("Ben")
    first = await tg.fake.sends(aino, "photo", JPEG, group="a-1", caption="both")
    await tg.fake.says(ben, "in between")
    await tg.fake.sends(aino, "photo", JPEG, group="a-1")
    await tg.fake.says(aino, "and?")
    arrivals = [one for one in await tg.got(3) if isinstance(one, CustomerMessage)]
    assert sorted((one.text, len(one.files)) for one in arrivals) == [
        ("and?", 0),
        ("both", 2),
        ("in between", 0),
    ]
    album = next(one for one in arrivals if one.files)
    assert album.ref == f"m{first}"
    # It must not be taken for its first part, were that taken in alone.
    assert album.id != f"{aino}:{first}"


async def test_edits_and_reactions(tg: Side) -> None:
    aino = await tg.fake.person("Aino")
    number = await tg.fake.says(aino, "helo")
    await tg.fake.edits(aino, number, "hello")
    await tg.fake.reacts(aino, number, "👍")
    await tg.fake.reacts(aino, number, "")
    _, edit, liked, unliked = await tg.got(4)
    assert isinstance(edit, CustomerEdit)
    assert (edit.conversation_id, edit.ref, edit.text) == (str(aino), f"m{number}", "hello")
    assert isinstance(liked, CustomerReaction)
    assert isinstance(unliked, CustomerReaction)
    assert (liked.emoji, unliked.emoji) == ("👍", "")
    assert len({edit.id, liked.id, unliked.id}) == 3


async def test_a_location_that_moves_is_no_flood_of_edits(tg: Side) -> None:
    aino = await tg.fake.person("Aino")
    number = await tg.fake.locates(aino, 1.0, 2.0)
    await tg.fake.edits(aino, number, "")
    await tg.fake.says(aino, "here")
    _, second = await tg.got(2)
    assert isinstance(second, CustomerMessage)


async def test_who_blocks_the_bot_is_gone(tg: Side) -> None:
    aino = await tg.fake.customer("Aino")
    await tg.fake.blocks(aino)
    assert (await tg.one(CustomerGone)).conversation_id == str(aino)
    await tg.fake.blocks(aino, False)
    await tg.fake.says(aino, "again")
    assert isinstance((await tg.got(2))[1], CustomerMessage)


async def test_other_groups_are_not_served(tg: Side) -> None:
    aino = await tg.fake.person("Aino")
    other = await tg.fake.group("Strangers", [aino])
    await tg.fake.says(aino, "/next", chat=other)
    await tg.fake.says(aino, "hello", chat=other)
    await tg.fake.says(aino, "hello")
    assert (await tg.one(CustomerMessage)).conversation_id == str(aino)


# --- business accounts -------------------------------------------------------------------------------------


async def test_a_business_account_is_served_and_its_owner_is_an_agent(tg: Side) -> None:
    owner, aino = await tg.fake.person("Olga"), await tg.fake.person("Aino")
    connection = await tg.fake.connects(owner)
    asked = await tg.fake.says(aino, "open?", business=connection)
    answered = await tg.fake.says(owner, "yes", business=connection, chat=aino)
    await tg.fake.sends(owner, "photo", JPEG, business=connection, chat=aino)
    await tg.fake.edits(aino, asked, "open now?", business=connection)
    await tg.fake.deletes(aino, asked, business=connection)
    question, reply, photo, edit, deletion = await tg.got(5)
    conversation = f"b{connection}:{aino}"
    assert isinstance(question, CustomerMessage)
    assert (question.conversation_id, question.customer.id) == (conversation, str(aino))
    assert reply == OutsideReply(
        f"{conversation}:{answered}", conversation, Person(str(owner), "Olga"), "yes"
    )
    assert isinstance(photo, OutsideReply)
    assert photo.text == "[photo]"
    assert isinstance(edit, CustomerEdit)
    assert isinstance(deletion, CustomerEdit)
    assert [(one.ref, one.text) for one in (edit, deletion)] == [
        (f"m{asked}", "open now?"),
        (f"m{asked}", None),
    ]


async def test_a_business_chat_and_the_same_persons_own_chat_are_two(tg: Side) -> None:
    owner, aino = await tg.fake.person("Olga"), await tg.fake.person("Aino")
    connection = await tg.fake.connects(owner)
    await tg.fake.says(aino, "one", business=connection)
    await tg.fake.says(aino, "two")
    first, second = [one for one in await tg.got(2) if isinstance(one, CustomerMessage)]
    assert first.conversation_id != second.conversation_id
    assert first.id.startswith(first.conversation_id)
    assert second.id.startswith(second.conversation_id)


# --- agents ------------------------------------------------------------------------------------------------

Desk = tuple[Side, int, int]


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
