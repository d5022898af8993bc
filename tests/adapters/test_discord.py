"""Discord's adapter against the wire fake: what is sent, and what each failure says of it; profile and check."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest

from adapters.base import (
    Attachment,
    BadOptions,
    Busy,
    Button,
    Channel,
    Checked,
    CommandAnswer,
    EditOut,
    EventOut,
    File,
    Gone,
    Media,
    MessageOut,
    OpenRoom,
    Outgoing,
    Outlet,
    Post,
    Profile,
    Receipt,
    Refused,
    ShowCard,
    Tools,
    Typing,
    Uncertain,
    Undelivered,
)
from adapters.discord import Discord, Options, open_channel
from adapters.discord.commands import options_of
from adapters.discord.text import escape, measure, nonce
from tests.adapters.carrying import content_of, holding
from tests.adapters.contract import EVENT, Contract
from tests.end_to_end.house import DiscordRoom, discord_room
from tests.fakes.discord.client import DiscordFake, discord_within
from tests.fakes.discord.mentions import seen

MESSAGES = "POST /channels/{channel}/messages"


@dataclass
class Side:
    """The adapter, and the platform it speaks to."""

    channel: Discord
    room: DiscordRoom
    fake: DiscordFake
    aino: int
    private: int

    def message(self, text: str = "Hello", key: str = "K7Q2M4-1-0", **more: Any) -> MessageOut:
        """Words for Aino."""
        return MessageOut(key, str(self.private), str(self.aino), "K7Q2M4", "reply", text, **more)


@pytest.fixture
async def side() -> AsyncIterator[Side]:
    async with discord_within() as fake, aiohttp.ClientSession() as http:
        room = await discord_room(fake)
        aino = await room.customer("Aino")
        options = Options(
            **{name: value for name, value in room.table.items() if name not in ("adapter", "queue")}
        )
        options = replace(options, profile=("presence", "about", "banner", "guild_banner", "guild_bio"))
        channel = open_channel(options, Tools("dc", http, lambda: 0.0))
        yield Side(channel, room, fake, aino, await fake.private(aino))
        await channel.aclose()


class TestDiscord(Contract):
    @pytest.fixture
    def channel(self, side: Side) -> Channel:
        return side.channel

    @pytest.fixture
    def sendable(self, side: Side) -> Sequence[Outgoing]:
        """Discord's channels have ids of its own making."""
        return (side.message(),)

    async def test_news_for_programs_are_nothing_to_show(self, side: Side) -> None:
        assert await side.channel.send(EVENT) == ""

    def test_it_can_do_all_of_this(self, side: Side) -> None:
        for ability in (Media, Typing, Profile, Checked):
            assert isinstance(side.channel, ability)
        assert all(isinstance(one, Outlet) for one in side.channel.outlets)


# --- text --------------------------------------------------------------------------------------------------

HOSTILE = (
    "@everyone @here <@1> <@&2> <#3>",
    "**bold** _it_ `code` ~~no~~ ||spoiler|| [a](http://x.example)",
    "# heading\n> quote\n- list\n1. one",
    "https://shop.example/a_b_c?x=*1* and_more_",
    "\\*already escaped\\*",
    "{name} %s ${x} {{x}}",
)


@pytest.mark.parametrize("text", HOSTILE)
async def test_a_text_is_seen_as_it_was_written_and_calls_nobody(side: Side, text: str) -> None:
    await side.channel.send(side.message(text))
    ledger = await side.fake.read()
    [shown] = ledger.shown(side.private)
    assert shown.text == text
    assert shown.parse == []
    assert ledger.pings == 0


@pytest.mark.parametrize("text", HOSTILE)
def test_escaping_is_undone_by_reading(text: str) -> None:
    assert seen(escape(text)) == text
    assert measure(text) == len(escape(text))


def test_a_nonce_is_short_and_the_same_every_time() -> None:
    assert nonce("command-" + "x" * 300) == nonce("command-" + "x" * 300)
    assert nonce("a") != nonce("b")
    assert len(nonce("a")) <= 25


async def test_a_repeat_is_shown_once(side: Side) -> None:
    first = await side.channel.send(side.message())
    assert await side.channel.send(side.message()) == first
    assert await side.channel.send(side.message(key="K7Q2M4-2-0")) != first
    assert len((await side.fake.read()).shown(side.private)) == 2


