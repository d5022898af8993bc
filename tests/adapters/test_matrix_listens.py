"""The Matrix channel listens: what it pulls from a homeserver, and what it needs before it hears anything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from adapters.base import Arrival, CustomerMessage, Down, Tools, Unheard, Unusable
from adapters.matrix import Matrix, Options, invitations, open_channel, sync
from tests.adapters.contract import never
from tests.adapters.test_matrix import AGENTS_ROOM, READ, ROOM, far_end, matrix, options, pulling, tools
from tests.fakes.matrix import BOT, FIXTURES, TOKEN, Homeserver
from tests.waiting import until

__all__ = ["far_end", "matrix", "options", "pulling", "tools"]

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
    far_end.syncs = [synced("s1", join={ROOM: old}), synced("s2")]
    assert await heard(pulling) == []
    assert await tools.bookmarks.all() == {"sync": "s2"}
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
    await until(lambda: came)
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


async def test_a_room_that_can_never_be_read_back_does_not_keep_the_others_deaf(
    pulling: Matrix, far_end: Homeserver, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "MOST_TRIES", 3)
    tools.bookmarks.mark("sync", "s1")
    gap = {"events": events_of("emote"), "limited": True, "prev_batch": "p9"}
    other = {"!other:example.org": {"timeline": {"events": events_of("batch")}}}
    for tries in (1, 2):
        far_end.answers["/messages"] = (500, {"errcode": "M_UNKNOWN"})
        far_end.syncs = [synced("s2", join={ROOM: {"timeline": gap}, **other})]
        assert await heard(pulling) == []
        assert await tools.bookmarks.all() == {"sync": "s1"}, f"after {tries} tries nothing is given up"
    far_end.answers["/messages"] = (500, {"errcode": "M_UNKNOWN"})
    far_end.syncs = [synced("s2", join={ROOM: {"timeline": gap}, **other})]
    came = await heard(pulling)
    assert [one.text for one in came if isinstance(one, CustomerMessage)] == ["* thinks", "one", "two"]
    assert await tools.bookmarks.all() == {"sync": "s2"}


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
    assert await heard(pulling) == []
    old, new = ({ROOM: {"timeline": {"events": events_of(name)}}} for name in ("batch", "emote"))
    far_end.syncs = [synced("s7", join=old), synced("s8", join=new)]
    assert await heard(pulling) == READ["emote"]
    assert await tools.bookmarks.all() == {"sync": "s8"}


@pytest.mark.parametrize("told", [b"<html>", b"{}", b"[]", b'{"next_batch": 7}'])
async def test_what_is_no_homeservers_answer_is_not_asked_for_again_at_once(
    pulling: Matrix, far_end: Homeserver, tools: Tools, told: bytes
) -> None:
    tools.bookmarks.mark("sync", "s1")
    far_end.syncs = [told, synced("s2")]
    assert await heard(pulling) == []
    assert await tools.bookmarks.all() == {"sync": "s1"}


async def test_no_event_is_nested_too_deep_for_the_others(
    pulling: Matrix, far_end: Homeserver, tools: Tools
) -> None:
    tools.bookmarks.mark("sync", "s1")
    told = json.dumps(synced("s2", join={ROOM: {"timeline": {"events": events_of("batch")}}}))
    far_end.syncs = [told.replace('"body":', f'"odd": {"[" * 3_000 + "]" * 3_000}, "body":', 1).encode()]
    assert await heard(pulling) == READ["batch"]


async def test_what_is_too_long_is_asked_for_in_pieces(
    pulling: Matrix, far_end: Homeserver, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "ANSWER_BYTES", 5_000)
    tools.bookmarks.mark("sync", "s1")
    long = synced("s2", odd="x" * 5_000)
    far_end.syncs = [
        long,
        synced("s2", join={ROOM: {"timeline": {"events": events_of("batch")}}}),
        long,
        long,
    ]
    assert await heard(pulling) == READ["batch"]
    asked = [json.loads(query["filter"]) for _, path, query in far_end.calls if path.endswith("/sync")]
    assert [one["room"]["timeline"]["limit"] for one in asked] == [50, 1, 50, 1]
    assert await tools.bookmarks.all() == {"sync": "s2"}


# --- invitations ---------------------------------------------------------------------------------------------

NEW, DEAD = "!new:example.org", "!new:dead.example"


@asynccontextmanager
async def listening(matrix: Matrix) -> AsyncIterator[list[Arrival]]:
    """What comes meanwhile."""
    came: list[Arrival] = []

    async def inbox(arrival: Arrival) -> None:
        came.append(arrival)

    task = asyncio.create_task(matrix.listen(inbox))
    yield came
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_it_goes_where_it_is_asked_to(pulling: Matrix, far_end: Homeserver) -> None:
    far_end.syncs, far_end.patient = [synced("s1", invite={NEW: {}})], True
    async with listening(pulling):
        await until(lambda: far_end.joined == {AGENTS_ROOM, NEW})


@pytest.mark.parametrize(("status", "code"), [(502, "M_UNKNOWN"), (429, "M_LIMIT_EXCEEDED")])
async def test_an_invitation_that_cannot_be_followed_now_is_followed_later(
    pulling: Matrix,
    far_end: Homeserver,
    tools: Tools,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    code: str,
) -> None:
    monkeypatch.setattr(invitations, "FIRST_S", 0.01)
    tools.bookmarks.mark("sync", "s1")
    said = {ROOM: {"timeline": {"events": events_of("emote")}}}
    far_end.syncs, far_end.patient = [synced("s2", invite={DEAD: {}}, join=said)], True
    far_end.answers[f"/join/{DEAD}"] = (status, {"errcode": code})
    async with listening(pulling) as came:
        await until(lambda: came == READ["emote"] and DEAD in far_end.joined)
    assert (await tools.bookmarks.all())["sync"] == "s2"


async def test_who_never_answers_to_an_invitation_keeps_nobody_waiting(
    pulling: Matrix, far_end: Homeserver, tools: Tools
) -> None:
    tools.bookmarks.mark("sync", "s1")
    said = {ROOM: {"timeline": {"events": events_of("emote")}}}
    far_end.silent = {DEAD}
    far_end.syncs, far_end.patient = [synced("s2", invite={DEAD: {}, NEW: {}}), synced("s3", join=said)], True

    async def one_is_left() -> bool:
        return (await tools.bookmarks.all())["invited"] == DEAD

    async with listening(pulling) as came:
        await until(lambda: came == READ["emote"] and NEW in far_end.joined)
        await until(one_is_left)


async def test_an_invitation_is_remembered_until_it_is_settled(
    pulling: Matrix, far_end: Homeserver, tools: Tools
) -> None:
    tools.bookmarks.mark("invited", f"{NEW} {DEAD}")
    far_end.closed, far_end.patient = {DEAD}, True

    async def settled() -> bool:
        return not (await tools.bookmarks.all())["invited"]

    async with listening(pulling):
        await until(lambda: NEW in far_end.joined and any(DEAD in path for _, path, _ in far_end.calls))
        await until(settled)


async def test_only_so_many_invitations_are_kept(pulling: Matrix, far_end: Homeserver, tools: Tools) -> None:
    rooms: dict[str, Any] = {f"!{number}:dead.example": {} for number in range(100)}
    far_end.syncs, far_end.patient, far_end.silent = [synced("s1", invite=rooms)], True, set(rooms)

    async def remembered() -> bool:
        return "invited" in await tools.bookmarks.all()

    async with listening(pulling):
        await until(lambda: not far_end.syncs)
        await until(remembered)
    assert len((await tools.bookmarks.all())["invited"].split()) == invitations.MOST


# --- listening -----------------------------------------------------------------------------------------------


async def test_it_makes_its_account_and_enters_the_agents_room(
    matrix: Matrix, far_end: Homeserver, reports: list[str]
) -> None:
    far_end.state["m.room.encryption"] = {"algorithm": "m.megolm.v1.aes-sha2"}
    task = asyncio.create_task(matrix.listen(never))
    await until(lambda: len(reports) >= 2)
    task.cancel()
    assert far_end.joined == {AGENTS_ROOM}
    assert "encrypted" in reports[-1]
    register, whoami = far_end.calls[:2]
    assert register[1].endswith("/register")
    assert whoami[2] == {"user_id": BOT}


async def test_it_enters_the_room_whose_topic_shows_the_wait(
    options: Options, tools: Tools, far_end: Homeserver
) -> None:
    matrix = open_channel(replace(options, topic_room=NEW), tools)
    async with listening(matrix):
        await until(lambda: far_end.joined == {AGENTS_ROOM, NEW})


@pytest.mark.parametrize("status", [403, 429, 502])
async def test_a_room_that_cannot_be_entered_is_told_and_customers_are_heard(
    pulling: Matrix, far_end: Homeserver, tools: Tools, reports: list[str], status: int
) -> None:
    tools.bookmarks.mark("sync", "s1")
    far_end.answers[f"/join/{AGENTS_ROOM}"] = (status, {"errcode": "M_FORBIDDEN" if status == 403 else "X"})
    far_end.syncs = [synced("s2", join={ROOM: {"timeline": {"events": events_of("emote")}}})]
    assert await heard(pulling) == READ["emote"]
    assert "agents_room: cannot be entered" in reports[-1]


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (401, "M_UNKNOWN_TOKEN", Unusable),
        (403, "M_FORBIDDEN", Unusable),
        (400, "M_EXCLUSIVE", Unusable),
        (429, "M_LIMIT_EXCEEDED", Down),
        (502, "", Down),
        (200, "", Down),
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
