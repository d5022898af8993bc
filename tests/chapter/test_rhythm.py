"""Who will be on duty: what is usual at which hour of the week, how today differs, and for how long."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from math import exp
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from status.hours import Hours
from status.rhythm import HORIZON_S, Rhythm, Staffing, week_slot
from status.rota import Rota, Span
from tests.chapter.desk import ALIKE, ALWAYS, DAY, DAYTIME, HOUR, MINUTE, NO_ROTA, T0

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)
HELSINKI = ZoneInfo("Europe/Helsinki")


def at(day: int, hour: float) -> float:
    """This hour of the day with this number, counted from Monday, the 0th."""
    return T0 + day * DAY + hour * HOUR


def slot(weekday: int, hour: float) -> int:
    """The half-hour of the week that begins then."""
    return week_slot(int(at(weekday, hour) // 1800), ALWAYS)


def work(rhythm: Rhythm, day: int, agents: int) -> None:
    """A day of a desk without configured hours: so many agents from nine to five, nobody before and after.

    A half-hour counts once the next one has begun, the day's last one on the next day.
    """
    for start, until, present in ((0, 9, 0), (9, 17, agents), (17, 24, 0)):
        rhythm.advance(at(day, start), at(day, until), present, ALWAYS, NO_ROTA)


def morning(rhythm: Rhythm, day: int, agents: int, until: float, rota: Rota = NO_ROTA) -> None:
    """The same day up to this hour."""
    rhythm.advance(at(day, 0), at(day, 9), 0, ALWAYS, rota)
    rhythm.advance(at(day, 9), at(day, until), agents, ALWAYS, rota)


def used_to(agents: int, days: int = 21) -> Rhythm:
    """Three weeks of so many agents, from nine to five, Monday to Friday. The next day is a Monday, day 21."""
    rhythm = Rhythm()
    for day in range(days):
        work(rhythm, day, agents if day % 7 < SATURDAY else 0)
    return rhythm


def ahead(rhythm: Rhythm, now: float, agents: float, helpers: float = 0.0) -> list[Staffing]:
    """What is to be expected of a desk without configured hours or rota."""
    return list(rhythm.ahead(now, agents, ALWAYS, NO_ROTA, helpers))


def expected_at(stretches: list[Staffing], now: float, then: float) -> float:
    """The agents expected at a later moment."""
    return next(one.agents for one in stretches if one.from_s <= then - now < one.until_s)


# --- the usual, from coarse to fine -------------------------------------------------------------------------


def test_before_anything_like_it_was_seen_nothing_is_usual() -> None:
    """A Monday morning tells of other mornings at that time, and nothing of an afternoon."""
    rhythm = Rhythm()
    rhythm.advance(at(MONDAY, 10), at(MONDAY, 11), 4, ALWAYS, NO_ROTA)
    assert rhythm.usual(slot(MONDAY, 10)) == 4
    assert rhythm.usual(slot(SUNDAY, 10)) == 4
    assert rhythm.usual(slot(MONDAY, 14)) is None


def test_a_weekday_not_seen_yet_borrows_from_like_days() -> None:
    """Four agents on Monday and two on Tuesday: three are a fair guess for Wednesday. Monday itself, seen once,
    is halfway between what it was and what weekdays are: (4 + 3) / 2.
    """
    rhythm = Rhythm()
    work(rhythm, MONDAY, agents=4)
    work(rhythm, TUESDAY, agents=2)
    assert rhythm.usual(slot(WEDNESDAY, 10)) == pytest.approx(3.0)
    assert rhythm.usual(slot(MONDAY, 10)) == pytest.approx(3.5)
    assert rhythm.usual(slot(TUESDAY, 10)) == pytest.approx(2.5)


def test_a_weekend_is_not_like_a_weekday() -> None:
    """Three on five weekdays, one on Saturday. Of Sunday, Saturday tells more than the week does: with a third of
    a day's weight for the mean of all six, 16/6, it is (1 + 0.3 x 16/6) / 1.3 = 1.38.
    """
    rhythm = Rhythm()
    for day in range(SATURDAY):
        work(rhythm, day, agents=3)
    work(rhythm, SATURDAY, agents=1)
    rhythm.advance(at(SUNDAY, 0), at(SUNDAY, 1), 0, ALWAYS, NO_ROTA)
    assert rhythm.usual(slot(SUNDAY, 10)) == pytest.approx(1.3846, abs=0.001)


def test_what_is_usual_follows_the_desk_within_weeks() -> None:
    """Ten weeks of four, then eight of two: the desk has two agents now, and of the old ones a tenth is left."""
    rhythm = used_to(4, days=70)
    for day in range(70, 126):
        work(rhythm, day, 2 if day % 7 < SATURDAY else 0)
    assert rhythm.usual(slot(TUESDAY, 10)) == pytest.approx(2 + 2 * 0.75**8, abs=0.05)


def test_a_half_hour_counts_by_how_long_each_was_there() -> None:
    """Two agents for twenty of its thirty minutes, five for ten: three on average."""
    rhythm = Rhythm()
    rhythm.advance(at(MONDAY, 10), at(MONDAY, 10) + 20 * MINUTE, 2, ALWAYS, NO_ROTA)
    rhythm.advance(at(MONDAY, 10) + 20 * MINUTE, at(MONDAY, 11), 5, ALWAYS, NO_ROTA)
    assert rhythm.usual(slot(MONDAY, 10)) == pytest.approx(3.0)


def test_a_desk_that_is_shut_stays_shut() -> None:
    """Nobody on Saturdays and Sundays: weekdays lend them no agents, not even a tenth of one."""
    rhythm = used_to(3)
    assert rhythm.usual(slot(SUNDAY, 10)) == 0
    assert rhythm.usual(slot(MONDAY, 3)) == 0


def test_one_shut_tuesday_is_no_rule_yet_and_two_are() -> None:
    """A holiday falls on the first Tuesday. The next may well be open; if it is shut too, so is the third."""
    rhythm = Rhythm()
    for day in range(8):
        work(rhythm, day, agents=0 if day % 7 == TUESDAY else 4)
    assert (rhythm.usual(slot(TUESDAY, 10)) or 0) > 1
    for day in range(8, 15):
        work(rhythm, day, agents=0 if day % 7 == TUESDAY else 4)
    assert rhythm.usual(slot(TUESDAY, 10)) == 0


# --- how today differs --------------------------------------------------------------------------------------


def test_an_ill_colleague_is_missed_in_proportion() -> None:
    """One of four is missing all day, so at last nearly a quarter of whoever is expected.

    After eight hours the memory of four hours still holds 14 % of the days before, and two agent-hours stand
    for doubt: of 17 agent-hours expected 13.3 were there, so the share is 15.3 / 19 - 1 = -0.19.
    """
    rhythm, now = used_to(4), at(21, 17)
    morning(rhythm, 21, 3, until=17)
    today = rhythm.difference(now - 1, 3, ALWAYS, NO_ROTA)
    assert today is not None
    assert today.share == pytest.approx(-0.19, abs=0.005)
    assert today.surplus == 0
    assert today.lasting(usual=10) == pytest.approx(-1.9, abs=0.05)


def test_extra_help_is_a_number_and_not_a_share() -> None:
    """Two came to help two. By the evening one and a half of them count as here to stay; the other half is taken
    for chance. At an hour when ten are usual they are still one and a half, and do not double the desk.
    """
    rhythm, now = used_to(2), at(21, 17)
    morning(rhythm, 21, 4, until=17)
    today = rhythm.difference(now - 1, 4, ALWAYS, NO_ROTA)
    assert today is not None
    assert (today.share, today.surplus) == pytest.approx((0, 1.5), abs=0.05)
    assert today.lasting(usual=10) == today.surplus


def test_the_parts_add_up_to_the_agents_who_are_there() -> None:
    """Whatever attendance does not explain is of the moment: somebody went for a coffee."""
    rhythm, now = used_to(4), at(21, 12)
    morning(rhythm, 21, 3, until=12)
    today, usual = rhythm.difference(now, 2, ALWAYS, NO_ROTA), rhythm.expected(now, ALWAYS, NO_ROTA)
    assert today is not None
    assert usual is not None
    assert usual + today.lasting(usual) + today.moment == pytest.approx(2)
    assert today.moment < -1


def test_an_ordinary_day_differs_by_nothing() -> None:
    today = used_to(4).difference(at(21, 10), 4, ALWAYS, NO_ROTA)
    assert today == pytest.approx((0, 0, 0), abs=0.02)


def test_before_anything_is_usual_nothing_can_differ() -> None:
    assert Rhythm().difference(T0, 3, ALWAYS, NO_ROTA) is None


def test_help_that_came_today_goes_home_with_the_others() -> None:
    """Two came to help two; at seven nobody is usual, and nobody is expected."""
    rhythm = used_to(2)
    morning(rhythm, 21, 4, until=17)
    coming = ahead(rhythm, at(21, 17), 0)
    assert max(expected_at(coming, at(21, 17), at(21, hour)) for hour in (19, 21, 23)) < 0.1


# --- how a difference fades ---------------------------------------------------------------------------------


def test_at_first_attendance_is_taken_to_last_half_a_day_and_a_moment_an_hour() -> None:
    """The fourth half-hour from now is an hour and three quarters away, on average."""
    lasting, moment = Rhythm().kept(3)
    assert lasting == pytest.approx(exp(-1.75 / 12))
    assert moment == pytest.approx(exp(-1.75 / 1))


def test_a_coffee_break_is_over_sooner_than_an_illness() -> None:
    """One of four is missing: since this minute, or since this morning. How many are expected in two hours?"""
    now, back = at(21, 13), []
    for present in (4, 3):
        rhythm = used_to(4)
        morning(rhythm, 21, present, until=13)
        back.append(expected_at(ahead(rhythm, now, 3), now, at(21, 15)))
    coffee, ill = back
    assert coffee > 3.6
    assert ill < coffee - 0.15


def test_a_day_off_does_not_empty_the_next_morning() -> None:
    """On Tuesday nobody came, for a holiday that nobody had configured. Of Wednesday that says something in the
    evening, and not more and more as the morning draws near.
    """
    rhythm = used_to(4, days=22)
    work(rhythm, 22, agents=0)
    at_midnight = expected_at(ahead(rhythm, at(23, 0), 0), at(23, 0), at(23, 9))
    rhythm.advance(at(23, 0), at(23, 8.5), 0, ALWAYS, NO_ROTA)
    at_half_past_eight = expected_at(ahead(rhythm, at(23, 8.5), 0), at(23, 8.5), at(23, 9))
    assert at_midnight > 2.5
    assert at_half_past_eight == pytest.approx(at_midnight, abs=0.3)


def test_for_the_next_minute_those_who_are_here_are_here() -> None:
    """Four are usual and one is there, since a minute ago. By the end of this half-hour, in ten seconds, that is as
    it is.
    """
    now = at(21, 11.5) - 10
    rhythm = used_to(4)
    morning(rhythm, 21, 4, until=11.45)
    assert ahead(rhythm, now, 1)[0].agents == pytest.approx(1, abs=0.05)


def test_in_two_days_everything_is_as_usual() -> None:
    rhythm, now = used_to(4), at(21, 17)
    work(rhythm, 21, agents=1)
    wednesday = expected_at(ahead(rhythm, now, 1), now, at(23, 10))
    assert wednesday == rhythm.usual(slot(WEDNESDAY, 10))


def test_how_fast_differences_fade_is_measured() -> None:
    """At one desk a day is staffed as it began, by two or by six; at the other each half-hour is by chance. Six
    have been there from nine to eleven: at the first desk they stay, at the other four are as likely as ever.
    """
    whole_days, by_chance, random = Rhythm(), Rhythm(), Random(1)
    for day in range(56):
        work(whole_days, day, random.choice((2, 6)))
        for half in range(48):
            begin = at(day, half / 2)
            present = random.choice((2, 6)) if 18 <= half < 34 else 0
            by_chance.advance(begin, begin + 1800, present, ALWAYS, NO_ROTA)
    later = []
    for rhythm in (whole_days, by_chance):
        morning(rhythm, 56, 6, until=11)
        later.append(expected_at(ahead(rhythm, at(56, 11), 6), at(56, 11), at(56, 14)))
    assert later[0] > 5.2
    assert later[1] < 4.8


# --- what is to come ----------------------------------------------------------------------------------------


def test_at_a_desk_where_nothing_is_usual_yet_those_who_are_here_stay() -> None:
    rhythm = Rhythm()
    rhythm.advance(T0, T0 + 10 * MINUTE, 3, ALWAYS, NO_ROTA)
    assert {(one.agents, one.joining) for one in ahead(rhythm, T0 + 10 * MINUTE, 3)} == {(3, 0)}


def test_the_agents_of_the_morning_are_expected_at_night() -> None:
    """Tuesday 03:00: nobody for six hours, then four for eight."""
    rhythm, now = used_to(4, days=22), at(22, 3)
    coming = ahead(rhythm, now, 0)
    assert [expected_at(coming, now, at(22, hour)) for hour in (8.75, 9, 16.75, 17)] == [
        pytest.approx(agents, abs=0.02) for agents in (0, 4, 4, 0)
    ]


def test_who_begins_the_day_joins_with_free_hands() -> None:
    """At nine four agents join, and each can take a case at once. Nobody joins at any other time of that day."""
    rhythm, now = used_to(4, days=22), at(22, 3)
    joined = [(one.from_s, one.joining) for one in ahead(rhythm, now, 0) if one.joining > 0.01]
    assert joined[0] == pytest.approx((6 * HOUR, 4), abs=0.01)
    assert len([at_s for at_s, _ in joined if at_s < DAY]) == 1


def test_who_comes_back_from_lunch_comes_back_to_cases_in_hand() -> None:
    """Four, two from twelve to one, then four again. At 10:00 the four are here already: nobody is to join."""
    rhythm = Rhythm()
    for day in range(8):
        for start, until, present in ((0, 9, 0), (9, 12, 4), (12, 13, 2), (13, 17, 4), (17, 24, 0)):
            rhythm.advance(at(day, start), at(day, until), present, ALWAYS, NO_ROTA)
    morning(rhythm, 8, 4, until=10)
    today = [one for one in ahead(rhythm, at(8, 10), 4) if one.from_s < 10 * HOUR]
    assert expected_at(today, at(8, 10), at(8, 12.5)) == pytest.approx(2, abs=0.1)
    assert sum(one.joining for one in today) == pytest.approx(0, abs=0.01)


def test_help_comes_to_an_overrun_desk_within_one_to_three_hours() -> None:
    """Two helpers are called to four agents: none of them in an hour, one in two hours, both in three."""
    rhythm, now = used_to(4), at(21, 10)
    morning(rhythm, 21, 4, until=10)
    coming = ahead(rhythm, now, 4, helpers=2)
    by_then = [expected_at(coming, now, now + hours * HOUR - 1) for hours in (1, 2, 3)]
    assert by_then == [pytest.approx(agents, abs=0.05) for agents in (4, 5, 6)]


# --- what is known beforehand -------------------------------------------------------------------------------


def test_a_desk_with_hours_has_nobody_outside_them() -> None:
    """Two agents forgot to go off duty at five. Nothing is learned from that, and nobody expects them at six."""
    rhythm = Rhythm()
    rhythm.advance(at(MONDAY, 9), at(MONDAY, 22), 2, DAYTIME, NO_ROTA)
    coming = list(rhythm.ahead(at(MONDAY, 22), 2, DAYTIME, NO_ROTA, 0))
    assert rhythm.usual(slot(MONDAY, 18)) is None
    assert [one.agents for one in coming if one.until_s <= 11 * HOUR] == [0] * 22
    assert expected_at(coming, at(MONDAY, 22), at(TUESDAY, 9)) == pytest.approx(2)


def test_opening_in_the_middle_of_a_half_hour_cuts_it() -> None:
    """From 09:15 on, and not from nine: a stretch ends where the desk opens."""
    hours = Hours(ALWAYS.zone, (((9 * 60 + 15, 17 * 60),),) * 7)
    coming = list(Rhythm(last_open=2.0).ahead(at(MONDAY, 9), 0, hours, NO_ROTA, 0))
    assert coming[:2] == [Staffing(0, 900, 0, 0), Staffing(900, 1800, 2, 2)]


def test_on_a_holiday_nobody_comes_whatever_the_weekday() -> None:
    """Tuesday 6 January is a day off: from Monday evening on, the next agents come on Wednesday."""
    hours = Hours(DAYTIME.zone, DAYTIME.week, {date(2026, 1, 6): ()})
    rhythm = Rhythm()
    rhythm.advance(at(MONDAY, 9), at(MONDAY, 17), 3, hours, NO_ROTA)
    first = next(one for one in rhythm.ahead(at(MONDAY, 18), 0, hours, NO_ROTA, 0) if one.agents)
    assert first.from_s == at(WEDNESDAY, 9) - at(MONDAY, 18)


def test_a_holiday_teaches_nothing_about_its_weekday() -> None:
    """With the holiday configured, that Tuesday was not badly manned; it was not open at all."""
    hours = Hours(DAYTIME.zone, DAYTIME.week, {date(2026, 1, 6): ()})
    rhythm = Rhythm()
    rhythm.advance(at(MONDAY, 9), at(MONDAY, 17), 3, hours, NO_ROTA)
    rhythm.advance(at(MONDAY, 17), at(WEDNESDAY, 9), 0, hours, NO_ROTA)
    assert rhythm.usual(slot(TUESDAY, 10)) == 3


def test_a_rota_outweighs_what_is_usual() -> None:
    """Four are usual, and one is planned for Tuesday's morning."""
    rhythm = used_to(4)
    rota = Rota((Span(at(22, 9), at(22, 12), 1),))
    assert rhythm.expected(at(22, 10), ALWAYS, rota) == 1
    assert rhythm.expected(at(22, 14), ALWAYS, rota) == rhythm.usual(slot(TUESDAY, 14))


