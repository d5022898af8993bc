"""All that was learned, kept up by one observation after another: what counts, and what must not."""

from __future__ import annotations

from dataclasses import replace
from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from status import Desk, Learned, Observation, observe
from status.calibration import Noted
from status.forecast import of_lengths
from status.history import LONE_KEPT, RECENT_KEPT, advance, learn, missed
from status.model import Happened
from tests.chapter.desk import (
    ALIKE,
    DAY,
    DAY_DESK,
    DESK,
    HOUR,
    MINUTE,
    T0,
    Floor,
    MarkovDesk,
    full_queue,
    lone_turns,
    taught,
)

# --- one observation after another --------------------------------------------------------------------------


def test_the_latest_observation_says_how_things_stand() -> None:
    learned = taught([Observation(T0, "arrived", 3, 2, held=1)])
    assert (learned.at, learned.waiting, learned.agents, learned.held) == (T0, 3, 2, 1)


def test_time_passes_without_news_too() -> None:
    """An hour with five waiting and nothing heard: five customer-hours in which nobody gave up."""
    learned = taught([Observation(T0, "arrived", 5, 2)])
    before = learned.pace.waiting_s
    advance(learned, T0 + HOUR, DESK)
    assert learned.at == T0 + HOUR
    assert learned.pace.waiting_s - before == 5 * HOUR


def test_time_passes_in_one_step_or_in_many() -> None:
    one, many = taught(full_queue(10, MINUTE)), taught(full_queue(10, MINUTE))
    advance(one, T0 + 3 * HOUR, DESK)
    for minute in range(11, 181):
        advance(many, T0 + minute * MINUTE, DESK)
    assert many.rhythm.usual(2) == pytest.approx(one.rhythm.usual(2) or 0)
    assert many.pace.waiting_s == pytest.approx(one.pace.waiting_s)
    assert many.pace.loaded_s == pytest.approx(one.pace.loaded_s or 0)


def test_agents_work_in_open_hours_and_customers_lose_patience_by_night_too() -> None:
    """Answered at 16:00, with four more waiting until 10:00: two hours of the agent, and 18 of each customer."""
    floor = Floor()
    floor.duty(T0 + 16 * HOUR, 1)
    for _ in range(5):
        floor.arrive(T0 + 16 * HOUR)
    floor.answer(T0 + 16 * HOUR)
    learned = taught(floor.seen, DAY_DESK)
    before = learned.pace.waiting_s
    advance(learned, T0 + DAY + 10 * HOUR, DAY_DESK)
    assert learned.pace.loaded_s == 2 * HOUR
    assert learned.pace.waiting_s - before == 4 * 18 * HOUR


def test_the_first_that_is_seen_may_be_an_arrival_who_finds_a_hand_free() -> None:
    """Who is on duty came before anything was seen."""
    learned = taught([Observation(T0, "arrived", 1, 1, case="K7Q2M4", ahead=0)])
    assert list(learned.lone.turns) == ["K7Q2M4"]


def test_time_does_not_run_backwards() -> None:
    learned = taught([Observation(T0, "arrived", 5, 2)])
    advance(learned, T0 - HOUR, DESK)
    assert learned.at == T0


def test_an_observation_that_comes_late_counts_and_adds_no_time() -> None:
    """Clocks of two machines differ: the customer is gone, and the half-minute does not pass twice."""
    seen = [Observation(T0, "arrived", 2, 1), Observation(T0 + MINUTE, "arrived", 3, 1)]
    before, after = taught(seen), taught([*seen, Observation(T0 + 30, "left", 2, 1, 30.0)])
    assert after.at == before.at
    assert after.pace.waiting_s == before.pace.waiting_s
    assert (before.pace.left, after.pace.left) == (0, 1)


def test_agents_on_duty_are_what_becomes_usual() -> None:
    """Three from midnight to one o'clock."""
    floor = Floor()
    floor.duty(T0, 3)
    floor.duty(T0 + HOUR, 0)
    assert taught(floor.seen).rhythm.usual(0) == 3


