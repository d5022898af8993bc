"""A wait as a distribution: read in both directions, held against the textbook, and against dice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from status.claims import Order
from status.forecast import BEYOND, FARTHEST, GRID, SHARES, Forecast, Place, in_line, of_lengths
from tests.chapter.desk import ALIKE

NORMAL = NormalDist()
Z50, Z80, Z90 = (NORMAL.inv_cdf(share) for share in (0.5, 0.8, 0.9))
FAIR = Order(1.0, 0.0, 0.0)

TABLE = Forecast((-1.0, 0.0, 1.0, 2.0), (60.0, 120.0, 180.0, 360.0))
"""One in six is answered within a minute (z = -1), half within two, five in six within three."""


def replies(amounts: Sequence[float]) -> list[float]:
    """A clock on which a reply takes a second."""
    return list(amounts)


def behind(others: float, handover: float = 0.0) -> Place:
    """A place with so many others ahead, so that one reply more must begin."""
    return Place(others + 1, handover, among=others + 1, newest=True, joining=0.9)


# --- a table, read in both directions -----------------------------------------------------------------------


def test_between_two_rows_a_table_is_read_along_a_straight_line() -> None:
    assert [TABLE.at(z) for z in (0.0, 0.5, 1.5)] == [120.0, 150.0, 270.0]


def test_a_wait_is_found_in_the_table_it_was_forecast_by() -> None:
    """Half past two minutes: half a step beyond the median, so about seven in ten should have been quicker."""
    assert TABLE.z_of(150.0) == 0.5
    assert NORMAL.cdf(TABLE.z_of(150.0)) == pytest.approx(0.69, abs=0.01)


def test_beyond_the_table_each_further_unit_is_many_times_as_long() -> None:
    """Such a wait shows a forecast that is wrong in kind; its score must be able to say by how much. (A second is
    added, so that zero can be multiplied.)
    """
    assert TABLE.at(3.0) == pytest.approx(361 * BEYOND - 1)
    assert TABLE.z_of(361 * BEYOND - 1) == pytest.approx(3.0)
    assert TABLE.z_of(361 * BEYOND**2 - 1) == pytest.approx(4.0)


def test_no_score_runs_away() -> None:
    assert TABLE.z_of(1e12) == FARTHEST
    assert -FARTHEST <= TABLE.z_of(0.0) < -1.0


def test_a_wait_that_the_table_says_many_times_is_the_middle_of_them() -> None:
    """Everybody whose z is -1, 0 or 1 is answered at the opening: who was, was neither quick nor slow."""
    opening = Forecast((-1.0, 0.0, 1.0, 2.0), (3600.0, 3600.0, 3600.0, 7200.0))
    assert opening.z_of(3600.0) == 0.0


def test_a_forecast_from_waits_that_were_seen_says_their_quantiles() -> None:
    """Waits spread evenly over 100 s: half within 50, eight in ten within 80."""
    seen = of_lengths(lambda share: 100 * share)
    assert seen.at(Z50) == pytest.approx(50)
    assert seen.at(Z80) == pytest.approx(80)


# --- the line, by the textbook ------------------------------------------------------------------------------

CHI_SQUARE = {
    2: (1.386, 3.219, 4.605),
    8: (7.344, 11.030, 13.362),
    22: (21.337, 27.301, 30.813),
    62: (61.335, 71.125, 76.630),
}
"""The quantiles at 0.5, 0.8 and 0.9 for these degrees of freedom, as printed in tables: the sum of n exponential
gaps of mean one is half a chi-square with 2 n degrees of freedom."""


@pytest.mark.parametrize("others", [0, 3, 10, 30])
def test_behind_others_a_wait_is_a_sum_of_exponential_gaps(others: int) -> None:
    """Of k others ahead each must be begun, and then one's own: an Erlang distribution of k + 1 gaps."""
    told = in_line(behind(others), FAIR, 0.0, replies)
    exact = [quantile / 2 for quantile in CHI_SQUARE[2 * (others + 1)]]
    assert [told.at(z) for z in (Z50, Z80, Z90)] == pytest.approx(exact, rel=0.002 if others else 0.015)


