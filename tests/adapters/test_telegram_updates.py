"""What customers do on Telegram, and what the adapter makes of it: from the wire fake's updates to arrivals."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from adapters.base import (
    CustomerEdit,
    CustomerGone,
    CustomerMessage,
    CustomerReaction,
    File,
    OutsideReply,
    Person,
)
from tests.adapters.telegram_side import Side, ready, side
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


async def test_an_update_that_makes_no_sense_stops_no_other(tg: Side) -> None:
    await tg.fake.emits("message", {"message_id": 1, "date": 0, "chat": None, "text": "whose?"})
    await tg.fake.says(await tg.fake.person("Aino"), "hello")
    assert (await tg.one(CustomerMessage)).text == "hello"


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
