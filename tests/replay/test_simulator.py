"""Simulated desks: each scenario is what it is called, its rules hold at every moment, and the oracle is honest."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import fmean, stdev

import pytest

from bot.clock import Chance
from bot.replay.oracle import future_wait, quantile, simulate_with_oracle
from bot.replay.scenarios import DAY_S, HOUR_S, Scenario, changed
from bot.replay.sim_handling import Handling, Shape
from bot.replay.sim_plan import draw_plan
from bot.replay.sim_presets import PRESETS, preset
from bot.replay.simulator import STARTS_AT, Agent, Desk, plan_of, simulate
from bot.replay.trace import Trace, TracedCase, read, write

SEED = 3


@cache
def scenario(name: str) -> Scenario:
    return preset(name, SEED)


@cache
def trace(name: str) -> Trace:
    return simulate(scenario(name), SEED)


def waits(trace: Trace) -> list[float]:
    return [case.replied_at - case.arrived_at for case in trace.cases if case.replied_at is not None]


def handlings(trace: Trace) -> list[float]:
    return [
        case.closed_at - case.replied_at
        for case in trace.cases
        if case.closed_at is not None and case.replied_at is not None
    ]


def hour_of(at: float) -> float:
    """Hours since that day's midnight."""
    return (at - STARTS_AT) % DAY_S / HOUR_S


