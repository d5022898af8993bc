"""The Matrix channel sends, fetches, shows cases in a room and looks at itself: against a homeserver as its far end."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest

from adapters.base import (
    Attachment,
    Busy,
    Button,
    CommandAnswer,
    EditOut,
    File,
    MessageOut,
    NameRoom,
    OpenRoom,
    Outgoing,
    Post,
    Receipt,
    Refused,
    ShowCard,
    Tools,
    Uncertain,
    Undelivered,
)
from adapters.matrix import Matrix, Options, open_channel
from adapters.matrix.content import TEXT_BYTES, fitting, measure
from tests.adapters.carrying import content_of, holding
from tests.adapters.test_matrix import AGENTS_ROOM, EVA, ROOM, far_end, matrix, options, tools
from tests.fakes.matrix import BOT, TOKEN, Homeserver

__all__ = ["far_end", "matrix", "options", "tools"]

MESSAGE = MessageOut("K7Q2M4-1-0", ROOM, "@aino:example.org", "K7Q2M4", "reply", "Huomenna!")
CARD = ("K7Q2M4", "K7Q2M4 · Aino", "K7Q2M4", "waiting", "Aino waits", (Button("Claim", "claim", "K7Q2M4"),))
CARD_TEXT = "Aino waits\n\nClaim: !claim K7Q2M4"
THREAD = {
    "rel_type": "m.thread",
    "event_id": "$card",
    "is_falling_back": True,
    "m.in_reply_to": {"event_id": "$card"},
}


def text(body: str, **more: Any) -> dict[str, Any]:
    return {"msgtype": "m.text", "body": body, "m.mentions": {}, **more}


# --- to customers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "msgtype"), [("reply", "m.text"), ("acknowledgement", "m.notice")])
async def test_programs_do_not_answer_what_is_automatic(
    matrix: Matrix, far_end: Homeserver, kind: Any, msgtype: str
) -> None:
    await matrix.send(replace(MESSAGE, kind=kind))
    assert far_end.events == [(ROOM, "send/m.room.message/K7Q2M4-1-0", text("Huomenna!", msgtype=msgtype))]


async def test_a_key_is_delivered_once(matrix: Matrix, far_end: Homeserver) -> None:
    assert matrix.limits.resend_is_safe
    assert await matrix.send(MESSAGE) == await matrix.send(MESSAGE)
    assert len(far_end.events) == 1


async def test_an_invitation_is_followed_when_there_is_something_to_say(
    matrix: Matrix, far_end: Homeserver
) -> None:
    far_end.invited = {ROOM}
    await matrix.send(MESSAGE)
    assert far_end.joined == {ROOM}
    assert far_end.delivered == ["Huomenna!"]


async def test_a_room_that_is_closed_to_us_is_refused(matrix: Matrix, far_end: Homeserver) -> None:
    far_end.closed = {ROOM}
    with pytest.raises(Refused, match="M_FORBIDDEN"):
        await matrix.send(MESSAGE)


async def test_what_was_sent_is_changed_and_deleted(matrix: Matrix, far_end: Homeserver) -> None:
    edit = EditOut("k-1", ROOM, "@aino:example.org", "$sent", "x" * 40_000)
    assert await matrix.send(edit) == "$sent"
    assert await matrix.send(replace(edit, key="k-2", text=None)) == "$sent"
    (_, _, changed), deleted = far_end.events
    assert changed["m.new_content"] == text("x" * 40_000)
    assert changed["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$sent"}
    assert deleted == (ROOM, "redact/$sent/k-2", {})


@pytest.mark.parametrize(
    ("status", "body", "error", "delay_s"),
    [
        (429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2_000}, Busy, 2.0),
        (429, {"errcode": "M_LIMIT_EXCEEDED"}, Busy, 9.0),
        (401, {"errcode": "M_UNKNOWN_TOKEN"}, Busy, 60.0),
        (403, {"errcode": "M_USER_DEACTIVATED"}, Busy, 60.0),
        (404, {"errcode": "M_NOT_FOUND"}, Refused, None),
        (413, {"errcode": "M_TOO_LARGE"}, Refused, None),
        (400, {"errcode": "M_BAD_JSON"}, Refused, None),
        (404, {}, Busy, None),
        (302, {}, Busy, None),
        (500, {"errcode": "M_UNKNOWN"}, Uncertain, None),
        (504, {}, Uncertain, None),
        (200, {}, Uncertain, None),
        (200, [], Uncertain, None),
    ],
)
async def test_what_an_answer_means(
    matrix: Matrix,
    far_end: Homeserver,
    status: int,
    body: Any,
    error: type[Undelivered],
    delay_s: float | None,
) -> None:
    far_end.answers["/K7Q2M4-1-0"] = (status, body)
    with pytest.raises(error, match=r"\w") as caught:
        await matrix.send(MESSAGE)
    assert not isinstance(caught.value, Busy) or caught.value.retry_after_s == delay_s


async def test_what_must_be_mended_is_reported_until_it_is(
    matrix: Matrix, far_end: Homeserver, reports: list[str]
) -> None:
    far_end.faults = ["unauthorised", "unauthorised"]
    for _ in range(2):
        with pytest.raises(Busy):
            await matrix.send(MESSAGE)
    await matrix.send(MESSAGE)
    assert ["token" in one for one in reports] == [True, False]


async def test_what_never_left_waits_and_what_may_have_arrived_is_uncertain(
    options: Options, tools: Tools, nobody: str, silent: str
) -> None:
    with pytest.raises(Busy):
        await open_channel(replace(options, api_base=nobody), tools).send(MESSAGE)
    with pytest.raises(Uncertain):
        await open_channel(replace(options, api_base=silent), tools).send(MESSAGE)


@pytest.mark.parametrize("sign", ["x", '"', "\n", "\x01", "ä", "語", "😀"])
def test_a_text_is_measured_as_it_is_sent(sign: str) -> None:
    long = sign * (TEXT_BYTES // measure(sign))
    assert fitting(long) == long
    assert measure(fitting(long + sign * 10)) <= TEXT_BYTES


# --- files ---------------------------------------------------------------------------------------------------


async def test_a_file_goes_up_and_comes_down(matrix: Matrix, far_end: Homeserver) -> None:
    content = b"x" * 200_000
    file = File("photo", "other:1", "kuva.jpg", "image/jpeg")
    place = File.located(60.1699, 24.9384, "Helsinki")
    own = File("voice", "mxc://example.org/voice")
    attachments = (holding(file, content), Attachment(place), Attachment(own))
    assert await matrix.send(replace(MESSAGE, text="", attachments=attachments)) == "$event-0"
    assert far_end.files == {"file0": content}
    (_, first, photo), (_, second, map_), (_, _, voice) = far_end.events
    assert (first, second) == ("send/m.room.message/K7Q2M4-1-0", "send/m.room.message/K7Q2M4-1-0.1")
    assert photo == {
        "msgtype": "m.image",
        "body": "kuva.jpg",
        "filename": "kuva.jpg",
        "url": "mxc://example.org/file0",
        "info": {"mimetype": "image/jpeg", "size": 200_000},
        "m.mentions": {},
    }
    assert map_["geo_uri"] == "geo:60.1699,24.9384"
    assert voice["url"] == own.ref
    assert await content_of(matrix, replace(file, ref=photo["url"])) == content


@pytest.mark.parametrize(
    ("status", "error"), [(413, Refused), (403, Refused), (429, Busy), (401, Busy), (500, Busy), (200, Busy)]
)
async def test_a_file_that_is_not_uploaded_shows_nobody_anything(
    matrix: Matrix, far_end: Homeserver, status: int, error: type[Undelivered]
) -> None:
    far_end.answers["/upload"] = (status, {"errcode": "M_FORBIDDEN"} if status == 403 else {})
    with pytest.raises(error):
        await matrix.send(replace(MESSAGE, text="", attachments=(holding(File("photo", "other:1"), b"x"),)))
    assert not far_end.events


@pytest.mark.parametrize(
    "ref", ["", "https://example.org/a", "mxc://", "mxc://example.org/../x", "60.1,24.9"]
)
async def test_only_what_the_homeserver_keeps_is_fetched(
    matrix: Matrix, far_end: Homeserver, ref: str
) -> None:
    with pytest.raises(Refused):
        await matrix.fetch(File("document", ref), BytesIO())
    with pytest.raises(Refused):
        await matrix.send(replace(MESSAGE, text="", attachments=(Attachment(File("document", ref)),)))
    assert not far_end.calls


@pytest.mark.parametrize(("status", "error"), [(404, Refused), (429, Busy), (504, Busy), (302, Busy)])
async def test_a_file_that_is_not_there(
    matrix: Matrix, far_end: Homeserver, status: int, error: type[Undelivered]
) -> None:
    far_end.answers["/lost"] = (status, {})
    with pytest.raises(error):
        await matrix.fetch(File("photo", "mxc://example.org/lost"), BytesIO())


# --- the agents' room ----------------------------------------------------------------------------------------


async def test_a_case_is_shown_in_a_thread(matrix: Matrix, far_end: Homeserver) -> None:
    opened = await matrix.send(OpenRoom("k-1", *CARD))  # type: ignore[arg-type]
    assert opened == "$event-0 $event-0"
    assert await matrix.send(ShowCard("k-2", "$card", "$card", "Aino was answered")) == "$card"
    assert await matrix.send(Post("k-3", "$card", "👤 Aino\nHei", loud=True))
    assert await matrix.send(ShowCard("k-4", "$card", "", "Aino waits"))
    assert await matrix.send(NameRoom("k-5", "$card", "K7Q2M4 · Aino", "closed", open=False)) == ""
    card, changed, post, later = (event for _, _, event in far_end.events)
    assert card == text(CARD_TEXT)
    assert changed["m.new_content"] == text("Aino was answered")
    assert post == text("👤 Aino\nHei") | {"m.mentions": {"room": True}, "m.relates_to": THREAD}
    assert later == text("Aino waits") | {"m.relates_to": THREAD}
    assert {room for room, _, _ in far_end.events} == {AGENTS_ROOM}


async def test_a_file_stands_in_the_thread(matrix: Matrix, far_end: Homeserver) -> None:
    await matrix.send(Post("k-1", "$card", "", (Attachment(File("photo", "mxc://example.org/a")),)))
    assert far_end.events[0][2]["m.relates_to"] == THREAD


@pytest.mark.parametrize(("fate", "mark"), [("delivered", "✅"), ("failed", "❌"), ("noted", "📝")])
async def test_a_mark_tells_the_fate(matrix: Matrix, far_end: Homeserver, fate: Any, mark: str) -> None:
    await matrix.send(Receipt("k-1", "$card", "$said", fate))
    told = {"rel_type": "m.annotation", "event_id": "$said", "key": mark}
    assert far_end.events == [(AGENTS_ROOM, "send/m.reaction/k-1", {"m.relates_to": told})]
    far_end.answers["/k-2"] = (400, {"errcode": "M_DUPLICATE_ANNOTATION"})
    await matrix.send(Receipt("k-2", "$card", "$said", fate))


async def test_a_room_that_is_closed_waits_for_somebody_to_open_it(
    matrix: Matrix, far_end: Homeserver, reports: list[str]
) -> None:
    far_end.closed = {AGENTS_ROOM}
    post = Post("k-1", "$card", "Hei")
    with pytest.raises(Busy):
        await matrix.send(post)
    far_end.closed = set()
    await matrix.send(post)
    assert ["invite the bot" in one for one in reports] == [True, False]


@pytest.mark.parametrize(
    "outgoing", [Post("k", "$card", "Hei"), CommandAnswer("k", "x", EVA, "Yes", True, None)]
)
async def test_without_a_room_there_is_no_place(options: Options, tools: Tools, outgoing: Outgoing) -> None:
    with pytest.raises(Refused):
        await open_channel(replace(options, agents_room=""), tools).send(outgoing)


SECRET = CommandAnswer(
    "k-1", "x-1", EVA, "the secret link", True, None, f"{AGENTS_ROOM} $asked $card", "ask me"
)


@pytest.mark.parametrize(
    ("room", "joined", "shown"),
    [
        (AGENTS_ROOM, {BOT: {}, EVA: {}}, "ask me"),
        ("!eva:example.org", {BOT: {}, EVA: {}}, "the secret link"),
        ("!eva:example.org", {BOT: {}, EVA: {}, "@x:y": {}}, "ask me"),
        ("!eva:example.org", {BOT: {}, "@x:y": {}}, "ask me"),
        ("!eva:example.org", None, "ask me"),
    ],
)
async def test_what_only_one_may_read_is_said_in_private(
    matrix: Matrix, far_end: Homeserver, room: str, joined: Any, shown: str
) -> None:
    far_end.answers["/joined_members"] = (200, {"joined": joined})
    await matrix.send(replace(SECRET, answer_to=f"{room} $asked"))
    [(where, _, event)] = far_end.events
    assert (where, event["body"]) == (room, shown)
    assert event["m.relates_to"] == {"m.in_reply_to": {"event_id": "$asked"}}


async def test_an_answer_stands_where_it_was_asked(matrix: Matrix, far_end: Homeserver) -> None:
    await matrix.send(replace(SECRET, otherwise="", text="y" * 50_000))
    [(where, _, event)] = far_end.events
    assert (where, event["m.relates_to"]["event_id"], event["msgtype"]) == (AGENTS_ROOM, "$card", "m.notice")
    assert event["body"].endswith("y…")


# --- beside --------------------------------------------------------------------------------------------------


async def test_signs_are_shown_and_fail_silently(matrix: Matrix, far_end: Homeserver) -> None:
    for _ in range(2):
        await matrix.show_typing(ROOM, "$1")
        await matrix.show_seen(ROOM, "$1")
        far_end.answers |= {f"/typing/{BOT}": (403, {"errcode": "M_FORBIDDEN"}), "/m.read/$1": (500, {})}
    paths = [path.partition(ROOM)[2] for _, path, _ in far_end.calls]
    assert paths == [f"/typing/{BOT}", "/receipt/m.read/$1"] * 2


async def test_the_wait_is_shown(options: Options, tools: Tools, far_end: Homeserver) -> None:
    matrix = open_channel(
        replace(options, profile=("presence", "topic"), topic_room="!wait:example.org"), tools
    )
    assert [outlet.name for outlet in matrix.outlets] == ["presence", "topic"]
    for name in ("presence", "topic"):
        assert await matrix.read_outlet(name) is None
        await matrix.show_outlet(name, {"": "≈ 12 min"})
        assert await matrix.read_outlet(name) == {"": "≈ 12 min"}
        await matrix.show_outlet(name, None)
        assert await matrix.read_outlet(name) == {"": ""}
        with pytest.raises(Refused):
            await matrix.show_outlet(name, b"PNG")


async def test_the_room_whose_topic_shows_it_is_entered(
    options: Options, tools: Tools, far_end: Homeserver
) -> None:
    matrix = open_channel(replace(options, profile=("topic",), topic_room=ROOM), tools)
    far_end.invited = {ROOM}
    await matrix.show_outlet("topic", {"": "≈ 12 min"})
    assert far_end.joined == {ROOM}
    assert far_end.state == {"m.room.topic": {"topic": "≈ 12 min"}}


@pytest.mark.parametrize(
    ("state", "joined", "wrong"),
    [
        ({}, True, ""),
        ({}, False, "invite it"),
        ({"m.room.encryption": {"algorithm": "x"}}, True, "encrypted"),
        ({"m.room.power_levels": {"events_default": 10}}, True, "power level of 10"),
        ({"m.room.power_levels": {"events_default": 10, "users": {BOT: 10}}}, True, ""),
        ({"m.room.power_levels": {"events": {"m.room.message": 50}, "users_default": 50}}, True, ""),
    ],
)
async def test_it_looks_at_the_agents_room(
    matrix: Matrix, far_end: Homeserver, state: dict[str, Any], joined: bool, wrong: str
) -> None:
    far_end.state, far_end.joined = state, {AGENTS_ROOM} if joined else set()
    found = await matrix.check()
    wrongs = [finding.wrong for finding in found if finding.wrong]
    assert len(wrongs) == bool(wrong)
    assert all(wrong in one for one in wrongs)
    assert TOKEN not in json.dumps([finding.what for finding in found])
    assert not any(method == "PUT" for method, _, _ in far_end.calls)


async def test_a_room_that_is_only_invited_to_is_not_wrong(matrix: Matrix, far_end: Homeserver) -> None:
    far_end.invited = {AGENTS_ROOM}
    for told in ("is invited", "is not in it yet"):
        found = await matrix.check()
        assert not any(finding.wrong for finding in found)
        assert any(told in finding.what for finding in found)
        far_end.answers["/sync"] = (403, {"errcode": "M_FORBIDDEN"})
    assert far_end.joined == set()


async def test_a_look_tells_what_fails(
    matrix: Matrix, far_end: Homeserver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    far_end.answers = {"/versions": (200, {"versions": ["v1.5", "odd"]}), "/joined_rooms": (500, {})}
    assert [bool(finding.wrong) for finding in await matrix.check()] == [False, True, True, False]
    far_end.answers = {"/whoami": (401, {"errcode": "M_UNKNOWN_TOKEN"})}
    [finding] = await matrix.check()
    assert "token" in finding.wrong
    assert TOKEN not in caplog.text
