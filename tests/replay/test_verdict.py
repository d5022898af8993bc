"""Promises judged by hand: kept, broken, unknown; errors; the first week; the worst and the best stretch."""

from __future__ import annotations

from math import log, nan

import pytest

from bot.replay.queries import Query
from bot.replay.run import Quantiles, Replayed
from bot.replay.trace import TracedCase
from bot.replay.verdict import Figures, Truth, ended_at, judge, rolling, truths
from tests.replay.tiny import DAY, START, answered, case, trace

WEEK = 7 * DAY


def live(replayed: Replayed) -> Figures:
    return judge(replayed)["ours"]["live"]


def always(p50: float, p80: float, p90: float) -> Quantiles:
    return p50, p80, p90


# --- one promise -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("truth", "promise_s", "kept"),
    [
        (Truth(100, 100), 100, True),
        (Truth(101, 101), 100, False),
        (Truth(None, 101), 100, False),
        (Truth(None, 100), 100, None),
        (Truth(None, 20), 100, None),
    ],
    ids=["reply in time", "reply too late", "ran out before they left", "left as it ran out", "left early"],
)
def test_a_promise_is_kept_broken_or_unknown(truth: Truth, promise_s: float, kept: bool | None) -> None:
    assert truth.kept(promise_s) is kept


def test_what_is_true_of_each_case() -> None:
    past = trace(case("a", 0, 50), case("b", 10, None, left=40), case("c", 20), case("z", 300, 400))
    found = list(truths(answered(past, lambda _: None)))
    assert found == [Truth(50, 50), Truth(None, 30), Truth(None, 380), Truth(100, 100)]
    assert ended_at(past) == START + 400


def test_a_question_asked_later_counts_from_then() -> None:
    past = trace(case("a", 0, 500), case("z", 300, 400))
    found = Replayed(past, [Query("waiting", 0, START + 300)], {"ours": [(1.0, 2.0, 3.0)]})
    assert list(truths(found)) == [Truth(200, 200)]


# --- coverage ----------------------------------------------------------------------------------------------


def test_coverage_counts_what_can_be_judged() -> None:
    past = trace(
        case("first", 0, 1),
        case("in time", WEEK, WEEK + 100),
        case("late", WEEK + 1, WEEK + 901),
        case("left early", WEEK + 2, None, left=WEEK + 50),
        case("left after it ran out", WEEK + 3, None, left=WEEK + 800),
        case("waits at the end", WEEK + 4),
        case("the end", WEEK + 2000, WEEK + 2100),
    )
    figures = live(answered(past, lambda _: (100.0, 600.0, 1000.0)))
    # p80: kept by "in time" and "the end"; broken by "late", "left after" and "waits".
    assert (figures.promises, figures.coverage_p80) == (5, 2 / 5)
    # p90: "left after it ran out" left before 1000 s, so nobody knows.
    assert figures.coverage_p90 == 3 / 4
    assert (figures.n, figures.unknown) == (3, 0)


def test_promises_of_a_minute_or_less_are_not_counted() -> None:
    past = trace(
        case("first", 0, 1),
        *(case(f"{length}", WEEK + length, WEEK + length + 70) for length in (59, 60, 61)),
    )
    told = answered(past, lambda one: (10.0, float(one.case_id), 90.0) if one.case_id != "first" else None)
    figures = live(told)
    assert (figures.promises, figures.coverage_p80, figures.coverage_p90) == (1, 0.0, 1.0)


def test_the_first_seven_days_stand_apart() -> None:
    past = trace(case("first", 0, 700), case("second", WEEK - 1, WEEK + 10), case("third", WEEK, WEEK + 100))
    figures = live(answered(past, lambda _: (50.0, 500.0, 600.0)))
    assert figures.first_week_p80 == 1 / 2
    assert (figures.coverage_p80, figures.n, figures.mae_s) == (1.0, 1, 50.0)


# --- errors ------------------------------------------------------------------------------------------------


def test_errors_by_hand() -> None:
    past = trace(case("first", 0, 1), case("a", WEEK, WEEK + 99), case("b", WEEK + 1, WEEK + 1 + 399))
    figures = live(answered(past, lambda _: (199.0, 299.0, 499.0)))
    assert (figures.mae_s, figures.median_ae_s, figures.mean_p80_s) == (150, 150, 299)
    assert figures.log_mae == pytest.approx(log(2))
    # p80: told 200 too long costs a fifth, told 100 too short costs four fifths.
    assert figures.pinball_p50 == pytest.approx((50 + 100) / 2)
    assert figures.pinball_p80 == pytest.approx((0.2 * 200 + 0.8 * 100) / 2)
    assert figures.pinball_p90 == pytest.approx((0.1 * 400 + 0.1 * 100) / 2)


