"""What the store keeps for channels and rooms: one reader, a shared pace, bookmarks, outlets, links."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.base import Pace
from bot.pacing import UNLIMITED
from bot.store.channels import ChannelStore, Drawn, Written
from bot.store.connection import connect
from bot.store.rooms import Link, Room, RoomStore
from bot.store.store import Store
from tests.fakes.desk import HandClock

QUEUES = ("support", "billing")
DRAWN = Drawn(0.0)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    connection = await connect(store_url)
    store = Store(connection, HandClock())
    await store.open()
    yield store
    await connection.aclose()


@pytest.fixture
def channels(store: Store) -> ChannelStore:
    return store.channels


@pytest.fixture
def rooms(store: Store) -> RoomStore:
    return store.rooms


async def test_one_process_reads_a_channel(channels: ChannelStore) -> None:
    assert await channels.hold("support", "tg", "one", 30)
    assert not await channels.hold("support", "tg", "two", 30)
    assert await channels.hold("support", "tg", "one", 30), "it may go on"
    assert await channels.hold("support", "other", "two", 30), "another channel is another matter"


async def test_a_reader_that_lets_go_or_vanishes_is_followed(channels: ChannelStore) -> None:
    await channels.hold("support", "tg", "one", 30)
    await channels.let_go("support", "tg", "two")
    assert not await channels.hold("support", "tg", "two", 30), "only the reader itself lets go"
    await channels.let_go("support", "tg", "one")
    assert await channels.hold("support", "tg", "two", 0.02)
    await asyncio.sleep(0.03)
    assert await channels.hold("support", "tg", "three", 30)


async def test_a_pace_lets_a_burst_through_and_then_tells_how_long_to_wait(channels: ChannelStore) -> None:
    pace = [Pace("chat", most=3, per_s=10)]
    waits = [(await channels.pace("support", "tg", pace)).wait_s for _ in range(5)]
    assert waits[:3] == [0, 0, 0]
    assert all(9 < wait <= 10 for wait in waits[3:]), "asking in vain draws nothing"


async def test_no_window_holds_more_than_it_may(channels: ChannelStore) -> None:
    """As Telegram's groups allow: 20 within any minute, here within 0.6 s."""
    pace = [Pace("group", most=20, per_s=0.6)]
    loop = asyncio.get_running_loop()
    sent: list[float] = []
    while len(sent) < 50:
        wait_s, _ = await channels.pace("support", "tg", pace)
        if wait_s:
            await asyncio.sleep(wait_s)
        else:
            sent.append(loop.time())
    slack_s = 0.02
    assert sent[19] - sent[0] < 0.5, "the first twenty need not wait"
    for first, last in zip(sent, sent[20:], strict=False):
        assert last - first > 0.6 - slack_s, "the 21st within the window"


async def test_an_album_counts_as_many(channels: ChannelStore) -> None:
    album, one = Pace("group", 5, 10, draws=3), Pace("group", 5, 10)
    assert await channels.pace("support", "tg", [album]) == DRAWN
    assert (await channels.pace("support", "tg", [album])).wait_s > 9
    assert [await channels.pace("support", "tg", [one]) for _ in range(2)] == [DRAWN, DRAWN]
    assert (await channels.pace("support", "tg", [one])).wait_s > 9


async def test_several_budgets_are_drawn_on_together_or_not_at_all(channels: ChannelStore) -> None:
    everything, chat = Pace("all", 2, 10), Pace("chat", 1, 20)
    assert await channels.pace("support", "tg", [everything, chat]) == DRAWN
    wait_s, budget = await channels.pace("support", "tg", [everything, chat])
    assert (wait_s > 19, budget) == (True, "chat")
    assert await channels.pace("support", "tg", [everything]) == DRAWN, "the refused one drew nothing"
    wait_s, budget = await channels.pace("support", "tg", [everything])
    assert (9 < wait_s <= 10, budget) == (True, "all")


@pytest.mark.parametrize(
    ("ahead", "windows"), [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (5, 2)], ids=lambda count: str(count)
)
async def test_whoever_waits_leaves_room_for_those_ahead(
    channels: ChannelStore, ahead: int, windows: int
) -> None:
    pace = [Pace("all", 2, 10)]
    assert [await channels.pace("support", "tg", pace) for _ in range(2)] == [DRAWN, DRAWN]
    wait_s, _ = await channels.pace("support", "tg", pace, [ahead])
    assert windows * 10 + 9 < wait_s <= windows * 10 + 10
    fresh = [Pace("fresh", 2, 10)]
    assert (await channels.pace("support", "tg", fresh, [ahead])).wait_s == windows * 10