def test_extra_agents_come_on_top_of_the_usual() -> None:
    rhythm = used_to(4)
    rota = Rota((), (Span(at(22, 9), at(22, 12), 2),))
    assert rhythm.expected(at(22, 10), ALWAYS, rota) == pytest.approx(6, abs=0.02)


def test_help_that_is_here_now_goes_when_its_span_is_over() -> None:
    """A desk of which nothing is known yet: three are there, one of them announced to help for another hour."""
    rota = Rota((), (Span(at(MONDAY, 9), at(MONDAY, 11), 1),))
    rhythm, now = Rhythm(), at(MONDAY, 10)
    coming = list(rhythm.ahead(now, 3, ALWAYS, rota, 0))
    assert [expected_at(coming, now, at(MONDAY, hour)) for hour in (10.75, 11.25)] == [3, 2]


def test_a_planned_shift_cuts_the_stretches_where_it_begins() -> None:
    """From 10:10 on one agent comes where nobody was seen before."""
    rota = Rota((Span(at(MONDAY, 10) + 10 * MINUTE, at(MONDAY, 12), 1),))
    rhythm = Rhythm()
    rhythm.advance(at(MONDAY, 9), at(MONDAY, 10), 0, ALWAYS, rota)
    coming = list(rhythm.ahead(at(MONDAY, 10), 0, ALWAYS, rota, 0))
    assert coming[:2] == [Staffing(0, 600, 0, 0), Staffing(600, 1800, 1, 1)]


