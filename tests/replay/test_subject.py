"""The service's own estimate on desks it has never seen: promises kept as often as they say, nearer than others."""

from __future__ import annotations

import pytest

from bot.replay.baselines import BASELINES, VENDORS
from bot.replay.queries import KINDS
from bot.replay.run import replay
from bot.replay.sim_presets import preset
from bot.replay.simulator import simulate
from bot.replay.subject import Service
from bot.replay.verdict import Figures, judge

OURS = "ours"
DAYS = 24


@pytest.fixture(scope="module", params=["daynight", "abandon", "claiming"])
def verdict(request: pytest.FixtureRequest) -> dict[str, dict[str, Figures]]:
    """What came of all answers at one simulated desk, ours and those of the field's formulas."""
    trace = simulate(preset(request.param, seed=11, days=DAYS), seed=11)
    estimators = {OURS: Service(), **{name: BASELINES[name]() for name in VENDORS}}
    found = judge(replay(trace, estimators))
    return {name: {str(kind): found[name][kind] for kind in KINDS} for name in found}


@pytest.mark.parametrize("kind", KINDS)
def test_four_of_five_promises_are_kept(verdict: dict[str, dict[str, Figures]], kind: str) -> None:
    """On desks of two and a half judged weeks, luck moves the share by some points."""
    figures = verdict[OURS][kind]
    assert figures.coverage_p80 is not None
    assert figures.coverage_p90 is not None
    assert 0.75 < figures.coverage_p80 < 0.85
    assert 0.86 < figures.coverage_p90 < 0.94


def test_it_is_nearer_than_the_best_formula_of_the_field(verdict: dict[str, dict[str, Figures]]) -> None:
    ours = verdict[OURS]["live"].mae_s
    theirs = [verdict[name]["live"].mae_s for name in VENDORS]
    assert ours is not None
    assert ours < min(error for error in theirs if error is not None)


def test_it_knows_a_figure_for_nearly_everybody(verdict: dict[str, dict[str, Figures]]) -> None:
    figures = verdict[OURS]["live"]
    assert figures.unknown < 0.02 * figures.n