# --- what failures say -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "more", "expected"),
    [
        ("error", {"status": 503}, Busy),
        ("429", {"seconds": 40}, Busy),
        ("ban", {}, Busy),
        ("reset", {}, Uncertain),
        ("lost", {}, Uncertain),
    ],
)
async def test_what_a_failure_says(
    side: Side, kind: Any, more: dict[str, Any], expected: type[Undelivered]
) -> None:
    await side.channel.send(side.message("before", key="first"))
    await side.fake.fault(kind, MESSAGES, **more)
    with pytest.raises(expected):
        await side.channel.send(side.message())
    if kind == "429":
        with pytest.raises(Busy) as busy:
            await side.channel.send(side.message())
        assert busy.value.retry_after_s is not None
        assert 30 < busy.value.retry_after_s <= 40


async def test_no_connection_is_no_delivery(side: Side) -> None:
    await side.channel.send(side.message("before", key="first"))
    await side.fake.down()
    with pytest.raises(Busy, match="no connection"):
        await side.channel.send(side.message())
    await side.fake.up()
    assert await side.channel.send(side.message())


async def test_somebody_who_takes_no_messages_is_told_of(side: Side) -> None:
    await side.fake.reachable(side.aino, False)
    with pytest.raises(Refused, match="take no messages"):
        await side.channel.send(side.message())


async def test_a_token_that_was_reset_lets_messages_wait(side: Side) -> None:
    await side.channel.send(side.message())
    await side.fake.set(revoked=True)
    with pytest.raises(Busy, match="token"):
        await side.channel.send(side.message(key="other"))


async def test_too_long_a_text_is_refused(side: Side) -> None:
    with pytest.raises(Refused, match="2000"):
        await side.channel.send(side.message("x" * 2001))


async def test_a_room_that_is_gone_is_told_of(side: Side) -> None:
    opened = await side.channel.send(OpenRoom("k", "K7Q2M4", "t", "K7Q2M4 · Aino", "waiting", "A card"))
    place, _, card = opened.partition(" ")
    await side.fake.deletes_channel(int(place))
    for out in (
        Post("k-1", place, "hello"),
        ShowCard("k-2", place, card, "new"),
        Receipt("k-3", place, card, "noted"),
    ):
        with pytest.raises(Gone):
            await side.channel.send(out)


async def test_no_more_threads_than_a_server_may_have(side: Side) -> None:
    owner = await side.fake.person("Ola")
    guild = await side.fake.guild("Small", owner, thread_cap=0)
    forum = await side.fake.channel(guild, "cases", forum=True)
    options = replace(side.channel._options, guild=guild, agents_channel=forum)
    full = Discord(options, side.channel._tools)
    with pytest.raises(Busy, match="160006") as busy:
        await full.send(OpenRoom("k", "K7Q2M4", "t", "K7Q2M4 · Aino", "waiting", "A card"))
    assert busy.value.retry_after_s
    await full.aclose()


# --- more than text ----------------------------------------------------------------------------------------


async def test_files_go_out_and_come_in(side: Side) -> None:
    bill = holding(File("document", "x", "bill.pdf"), b"%PDF")
    await side.channel.send(side.message("", attachments=(bill,)))
    assert (await side.fake.read()).shown(side.private)[0].files == ["bill.pdf"]
    sent = await side.fake.says(side.aino, "", files=[("look.png", b"\x89PNG..", "image/png")])
    async with side.channel._rest.client() as client:
        found = await client.get_partial_messageable(side.private).fetch_message(sent)
    ref = f"{side.private}/{sent}/{found.attachments[0].id}"
    assert await content_of(side.channel, File("photo", ref)) == b"\x89PNG.."
    with pytest.raises(Refused):
        await content_of(side.channel, File("photo", f"{side.private}/{sent}/1"))
    # There is no sending on by name: it is fetched and sent again.
    await side.channel.send(
        side.message("", key="own", attachments=(Attachment(File("photo", ref, "look.png")),))
    )
    assert (await side.fake.read()).shown(side.private)[-1].files == ["look.png"]


async def test_what_was_sent_can_be_changed_and_taken_back(side: Side) -> None:
    sent = await side.channel.send(side.message("Tomorow"))
    for text in ("Tomorrow", None):
        await side.channel.send(EditOut(f"e-{text}", str(side.private), str(side.aino), sent, text))
    ledger = await side.fake.read()
    [gone] = [one for one in ledger.channels[side.private].values() if one.by == "bot"]
    assert gone.earlier == ["Tomorow"]
    assert gone.deleted


