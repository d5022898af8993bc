"""What holds for every timetable, in zones with whole, half and no changes of the clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from status.hours import DAY_MINUTES, Hours, Shift
from tests.chapter.desk import ALIKE, DAY, T0

shifts = st.tuples(st.integers(0, DAY_MINUTES - 1), st.integers(0, DAY_MINUTES))
days = st.lists(shifts, max_size=3).map(tuple)
weeks = st.tuples(days, days, days, days, days, days, days).filter(any)
zones = st.sampled_from(["UTC", "Europe/Helsinki", "America/New_York", "Australia/Lord_Howe"]).map(ZoneInfo)
timetables = st.builds(Hours, zones, weeks)
instants = st.floats(T0, T0 + 1500 * DAY)
lengths_s = st.floats(0, 20 * DAY)


@ALIKE
@given(timetables, instants, lengths_s)
def test_after_and_staffed_are_inverse(hours: Hours, start: float, staffed_s: float) -> None:
    end = hours.after(start, staffed_s)
    if end is not None:
        assert end >= start
        assert abs(hours.staffed_s(start, end) - staffed_s) < 0.001


@ALIKE
@given(timetables, instants, lengths_s, lengths_s)
def test_staffed_time_adds_up(hours: Hours, start: float, first_s: float, second_s: float) -> None:
    middle, end = start + first_s, start + first_s + second_s
    parts = hours.staffed_s(start, middle) + hours.staffed_s(middle, end)
    assert abs(parts - hours.staffed_s(start, end)) < 0.001
    assert 0 <= parts <= first_s + second_s + 0.001


@ALIKE
@given(timetables, instants)
def test_between_now_and_the_opening_the_desk_is_closed(hours: Hours, at: float) -> None:
    opening = hours.next_opening(at)
    if opening is not None:
        assert hours.is_open(opening)
        assert hours.staffed_s(at, opening) == 0
        assert hours.is_open(at) == (opening == at)


@ALIKE
@given(timetables, instants)
def test_until_the_closing_every_second_is_open(hours: Hours, at: float) -> None:
    closing = hours.closing(at)
    if closing is not None:
        assert abs(hours.staffed_s(at, closing) - (closing - at)) < 0.001
        assert not hours.is_open(closing)


@ALIKE
@given(weeks, instants)
def test_where_clocks_never_change_the_wall_clock_alone_decides(
    week: tuple[tuple[Shift, ...], ...], at: float
) -> None:
    """Read off the timetable in the plainest way: today's shifts, and last night's that still run."""
    zone = ZoneInfo("Asia/Kolkata")
    wall = datetime.fromtimestamp(at, zone)
    minute = wall.hour * 60 + wall.minute + (wall.second + wall.microsecond / 1e6) / 60
    today, yesterday = week[wall.weekday()], week[wall.weekday() - 1]
    begun = any(start <= minute < (end if end > start else end + DAY_MINUTES) for start, end in today)
    running = any(end <= start and minute < end for start, end in yesterday)
    assert Hours(zone, week).is_open(at) == (begun or running)
