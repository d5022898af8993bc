"""How long until the reply: position, pace and people."""

from __future__ import annotations

from dataclasses import replace
from statistics import mean

import pytest

from status import Hours, Learned, Observation, Snapshot, Unknown, estimate, observe
from status.hours import Shift
from tests.chapter.desk import (
    DAY,
    HOUR,
    MINUTE,
    T0,
    MarkovDesk,
    full_queue,
    known,
    lone_turns,
    seen_at,
    taught,
)

NINE_TO_FIVE: tuple[Shift, ...] = ((9 * 60, 17 * 60),)
DAYTIME = Hours(Hours.always().zone, (NINE_TO_FIVE,) * 7)
BUSY = taught(full_queue(200, gap_s=MINUTE))
"""Two agents who free a place a minute, seen for 200 minutes."""
BUSY_AT = BUSY.at or 0.0
CALM = taught(lone_turns([(30.0 * n, True) for n in range(1, 21)]))
"""Twenty lone customers who waited 30 s, 60 s, ... 10 minutes."""
CALM_AT = CALM.at or 0.0


def test_behind_three_others_four_places_must_come_free() -> None:
    """At a place a minute that is four minutes; the median of so few gaps lies a little below the mean."""
    wait = known(estimate(seen_at(BUSY_AT, waiting=6, ahead=3, agents=2), BUSY))
    assert wait.method == "throughput"
    assert 3.4 * MINUTE < wait.p50_s < 4.0 * MINUTE
    assert wait.p80_s == pytest.approx(5.8 * MINUTE, rel=0.1)


def test_the_further_back_the_surer_in_proportion() -> None:
    """The sum of n gaps has a relative spread of 1/sqrt(n)."""
    near = known(estimate(seen_at(BUSY_AT, waiting=100, ahead=1, agents=2), BUSY))
    far = known(estimate(seen_at(BUSY_AT, waiting=100, ahead=60, agents=2), BUSY))
    assert far.p80_s / far.p50_s < near.p80_s / near.p50_s


def test_twice_the_agents_halve_the_wait() -> None:
    two = known(estimate(seen_at(BUSY_AT, waiting=40, agents=2), BUSY))
    four = known(estimate(seen_at(BUSY_AT, waiting=40, agents=4), BUSY))
    assert four.p50_s == pytest.approx(two.p50_s / 2)


def test_claimed_cases_without_a_reply_are_work_to_be_done_first() -> None:
    """Four claimed and one ahead is the same work as five ahead."""
    behind = known(estimate(seen_at(BUSY_AT, waiting=9, ahead=1, claimed=4, agents=2), BUSY))
    ahead = known(estimate(seen_at(BUSY_AT, waiting=9, ahead=5, agents=2), BUSY))
    assert behind.p80_s == pytest.approx(ahead.p80_s)


def test_customers_who_leave_shorten_the_line() -> None:
    """Of those ahead, some will give up before their reply."""
    impatient = replace(BUSY, slow=replace(BUSY.slow, left=BUSY.slow.served))
    assert (
        known(estimate(seen_at(BUSY_AT, waiting=40, agents=2), impatient)).p50_s
        < known(estimate(seen_at(BUSY_AT, waiting=40, agents=2), BUSY)).p50_s
    )


def test_with_nobody_ahead_the_wait_is_what_lone_customers_waited() -> None:
    """Half of them got the reply within 5 minutes, 80 % within 8, 90 % within 9: not at once, though hands
    are free.
    """
    wait = known(estimate(seen_at(CALM_AT), CALM))
    assert (wait.method, wait.sample_size) == ("idle", 20)
    assert (wait.p50_s, wait.p80_s, wait.p90_s) == (5 * MINUTE, 8 * MINUTE, 9 * MINUTE)


def test_lone_customers_who_left_count_as_longer_waits() -> None:
    some_left = taught(lone_turns([(30.0 * n, n % 2 == 0) for n in range(1, 25)]))
    all_answered = taught(lone_turns([(30.0 * n, True) for n in range(1, 25)]))
    at = some_left.at or 0.0
    assert known(estimate(seen_at(at), some_left)).p80_s > known(estimate(seen_at(at), all_answered)).p80_s


