"""The desk's own clock: replies that could have been begun, read off by hand and by walking it step by step."""

from __future__ import annotations

from itertools import pairwise
from math import exp, inf, log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from status.capacity import Capacity
from status.rhythm import HORIZON_S, Staffing
from tests.chapter.desk import ALIKE, HOUR, MINUTE

PER_S = 1 / (10 * MINUTE)
"""A hand begins a reply every ten minutes."""

TWO_AT_WORK = [Staffing(0, HORIZON_S, 2, 0)]
NIGHT = [
    Staffing(0, HOUR, 2, 0),
    Staffing(HOUR, 13 * HOUR, 0, 0),
    Staffing(13 * HOUR, 14 * HOUR, 2, 2),
    Staffing(14 * HOUR, HORIZON_S, 4, 0),
]
"""Two agents for an hour, nobody for twelve, then two who join, and two more from the fourteenth hour on."""


def clock(stretches: list[Staffing], hands: int = 1, leaving: float = 0.0, per_s: float = PER_S) -> Capacity:
    """The clock of a desk with these agents to come."""
    return Capacity(iter(stretches), hands, per_s, leaving)


def walked(stretches: list[Staffing], replies: float, leaving: float, step_s: float = 1.0) -> float:
    """The same, second by second: of the places ahead some are answered, some give up, until none is left.

    The replies begun take from the places at the pace of the hands at work, the leaving by how many there are.
    """
    left, at_s = replies, 0.0
    for begin_s, until_s, agents, joining in stretches:
        left -= joining
        while at_s < until_s:
            if left <= 0:
                return at_s
            left -= (agents * PER_S + leaving * left) * step_s
            at_s += step_s
        assert at_s >= begin_s
    return inf


def test_two_agents_begin_a_reply_every_five_minutes() -> None:
    assert clock(TWO_AT_WORK).seconds([1, 3]) == pytest.approx([5 * MINUTE, 15 * MINUTE])


def test_twice_the_hands_are_twice_as_fast() -> None:
    assert clock(TWO_AT_WORK, hands=2).seconds([3]) == pytest.approx([7.5 * MINUTE])


def test_a_night_counts_nothing() -> None:
    """Twelve replies are begun in the first hour. The thirteenth waits for the morning."""
    assert clock(NIGHT).seconds([6, 11]) == pytest.approx([30 * MINUTE, 55 * MINUTE])
    assert clock(NIGHT).seconds([12.5]) == [13 * HOUR]


def test_agents_who_join_begin_at_once() -> None:
    """At the opening two begin a reply each: 12 and 2 are 14. The next comes five minutes later."""
    assert clock(NIGHT).seconds([14, 15]) == pytest.approx([13 * HOUR, 13 * HOUR + 5 * MINUTE])


def test_each_of_their_hands_begins_one() -> None:
    """With three hands each, two who join begin six: after the 36 of the first hour, up to the 42nd."""
    assert clock(NIGHT, hands=3).seconds([36.5, 41.9]) == [13 * HOUR, 13 * HOUR]
    assert clock(NIGHT, hands=3).seconds([43])[0] > 13 * HOUR


def test_more_agents_later_count_later() -> None:
    """By the fourteenth hour 12 + 2 + 12 replies were begun; then four agents begin one every 2.5 minutes."""
    assert clock(NIGHT).seconds([26, 28]) == pytest.approx([14 * HOUR, 14 * HOUR + 5 * MINUTE])


def test_customers_who_leave_make_the_line_shorter() -> None:
    """Four places, a reply every ten minutes, and each who waits gives up at a rate of one in 20 minutes.

    dr/dt = -(c + h r) with r(0) = 4 is solved by r = (4 + c/h) exp(-h t) - c/h, which is 0 when
    t = ln(1 + 4 h/c) / h. Here h/c is 1/2, so 20 minutes times ln 3: 22 minutes, where 40 would be needed if
    nobody left.
    """
    one, leaving = [Staffing(0, HORIZON_S, 1, 0)], 1 / (20 * MINUTE)
    assert clock(one, leaving=leaving).seconds([4]) == [pytest.approx(20 * MINUTE * log(3))]
    assert walked(one, 4, leaving) == pytest.approx(20 * MINUTE * log(3), abs=2)


def test_they_leave_overnight_too() -> None:
    """Thirty places. In the first hour 12 are answered and some give up; of the others a third is left by the
    morning. Walked second by second it comes to the same.
    """
    leaving = 1 / (11 * HOUR)
    told = clock(NIGHT, leaving=leaving).seconds([30])[0]
    assert told == pytest.approx(walked(NIGHT, 30, leaving), abs=3)
    assert 13 * HOUR < told < clock(NIGHT).seconds([30])[0]