def test_a_follow_up_teaches_no_wait() -> None:
    """It never stood in the line: no arrival, no claim, no experience; only the hands in use are news."""
    before = taught(full_queue(10, MINUTE))
    at = T0 + 10 * MINUTE
    after = taught([
        *full_queue(10, MINUTE),
        Observation(at, "arrived", 6, 2, queued=False, case="old", agent="agent 1", held=2),
        Observation(at, "answered", 6, 2, 5.0, queued=False, case="old", agent="agent 1", held=2),
    ])  # fmt: skip
    for part in ("rhythm", "pace", "claims", "lone", "recent", "moved_at"):
        assert getattr(after, part) == getattr(before, part)


# --- who was alone ------------------------------------------------------------------------------------------


def test_a_lone_turn_is_remembered_with_its_end() -> None:
    """Answered after 40 s; gone after 300 s; the third still waits."""
    seen = [*lone_turns([(40.0, True), (300.0, False)])]
    seen.append(Observation(T0 + 2 * HOUR, "arrived", 1, 1, case="third", ahead=0))
    turns = taught(seen).lone.turns.values()
    assert [(turn.began_at, turn.open_s, turn.answered) for turn in turns] == [
        (T0, 40.0, True),
        (T0 + HOUR, 300.0, False),
        (T0 + 2 * HOUR, None, False),
    ]


def test_who_finds_others_or_full_hands_is_not_alone() -> None:
    """One agent. The first finds a free hand; the second comes while that is busy; the third finds the second."""
    floor = Floor()
    floor.duty(T0, 1)
    floor.arrive(T0)
    floor.answer(T0 + 10)
    floor.arrive(T0 + 20)
    floor.arrive(T0 + 30)
    learned = taught(floor.seen)
    assert list(learned.lone.turns) == ["case 0"]
    assert list(learned.recent.turns) == ["case 0", "case 1", "case 2"]


def test_memory_is_bounded() -> None:
    learned = taught(lone_turns([(30.0, True)] * (RECENT_KEPT + 50)))
    assert (len(learned.lone.turns), len(learned.recent.turns)) == (LONE_KEPT, RECENT_KEPT)
    assert (learned.lone.answered, learned.recent.answered) == (LONE_KEPT, RECENT_KEPT)


# --- when the line moved ------------------------------------------------------------------------------------


def test_a_reply_moves_the_line_and_an_arrival_does_not() -> None:
    floor = Floor()
    floor.duty(T0, 1)
    for _ in range(3):
        floor.arrive(T0)
    floor.answer(T0 + MINUTE)
    floor.arrive(T0 + 2 * MINUTE)
    floor.leave(T0 + 3 * MINUTE, ahead=1)
    assert taught(floor.seen).moved_at == T0 + MINUTE


def test_when_the_first_agent_comes_the_line_can_begin_to_move() -> None:
    floor = Floor(agents=0)
    floor.arrive(T0)
    floor.duty(T0 + 8 * HOUR, 2)
    floor.duty(T0 + 9 * HOUR, 3)
    assert taught(floor.seen).moved_at == T0 + 8 * HOUR


# --- who is taken -------------------------------------------------------------------------------------------


def test_each_claim_tells_whom_agents_take() -> None:
    """Thirty times the newest of five: the desk is no longer taken to be fair."""
    floor = Floor()
    floor.duty(T0, 1)
    for _ in range(5):
        floor.arrive(T0)
    for n in range(1, 31):
        floor.answer(T0 + n * MINUTE, ahead=4, keep=False)
        floor.arrive(T0 + n * MINUTE)
    assert taught(floor.seen).claims.order().newest > 0.5