def test_a_lone_customer_who_has_waited_has_some_of_it_behind_them() -> None:
    """After 5 minutes ten of the twenty turns are left; half of those are over by 7.5 minutes."""
    wait = known(estimate(seen_at(CALM_AT, waiting=1, ahead=0, elapsed_s=300.0, oldest_s=300.0), CALM))
    assert wait.p50_s == 2.5 * MINUTE


def test_a_case_that_has_waited_its_way_to_the_front_goes_by_the_pace() -> None:
    """It waits longer than any lone one, because it was not alone: the next free place is its own."""
    busy = taught(lone_turns([(20.0, True)] * 12, start=T0 - DAY) + full_queue(200, gap_s=MINUTE))
    asked = seen_at(BUSY_AT, waiting=6, ahead=0, elapsed_s=360.0, oldest_s=360.0, agents=2)
    wait = known(estimate(asked, busy))
    assert wait.method == "throughput"
    assert wait.p50_s == pytest.approx(0.7 * MINUTE, rel=0.1)


def test_before_anything_was_seen_the_target_stands_in() -> None:
    """A target of 8 minutes is taken as meant: kept in 80 % of cases when hands are free."""
    wait = known(estimate(seen_at(T0, target_s=480.0), Learned()))
    assert (wait.method, wait.sample_size) == ("prior", 0)
    assert wait.p80_s == pytest.approx(480.0)


def test_the_first_guess_counts_every_hand() -> None:
    """30 ahead: 31 targets of work for one hand, a fifteenth of it for five agents at three cases each."""
    one = known(estimate(seen_at(T0, waiting=30), Learned()))
    many = known(estimate(seen_at(T0, waiting=30, agents=5, concurrency=3), Learned()))
    assert many.p80_s == pytest.approx(one.p80_s / 15)


def test_a_pace_that_is_known_needs_no_target() -> None:
    """A queue that is never empty shows no lone turns; its pace says enough even for the first in line."""
    wait = known(estimate(seen_at(BUSY_AT, agents=2, target_s=HOUR), BUSY))
    assert wait.method == "throughput"
    assert wait.p80_s < 3 * MINUTE


def test_the_first_replies_already_outweigh_the_guess() -> None:
    """The target says one reply in 8 minutes of an agent's time; ten replies said one in 2."""
    learned = taught(full_queue(10, gap_s=MINUTE))
    cold = known(estimate(seen_at(T0, waiting=10, agents=2), Learned()))
    wait = known(estimate(seen_at(learned.at or 0.0, waiting=10, agents=2), learned))
    assert wait.p50_s < cold.p50_s / 2


def test_a_night_counts() -> None:
    """At 16:58, seven minutes of work are two of today and five of tomorrow: 16 hours more on the wall."""
    wait = known(estimate(seen_at(T0 + 17 * HOUR - 120, target_s=420.0, hours=DAYTIME), Learned()))
    assert wait.p80_s == pytest.approx(16 * HOUR + 420.0)


def test_while_closed_the_usual_agents_are_expected_back() -> None:
    """At 20:00 nobody is on duty, and 13 hours later two agents will be, as usual."""
    learned = observe(BUSY, Observation(BUSY_AT, "duty", 9, 0))
    asked = seen_at(T0 + 20 * HOUR, waiting=9, agents=0, hours=DAYTIME)
    wait = known(estimate(asked, learned))
    assert 13 * HOUR + 8 * MINUTE < wait.p50_s < 13 * HOUR + 11 * MINUTE


def test_nobody_on_duty_is_no_figure() -> None:
    assert estimate(seen_at(BUSY_AT, waiting=3, agents=0), BUSY) == Unknown("nobody_on_duty", BUSY_AT)


def test_a_desk_that_never_opens_has_no_figure() -> None:
    never = Hours(Hours.always().zone, ((),) * 7)
    assert estimate(seen_at(T0, hours=never), Learned()) == Unknown("nobody_on_duty", T0)


