"""How fast a desk works: measured while somebody waits, and never while nobody does."""

from __future__ import annotations

from dataclasses import replace
from math import exp

import pytest

from status import Desk, Learned
from status.pace import ORDINARY_DAYS, Pace
from tests.chapter.desk import DAY, DAY_DESK, DESK, HOUR, MINUTE, T0, Floor, full_queue, lone_turns, taught

ONE_HAND = replace(DESK, hands=1)


def pace_of(floor: Floor, desk: Desk = ONE_HAND) -> Pace:
    """The pace that all of this shows, at a desk where an agent works on one case at once."""
    return taught(floor.seen, desk).pace


def measured(pace: Pace) -> tuple[float, float]:
    """How many cycles were measured, and how long they were on average."""
    replies = pace.replies - pace.prior
    return replies, pace.cycle_s / replies if replies else 0.0


# --- the cycle ----------------------------------------------------------------------------------------------


def test_a_cycle_is_the_time_between_two_replies_times_the_hands_at_work() -> None:
    """Two agents, six waiting, a reply a minute. The first begins the measurement; 99 more end one each, of two
    hands for a minute: 120 hand-seconds. The target, 480 s, is forgotten by then; after ten it counted as one
    reply of eleven: (480 + 10 x 120) / 11 = 153 s.
    """
    pace = taught(full_queue(100, gap_s=MINUTE), ONE_HAND).pace
    assert measured(pace) == (99, 120.0)
    assert pace.hand_s(target_s=480.0) == pytest.approx(120)
    early = taught(full_queue(11, gap_s=MINUTE), ONE_HAND).pace
    assert early.hand_s(target_s=480.0) == pytest.approx((480 + 10 * 120) / 11)


def test_an_agent_with_two_hands_goes_through_two_cycles_at_a_time() -> None:
    """A reply a minute by one agent who works on two cases at once: two minutes of a hand."""
    floor = Floor()
    for _ in range(6):
        floor.arrive(T0)
    for n in range(1, 4):
        floor.answer(T0 + n * MINUTE, keep=False)
    assert measured(pace_of(floor, replace(DESK, hands=2))) == (2, 2 * MINUTE)


def test_before_anything_was_seen_a_cycle_is_as_long_as_the_target() -> None:
    assert Pace().hand_s(target_s=480.0) == 480.0


def test_an_idle_desk_teaches_no_pace() -> None:
    """One lone customer an hour: to count the hours between would make the desk look a hundred times slower."""
    assert measured(taught(lone_turns([(30.0, True)] * 5), ONE_HAND).pace) == (0, 0.0)


def test_when_the_line_runs_empty_the_measurement_ends() -> None:
    """Two wait; answered after one minute and after three. Then nobody waits for an hour, until two more come.

    From the first reply to the second somebody waited: two minutes. From the second to the third nobody did at
    first, so the hour is no part of any cycle.
    """
    floor = Floor()
    floor.arrive(T0)
    floor.arrive(T0)
    floor.answer(T0 + 1 * MINUTE)
    floor.close(T0 + 3 * MINUTE)
    floor.answer(T0 + 3 * MINUTE)
    floor.arrive(T0 + HOUR)
    floor.arrive(T0 + HOUR)
    floor.close(T0 + HOUR)
    floor.answer(T0 + HOUR)
    assert measured(pace_of(floor)) == (1, 2 * MINUTE)


def test_a_reply_while_hands_are_free_begins_no_cycle() -> None:
    """Three agents and two customers: after the first reply two hands are free, for one who waits. The minute
    until they take that one is how long they look up from their desks, not how long a case takes.
    """
    floor = Floor(agents=3)
    floor.arrive(T0)
    floor.arrive(T0)
    floor.answer(T0 + 10, "ann")
    floor.answer(T0 + 70, "bob")
    assert measured(pace_of(floor)) == (0, 0.0)


def test_nobody_on_duty_is_no_slowness() -> None:
    """A backlog stands overnight without an agent: the reply of the morning ends no cycle."""
    floor = Floor()
    for _ in range(5):
        floor.arrive(T0)
    floor.answer(T0 + MINUTE, keep=False)
    floor.duty(T0 + 2 * MINUTE, agents=0)
    floor.duty(T0 + 10 * HOUR, agents=1)
    floor.answer(T0 + 10 * HOUR + MINUTE, keep=False)
    assert measured(pace_of(floor)) == (0, 0.0)


