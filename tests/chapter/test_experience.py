"""What customers waited lately: the plain past, with those who still wait, and without nights."""

from __future__ import annotations

from math import log
from statistics import NormalDist

import pytest

from status.experience import ENOUGH, LOOK_AGAIN_PART, LOOK_AGAIN_S, MEAN_MOST_S, Experience
from status.hours import Hours
from tests.chapter.desk import ALWAYS, DAY, DAYTIME, HOUR, MINUTE, T0

Z50, Z80, Z90 = (NormalDist().inv_cdf(share) for share in (0.5, 0.8, 0.9))


def lived(waits_s: list[float], kept: int = 500, hours: Hours = ALWAYS) -> Experience:
    """A turn an hour, each answered after so long; looked at when the last one was."""
    experience = Experience(kept)
    for hour, wait_s in enumerate(waits_s):
        at = T0 + hour * HOUR
        experience.begin(f"case {hour}", at)
        experience.end(f"case {hour}", at + wait_s, hours, answered=True)
    experience.look(T0 + len(waits_s) * HOUR, hours)
    return experience


TWENTY = [30.0 * n for n in range(1, 21)]
"""30 s, 60 s, ... 10 minutes."""


def test_half_of_them_waited_less_than_the_median() -> None:
    """Half of twenty within 5 minutes, eight in ten within 8, nine in ten within 9."""
    told = lived(TWENTY).forecast(0.0)
    assert told is not None
    assert [told.at(z) for z in (Z50, Z80, Z90)] == [5 * MINUTE, 8 * MINUTE, 9 * MINUTE]


def test_of_fewer_than_ten_replies_nothing_is_said() -> None:
    assert lived(TWENTY[: ENOUGH - 1]).forecast(0.0) is None
    assert lived(TWENTY[:ENOUGH]).forecast(0.0) is not None


def test_who_still_waits_counts_for_waiting_longer() -> None:
    """Ten were answered after a minute each; ten more came since, and nobody has answered them for an hour."""
    experience = lived([60.0] * 10)
    at = T0 + 10 * HOUR
    for n in range(10):
        experience.begin(f"open {n}", at)
    experience.look(at + HOUR, ALWAYS)
    told = experience.forecast(0.0)
    assert told is not None
    assert told.at(Z80) == HOUR


def test_a_night_is_no_wait() -> None:
    """Written at 16:50, answered at 09:10: twenty minutes with the desk open."""
    experience = Experience(500)
    for day in range(10):
        asked_at = T0 + day * DAY + 16 * HOUR + 50 * MINUTE
        experience.begin(f"case {day}", asked_at)
        experience.end(f"case {day}", T0 + (day + 1) * DAY + 9 * HOUR + 10 * MINUTE, DAYTIME, answered=True)
    experience.look(T0 + 11 * DAY, DAYTIME)
    told = experience.forecast(0.0)
    assert told is not None
    assert told.at(Z50) == 20 * MINUTE


def test_who_has_waited_has_some_of_it_behind_them() -> None:
    """After 5 minutes ten of the twenty are left; half of those were over by 7.5 minutes."""
    told = lived(TWENTY).forecast(5 * MINUTE)
    assert told is not None
    assert told.at(Z50) == 2.5 * MINUTE


def test_what_has_outlasted_all_others_lasts() -> None:
    """An hour, where nobody waited more than ten minutes: with chance 1/2 it takes as long again, with 1/5 four
    times as long.
    """
    told = lived(TWENTY).forecast(HOUR)
    assert told is not None
    assert told.at(Z50) == pytest.approx(HOUR)
    assert told.at(Z80) == pytest.approx(4 * HOUR)


def test_how_few_turns_last_so_long() -> None:
    """Two of twenty lasted longer than nine minutes; that is fewer than one in eight, and not than one in ten."""
    experience = lived(TWENTY)
    assert experience.outlasted(9 * MINUTE, share=0.125)
    assert not experience.outlasted(9 * MINUTE, share=0.1)
    assert not Experience(500).outlasted(DAY, share=0.5)


def test_only_the_latest_turns_count() -> None:
    """Ten slow turns, then twenty quick ones; with twenty kept, the slow ones are forgotten."""
    told = lived([HOUR / 2] * 10 + [30.0] * 20, kept=20).forecast(0.0)
    assert told is not None
    assert told.at(Z90) == 30.0


