"""What was said is judged: each question by its own answers, and theory by what customers lived through."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from status import Learned, Observation, Snapshot, estimate, observe, publish
from status.history import learn
from status.wait import COMPARED, note
from tests.chapter.desk import BUSY_AT, DESK, HOUR, MINUTE, T0, Floor, busy, full, known, seen_at, taught

# --- three questions, three judges --------------------------------------------------------------------------


def scored(learned: Learned) -> set[str]:
    """The kinds of question of which a forecast waits to be judged."""
    return {noted.kind for listed in learned.calibration.open.values() for noted in listed}


def test_whoever_arrives_was_told_something_and_it_will_be_judged() -> None:
    """To learn from an arrival is not enough: to observe it is to note what was said."""
    floor, told = Floor(2), busy()
    arrival = replace(floor.arrive(BUSY_AT + 1), waiting=7, held=2, ahead=6)
    assert scored(taught([arrival])) == set()
    observe(told, arrival, DESK)
    assert scored(told) == {"live"}


def test_a_published_figure_is_judged_by_all_who_arrive_while_it_stands() -> None:
    """It stood for a while before they came, and must be true for them too."""
    learned = busy()
    publish(full(waiting=6), learned, DESK)
    for n in range(1, 5):
        at = BUSY_AT + n * 2 * MINUTE
        observe(learned, Observation(at, "arrived", 6 + n, 2, case=f"new {n}", ahead=5 + n, held=2), DESK)
    standing = [
        noted.p80_s
        for listed in learned.calibration.open.values()
        for noted in listed
        if noted.kind == "published"
    ]
    assert len(standing) > 1
    assert set(standing) == {known(publish(full(waiting=6), busy(), DESK)).p80_s}


def test_where_nothing_could_be_published_nothing_stands() -> None:
    learned = busy()
    publish(full(waiting=6), learned, DESK)
    publish(replace(full(waiting=6), ahead=7), learned, DESK)
    assert learned.standing is None


def test_what_one_who_waits_is_told_is_judged_when_it_was_noted() -> None:
    learned = busy()
    note("case 205", replace(full(waiting=6, ahead=5), elapsed_s=MINUTE), learned, DESK, "waiting")
    assert scored(learned) == {"waiting"}


def test_each_question_learns_from_its_own_answers() -> None:
    """Forty readers of the banner got their reply two times later than published. The banner is corrected, and
    what is told on arrival is not.
    """
    learned, before = busy(), known(estimate(full(waiting=6), busy(), DESK))
    for n in range(40):
        at = BUSY_AT + n * 15 * MINUTE
        asked = full(waiting=6, at=at)
        note(f"reader {n}", asked, learned, DESK, "published")
        learn(learned, Observation(at + 2 * before.p80_s, "duty", 6, 2, held=2), DESK)
        learned.calibration.settle(f"reader {n}", at + 2 * before.p80_s, answered=True)
    asked = full(waiting=6, at=BUSY_AT + 40 * 15 * MINUTE)
    published = known(estimate(asked, learned, DESK, "published"))
    live = known(estimate(asked, learned, DESK, "live"))
    assert published.p80_s > 1.5 * live.p80_s


# --- theory or experience -----------------------------------------------------------------------------------


def two_hours_later(customers: int) -> tuple[Learned, Floor]:
    """A desk that answers everybody two hours later, give or take five minutes, however many wait. In every other
    hour twenty times as many customers come. Whenever one comes, the one in the middle of the line asks.
    """
    random, learned, floor, at = Random(1), Learned(), Floor(), T0
    observe(learned, floor.duty(T0, 3), DESK)
    happens: list[tuple[float, bool]] = []
    for _ in range(customers):
        at += random.expovariate(1 / MINUTE if int((at - T0) // HOUR) % 2 else 1 / (20 * MINUTE))
        happens += [(at, False), (at + 2 * HOUR + random.uniform(-5, 5) * MINUTE, True)]
    for at, replied in sorted(happens):
        if replied:
            floor.answer(at, keep=False)
        else:
            floor.arrive(at)
            note(floor.line[len(floor.line) // 2], middle(at, floor), learned, DESK, "waiting")
        observe(learned, floor.seen[-1], DESK)
    return learned, floor


def middle(at: float, floor: Floor) -> Snapshot:
    """The desk as the one in the middle of the line sees it."""
    ahead = len(floor.line) // 2
    elapsed_s, oldest_s = (at - floor.began[floor.line[place]] for place in (ahead, 0))
    return seen_at(at, waiting=len(floor.line), ahead=ahead, elapsed_s=elapsed_s, oldest_s=oldest_s, agents=3)


def test_where_the_line_explains_nothing_experience_takes_over() -> None:
    """By a line of three or of sixty, theory would say a tenth of it or twice as much."""
    learned, floor = two_hours_later(300)
    at = floor.seen[-1].at
    for waiting in (3, 60):
        wait = known(estimate(seen_at(at, waiting=waiting, agents=3), learned, DESK))
        assert wait.method == "experience"
        assert wait.sample_size >= 250
        assert wait.p50_s == pytest.approx(2 * HOUR, rel=0.05)
        assert wait.p90_s == pytest.approx(2 * HOUR, rel=0.15)


def test_one_who_waits_there_has_that_much_less_to_go() -> None:
    """After an hour and a half, half an hour is left, wherever in the line that is."""
    learned, floor = two_hours_later(300)
    asked = seen_at(
        floor.seen[-1].at, waiting=60, ahead=55, elapsed_s=1.5 * HOUR, oldest_s=1.6 * HOUR, agents=3
    )
    wait = known(estimate(asked, learned, DESK, "waiting"))
    assert wait.method == "experience"
    assert wait.p50_s == pytest.approx(HOUR / 2, rel=0.1)


def test_experience_speaks_only_where_it_was_compared_with_theory() -> None:
    """Nobody looked at a banner yet, so of published figures it is not known which of the two is nearer."""
    learned, floor = two_hours_later(300)
    asked = seen_at(floor.seen[-1].at, waiting=20, agents=3)
    assert known(estimate(asked, learned, DESK, "live")).method == "experience"
    assert known(estimate(asked, learned, DESK, "published")).method == "throughput"
    assert learned.losses["live"][2] > COMPARED
