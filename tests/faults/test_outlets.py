"""What two platforms' profiles show over days, through failures, stops and kills. Verdicts come from what stood there,
and when, by the platforms' own ledgers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.end_to_end.floor import draw_seed
from tests.faults.profiles import BEGAN, HOUR_S, REFRESH_S, SEEN_OF_DISCORD, TAKEN_OF_TELEGRAM, House, house

LONG = [pytest.mark.drill, pytest.mark.timeout(3_600)]


@pytest.mark.parametrize(
    ("hours", "changes", "ends"), [(3, 190, 6), pytest.param(48, 3_000, 50, marks=LONG)], ids=["", "drill"]
)
async def test_two_days_of_figures_break_no_limit_do_not_flicker_and_end_with_the_operators_own(
    store_url: str, hours: int, changes: int, ends: int
) -> None:
    """Figures change every minute; the feed falls silent now and then; the process is stopped and killed."""
    seed = draw_seed()
    async with house(store_url, seed, telegrams=TAKEN_OF_TELEGRAM, discords=SEEN_OF_DISCORD) as there:
        chance, restored, kills, worst_stale_s = there.chance, 0, 0, 0.0
        gap_s = hours * HOUR_S / changes
        await there.start()
        for number in range(1, changes + 1):
            await there.later(chance.uniform(0.5, 1.5) * gap_s)
            if chance.random() < 0.01 or number == 20:
                there.feed.silent_until = there.feed.clock.now() + chance.uniform(REFRESH_S, 5 * REFRESH_S)
            there.feed.change(chance)
            await there.turn()
            worst_stale_s = max(worst_stale_s, stale_s(there))
            if number % (changes // ends) == 0:
                if chance.random() < 0.5:
                    await there.kill()
                    kills += 1
                else:
                    await there.stop()
                    await there.look()
                    assert there.ours() == [], "the operator's own did not come back at a stop"
                restored += 1
                await there.start()
        await there.stop()
        await there.look()
        assert there.ours() == [], "something of ours outlived the kills"
        told = {
            "hours": round((there.feed.clock.now() - BEGAN) / HOUR_S),
            "changes of the figure": changes,
            "changes of profiles": there.writes(),
            "beyond a limit": there.refused(),
            "flickers": there.flickers(),
            "stops and kills with the operator's own back": f"{restored} of {ends} ({kills} kills)",
            "a figure stood at most so long after it was stale": f"{worst_stale_s:.0f} s",
        }
    print(told)
    assert told["beyond a limit"] == 0
    assert told["flickers"] == 0
    assert worst_stale_s <= 2 * REFRESH_S
    assert there.writes() > changes / 4, "and yet the profiles followed the figure"


def stale_s(there: House) -> float:
    """For how long a figure of ours has been standing there that should have been followed by another."""
    last = there.feed.last
    if last is None or not there.ours():
        return 0.0
    return max(0.0, there.feed.clock.now() - last.next_refresh)


# --- a limit that nobody told us of --------------------------------------------------------------------------


async def test_a_limit_that_is_stricter_than_we_think_is_learned_and_outlasts_restarts(
    store_url: str,
) -> None:
    """One change in forty minutes of each: it is run into, and then kept to, also by those who start later."""
    hidden = (1, 2_400.0)
    async with house(store_url, draw_seed(), telegrams=hidden, discords=hidden) as there:
        await there.start()
        refused = []
        for number in range(1, 301):
            await there.later(60)
            there.feed.change(there.chance)
            await there.turn()
            if number % 50 == 0:
                await there.kill()
                await there.start()
                refused.append(there.refused())
        assert 0 < refused[-1] <= 4 * len(there.own), "it is learned in a few answers"
        assert refused[-1] == refused[-3], "and then known for good"
        assert there.flickers() == 0
        assert there.writes() >= 6 * len(there.own)


# --- platforms that take nearly everything, and fail ---------------------------------------------------------


async def test_a_platform_that_takes_a_change_every_half_minute_shows_no_flicker_either(
    store_url: str,
) -> None:
    """And a tenth of all changes fails, or is made and never confirmed."""
    generous = (1_000, 600.0)
    async with house(store_url, draw_seed(), telegrams=generous, discords=generous) as there:
        for channel in there.profiles.values():
            channel.outlets = tuple(replace(outlet, least_s=30) for outlet in channel.outlets)
        for kind in ("error", "lost", "reset"):
            await there.telegram.fault(kind, "setMyShortDescription", "setMyProfilePhoto", share=0.02)
            await there.discord.fault(kind, "PATCH", share=0.03)
        await there.start()
        for number in range(1, 121):
            await there.later(there.chance.uniform(20, 60))
            there.feed.change(there.chance)
            await there.turn()
            if number % 40 == 0:
                await there.kill()
                await there.start()
        assert there.telegram.ledger.faults
        assert there.discord.ledger.faults
        await there.telegram.calm()
        await there.discord.calm()
        await there.later(HOUR_S)
        await there.stop()
        await there.look()
        assert there.ours() == []
        assert there.flickers() == 0
