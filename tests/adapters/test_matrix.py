"""The Matrix channel takes in: transactions that a homeserver pushes, and what it is asked to pull."""

from __future__ import annotations

import asyncio
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
    Down,
    File,
    Inviting,
    Media,
    Person,
    Profile,
    Pushed,
    Seeing,
    Tools,
    Typing,
    Unheard,
    Untrusted,
    Unusable,
)
from adapters.matrix import Matrix, Options, open_channel
from adapters.matrix.events import SEALED
from bot.fetch import open_session
from tests.adapters.contract import NOW, Genuine, PushedContract, SendingContract
from tests.fakes.matrix import BOT, FIXTURES, TOKEN, Homeserver, homeserver

HS_TOKENS = ("hs-token-new", "hs-token-old")
ROOM, AGENTS_ROOM, AINO, EVA = (
    "!room:example.org",
    "!agents:example.org",
    "@aino:example.org",
    "@eva:example.org",
)
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
async def http() -> AsyncIterator[ClientSession]:
    async with open_session(allow_private=True) as session:
        yield session


@pytest.fixture
def reports() -> list[str]:
    return []


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
    body = FIXTURES["invited"].replace(AINO.encode(), EVA.encode())
    [arrival] = accepted(matrix, body)
    assert isinstance(arrival, AgentCommand)
    assert (arrival.command, arrival.answer_to) == ("help", f"{ROOM} $invite:example.org")


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


# --- pulled --------------------------------------------------------------------------------------------------


def synced(next_batch: str, **rooms: Any) -> dict[str, Any]:
    return {"next_batch": next_batch, "rooms": rooms}


def events_of(name: str) -> list[Any]:
    events: list[Any] = json.loads(FIXTURES[name])["events"]
    for event in events:
        del event["room_id"]
    return events


async def heard(matrix: Matrix) -> list[Arrival]:
    """All that comes until the homeserver fails."""
    came: list[Arrival] = []

    async def inbox(arrival: Arrival) -> None:
        came.append(arrival)

    with pytest.raises(Down):
        await matrix.listen(inbox)
    return came


async def test_the_first_time_nothing_old_is_read(pulling: Matrix, far_end: Homeserver, tools: Tools) -> None:
    old = {"timeline": {"events": events_of("ordinary")}}
    far_end.syncs = [synced("s1", join={ROOM: old}, invite={"!new:example.org": {}}), synced("s2")]
    assert await heard(pulling) == []
    assert await tools.bookmarks.all() == {"sync": "s2"}
    assert far_end.joined == {AGENTS_ROOM, "!new:example.org"}
    assert [query.get("since") for _, path, query in far_end.calls if path.endswith("/sync")] == [
        None,
        "s1",
        "s2",
    ]


async def test_what_is_pulled_is_what_is_pushed(pulling: Matrix, far_end: Homeserver, tools: Tools) -> None:
    tools.bookmarks.mark("sync", "s1")
    for name in READ:
        room_id = AGENTS_ROOM if name == "agents" else ROOM
        side = "leave" if name == "thrown_out" else "join"
        far_end.syncs.append(synced(name, **{side: {room_id: {"timeline": {"events": events_of(name)}}}}))
    came = await heard(pulling)
    wanted = [arrival for name in READ if name != "agents" for arrival in READ[name]]
    assert came[: len(wanted)] == wanted
    assert len(came) == len(wanted) + len(READ["agents"])


async def test_a_mark_is_set_only_when_all_is_taken_in(
    pulling: Matrix, far_end: Homeserver, tools: Tools
) -> None:
    tools.bookmarks.mark("sync", "s1")
    far_end.syncs = [synced("s2", join={ROOM: {"timeline": {"events": events_of("batch")}}})]
    came: list[Arrival] = []

    async def inbox(arrival: Arrival) -> None:
        came.append(arrival)
        await asyncio.Event().wait()

    task = asyncio.create_task(pulling.listen(inbox))
    while not came:
        await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await tools.bookmarks.all() == {"sync": "s1"}