def test_who_came_as_planned_is_no_difference() -> None:
    """The rota says one, and one is there: today does not lack three of the usual four."""
    rhythm, rota = used_to(4), Rota((Span(at(21, 9), at(21, 17), 1),))
    morning(rhythm, 21, 1, until=12, rota=rota)
    assert rhythm.difference(at(21, 12), 1, ALWAYS, rota) == pytest.approx((0, 0, 0), abs=0.02)


# --- time of day --------------------------------------------------------------------------------------------


def local(text: str) -> float:
    """Epoch seconds of a local time in Helsinki."""
    return datetime.fromisoformat(text).replace(tzinfo=HELSINKI).timestamp()


def test_weeks_begin_on_monday_where_the_desk_is() -> None:
    """Monday 00:00 in Helsinki is Sunday 22:00 in UTC."""
    monday = int(local("2026-01-05 00:00") // 1800)
    assert week_slot(monday, Hours.always(HELSINKI)) == 0
    assert week_slot(monday, ALWAYS) == 6 * 48 + 44


def test_nine_o_clock_stays_nine_o_clock_when_the_clocks_change() -> None:
    """Learned on a Friday in winter time, expected on the Monday after 29 March 2026, in summer time."""
    hours, rhythm = Hours.always(HELSINKI), Rhythm()
    for begin, end, agents in (("00:00", "09:00", 0), ("09:00", "17:00", 3), ("17:00", "23:59", 0)):
        rhythm.advance(local(f"2026-03-27 {begin}"), local(f"2026-03-27 {end}"), agents, hours, NO_ROTA)
    monday = local("2026-03-30 09:00")
    assert rhythm.expected(monday - 1, hours, NO_ROTA) == 0
    assert rhythm.expected(monday, hours, NO_ROTA) == 3


def test_the_night_of_the_change_has_its_real_length() -> None:
    """Saturday 20:00 to Sunday 09:00 is twelve hours and not thirteen, when 03:00 becomes 04:00."""
    hours = Hours(HELSINKI, DAYTIME.week)
    saturday = local("2026-03-28 20:00")
    first = next(one for one in Rhythm(last_open=2.0).ahead(saturday, 0, hours, NO_ROTA, 0) if one.agents)
    assert first.from_s == 12 * HOUR


# --- always -------------------------------------------------------------------------------------------------


spells = st.lists(st.tuples(st.floats(60, 20 * HOUR), st.integers(0, 9)), max_size=30)


@settings(ALIKE, max_examples=25)
@given(spells, st.sampled_from([ALWAYS, DAYTIME]), st.integers(0, 9), st.floats(0, 5))
def test_stretches_follow_each_other_to_the_horizon(
    seen: list[tuple[float, int]], hours: Hours, agents: int, helpers: float
) -> None:
    """Whatever was seen: no gap, no overlap, no negative agent, nobody while the desk is closed."""
    rhythm, now = Rhythm(), T0
    for length_s, present in seen:
        rhythm.advance(now, now + length_s, present, hours, NO_ROTA)
        now += length_s
    coming = list(rhythm.ahead(now, agents, hours, NO_ROTA, helpers))
    assert coming[0].from_s == 0
    assert coming[-1].until_s >= HORIZON_S
    assert all(one.until_s == other.from_s for one, other in pairwise(coming))
    assert all(one.agents >= 0 and one.joining >= 0 for one in coming)
    closed = [one for one in coming if not hours.is_open(now + (one.from_s + one.until_s) / 2)]
    assert not any(one.agents or one.joining for one in closed)
