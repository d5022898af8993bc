"""The X channel takes in: payloads as X documents them, signed by an independent line of code."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from adapters.base import (
    AgentCommand,
    Answering,
    Arrival,
    BadOptions,
    Channel,
    Checked,
    CustomerEdit,
    CustomerMessage,
    File,
    Inviting,
    Malformed,
    Media,
    OutsideReply,
    Paced,
    Person,
    Profile,
    Pushed,
    Tools,
    Untrusted,
)
from adapters.x import X, open_channel
from adapters.x.events import ENCRYPTED, UNTOLD
from tests.adapters import x_side
from tests.adapters.contract import NOW, Genuine, PushedContract
from tests.adapters.x_side import AGENT, SECRETS, far, tools
from tests.fakes.x import ACCESS_SECRET, ACCESS_TOKEN, CONSUMER_SECRET, CUSTOMER, FIXTURES, TOKEN, US, Far

__all__ = ["far", "tools"]

SIGNATURE = "x-twitter-webhooks-signature"
OTHER, JORDAN, CAT = (Person(CUSTOMER, name) for name in ("OtherUser", "Jordan Brinks", "Cat Person"))
PUBLIC = f"@{CUSTOMER}"
OPTIONS = replace(x_side.OPTIONS, keywords=("acme shoes",), profile=False)


def signed(body: bytes, secret: str = CONSUMER_SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return {SIGNATURE: "sha256=" + base64.b64encode(digest).decode()}


@pytest.fixture
def x(tools: Tools, far: Far) -> X:
    return open_channel(replace(OPTIONS, api_base=far.url), tools)


def accepted(x: X, body: bytes) -> list[Arrival]:
    return x.accept(signed(body), body, NOW)


def changed(name: str, change: Mapping[str, str]) -> bytes:
    """A fixture in which some texts are others."""
    text = FIXTURES[name].decode()
    for old, new in change.items():
        assert json.dumps(old, ensure_ascii=False) in text
        text = text.replace(json.dumps(old, ensure_ascii=False), json.dumps(new, ensure_ascii=False))
    return text.encode()


ALIKE = (
    "robot",
    "missing_field",
    "own_delete",
    "own_post",
    "repost",
    "older_own",
    "encrypted_echo",
    "no_keyword",
)
"""Not in the contract's long tests: what differs from another only by who did it."""


class TestX(PushedContract):
    @pytest.fixture
    def channel(self, x: X) -> Channel:
        return x

    @pytest.fixture
    def genuine(self) -> Genuine:
        samples = {name: body for name, body in FIXTURES.items() if name not in ALIKE}
        nothing = tuple(name for name in NOTHING if name not in ALIKE)
        return Genuine(samples, signed, SECRETS, nothing)


def test_what_it_can_do_beside(x: X) -> None:
    for ability in (Answering, Checked, Inviting, Media, Paced, Profile):
        assert isinstance(x, ability)


# --- what is read --------------------------------------------------------------------------------------------


def private(number: str, who: Person, text: str, *files: File, **more: Any) -> CustomerMessage:
    return CustomerMessage(number, CUSTOMER, who, text, files=files, continues=PUBLIC, **more)


def posted(number: str, who: Person, text: str, *files: File, **more: Any) -> CustomerMessage:
    ref = number.removeprefix("post-")
    return CustomerMessage(number, PUBLIC, who, text, files=files, ref=ref, public=True, **more)