def test_who_joins_takes_away_more_when_some_have_left() -> None:
    """Nobody until the first hour, then two. By then exp(-1) of the places are left, so 2 e of them are gone."""
    joining = [Staffing(0, HOUR, 0, 0), Staffing(HOUR, HORIZON_S, 2, 2)]
    just, more = clock(joining, leaving=1 / HOUR).seconds([2 * exp(1) - 0.001, 2 * exp(1) + 0.001])
    assert just == HOUR
    assert more == pytest.approx(HOUR, abs=1)
    assert more > HOUR


def test_what_is_never_reached_ends_at_the_horizon() -> None:
    assert clock([Staffing(0, HORIZON_S, 0, 0)]).seconds([1, 2]) == [HORIZON_S, HORIZON_S]
    assert clock(TWO_AT_WORK).seconds([1, 1e9]) == pytest.approx([5 * MINUTE, HORIZON_S])


def test_a_clock_can_be_read_twice() -> None:
    """What was foreseen for one answer need not be foreseen again for the next."""
    told = clock(NIGHT)
    assert [told.seconds([15]), told.seconds([6, 28]), told.seconds([15])] == [
        clock(NIGHT).seconds([15]),
        clock(NIGHT).seconds([6, 28]),
        clock(NIGHT).seconds([15]),
    ]


# --- always -------------------------------------------------------------------------------------------------


@st.composite
def futures(draw: st.DrawFn) -> list[Staffing]:
    """Agents to come, hour by hour; from then on one."""
    agents = draw(st.lists(st.floats(0, 9), min_size=1, max_size=12))
    joining = [0.0, *(max(0.0, after - before) for before, after in pairwise(agents))]
    hours = [
        Staffing(n * HOUR, (n + 1) * HOUR, *both) for n, both in enumerate(zip(agents, joining, strict=True))
    ]
    return [*hours, Staffing(len(hours) * HOUR, HORIZON_S, 1, 0)]


leavings = st.sampled_from([0.0, 1 / HOUR, 1 / (10 * HOUR)])
amounts = st.lists(st.floats(0.001, 300), min_size=1, max_size=8).map(sorted)


@settings(ALIKE, max_examples=60)
@given(futures(), amounts, leavings)
def test_the_clock_never_runs_backwards(
    stretches: list[Staffing], replies: list[float], leaving: float
) -> None:
    told = clock(stretches, leaving=leaving).seconds(replies)
    assert told == sorted(told)
    assert all(0 <= at_s <= HORIZON_S for at_s in told)


@settings(ALIKE, max_examples=60)
@given(futures(), st.floats(0.001, 300))
def test_by_then_so_many_replies_were_begun(stretches: list[Staffing], replies: float) -> None:
    """Read forwards: up to that moment the hands at work have begun as many as were asked for, or, where
    several join just then, all but those.
    """
    at_s = clock(stretches).seconds([replies])[0]
    past = [one for one in stretches if one.from_s <= at_s]
    begun = sum((min(at_s, one.until_s) - one.from_s) * one.agents * PER_S + one.joining for one in past)
    last = past[-1].joining if past[-1].from_s == at_s else 0.0
    assert begun - last - 1e-6 <= replies <= begun + 1e-6


@settings(ALIKE, max_examples=60)
@given(futures(), amounts, leavings, st.floats(0.1, 10))
def test_in_other_units_the_clock_is_the_same(
    stretches: list[Staffing], replies: list[float], leaving: float, factor: float
) -> None:
    """Were every length so many times as long, the answer would be, too: exactly, up to the horizon."""
    longer = [
        Staffing(one.from_s * factor, one.until_s * factor, one.agents, one.joining) for one in stretches
    ]
    told = clock(stretches, leaving=leaving).seconds(replies)
    scaled = clock(longer, leaving=leaving / factor, per_s=PER_S / factor).seconds(replies)
    within = [(one * factor, other) for one, other in zip(told, scaled, strict=True) if one < HORIZON_S]
    assert all(other == pytest.approx(one) for one, other in within)


@settings(ALIKE, max_examples=60)
@given(futures(), amounts, leavings)
def test_who_leaves_never_makes_it_longer(
    stretches: list[Staffing], replies: list[float], leaving: float
) -> None:
    staying = clock(stretches).seconds(replies)
    leaving_s = clock(stretches, leaving=leaving).seconds(replies)
    assert all(less <= more + 1e-6 for less, more in zip(leaving_s, staying, strict=True))