async def test_buttons_hold_what_they_mean(side: Side) -> None:
    buttons = (Button("Send again", "resend", "K7Q2M4-12-0"),)
    opened = await side.channel.send(
        OpenRoom("k", "K7Q2M4", "t", "K7Q2M4 · Aino", "waiting", "A card", buttons)
    )
    [card] = (await side.fake.read()).shown(int(opened.partition(" ")[0]))
    assert card.buttons == [("Send again", "jono:resend K7Q2M4-12-0")]


async def test_a_late_answer_is_refused(side: Side) -> None:
    answer = CommandAnswer("k", "x", "1", "Done.", True, None, "i1:no-such-token")
    with pytest.raises(Refused):
        await side.channel.send(answer)


async def test_news_for_programs_are_nothing_to_show(side: Side) -> None:
    assert await side.channel.send(EventOut("k", "wait.updated", {})) == ""
    assert not (await side.fake.read()).calls[MESSAGES]


# --- profile and check -------------------------------------------------------------------------------------


async def test_about_and_banner_are_read_shown_and_restored(side: Side) -> None:
    own = await side.channel.read_outlet("about")
    await side.channel.show_outlet("about", {"": "Reply within 15 minutes"})
    assert (await side.fake.read()).profile["about"] == "Reply within 15 minutes"
    await side.channel.show_outlet("about", own)
    assert (await side.fake.read()).profile["about"] == ""
    assert await side.channel.read_outlet("banner") is None
    png = b"\x89PNG\r\n\x1a\n" + bytes(60)
    await side.channel.show_outlet("banner", png)
    assert await side.channel.read_outlet("banner") == png


async def test_one_servers_banner_and_bio_are_shown(side: Side) -> None:
    png = b"\x89PNG\r\n\x1a\n" + bytes(60)
    await side.channel.show_outlet("guild_banner", png)
    assert await side.channel.read_outlet("guild_banner") == png
    await side.channel.show_outlet("guild_bio", {"": "Reply within 15 minutes"})
    assert (await side.fake.read()).profile[f"bio:{side.room.guild}"] == "Reply within 15 minutes"
    assert await side.channel.read_outlet("guild_bio") is None, "Discord tells nobody what it says"


async def test_a_throttled_profile_is_left_alone_for_a_quarter_of_an_hour(side: Side) -> None:
    png = b"\x89PNG\r\n\x1a\n"
    for number in range(2):
        await side.channel.show_outlet("banner", png + bytes(number))
    with pytest.raises(Busy) as busy:
        await side.channel.show_outlet("banner", png + bytes(3))
    assert busy.value.retry_after_s == 900


async def test_a_presence_needs_a_session(side: Side) -> None:
    with pytest.raises(Busy, match="no session"):
        await side.channel.show_outlet("presence", {"": "Reply within 15 minutes"})


async def test_check_finds_nothing_wrong_where_all_is_well(side: Side) -> None:
    assert [one.wrong for one in await side.channel.check() if one.wrong] == []


async def test_check_names_what_is_missing(side: Side) -> None:
    await side.fake.set(gateway={"allowed": []})
    options = replace(side.channel._options, agent_role=77, guild=side.room.guild)
    broken = Discord(options, side.channel._tools)
    wrong = " ".join(one.wrong for one in await broken.check())
    await broken.aclose()
    assert "Message Content" in wrong
    assert "has no role 77" in wrong
    assert side.fake.token not in wrong


async def test_check_says_when_the_token_is_wrong(side: Side) -> None:
    await side.fake.set(revoked=True)
    [finding] = await side.channel.check()
    assert "developer portal" in finding.wrong


# --- options and commands ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("token", "abc"),
        ("guild", -1),
        ("agents_channel", 5),
        ("api_base", "discord.com"),
        ("gateway_url", "gateway"),
    ],
)
async def test_options_that_cannot_work_are_named(key: str, value: object) -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(BadOptions) as bad:
            open_channel(replace(Options("a.b.c"), **{key: value}), Tools("dc", http, lambda: 0.0))  # type: ignore[arg-type]
    assert bad.value.key == ("guild" if key == "agents_channel" else key)


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("", []),
        ("[CASE]", [("case", False)]),
        ("[CASE] TEXT", [("case", False), ("text", True)]),
        ("[AGENTS FROM UNTIL | off]", [("arguments", False)]),
    ],
)
def test_the_form_of_a_command_becomes_its_options(form: str, options: list[tuple[str, bool]]) -> None:
    assert [(one.name, one.required) for one in options_of(form)] == options
