"""A scenario come true: how busy each hour of these days is, and which agent is on duty when.

Answers with all that a simulated desk is given from outside; what happens at the desk stands in `simulator`. The
plan goes on for some days after the scenario's last one, for forecasts made near its end.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.clock import Chance
from bot.replay.scenarios import DAY_S, HOUR_S, Burst, Scenario

SPILL_DAYS = 14

Change = tuple[float, int, int]
"""When, which agent, and 1 for on duty, 0 for off."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Times are seconds from the start. `rates[i]` customers a second write from `starts[i]` on, to `starts[i + 1]`;
    `changes` are those of the rota, by time. Cases arrive until `ends_at`; `horizon` is the end of all."""

    scenario: Scenario
    ends_at: float
    horizon: float
    starts: tuple[float, ...]
    rates: tuple[float, ...]
    changes: tuple[Change, ...]
    agents: int

    def next_arrival(self, now: float, chance: Chance) -> float:
        """When the next customer writes: a Poisson process. Infinite after the horizon."""
        owed = -math.log(1 - chance.random.random())
        for piece in range(bisect_right(self.starts, now) - 1, len(self.rates)):
            room = (self.starts[piece + 1] - now) * self.rates[piece]
            if owed < room:
                return now + owed / self.rates[piece]
            owed -= room
            now = self.starts[piece + 1]
        return math.inf

    def expected(self, since: float, until: float) -> float:
        """How many customers write between two moments, on average."""
        pieces = zip(itertools.pairwise(self.starts), self.rates, strict=True)
        return sum(max(min(end, until) - max(start, since), 0) * rate for (start, end), rate in pieces)


def draw_plan(scenario: Scenario, chance: Chance) -> Plan:
    """What these days bring: their load, the sick, who comes late."""
    days = scenario.days + SPILL_DAYS
    starts, rates = _rates(scenario, [_day_factor(scenario, chance) for _ in range(days)])
    rota, regular = _rota(scenario, days, chance)
    extra, agents = _extra(scenario.bursts, regular)
    changes = tuple(sorted([*rota, *extra]))
    return Plan(scenario, scenario.days * DAY_S, days * DAY_S, starts, rates, changes, agents)


# --- customers ---------------------------------------------------------------------------------------------


def _day_factor(scenario: Scenario, chance: Chance) -> float:
    sigma = math.sqrt(math.log1p(scenario.day_cv**2))
    return chance.random.lognormvariate(-(sigma**2) / 2, sigma)


def _rates(scenario: Scenario, factors: list[float]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The arrival rate, piece by piece: an hour, or less where a burst begins or ends."""
    end = len(factors) * DAY_S
    edges = {hour * HOUR_S for hour in range(len(factors) * 24 + 1)}
    for burst in scenario.bursts:
        edges |= {min(edge, end) for edge in _span(burst)}
    starts = sorted(edges)
    hour_mean, weekday_mean = sum(scenario.by_hour) / 24, sum(scenario.by_weekday) / 7
    usual = scenario.cases_a_day / DAY_S / hour_mean / weekday_mean
    rates = []
    for start in starts[:-1]:
        day, hour = divmod(int(start // HOUR_S), 24)
        bursts = math.prod(burst.factor for burst in scenario.bursts if _within(start, burst))
        rates.append(usual * scenario.by_hour[hour] * scenario.by_weekday[day % 7] * factors[day] * bursts)
    return tuple(starts), tuple(rates)


def _span(burst: Burst) -> tuple[float, float]:
    return burst.at_h * HOUR_S, (burst.at_h + burst.hours) * HOUR_S


def _within(moment: float, burst: Burst) -> bool:
    start, end = _span(burst)
    return start <= moment < end


# --- agents ------------------------------------------------------------------------------------------------


def _rota(scenario: Scenario, days: int, chance: Chance) -> tuple[list[Change], int]:
    """The changes of the rota, and how many agents it names. The first agents of a rota work the longest hours."""
    rows = [scenario.rota_of(day) for day in range(days)]
    agents = max(max(row) for row in rows)
    changes = []
    for agent in range(agents):
        sick = [chance.random.random() < scenario.sick_share for _ in range(days)]
        hours = (agent < count and not sick[day] for day, row in enumerate(rows) for count in row)
        for at, on_duty in _turns(hours):
            late_s = chance.random.uniform(0, scenario.late_s) if at else 0.0
            changes.append((at + late_s, agent, on_duty))
    return changes, agents


def _turns(hours: Iterable[bool]) -> Iterator[tuple[float, int]]:
    """When somebody comes and goes who is on duty in these hours."""
    before = False
    for hour, on_duty in enumerate(hours):
        if on_duty is not before:
            yield hour * HOUR_S, int(on_duty)
        before = on_duty


def _extra(bursts: Iterable[Burst], first: int) -> tuple[list[Change], int]:
    """The changes of extra agents, numbered from `first` on, and how many agents there are then."""
    changes: list[Change] = []
    for burst in bursts:
        comes = (burst.at_h + burst.called_after_h) * HOUR_S
        for agent in range(first, first + burst.extra_agents):
            changes += [(comes, agent, 1), (comes + burst.stay_h * HOUR_S, agent, 0)]
        first += burst.extra_agents
    return changes, first
