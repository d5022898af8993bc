"""Which seconds count: opening hours, read as a timetable on the wall of the desk."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from status.hours import Hours, Shift, shift
from tests.chapter.desk import DAY, HOUR, MINUTE

HELSINKI = ZoneInfo("Europe/Helsinki")
Day = tuple[Shift, ...]
NINE_TO_FIVE: Day = ((9 * 60, 17 * 60),)
CLOSED: Day = ()
OFFICE = Hours(HELSINKI, (*(NINE_TO_FIVE,) * 5, CLOSED, CLOSED))


def local(text: str, fold: int = 0) -> float:
    """Epoch seconds of a local time in Helsinki, "2026-01-05 09:00" (a Monday)."""
    return datetime.fromisoformat(text).replace(tzinfo=HELSINKI, fold=fold).timestamp()


def daily(*shifts: Shift) -> Hours:
    """The same shifts every day, in Helsinki."""
    return Hours(HELSINKI, (shifts,) * 7)


def test_a_desk_that_is_always_open_counts_every_second() -> None:
    always = Hours.always()
    assert always.is_open(0.0)
    assert always.staffed_s(100.0, 250.0) == 150.0
    assert always.after(100.0, 150.0) == 250.0
    assert always.next_opening(100.0) == 100.0
    assert always.closing(100.0) is None


def test_it_is_open_from_the_opening_on_and_no_longer_at_the_closing() -> None:
    assert not OFFICE.is_open(local("2026-01-05 08:59"))
    assert OFFICE.is_open(local("2026-01-05 09:00"))
    assert OFFICE.is_open(local("2026-01-05 16:59"))
    assert not OFFICE.is_open(local("2026-01-05 17:00"))


def test_the_next_opening_is_now_while_the_desk_is_open() -> None:
    assert OFFICE.next_opening(local("2026-01-05 07:00")) == local("2026-01-05 09:00")
    assert OFFICE.next_opening(local("2026-01-05 10:00")) == local("2026-01-05 10:00")


def test_after_friday_comes_monday() -> None:
    """Friday 16:50 and twenty open minutes: ten on Friday, ten on Monday, so Monday 09:10."""
    friday = local("2026-01-09 16:50")
    assert OFFICE.closing(friday) == local("2026-01-09 17:00")
    assert OFFICE.next_opening(local("2026-01-09 17:00")) == local("2026-01-12 09:00")
    assert OFFICE.after(friday, 20 * MINUTE) == local("2026-01-12 09:10")
    assert OFFICE.staffed_s(friday, local("2026-01-12 09:10")) == 20 * MINUTE


def test_no_time_at_all_still_ends_in_open_hours() -> None:
    """A reply that takes no time cannot come before somebody is there to write it."""
    assert OFFICE.after(local("2026-01-10 12:00"), 0.0) == local("2026-01-12 09:00")


def test_lunch_does_not_count_in_a_split_shift() -> None:
    split = daily((9 * 60, 12 * 60), (13 * 60, 17 * 60))
    assert split.staffed_s(local("2026-01-05 11:30"), local("2026-01-05 13:30")) == HOUR
    assert split.closing(local("2026-01-05 11:30")) == local("2026-01-05 12:00")


def test_an_overnight_shift_belongs_to_the_evening_on_which_it_begins() -> None:
    """Open from Friday 22:00 to Saturday 06:00, and at no other time."""
    week = (CLOSED, CLOSED, CLOSED, CLOSED, ((22 * 60, 6 * 60),), CLOSED, CLOSED)
    night = Hours(HELSINKI, week)
    assert night.next_opening(local("2026-01-05 00:00")) == local("2026-01-09 22:00")
    assert night.closing(local("2026-01-10 01:00")) == local("2026-01-10 06:00")
    assert not night.is_open(local("2026-01-09 05:00"))


def test_shifts_that_touch_at_midnight_are_one_opening() -> None:
    week = (CLOSED, CLOSED, CLOSED, CLOSED, ((18 * 60, 24 * 60),), ((0, 2 * 60),), CLOSED)
    assert Hours(HELSINKI, week).closing(local("2026-01-09 20:00")) == local("2026-01-10 02:00")


def test_overlapping_shifts_count_once() -> None:
    assert daily((9 * 60, 13 * 60), (12 * 60, 15 * 60)).staffed_s(
        local("2026-01-05 00:00"), local("2026-01-06 00:00")
    ) == 6 * HOUR  # fmt: skip


def test_a_day_off_is_skipped_and_a_special_day_is_added() -> None:
    exceptions = {date(2026, 1, 6): CLOSED, date(2026, 1, 11): ((12 * 60, 14 * 60),)}
    hours = Hours(HELSINKI, OFFICE.week, exceptions)
    assert hours.next_opening(local("2026-01-05 18:00")) == local("2026-01-07 09:00")
    assert hours.next_opening(local("2026-01-09 18:00")) == local("2026-01-11 12:00")


def test_a_day_off_does_not_cut_the_night_before_short() -> None:
    """Nobody is sent home at midnight because tomorrow's shift is off."""
    hours = Hours(HELSINKI, (((22 * 60, 6 * 60),),) * 7, {date(2026, 1, 6): CLOSED})
    assert hours.closing(local("2026-01-05 23:00")) == local("2026-01-06 06:00")
    assert hours.next_opening(local("2026-01-06 06:00")) == local("2026-01-07 22:00")


