"""What an estimator is told of a trace and when it is asked: nothing of the future, nothing of the file's order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from zlib import crc32

import pytest

from bot.replay.queries import Line, ticks
from bot.replay.run import Quantiles, Replayed, Waiting, freed_at, replay, staff_seen
from bot.replay.trace import Trace, TracedCase
from status.model import Observation

HOUR = 3600.0
START = 300_000.0
"""A tick."""


class Diary:
    """An estimator that writes down all that it hears, and answers how much it has heard so far."""

    def __init__(self) -> None:
        self.heard: list[Observation] = []
        self.asked: list[str] = []

    def _answer(self, question: str) -> Quantiles:
        self.asked.append(question)
        count = float(len(self.heard))
        return count, count + 1, count + 2

    def observe(self, seen: Observation) -> None:
        self.heard.append(seen)

    def refresh(self, at: float, waiting: Sequence[Waiting]) -> Quantiles | None:
        return self._answer(f"tick {at - START:g} {[case for case, _, _ in waiting]}")

    def arriving(self, at: float) -> Quantiles | None:
        return self._answer(f"arriving {at - START:g}")

    def still(self, at: float, case_id: str, ahead: int, elapsed_s: float) -> Quantiles | None:
        return self._answer(f"still {at - START:g} {case_id} {ahead} {elapsed_s:g}")


def case(
    name: str, arrived: float, replied: float | None, closed: float | None = None, left: float | None = None
) -> TracedCase:
    """A case in seconds from START, answered by the agent of its first letter."""

    def at(seconds: float | None) -> float | None:
        return None if seconds is None else START + seconds

    agent = f"agent {name[0]}" if replied is not None else ""
    return TracedCase(name, START + arrived, at(replied), agent, "chat", at(left), at(closed))


def trace(*cases: TracedCase, staff: Sequence[tuple[float, int]] | None = ((0.0, 2),)) -> Trace:
    ordered = tuple(sorted(cases, key=lambda one: (one.arrived_at, one.case_id)))
    rota = None if staff is None else tuple((START + at, agents) for at, agents in staff)
    return Trace("tiny", ordered, rota)


def played(past: Trace) -> tuple[Diary, Replayed]:
    diary = Diary()
    return diary, replay(past, {"diary": diary})


def told(diary: Diary) -> list[str]:
    """What was heard, briefly: when, what, of which case, and the state after it."""
    return [
        f"{seen.at - START:g} {seen.happened} {seen.case} w{seen.waiting} a{seen.agents} h{seen.held}"
        for seen in diary.heard
    ]


# --- what is heard -----------------------------------------------------------------------------------------


def test_everything_is_heard_in_order_with_the_state_right_after_it() -> None:
    diary, _ = played(
        trace(case("a", 10, 50, closed=90), case("b", 20, None, left=40), case("c", 30, 60, closed=80))
    )
    assert told(diary) == [
        "0 duty  w0 a2 h0",
        "10 arrived a w1 a2 h0",
        "20 arrived b w2 a2 h0",
        "30 arrived c w3 a2 h0",
        "40 left b w2 a2 h0",
        "50 answered a w1 a2 h1",
        "60 answered c w0 a2 h2",
        "80 closed c w0 a2 h1",
        "90 closed a w0 a2 h0",
    ]


def test_places_waits_and_agents_are_told() -> None:
    diary, _ = played(trace(case("a", 10, 70), case("b", 20, 50), case("c", 30, None, left=40)))
    by_case = {(seen.happened, seen.case): seen for seen in diary.heard}
    places = {key: seen.ahead for key, seen in by_case.items() if key[0] != "duty"}
    assert places == {
        ("arrived", "a"): 0,
        ("arrived", "b"): 1,
        ("arrived", "c"): 2,
        ("left", "c"): 2,
        ("answered", "b"): 1,
        ("answered", "a"): 0,
    }
    answered, left = by_case["answered", "b"], by_case["left", "c"]
    assert (answered.wait_s, answered.agent, answered.channel) == (30, "agent b", "chat")
    assert (left.wait_s, left.agent) == (10, "")


def test_a_case_closed_without_a_reply_left_the_line_then() -> None:
    diary, _ = played(trace(case("a", 10, None, closed=40)))
    assert told(diary)[-1] == "40 left a w0 a2 h0"


def test_who_left_before_the_reply_got_none() -> None:
    diary, _ = played(trace(case("a", 10, 60, left=40)))
    assert told(diary)[-1] == "40 left a w0 a2 h0"


def test_without_closes_nobody_holds_anything() -> None:
    diary, _ = played(trace(case("a", 10, 50), case("b", 20, 60)))
    assert {seen.held for seen in diary.heard} == {0}


def test_where_closes_are_recorded_a_missing_one_is_still_to_come_for_a_day() -> None:
    freed = freed_at(trace(case("a", 10, 50, closed=70), case("b", 20, 60), case("c", 30, None)))
    assert freed == [START + 70, START + 60 + 24 * HOUR, None]


def test_the_same_number_on_duty_again_is_no_news() -> None:
    diary, _ = played(trace(case("a", 10, 50), staff=[(0, 2), (20, 2), (30, 1)]))
    assert [line for line in told(diary) if "duty" in line] == ["0 duty  w0 a2 h0", "30 duty  w1 a1 h0"]


# --- agents seen at work -----------------------------------------------------------------------------------


def test_without_a_staff_file_agents_are_on_duty_while_seen_at_work() -> None:
    cases = (case("a1", 0, 100, closed=400), case("a2", 10, 700, closed=800), case("b", 20, 500, closed=600))
    seen = [(at - START, agents) for at, agents in staff_seen(cases, freed_at(trace(*cases)))]
    # a: from 100 to 800 + 15 min, without a gap; b: from 500 to 600 + 15 min.
    assert seen == [(100, 1), (500, 2), (1500, 1), (1700, 0)]


def test_an_agent_who_was_away_comes_back() -> None:
    cases = (case("a1", 0, 100), case("a2", 10, 5000))
    seen = [(at - START, agents) for at, agents in staff_seen(cases, [None, None])]
    assert seen == [(100, 1), (1000, 0), (5000, 1), (5900, 0)]


def test_going_off_duty_is_heard_as_it_happens() -> None:
    diary, _ = played(trace(case("a", 10, 50), case("z", 2000, None), staff=None))
    duty = [seen for seen in diary.heard if seen.happened == "duty"]
    assert [(seen.at - START, seen.agents) for seen in duty] == [(50, 1), (950, 0)]


# --- what is asked, and when -------------------------------------------------------------------------------


def test_an_arrival_is_asked_about_before_it_is_seen() -> None:
    _, found = played(trace(case("a", 10, 50), case("b", 20, 60)))
    live = [
        answer
        for query, answer in zip(found.queries, found.answers["diary"], strict=True)
        if query.kind == "live"
    ]
    # Before a: the staff alone. Before b: a too.
    assert [answer and answer[0] for answer in live] == [1, 2]


def test_the_published_figure_is_the_one_of_the_last_tick_at_or_before_the_arrival() -> None:
    past = trace(case("a", 0, 20), case("b", 299, 301), case("c", 300, 310), case("d", 301, 320))
    _, found = played(past)
    published = {
        past.cases[query.case].case_id: answer and answer[0]
        for query, answer in zip(found.queries, found.answers["diary"], strict=True)
        if query.kind == "published"
    }
    # At tick 0 nothing had happened; at tick 300 duty, a, its reply and b had.
    assert published == {"a": 0, "b": 0, "c": 4, "d": 4}


def test_ticks_go_from_the_first_arrival_to_the_last() -> None:
    assert list(ticks(1299.5, 1800.0)) == [1200, 1500, 1800]


def test_waiting_asks_for_the_two_of_the_lowest_checksum_with_their_places() -> None:
    names = ["a", "b", "c", "d"]
    past = trace(*(case(name, 10 * place, 500) for place, name in enumerate(names)), case("z", 600, 700))
    diary, _ = played(past)
    tick = int(START) + 300
    drawn = sorted(names, key=lambda name: crc32(f"{tick}:{name}".encode()))[:2]
    expected = [f"still 300 {name} {names.index(name)} {300 - 10 * names.index(name)}" for name in drawn]
    assert [question for question in diary.asked if question.startswith("still")] == expected
    assert f"tick 300 {drawn}" in diary.asked


def test_no_answer_changes_with_what_comes_after_it() -> None:
    cases = [case(f"{number:02}", 40 * number, 40 * number + 350, 40 * number + 500) for number in range(60)]
    whole = trace(*cases)
    cut_at = START + 1500
    cut = trace(*(until(one, cut_at) for one in cases if one.arrived_at < cut_at))
    before = answers_until(whole, cut_at)
    assert len(before) > 70
    assert answers_until(cut, cut_at) == before


def until(one: TracedCase, at: float) -> TracedCase:
    """A case as it was known just before that moment."""
    known = {name: value for name in ("replied_at", "closed_at") if (value := getattr(one, name)) < at}
    return replace(one, **{"replied_at": None, "closed_at": None, **known})


def answers_until(past: Trace, at: float) -> list[tuple[str, str, float, Quantiles | None]]:
    _, found = played(past)
    return [
        (query.kind, past.cases[query.case].case_id, query.at, answer)
        for query, answer in zip(found.queries, found.answers["diary"], strict=True)
        if query.at < at
    ]


# --- one instant -------------------------------------------------------------------------------------------


def test_at_one_instant_questions_come_first_and_then_what_frees_before_what_fills() -> None:
    past = trace(
        case("a", 0, 10, closed=300),
        case("b", 20, 300, closed=400),
        case("c", 30, None, left=300),
        case("d", 300, 300, closed=300),
        case("e", 300, 500, closed=600),
        staff=[(0, 2), (300, 3)],
    )
    diary, _ = played(past)
    assert [line for line in told(diary) if line.startswith("300 ")] == [
        "300 closed a w2 a2 h0",
        "300 duty  w2 a3 h0",
        "300 left c w1 a3 h0",
        "300 answered b w0 a3 h1",
        "300 arrived d w1 a3 h1",
        "300 arrived e w2 a3 h1",
        "300 answered d w1 a3 h2",
        "300 closed d w1 a3 h1",
    ]
    assert [question.split()[0] for question in diary.asked[-5:]] == [
        "tick",
        "still",
        "still",
        "arriving",
        "arriving",
    ]


def test_the_order_of_lines_in_a_file_changes_nothing() -> None:
    cases = (case("b", 10, 40, closed=50), case("a", 10, 40, closed=60), case("c", 40, 40), case("d", 40, 50))
    found = [played(trace(*order)) for order in permutations(cases)]
    assert all(told(diary) == told(found[0][0]) for diary, _ in found)
    assert all(replayed.answers == found[0][1].answers for _, replayed in found)


# --- the rest ----------------------------------------------------------------------------------------------


def test_the_cost_of_an_estimator_is_counted_call_by_call() -> None:
    seconds = iter(range(1000))
    found = replay(trace(case("a", 10, 50)), {"diary": Diary()}, real=lambda: float(next(seconds)))
    # Two readings a call: duty, tick, arriving, arrived, answered.
    cost = found.costs["diary"]
    assert (cost.calls, cost.seconds, cost.slowest_s) == (5, 5.0, 1.0)


def test_several_estimators_hear_the_same() -> None:
    first, second = Diary(), Diary()
    found = replay(trace(case("a", 10, 50), case("b", 20, 60)), {"first": first, "second": second})
    assert first.heard == second.heard
    assert found.answers["first"] == found.answers["second"]


def test_places_in_a_long_line() -> None:
    line = Line(tuple(map(str, range(1000))))
    for number in range(1000):
        line.join(number)
    for number in range(0, 1000, 2):
        line.leave(number)
    assert len(line) == 500
    assert [line.ahead(number) for number in (1, 501, 999)] == [0, 250, 499]
    with pytest.raises(KeyError):
        line.leave(0)
