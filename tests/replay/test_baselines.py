"""What the formulas of others say, each checked by hand on a few cases."""

from __future__ import annotations

from collections.abc import Iterable
from math import isnan

import pytest

from bot.replay.baselines import (
    BASELINES,
    VENDORS,
    WINDOWS,
    AllTimeMean,
    Ewt,
    Hol,
    HourEwt,
    LastMean,
    Les,
    WeekMedian,
    Window,
)
from bot.replay.fluid import Fluid
from bot.replay.run import Estimator, Quantiles
from status.model import Happened, Observation

DAY = 86_400.0


def seen(
    at: float,
    happened: Happened,
    case: str = "",
    *,
    waiting: int = 0,
    agents: int = 2,
    held: int = 0,
    wait_s: float | None = None,
) -> Observation:
    return Observation(at, happened, waiting, agents, wait_s, case=case, held=held)


def taught(estimator: Estimator, observations: Iterable[Observation]) -> Estimator:
    for one in observations:
        estimator.observe(one)
    return estimator


def replies(*waits_s: float, every_s: float = 60.0) -> list[Observation]:
    """Replies after such waits, one a minute."""
    return [
        seen(number * every_s, "answered", str(number), wait_s=wait_s)
        for number, wait_s in enumerate(waits_s)
    ]


def point(answer: Quantiles | None) -> float | None:
    """The p50 of a formula that gives no other."""
    if answer is None:
        return None
    assert isnan(answer[1])
    assert isnan(answer[2])
    return answer[0]


@pytest.mark.parametrize("name", BASELINES)
def test_whoever_has_seen_nothing_says_nothing_but_for_the_head_of_an_empty_line(name: str) -> None:
    answer = BASELINES[name]().arriving(0.0)
    known = {"hol": 0.0, "fluid": 600.0}.get(name)
    assert (None if answer is None else answer[0]) == known


@pytest.mark.parametrize("name", BASELINES)
def test_the_published_figure_is_the_formulas_at_the_tick(name: str) -> None:
    estimator = taught(BASELINES[name](), replies(30.0, 90.0))
    assert repr(estimator.refresh(300.0, [])) == repr(estimator.arriving(300.0))


def test_the_vendors_and_the_windows_are_baselines() -> None:
    assert {*VENDORS, *WINDOWS} < set(BASELINES)


def test_the_mean_of_all_so_far() -> None:
    assert point(taught(AllTimeMean(), replies(30, 90, 300)).arriving(900.0)) == 140


def test_the_mean_of_the_last_few_forgets_the_oldest() -> None:
    assert point(taught(LastMean(2), replies(30, 90, 300)).arriving(900.0)) == 195


def test_customers_who_left_teach_a_mean_nothing() -> None:
    left = seen(200.0, "left", "x", wait_s=7000.0)
    assert point(taught(AllTimeMean(), [*replies(30, 90), left]).arriving(900.0)) == 60


def test_the_last_to_be_answered() -> None:
    assert point(taught(Les(), replies(30, 90, 300)).arriving(900.0)) == 300


def test_the_head_of_the_line_is_the_oldest_who_still_waits() -> None:
    line = [seen(0.0, "arrived", "a"), seen(10.0, "arrived", "b"), seen(20.0, "arrived", "c")]
    formula = taught(Hol(), line)
    assert point(formula.arriving(100.0)) == 100
    formula.observe(seen(100.0, "answered", "a", wait_s=100.0))
    formula.observe(seen(101.0, "left", "c", wait_s=81.0))
    assert point(formula.arriving(110.0)) == 100
    formula.observe(seen(110.0, "answered", "b", wait_s=100.0))
    assert point(formula.arriving(120.0)) == 0


def test_the_median_of_seven_days_forgets_what_is_older() -> None:
    formula = taught(WeekMedian(), replies(10, 20, 900, 30, every_s=DAY))
    assert point(formula.arriving(3 * DAY)) == 25
    # The first was answered at 0, the second a day later.
    assert point(formula.arriving(7 * DAY)) == 25
    assert point(formula.arriving(7 * DAY + 1)) == 30
    assert point(formula.arriving(8 * DAY + 1)) == 465
    assert formula.arriving(11 * DAY) is None


