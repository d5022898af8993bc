"""The Matrix channel takes in: transactions that a homeserver pushes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientSession

from adapters.base import (
    AgentCommand,
    Answering,
    Arrival,
    BadOptions,
    Channel,
    Checked,
    CommandHelp,
    CustomerEdit,
    CustomerGone,
    CustomerMessage,
    CustomerReaction,
    File,
    Inviting,
    Media,
    OutsideReply,
    Person,
    Profile,
    Pushed,
    Seeing,
    Tools,
    Typing,
    Untrusted,
)
from adapters.matrix import Matrix, Options, open_channel
from adapters.matrix.events import SEALED
from tests.adapters.contract import NOW, Genuine, PushedContract, SendingContract
from tests.fakes.matrix import BOT, FIXTURES, TOKEN, Homeserver, homeserver

HS_TOKENS = ("hs-token-new", "hs-token-old")
ROOM, AGENTS_ROOM = "!room:example.org", "!agents:example.org"
AINO, EVA = "@aino:example.org", "@eva:example.org"
HOOK = "https://jono.example/hooks/matrix"
SAMPLE = Genuine(
    FIXTURES,
    lambda body, secret: {"Authorization": f"Bearer {secret}"},
    HS_TOKENS,
    nothing=("missing_field", "unknown_kind", "never_came", "echo", "empty"),
    body_is_proven=False,
)


@pytest.fixture
async def far_end() -> AsyncIterator[Homeserver]:
    async with homeserver() as running:
        yield running


@pytest.fixture
def tools(http: ClientSession, reports: list[str]) -> Tools:
    commands = (CommandHelp("wait", "", "", for_agents=False, names={"fi": "odotus"}),)
    agents = frozenset({EVA})
    return Tools("matrix", http, lambda: NOW, commands, agents, hook_url=HOOK, report=reports.append)


@pytest.fixture
def options(far_end: Homeserver) -> Options:
    return Options(far_end.url, TOKEN, BOT, HS_TOKENS, AGENTS_ROOM)


@pytest.fixture
def matrix(options: Options, tools: Tools) -> Matrix:
    return open_channel(options, tools)


@pytest.fixture
def pulling(options: Options, tools: Tools) -> Matrix:
    return open_channel(replace(options, hs_token=""), tools)


class TestMatrix(PushedContract, SendingContract):
    @pytest.fixture
    def channel(self, matrix: Matrix) -> Channel:
        return matrix

    @pytest.fixture
    def genuine(self) -> Genuine:
        return SAMPLE

    @pytest.fixture
    def secrets(self) -> tuple[str, ...]:
        return (TOKEN, *HS_TOKENS)


def test_what_it_can_do_beside(matrix: Matrix) -> None:
    for ability in (Answering, Checked, Inviting, Media, Profile, Seeing, Typing):
        assert isinstance(matrix, ability), ability


# --- events --------------------------------------------------------------------------------------------------


def accepted(matrix: Matrix, body: bytes) -> list[Arrival]:
    return matrix.accept(SAMPLE.headers(body), body, NOW)


def written(name: str, text: str, *files: File, who: str = "aino") -> CustomerMessage:
    event_id = f"${name}:example.org"
    customer = Person(f"@{who}:example.org", who)
    return CustomerMessage(event_id, ROOM, customer, text, files=files, ref=event_id)


def from_eva(name: str) -> bytes:
    return FIXTURES[name].replace(AINO.encode(), EVA.encode())


def eva(name: str, command: str, text: str, **more: Any) -> AgentCommand:
    event_id = f"${name}:example.org"
    known: dict[str, Any] = {"place": "$card", "member": True, "answer_to": f"{AGENTS_ROOM} {event_id} $card"}
    return AgentCommand(event_id, Person(EVA, "eva"), command, text, **{**known, **more})


def kept(name: str) -> str:
    return f"mxc://example.org/{name}"


READ: dict[str, list[Arrival]] = {
    "ordinary": [written("text", "Hei 😀, missä tilaukseni on?")],
    "batch": [written("1", "one"), written("2", "two")],
    "media": [
        written("image", "", File("photo", kept("JWEIFJgwEIhweiWJE"), "filename.jpg", "image/jpeg", 31_037)),
        written("caption", "Rikki!", File("photo", kept("kuva"), "kuva.jpg", "image/jpeg", 31_037)),
        written(
            "video",
            "",
            File("video", kept("a526eYUSFFxlgbQYZmo442"), "Gangnam Style", "video/mp4", 1_563_685),
        ),
        written(
            "audio", "", File("audio", kept("ffed755USFFxlgbQYZGtryd"), "Bee Gees", "audio/mpeg", 1_563_685)
        ),
        written("voice", "", File("voice", kept("voice"), "Voice message", "audio/ogg")),
        written(
            "file",
            "",
            File(
                "document",
                kept("FHyPlCeYUSFFxlgbQYZmoEoe"),
                "something-important.doc",
                "application/msword",
                46_144,
            ),
        ),
        written(
            "sticker",
            "",
            File("sticker", kept("sHhqkFCvSkFwtmvtETOtKnLP"), "", "image/png", 73_602, "Landing"),
        ),
        written("location", "", File.located(51.5008, 0.1247, "Big Ben, London, UK")),
    ],
    "emote": [written("emote", "* thinks")],
    "reply": [written("reply", "This is a reply")],
    "edit": [CustomerEdit("$edit:example.org", ROOM, "$text:example.org", "Hei!")],
    "delete": [
        CustomerEdit(f"${name}:example.org", ROOM, "$text:example.org", None) for name in ("old", "new")
    ],
    "reaction": [CustomerReaction("$reaction:example.org", ROOM, "👍")],
    "invited": [replace(written("invite", "/start"), ref="")],
    "left": [CustomerGone("$leave:example.org", ROOM)],
    "thrown_out": [CustomerGone("$ban:example.org", ROOM)],
    "encrypted": [written("sealed", SEALED)],
    "agents": [
        eva("said", "reply", "Huomenna!", ref="$said:example.org"),
        eva("note", "note", "ask Bo", ref="$note:example.org"),
        eva("command", "close", "done"),
        eva("claim", "claim", "K7Q2M4", place="", answer_to=f"{AGENTS_ROOM} $claim:example.org"),
        eva(
            "answered",
            "reply",
            "Selvä",
            ref="$answered:example.org",
            answer_to=f"{AGENTS_ROOM} $answered:example.org",
        ),
        eva("private", "desk", "", place="", member=False, answer_to="!eva:example.org $private:example.org"),
    ],
}


@pytest.mark.parametrize("name", sorted(FIXTURES))
def test_an_event_is_read(matrix: Matrix, name: str) -> None:
    assert accepted(matrix, FIXTURES[name]) == READ.get(name, [])


@pytest.mark.parametrize(
    ("text", "heard"),
    [("!wait", "/wait"), ("!Odotus x", "/Odotus x"), ("!!!", "!!!"), ("!what", "!what"), ("/wait", "/wait")],
)
def test_customers_may_give_commands_by_another_sign(matrix: Matrix, text: str, heard: str) -> None:
    batch = json.loads(FIXTURES["ordinary"])
    batch["events"][0]["content"]["body"] = text
    [arrival] = accepted(matrix, json.dumps(batch).encode())
    assert isinstance(arrival, CustomerMessage)
    assert arrival.text == heard


def test_an_agent_who_invites_the_bot_is_helped(matrix: Matrix) -> None:
    [arrival] = accepted(matrix, from_eva("invited"))
    assert isinstance(arrival, AgentCommand)
    assert (arrival.command, arrival.answer_to) == ("help", f"{ROOM} $invite:example.org")


def test_what_an_agent_writes_in_a_customers_room_is_for_that_customer(matrix: Matrix) -> None:
    person, event_id = Person(EVA, "eva"), "$text:example.org"
    text = "Hei 😀, missä tilaukseni on?"
    assert accepted(matrix, from_eva("ordinary")) == [OutsideReply(event_id, ROOM, person, text)]
    said: list[Any] = [one for one in accepted(matrix, from_eva("media")) if isinstance(one, OutsideReply)]
    assert [one.text for one in said] == ["", "Rikki!", "", "", "", "", "", ""]


@pytest.mark.parametrize("sign", ["!", "/"])
def test_a_command_is_one_wherever_an_agent_gives_it(matrix: Matrix, sign: str) -> None:
    batch = json.loads(from_eva("ordinary"))
    batch["events"][0]["content"]["body"] = f"{sign}reply Huomenna!"
    [command] = accepted(matrix, json.dumps(batch).encode())
    assert isinstance(command, AgentCommand)
    assert (command.command, command.arguments, command.member) == ("reply", "Huomenna!", False)


@pytest.mark.parametrize(
    "odd", [b'"\\ud83d"', b'{"a":' * 3_000 + b"1" + b"}" * 3_000, b"NaN", b"1" * 5_000, b'"\xed\xa0\xbd"']
)
def test_one_event_that_cannot_be_read_keeps_no_other_back(matrix: Matrix, odd: bytes) -> None:
    body = FIXTURES["batch"].replace(b'"body":', b'"odd": ' + odd + b',\n"body":', 1)
    assert accepted(matrix, body) == READ["batch"]


def test_half_a_character_is_shown_as_a_mark(matrix: Matrix) -> None:
    body = FIXTURES["emote"].replace(b"thinks", b"th\\ud83dinks \\ud83d\\ude00")
    assert accepted(matrix, body) == [written("emote", "* th?inks 😀")]


def test_who_writes_where_the_topic_shows_the_wait_is_no_customer(options: Options, tools: Tools) -> None:
    matrix = open_channel(replace(options, topic_room=ROOM, profile=("topic",)), tools)
    for name in ("ordinary", "invited", "left"):
        assert accepted(matrix, FIXTURES[name]) == []


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("PUT", "/_matrix/app/v1/transactions/35", None),
        ("POST", "/_matrix/app/v1/ping", (200, {})),
        ("GET", "/_matrix/app/v1/users/@x:example.org", (404, "M_NOT_FOUND")),
        ("GET", "/_matrix/app/v1/rooms/%23x:example.org", (404, "M_NOT_FOUND")),
        ("GET", "/_matrix/app/v1/thirdparty/protocol/irc", (404, "M_UNRECOGNIZED")),
        ("POST", "", (404, "M_UNRECOGNIZED")),
    ],
)
def test_what_a_homeserver_asks_beside(matrix: Matrix, method: str, path: str, told: Any) -> None:
    answer = matrix.answer(Pushed(method, path, {}, SAMPLE.headers(b""), b""), NOW)
    if told is None or answer is None:
        assert answer is told
        return
    body = json.loads(answer.body)
    assert (answer.status, body.get("errcode", body), answer.content_type) == (*told, "application/json")
    with pytest.raises(Untrusted):
        matrix.answer(Pushed(method, path, {}, {"Authorization": f"Bearer {TOKEN}"}, b""), NOW)
    assert json.loads(matrix.thanks.body) == {}


def test_nothing_is_pushed_to_a_channel_that_pulls(pulling: Matrix) -> None:
    assert pulling.limits.one_reader
    for proof in ("Bearer ", "Bearer", ""):
        with pytest.raises(Untrusted):
            pulling.accept({"Authorization": proof}, FIXTURES["ordinary"], NOW)


# --- options -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("api_base", {"api_base": "matrix.example.org"}),
        ("token", {"token": ""}),
        ("token", {"token": "a b"}),
        ("user", {"user": "jono"}),
        ("hs_token", {"hs_token": ("ä",)}),
        ("agents_room", {"agents_room": "#agents:example.org"}),
        ("topic_room", {"topic_room": "#wait:example.org"}),
        ("topic_room", {"profile": ("topic",)}),
    ],
)
def test_options_that_cannot_work(options: Options, tools: Tools, key: str, change: dict[str, Any]) -> None:
    with pytest.raises(BadOptions) as caught:
        open_channel(replace(options, **change), tools)
    assert caught.value.key == key
    assert TOKEN not in repr(options)
    assert HS_TOKENS[0] not in repr(options)


def test_a_homeserver_needs_an_address_to_push_to(options: Options, tools: Tools) -> None:
    with pytest.raises(BadOptions, match="public_url"):
        open_channel(options, replace(tools, hook_url=""))


def test_only_an_empty_invitation_is_possible(matrix: Matrix) -> None:
    assert matrix.invitation("") == "https://matrix.to/#/@jono:example.org"
    assert matrix.invitation("K7Q2M4") == ""