def test_the_mean_of_the_table_is_the_places_and_the_handover() -> None:
    """Four replies until one's own is begun, and one more reply's time until it is written: five on average."""
    told = in_line(behind(3, handover=1.0), FAIR, 0.0, replies)
    mean = sum(told.at(NORMAL.inv_cdf((n + 0.5) / 2000)) for n in range(2000)) / 2000
    assert mean == pytest.approx(5.0, rel=0.02)


def test_the_further_back_the_surer_in_proportion() -> None:
    """The sum of n gaps has a relative spread of 1/sqrt(n)."""
    near, far = (in_line(behind(others), FAIR, 0.0, replies) for others in (1, 60))
    assert far.at(Z80) / far.at(Z50) < near.at(Z80) / near.at(Z50)


def test_a_pace_that_is_not_known_well_widens_the_forecast() -> None:
    """A hundred places spread by a tenth; a pace that may be a fifth off either way counts for more than that."""
    sure, unsure = (in_line(behind(99), FAIR, spread, replies) for spread in (0.0, 0.04))
    assert sure.at(1.0) / 100 == pytest.approx(1.10, abs=0.01)
    assert unsure.at(1.0) / 100 == pytest.approx(1 + (0.01 + 0.04) ** 0.5, abs=0.02)


def test_the_line_is_told_in_the_seconds_of_the_desks_clock() -> None:
    """On a clock where a reply takes five minutes, every quantile is 300 times as long."""
    told = in_line(behind(3), FAIR, 0.01, lambda amounts: [300 * amount for amount in amounts])
    assert told.seconds == pytest.approx([300 * at for at in in_line(behind(3), FAIR, 0.01, replies).seconds])


# --- luck ---------------------------------------------------------------------------------------------------


def diced(order: Order, waiting: int, load: float, times: int = 4000) -> list[float]:
    """The waits of one who joins a line as the last of so many, in replies, when dice decide what comes next: a
    reply, or another customer, `load` of them for each reply; and whom the reply is for.
    """
    random, waits = Random(1), []
    for _ in range(times):
        ahead, after, wait = waiting - 1, 0, 0.0
        while True:
            wait += random.expovariate(1 + load)
            if random.random() < load / (1 + load):
                after += 1
                continue
            kind, line = random.choices(("longest", "anybody", "newest"), order)[0], ahead + 1 + after
            taken = {"longest": 0, "anybody": random.randrange(line), "newest": line - 1}[kind]
            if taken == ahead:
                break
            ahead, after = (ahead - 1, after) if taken < ahead else (ahead, after - 1)
        waits.append(wait)
    return sorted(waits)


@pytest.mark.parametrize("order", [Order(0.5, 0.5, 0.0), Order(0.8, 0.2, 0.0), Order(0.8, 0.1, 0.1)])
def test_where_luck_has_a_say_the_forecast_is_what_dice_show(order: Order) -> None:
    """The twentieth of twenty, at a desk where nearly as many come as are taken."""
    waits = diced(order, 20, load=0.95)
    told = in_line(Place(20, 0.0, among=20, newest=True, joining=0.95), order, 0.0, replies)
    exact = [waits[int(share * len(waits))] for share in (0.5, 0.8, 0.9)]
    assert [told.at(z) for z in (Z50, Z80, Z90)] == pytest.approx(exact, rel=0.08)


def test_who_may_be_picked_at_random_may_be_quick_or_late() -> None:
    """Half of all replies go to anybody. One of ten is then sooner than a fair line ever was, one of ten later."""
    fair, luck = (in_line(behind(19), order, 0.0, replies) for order in (FAIR, Order(0.5, 0.5, 0.0)))
    assert luck.at(-Z90) < 0.5 * fair.at(-Z90)
    assert luck.at(Z90) > 1.2 * fair.at(Z90)


def test_the_newest_has_a_chance_to_be_taken_first() -> None:
    """Every fifth reply takes the newest. Who just came may be; who came before somebody else is not the one."""
    order = Order(0.8, 0.0, 0.2)
    just, before = (
        in_line(Place(20, 0.0, among=20, newest=newest, joining=0.9), order, 0.0, replies)
        for newest in (True, False)
    )
    assert just.at(-Z90) < 3
    assert before.at(-Z90) > 10


