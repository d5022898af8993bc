"""A desk with a textbook: the M/M/s queue, of which the right answer is known, learned from 4,000 customers each.

With k others ahead and all s hands busy, the next to come free does so at rate s/h, and each after it again: the
wait is a sum of k + 1 exponential gaps, an Erlang distribution. What is told after learning from one run of luck
lies off that by as much as luck is; so six desks are asked, and their average held against the textbook.
"""

from __future__ import annotations

from functools import cache
from itertools import accumulate
from math import exp
from statistics import mean

import pytest

from status import Snapshot, Wait, estimate
from status.wait import answer_of
from tests.chapter.desk import MINUTE, MarkovDesk, known, seen_at

HANDLE_S = 5 * MINUTE
LOAD = 0.9
LEARNING = 500
"""So many customers come first, before anybody is held to what was said."""

THREE = (3, 1)
"""Three agents with one hand each."""
TWO_WITH_THREE_HANDS = (2, 3)
DESKS = (THREE, TWO_WITH_THREE_HANDS)


@cache
def desks(agents: int, hands: int) -> tuple[MarkovDesk, ...]:
    """Six of them, each with luck of its own."""
    return tuple(MarkovDesk(agents, HANDLE_S, LOAD, seed, hands).run(4000) for seed in range(1, 7))


def busy(desk: MarkovDesk, ahead: int) -> Snapshot:
    """What a customer finds who comes when all hands are busy."""
    return seen_at(desk.at, waiting=ahead, held=desk.agents * desk.hands, agents=desk.agents)


def over(gaps: int, points: float) -> float:
    """The share of cases in which so many gaps of mean one are over by then.

    As many points of a Poisson process must have come; the chance of fewer is a sum of its terms.
    """
    fewer = accumulate(range(1, gaps), lambda term, n: term * points / n, initial=exp(-points))
    return 1 - sum(fewer)


def erlang(gaps: int, mean_s: float, share: float) -> float:
    """The time within which so many exponential gaps are over in this share of cases, by halving."""
    shortest, longest = 0.0, 1e7
    for _ in range(60):
        middle = (shortest + longest) / 2
        shortest, longest = (middle, longest) if over(gaps, middle / mean_s) < share else (shortest, middle)
    return shortest


def erlang_c(servers: int, load: float) -> float:
    """The share of customers who find no hand free (Erlang 1917), with so many servers loaded so far."""
    offered = servers * load
    terms = list(accumulate(range(1, servers + 1), lambda term, n: term * offered / n, initial=1.0))
    waiting = terms[-1] / (1 - load)
    return waiting / (sum(terms[:-1]) + waiting)


def after_learning(desk: MarkovDesk) -> list[tuple[Snapshot, Wait, float]]:
    """What was told to all but the first."""
    return desk.told[LEARNING:]


def behind_others(desk: MarkovDesk) -> list[tuple[Wait, float]]:
    """What was told to those who found no hand free, and how long it took."""
    hands = desk.agents * desk.hands
    return [(told, wait_s) for found, told, wait_s in after_learning(desk) if found.held >= hands]


def test_the_textbook_is_read_right() -> None:
    """One gap of a minute is over in half of all cases after ln 2 minutes. At one server, as many wait as it is
    busy; two servers that are busy half of the time, on average, keep a third waiting.
    """
    assert erlang(1, 60.0, 0.5) == pytest.approx(41.589, abs=0.001)
    assert erlang(31, 1.0, 0.9) == pytest.approx(38.315, abs=0.001)
    assert erlang_c(1, 0.7) == pytest.approx(0.7)
    assert erlang_c(2, 0.5) == pytest.approx(1 / 3)


@pytest.mark.parametrize("kind", DESKS)
def test_the_desk_itself_is_the_one_of_the_textbook(kind: tuple[int, int]) -> None:
    """As many of its customers as Erlang says find no hand free; of 21,000, with luck that lasts, within 3 %."""
    agents, hands = kind
    full = mean(found.held >= agents * hands for desk in desks(*kind) for found, _, _ in after_learning(desk))
    assert full == pytest.approx(erlang_c(agents * hands, LOAD), abs=0.03)