def test_cases_without_a_reply_or_a_figure_have_no_error() -> None:
    past = trace(
        case("first", 0, 1),
        case("a", WEEK, WEEK + 99),
        case("b", WEEK + 1, None, left=WEEK + 5),
        case("c", WEEK + 2, WEEK + 9),
    )
    figures = live(answered(past, lambda one: None if one.case_id == "c" else (199.0, 299.0, 499.0)))
    assert (figures.n, figures.unknown, figures.mae_s) == (1, 1, 100.0)


def test_a_formula_without_quantiles_has_no_promises() -> None:
    past = trace(case("first", 0, 1), case("a", WEEK, WEEK + 99))
    figures = live(answered(past, lambda _: (199.0, nan, nan)))
    assert figures.mae_s == 100
    assert (figures.pinball_p80, figures.coverage_p80, figures.mean_p80_s, figures.promises) == (
        None,
        None,
        None,
        0,
    )


def test_who_said_nothing_has_no_figures() -> None:
    figures = live(answered(trace(case("a", 0, 50), case("b", WEEK, WEEK + 50)), lambda _: None))
    assert (figures.n, figures.unknown, figures.mae_s, figures.coverage_p80) == (0, 1, None, None)


def test_the_ratio_to_the_oracle_is_over_its_cases_only() -> None:
    def told(one: TracedCase) -> Quantiles:
        return always(300, 600, 900) if one.case_id == "a" else always(9999, 9999, 9999)

    past = trace(
        case("first", 0, 1),
        case("a", WEEK, WEEK + 100),
        case("b", WEEK + 1, WEEK + 50),
        oracle={"a": (0.0, 200.0, 400.0, 500.0), "first": (0.0, 0.0, 0.0, 0.0)},
    )
    figures = live(answered(past, told))
    assert figures.oracle == 200 / 100
    assert figures.oracle_p80 == 600 / 400


# --- stretches ---------------------------------------------------------------------------------------------


def test_the_worst_and_the_best_stretch_by_hand() -> None:
    times = [0.0, 10.0, 20.0, 30.0, 40.0]
    kept = [True, False, False, True, True]
    # Stretches of more than 20 s that end with a promise: 0-20: 1/3, 10-30: 1/3, 20-40: 2/3.
    assert rolling(times, kept, 0.0, 25.0, 3) == (1 / 3, 2 / 3)


def test_a_stretch_lies_wholly_after_the_beginning() -> None:
    times = [0.0, 10.0, 20.0, 30.0, 40.0]
    assert rolling(times, [False, False, False, True, True], 5.0, 25.0, 3) == (1 / 3, 2 / 3)
    assert rolling(times, [False, False, False, True, True], 15.0, 25.0, 3) == (2 / 3, 2 / 3)


def test_a_stretch_with_few_promises_does_not_count() -> None:
    times = [0.0, 100.0, 101.0, 102.0]
    assert rolling(times, [False, True, True, True], 0.0, 25.0, 3) == (1, 1)
    assert rolling(times, [False, True, True, True], 0.0, 25.0, 4) is None


def test_a_bad_day_shows_in_the_worst_day_and_the_worst_week() -> None:
    """Forty promises a day, all kept, but none on the twentieth day."""
    cases = [
        case(f"{day}-{number}", day * DAY + number * 2000, day * DAY + number * 2000 + late)
        for day in range(30)
        for late in [900.0 if day == 20 else 90.0]
        for number in range(43)
    ]
    figures = live(answered(trace(*cases), lambda _: (60.0, 300.0, 600.0)))
    assert figures.day_p80 == (0.0, 1.0)
    assert figures.week_p80 is not None
    assert figures.week_p80[0] == pytest.approx(6 / 7, abs=0.01)
    assert figures.week_p80[1] == 1.0


def test_kinds_and_estimators_are_judged_apart() -> None:
    past = trace(case("first", 0, 1), case("a", WEEK, WEEK + 100))
    queries = [Query("live", 1, START + WEEK), Query("waiting", 1, START + WEEK + 60)]
    found = Replayed(past, queries, {"x": [(40.0, 90.0, 95.0)] * 2, "y": [None, (41.0, 42.0, 43.0)]})
    verdict = judge(found)
    assert verdict["x"]["live"].mae_s == 60
    assert verdict["x"]["waiting"].mae_s == 0
    assert verdict["y"]["live"].n == 0
    assert verdict["y"]["waiting"].mae_s == 1
    assert verdict["y"]["published"].n == 0
