"""Turns: in the order in which messages came, asked for seldom, none during a silence that any replica heard of."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from adapters.base import Busy, Pace
from bot.clock import Clock
from bot.pacing import UNLIMITED, NotYet, Pacing
from bot.store.channels import ChannelStore, Drawn
from bot.store.connection import connect
from bot.store.store import Store, StoreDown

HOMES = {"tg": "support", "line": "support"}


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    connection = await connect(url)
    store = Store(connection, Clock())
    await store.open()
    yield store
    await connection.aclose()


class Counted:
    """A store that counts how often it is asked for a turn, and may be away when a silence is to be written."""

    def __init__(self, channels: ChannelStore) -> None:
        self._channels = channels
        self.asked = self.away = 0

    @property
    def channels(self) -> Counted:
        """Where budgets are kept."""
        return self

    async def pace(self, *arguments: Any) -> Drawn:
        """Count, and ask the store."""
        self.asked += 1
        return await self._channels.pace(*arguments)

    async def hush(self, *arguments: Any) -> None:
        """Written at some try."""
        if self.away:
            self.away -= 1
            raise StoreDown("away")
        await self._channels.hush(*arguments)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Counted]:
    async with opened(store_url) as store:
        yield Counted(store.channels)


def pacing(store: Counted) -> Pacing:
    return Pacing(cast(Store, store), HOMES, Clock())


async def may_go(pacing: Pacing, key: str, paces: Sequence[Pace], channel: str = "tg") -> float:
    """0, or after how long it is to ask again."""
    try:
        async with pacing.turn(channel, key, paces):
            return 0.0
    except NotYet as later:
        return later.delay_s


async def hears_of_silence(
    pacing: Pacing, for_s: float | None, paces: Sequence[Pace], channel: str = "tg"
) -> None:
    with pytest.raises(Busy):
        async with pacing.turn(channel, "heard", paces):
            raise Busy("too many", for_s)


# --- order ---------------------------------------------------------------------------------------------------


async def test_a_crowd_goes_in_the_order_in_which_it_came_and_asks_seldom(store: Counted) -> None:
    turns, pace = pacing(store), [Pace("all", most=5, per_s=0.15)]
    gone: list[str] = []
    asks: dict[str, int] = {}

    async def goes(key: str) -> None:
        for number in itertools.count(1):
            wait_s = await may_go(turns, key, pace)
            if not wait_s:
                gone.append(key)
                asks[key] = number
                return
            await asyncio.sleep(wait_s)

    keys = [f"m-{number:02}" for number in range(80)]
    crowd = []
    for key in keys:
        crowd.append(asyncio.create_task(goes(key)))
        await asyncio.sleep(0.002)
    await asyncio.gather(*crowd)
    furthest = max(abs(gone.index(key) - place) for place, key in enumerate(keys))
    assert furthest < 16, "those who wake together may change places; without a line some are passed by 60"
    assert sum(asks.values()) < 6 * len(keys), "each a few times, not once for each that goes before"


async def test_a_newcomer_does_not_take_the_room_of_those_who_wait(store: Counted) -> None:
    turns, pace = pacing(store), [Pace("all", most=2, per_s=0.3)]
    assert [await may_go(turns, key, pace) for key in "ab"] == [0, 0]
    waits = [await may_go(turns, key, pace) for key in "cde"]
    assert waits[0] <= 0.3 < waits[2]
    await asyncio.sleep(max(waits[:2]) + 0.01)
    assert await may_go(turns, "new", pace) > 0, "there is room for two, and two wait"
    assert [await may_go(turns, key, pace) for key in "cd"] == [0, 0]


async def test_who_waits_for_a_part_is_not_in_the_way_of_those_who_need_the_whole(store: Counted) -> None:
    """As on X: what the bot says has a part of the quota, what humans say all of it."""
    turns = pacing(store)
    part, whole = Pace("ours", 1, 10), Pace("all", 3, 10)
    assert await may_go(turns, "ours-1", [part, whole]) == 0
    assert all([await may_go(turns, f"ours-{number}", [part, whole]) for number in (2, 3, 4)])
    assert [await may_go(turns, f"human-{number}", [whole]) for number in (1, 2)] == [0, 0]


async def test_who_never_comes_back_is_not_waited_for(
    store: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.pacing.OVERDUE_S", 0.05)
    monkeypatch.setattr("bot.pacing.SWEPT_EVERY_S", 0.0)
    turns, pace = pacing(store), [Pace("all", most=1, per_s=0.1)]
    assert await may_go(turns, "a", pace) == 0
    assert await may_go(turns, "gone elsewhere", pace) > 0
    await asyncio.sleep(0.2)
    assert await may_go(turns, "b", pace) == 0


# --- silence -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pace", [UNLIMITED, Pace("chat:7", 30, 1.0)], ids=lambda pace: pace.name or "none")
async def test_a_silence_holds_for_every_replica_and_after_a_restart(
    store: Counted, store_url: str, pace: Pace
) -> None:
    await hears_of_silence(pacing(store), 30, [pace])
    async with opened(store_url) as another:
        after = Pacing(another, HOMES, Clock())
        assert 29 < await may_go(after, "a", [pace]) <= 30.1
        assert await may_go(after, "a", [pace], "line") == 0, "another platform said nothing"


async def test_busy_without_a_delay_silences_nobody(store: Counted) -> None:
    turns = pacing(store)
    await hears_of_silence(turns, None, [UNLIMITED])
    assert await may_go(turns, "a", [UNLIMITED]) == 0


async def test_a_silence_that_cannot_be_written_yet_is_kept_here_meanwhile(store: Counted) -> None:
    turns, everything = pacing(store), Pace("all", 30, 1.0)
    store.away = 1
    writing = asyncio.create_task(hears_of_silence(turns, 30, [everything]))
    while store.away:
        await asyncio.sleep(0)
    assert 29 < await may_go(turns, "a", [everything]) <= 30
    await writing
    assert 29 < await may_go(pacing(store), "a", [everything]) <= 30.1
