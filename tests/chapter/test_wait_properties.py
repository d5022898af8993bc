"""What holds for every queue, whatever its past: the figure is sound, or there is none."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

from hypothesis import given
from hypothesis import strategies as st

from status import Hours, Learned, Snapshot, Wait, estimate
from status.history import ALWAYS, LoneTurn, Tally
from tests.chapter.desk import DAY, HOUR, T0, WEEK, known, lone_turns, seen_at, taught

office = Hours(ALWAYS.zone, (*(((9 * 60, 12 * 60), (13 * 60, 17 * 60)),) * 5, (), ()))
any_hours = st.sampled_from([ALWAYS, office])


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    """What a backlog left behind: while it stood, somebody was on duty and two or more waited."""
    busy_s = draw(st.floats(0, 1e6))
    return Tally(
        served=draw(st.floats(0, 1e4)),
        left=draw(st.floats(0, 1e4)),
        busy_s=busy_s,
        agent_s=busy_s * draw(st.floats(1, 30)),
        waiting_s=busy_s * draw(st.floats(2, 100)),
    )


lone = st.builds(LoneTurn, st.floats(T0 - DAY, T0), st.none() | st.floats(0, DAY), st.booleans())
pasts = st.builds(
    Learned,
    at=st.floats(T0 - DAY, T0),
    waiting=st.integers(0, 50),
    agents=st.integers(0, 9),
    fast=tallies(),
    slow=tallies(),
    settled=tallies(),
    moved_at=st.none() | st.floats(T0 - DAY, T0),
    lone=st.lists(lone, max_size=30).map(tuple),
)


@st.composite
def snapshots(draw: st.DrawFn, hours: st.SearchStrategy[Hours]) -> Snapshot:
    """A queue as it may be found at any time of the week."""
    waiting, elapsed_s = draw(st.integers(0, 300)), draw(st.floats(0, DAY))
    return seen_at(
        T0 + draw(st.floats(0, WEEK)),
        waiting=waiting,
        ahead=draw(st.integers(0, waiting)),
        elapsed_s=elapsed_s,
        oldest_s=elapsed_s + draw(st.floats(0, HOUR)),
        claimed=draw(st.integers(0, 20)),
        agents=draw(st.integers(0, 30)),
        concurrency=draw(st.integers(1, 5)),
        target_s=draw(st.floats(10, DAY)),
        hours=draw(hours),
    )


@given(snapshots(any_hours), pasts)
def test_a_figure_is_finite_ordered_and_not_negative(snapshot: Snapshot, learned: Learned) -> None:
    wait = estimate(snapshot, learned)
    if isinstance(wait, Wait):
        assert 0 <= wait.p50_s <= wait.p80_s <= wait.p90_s
        assert isfinite(wait.p90_s)
        assert wait.sample_size >= 0


@given(snapshots(any_hours), pasts, st.integers(0, 20))
def test_more_ahead_never_shortens_the_wait(snapshot: Snapshot, learned: Learned, more: int) -> None:
    further = replace(snapshot, waiting=snapshot.waiting + more, ahead=snapshot.ahead + more)
    # With the same number waiting, only the place in the queue differs.
    near, far = estimate(replace(snapshot, waiting=further.waiting), learned), estimate(further, learned)
    if isinstance(near, Wait) and isinstance(far, Wait):
        for closer_s, further_s in (
            (near.p50_s, far.p50_s),
            (near.p80_s, far.p80_s),
            (near.p90_s, far.p90_s),
        ):
            assert further_s >= closer_s * (1 - 1e-9)


@given(snapshots(st.just(ALWAYS)), pasts, st.integers(1, 20))
def test_more_agents_never_lengthen_the_wait(snapshot: Snapshot, learned: Learned, more: int) -> None:
    few, many = (
        estimate(replace(snapshot, agents=n), learned) for n in (snapshot.agents, snapshot.agents + more)
    )
    if isinstance(few, Wait) and isinstance(many, Wait):
        assert many.p80_s <= few.p80_s * (1 + 1e-9)


@given(snapshots(st.just(office)), pasts)
def test_the_reply_comes_in_opening_hours(snapshot: Snapshot, learned: Learned) -> None:
    """The median falls on an open moment, or on the very second of closing."""
    wait = estimate(snapshot, learned)
    if isinstance(wait, Wait):
        reply_at = snapshot.taken_at + wait.p50_s
        assert office.is_open(reply_at) or office.is_open(reply_at - 0.01) or office.is_open(reply_at + 0.01)


@given(snapshots(st.just(ALWAYS)), st.floats(0.1, 10))
def test_a_cold_desk_scales_with_its_target(snapshot: Snapshot, factor: float) -> None:
    """Nothing in the first guess knows what a minute is: twice the target, twice the wait."""
    new = replace(snapshot, elapsed_s=0.0, oldest_s=0.0, agents=snapshot.agents + 1)
    slower = replace(new, target_s=new.target_s * factor)
    before, after = known(estimate(new, Learned())), known(estimate(slower, Learned()))
    assert abs(after.p80_s - before.p80_s * factor) <= 0.001 + 1e-6 * after.p80_s


@given(st.lists(st.floats(1, 3000), min_size=10, max_size=40), st.floats(0.05, 1.0))
def test_lone_customers_waits_scale_the_answer(waits_s: list[float], factor: float) -> None:
    """Had each of them waited half as long, so would the next."""
    slow = taught(lone_turns([(wait_s, True) for wait_s in waits_s]))
    fast = taught(lone_turns([(wait_s * factor, True) for wait_s in waits_s]))
    before, after = (
        known(estimate(seen_at(slow.at or 0.0), slow)),
        known(estimate(seen_at(fast.at or 0.0), fast)),
    )
    assert abs(after.p80_s - before.p80_s * factor) < 0.001
