"""Nine desks to begin with, each drawn anew for every seed: how many agents, how busy, how patient the customers.

Answers with a Scenario; all but the first have a day's curve and a rota that follows it. Arrivals are set so that
the agents are as busy as a range says: offered work over the time they are at their desks.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from bot.clock import Chance
from bot.replay.scenarios import BadScenario, Burst, Scenario, changed
from bot.replay.simulator import stream

CURVE = (
    *(0.31, 0.22, 0.19, 0.16, 0.17, 0.27, 0.52, 0.88, 1.22, 1.54, 1.7, 1.6),
    *(1.53, 1.56, 1.63, 1.57, 1.5, 1.45, 1.38, 1.25, 1.12, 0.93, 0.69, 0.47),
)
"""Arrivals by hour of the day, as many support desks see them: little at night, a peak before noon."""

DAYS = 42


@dataclass(frozen=True, slots=True)
class Draw:
    """Draws the settings of one preset."""

    chance: Chance
    days: int

    def between(self, low: float, high: float) -> float:
        """Any number between two, to three figures."""
        return float(f"{self.chance.random.uniform(low, high):.3g}")

    def whole(self, low: int, high: int) -> int:
        """A whole number from one to another, both included."""
        return low + self.chance.below(high - low + 1)

    def weekend(self, low: float, high: float) -> tuple[float, ...]:
        """A week whose Saturday and Sunday bring that share of a working day."""
        return (*(1.0,) * 5, self.between(low, high), self.between(low, high))

    def hour(self, first: float, last: float) -> float:
        """Hours from the start to some moment of the day's first half, between two parts of all days."""
        day = self.whole(int(first * self.days), int(last * self.days))
        return 24.0 * day + self.between(9, 16)


def preset(name: str, seed: int, days: int = DAYS) -> Scenario:
    """The preset of that name for this seed. Raises BadScenario."""
    if name not in PRESETS:
        raise BadScenario(f"{name}: there is no such scenario; take one of {', '.join(PRESETS)}")
    return changed(PRESETS[name](Draw(stream(f"{name}-{seed}", "settings"), days)), {"days": days})


def follow(peak: int, night: int = 1) -> tuple[int, ...]:
    """A rota that follows the day's curve, with so many agents at its peak and no fewer than at night."""
    return tuple(max(night, math.ceil(peak * share / max(CURVE) - 0.3)) for share in CURVE)


def opened(first: int, last: int, agents: int) -> tuple[int, ...]:
    """A rota of so many agents between two hours of the day."""
    return tuple(agents if first <= hour < last else 0 for hour in range(24))


def loaded(load: float, scenario: Scenario) -> Scenario:
    """The same desk with as many customers as keep its agents busy for this share of their time.

    A case keeps a place of an agent from being taken to its end. Extra agents and bursts do not count.
    """
    present = (1 - scenario.sick_share) * scenario.concurrency
    if scenario.churn_on_s:
        present *= scenario.churn_on_s / (scenario.churn_on_s + scenario.churn_off_s)
    hours = sum(sum(scenario.rota_of(day)) for day in range(7))
    cases = load * present * hours / 7 * 3600 / (scenario.handling_s + scenario.pickup_s)
    return changed(scenario, {"cases_a_day": round(cases, 1)})


# --- the nine ----------------------------------------------------------------------------------------------


def _steady(draw: Draw) -> Scenario:
    """Customers and agents as the textbook has them: M/M/s."""
    scenario = Scenario(
        name="steady",
        cases_a_day=1,
        rota=(draw.whole(3, 4),) * 24,
        late_s=0,
        handling_s=draw.between(700, 840),
        handling_shape="exponential",
        pickup_s=0,
    )
    return loaded(draw.between(0.865, 0.905), scenario)


def _daynight(draw: Draw, low: float = 0.8, high: float = 0.84) -> Scenario:
    peak = draw.whole(4, 5)
    scenario = Scenario(
        name="daynight",
        cases_a_day=1,
        by_hour=CURVE,
        by_weekday=draw.weekend(0.72, 0.82),
        day_cv=draw.between(0.11, 0.15),
        rota=follow(peak),
        rota_saturday=follow(peak - 1),
        rota_sunday=follow(peak - 1),
        sick_share=draw.between(0.03, 0.06),
        handling_s=draw.between(540, 760),
        handling_cv=draw.between(0.75, 1.0),
    )
    return loaded(draw.between(low, high), scenario)


