"""How long turns last, when some have not ended: worked by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from status.survival import Length, survival
from tests.chapter.desk import ALIKE


def test_when_every_turn_was_answered_the_curve_is_the_plain_share() -> None:
    """Four turns of 1, 2, 3 and 4 minutes: half wait longer than two, and half are over within two."""
    curve = survival([Length(60.0 * n, answered=True) for n in (3, 1, 4, 2)])
    assert curve.still_waiting(120.0) == 0.5
    assert curve.still_to_go((0.5, 0.8)) == [120.0, 240.0]


def test_a_customer_who_left_makes_the_others_count_for_more() -> None:
    """1 minute answered, 2 minutes left, 3 and 4 answered.

    At 1: 3/4 go on. At 2 somebody leaves, nothing is learned of a reply. At 3, one of the two still there is
    answered: 3/4 x 1/2 = 3/8. Dropping the one who left would have said 1/3.
    """
    turns = [Length(60.0, True), Length(120.0, False), Length(180.0, True), Length(240.0, True)]
    curve = survival(turns)
    assert curve.still_waiting(119.0) == 0.75
    assert curve.still_waiting(120.0) == 0.75
    assert curve.still_waiting(180.0) == 0.375


def test_who_has_waited_has_some_of_it_behind_them() -> None:
    """Turns of 1 to 10 minutes. After 5 minutes five are left; four of those are over within 4 more
    minutes.
    """
    curve = survival([Length(60.0 * n, answered=True) for n in range(1, 11)])
    assert curve.still_to_go((0.2, 0.8), elapsed_s=300.0) == [60.0, 240.0]


def test_who_has_just_come_may_be_answered_at_once_like_others() -> None:
    """Three of four were answered the moment they came. After a second one is no longer one of those."""
    curve = survival([*[Length(0.0, answered=True)] * 3, Length(60.0, answered=True)])
    assert curve.still_to_go((0.5, 0.8)) == [0.0, 60.0]
    assert curve.still_to_go((0.5, 0.8), elapsed_s=1.0) == [59.0, 59.0]


def test_several_shares_are_read_off_in_one_go() -> None:
    """Ten turns of 1 to 10 minutes: the tenths, each at its minute, whatever else is asked."""
    curve = survival([Length(60.0 * n, answered=True) for n in range(1, 11)])
    assert curve.still_to_go([n / 10 for n in range(1, 11)]) == [60.0 * n for n in range(1, 11)]
    assert curve.still_to_go([0.3, 0.3, 0.31]) == [180.0, 180.0, 240.0]


def test_who_has_waited_longer_than_anybody_gets_no_figure() -> None:
    assert survival([Length(60.0, answered=True)]).still_to_go((0.5,), elapsed_s=60.0) is None
    assert survival([]).still_to_go((0.5,)) is None


def test_of_turns_that_end_at_the_same_second_those_answered_come_first() -> None:
    """One answered and one given up after a minute, one answered after two: a third was answered within the
    minute. Had the one who gave up gone first, it would be a half of whoever was left.
    """
    curve = survival([Length(60.0, False), Length(60.0, True), Length(120.0, True)])
    assert curve.still_waiting(60.0) == pytest.approx(2 / 3)


def test_beyond_the_longest_turn_nothing_is_known_so_it_ends_there() -> None:
    """Of one reply at 1 minute and one customer still waiting at 5, the slower half is said to take 5."""
    curve = survival([Length(60.0, True), Length(300.0, False)])
    assert curve.still_to_go((0.8,)) == [300.0]


turns = st.lists(st.builds(Length, st.floats(0, 1e6), st.booleans()), min_size=1, max_size=30)


@ALIKE
@given(turns, st.floats(0, 1e6), st.floats(0, 1e6))
def test_the_share_still_waiting_only_falls(lengths: list[Length], one: float, other: float) -> None:
    curve = survival(lengths)
    assert 1 >= curve.still_waiting(min(one, other)) >= curve.still_waiting(max(one, other)) >= 0


SHARES = (0.1, 0.5, 0.8, 0.9)


@ALIKE
@given(turns)
def test_censoring_never_makes_the_wait_look_shorter(lengths: list[Length]) -> None:
    """If every turn had been answered when last seen, no quantile would be longer."""
    answered = survival([Length(length.seconds, answered=True) for length in lengths])
    censored_s, answered_s = survival(lengths).still_to_go(SHARES), answered.still_to_go(SHARES)
    assert censored_s is not None
    assert answered_s is not None
    assert all(longer >= shorter for longer, shorter in zip(censored_s, answered_s, strict=True))


@ALIKE
@given(turns, st.floats(0, 1e6))
def test_the_larger_share_takes_longer(lengths: list[Length], elapsed_s: float) -> None:
    """One figure for each share, and none of them is in the past."""
    times = survival(lengths).still_to_go(SHARES, elapsed_s)
    if times is not None:
        assert len(times) == len(SHARES)
        assert times[0] >= 0
        assert times == sorted(times)


@ALIKE
@given(turns, st.floats(0.01, 100))
def test_in_other_units_the_curve_is_the_same(lengths: list[Length], factor: float) -> None:
    scaled = survival([Length(length.seconds * factor, length.answered) for length in lengths])
    before, after = survival(lengths).still_to_go(SHARES), scaled.still_to_go(SHARES)
    assert before is not None
    assert after == [seconds * factor for seconds in before]
