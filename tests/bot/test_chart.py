"""The chart's geometry, on histories small enough to draw by hand."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chart import (
    BAR_HEIGHT,
    COLUMNS,
    DAY_S,
    HOUR_S,
    MINUTE_S,
    PERIODS,
    PLOT_HEIGHT,
    PLOT_WIDTH,
    Chart,
    Period,
    draw,
    draw_week,
)
from bot.points import in_slots
from bot.published import HistoryPoint
from tests.bot.signs import HELSINKI, NOON

REFRESH_S = 300.0


def point(
    at: float,
    p80_s: float | None = 600.0,
    state: str = "open",
    promises: int = 0,
    kept: int = 0,
    arrived: int = 0,
    answered: int = 0,
) -> HistoryPoint:
    return HistoryPoint(at, state, 1, 1, p80_s and p80_s / 2, p80_s, promises, kept, arrived, answered)


def corners(line: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in line.split())]


@pytest.mark.parametrize(
    ("age_s", "hours"),
    [
        (0, 2),
        (2 * HOUR_S - 15 * MINUTE_S, 2),
        (2 * HOUR_S, 6),
        (6 * HOUR_S - 30 * MINUTE_S, 6),
        (6 * HOUR_S, 12),
        (12 * HOUR_S, 24),
        (23 * HOUR_S, 24),
        (40 * HOUR_S, 2),
    ],
)
def test_it_looks_back_just_far_enough_for_the_history_of_the_last_day(age_s: float, hours: float) -> None:
    chart = draw([point(NOON - age_s), point(NOON)], NOON, REFRESH_S)

    assert chart.length_s == hours * HOUR_S


@pytest.mark.parametrize("period", PERIODS, ids=lambda period: f"{period.length_s / HOUR_S:g} h")
def test_it_ends_with_the_step_that_is_running_and_its_marks_cover_it(period: Period) -> None:
    begin = NOON + period.step_s - period.length_s
    chart = draw([point(begin)], NOON, REFRESH_S)

    assert chart.length_s == period.length_s
    assert (chart.marks[0], chart.marks[-1]) == (begin, NOON + period.step_s)
    assert len({late - early for early, late in zip(chart.marks, chart.marks[1:], strict=False)}) == 1


def test_an_odd_number_of_marks_stays_whole_where_every_second_one_is_hidden() -> None:
    for period in PERIODS:
        assert len(draw([point(NOON - period.length_s + HOUR_S)], NOON, REFRESH_S).marks) % 2 == 1


def test_a_figure_stands_at_its_time_and_height_until_its_refresh_was_due() -> None:
    chart = draw([point(NOON - HOUR_S, 300)], NOON, REFRESH_S)

    # From 10:15 to 12:15: 45 of 120 minutes are 360 of 960 units, 5 of 10 minutes are half the height.
    assert chart.top_s == 600
    assert corners(chart.uppers[0]) == [(360, 120), (400, 120)]
    assert corners(chart.medians[0]) == [(360, 180), (400, 180)]


def test_the_band_runs_along_the_upper_line_and_back_along_the_lower() -> None:
    chart = draw([point(NOON - 600), point(NOON - 300)], NOON, REFRESH_S)

    assert corners(chart.bands[0]) == corners(chart.uppers[0]) + corners(chart.medians[0])[::-1]


def test_missed_refreshes_leave_a_gap() -> None:
    times = [NOON - 3600, NOON - 3300, NOON - 2400, NOON - 1499]

    # 900 seconds are three refreshes and bridged, 901 are not.
    assert len(draw([point(at) for at in times], NOON, REFRESH_S).bands) == 2


@pytest.mark.parametrize("between", [point(NOON - 300, None, "unknown"), point(NOON - 300, 40_000, "closed")])
def test_nothing_is_drawn_while_no_figure_was_given(between: HistoryPoint) -> None:
    chart = draw([point(NOON - 600), between, point(NOON)], NOON, REFRESH_S)

    assert len(chart.bands) == 2
    assert chart.longest_s == 600


def test_a_closed_night_is_one_span() -> None:
    evening = point(NOON - 20 * HOUR_S)
    night = [point(NOON - n * REFRESH_S, None, "closed") for n in range(24, 12, -1)]
    (span,) = draw([evening, *night, point(NOON - 12 * REFRESH_S)], NOON, REFRESH_S).closed

    assert span.width == pytest.approx(PLOT_WIDTH / 24)
    assert span.left == pytest.approx(PLOT_WIDTH * 21 / 24)


def test_the_axis_ends_above_the_longest_wait() -> None:
    assert draw([point(NOON, 601)], NOON, REFRESH_S).top_s == 1200
    assert draw([point(NOON, 600)], NOON, REFRESH_S).top_s == 600


def test_promises_stand_in_the_step_in_which_they_were_judged() -> None:
    points = [
        point(NOON - 3600, promises=4, kept=3),
        point(NOON - 3300, promises=4, kept=4),
        point(NOON - 300, promises=4),
    ]
    early, late = draw(points, NOON, REFRESH_S).bars

    assert (early.kept_height, early.broken_height) == (BAR_HEIGHT * 7 / 8, BAR_HEIGHT / 8)
    assert (late.kept_height, late.broken_height) == (0, BAR_HEIGHT / 2)
    assert early.left + early.width < late.left < PLOT_WIDTH


def test_the_table_has_the_mean_figure_of_each_step_and_all_its_promises() -> None:
    points = [
        point(NOON - 900, 300, promises=2, kept=1),
        point(NOON - 300, 480, promises=1, kept=1),
        point(NOON, 540),
    ]
    quarter, running = draw(points, NOON, REFRESH_S).steps

    assert (quarter.starts_at, running.starts_at) == (NOON - 900, NOON)
    assert quarter.p80_s == 390
    assert (quarter.ends_at, running.ends_at) == (NOON, NOON + 900)
    assert (quarter.promises, quarter.kept) == (3, 2)


def test_requests_and_replies_stand_side_by_side_in_their_step() -> None:
    busy = HistoryPoint(NOON - 3600, "open", 1, 1, 300, 600, 0, 0, arrived=8, answered=4)
    chart = draw([busy, point(NOON)], NOON, REFRESH_S)
    (flow,) = chart.flows

    assert chart.most_turns == 8
    assert (flow.arrived_height, flow.answered_height) == (BAR_HEIGHT, BAR_HEIGHT / 2)
    # A quarter of an hour is 120 units of the two hours, of which both bars leave a quarter free.
    assert (flow.left, flow.width) == (375, 45)


def test_a_line_has_only_so_many_corners_and_none_hides_a_peak() -> None:
    points = [point(NOON - 60 * n, 500 + (n == 777)) for n in range(23 * 60, -1, -1)]
    chart = draw(points, NOON, 60)

    assert len(chart.uppers) == 1
    assert len(corners(chart.uppers[0])) <= COLUMNS + 2
    assert chart.longest_s == 501
    assert len(corners(draw(points, NOON, 60, 96).uppers[0])) <= 98


# The night to 25 October 2026 is an hour longer in Helsinki; the 20th is the first of the week that ends on the 26th.
LONG_WEEK_END = 1_793_008_800.0
"""Monday, 26 October 2026, 12:00 in Helsinki."""


def test_a_week_is_seven_days_on_the_desks_clock() -> None:
    chart = draw_week(in_slots([point(LONG_WEEK_END)]), LONG_WEEK_END, HELSINKI)

    assert chart.days == len(chart.marks) == 7
    assert chart.length_s == 7 * DAY_S + HOUR_S
    assert chart.marks[-1] == LONG_WEEK_END - 12 * HOUR_S
    lengths = [late - early for early, late in pairwise(chart.marks)]
    assert [length / HOUR_S for length in lengths] == [24, 24, 24, 24, 24, 25]


def test_a_weeks_steps_are_its_days() -> None:
    def counted(at: float, arrived: int) -> HistoryPoint:
        return HistoryPoint(at, "open", 1, 1, 300, 600, 2, 1, arrived=arrived, answered=1)

    midnight = LONG_WEEK_END - 12 * HOUR_S
    points = [counted(midnight - HOUR_S, 3), counted(midnight - 300, 4), counted(midnight, 5)]
    sunday, monday = draw_week(in_slots(points), LONG_WEEK_END, HELSINKI).steps

    assert (sunday.arrived, monday.arrived) == (7, 5)
    assert (sunday.starts_at, sunday.ends_at, monday.ends_at) == (
        midnight - 25 * HOUR_S,
        midnight,
        midnight + DAY_S,
    )


def test_what_is_older_than_a_day_or_newer_than_the_figure_is_left_out() -> None:
    chart = draw([point(NOON - DAY_S - 1), point(NOON + 1)], NOON, REFRESH_S)

    assert (chart.bands, chart.steps, chart.bars, chart.closed) == ((), (), (), ())
    assert chart.shortest_s is chart.longest_s is None


POINTS = st.lists(
    st.builds(
        point,
        at=st.floats(NOON - 2 * DAY_S, NOON + HOUR_S),
        p80_s=st.none() | st.floats(0, 5e6),
        state=st.sampled_from(["open", "closed", "unknown"]),
        promises=st.just(9),
        kept=st.integers(0, 9),
        arrived=st.integers(0, 9),
        answered=st.integers(0, 9),
    ),
    max_size=40,
)


@given(POINTS, st.floats(1, 3600))
def test_nothing_is_ever_drawn_outside_the_plot(points: list[HistoryPoint], refresh_s: float) -> None:
    ordered = sorted(points, key=lambda one: one.at)
    for chart in (draw(ordered, NOON, refresh_s), draw_week(in_slots(ordered), NOON, HELSINKI)):
        within_the_plot(chart)


def within_the_plot(chart: Chart) -> None:
    for line in (*chart.bands, *chart.uppers, *chart.medians):
        assert all(0 <= x <= PLOT_WIDTH and 0 <= y <= PLOT_HEIGHT for x, y in corners(line))
    for span in chart.closed:
        assert 0 <= span.left <= span.left + span.width <= PLOT_WIDTH + 0.11
    for bar in chart.bars:
        assert 0 < bar.left < bar.left + bar.width < PLOT_WIDTH
        assert bar.kept_height + bar.broken_height <= BAR_HEIGHT + 0.11
    for flow in chart.flows:
        assert 0 < flow.left < flow.left + 2 * flow.width < PLOT_WIDTH
        assert max(flow.arrived_height, flow.answered_height) <= BAR_HEIGHT