def _crisis(draw: Draw) -> Scenario:
    def burst(first: float, last: float, factor: float) -> Burst:
        return Burst(
            at_h=draw.hour(first, last),
            factor=factor,
            extra_agents=draw.whole(8, 15 if factor < 10 else 25),
            called_after_h=draw.between(1, 2.5),
            stay_h=draw.between(20, 44),
        )

    bursts = (burst(0.2, 0.35, 20), burst(0.45, 0.6, 20), burst(0.7, 0.85, 8))
    return changed(_daynight(draw, 0.79, 0.84), {"name": "crisis", "bursts": bursts})


def _churn(draw: Draw) -> Scenario:
    base = _daynight(draw)
    peak = max(base.rota) + 1
    scenario = changed(
        base,
        {
            "name": "churn",
            "rota": follow(peak),
            "rota_saturday": follow(peak - 1),
            "rota_sunday": follow(peak - 1),
            "churn_on_s": draw.between(2_400, 5_400),
            "churn_off_s": draw.between(600, 1_200),
        },
    )
    return loaded(draw.between(0.8, 0.86), scenario)


def _multichat(draw: Draw) -> Scenario:
    peak = draw.whole(2, 3)
    scenario = changed(
        _daynight(draw),
        {
            "name": "multichat",
            "rota": follow(peak),
            "rota_saturday": follow(peak),
            "rota_sunday": follow(peak),
            "handling_s": draw.between(1_200, 1_500),
            "handling_cv": draw.between(1.1, 1.3),
            "concurrency": 3,
        },
    )
    return loaded(draw.between(0.56, 0.64), scenario)


def _abandon(draw: Draw) -> Scenario:
    base = _daynight(draw)
    peak = 3
    settings = {"rota": follow(peak), "rota_saturday": follow(peak), "rota_sunday": follow(peak)}
    patience = {"name": "abandon", "patience_s": draw.between(1_800, 3_900)}
    return loaded(draw.between(0.9, 0.96), changed(base, settings | patience))


def _claiming(draw: Draw) -> Scenario:
    habits = {"random_share": draw.between(0.35, 0.6), "newest_share": draw.between(0.1, 0.3)}
    return changed(_daynight(draw), {"name": "claiming", **habits})


def _closed(draw: Draw) -> Scenario:
    scenario = Scenario(
        name="closed",
        cases_a_day=1,
        by_hour=CURVE,
        by_weekday=draw.weekend(0.5, 0.62),
        day_cv=draw.between(0.1, 0.14),
        rota=opened(8, 20, draw.whole(5, 8)),
        rota_saturday=(0,) * 24,
        rota_sunday=(0,) * 24,
        sick_share=draw.between(0.02, 0.05),
        handling_s=draw.between(680, 800),
        handling_cv=draw.between(0.8, 0.9),
    )
    return loaded(draw.between(0.7, 0.77), scenario)


def _messy(draw: Draw) -> Scenario:
    def burst(first: float, last: float) -> Burst:
        return Burst(
            at_h=draw.hour(first, last),
            factor=draw.between(4, 7),
            extra_agents=draw.whole(3, 8),
            called_after_h=draw.between(1, 2.5),
            stay_h=draw.between(12, 30),
        )

    agents = draw.whole(3, 4)
    scenario = Scenario(
        name="messy",
        cases_a_day=1,
        by_hour=CURVE,
        by_weekday=draw.weekend(0.45, 0.55),
        day_cv=draw.between(0.11, 0.16),
        bursts=tuple(burst(part, part + 0.1) for part in (0.2, 0.35, 0.5, 0.65, 0.8)),
        rota=opened(8, 20, agents),
        rota_saturday=opened(8, 20, agents // 2),
        rota_sunday=opened(8, 20, agents // 2),
        sick_share=draw.between(0.03, 0.06),
        churn_on_s=draw.between(2_400, 4_800),
        churn_off_s=draw.between(900, 1_500),
        handling_s=draw.between(1_100, 1_450),
        handling_cv=draw.between(1.1, 1.3),
        concurrency=3,
        random_share=draw.between(0.3, 0.5),
        patience_s=draw.between(12_600, 19_800),
    )
    return loaded(draw.between(0.95, 1.05), scenario)


PRESETS: dict[str, Callable[[Draw], Scenario]] = {
    "steady": _steady,
    "daynight": _daynight,
    "crisis": _crisis,
    "churn": _churn,
    "multichat": _multichat,
    "abandon": _abandon,
    "claiming": _claiming,
    "closed": _closed,
    "messy": _messy,
}
