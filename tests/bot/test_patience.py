"""How long a platform is left alone: as long as it said, at the pace it taught, and longer with every failure."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.patience import FIRST_PAUSE_S, LEARNED_FOR_S, LONGEST_PACE_S, LONGEST_PAUSE_S, Patience

NOW = 1_767_614_400.0
LEAST_S = 300.0
DAY_S = 86_400.0


def test_changes_are_so_far_apart() -> None:
    changed = Patience().trying(NOW).calmed()
    assert Patience().next_change_at(LEAST_S, NOW) <= NOW
    assert changed.next_change_at(LEAST_S, NOW) == NOW + LEAST_S


def test_a_too_soon_stretches_the_pace_by_as_much_as_it_was_too_soon() -> None:
    before = Patience().trying(NOW).calmed()
    asked_at = NOW + LEAST_S
    told = before.too_soon(600, LEAST_S, asked_at)
    assert told.next_change_at(LEAST_S, asked_at) == asked_at + 600, "when the platform said"
    after = told.trying(asked_at + 600).calmed()
    assert after.next_change_at(LEAST_S, asked_at + 600) == asked_at + 600 + 900
    week = asked_at + LEARNED_FOR_S
    assert after.trying(week).next_change_at(LEAST_S, week) == week + LEAST_S, "limits change"


def test_only_the_first_too_soon_of_a_row_tells_the_pace() -> None:
    """A token that is not accepted is no limit, however often that is said."""
    patience = Patience().trying(NOW).calmed()
    for number in range(50):
        patience = patience.too_soon(60, LEAST_S, NOW + 60 * number)
    assert patience.pace_s == LEAST_S + 60


def test_a_pace_is_never_slower_than_once_a_day() -> None:
    assert Patience().too_soon(10**7, LEAST_S, NOW).pace_s == LONGEST_PACE_S


def test_to_be_told_to_wait_at_a_look_says_nothing_of_changes() -> None:
    told = Patience().trying(NOW).calmed().told(30, NOW)
    assert (told.not_before, told.next_change_at(LEAST_S, NOW), told.pace_s) == (NOW + 30, NOW + LEAST_S, 0)


def test_failures_are_tried_again_after_pauses_that_double() -> None:
    patience, pauses = Patience(), []
    for _ in range(12):
        patience = patience.failed(NOW)
        pauses.append(patience.not_before - NOW)
    assert pauses[:4] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S, 8 * FIRST_PAUSE_S]
    assert pauses[-1] == LONGEST_PAUSE_S
    assert patience.calmed().failed(NOW).not_before == NOW + FIRST_PAUSE_S, "a success ends the row"


def test_the_next_process_knows_it_too() -> None:
    patience = Patience().trying(NOW).too_soon(518, LEAST_S, NOW).failed(NOW)
    assert Patience.from_store(json.loads(json.dumps(patience.to_store()))) == patience


def in_windows(most: int, within_s: float) -> Callable[[list[float], float], float]:
    """A platform that takes so many changes within any such time; gives how much too soon one more is."""

    def too_soon_s(taken: list[float], now: float) -> float:
        inside = [at for at in taken if at > now - within_s]
        return inside[-most] + within_s - now if len(inside) >= most else 0.0

    return too_soon_s


@pytest.mark.parametrize(
    ("most", "within_s"), [(1, 600), (2, 600), (1, 3_600), (2, 3_600), (5, 3_600), (3, DAY_S), (1, DAY_S)]
)
def test_a_limit_that_nobody_told_us_of_is_learned_in_a_few_answers(most: int, within_s: float) -> None:
    """Somebody who wants a change at every minute of six days."""
    refused, taken = play(in_windows(most, within_s), [60.0] * (6 * 24 * 60))
    assert len(refused) <= 5
    assert len(taken) >= 6 * DAY_S / within_s * most / 4, "and it is not many times slower than it has to be"


@given(
    limit=st.tuples(st.integers(1, 5), st.sampled_from([300.0, 600.0, 3_600.0, DAY_S])),
    gaps_s=st.lists(st.floats(1, 5_000), max_size=200),
)
def test_nothing_is_asked_before_the_moment_that_was_named(
    limit: tuple[int, float], gaps_s: list[float]
) -> None:
    refused, taken = play(in_windows(*limit), gaps_s)
    for at, told_s in refused:
        assert not [one for one in [*taken, *(when for when, _ in refused)] if at < one < at + told_s]
    assert all(after - before >= LEAST_S - 0.001 for before, after in pairwise(taken))


def play(
    too_soon_s: Callable[[list[float], float], float], gaps_s: list[float]
) -> tuple[list[tuple[float, float]], list[float]]:
    """What was refused (when, and for how long) and when changes were taken."""
    patience, now = Patience(), NOW
    refused: list[tuple[float, float]] = []
    taken: list[float] = []
    for gap_s in gaps_s:
        now += gap_s
        if now < patience.next_change_at(LEAST_S, now):
            continue
        told_s = too_soon_s(taken, now)
        if told_s:
            refused.append((now, told_s))
            patience = patience.too_soon(told_s, LEAST_S, now)
        else:
            taken.append(now)
            patience = patience.trying(now).calmed()
    return refused, taken
