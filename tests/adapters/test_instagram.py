"""The Instagram channel: messages and comments as Meta documents them, and what goes out, against a server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pytest

from adapters.base import (
    Arrival,
    Attachment,
    BadOptions,
    CustomerEdit,
    CustomerMessage,
    CustomerReaction,
    File,
    Malformed,
    OutsideReply,
    Person,
    Profile,
    Refused,
    Tools,
)
from adapters.instagram import Instagram, Options, open_channel
from tests.adapters import meta_side
from tests.adapters.carrying import holding
from tests.adapters.contract import ANSWER, MESSAGE, NOW, Genuine, never
from tests.adapters.meta_side import (
    APP,
    OLD,
    SECRET,
    TOKEN,
    VERIFY,
    MetaContract,
    accepted,
    far,
    genuine_of,
    tools,
)
from tests.fakes.meta import Far
from tests.fakes.pushes import pushes_of
from tests.waiting import until

__all__ = ["far", "tools"]

OPTIONS = Options("acme.shop", TOKEN, (SECRET, OLD), VERIFY, APP)
FIXTURES = pushes_of("instagram")
NOTHING = ("echo_own", "echo_unnamed", "seen", "unknown_kind", "comment_own", "live_comment", "edit_unnamed")
IGSID = "1254459154682919"
MID = "aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlEOjE3ODQxNDc3OTY1NDEyMjEwOjM0MDI4MjM2Njg0MTcxMDMwMTI0NDI1"
AT = 1569262485349
STORY = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=17900000000000001"


@pytest.fixture
def instagram(tools: Tools, far: Far) -> Instagram:
    return open_channel(replace(OPTIONS, api_base=far.url), tools)


class TestInstagram(MetaContract):
    @pytest.fixture
    def channel(self, instagram: Instagram) -> Instagram:
        return instagram

    @pytest.fixture
    def genuine(self) -> Genuine:
        return genuine_of("instagram", NOTHING)


written = partial(meta_side.written, IGSID)


def public(ref: str, text: str) -> CustomerMessage:
    return CustomerMessage(ref, f"@{IGSID}", Person(IGSID, "aino"), text, ref=ref, public=True)


UNTOLD = "(a message of a kind that Meta does not pass on)"
COMMENT = public("17865799348089039", "How long do you take?")
READ: Mapping[str, list[Arrival]] = {
    "text": [written(MID, "Hei 😀, missä tilaukseni on?")],
    "media": [
        written(
            MID, "", File("photo", "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=x")
        )
    ],
    "deleted": [CustomerEdit(f"{MID}-deleted", IGSID, MID, None)],
    "unsupported": [written(MID, UNTOLD)],
    "ephemeral": [written(MID, UNTOLD)],
    "unsupported_type": [written(MID, UNTOLD)],
    "story_reply": [written(MID, f"(answers our story {STORY})\nIs it sold?")],
    "story_mention": [written(MID, "(mentions us in a story)", File("document", STORY))],
    "shared_post": [written(MID, "https://www.instagram.com/p/abc")],
    "ice_breaker": [written(MID, "/wait")],
    "referral": [written(f"referral-{IGSID}-{AT}", "/start", queue="billing")],
    "first_by_link": [written(f"{MID}-start", "/start K7Q2M4abc"), written(MID, "Hello")],
    "reaction": [CustomerReaction(f"reaction-{MID}-{AT}", IGSID, "❤️")],
    "echo_inbox": [OutsideReply(MID, IGSID, Person("26390203743090", "Meta's inbox"), "It leaves today.")],
    "batch": [written("b", "second"), written("a", "first"), public("19", "third")],
    "comment": [COMMENT],
    "comment_alone": [COMMENT],
    "comment_sticker": [replace(COMMENT, text=UNTOLD)],
}


@pytest.mark.parametrize("name", READ)
def test_an_event_is_read(instagram: Instagram, name: str) -> None:
    assert accepted(instagram, FIXTURES[name]) == READ[name]


def test_every_fixture_is_read(instagram: Instagram) -> None:
    assert FIXTURES.keys() - READ.keys() == {*NOTHING, "missing_field"}
    with pytest.raises(Malformed, match=r"message\.mid"):
        accepted(instagram, FIXTURES["missing_field"])


def test_our_app_may_have_several_ids(tools: Tools) -> None:
    both = open_channel(replace(OPTIONS, app_id=("7", "26390203743090")), tools)
    assert accepted(both, FIXTURES["echo_inbox"]) == []
    assert accepted(open_channel(replace(OPTIONS, app_id=("7",)), tools), FIXTURES["echo_own"]) != []


async def test_who_a_customer_is_is_asked(instagram: Instagram, far: Far) -> None:
    far.answers[f"GET {IGSID}"] = {"name": None, "username": "aino", "id": IGSID}
    assert await instagram.person_of(IGSID) == Person(IGSID, "aino")


async def test_what_is_sent_is_what_meta_documents(instagram: Instagram, far: Far) -> None:
    await instagram.send(MESSAGE)
    assert (far.last.path, far.last.query) == ("me/messages", {})
    assert far.last.said == {"recipient": {"id": "c-1"}, "message": {"text": MESSAGE.text}}
    await instagram.send(replace(ANSWER, text="ä€😀" * 500))
    cut = far.last.said["message"]["text"]
    assert 990 < len(cut.encode()) <= 1_000
    assert cut.endswith("…")


async def test_a_comment_is_answered_in_public_within_its_limit(instagram: Instagram, far: Far) -> None:
    out = replace(MESSAGE, conversation_id=f"@{IGSID}", public="17865799348089039", text="x" * 300)
    assert await instagram.send(out) == "9001"
    assert (far.last.path, far.last.said) == ("17865799348089039/replies", {"message": out.text})
    with pytest.raises(Refused, match="300"):
        await instagram.send(replace(out, text="x" * 301))


async def test_files_go_by_their_address_only(instagram: Instagram, far: Far) -> None:
    file = File("photo", "other:1")
    await instagram.send(replace(MESSAGE, attachments=(holding(file, b"x", "https://a.example/1"),)))
    assert far.last.said["message"]["attachment"]["payload"] == {"url": "https://a.example/1"}
    for attachment in (holding(file, b"x"), Attachment(file)):
        with pytest.raises(Refused, match="address"):
            await instagram.send(replace(MESSAGE, attachments=(attachment,)))


async def test_after_a_day_only_a_human_may_answer(tools: Tools, far: Far) -> None:
    channel = open_channel(replace(OPTIONS, api_base=far.url, human_agent=True), tools)
    late = replace(MESSAGE, kind="reply", heard_at=NOW - 86_401)
    await channel.send(late)
    assert (far.last.said["messaging_type"], far.last.said["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")
    with pytest.raises(Refused, match="24 hours"):
        await channel.send(replace(late, kind="update"))


async def test_listening_has_events_pushed(instagram: Instagram, far: Far) -> None:
    listening = asyncio.create_task(instagram.listen(never))
    await until(lambda: far.calls)
    listening.cancel()
    assert (far.last.path, "comments" in far.last.said["subscribed_fields"]) == ("me/subscribed_apps", True)


async def test_it_looks_at_itself(instagram: Instagram, far: Far) -> None:
    far.answers["GET me"] = {"user_id": "1", "username": "Other"}
    far.answers["GET me/subscribed_apps"] = {"data": []}
    account, events, where = await instagram.check()
    assert "acme.shop" in account.wrong
    assert "comments" in events.wrong
    assert where.wrong == ""


def test_there_is_no_outlet_and_links_open_chats(instagram: Instagram, tools: Tools) -> None:
    assert not isinstance(instagram, Profile)
    linked = open_channel(OPTIONS, replace(tools, contact="https://ig.me/m/acme.shop"))
    assert (linked.invitation("a"), instagram.invitation("a")) == ("https://ig.me/m/acme.shop?ref=a", "")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("username", "@acme"),
        ("username", ""),
        ("token", ""),
        ("secret", ()),
        ("verify_token", ""),
        ("app_id", (APP, "acme")),
        ("api_base", "x"),
    ],
)
def test_options_that_cannot_work_are_named(tools: Tools, key: str, value: object) -> None:
    options: Mapping[str, object] = {key: value}
    with pytest.raises(BadOptions) as caught:
        open_channel(replace(OPTIONS, **options), tools)  # type: ignore[arg-type]
    assert caught.value.key == key