def test_a_close_frees_a_hand() -> None:
    floor = Floor()
    floor.duty(T0, 1)
    for n in range(3):
        floor.arrive(T0 + n)
        floor.answer(T0 + n, "ann")
    assert taught(floor.seen).pace.in_hand == {"ann": 3}
    floor.close(T0 + MINUTE, "ann")
    assert taught(floor.seen).pace.in_hand == {"ann": 2}


# --- theory and experience, compared ------------------------------------------------------------------------


def test_how_far_off_a_median_was_is_counted_by_its_ratio() -> None:
    """Twice as long or half as long is as far off; ten seconds are added, for what is at once."""
    assert missed(110.0, 50.0) == pytest.approx(log(2))
    assert missed(50.0, 110.0) == pytest.approx(log(2))
    assert missed(0.0, 0.0) == 0
    assert missed(3610.0, 3600.0) < 0.01 < missed(10.0, 0.0)


def compared(chosen: str) -> tuple[float, ...]:
    """The losses when a median of 110 s was told in this way, the other way would have said 50 s, and it took
    230 s.
    """
    learned = taught([Observation(T0, "arrived", 5, 1, case="asked", ahead=4)])
    told = of_lengths(lambda share: 220 * share)
    learned.calibration.note(Noted("live 1", "asked", T0, told, 200.0, 220.0, 50.0, chosen, "live"))
    learn(learned, Observation(T0 + 230, "answered", 4, 1, 230.0, case="asked", ahead=4), DESK)
    return tuple(learned.losses["live"])


def test_each_reply_shows_which_of_the_two_was_nearer() -> None:
    """230 s were 240 with the ten added: twice the 120 of one, four times the 60 of the other."""
    assert compared("queue") == pytest.approx((log(2), log(4), 1))
    assert compared("lately") == pytest.approx((log(4), log(2), 1))


# --- always -------------------------------------------------------------------------------------------------


def test_the_same_events_teach_the_same() -> None:
    one, other = (MarkovDesk(agents=3, handle_s=300.0, load=0.9, seed=1).run(300) for _ in range(2))
    assert one.learned == other.learned


HAPPENED: tuple[Happened, ...] = ("arrived", "claimed", "answered", "left", "closed", "released", "duty")
observations = st.builds(
    Observation,
    at=st.floats(T0, T0 + DAY),
    happened=st.sampled_from(HAPPENED),
    waiting=st.integers(0, 50),
    agents=st.integers(0, 5),
    wait_s=st.none() | st.floats(0, DAY),
    queued=st.booleans(),
    case=st.sampled_from(["", "a", "b", "c"]),
    agent=st.sampled_from(["", "ann", "bob"]),
    ahead=st.none() | st.integers(0, 49),
    held=st.integers(0, 9),
)


@settings(ALIKE, max_examples=80)
@given(st.lists(observations, max_size=40), st.sampled_from([DESK, DAY_DESK, replace(DESK, hands=2)]))
def test_whatever_happens_in_whatever_order_what_is_known_is_sound(
    seen: list[Observation], desk: Desk
) -> None:
    """Time goes forward, tallies stay above zero, and there are as many claims as there were."""
    learned = Learned()
    for observation in seen:
        before = learned.at or 0.0
        observe(learned, observation, desk)
        assert learned.at is not None
        assert learned.at >= max(before, observation.at)
    pace = learned.pace
    assert min(pace.replies, pace.cycle_s + 1, pace.waiting_s, pace.left + 1, pace.lately + 1) > 0
    assert pace.loaded_s is None or pace.loaded_s >= 0
    assert all(held > 0 for held in pace.in_hand.values())
    assert 1 <= pace.hands(None) < 20
    assert sum(learned.claims.order()) == pytest.approx(1)
    for experience in (learned.lone, learned.recent):
        assert experience.answered == sum(turn.answered for turn in experience.turns.values())
        assert all(turn.open_s is None or turn.open_s >= 0 for turn in experience.turns.values())
    assert all(usual is None or usual >= 0 for usual in map(learned.rhythm.usual, range(336)))