def test_closed_hours_are_no_slowness() -> None:
    """An agent forgot to go off duty at five. From 16:58 to 09:03 five open minutes pass."""
    floor = Floor()
    for _ in range(3):
        floor.arrive(T0 + 16 * HOUR)
    floor.answer(T0 + 17 * HOUR - 2 * MINUTE, keep=False)
    floor.answer(T0 + DAY + 9 * HOUR + 3 * MINUTE, keep=False)
    assert measured(pace_of(floor, replace(DAY_DESK, hands=1))) == (1, 5 * MINUTE)


def test_a_change_of_agents_within_a_cycle_counts_by_time() -> None:
    """One agent for the first minute and three for the second: four hand-minutes."""
    floor = Floor()
    for _ in range(9):
        floor.arrive(T0)
    floor.answer(T0, keep=False)
    floor.duty(T0 + MINUTE, agents=3)
    floor.answer(T0 + 2 * MINUTE, keep=False)
    assert measured(pace_of(floor)) == (1, 4 * MINUTE)


def test_a_follow_up_says_nothing_of_the_pace() -> None:
    """It never stood in the line: its quick reply must not make the desk look quick."""
    floor = Floor()
    for _ in range(6):
        floor.arrive(T0)
    floor.answer(T0, keep=False)
    floor.answer(T0 + 2 * MINUTE, keep=False)
    before = measured(pace_of(floor))
    quick = replace(floor.seen[-1], at=T0 + 2 * MINUTE + 5, wait_s=5.0, queued=False, ahead=None)
    assert measured(taught([*floor.seen, quick], ONE_HAND).pace) == before


def test_a_claim_and_the_reply_to_it_are_one() -> None:
    """The place comes free with the claim; the reply, a minute later, leaves the line as it is."""
    floor = Floor()
    for _ in range(6):
        floor.arrive(T0)
    for n in (1, 2):
        answered = floor.answer(T0 + n * 4 * MINUTE)
        floor.seen[-1] = replace(answered, happened="claimed")
        floor.seen.append(
            replace(answered, at=answered.at + MINUTE, wait_s=answered.at + MINUTE - T0, ahead=None)
        )
        floor.close(answered.at + 2 * MINUTE)
    assert measured(pace_of(floor)) == (1, 4 * MINUTE)


def test_an_old_pace_is_forgotten() -> None:
    """3,000 replies at a minute, then 2,000 at two: of what is remembered, nearly all is of now, and of the target
    that stood in at first hardly anything is left.
    """
    pace = Pace()
    for length_s, times in ((60.0, 3000), (120.0, 2000)):
        for _ in range(times):
            pace.take("", in_hand=False, loaded=True, busy=True)
            pace.pass_time(length_s, length_s, waiting=5, agents=1, hands=1)
    assert pace.replies <= 1000
    assert pace.hand_s(480.0) == pytest.approx(120, abs=15)
    assert pace.hand_s(480.0) == pytest.approx(pace.hand_s(4800.0), rel=0.05)


# --- hands --------------------------------------------------------------------------------------------------


def busy_floor(hands: int, cases: int = 30) -> Floor:
    """Ann keeps so many cases in hand, and takes the next as soon as she has closed one; ten wait always."""
    floor = Floor()
    for _ in range(10):
        floor.arrive(T0)
    for n in range(cases):
        at = T0 + n * MINUTE
        if floor.held == hands:
            floor.close(at)
        floor.answer(at)
        floor.arrive(at)
    return floor


@pytest.mark.parametrize("hands", [1, 3])
def test_how_many_cases_an_agent_works_on_is_seen_from_how_many_are_in_hand(hands: int) -> None:
    assert pace_of(busy_floor(hands), DESK).hands(None) == hands


def test_what_is_configured_outweighs_what_is_seen() -> None:
    assert pace_of(busy_floor(3), DESK).hands(2) == 2


def test_until_it_was_seen_an_agent_has_one_hand() -> None:
    assert Pace().hands(None) == 1


def test_a_hand_that_could_hold_more_proves_nothing_while_nobody_waits() -> None:
    """Ann holds one case at a time, because no more come: that is not a limit of hers."""
    floor = Floor()
    for n in range(30):
        floor.arrive(T0 + n * HOUR)
        floor.answer(T0 + n * HOUR + MINUTE)
        floor.close(T0 + n * HOUR + 10 * MINUTE)
    assert sum(pace_of(floor, DESK).hands_seen) == 0