def test_closed_and_never_seen_at_work_is_too_thin() -> None:
    assert estimate(seen_at(T0, agents=0, hours=DAYTIME), Learned()) == Unknown("thin", T0)


def test_a_backlog_that_does_not_move_is_stale() -> None:
    """Usually a place a minute. After 29 minutes of silence a slow figure, after 31 none."""
    at = BUSY_AT + 29 * MINUTE
    assert known(estimate(seen_at(at, waiting=6, oldest_s=HOUR, agents=2), BUSY))
    at = BUSY_AT + 31 * MINUTE
    assert estimate(seen_at(at, waiting=6, oldest_s=HOUR, agents=2), BUSY) == Unknown("stale", at)


def test_arrivals_do_not_hide_that_nothing_moves() -> None:
    """Five replies, then forty customers join a standing queue: that is news of customers, not of replies.

    The five came at a place a minute; the silence is measured by that, not by a pace slowed down by itself.
    """
    learned = taught(full_queue(5, gap_s=MINUTE))
    start = learned.at or 0.0
    for minute in range(1, 41):
        learned = observe(learned, Observation(start + minute * MINUTE, "arrived", 6 + minute, 2))
    asked = seen_at(start + 41 * MINUTE, waiting=46, oldest_s=HOUR, agents=2)
    assert estimate(asked, learned) == Unknown("stale", asked.taken_at)


def test_silence_is_not_stale_when_nobody_waited_through_it() -> None:
    """A quiet night, then three customers within a minute."""
    at = BUSY_AT + 8 * HOUR
    quiet = observe(BUSY, Observation(BUSY_AT, "duty", 0, 2))
    assert known(estimate(seen_at(at, waiting=3, oldest_s=MINUTE, agents=2), quiet))


def test_agents_who_just_came_get_time_to_begin() -> None:
    """The backlog of a night without agents is not stale a minute after the first one comes."""
    night = observe(BUSY, Observation(BUSY_AT, "duty", 6, 0))
    morning = observe(night, Observation(BUSY_AT + 8 * HOUR, "duty", 6, 2))
    asked = seen_at(BUSY_AT + 8 * HOUR + MINUTE, waiting=6, oldest_s=9 * HOUR, agents=2)
    assert known(estimate(asked, morning)).method == "throughput"


THREE_WAIT = seen_at(BUSY_AT, waiting=3, agents=2)
IMPOSSIBLE = [
    replace(THREE_WAIT, ahead=4),
    replace(THREE_WAIT, waiting=-1, ahead=-1),
    replace(THREE_WAIT, claimed=-1),
    replace(THREE_WAIT, elapsed_s=-1.0),
    replace(THREE_WAIT, oldest_s=-1.0),
]


@pytest.mark.parametrize("snapshot", IMPOSSIBLE)
def test_a_snapshot_that_cannot_be_true_gives_no_figure(snapshot: Snapshot) -> None:
    assert estimate(snapshot, BUSY) == Unknown("contradictory", BUSY_AT)


def test_on_a_markov_desk_the_estimate_comes_near_the_true_mean() -> None:
    """Three agents at 5 minutes a case free a place every 100 s, so 21 places take 35 minutes on average."""
    desk = MarkovDesk(agents=3, handle_s=300.0, load=0.95, seed=7)
    desk.run(3000)
    wait = known(estimate(seen_at(desk.learned.at or 0.0, waiting=20, agents=3), desk.learned))
    assert wait.p50_s == pytest.approx(35 * MINUTE, rel=0.25)


def test_on_a_markov_desk_promises_are_kept_as_often_as_they_say() -> None:
    """Every arrival behind others is told a p80; four in five of them, more or less, are answered within
    it.
    """
    desk = MarkovDesk(agents=3, handle_s=300.0, load=0.95, seed=7)
    desk.run(3000)
    asked = [(known(estimate(s, learned)), desk.waits_s[n]) for s, learned, n in desk.asked[300:] if s.ahead]
    assert 0.76 < mean(wait_s <= said.p80_s for said, wait_s in asked) < 0.90
    assert 0.86 < mean(wait_s <= said.p90_s for said, wait_s in asked) < 0.98