async def test_when_the_platform_asks_for_silence_nothing_is_sent_before(channels: ChannelStore) -> None:
    pace = Pace("chat", 5, 0.001)
    await channels.hush("support", "tg", pace, 20)
    wait_s, budget = await channels.pace("support", "tg", [pace])
    assert (19 < wait_s <= 20.1, budget) == (True, "chat")
    await channels.hush("support", "tg", pace, 1)
    assert (await channels.pace("support", "tg", [pace])).wait_s > 19, (
        "a shorter silence does not end a longer one"
    )


async def test_what_draws_nothing_heeds_silences_alone(channels: ChannelStore) -> None:
    assert [await channels.pace("support", "tg", [UNLIMITED], [9]) for _ in range(100)] == [DRAWN] * 100
    await channels.hush("support", "tg", UNLIMITED, 20)
    assert 19 < (await channels.pace("support", "tg", [UNLIMITED])).wait_s <= 20.1
    assert await channels.pace("support", "other", [UNLIMITED]) == DRAWN


async def test_bookmarks_are_kept(channels: ChannelStore) -> None:
    assert await channels.bookmarks("support", "dc") == {}
    await channels.mark("support", "dc", {"1": "100", "2": "200"})
    await channels.mark("support", "dc", {"1": "300"})
    assert await channels.bookmarks("support", "dc") == {"1": "300", "2": "200"}


async def test_what_is_known_of_outlets_is_kept_until_it_is_forgotten(channels: ChannelStore) -> None:
    await channels.set_outlet("support", "tg", "about", {"own": {"": "We sell shoes"}, "at": 1.5})
    await channels.set_outlet("support", "tg", "photo", {"own": None})
    await channels.set_outlet("support", "tg", "photo", None)
    assert await channels.outlets("support", "tg") == {"about": {"own": {"": "We sell shoes"}, "at": 1.5}}


async def test_places_and_messages_of_a_room_lead_to_the_case(rooms: RoomStore) -> None:
    assert await rooms.room("billing", "K7Q2M4", "tg") == Room()
    room = Room(place="t17", card="m18", told=2, card_digest="a", title_digest="b")
    await rooms.set_room("billing", "K7Q2M4", "tg", room, 60, ["t17", "m18"])
    assert await rooms.room("billing", "K7Q2M4", "tg") == room
    assert await rooms.rooms("billing", "K7Q2M4") == {"tg": room}
    for name in ("t17", "m18"):
        assert await rooms.link(QUEUES, "tg", name) == Link("K7Q2M4")
    assert await rooms.link(QUEUES, "dc", "t17") is None, "ids are a channel's own"


async def test_what_was_sent_for_a_message_is_found_again(rooms: RoomStore) -> None:
    await rooms.set_link("support", "tg", "sent:m20", Link("K7Q2M4", ("555",)), 60)
    assert await rooms.link(QUEUES, "tg", "sent:m20") == Link("K7Q2M4", ("555",))


async def test_the_last_changes_of_a_profile_are_kept_the_latest_first(
    channels: ChannelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.channels.WRITES_KEPT", 3)
    for number in range(5):
        await channels.note_write(
            "support", "tg", Written(float(number), "about", "5 min", "k", "busy", "", 7.5)
        )
    kept = await channels.writes("support", "tg")
    assert [one.at for one in kept] == [4, 3, 2]
    assert kept[0] == Written(4.0, "about", "5 min", "k", "busy", "", 7.5)
    assert await channels.writes("support", "another") == []


async def test_a_profile_is_left_to_the_operator_until_that_is_taken_back(channels: ChannelStore) -> None:
    assert await channels.outlets_left("support", "tg") is None
    await channels.leave_outlets("support", "tg", 1_767_614_400.25)
    assert await channels.outlets_left("support", "tg") == 1_767_614_400.25
    assert await channels.outlets_left("support", "another") is None
    assert await channels.resume_outlets("support", "tg")
    assert await channels.outlets_left("support", "tg") is None
    assert not await channels.resume_outlets("support", "tg")
