"""The board shows what was published, to everyone at once, and nothing that has gone stale."""

from __future__ import annotations

import asyncio

import pytest

from bot.board import GRACE_S
from tests.fakes.desk import Floor, open_floor

REFRESH_S = 300


async def test_before_the_first_refresh_nothing_is_known(floor: Floor) -> None:
    await floor.parts.board.look()
    outlook = floor.parts.board.published("support").outlook
    assert (outlook.state, outlook.reason, outlook.promise) == ("unknown", "stale", None)
    assert floor.parts.board.history("support") == []


async def test_what_was_published_is_shown(floor: Floor) -> None:
    await floor.ask("/on")
    await floor.tick()
    await floor.parts.board.look()
    assert floor.parts.board.published("support") == await floor.parts.store.published("support")
    assert [point.at for point in floor.parts.board.history("support")] == [floor.clock.now()]


@pytest.mark.parametrize(("late_s", "reason"), [(GRACE_S, None), (GRACE_S + 1, "stale")])
async def test_a_figure_whose_refresh_does_not_come_is_taken_down(
    floor: Floor, late_s: float, reason: str | None
) -> None:
    await floor.ask("/on")
    await floor.tick()
    await floor.parts.board.look()
    floor.clock.advance(REFRESH_S + late_s)
    outlook = floor.parts.board.published("support").outlook
    assert outlook.reason == reason
    assert (outlook.promise is None) is (outlook.wait is None) is (reason is not None)


async def test_watchers_hear_of_news_and_of_nothing_else(floor: Floor) -> None:
    board = floor.parts.board
    async with board.watching() as changed:
        assert board.watchers == 1
        await board.look()
        assert not changed.is_set()
        await floor.ask("/on")
        await floor.tick()
        await board.look()
        assert changed.is_set()
        changed.clear()
        await board.look()
        assert not changed.is_set()
    assert board.watchers == 0


async def test_watchers_hear_that_a_figure_was_taken_down(floor: Floor) -> None:
    board = floor.parts.board
    await floor.ask("/on")
    await floor.tick()
    await board.look()
    async with board.watching() as changed:
        floor.clock.advance(REFRESH_S + GRACE_S + 1)
        await board.look()
        assert changed.is_set()


async def test_every_process_shows_what_the_leader_published(floor: Floor, store_url: str) -> None:
    async with open_floor(store_url, clock=floor.clock) as other:
        await floor.ask("/on")
        await floor.tick()
        await asyncio.gather(floor.parts.board.look(), other.parts.board.look())
        assert other.parts.board.published("support") == floor.parts.board.published("support")