def test_a_desk_closed_one_day_a_year_closes_for_that_day_only() -> None:
    hours = Hours(HELSINKI, Hours.always().week, {date(2026, 12, 25): CLOSED})
    assert hours.closing(local("2026-06-01 12:00")) == local("2026-12-25 00:00")
    assert hours.next_opening(local("2026-12-25 00:00")) == local("2026-12-26 00:00")
    assert hours.closing(local("2026-12-26 00:00")) is None


def test_when_clocks_go_forward_a_night_is_an_hour_shorter() -> None:
    """Helsinki, 29 March 2026: 03:00 becomes 04:00, so 22:00 to 06:00 is seven hours."""
    night = daily((22 * 60, 6 * 60))
    assert night.staffed_s(local("2026-03-28 22:00"), local("2026-03-29 06:00")) == 7 * HOUR
    assert night.after(local("2026-03-28 22:00"), 7 * HOUR) == local("2026-03-29 06:00")


def test_when_clocks_go_back_a_night_is_an_hour_longer() -> None:
    """Helsinki, 25 October 2026: 04:00 becomes 03:00, so 22:00 to 06:00 is nine hours."""
    night = daily((22 * 60, 6 * 60))
    assert night.staffed_s(local("2026-10-24 22:00"), local("2026-10-25 06:00")) == 9 * HOUR


@pytest.mark.parametrize(("day_before", "day", "hours_between"), [
    ("2026-03-28", "2026-03-29", 23),
    ("2026-10-24", "2026-10-25", 25),
])  # fmt: skip
def test_the_opening_stays_at_nine_on_the_wall(day_before: str, day: str, hours_between: int) -> None:
    """Across a change of clocks a day has 23 or 25 hours; the door opens at nine all the same."""
    hours = daily((9 * 60, 17 * 60))
    opening = hours.next_opening(local(f"{day_before} 17:00"))
    assert opening == local(f"{day} 09:00")
    assert opening - local(f"{day_before} 09:00") == hours_between * HOUR


def test_an_opening_that_the_clocks_skip_comes_an_hour_later_on_the_wall() -> None:
    """03:30 does not exist on 29 March 2026; by the offset before the change it is 04:30 on the new clock."""
    assert daily((3 * 60 + 30, 8 * 60)).next_opening(local("2026-03-29 00:00")) == local("2026-03-29 04:30")


def test_a_shift_inside_the_skipped_hour_does_not_take_place() -> None:
    assert daily((3 * 60, 4 * 60)).next_opening(local("2026-03-29 00:00")) == local("2026-03-30 03:00")


def test_a_time_that_comes_twice_is_its_first_occurrence() -> None:
    """03:30 comes twice on 25 October 2026: a shift until then ends at the first."""
    hours = daily((0, 3 * 60 + 30))
    assert hours.closing(local("2026-10-25 01:00")) == local("2026-10-25 03:30", fold=0)
    assert not hours.is_open(local("2026-10-25 03:10", fold=1))


def test_a_leap_day_is_a_day() -> None:
    """2028 is a leap year, and 29 February a Tuesday."""
    assert OFFICE.next_opening(local("2028-02-28 18:00")) == local("2028-02-29 09:00")
    assert OFFICE.staffed_s(local("2028-02-28 00:00"), local("2028-03-02 00:00")) == 24 * HOUR


def test_two_thousand_days_are_counted_to_the_second() -> None:
    """From a Monday on, 2,000 days are 285 weeks and five weekdays: 1,430 days of eight hours."""
    assert OFFICE.staffed_s(local("2026-01-05 00:00"), local("2031-06-28 00:00")) == 1430 * 8 * HOUR


def test_no_time_passes_backwards() -> None:
    assert OFFICE.staffed_s(local("2026-01-05 12:00"), local("2026-01-05 10:00")) == 0.0


def test_a_desk_that_never_opens_has_no_opening() -> None:
    never = Hours(HELSINKI, (CLOSED,) * 7)
    assert never.next_opening(0.0) is None
    assert never.after(0.0, 1.0) is None
    assert never.closing(0.0) is None


def test_more_work_than_a_year_holds_never_ends() -> None:
    assert OFFICE.after(local("2026-01-05 09:00"), 366 * DAY) is None


@pytest.mark.parametrize(("text", "expected"), [
    ("09:00-12:30", (540, 750)),
    ("22:00-06:00", (1320, 360)),
    ("0:00-24:00", (0, 1440)),
    (" 09:00 – 17:00 ", (540, 1020)),
])  # fmt: skip
def test_a_shift_is_read_as_people_write_it(text: str, expected: Shift) -> None:
    assert shift(text) == expected


BAD_SHIFTS = ["", "9-17", "09:00", "09:60-10:00", "24:00-25:00", "09:00-24:01", "a:b-c:d"]


@pytest.mark.parametrize("text", BAD_SHIFTS)
def test_a_shift_that_no_clock_shows_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a shift; write it|has a time that no clock shows"):
        shift(text)


def test_a_week_has_seven_days_and_a_day_has_24_hours() -> None:
    with pytest.raises(ValueError, match="7 days"):
        Hours(HELSINKI, (NINE_TO_FIVE,) * 5)
    with pytest.raises(ValueError, match="1440 minutes"):
        Hours(HELSINKI, (((0, 1500),),) * 7)
    with pytest.raises(ValueError, match="1440 minutes"):
        Hours(HELSINKI, OFFICE.week, {date(2026, 1, 6): ((-1, 60),)})
