"""Whether forecasts came true: one that is too short grows until eight in ten promises are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import log
from random import Random
from statistics import NormalDist, mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from status.calibration import APART, DRIFT, FORGOTTEN_S, KEPT, MOST_DRIFT, Calibration, Noted
from status.forecast import Forecast, of_lengths
from tests.chapter.desk import ALIKE, DAY, HOUR, MINUTE, T0

Z50, Z80, Z90 = (NormalDist().inv_cdf(share) for share in (0.5, 0.8, 0.9))
MEAN_S = 10 * MINUTE
EXPONENTIAL = of_lengths(lambda share: -MEAN_S * log(1 - share))
"""Ten minutes on average: seven in the median, sixteen within which eight in ten are answered."""
THEORY = tuple(EXPONENTIAL.at(z) for z in (Z50, Z80, Z90))
GROUP = Calibration().group("live", EXPONENTIAL, idle=False)


def noted(calibration: Calibration, case: str, at: float, forecast: Forecast = EXPONENTIAL) -> Noted:
    """What a customer is told, to be scored."""
    group = calibration.group("live", forecast, idle=False)
    _, p80_s, p90_s = calibration.quantiles(group, forecast)
    calibration.note(Noted(group, case, at, forecast, p80_s, p90_s))
    return calibration.open[case][-1]


def live(calibration: Calibration, waits_s: Iterable[float]) -> list[bool]:
    """A customer every other day, who waits so long. Was the 80 % promise kept?"""
    kept = []
    for n, wait_s in enumerate(waits_s):
        case, at = f"case {n}", T0 + n * 2 * DAY
        kept.append(wait_s <= noted(calibration, case, at).p80_s)
        calibration.pass_time(at + wait_s)
        calibration.settle(case, at + wait_s, answered=True)
        calibration.pass_time(at + 2 * DAY)
    return kept


def exponential(mean_s: float, count: int, seed: int = 1) -> Iterator[float]:
    """So many random waits."""
    random = Random(seed)
    return (random.expovariate(1 / mean_s) for _ in range(count))


def said(calibration: Calibration) -> tuple[float, float, float]:
    """p50, p80 and p90 for the same forecast."""
    return calibration.quantiles(GROUP, EXPONENTIAL)


# --- what is said -------------------------------------------------------------------------------------------


def test_before_anything_was_scored_theory_is_believed() -> None:
    assert said(Calibration()) == THEORY


def test_a_forecast_that_is_right_stays_as_it_is() -> None:
    calibration = Calibration()
    kept = live(calibration, exponential(MEAN_S, 800))
    assert said(calibration) == pytest.approx(THEORY, rel=0.2)
    assert mean(kept) == pytest.approx(0.8, abs=0.03)


def test_a_forecast_twice_too_short_is_made_twice_as_long() -> None:
    """Theory says ten minutes and it takes twenty. After 400 customers the 80 % promise has nearly doubled, and
    of the next 400 eight in ten are kept. The median, which luck moves for days, is trusted more slowly.
    """
    calibration = Calibration()
    live(calibration, exponential(2 * MEAN_S, 400, seed=1))
    p50, p80, p90 = said(calibration)
    assert 1.3 < p50 / THEORY[0] < 2.0
    assert p80 / THEORY[1] == pytest.approx(2, abs=0.3)
    assert p90 / THEORY[2] == pytest.approx(2, abs=0.3)
    assert mean(live(calibration, exponential(2 * MEAN_S, 400, seed=2))) == pytest.approx(0.8, abs=0.03)


def test_a_forecast_twice_too_long_is_made_shorter() -> None:
    calibration = Calibration()
    live(calibration, exponential(MEAN_S / 2, 400))
    assert said(calibration)[1] / THEORY[1] == pytest.approx(0.5, abs=0.1)


def test_a_few_scores_do_not_outvote_theory() -> None:
    """Five waits of a quarter of the forecast: against twenty that theory counts for, they move it a little."""
    calibration = Calibration()
    live(calibration, [EXPONENTIAL.at(Z80) / 4] * 5)
    assert 0.75 < said(calibration)[1] / THEORY[1] < 0.95


def test_a_desk_that_changes_is_learned_anew() -> None:
    """Only the latest scores count: a year at twice the pace, and then KEPT customers at the old one."""
    calibration = Calibration()
    live(calibration, exponential(MEAN_S / 2, 500))
    live(calibration, exponential(MEAN_S, KEPT + 20, seed=3))
    assert said(calibration)[1] / THEORY[1] == pytest.approx(1, abs=0.15)


# --- who is judged together ---------------------------------------------------------------------------------


def test_forecasts_are_judged_with_those_of_like_length() -> None:
    """Short waits may be told too long and long ones too short, at the same desk."""
    calibration, long = (
        Calibration(),
        Forecast(EXPONENTIAL.z, tuple(20 * at_s for at_s in EXPONENTIAL.seconds)),
    )
    live(calibration, exponential(2 * MEAN_S, 200))
    assert calibration.group("live", long, idle=False) != GROUP
    assert calibration.quantiles(calibration.group("live", long, idle=False), long)[1] == long.at(Z80)


def test_who_found_a_hand_free_is_a_class_of_its_own() -> None:
    calibration = Calibration()
    assert calibration.group("live", EXPONENTIAL, idle=True) != GROUP


def test_a_class_without_scores_is_judged_by_the_next() -> None:
    """Promises of ten minutes are known to be twice too short, and of half an hour nothing is known: a forecast of
    twenty minutes, between the two, is corrected all the same. One of four hours is another matter.
    """
    calibration = Calibration()
    live(calibration, exponential(2 * MEAN_S, 400))
    for factor, corrected in ((2, 2), (30, 1)):
        longer = Forecast(EXPONENTIAL.z, tuple(factor * at_s for at_s in EXPONENTIAL.seconds))
        p80_s = calibration.quantiles(calibration.group("live", longer, idle=False), longer)[1]
        assert p80_s / longer.at(Z80) == pytest.approx(corrected, abs=0.3)


def test_scores_of_a_free_hand_correct_what_is_told_of_one() -> None:
    """All who found a hand free waited four times as long as told; those in line are told what they were."""
    calibration = Calibration()
    idle = calibration.group("live", EXPONENTIAL, idle=True)
    for n in range(100):
        at = T0 + n * DAY
        _, p80_s, p90_s = calibration.quantiles(idle, EXPONENTIAL)
        calibration.note(Noted(idle, f"case {n}", at, EXPONENTIAL, p80_s, p90_s))
        calibration.pass_time(at + 4 * EXPONENTIAL.at(Z80))
        calibration.settle(f"case {n}", at + 4 * EXPONENTIAL.at(Z80), answered=True)
    assert calibration.quantiles(idle, EXPONENTIAL)[1] > 3 * THEORY[1]
    assert said(calibration)[2] < 1.2 * THEORY[2]


def test_who_reads_the_banner_is_judged_apart_from_who_asks() -> None:
    groups = {
        Calibration().group(kind, EXPONENTIAL, idle=idle)
        for kind in ("live", "published", "waiting")
        for idle in (True, False)
    }
    assert len(groups) == 6


def test_waits_that_overlap_share_their_luck_so_only_some_are_noted() -> None:
    """A median of ten minutes: one that comes some seconds after the last one noted tells nothing new."""
    calibration, apart_s = Calibration(), 10 * MINUTE / APART
    assert calibration.wants(GROUP, T0, 10 * MINUTE)
    noted(calibration, "first", T0)
    assert not calibration.wants(GROUP, T0 + apart_s - 1, 10 * MINUTE)
    assert calibration.wants(GROUP, T0 + apart_s, 10 * MINUTE)


def test_who_stands_in_one_line_shares_even_more() -> None:
    """The promise to one who waits and to the next in line are kept or broken together."""
    calibration, waiting = Calibration(), "waiting 1"
    calibration.note(Noted(waiting, "first", T0, EXPONENTIAL, THEORY[1], THEORY[2]))
    assert not calibration.wants(waiting, T0 + 10 * MINUTE / APART, 10 * MINUTE)


# --- when a score enters ------------------------------------------------------------------------------------


def test_a_quick_reply_counts_when_its_promise_runs_out() -> None:
    """Answered after ten seconds. Were that counted at once, the quick ones would be counted first, and the next
    promise be too short; the slow ones of the same hour are still waiting.
    """
    calibration = Calibration()
    runs_out_at = noted(calibration, "quick", T0).expires_at
    calibration.settle("quick", T0 + 10, answered=True)
    calibration.pass_time(runs_out_at - 1)
    assert said(calibration) == THEORY
    calibration.pass_time(runs_out_at)
    assert said(calibration) < THEORY


def test_a_reply_on_its_way_when_the_forecast_was_made_is_no_wait_at_all() -> None:
    """Clocks of two machines differ: the reply comes two seconds before the question, and is scored as at once."""
    calibration = Calibration()
    case = noted(calibration, "early", T0)
    calibration.settle("early", T0 - 2, answered=True)
    calibration.pass_time(case.expires_at)
    assert case.wait_s == 0
    assert len(calibration.scores[case.group].ordered) == 1


def test_a_broken_promise_counts_as_endless_until_it_is_answered() -> None:
    """Nobody knows yet how late it will be. Once it is known, it counts for that and no more."""
    calibration = Calibration()
    live(calibration, exponential(MEAN_S, 20))
    case = noted(calibration, "late", T0 + 100 * DAY)
    for n in range(20):
        noted(calibration, f"late {n}", T0 + 100 * DAY + n)
    calibration.pass_time(T0 + 101 * DAY)
    endless = said(calibration)[1]
    for n in range(20):
        calibration.settle(f"late {n}", case.expires_at + MINUTE, answered=True)
    assert endless > said(calibration)[1] > THEORY[1]


def test_who_left_before_the_promise_ran_out_tells_nothing() -> None:
    calibration = Calibration()
    runs_out_at = noted(calibration, "gone", T0).expires_at
    calibration.settle("gone", T0 + 10, answered=False)
    calibration.pass_time(runs_out_at)
    assert said(calibration) == THEORY


def test_who_left_after_it_ran_out_had_a_broken_promise() -> None:
    """Fifty waited their promise out and then gave up: the promise was too short."""
    calibration = Calibration()
    for n in range(50):
        case = noted(calibration, f"case {n}", T0 + n * DAY)
        calibration.pass_time(case.expires_at)
        calibration.settle(case.case, case.expires_at + MINUTE, answered=False)
    assert said(calibration)[1] > 1.2 * THEORY[1]


def test_settling_gives_what_was_said_for_the_case() -> None:
    """All forecasts made for it, with how long it took from each; and it is open no more."""
    calibration = Calibration()
    noted(calibration, "case", T0)
    noted(calibration, "case", T0 + 5 * MINUTE)
    over = calibration.settle("case", T0 + 8 * MINUTE, answered=True)
    assert [one.wait_s for one in over] == [8 * MINUTE, 3 * MINUTE]
    assert calibration.settle("case", T0 + HOUR, answered=True) == []


def test_a_forecast_that_is_open_for_a_fortnight_is_given_up() -> None:
    calibration = Calibration()
    noted(calibration, "forgotten", T0)
    calibration.forget(T0 + FORGOTTEN_S)
    assert "forgotten" in calibration.open
    calibration.forget(T0 + FORGOTTEN_S + 1)
    assert calibration.open == {}


# --- the level drifts ---------------------------------------------------------------------------------------


def drift_after(kept: str) -> float:
    """The drift of the 80 % level after promises that were kept (k) or broken (b)."""
    calibration = Calibration()
    live(calibration, [1.0 if one == "k" else DAY for one in kept])
    return calibration.drift["live"][0]


def test_a_broken_promise_weighs_as_much_as_four_that_were_kept() -> None:
    """Each kept one lowers the level by a fifth of a step, each broken one raises it by four fifths."""
    assert drift_after("k") == pytest.approx(-0.2 * DRIFT[0])
    assert drift_after("b") == pytest.approx(0.8 * DRIFT[0])
    assert drift_after("kkkkb") == pytest.approx(0, abs=1e-12)


def test_the_level_does_not_drift_for_ever() -> None:
    assert drift_after("b" * 60) == pytest.approx(MOST_DRIFT[0])


def test_a_promise_of_a_minute_does_not_move_the_level() -> None:
    """It is nearly always kept, and would teach the others to be shorter."""
    calibration, instant = Calibration(), of_lengths(lambda share: 20 * share)
    noted(calibration, "quick", T0, instant)
    calibration.settle("quick", T0 + 1, answered=True)
    calibration.pass_time(T0 + HOUR)
    assert calibration.drift.get("live", [0.0, 0.0]) == [0.0, 0.0]


def test_who_left_in_time_moves_no_level_and_who_left_late_does() -> None:
    """Nobody knows whether the promise to the first would have been kept; that to the second was broken."""
    for left_after_s, moved in ((MINUTE, 0.0), (2 * HOUR, 0.8 * DRIFT[0])):
        calibration = Calibration()
        noted(calibration, "gone", T0)
        calibration.settle("gone", T0 + left_after_s, answered=False)
        calibration.pass_time(T0 + DAY)
        assert calibration.drift["live"][0] == pytest.approx(moved)


def test_what_the_scores_cannot_follow_the_drift_makes_good() -> None:
    """A desk that gets slower all the time, twice in 700 customers: the scores of the past are always too short.
    With the level drifting, of the last 300 promises nearly eight in ten are kept all the same.
    """
    random, calibration = Random(1), Calibration()
    kept = live(calibration, (random.expovariate(1 / (MEAN_S * 1.001**n)) for n in range(1000)))
    assert mean(kept[-300:]) > 0.74
    assert calibration.drift["live"][0] > 0


# --- always -------------------------------------------------------------------------------------------------

happenings = st.lists(
    st.tuples(st.floats(0, HOUR), st.sampled_from(["note", "answer", "leave", "pass"]), st.integers(0, 9)),
    max_size=60,
)


@settings(ALIKE, max_examples=60)
@given(happenings)
def test_whatever_happens_the_quantiles_are_in_order(happened: list[tuple[float, str, int]]) -> None:
    calibration, at = Calibration(), T0
    for length_s, what, number in happened:
        at += length_s
        calibration.pass_time(at)
        if what == "note":
            noted(calibration, f"case {number}", at)
        elif what != "pass":
            calibration.settle(f"case {number}", at, answered=what == "answer")
        p50, p80, p90 = said(calibration)
        assert 0 <= p50 <= p80 <= p90 < DAY


@settings(ALIKE, max_examples=30)
@given(st.lists(st.floats(1, 5 * HOUR), min_size=1, max_size=40), st.floats(1, 2))
def test_slower_waits_never_make_the_promise_shorter(waits_s: list[float], factor: float) -> None:
    quick, slow = Calibration(), Calibration()
    live(quick, waits_s)
    live(slow, [wait_s * factor for wait_s in waits_s])
    assert said(slow)[1] >= said(quick)[1] * (1 - 1e-9)