# --- who leaves ---------------------------------------------------------------------------------------------


def test_customers_leave_at_a_rate_per_hour_of_waiting() -> None:
    """Two wait for eight hours, and both leave: 16 hours of waiting. With 16 more that are taken for granted
    before anything was seen, one in 16 hours.
    """
    floor = Floor()
    floor.arrive(T0)
    floor.arrive(T0)
    floor.leave(T0 + 8 * HOUR)
    floor.leave(T0 + 8 * HOUR)
    assert pace_of(floor).leaving() * HOUR == pytest.approx(2 / 32)


def test_at_first_customers_are_taken_to_stay() -> None:
    assert Pace().leaving() == 0


def test_who_leaves_was_not_served() -> None:
    """Between the two replies somebody gave up: one cycle of two minutes, not two of one."""
    floor = Floor()
    for _ in range(5):
        floor.arrive(T0)
    floor.answer(T0, keep=False)
    floor.leave(T0 + MINUTE)
    floor.answer(T0 + 2 * MINUTE, keep=False)
    assert measured(pace_of(floor)) == (1, 2 * MINUTE)


# --- who floods in ------------------------------------------------------------------------------------------


def quiet_days(days: int) -> Pace:
    """One customer an hour."""
    pace = Pace()
    for hour in range(days * 24):
        pace.arrive(T0 + hour * HOUR)
    return pace


def test_on_an_ordinary_day_nobody_is_called() -> None:
    assert quiet_days(5).helpers(T0 + 5 * DAY, waiting=10, hand_s=600.0, hands=1) == 0


def test_a_flood_calls_as_much_help_as_clears_it_in_a_working_day() -> None:
    """Five quiet days at one an hour, then 100 customers at once.

    Of four hours' arrivals, the newer counting more, an ordinary day shows 4.5 at its peak, and 1.7 times that is
    7.7. That leaves 100 + 4.5 x exp(-1/4) - 7.7 = 96 too many, each ten minutes of work: 2 agents for eight hours.
    """
    pace, at = quiet_days(5), T0 + 5 * DAY
    for _ in range(100):
        pace.arrive(at)
    lately = 100 + exp(-1 / 4) / (1 - exp(-1 / 4))
    surplus = lately - 1.7 / (1 - exp(-1 / 4))
    assert surplus == pytest.approx(96, abs=0.5)
    one, two = (pace.helpers(at, waiting=120, hand_s=600.0, hands=hands) for hands in (1, 2))
    assert one == pytest.approx(surplus * 600 / (8 * HOUR), rel=0.01)
    assert two == pytest.approx(one / 2)


def test_help_is_called_for_those_who_wait() -> None:
    """The flood was answered already, all but ten: ten cases of ten minutes are an agent for 100 minutes."""
    pace, at = quiet_days(5), T0 + 5 * DAY
    for _ in range(100):
        pace.arrive(at)
    assert pace.helpers(at, waiting=10, hand_s=600.0, hands=1) == pytest.approx(100 * MINUTE / (8 * HOUR))


def test_a_flood_is_forgotten_in_a_day() -> None:
    pace, at = quiet_days(5), T0 + 5 * DAY
    for _ in range(100):
        pace.arrive(at)
    assert pace.helpers(at + DAY, waiting=120, hand_s=600.0, hands=1) == 0


def test_within_the_first_two_days_nothing_is_a_flood() -> None:
    """The first morning of a new desk looks like one, after a night in which it did not exist."""
    pace = Pace()
    for _ in range(100):
        pace.arrive(T0)
    assert pace.helpers(T0 + ORDINARY_DAYS * DAY - 1, waiting=100, hand_s=600.0, hands=1) == 0


def test_arrivals_are_counted_from_the_first_and_never_by_less_than_an_hour() -> None:
    """Three in the first minute are three an hour, and not three a minute."""
    pace = Pace()
    for n in range(3):
        pace.arrive(T0 + n * 20)
    assert pace.arrivals_per_s(T0 + MINUTE) * HOUR == pytest.approx(3)
    assert pace.arrivals_per_s(T0 + 2 * HOUR) * HOUR == pytest.approx(1.5)
    assert Learned().pace.arrivals_per_s(T0) == 0