def test_quantiles_of_the_last_hundred() -> None:
    formula = taught(Window(kept=100), replies(9999, *range(1, 101)))
    # Of 101 equally likely places for the next wait, 81 lie at or below the 81st, 91 at or below the 91st.
    assert formula.arriving(9000.0) == (50.5, 81, 91)


def test_too_few_waits_promise_the_longest() -> None:
    assert taught(Window(kept=100), replies(10, 20)).arriving(900.0) == (15, 20, 20)


def test_what_was_waited_already_is_taken_off() -> None:
    formula = taught(Window(kept=100), replies(10, 20))
    assert formula.still(900.0, "x", 3, 12.0) == (3, 8, 8)
    assert formula.still(900.0, "x", 3, 600.0) == (0, 0, 0)
    assert point(taught(Les(), replies(10, 20)).still(900.0, "x", 3, 15.0)) == 5


HANDLED = [
    seen(0.0, "answered", "a", held=1),
    seen(100.0, "answered", "b", held=2),
    seen(300.0, "closed", "a", held=1),
    seen(200.0 + 500.0, "closed", "b", held=0, waiting=3),
]
"""Handle times of 300 and 600 seconds; 2 on duty, 3 waiting, nobody busy."""


def test_handle_time_times_place_over_agents() -> None:
    formula = taught(Ewt(), HANDLED)
    assert point(formula.arriving(700.0)) == 450 * 4 / 2
    assert point(formula.still(700.0, "x", 1, 99.0)) == 450 * 2 / 2


def test_nobody_on_duty_counts_as_one() -> None:
    formula = taught(Ewt(), [*HANDLED, seen(800.0, "duty", agents=0, waiting=3)])
    assert point(formula.arriving(800.0)) == 450 * 4


def test_only_the_last_hundred_handle_times_count() -> None:
    formula = Ewt()
    for number in range(101):
        handle_s = 900.0 if number == 0 else 100.0
        formula.observe(seen(1000.0 * number, "answered", str(number)))
        formula.observe(seen(1000.0 * number + handle_s, "closed", str(number)))
    assert point(formula.arriving(2e5)) == 100 / 2


def test_hands_free_go_first_and_ten_seconds_more() -> None:
    formula = taught(HourEwt(), HANDLED)
    # Two hands are free: of four places two are left.
    assert point(formula.arriving(700.0)) == 450 / 2 * 2 + 10
    assert point(formula.still(700.0, "x", 0, 0.0)) == 10


def test_after_an_hour_only_the_last_handle_time_is_left() -> None:
    formula = taught(HourEwt(), HANDLED)
    assert point(formula.arriving(300.0 + 3601.0)) == 600 / 2 * 2 + 10


def test_a_desk_drains_at_its_pace() -> None:
    """One reply a minute, day and night, for three weeks, with a line that never ends."""
    formula = Fluid()
    for minute in range(21 * 24 * 60):
        formula.observe(seen(60.0 * minute, "answered", waiting=5, wait_s=300.0))
    answer = formula.arriving(21 * DAY)
    assert point(answer) == pytest.approx(6 * 60, rel=0.05)
    assert point(formula.still(21 * DAY, "x", 2, 99.0)) == pytest.approx(3 * 60, rel=0.05)


def test_time_with_nobody_waiting_says_nothing_about_the_pace() -> None:
    """A case every ten minutes, answered after one."""
    formula = Fluid()
    for number in range(21 * 24 * 6):
        formula.observe(seen(600.0 * number, "arrived", str(number), waiting=1))
        formula.observe(seen(600.0 * number + 60, "answered", str(number), waiting=0, wait_s=60.0))
    assert point(formula.arriving(21 * DAY)) == pytest.approx(60, rel=0.1)


def test_a_desk_that_sleeps_drains_in_the_morning() -> None:
    """Thirty replies an hour from 8 to 16, and a line that waits through the night, for three weeks."""
    formula = Fluid()
    for minute in range(0, 21 * 24 * 60, 2):
        hour = minute // 60 % 24
        happened: Happened = "answered" if 8 <= hour < 16 else "arrived"
        formula.observe(seen(60.0 * minute, happened, str(minute), waiting=9, wait_s=60.0))
    answer = point(formula.arriving(21 * DAY))
    assert answer == pytest.approx(8 * 3600 + 10 * 120, rel=0.05)