async def test_a_gap_is_read_back(pulling: Matrix, far_end: Homeserver, tools: Tools) -> None:
    tools.bookmarks.mark("sync", "s1")
    timeline = {"events": events_of("emote"), "limited": True, "prev_batch": "p9"}
    state = {"events": [event | {"content": {"displayname": "Aino K."}} for event in events_of("left")]}
    far_end.syncs = [synced("s2", join={ROOM: {"timeline": timeline, "state": state}})]
    far_end.answers["/messages"] = (200, {"chunk": [*reversed(events_of("batch"))]})
    came = await heard(pulling)
    assert [(one.text, one.customer.name) for one in came if isinstance(one, CustomerMessage)] == [
        (text, "Aino K.") for text in ("one", "two", "* thinks")
    ]
    [query] = [query for _, path, query in far_end.calls if path.endswith("/messages")]
    assert (query["from"], query["to"], query["dir"]) == ("p9", "s1", "b")


async def test_what_was_said_before_the_bot_was_invited_is_not_for_it(
    pulling: Matrix, far_end: Homeserver, tools: Tools
) -> None:
    tools.bookmarks.mark("sync", "s1")
    events = [*events_of("batch"), *events_of("invited"), *events_of("emote")]
    far_end.syncs = [synced("s2", join={ROOM: {"timeline": {"events": events}}})]
    came = await heard(pulling)
    assert [one.text for one in came if isinstance(one, CustomerMessage)] == ["/start", "* thinks"]


async def test_a_mark_that_is_not_known_any_more_is_given_up(
    pulling: Matrix, far_end: Homeserver, tools: Tools
) -> None:
    tools.bookmarks.mark("sync", "old")
    far_end.answers["/sync"] = (400, {"errcode": "M_UNKNOWN"})
    far_end.syncs = [synced("s7"), synced("s8")]
    assert await heard(pulling) == []
    assert await tools.bookmarks.all() == {"sync": "s8"}


async def test_an_invitation_that_cannot_be_followed_stops_nobody(
    pulling: Matrix, far_end: Homeserver, tools: Tools
) -> None:
    far_end.closed = {"!gone:example.org", AGENTS_ROOM}
    far_end.syncs = [synced("s1", invite={"!gone:example.org": {}})]
    await heard(pulling)
    assert await tools.bookmarks.all() == {"sync": "s1"}


# --- listening -----------------------------------------------------------------------------------------------


async def never(arrival: Arrival) -> None:
    raise AssertionError(arrival)


async def test_it_makes_its_account_and_enters_the_agents_room(
    matrix: Matrix, far_end: Homeserver, reports: list[str]
) -> None:
    far_end.state["m.room.encryption"] = {"algorithm": "m.megolm.v1.aes-sha2"}
    task = asyncio.create_task(matrix.listen(never))
    while len(reports) < 2:
        await asyncio.sleep(0.001)
    task.cancel()
    assert far_end.joined == {AGENTS_ROOM}
    assert "encrypted" in reports[-1]
    register, whoami = far_end.calls[:2]
    assert register[1].endswith("/register")
    assert whoami[2] == {"user_id": BOT}


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (401, "M_UNKNOWN_TOKEN", Unusable),
        (403, "M_FORBIDDEN", Unusable),
        (400, "M_EXCLUSIVE", Unusable),
        (429, "M_LIMIT_EXCEEDED", Down),
        (502, "", Down),
    ],
)
async def test_why_it_cannot_be_listened_to(
    matrix: Matrix, far_end: Homeserver, status: int, code: str, error: type[Unheard]
) -> None:
    far_end.answers["/whoami"] = (status, {"errcode": code})
    with pytest.raises(error, match=r"\w") as caught:
        await matrix.listen(never)
    assert TOKEN not in str(caught.value)


async def test_another_ones_token_is_unusable(pulling: Matrix, far_end: Homeserver) -> None:
    far_end.user = "@other:example.org"
    with pytest.raises(Unusable, match="@other"):
        await pulling.listen(never)
    assert any("@other" in finding.wrong for finding in await pulling.check())


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
