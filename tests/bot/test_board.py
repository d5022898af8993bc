"""The board shows what was published, to everyone at once, and nothing that has gone stale."""

from __future__ import annotations

import asyncio

import pytest

from bot.board import DAY_S, GRACE_S
from bot.published import HistoryPoint
from tests.fakes.desk import MONDAY_NOON, Floor, open_floor

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


async def test_the_week_is_read_once_and_then_followed(floor: Floor, store_url: str) -> None:
    """A process that followed all along and one that has just begun know the same."""
    await floor.ask("/on")
    for _ in range(60):
        await floor.tick(after_s=REFRESH_S * 12)
        await floor.parts.board.look()
    async with open_floor(store_url, clock=floor.clock) as fresh:
        await fresh.parts.board.look()
        for board in (floor.parts.board, fresh.parts.board):
            recent, week = board.history("support"), board.week("support")
            assert recent == fresh.parts.board.history("support")
            assert week == fresh.parts.board.week("support")
            assert 24 <= len(recent) <= 25
            assert [point.at for point in week] == [MONDAY_NOON + 3_600 * hour for hour in range(1, 61)]


async def test_the_week_forgets_what_is_older(floor: Floor) -> None:
    for _ in range(10):
        await floor.tick(after_s=DAY_S)
        await floor.parts.board.look()
    now = floor.clock.now()
    week = floor.parts.board.week("support")
    assert [now - point.at for point in week] == [day * DAY_S for day in range(8, -1, -1)]


async def test_no_look_reads_again_what_is_known(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    history = floor.parts.store.history

    async def counted(queue: str, since: float) -> list[HistoryPoint]:
        points = await history(queue, since)
        read.extend(points)
        return points

    monkeypatch.setattr(floor.parts.store, "history", counted)
    for _ in range(20):
        await floor.tick(after_s=REFRESH_S)
        await floor.parts.board.look()
        await floor.parts.board.look()
    # The newest known point comes along each time.
    assert len(read) == 20 + 19


async def test_every_process_shows_what_the_leader_published(floor: Floor, store_url: str) -> None:
    async with open_floor(store_url, clock=floor.clock) as other:
        await floor.ask("/on")
        await floor.tick()
        await asyncio.gather(floor.parts.board.look(), other.parts.board.look())
        assert other.parts.board.published("support") == floor.parts.board.published("support")
