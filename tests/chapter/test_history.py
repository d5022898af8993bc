"""What the past teaches: a pace from backlogs, waits from lone customers, and nothing from follow-ups."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from status import Hours, Learned, Observation, observe
from status.history import FAST_HALF_LIFE_S, LONE_KEPT, until
from status.hours import Shift
from tests.chapter.desk import DAY, HOUR, MINUTE, T0, MarkovDesk, full_queue, lone_turns, taught


def test_the_pace_is_replies_by_agent_time_while_a_backlog_stands() -> None:
    """Two agents, six waiting, a reply a minute: 100 replies in 100 minutes, so one per 120 agent-seconds."""
    slow = taught(full_queue(100, gap_s=MINUTE)).slow
    assert slow.agent_s / slow.served == pytest.approx(120.0, rel=0.01)
    assert slow.waiting_s / slow.busy_s == pytest.approx(6.0)


def test_an_empty_queue_teaches_no_pace() -> None:
    """One lone customer an hour: to count the idle hours would make the desk look a hundred times slower."""
    assert taught(lone_turns([(30.0, True)] * 5)).slow.served == 0
    assert taught(lone_turns([(30.0, True)] * 5)).slow.agent_s == 0


def test_a_claim_and_the_reply_to_it_free_one_place() -> None:
    """The place comes free with the claim; the reply, two minutes later, leaves the queue as it is."""
    learned = taught([
        Observation(T0, "arrived", 3, 1),
        Observation(T0 + 60, "claimed", 2, 1, 60.0),
        Observation(T0 + 180, "answered", 2, 1, 180.0),
    ])  # fmt: skip
    assert learned.slow.served == pytest.approx(1.0, abs=0.01)


def test_a_customer_who_leaves_is_not_served() -> None:
    learned = taught([Observation(T0, "arrived", 3, 1), Observation(T0 + 60, "left", 2, 1, 900.0)])
    assert (learned.slow.served, learned.slow.left) == (0.0, 1.0)


def test_a_follow_up_teaches_nothing() -> None:
    """It never stood in the queue: its quick reply must not make the queue look quick."""
    before = taught(full_queue(10, gap_s=MINUTE))
    at = (before.at or 0.0) + 1
    after = observe(before, Observation(at, "answered", 6, 2, 5.0, queued=False))
    assert after == until(before, at)


def test_nobody_on_duty_is_no_slowness() -> None:
    """A backlog that stands overnight without an agent adds no agent time."""
    learned = taught([Observation(T0, "arrived", 5, 0), Observation(T0 + 10 * HOUR, "duty", 5, 2)])
    assert learned.slow.agent_s == 0


def test_closed_hours_are_no_slowness() -> None:
    """An agent who forgot to go off duty: of Monday 16:00 to Tuesday 10:00, two hours are open ones."""
    day: tuple[Shift, ...] = ((9 * 60, 17 * 60),)
    hours = Hours(Hours.always().zone, (day,) * 7)
    seen = [Observation(T0 + 16 * HOUR, "arrived", 4, 1), Observation(T0 + DAY + 10 * HOUR, "arrived", 5, 1)]
    assert taught(seen, hours).slow.agent_s == 2 * HOUR


def test_silence_slows_the_recent_pace() -> None:
    """Half an hour without a reply, with people waiting, is news: the recent pace falls by more than half."""
    learned = taught(full_queue(100, gap_s=MINUTE))
    silent = until(learned, (learned.at or 0.0) + FAST_HALF_LIFE_S)
    assert silent.fast.served == pytest.approx(learned.fast.served / 2)
    assert silent.fast.served / silent.fast.agent_s < 0.5 * learned.fast.served / learned.fast.agent_s


def test_the_recent_pace_follows_faster_than_the_usual_one() -> None:
    """After 200 minutes at one reply a minute, two hours at one in four minutes."""
    learned = taught(full_queue(200, gap_s=MINUTE))
    start = learned.at or 0.0
    for n in range(1, 31):
        at = start + n * 4 * MINUTE
        learned = observe(learned, Observation(at, "answered", 5, 2, 24 * MINUTE))
        learned = observe(learned, Observation(at, "arrived", 6, 2))
    assert learned.fast.agent_s / learned.fast.served > 400
    assert learned.slow.agent_s / learned.slow.served < 250


def test_a_lone_turn_is_remembered_with_its_end() -> None:
    """Answered after 40 s; gone after 300 s; the third still waits, 20 s after it began."""
    seen = [*lone_turns([(40.0, True), (300.0, False)]), Observation(T0 + 2 * HOUR, "arrived", 1, 1)]
    lengths = taught(seen).lone_lengths(T0 + 2 * HOUR + 20, Hours.always())
    assert [(length.seconds, length.answered) for length in lengths] == [
        (40.0, True),
        (300.0, False),
        (20.0, False),
    ]


def test_a_customer_with_others_ahead_is_not_a_lone_one() -> None:
    assert len(taught(full_queue(20, gap_s=MINUTE)).lone) == 1


def test_memory_is_bounded() -> None:
    assert len(taught(lone_turns([(30.0, True)] * (LONE_KEPT + 50))).lone) == LONE_KEPT


def test_an_observation_that_comes_late_adds_no_time() -> None:
    """Clocks of two machines differ: the reply counts, and time does not run backwards."""
    before = taught([Observation(T0, "arrived", 2, 1), Observation(T0 + 60, "arrived", 3, 1)])
    after = observe(before, Observation(T0 + 30, "answered", 2, 1, 30.0))
    assert after.at == before.at
    assert after.slow.agent_s == before.slow.agent_s
    assert after.slow.served == before.slow.served + 1


def test_what_was_learned_survives_a_restart() -> None:
    desk = MarkovDesk(agents=3, handle_s=300.0, load=0.9, seed=1)
    desk.run(300)
    assert Learned.from_data(json.loads(json.dumps(desk.learned.to_data()))) == desk.learned


def test_data_of_another_version_starts_afresh() -> None:
    assert Learned.from_data({**taught(full_queue(10, gap_s=MINUTE)).to_data(), "version": 0}) == Learned()
    assert Learned.from_data({}) == Learned()


observations = st.builds(
    Observation,
    at=st.floats(T0, T0 + DAY),
    happened=st.sampled_from(["arrived", "claimed", "answered", "left", "duty"]),
    waiting=st.integers(0, 50),
    agents=st.integers(0, 5),
    wait_s=st.none() | st.floats(0, DAY),
    queued=st.booleans(),
)


@given(st.lists(observations, max_size=40))
def test_whatever_happens_in_whatever_order_the_state_is_sound(seen: list[Observation]) -> None:
    """Tallies stay above zero, time goes forward, and the state goes through JSON unharmed."""
    learned = Learned()
    for observation in seen:
        earlier, learned = learned, observe(learned, observation)
        assert learned.at is not None
        assert learned.at >= (earlier.at or 0.0)
    for tally in (learned.fast, learned.slow, learned.settled):
        assert min(tally.served, tally.left, tally.busy_s, tally.agent_s, tally.waiting_s) >= 0
    assert Learned.from_data(json.loads(json.dumps(learned.to_data()))) == learned
