"""The agents' group on Telegram: topics, cards, posts and marks; and a group without topics."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from adapters.base import (
    Busy,
    Button,
    CommandAnswer,
    Fate,
    File,
    Gone,
    NameRoom,
    OpenRoom,
    Post,
    Receipt,
    Refused,
    ShowCard,
)
from tests.adapters.carrying import holding
from tests.adapters.telegram_side import Side, side
from tests.fakes.telegram.client import JPEG, TelegramFake, TelegramProcess, telegram_process
from tests.fakes.telegram.ledger import Shown

CLAIM = (Button("Claim", "claim", "K7Q2M4"), Button("Next", "next"), Button("Close", "close", "K7Q2M4"))
OPEN = OpenRoom("k", "K7Q2M4", "🟡 Aino · 12 min", "Aino", "waiting", "Aino waits", CLAIM)


@pytest.fixture(scope="module")
def process() -> Iterator[TelegramProcess]:
    with telegram_process() as started:
        yield started


@pytest.fixture
async def fake(process: TelegramProcess) -> AsyncIterator[TelegramFake]:
    async with process.bot() as telegram:
        yield telegram


@pytest.fixture
async def group(fake: TelegramFake) -> int:
    return await fake.group("Desk", [await fake.person("Ben")])


@pytest.fixture
async def tg(fake: TelegramFake, group: int) -> AsyncIterator[Side]:
    async with side(fake, agents_chat=group) as made:
        yield made


async def posts(tg: Side, group: int) -> list[Shown]:
    """What the bot wrote itself, without what Telegram tells of topics."""
    return [one for one in (await tg.fake.read()).shown(group) if one.kind != "service"]


# --- with topics -------------------------------------------------------------------------------------------


async def test_a_case_gets_a_topic_with_a_card(tg: Side, group: int) -> None:
    assert tg.channel.limits.room
    place = await tg.channel.send(OPEN)
    card = await tg.channel.send(ShowCard("k", place, "", "Aino waits", CLAIM))
    ledger = await tg.fake.read()
    (topic,) = ledger.kept(group)
    assert (place, topic.name) == (f"t{topic.id}", "🟡 Aino · 12 min")
    (shown,) = await posts(tg, group)
    assert (f"m{shown.id}", shown.topic, shown.text, shown.silent) == (card, topic.id, "Aino waits", True)
    assert shown.buttons == [("Claim", "claim K7Q2M4"), ("Next", "next"), ("Close", "close K7Q2M4")]


async def test_the_card_is_changed_and_not_posted_again(tg: Side, group: int) -> None:
    place = await tg.channel.send(OPEN)
    card = await tg.channel.send(ShowCard("k", place, "", "Aino waits", CLAIM))
    change = ShowCard("l", place, card, "Ben answers", CLAIM[2:])
    assert await tg.channel.send(change) == card
    assert await tg.channel.send(change) == card
    (shown,) = await posts(tg, group)
    assert (shown.text, shown.earlier) == ("Ben answers", ["Aino waits"])
    assert shown.buttons == [("Close", "close K7Q2M4")]


async def test_the_title_follows_and_the_topic_is_closed_with_the_case(tg: Side, group: int) -> None:
    place = await tg.channel.send(OPEN)
    for key in ("a", "b"):
        await tg.channel.send(NameRoom(key, place, "🔵 Aino · Ben", "claimed", True))
    for key in ("c", "d"):
        await tg.channel.send(NameRoom(key, place, "⚪ Aino", "closed", False))
    (topic,) = (await tg.fake.read()).kept(group)
    assert topic.names == ["🟡 Aino · 12 min", "🔵 Aino · Ben", "⚪ Aino"]
    assert not topic.open
    # What comes late is shown all the same.
    assert await tg.channel.send(Post("k", place, "thanks"))


async def test_posts_and_files(tg: Side, group: int) -> None:
    place = await tg.channel.send(OPEN)
    resend = (Button("Send again", "resend", "K7Q2M4-3-0"),)
    text = await tg.channel.send(Post("k", place, "not delivered", buttons=resend, loud=True))
    quiet = await tg.channel.send(Post("l", place, "hello"))
    photo = holding(File("photo", "elsewhere"), JPEG)
    album = await tg.channel.send(Post("m", place, "", (photo, photo)))
    first, second, *pictures = await posts(tg, group)
    assert (text, quiet, album) == (f"m{first.id}", f"m{second.id}", f"m{pictures[0].id}")
    assert first.buttons == [("Send again", "resend K7Q2M4-3-0")]
    assert {one.topic for one in (first, second, *pictures)} == {int(place[1:])}
    assert [one.kind for one in pictures] == ["photo", "photo"]


@pytest.mark.parametrize(("fate", "mark"), [("delivered", "👍"), ("failed", "👎"), ("noted", "✍")])
async def test_marks(tg: Side, group: int, fate: Fate, mark: str) -> None:
    place = await tg.channel.send(OPEN)
    ben = await tg.fake.person("Ben")
    said = await tg.fake.says(ben, "tomorrow", chat=group, topic=int(place[1:]))
    await tg.channel.send(Receipt("k", place, f"m{said}", fate))
    (shown,) = (await tg.fake.read()).shown(group, by=str(ben))
    assert shown.reactions == {"bot": mark}


async def test_an_answer_stays_in_the_topic(tg: Side, group: int) -> None:
    place = await tg.channel.send(OPEN)
    ben = await tg.fake.person("Ben")
    asked = await tg.fake.says(ben, "/close", chat=group, topic=int(place[1:]))
    answer_to = f"m{group}:{place[1:]}:{asked}"
    await tg.channel.send(CommandAnswer("k", "c", str(ben), "Not yours.", False, None, answer_to))
    (shown,) = await posts(tg, group)
    assert (shown.topic, shown.reply_to) == (int(place[1:]), asked)


async def test_a_deleted_topic_or_card_is_gone(tg: Side, group: int) -> None:
    place = await tg.channel.send(OPEN)
    card = await tg.channel.send(ShowCard("k", place, "", "Aino waits", CLAIM))
    await tg.fake.deletes(await tg.fake.person("Ben"), int(card[1:]), chat=group)
    with pytest.raises(Gone):
        await tg.channel.send(ShowCard("k", place, card, "Ben answers", CLAIM))
    await tg.fake.deletes_topic(group, int(place[1:]))
    for out in (
        ShowCard("k", place, "", "Aino waits", CLAIM),
        Post("k", place, "hello"),
        NameRoom("k", place, "new", "claimed", True),
    ):
        with pytest.raises(Gone):
            await tg.channel.send(out)


@pytest.mark.parametrize("title", ["x" * 300, "😀" * 200, "<b>*_\u202e\n", "é" * 128])
async def test_any_title_is_taken(tg: Side, group: int, title: str) -> None:
    place = await tg.channel.send(OpenRoom("k", "K7Q2M4", title, "Aino", "waiting", "card"))
    await tg.channel.send(NameRoom("k", place, f"y{title}", "claimed", True))
    assert len((await tg.fake.read()).kept(group)[0].names) == 2


async def test_a_card_too_long_is_cut(tg: Side, group: int) -> None:
    place = await tg.channel.send(OPEN)
    card = await tg.channel.send(ShowCard("k", place, "", "😀" * 3000))
    await tg.channel.send(ShowCard("k", place, card, "😎" * 3000))
    (shown,) = await posts(tg, group)
    assert len(shown.text) == 2048


# --- without topics ----------------------------------------------------------------------------------------


async def test_without_topics_the_card_is_the_room(tg: Side, group: int) -> None:
    await tg.fake.set_forum(group, False)
    place, _, card = (await tg.channel.send(OPEN)).partition(" ")
    assert place == card
    post = await tg.channel.send(Post("k", place, "hello"))
    await tg.channel.send(ShowCard("k", place, card, "Ben answers", CLAIM[2:]))
    await tg.channel.send(NameRoom("k", place, "⚪ Aino", "closed", False))
    shown_card, shown_post = await posts(tg, group)
    assert (shown_card.text, f"m{shown_post.id}") == ("Ben answers", post)
    assert shown_post.reply_to == shown_card.id
    await tg.fake.deletes(await tg.fake.person("Ben"), shown_card.id, chat=group)
    with pytest.raises(Gone):
        await tg.channel.send(Post("k", place, "more"))


async def test_topics_may_be_turned_on_while_it_runs(tg: Side, group: int) -> None:
    await tg.fake.set_forum(group, False)
    assert (await tg.channel.send(OPEN)).startswith("m")
    await tg.fake.set_forum(group, True)
    assert (await tg.channel.send(OPEN)).startswith("t")


# --- rights, and a group that moves ------------------------------------------------------------------------


@pytest.mark.parametrize("bot", [{"bot": "member"}, {"bot": "kicked"}, {"rights": ["can_pin_messages"]}])
async def test_what_somebody_can_mend_waits_and_is_told(fake: TelegramFake, bot: dict[str, Any]) -> None:
    group = await fake.group("Desk", **bot)
    async with side(fake, agents_chat=group) as tg:
        for _ in range(2):
            with pytest.raises(Busy):
                await tg.channel.send(OPEN)
        assert len(tg.reports) == 1
        await fake.make_bot(group, "administrator")
        assert await tg.channel.send(OPEN)
        assert tg.reports[1:] == [""]


async def test_a_group_that_became_a_supergroup_is_followed(fake: TelegramFake) -> None:
    old = await fake.group("Desk", basic=True)
    async with side(fake, agents_chat=old) as tg:
        place, _, _ = (await tg.channel.send(OPEN)).partition(" ")
        new = await fake.migrates(old)
        assert await tg.channel.send(OPEN)
        assert (await fake.read()).texts(new) == ["Aino waits"]
        with pytest.raises((Gone, Refused)):
            await tg.channel.send(Post("k", place, "what was said in the old one"))
