"""What was learned survives as plain data: the same answers after a restart, and never more than so much of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from status import Desk, Learned, Observation, observe
from status.memory import VERSION, from_data, to_data
from status.wait import estimate, note, publish
from tests.chapter.desk import ALWAYS, MINUTE, T0, MarkovDesk, known, seen_at

DESK = Desk(ALWAYS, 300.0)
MOST_BYTES = 256 * 1024


def lived(customers: int = 1500, seed: int = 3) -> MarkovDesk:
    """A busy desk that has published now and then, with customers still waiting."""
    one = MarkovDesk(agents=3, handle_s=300.0, load=0.95, seed=seed)
    return one.run(customers)


def through_text(learned: Learned) -> Learned:
    """Stored as JSON, and read again by another process."""
    return from_data(json.loads(json.dumps(to_data(learned), allow_nan=False)))


def test_nothing_learned_is_little_data() -> None:
    assert from_data(to_data(Learned())) == Learned()


def test_data_is_plain_and_stays_the_same() -> None:
    """Once rounded, nothing changes any more, however often it is stored."""
    once = through_text(lived().learned)
    assert to_data(through_text(once)) == to_data(once)


def test_the_answer_is_the_same_after_a_restart() -> None:
    learned = lived().learned
    asked = seen_at(learned.at or T0, waiting=7, agents=3)
    before, after = known(estimate(asked, learned, DESK)), known(estimate(asked, through_text(learned), DESK))
    assert (after.p50_s, after.p80_s, after.p90_s) == pytest.approx(
        (before.p50_s, before.p80_s, before.p90_s), rel=1e-3
    )
    assert (after.method, after.sample_size) == (before.method, before.sample_size)


def test_moments_are_kept_to_the_tenth_of_a_second() -> None:
    """Seven digits, enough for any length, would move a moment by minutes."""
    pace = lived().learned.pace
    again = through_text(Learned(pace=pace)).pace
    assert (again.began_at, again.lately_at) == pytest.approx(
        (pace.began_at, pace.lately_at), rel=0, abs=0.06
    )


def test_a_promise_made_before_a_restart_is_judged_after_it() -> None:
    """A case is forecast, the process restarts, the reply comes far too late: the drift of the level has moved."""
    learned = lived().learned
    at = (learned.at or T0) + 10 * MINUTE
    note("K7Q2M4", seen_at(at, waiting=4, agents=3), learned, DESK, "live")
    publish(seen_at(at, waiting=4, agents=3), learned, DESK)
    again = through_text(learned)
    assert again.standing is not None
    before = list(again.calibration.drift["live"])
    late = Observation(at + 600 * MINUTE, "answered", 3, 3, 600 * MINUTE, case="K7Q2M4", ahead=0, held=3)
    observe(again, late, DESK)
    assert again.calibration.drift["live"][0] > before[0]


def test_an_endless_score_stays_endless_until_its_reply() -> None:
    learned = lived().learned
    at = (learned.at or T0) + 10 * MINUTE
    note("K7Q2M4", seen_at(at, waiting=4, agents=3), learned, DESK, "live")
    quiet = Observation(at + 600 * MINUTE, "duty", 4, 3, held=3)
    observe(learned, quiet, DESK)
    again = through_text(learned)
    endless = [z for scores in again.calibration.scores.values() for z, key in scores.entries if key]
    assert endless
    observe(again, replace(quiet, at=quiet.at + 1, happened="answered", wait_s=36_001.0, case="K7Q2M4"), DESK)
    left = [z for scores in again.calibration.scores.values() for z, _ in scores.entries if z == float("inf")]
    assert len(left) == len(endless) - 1


def test_data_of_another_version_teaches_nothing() -> None:
    data = to_data(lived(200).learned)
    assert from_data({**data, "version": VERSION + 1}) == Learned()


def test_however_long_a_desk_is_watched_its_memory_is_bounded() -> None:
    """Ten thousand customers, and a thousand who never get a reply."""
    learned = lived(10_000).learned
    at = learned.at or T0
    for number in range(1000):
        at += MINUTE
        seen = Observation(at, "arrived", number + 1, 3, case=f"x-{number}", ahead=number, held=3)
        observe(learned, seen, DESK)
    assert len(json.dumps(to_data(learned))) < MOST_BYTES