FSL = "https://ton.twitter.com/1.1/ton/data/dm/954491830116155399/954491830116155398/Fsl_xKTJ.jpg"
FILM = File("video", "https://video.twimg.com/dm_video/1/vid/large.mp4", mime="video/mp4")
LATE = "my order 7 is late"
NOTHING = (
    *(
        "echo",
        "older_echo",
        "encrypted_echo",
        "own_post",
        "own_delete",
        "older_own",
        "older_repost",
        "repost",
    ),
    *("no_keyword", "typing", "unknown_kind"),
)
READ: Mapping[str, list[Arrival]] = {
    "ordinary": [private("dm-2080765901528535096", OTHER, "hello!")],
    "robot": [private("dm-2080765901528535097", OTHER, "hello!", from_robot=True)],
    "unreadable": [private("dm-2080765901528535096", OTHER, UNTOLD)],
    "older_message": [private("dm-954491830116155396", JORDAN, "Hello World!")],
    "media": [
        private("dm-954491830116155399", JORDAN, "look <here>", File("photo", FSL)),
        private("dm-954491830116155401", JORDAN, "", FILM),
    ],
    "batch": [
        private("dm-954491830116155410", JORDAN, "one"),
        private("dm-954491830116155412", JORDAN, "two"),
        posted("post-1050118621198921731", JORDAN, "three"),
    ],
    "encrypted": [private("chat-e4f4d3fc-8bbf-4928-92eb-e5058d6bb6f6", Person(CUSTOMER), ENCRYPTED)],
    "mention": [posted("post-2080765813578191303", OTHER, "hey @ExampleUser")],
    "reply": [posted("post-2090000000000000001", Person(CUSTOMER), "Great post — thanks for sharing!")],
    "quote": [
        posted(
            "post-2090000000000000002",
            Person(CUSTOMER),
            "Adding some context to this. https://twitter.com/ExampleUser/status/2080761390344937796",
        )
    ],
    "older_mention": [
        posted(
            "post-1050118621198921728",
            JORDAN,
            "where is my parcel? It should be here by now: https://shop.example/parcels/7",
        )
    ],
    "keyword": [
        posted(
            "post-1746838281984532480", CAT, "Acme Shoes fell apart after a week & nobody cares", quiet=True
        )
    ],
    "edited": [
        posted("post-1746838281984532482", CAT, LATE),
        CustomerEdit("edit-1746838281984532483", PUBLIC, "1746838281984532482", LATE),
    ],
    "picture": [
        posted(
            "post-1746838281984532484",
            CAT,
            "see https://x.com/catperson/status/1746838281984532484/photo/1",
            File("photo", "https://pbs.twimg.com/media/G0ab.jpg"),
        )
    ],
    "delete": [CustomerEdit("delete-2080761269309813134", PUBLIC, "2080761269309813134", None)],
    "older_delete": [CustomerEdit("delete-1045405559317569537", PUBLIC, "1045405559317569537", None)],
    **{name: [] for name in NOTHING},
}


@pytest.mark.parametrize("name", READ)
def test_an_event_is_read(x: X, name: str) -> None:
    assert accepted(x, FIXTURES[name]) == READ[name]


def test_every_fixture_is_read_and_what_is_missing_is_named(x: X) -> None:
    assert FIXTURES.keys() - READ.keys() == {"missing_field"}
    with pytest.raises(Malformed, match="sender_id"):
        accepted(x, FIXTURES["missing_field"])


@pytest.mark.parametrize(
    "body",
    [
        changed("ordinary", {US: "4444444444444444444"}),
        changed("mention", {US: "4444444444444444444"}),
        changed("older_message", {US: "4444444444444444444"}),
        changed("encrypted", {f"{CUSTOMER}:{US}": "g1992483498"}),
        changed("ordinary", {"message_create": "reaction_create"}).replace(b'"reaction_create":', b'"m":'),
        b"{}",
    ],
)
def test_what_is_for_others_or_is_no_message_is_passed_over(x: X, body: bytes) -> None:
    assert accepted(x, body) == []


def test_a_robots_posts_are_passed_over(x: X) -> None:
    push = json.loads(FIXTURES["mention"])
    push["data"]["includes"]["users"][0]["affiliation"] = {"description": "Automated"}
    assert accepted(x, json.dumps(push).encode()) == []


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("@exampleuser @ExampleUser: help", "help"),
        (" @ExampleUser", "@ExampleUser"),
        ("@ExampleUsers help", None),
        ("mail me@ExampleUser.example", None),
        ("RT @ExampleUser: help", None),
        ("Where are my ACME SHOES?", "Where are my ACME SHOES?"),
    ],
)
def test_our_name_and_our_words_are_found_in_posts(x: X, text: str, read: str | None) -> None:
    arrivals = accepted(x, changed("no_keyword", {"Look at this cute cat! 🐱": text}))
    assert [one.text for one in arrivals if isinstance(one, CustomerMessage)] == ([read] if read else [])


def test_a_link_begins_in_a_queue(x: X) -> None:
    for said, text, queue in (
        ("/start billing__fi", "/start fi", "billing"),
        ("/start Ab-3_x", "/start Ab-3_x", None),
        ("/started", "/started", None),
    ):
        [message] = accepted(x, changed("ordinary", {"hello!": said}))
        assert message == private("dm-2080765901528535096", OTHER, text, queue=queue)