def day_of(at: float) -> int:
    return int((at - STARTS_AT) // DAY_S)


def on_duty(trace: Trace, at: float) -> int:
    assert trace.staff is not None
    place = bisect_right(trace.staff, (at, 1_000_000))
    return trace.staff[place - 1][1] if place else 0


def erlang_c(agents: int, load: float) -> float:
    """The chance to wait at all in M/M/s (Erlang 1917), `load` in agents that are busy on average."""
    terms = [load**n / math.factorial(n) for n in range(agents)]
    last = load**agents / math.factorial(agents) * agents / (agents - load)
    return last / (sum(terms) + last)


# --- every desk ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_plausible_desk(name: str) -> None:
    assert 5_000 < len(trace(name).cases) < 18_000
    assert all(wait >= 0 for wait in waits(trace(name)))
    assert trace(name).cases[-1].arrived_at < STARTS_AT + 42 * DAY_S
    assert all((case.agent == "") is (case.replied_at is None) for case in trace(name).cases)
    assert not [case for case in trace(name).cases if case.replied_at and case.left_at]


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_written_and_read(name: str, tmp_path: Path) -> None:
    assert read(write(trace(name), tmp_path)) == Trace(
        f"{name}-{SEED}", trace(name).cases, trace(name).staff, None
    )


@pytest.mark.parametrize("name", PRESETS)
def test_an_agent_never_handles_more_cases_than_agreed(name: str) -> None:
    changes = defaultdict(list)
    for case in trace(name).cases:
        if case.replied_at is not None:
            changes[case.agent].append((case.replied_at, 1))
            changes[case.agent].append((case.closed_at or math.inf, -1))
    most = 0
    for moments in changes.values():
        held = 0
        for _, change in sorted(moments):
            held += change
            most = max(most, held)
    assert most == scenario(name).concurrency


@pytest.mark.parametrize("name", PRESETS)
def test_no_case_waits_while_somebody_on_duty_has_room(name: str) -> None:
    room: list[Agent] = []
    waited = 0

    def see(desk: Desk, _: int) -> None:
        nonlocal waited
        if desk.waiting:
            waited += 1
            room.extend(a for a in desk.agents if a.on_duty and len(a.held) < scenario(name).concurrency)

    simulate(preset(name, SEED, 14), SEED, see)
    assert waited > 100
    assert room == []


@pytest.mark.parametrize("name", PRESETS)
def test_the_same_seed_tells_the_same_story_and_another_seed_another(name: str) -> None:
    assert simulate(preset(name, SEED, 5), SEED) == simulate(preset(name, SEED, 5), SEED)
    assert preset(name, SEED + 1) != preset(name, SEED)


def test_an_oracle_that_looks_on_changes_nothing() -> None:
    short = preset("messy", SEED, 10)
    with_oracle = simulate_with_oracle(short, SEED, 20, 5)
    assert with_oracle.oracle
    assert (with_oracle.cases, with_oracle.staff) == (
        simulate(short, SEED).cases,
        simulate(short, SEED).staff,
    )


# --- steady --------------------------------------------------------------------------------------------------


def test_steady_is_as_busy_as_it_should_be() -> None:
    load = sum(handlings(trace("steady"))) / (42 * DAY_S * max(scenario("steady").rota))
    assert 0.84 < load < 0.94
    assert 0.95 < stdev(handlings(trace("steady"))) / fmean(handlings(trace("steady"))) < 1.05
    assert len({count for _, count in trace("steady").staff or ()}) == 1


def test_a_steady_desk_waits_as_erlang_computed() -> None:
    agents, busy, handling_s = 3, 0.8, 600.0
    settings = {"days": 366, "cases_a_day": busy * agents * DAY_S / handling_s, "handling_s": handling_s}
    long = simulate(changed(scenario("steady"), {**settings, "rota": (agents,) * 24}), SEED)
    waiting = erlang_c(agents, busy * agents)
    found = waits(long)
    assert sum(wait > 0 for wait in found) / len(found) == pytest.approx(waiting, rel=0.03)
    assert fmean(found) == pytest.approx(waiting * handling_s / agents / (1 - busy), rel=0.06)


# --- day and night -------------------------------------------------------------------------------------------


def test_daynight_follows_the_day_and_the_rota() -> None:
    by_hour = Counter(int(hour_of(case.arrived_at)) for case in trace("daynight").cases)
    assert by_hour[10] > 6 * by_hour[3]
    workdays = [day for day in range(42) if day % 7 < 5]
    at_noon = Counter(on_duty(trace("daynight"), STARTS_AT + day * DAY_S + 12.5 * HOUR_S) for day in workdays)
    rota = scenario("daynight").rota
    assert at_noon[rota[12]] > 20, "most days are as planned"
    assert min(at_noon) < rota[12], "but somebody is sick now and then"
    assert 0 < on_duty(trace("daynight"), STARTS_AT + 12.5 * HOUR_S + 5 * DAY_S) < rota[12]


def test_whoever_is_sick_misses_the_whole_day() -> None:
    plan = draw_plan(changed(scenario("daynight"), {"sick_share": 1}), Chance(1))
    assert plan.changes == ()


def test_one_day_is_busier_than_another_of_its_kind() -> None:
    even = simulate(changed(scenario("daynight"), {"day_cv": 0}), SEED)
    uneven = simulate(changed(scenario("daynight"), {"day_cv": 0.3}), SEED)

    def spread(trace: Trace) -> float:
        counts = Counter(day_of(case.arrived_at) for case in trace.cases)
        return stdev([counts[day] for day in range(42) if day % 7 < 5])

    assert spread(uneven) > 2 * spread(even)


def test_no_wait_is_shorter_than_it_takes_to_pick_a_case_up() -> None:
    quiet = simulate(changed(scenario("daynight"), {"cases_a_day": 10, "sick_share": 0}), SEED)
    assert fmean(waits(quiet)[:300]) == pytest.approx(40, rel=0.3)


# --- the other scenarios -------------------------------------------------------------------------------------


def test_a_crisis_brings_bursts_and_then_extra_agents() -> None:
    plain = changed(scenario("crisis"), {"bursts": ()})
    for burst in scenario("crisis").bursts:
        since = STARTS_AT + burst.at_h * HOUR_S
        until = since + burst.hours * HOUR_S
        during = sum(since <= case.arrived_at < until for case in trace("crisis").cases)
        usual = plan_of(plain, SEED).expected(since - STARTS_AT, until - STARTS_AT)
        assert during / usual == pytest.approx(burst.factor, rel=0.2)
        called = since + burst.called_after_h * HOUR_S
        assert on_duty(trace("crisis"), called + 60) >= burst.extra_agents
        assert on_duty(trace("crisis"), called - 60) < burst.extra_agents
        assert on_duty(trace("crisis"), called + (burst.stay_h + 0.5) * HOUR_S) < burst.extra_agents
    assert sorted(burst.factor for burst in scenario("crisis").bursts) == [8, 20, 20]


def test_in_churn_agents_go_away_within_their_shift() -> None:
    assert len(trace("churn").staff or ()) > 5 * len(trace("daynight").staff or ())
    alone = changed(scenario("churn"), {"rota": (1,) * 24, "rota_saturday": None, "rota_sunday": None})
    changes = simulate(changed(alone, {"sick_share": 0}), SEED).staff or ()
    away = [after - before for (before, count), (after, _) in pairwise(changes) if count == 0]
    assert fmean(away) == pytest.approx(alone.churn_off_s, rel=0.15)
    there = [after - before for (before, count), (after, _) in pairwise(changes) if count == 1]
    assert fmean(there) == pytest.approx(alone.churn_on_s, rel=0.15)


def test_multichat_handles_three_at_a_time_and_some_take_long() -> None:
    assert scenario("multichat").concurrency == 3
    found = handlings(trace("multichat"))
    assert stdev(found) / fmean(found) == pytest.approx(scenario("multichat").handling_cv, rel=0.12)


def test_in_abandon_every_sixth_leaves_and_patience_is_as_long_as_set() -> None:
    cases = trace("abandon").cases
    assert 0.12 < sum(case.left_at is not None for case in cases) / len(cases) < 0.22
    nobody = changed(scenario("abandon"), {"rota": (0,) * 24, "rota_saturday": None, "rota_sunday": None})
    left = [
        case.left_at - case.arrived_at
        for case in simulate(nobody, SEED).cases
        if case.left_at is not None and day_of(case.arrived_at) < 40
    ]
    assert fmean(left) == pytest.approx(nobody.patience_s, rel=0.05)


def places(trace: Trace) -> list[tuple[int, int]]:
    """For every claim from a queue of two or more: the place of the case in it, and how long it was."""
    happened = []
    for case in trace.cases:
        happened.append((case.arrived_at, int(case.case_id), 1))
        if case.replied_at is not None:
            happened.append((case.replied_at, int(case.case_id), 0))
    found, queue = [], []
    for _, number, arrived in sorted(happened, key=lambda one: (one[0], one[1], -one[2])):
        if arrived:
            queue.append(number)
            continue
        if len(queue) > 1:
            found.append((queue.index(number), len(queue)))
        queue.remove(number)
    return found


def test_claims_are_at_random_newest_and_oldest_as_set() -> None:
    habits = scenario("claiming")
    assert 0.35 <= habits.random_share <= 0.6
    assert 0.1 <= habits.newest_share <= 0.3
    claims = places(simulate(changed(habits, {"pickup_s": 0}), SEED))
    by_chance = habits.random_share * fmean(1 / length for _, length in claims)
    newest = fmean(place == length - 1 for place, length in claims)
    assert newest == pytest.approx(habits.newest_share + by_chance, abs=0.02)
    oldest = fmean(place == 0 for place, _ in claims)
    assert oldest == pytest.approx(1 - habits.random_share - habits.newest_share + by_chance, abs=0.02)


def test_first_come_is_first_served_elsewhere() -> None:
    claims = places(simulate(changed(scenario("daynight"), {"pickup_s": 0}), SEED))
    assert {place for place, _ in claims} == {0}


def test_a_closed_desk_takes_no_case_though_customers_write() -> None:
    found = simulate(changed(scenario("closed"), {"pickup_s": 0}), SEED)
    for case in found.cases:
        if case.replied_at is not None:
            assert 8 <= hour_of(case.replied_at) < 20.1
            assert day_of(case.replied_at) % 7 < 5
    assert sum(not 8 <= hour_of(case.arrived_at) < 20 for case in found.cases) > len(found.cases) / 6
    assert any(day_of(case.arrived_at) % 7 >= 5 for case in found.cases)
    unanswered = sum(case.replied_at is None for case in trace("closed").cases) / len(found.cases)
    assert 0.02 < unanswered < 0.05


def test_messy_is_everything_at_once() -> None:
    desk = scenario("messy")
    assert desk.rota[3] == 0
    assert desk.rota_sunday is not None
    assert 0 < max(desk.rota_sunday) < max(desk.rota)
    assert desk.concurrency == 3
    assert desk.random_share
    assert (desk.patience_s or 0) > 2 * HOUR_S
    assert desk.churn_on_s
    assert desk.bursts
    cases = trace("messy").cases
    assert 0.1 < sum(case.left_at is not None for case in cases) / len(cases) < 0.25


# --- what remains of a case ----------------------------------------------------------------------------------


@pytest.mark.parametrize("cv", [0.6, 1.4])
@pytest.mark.parametrize("shape", ["exponential", "gamma", "lognormal"])
def test_what_remains_is_what_a_long_case_would_have_left(shape: Shape, cv: float) -> None:
    chance, handling = Chance(5), Handling(shape, 600, cv)
    whole = [handling.draw(chance) for _ in range(60_000)]
    assert fmean(whole) == pytest.approx(600, rel=0.02)
    assert stdev(whole) / fmean(whole) == pytest.approx(1 if shape == "exponential" else cv, rel=0.05)
    for elapsed_s in (200, 1_100):
        left = [drawn - elapsed_s for drawn in whole if drawn > elapsed_s]
        rest = [handling.rest(chance, elapsed_s) for _ in range(20_000)]
        assert fmean(rest) == pytest.approx(fmean(left), rel=0.06)
        assert quantile(sorted(rest), 0.2) == pytest.approx(quantile(sorted(left), 0.2), rel=0.09)


def test_a_case_of_many_days_still_has_something_left() -> None:
    rest = [Handling("lognormal", 600, 1).rest(Chance(seed), 30 * DAY_S) for seed in range(50)]
    assert 0 <= min(rest) < max(rest) < 400 * DAY_S


# --- the oracle ----------------------------------------------------------------------------------------------


def test_the_oracle_knows_what_theory_knows() -> None:
    """In M/M/s a customer with k ahead waits for k + 1 ends of service: (k + 1) / (s mu) on average (Whitt 1999)."""
    desk = scenario("steady")
    found = simulate_with_oracle(desk, SEED, 300, 50)
    assert found.oracle is not None
    known = {case.case_id: case for case in found.cases}
    queues = [queue_at(found.cases, known[case_id]) for case_id in found.oracle]
    assert len(queues) > 200
    means = [forecast[0] for forecast in found.oracle.values()]
    for queue, case_id in zip(queues, found.oracle, strict=True):
        assert (queue == 0) is (found.oracle[case_id][0] == 0)
    assert fmean(means) == pytest.approx(fmean(queues) * desk.handling_s / max(desk.rota), rel=0.03)


def queue_at(cases: tuple[TracedCase, ...], case: TracedCase) -> int:
    """How many replies it takes until that case has its own; 0 when it had it at once."""
    if case.replied_at == case.arrived_at:
        return 0
    return 1 + sum(
        other.arrived_at <= case.arrived_at < (other.replied_at or math.inf)
        for other in cases
        if int(other.case_id) < int(case.case_id)
    )


@pytest.mark.parametrize("name", ["steady", "churn", "multichat", "claiming"])
def test_the_oracle_is_unbiased_and_its_p80_is_kept_four_times_in_five(name: str) -> None:
    """Waits of one day share their luck, hence the room."""
    found = simulate_with_oracle(scenario(name), SEED, 800, 30)
    assert found.oracle is not None
    known = {case.case_id: case for case in found.cases}
    told, real, kept = [], [], []
    for case_id, (mean, p50, p80, _) in found.oracle.items():
        replied_at = known[case_id].replied_at
        if replied_at is not None:
            told.append(mean)
            real.append(replied_at - known[case_id].arrived_at)
            if p50 > 0:
                kept.append(real[-1] <= p80)
    assert fmean(told) == pytest.approx(fmean(real), rel=0.12)
    assert fmean(kept) == pytest.approx(0.8, abs=0.06)


def test_a_fork_leaves_the_desk_as_it_was() -> None:
    seen = []

    def see(desk: Desk, case: int) -> None:
        if case % 500 == 0 and desk.waiting:
            before = (desk.now, desk.waiting.copy(), len(desk.replied))
            seen.append(future_wait(desk, case, Chance(case)))
            assert (desk.now, desk.waiting, len(desk.replied)) == before

    assert simulate(scenario("messy"), SEED, see).cases == trace("messy").cases
    assert len(seen) > 2
    assert all(wait > 0 for wait in seen)


def test_where_nobody_ever_works_a_forecast_ends_with_the_plan() -> None:
    """Others leave after a minute; the case that is asked about stays."""
    nobody = changed(scenario("daynight"), {"rota": (0,) * 24, "rota_saturday": None, "rota_sunday": None})
    found = simulate_with_oracle(changed(nobody, {"days": 2, "patience_s": 60}), SEED, 5, 2)
    assert found.oracle
    assert all(14 * DAY_S <= forecast[0] <= 16 * DAY_S for forecast in found.oracle.values())