def test_what_is_forgotten_is_no_longer_counted() -> None:
    experience = lived(TWENTY * 2, kept=15)
    assert (experience.answered, len(experience.turns)) == (15, 15)


def test_the_second_reply_to_a_turn_is_no_second_wait() -> None:
    """A turn ends once, by the first reply."""
    experience = Experience(500)
    experience.begin("case", T0)
    experience.end("case", T0 + 10, ALWAYS, answered=True)
    experience.end("case", T0 + 500, ALWAYS, answered=True)
    experience.end("unheard of", T0 + 500, ALWAYS, answered=True)
    experience.look(T0 + 500, ALWAYS)
    assert (experience.answered, experience.mean_s(10.0)) == (1, 10.0)


def test_a_customer_who_writes_again_has_one_turn_here_the_latest() -> None:
    """Ten quick replies to one customer are not what ten customers waited."""
    experience = Experience(500)
    for n in range(ENOUGH):
        experience.begin("the same", T0 + n * MINUTE)
        experience.end("the same", T0 + n * MINUTE + 5, ALWAYS, answered=True)
    experience.look(T0 + HOUR, ALWAYS)
    assert experience.answered == 1
    assert experience.forecast(0.0) is None


def test_the_mean_begins_with_a_prior_of_two() -> None:
    """Three waited 120 s, two are guessed to have waited 60: (360 + 120) / 5 = 96."""
    assert lived([120.0] * 3).mean_s(60.0) == 96
    assert Experience(500).mean_s(60.0) == 60


def test_one_forgotten_case_does_not_stand_for_all() -> None:
    """A turn of ten hours counts as a quarter of an hour."""
    assert lived([60.0] * 8 + [10 * HOUR]).mean_s(60.0) == pytest.approx((10 * 60 + MEAN_MOST_S) / 11)


def test_who_left_is_not_in_the_mean() -> None:
    experience = lived([60.0] * 8)
    experience.begin("gone", T0 + 9 * HOUR)
    experience.end("gone", T0 + 9 * HOUR + 600, ALWAYS, answered=False)
    experience.look(T0 + 11 * HOUR, ALWAYS)
    assert (experience.answered, experience.mean_s(60.0)) == (8, 60.0)


def test_the_curve_is_drawn_anew_by_the_turn_while_there_are_few() -> None:
    experience = lived(TWENTY)
    before = experience.forecast(0.0)
    experience.begin("new", T0 + 20 * HOUR)
    experience.end("new", T0 + 20 * HOUR + 1, ALWAYS, answered=True)
    experience.look(T0 + 20 * HOUR + 1, ALWAYS)
    assert experience.forecast(0.0) != before


def test_of_many_turns_one_more_may_wait_an_hour() -> None:
    """Of a hundred turns each moves little: a tenth of all that are kept, or an hour, is reason to look again."""
    experience = lived(TWENTY * 5)
    at, before = T0 + 100 * HOUR, experience.forecast(0.0)
    for n in range(experience.kept // LOOK_AGAIN_PART - 1):
        experience.begin(f"new {n}", at)
        experience.end(f"new {n}", at + 1, ALWAYS, answered=True)
    experience.look(at + 1, ALWAYS)
    assert experience.forecast(0.0) == before
    experience.look(at + LOOK_AGAIN_S, ALWAYS)
    assert experience.forecast(0.0) != before


def test_in_other_units_experience_is_the_same() -> None:
    """Had each of them waited twice as long, the next one would: exactly."""
    single, double = lived(TWENTY).forecast(0.0), lived([2 * wait_s for wait_s in TWENTY]).forecast(0.0)
    assert single is not None
    assert double is not None
    assert double.seconds == tuple(2 * at_s for at_s in single.seconds)


def test_quantiles_of_many_waits_are_those_of_their_distribution() -> None:
    """Five hundred waits, evenly over the quantiles of an exponential one of a minute."""
    told = lived([-60 * log(1 - (n + 0.5) / 500) for n in range(500)]).forecast(0.0)
    assert told is not None
    assert [told.at(z) for z in (Z50, Z80, Z90)] == pytest.approx([60 * log(n) for n in (2, 5, 10)], rel=0.02)
