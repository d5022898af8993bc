"""What people see of the bot on Telegram, and what `jono check` finds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from adapters.base import Busy, Checked, Refused
from tests.adapters.telegram_side import Side, side
from tests.fakes.telegram.client import TOKEN, TelegramFake, TelegramProcess, telegram_process

OUTLET = "short_description"


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
    async with side(fake) as made:
        yield made


# --- commands ----------------------------------------------------------------------------------------------


async def test_each_side_sees_its_commands_in_its_language(fake: TelegramFake) -> None:
    group = await fake.group("Desk")
    async with side(fake, agents_chat=group) as tg, tg.listening():
        ledger = await fake.until(lambda led: led.calls["getupdates"], "listening")
    seen = {
        key: [(one["command"], one["description"]) for one in row] for key, row in ledger.commands.items()
    }
    assert seen[("all_private_chats", "")] == [("wait", "How long?")]
    assert seen[("all_private_chats", "fi")] == [("wait", "Kauanko?")]
    assert seen[(f"chat:{group}", "")] == [("next", "Take one")]
    assert seen[(f"chat:{group}", "pl")] == [("next", "Weź jedną")]
    assert len(seen) == 8


@pytest.mark.parametrize("kind", ["429", "error", "html"])
async def test_lists_that_cannot_be_published_keep_nobody_from_being_served(tg: Side, kind: Any) -> None:
    await tg.fake.fault(kind, "setMyCommands")
    await tg.fake.says(await tg.fake.person("Aino"), "hello")
    async with tg.listening():
        await tg.got(1)
    assert "cannot be published" in tg.reports[-1]
    tg.arrivals.clear()
    async with tg.listening():
        await tg.got(1)
    assert tg.reports[-1] == ""


# --- the short description ---------------------------------------------------------------------------------


async def test_the_operators_own_words_are_kept_and_restored(tg: Side) -> None:
    own = {"": "Acme", "en": "", "fi": "Acme Oy", "pl": ""}
    await tg.channel.show_outlet(OUTLET, own)
    kept = await tg.channel.read_outlet(OUTLET)
    assert kept == own
    await tg.channel.show_outlet(OUTLET, {"": "about 5 min", "en": "about 5 min", "fi": "noin 5 min"})
    assert (await tg.fake.read()).profile[OUTLET]["fi"] == "noin 5 min"
    await tg.channel.show_outlet(OUTLET, kept)
    assert (await tg.fake.read()).profile[OUTLET] == own


async def test_a_language_without_words_of_its_own_has_none(tg: Side) -> None:
    """Whether Telegram then gives the default ones is not told; restored, they would stand there for ever."""
    await tg.channel.show_outlet(OUTLET, {"": "Acme", "fi": "Acme"})
    assert await tg.channel.read_outlet(OUTLET) == {"": "Acme", "en": "", "fi": "", "pl": ""}


async def test_what_it_cannot_show_is_refused(tg: Side) -> None:
    with pytest.raises(Refused):
        await tg.channel.show_outlet(OUTLET, {"": "x" * 121})
    with pytest.raises(Refused):
        await tg.channel.show_outlet(OUTLET, b"a picture")
    await tg.fake.down()
    with pytest.raises(Busy):
        await tg.channel.read_outlet(OUTLET)


# --- the photo -----------------------------------------------------------------------------------------------

THEIRS, OURS = b"\xff\xd8\xff of the operator", b"\xff\xd8\xff with the wait"


async def test_the_operators_own_photo_is_kept_and_restored(fake: TelegramFake) -> None:
    await fake.photographs(THEIRS)
    async with side(fake, profile=("short_description", "photo")) as tg:
        assert [(one.name, one.encoding) for one in tg.channel.outlets] == [
            (OUTLET, "png"),
            ("photo", "jpeg"),
        ]
        assert await tg.channel.read_outlet("photo") == THEIRS
        await tg.channel.show_outlet("photo", OURS)
        assert await tg.channel.read_outlet("photo") == OURS
        await tg.channel.show_outlet("photo", THEIRS)
        assert await tg.channel.read_outlet("photo") == THEIRS


async def test_where_there_was_no_photo_there_is_none_again(tg: Side) -> None:
    """Telegram may keep the photos before the last one, and show them again."""
    assert await tg.channel.read_outlet("photo") is None
    for number in range(3):
        await tg.channel.show_outlet("photo", OURS + bytes([number]))
    await tg.channel.show_outlet("photo", None)
    assert await tg.channel.read_outlet("photo") is None
    assert (await tg.fake.read()).profile["photo"] == ""


async def test_a_photo_that_is_none_is_refused_and_one_too_many_waits(tg: Side) -> None:
    with pytest.raises(Refused):
        await tg.channel.show_outlet("photo", {"": "about 5 min"})
    with pytest.raises(Refused, match=r"(?i)photo_invalid"):
        await tg.channel.show_outlet("photo", b"\x89PNG is no JPEG")
    await tg.fake.limits(profile=[1, 600])
    await tg.channel.show_outlet("photo", OURS)
    with pytest.raises(Busy) as busy:
        await tg.channel.show_outlet("photo", OURS)
    assert 590 < (busy.value.retry_after_s or 0) <= 600


# --- check -------------------------------------------------------------------------------------------------


async def wrongs(tg: Side) -> list[str]:
    """What is wrong, and that no secret is shown with it."""
    assert isinstance(tg.channel, Checked)
    findings = await tg.channel.check()
    assert TOKEN not in repr(findings)
    return [one.wrong for one in findings if one.wrong]


async def test_all_is_well(fake: TelegramFake) -> None:
    async with side(fake, agents_chat=await fake.group("Desk")) as tg:
        assert await wrongs(tg) == []
        assert [one.what for one in await tg.channel.check()] == [
            "the token is @acme_123456_bot's",
            "updates are pulled",
            "the agents' group “Desk” has topics",
            "the bot reads what agents write",
            "the bot manages topics",
        ]


async def test_a_check_changes_nothing(fake: TelegramFake) -> None:
    async with side(fake, agents_chat=await fake.group("Desk")) as tg:
        await tg.channel.check()
    assert all(method.startswith("get") for method in (await fake.read()).calls)


async def test_a_wrong_token(tg: Side) -> None:
    await tg.fake.revoke()
    (wrong,) = await wrongs(tg)
    assert "@BotFather" in wrong


async def test_no_network(tg: Side) -> None:
    await tg.fake.down()
    (wrong,) = await wrongs(tg)
    assert "cannot be reached" in wrong


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ({"rights": ["can_delete_messages"]}, ["the right “Manage topics” is missing"]),
        ({"bot": "member"}, ["being no administrator", "the right “Manage topics” is missing"]),
        ({"bot": "member", "forum": False}, ["being no administrator"]),
        ({"bot": "kicked"}, ["kicked"]),
        ({"basic": True}, ["turn on Topics"]),
    ],
)
async def test_what_is_wrong_with_the_group(
    fake: TelegramFake, group: dict[str, Any], expected: list[str]
) -> None:
    async with side(fake, agents_chat=await fake.group("Desk", **group)) as tg:
        found = await wrongs(tg)
    assert len(found) == len(expected)
    assert all(words in wrong for words, wrong in zip(expected, found, strict=True))


async def test_a_group_that_is_none_or_another(fake: TelegramFake) -> None:
    async with side(fake, agents_chat=-100123) as tg:
        (wrong,) = await wrongs(tg)
    assert "Chat not found" in wrong
    old = await fake.group("Desk", basic=True)
    new = await fake.migrates(old)
    async with side(fake, agents_chat=old) as tg:
        (wrong,) = await wrongs(tg)
    assert f"agents_chat = {new}" in wrong


async def test_the_id_of_a_new_group_is_told(tg: Side) -> None:
    group = await tg.fake.group("Desk", [await tg.fake.person("Olga")], bot="left")
    await tg.fake.make_bot(group, "administrator")
    assert f"the bot is in “Desk”: agents_chat = {group}" in repr(await tg.channel.check())
    async with side(tg.fake, agents_chat=-100123) as wrong:
        assert f"“Desk”: agents_chat = {group}" in (await wrongs(wrong))[0]
    assert await tg.fake.pending() == 1


async def test_a_check_leaves_a_reader_alone(tg: Side) -> None:
    async with tg.listening():
        await tg.fake.until(lambda ledger: ledger.calls["getupdates"], "a poll")
        async with side(tg.fake) as other:
            await other.channel.check()
        await tg.fake.says(await tg.fake.person("Aino"), "hello")
        await tg.got(1)


async def test_a_bot_that_reads_everything_needs_no_rights_to_read(fake: TelegramFake) -> None:
    await fake.bot_is(can_read_all_group_messages=True)
    async with side(fake, agents_chat=await fake.group("Desk", bot="member", forum=False)) as tg:
        assert await wrongs(tg) == []


async def test_a_webhook_in_trouble(fake: TelegramFake) -> None:
    url = f"{fake.api}/nobody"
    async with side(fake, hook_url=url, mode="webhook", webhook_secret="s-1") as tg, tg.listening():
        await fake.until(lambda ledger: ledger.hook == url, "the webhook")
        await fake.says(await fake.person("Aino"), "hello")
        await fake.until(lambda ledger: ledger.pushed, "an attempt")
        assert any("Wrong response" in wrong for wrong in await wrongs(tg))
