"""The best possible forecast: many futures of a desk whose present, habits and rota are fully known.

Nobody at a real desk knows that much; it shows how good a forecast could be at most. A future is a fork of the very
desk that is simulated, so the forecast and the truth follow the same rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.clock import Chance
from bot.replay.scenarios import DAY_S, Scenario
from bot.replay.simulator import Desk, plan_of, simulate, stream
from bot.replay.trace import Forecast, Trace

CASES = 250
FUTURES = 50
LEARNING_DAYS = 7
"""No forecast before: an estimator that is compared has learned nothing yet."""


def simulate_with_oracle(scenario: Scenario, seed: int, cases: int = CASES, futures: int = FUTURES) -> Trace:
    """The trace that `simulate` gives, with forecasts for about so many arrivals."""
    plan = plan_of(scenario, seed)
    since = min(LEARNING_DAYS, scenario.days / 2) * DAY_S
    expected = plan.expected(since, plan.ends_at)
    share = min(cases / expected, 1.0) if expected else 0.0
    oracle = Oracle(stream(f"{scenario.name}-{seed}", "oracle"), since, share, futures)
    return replace(simulate(scenario, seed, oracle.see, plan), oracle=oracle.forecasts)


@dataclass(slots=True)
class Oracle:
    """Looks on at a desk, and forecasts the wait of a share of all cases, at their arrival after `since`."""

    chance: Chance
    since: float
    share: float
    futures: int
    forecasts: dict[str, Forecast] = field(default_factory=dict)

    def see(self, desk: Desk, case: int) -> None:
        """A case has arrived."""
        if desk.now >= self.since and self.chance.random.random() < self.share:
            waits = sorted(future_wait(desk, case, self.chance) for _ in range(self.futures))
            self.forecasts[str(case)] = summary(waits)


def future_wait(desk: Desk, case: int, chance: Chance) -> float:
    """How long a case that has just arrived waits in one possible future; at most to the plan's end."""
    if case in desk.replied:
        return 0.0
    future = desk.fork(chance, case)
    future.run(desk.plan.horizon, case)
    return future.replied.get(case, desk.plan.horizon) - desk.now


def summary(waits: Sequence[float]) -> Forecast:
    """Mean, p50, p80 and p90 of waits in rising order, to a tenth of a second."""
    mean = sum(waits) / len(waits)
    p50, p80, p90 = (round(quantile(waits, level), 1) for level in (0.5, 0.8, 0.9))
    return round(mean, 1), p50, p80, p90


def quantile(ordered: Sequence[float], level: float) -> float:
    """A quantile of a sample in rising order, its middle ranks interpolated: of n + 1 equal parts, so that the
    next draw lies below it with this chance (Hyndman and Fan 1996, type 6)."""
    place = min(max(level * (len(ordered) + 1) - 1, 0.0), len(ordered) - 1.0)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
