"""The Messenger channel takes in what Meta documents of a page: private messages, comments, posts of visitors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pytest

from adapters.base import (
    AgentCommand,
    Answering,
    Arrival,
    BadOptions,
    Checked,
    CustomerEdit,
    CustomerMessage,
    CustomerReaction,
    File,
    Inviting,
    Malformed,
    Media,
    OutsideReply,
    Paced,
    Person,
    Profile,
    Seeing,
    Tools,
    Typing,
)
from adapters.messenger import Messenger, Options, open_channel
from tests.adapters import meta_side
from tests.adapters.contract import Genuine
from tests.adapters.meta_side import (
    APP,
    OLD,
    SECRET,
    TOKEN,
    VERIFY,
    MetaContract,
    accepted,
    changed,
    far,
    genuine_of,
    tools,
)
from tests.fakes.meta import Far
from tests.fakes.pushes import pushes_of

__all__ = ["far", "tools"]

PAGE, PSID, COMMENTER = "1906385232743451", "8141258975912345", "8141258975999999"
MID = "m_AG5Hz2Uq7tuwNEhXfYYKj8mJEM_QPpz5jdCK48PnKAjSdjfipqxqMvK8ma6AC8fplwlqLP_5cgXIbu7I3rBN0P"
OPTIONS = Options(PAGE, TOKEN, (SECRET, OLD), VERIFY, APP)
FIXTURES = pushes_of("messenger")
NOTHING = (
    "echo_own",
    "echo_unnamed",
    "read",
    "unknown_kind",
    "other_page",
    "other_object",
    "comment_own",
    "like",
    "share_silent",
)
CDN = "https://scontent.xx.fbcdn.net/v/t1.15752-9/cat.jpg?_nc_cat=1&oh=abc"
AINO = Person(COMMENTER, "Aino Virta")


@pytest.fixture
def messenger(tools: Tools, far: Far) -> Messenger:
    return open_channel(replace(OPTIONS, api_base=far.url), tools)


class TestMessenger(MetaContract):
    @pytest.fixture
    def channel(self, messenger: Messenger) -> Messenger:
        return messenger

    @pytest.fixture
    def genuine(self) -> Genuine:
        return genuine_of("messenger", NOTHING)


def test_what_it_can_do_beside(messenger: Messenger) -> None:
    for ability in (Answering, Checked, Media, Typing, Seeing, Inviting, Paced, Profile):
        assert isinstance(messenger, ability)


written = partial(meta_side.written, PSID)


def public(ref: str, text: str, *files: File) -> CustomerMessage:
    return CustomerMessage(ref, f"@{COMMENTER}", AINO, text, files=files, ref=ref, public=True)


UNTOLD = "(a message of a kind that Meta does not pass on)"
MAP = "https://www.openstreetmap.org/?mlat=60.169900&mlon=24.938400"
AT = 1458692752478
READ: Mapping[str, list[Arrival]] = {
    "text": [written(MID, "Hei 😀, missä tilaukseni on?")],
    "command": [written(MID, "/wait")],
    "quick_reply": [written(MID, "/wait")],
    "media": [
        written(
            MID,
            "rikki",
            File("photo", CDN),
            File("document", "https://cdn.fbsbx.com/v/t59/lasku.pdf"),
            File("sticker", "https://scontent.xx.fbcdn.net/like.png"),
        )
    ],
    "location": [written(MID, "", File("location", "60.169900,24.938400", "Rautatieasema", text=MAP))],
    "share": [written(MID, "Lamp\nhttps://shop.example/lamp")],
    "product": [written(MID, "Lamp\nShade")],
    "appointment": [written(MID, UNTOLD)],
    "fallback_empty": [written(MID, UNTOLD)],
    "odd_attachments": [written(MID, f"help me\n{UNTOLD}", File("photo", CDN))],
    "postback": [written(MID, "/wait")],
    "postback_title": [written(f"postback-{PSID}-{AT}", "Talk to us")],
    "get_started": [written(MID, "/start fi", queue="billing")],
    "referral": [written(f"referral-{PSID}-{AT}", "/start K7Q2M4abc")],
    "edit": [CustomerEdit(f"{MID}-edit-2", PSID, MID, "Missä lamppuni on?")],
    "reaction": [CustomerReaction(f"reaction-{MID}-{AT}", PSID, "❤")],
    "unreaction": [CustomerReaction(f"reaction-{MID}-{AT}", PSID, "")],
    "echo_inbox": [OutsideReply(MID, PSID, Person("26390203743090", "Meta's inbox"), "It leaves today.")],
    "batch": [written("m_2", "second"), written("m_1", "first"), public("44_55", "third")],
    "comment": [public("44444444_55555", "How long do you take?", File("photo", CDN))],
    "comment_edited": [
        CustomerEdit("44444444_55555-9334122c5189777c", f"@{COMMENTER}", "44444444_55555", "How long?")
    ],
    "comment_removed": [
        CustomerEdit("44444444_55555-removed", f"@{COMMENTER}", "44444444_55555", None)
    ],
    "post": [public(f"{PAGE}_666", "Where is my lamp?")],
    "post_share": [public(f"{PAGE}_668", "This lamp broke")],
    "comment_sticker": [public("44444444_55555", UNTOLD)],
    "post_photo": [public(f"{PAGE}_667", "", File("photo", CDN))],
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_an_event_is_read(messenger: Messenger, name: str) -> None:
    assert accepted(messenger, FIXTURES[name]) == READ[name]


def test_every_fixture_is_read() -> None:
    assert FIXTURES.keys() - READ.keys() == {*NOTHING, "missing_field"}


MESSAGING = ("entry", 0, "messaging", 0)


@pytest.mark.parametrize(
    ("name", "path", "value", "told"),
    [
        ("text", ("entry",), {}, "entry"),
        ("text", ("entry", 0, "id"), None, r"entry\.0\.id"),
        ("text", ("entry", 0, "messaging"), "x", r"entry\.0\.messaging"),
        ("text", (*MESSAGING, "sender"), [], r"messaging\.0\.sender"),
        ("text", (*MESSAGING, "message", "mid"), "", r"messaging\.0\.message\.mid"),
        ("text", (*MESSAGING, "message", "text"), 7, "text"),
        ("referral", (*MESSAGING, "timestamp"), "soon", r"messaging\.0\.timestamp"),
        (
            "comment",
            ("entry", 0, "changes", 0, "value", "comment_id"),
            None,
            r"changes\.0\.value\.comment_id",
        ),
    ],
)
def test_what_is_wrong_is_named(
    messenger: Messenger, name: str, path: tuple[str | int, ...], value: object, told: str
) -> None:
    with pytest.raises(Malformed, match=told):
        accepted(messenger, changed(FIXTURES[name], *path, value=value))


def test_a_missing_field_is_named(messenger: Messenger) -> None:
    with pytest.raises(Malformed, match=r"entry\.0\.messaging\.0\.message\.mid"):
        accepted(messenger, FIXTURES["missing_field"])


def test_an_agent_gives_commands(messenger: Messenger) -> None:
    body = changed(FIXTURES["command"], *MESSAGING, "sender", "id", value="an-agent")
    body = changed(body, *MESSAGING, "message", "text", value="/claim K7Q2M4 ")
    assert accepted(messenger, body) == [AgentCommand(MID, Person("an-agent"), "claim", "K7Q2M4")]


def test_two_edits_of_a_comment_are_two_and_each_stays_itself(messenger: Messenger) -> None:
    value = ("entry", 0, "changes", 0, "value")
    bodies = [FIXTURES["comment_edited"], changed(FIXTURES["comment_edited"], *value, "message", value="?")]
    ids = [
        one.id for body in bodies * 2 for one in accepted(messenger, body) if isinstance(one, CustomerEdit)
    ]
    assert len(ids) == 4
    assert len(set(ids)) == 2


def test_an_address_too_long_for_a_file_is_told_as_text(messenger: Messenger) -> None:
    long = "https://scontent.xx.fbcdn.net/" + "x" * 1_000
    where = (*MESSAGING, "message", "attachments", 0, "payload", "url")
    [message] = accepted(messenger, changed(FIXTURES["media"], *where, value=long))
    assert isinstance(message, CustomerMessage)
    assert message.text == f"rikki\n{long}"
    assert len(message.files) == 2


@pytest.mark.parametrize("odd", [7, {"type": []}, {"type": "image", "payload": []}, {"type": "location"}])
def test_an_attachment_that_is_wrong_costs_neither_the_text_nor_the_others(
    messenger: Messenger, odd: object
) -> None:
    where = (*MESSAGING, "message", "attachments", 0)
    assert accepted(messenger, changed(FIXTURES["media"], *where, value=odd)) == [
        replace(one, text=f"rikki\n{UNTOLD}", files=one.files[1:])
        for one in READ["media"]
        if isinstance(one, CustomerMessage)
    ]
    alone = changed(FIXTURES["text"], *MESSAGING, "message", "attachments", value=odd)
    assert accepted(messenger, alone) == [written(MID, f"Hei 😀, missä tilaukseni on?\n{UNTOLD}")]


def test_an_echo_that_bears_our_mark_is_ours_whatever_app_it_names(messenger: Messenger) -> None:
    for mark, read in (("jono:K7Q2M4-1-0", []), ("theirs", READ["echo_inbox"])):
        body = changed(FIXTURES["echo_inbox"], *MESSAGING, "message", "metadata", value=mark)
        assert accepted(messenger, body) == read


def test_without_the_apps_id_nobody_knows_who_answered(tools: Tools) -> None:
    assert accepted(open_channel(replace(OPTIONS, app_id=""), tools), FIXTURES["echo_inbox"]) == []


# --- options -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("page", "acme"),
        ("token", ""),
        ("token", "with\nbreak"),
        ("secret", ""),
        ("secret", (SECRET, "")),
        ("verify_token", ""),
        ("app_id", "my app"),
        ("api_base", "graph.facebook.com"),
    ],
)
def test_options_that_cannot_work_are_named(tools: Tools, key: str, value: object) -> None:
    options: Mapping[str, object] = {key: value}
    with pytest.raises(BadOptions) as caught:
        open_channel(replace(OPTIONS, **options), tools)  # type: ignore[arg-type]
    assert caught.value.key == key


def test_no_secret_is_shown(messenger: Messenger) -> None:
    shown = repr(OPTIONS) + repr(vars(messenger))
    assert not any(secret in shown for secret in (TOKEN, SECRET, OLD, VERIFY))


def test_how_long_may_be_answered_stands_in_the_limits(tools: Tools) -> None:
    windows = [
        open_channel(replace(OPTIONS, human_agent=one), tools).limits.reply_window_s for one in (False, True)
    ]
    assert windows == [86_400.0, 604_800.0]


def test_fixtures_are_whole() -> None:
    assert all(json.loads(body)["object"] for body in FIXTURES.values())
