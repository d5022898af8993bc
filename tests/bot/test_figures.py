"""The live figure in the service: learned from events, shared through the store, moved by plans."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.published import rfc3339
from tests.fakes.desk import MONDAY_NOON, Floor, changed, open_floor

HOUR_S = 3600.0
REFRESH_S = 300
NOTHING = {"after": "0-0", "data": {"version": -1}}


async def crowd(floor: Floor, size: int = 12) -> None:
    """One agent on duty, who answers two, and so many customers behind."""
    await floor.ask("/on")
    for number in range(size):
        await floor.write(who=f"c-{number}")
    await floor.tick()


async def p80_s(floor: Floor) -> float:
    """What an arrival would be promised now."""
    wait = (await floor.parts.figures.outlook("support")).wait
    assert wait is not None
    return wait.p80_s


async def test_announced_help_shortens_the_wait_and_taken_back_lengthens_it_again(floor: Floor) -> None:
    await crowd(floor)
    alone = await p80_s(floor)
    await floor.ask("/incident 5 now 23:00")
    assert await p80_s(floor) < alone / 2
    await floor.ask("/incident off")
    assert await p80_s(floor) == pytest.approx(alone, rel=0.01)


async def test_a_rota_shortens_the_wait(store_url: str, tmp_path: Path) -> None:
    rota = tmp_path / "rota.csv"
    start, end = rfc3339(MONDAY_NOON - HOUR_S), rfc3339(MONDAY_NOON + 12 * HOUR_S)
    rota.write_text(f"from,until,agents\n{start},{end},6\n")
    async with open_floor(store_url) as plain:
        await crowd(plain)
        alone = await p80_s(plain)
        async with open_floor(
            store_url, clock=plain.clock, tables=changed("queues.support.rota", str(rota))
        ) as planned:
            assert await p80_s(planned) < alone / 2


async def replies(floor: Floor, count: int, after_s: float = 60) -> None:
    """So many customers are answered one after the other."""
    for number in range(count):
        case = await floor.opened(who=f"r-{number}")
        floor.clock.advance(after_s)
        await floor.ask(f"/reply {case.id} Hi")


async def test_what_was_learned_anew_from_events_is_what_was_stored(floor: Floor, store_url: str) -> None:
    """A state that this version cannot read is as none: the events tell it all again."""
    await floor.ask("/on")
    await replies(floor, 12)
    await floor.tick(after_s=REFRESH_S)
    before = await p80_s(floor)
    stored = await floor.parts.store.learned("support")
    assert stored is not None
    await floor.parts.keeper.resign(["support"])
    fence = await floor.parts.store.lead("support", "another", 60)
    old = {"after": stored["after"], "data": {"version": -1}}
    assert await floor.parts.store.remember("support", fence, old)
    async with open_floor(store_url, clock=floor.clock) as anew:
        await anew.parts.figures.learn("support", fence)
        wait = (await anew.parts.figures.outlook("support")).wait
    assert wait is not None
    assert wait.sample_size >= 10
    assert wait.p80_s == pytest.approx(before, rel=0.2)


async def test_who_asks_while_the_past_is_learned_does_not_change_what_it_teaches(
    floor: Floor, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer lets time pass up to now; what is learned after it must not come too late for its own time."""
    for _ in range(3):
        await floor.ask("/on")
        await replies(floor, 3, after_s=HOUR_S)
        await floor.ask("/off")
        floor.clock.advance(HOUR_S)
    learned = []
    for at_once in (1_000, 5):
        monkeypatch.setattr("bot.figures.EVENTS_AT_ONCE", at_once)
        await floor.parts.keeper.resign(["support"])
        await floor.parts.store.remember("support", await floor.parts.store.lead("support", "x", 60), NOTHING)
        async with open_floor(store_url, clock=floor.clock) as anew:
            figures, fence = anew.parts.figures, await anew.parts.store.lead("support", "x", 60)
            rounds = 1
            while not await figures.learn("support", fence):
                await figures.outlook("support")
                rounds += 1
            await figures.publish("support", fence, None)
            stored = await anew.parts.store.learned("support")
            assert stored is not None
            learned.append(stored["data"]["rhythm"])
    assert rounds > 4
    assert learned[0] == learned[1]


async def test_events_since_the_last_store_are_not_lost_with_their_process(
    floor: Floor, store_url: str
) -> None:
    """State is stored with each refresh; what happened after it is told by the events to whoever leads next."""
    await floor.ask("/on")
    await floor.tick()
    await replies(floor, 12)
    await floor.parts.keeper.resign(["support"])
    async with open_floor(store_url, clock=floor.clock) as successor:
        known_to_all = (await successor.parts.figures.outlook("support")).wait
        assert known_to_all is not None
        assert known_to_all.sample_size == 0
        await successor.tick(after_s=10)
        wait = (await successor.parts.figures.outlook("support")).wait
    assert wait is not None
    assert wait.sample_size >= 10


async def test_the_forecasts_of_some_who_wait_are_scored_when_their_reply_comes(floor: Floor) -> None:
    await crowd(floor, 2)
    await floor.tick(after_s=REFRESH_S)
    stored = await floor.parts.store.learned("support")
    assert stored is not None
    waiting = {row[1] for row in stored["data"]["noted"] if row[0].startswith("waiting")}
    assert waiting
    assert waiting <= set(await floor.parts.store.waiting("support", 10))