def test_a_desk_that_is_nearly_fair_is_taken_to_be() -> None:
    nearly = in_line(behind(9), Order(0.96, 0.03, 0.01), 0.0, replies)
    assert nearly == in_line(behind(9), FAIR, 0.0, replies)


# --- always -------------------------------------------------------------------------------------------------

lengths = st.lists(st.floats(0, 1e6), min_size=len(GRID), max_size=len(GRID)).map(sorted)
forecasts = lengths.map(lambda seconds: Forecast(GRID, tuple(seconds)))
apart = lengths.map(
    lambda seconds: Forecast(GRID, tuple(at_s + 0.1 * n for n, at_s in enumerate(seconds, start=1)))
)
"""Tables in which every row is later than the one before, by more than an instant."""


@settings(ALIKE, max_examples=60)
@given(apart, st.floats(GRID[0], GRID[-1]))
def test_both_directions_agree_within_the_table(forecast: Forecast, z: float) -> None:
    assert forecast.z_of(forecast.at(z)) == pytest.approx(z, abs=1e-4)


@settings(ALIKE, max_examples=60)
@given(forecasts, st.floats(-6, 6), st.floats(-6, 6))
def test_a_later_quantile_is_never_sooner(forecast: Forecast, one: float, other: float) -> None:
    assert 0 <= forecast.at(min(one, other)) <= forecast.at(max(one, other)) * (1 + 1e-9)


@settings(ALIKE, max_examples=60)
@given(forecasts, st.floats(0, 1e7), st.floats(0, 1e7))
def test_a_longer_wait_never_scores_lower(forecast: Forecast, one: float, other: float) -> None:
    assert forecast.z_of(min(one, other)) <= forecast.z_of(max(one, other)) + 1e-9


@settings(ALIKE, max_examples=60)
@given(forecasts, st.floats(GRID[0] - 3, GRID[-1]), st.floats(0.01, 100))
def test_in_other_units_a_table_is_the_same(forecast: Forecast, z: float, factor: float) -> None:
    scaled = Forecast(forecast.z, tuple(at_s * factor for at_s in forecast.seconds))
    assert scaled.at(z) == pytest.approx(forecast.at(z) * factor)


places = st.builds(
    Place,
    replies=st.floats(1, 300),
    handover=st.floats(0, 5),
    among=st.floats(1, 300),
    newest=st.booleans(),
    joining=st.floats(0, 3),
)
orders = st.tuples(st.floats(0.05, 1), st.floats(1e-3, 1), st.floats(1e-3, 1)).map(
    lambda weights: Order(*(weight / sum(weights) for weight in weights))
)


@settings(ALIKE, max_examples=60)
@given(places, orders, st.floats(0, 1))
def test_any_place_in_any_line_has_a_forecast_that_rises(place: Place, order: Order, spread: float) -> None:
    told = in_line(place, order, spread, replies)
    assert list(told.z) == sorted(set(told.z))
    assert list(told.seconds) == sorted(told.seconds)
    assert min(told.seconds) >= 0
    assert 0 < SHARES[0] < SHARES[-1] < 1


@settings(ALIKE, max_examples=60)
@given(places, st.none() | orders, st.floats(0, 0.5), st.integers(1, 20))
def test_one_more_ahead_is_never_sooner(place: Place, order: Order | None, spread: float, more: int) -> None:
    """With as many in line, and as new: only the place differs. At a fair desk (None) this is strict. Where luck
    has a say, a table that is read along straight lines may be off by up to eight in a hundred.
    """
    among = max(place.among, place.replies + more)
    near = in_line(replace(place, among=among), order or FAIR, spread, replies)
    far = in_line(replace(place, among=among, replies=place.replies + more), order or FAIR, spread, replies)
    tolerance = 0.1 if order else 1e-6
    assert all(far.at(z) >= near.at(z) * (1 - tolerance) for z in (Z50, Z80, Z90))