def test_an_agent_gives_commands(x: X) -> None:
    body = changed("ordinary", {CUSTOMER: AGENT, "hello!": "/claim K7Q2M4 "})
    agent = Person(AGENT, "OtherUser")
    assert accepted(x, body) == [AgentCommand("dm-2080765901528535096", agent, "claim", "K7Q2M4")]


def test_with_never_nothing_automatic_is_said(tools: Tools) -> None:
    x = open_channel(replace(OPTIONS, acknowledge="never"), tools)
    for name in ("ordinary", "mention"):
        [message] = READ[name]
        assert isinstance(message, CustomerMessage)
        assert accepted(x, FIXTURES[name]) == [replace(message, quiet=True)]


@pytest.mark.parametrize(("app_id", "outside"), [("", False), ("13090192", False), ("7", True)])
def test_a_reply_from_another_app_is_a_humans(tools: Tools, app_id: str, outside: bool) -> None:
    x = open_channel(replace(OPTIONS, app_id=app_id), tools)
    human = Person(US, "Harrison Test")
    reply = OutsideReply("dm-954491830116155397", CUSTOMER, human, "We look into it")
    assert accepted(x, FIXTURES["older_echo"]) == ([reply] if outside else [])
    assert accepted(x, FIXTURES["echo"]) == [], "X names no app: it may be ours"


# --- the challenge -------------------------------------------------------------------------------------------


def asked(challenge: str, method: str = "GET") -> Pushed:
    return Pushed(method, "", {"crc_token": challenge} if challenge else {}, {}, b"")


def test_the_first_secret_answers_the_challenge(x: X) -> None:
    for challenge in ("challenge_string", "ZTdkN2Y2OTUtNzQ4Zi00+/=="):
        told = x.answer(asked(challenge), NOW)
        assert told is not None
        assert (told.status, told.content_type) == (200, "application/json")
        assert json.loads(told.body) == {"response_token": signed(challenge.encode())[SIGNATURE]}
    assert x.answer(asked("challenge_string", "POST"), NOW) is None


@pytest.mark.parametrize(
    "challenge", ["", "{}", FIXTURES["ordinary"].decode(), '"a"', "ä", "x" * 1_001, "a\n"]
)
def test_nobody_gets_a_push_signed_by_way_of_a_challenge(x: X, challenge: str) -> None:
    with pytest.raises(Malformed, match="crc_token"):
        x.answer(asked(challenge), NOW)


def test_another_secret_is_not_trusted(x: X) -> None:
    for headers in (signed(FIXTURES["ordinary"], "other"), {SIGNATURE: "sha256="}, {SIGNATURE: "ä\udcff"}):
        with pytest.raises(Untrusted):
            x.accept(headers, FIXTURES["ordinary"], NOW)


# --- options -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("consumer_secret", ""),
        ("consumer_secret", ()),
        ("consumer_secret", (CONSUMER_SECRET, "ä")),
        ("account", "acme"),
        ("handle", "https://x.com/acme"),
        ("consumer_key", ""),
        ("access_token", ""),
        ("access_secret", "a\nb"),
        ("token", "ä"),
        ("keywords", ("",)),
        ("app_id", "mine"),
        ("acknowledge", "always"),
        ("api_base", "api.x.com"),
    ],
)
def test_what_cannot_work_is_named_and_no_secret_shown(tools: Tools, key: str, value: Any) -> None:
    options = replace(OPTIONS, **{key: value})
    with pytest.raises(BadOptions) as caught:
        open_channel(options, tools)
    assert caught.value.key == key
    told = str(caught.value) + repr(options)
    assert not any(one in told for one in (*SECRETS, ACCESS_TOKEN, ACCESS_SECRET))


def test_the_profile_wants_keys(tools: Tools) -> None:
    by_token = replace(OPTIONS, consumer_key="", access_token="", access_secret="", token=TOKEN)
    assert open_channel(by_token, tools).outlets == ()
    assert TOKEN not in repr(by_token)
    with pytest.raises(BadOptions) as caught:
        open_channel(replace(by_token, profile=True), tools)
    assert caught.value.key == "profile"


@pytest.mark.parametrize("hook_url", ["", "http://jono.example/hooks/x", "https://jono.example:8443/hooks/x"])
def test_x_pushes_to_https_without_a_port(tools: Tools, hook_url: str) -> None:
    with pytest.raises(BadOptions, match="public_url"):
        open_channel(OPTIONS, replace(tools, hook_url=hook_url))