@pytest.mark.parametrize("kind", DESKS)
def test_pace_and_hands_are_found(kind: tuple[int, int]) -> None:
    """A case takes five minutes of a hand; nobody was told how many hands an agent has."""
    assert {desk.learned.pace.hands(None) for desk in desks(*kind)} == {kind[1]}
    paces = [desk.learned.pace.hand_s(desk.desk.target_s) for desk in desks(*kind)]
    assert mean(paces) == pytest.approx(HANDLE_S, rel=0.03)
    assert paces == [pytest.approx(HANDLE_S, rel=0.08)] * 6


@pytest.mark.parametrize("ahead", [0, 3, 10, 30])
@pytest.mark.parametrize("kind", DESKS)
def test_theory_alone_tells_the_textbook(kind: tuple[int, int], ahead: int) -> None:
    """Before scores have a say: the median of each desk within a tenth, all of them on average within 4 %."""
    agents, hands = kind
    exact = erlang(ahead + 1, HANDLE_S / (agents * hands), 0.5)
    ratios = []
    for desk in desks(*kind):
        answer = answer_of(busy(desk, ahead), desk.learned, desk.desk, "live")
        assert answer is not None
        ratios.append(answer.forecast.at(0.0) / exact)
    assert ratios == [pytest.approx(1, abs=0.1)] * 6
    assert mean(ratios) == pytest.approx(1, abs=0.04)


@pytest.mark.parametrize("ahead", [0, 3, 10, 30])
@pytest.mark.parametrize("kind", DESKS)
def test_what_is_told_comes_near_the_textbook(kind: tuple[int, int], ahead: int) -> None:
    """p50, p80 and p90 after all scores: on average of six desks within 10 %."""
    agents, hands = kind
    told = [known(estimate(busy(desk, ahead), desk.learned, desk.desk)) for desk in desks(*kind)]
    assert {wait.method for wait in told} == {"throughput"}
    for share, quantiles in (
        (0.5, [wait.p50_s for wait in told]),
        (0.8, [wait.p80_s for wait in told]),
        (0.9, [wait.p90_s for wait in told]),
    ):
        assert mean(quantiles) == pytest.approx(
            erlang(ahead + 1, HANDLE_S / (agents * hands), share), rel=0.1
        )


@pytest.mark.parametrize("kind", DESKS)
def test_promises_are_kept_as_often_as_they_say(kind: tuple[int, int]) -> None:
    """At each desk by itself: half of the medians, four of five p80 and nine of ten p90, within 3 %."""
    for desk in desks(*kind):
        told = behind_others(desk)
        assert len(told) > 2000
        assert 0.47 < mean(wait_s <= said.p50_s for said, wait_s in told) < 0.53
        assert 0.77 < mean(wait_s <= said.p80_s for said, wait_s in told) < 0.83
        assert 0.87 < mean(wait_s <= said.p90_s for said, wait_s in told) < 0.93


@pytest.mark.parametrize("kind", DESKS)
def test_who_finds_a_hand_free_is_told_at_once(kind: tuple[int, int]) -> None:
    """On this desk a free hand takes the case in no time, and after ten such customers that is known."""
    for desk in desks(*kind):
        told = known(estimate(seen_at(desk.at, held=0, agents=desk.agents), desk.learned, desk.desk))
        assert (told.method, told.p90_s) == ("idle", 0.0)


def test_an_average_customer_waits_as_long_as_the_textbook_says() -> None:
    """Of those who find no hand free, h / (s - a) on average (Erlang), where a hands are busy: 5 / 0.3 minutes.

    A line at this load is long for hours and then gone for hours: of six desks the average is known within 15 %.
    """
    waits = [wait_s for desk in desks(*THREE) for _, wait_s in behind_others(desk)]
    assert mean(waits) == pytest.approx(HANDLE_S / (3 - 3 * LOAD), rel=0.15)
