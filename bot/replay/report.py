"""What came of a replay, for people at a terminal and for programs.

Answers with text or with plain data; the picture book is `report_html`. A trace with the best possible forecast
beside it counts as simulated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.replay.baselines import BASELINES, VENDORS, WINDOWS
from bot.replay.queries import KINDS, Kind
from bot.replay.run import Cost
from bot.replay.verdict import DAY_S, LEARNING_S, Figures, Range, Verdict

VERSION = 1
OURS = "jono"

TITLES: Mapping[str, str] = {
    OURS: "Jono",
    "all_time_mean": "mean of all so far",
    "last_20": "mean of the last 20",
    "last_50": "mean of the last 50",
    "last_100": "mean of the last 100",
    "median_7d": "median of 7 days",
    "les": "last to be answered",
    "hol": "head of the line",
    "ewt": "handle time x place / agents",
    "ewt_hour": "the same, last hour",
    "fluid": "usual pace of the hour",
    "window_100": "quantiles of the last 100",
    "window_7d": "quantiles of 7 days",
}


@dataclass(frozen=True, slots=True)
class Result:
    """One trace replayed and judged. `mean_wait_s` is of its answered cases."""

    name: str
    cases: int
    days: float
    mean_wait_s: float
    simulated: bool
    verdict: Verdict
    took_s: float
    cost: Cost

    def ours(self, kind: Kind) -> Figures:
        """Jono's figures."""
        return self.verdict[OURS][kind]

    def best(self, kind: Kind, figure: str, names: Iterable[str] = VENDORS) -> tuple[str, float] | None:
        """Which of these baselines has the lowest figure of that name, and which."""
        found = [(getattr(self.verdict[name][kind], figure), name) for name in names if name in self.verdict]
        lowest = min(((value, name) for value, name in found if value is not None), default=None)
        return None if lowest is None else (lowest[1], lowest[0])

    def against_best(self, kind: Kind, figure: str, names: Iterable[str] = VENDORS) -> float | None:
        """Jono's figure of that name over the best baseline's."""
        best, ours = self.best(kind, figure, names), getattr(self.ours(kind), figure)
        return None if best is None or ours is None or not best[1] else ours / best[1]


# --- for programs ------------------------------------------------------------------------------------------


def to_json(results: Sequence[Result]) -> dict[str, Any]:
    """Everything, trace by trace and estimator by estimator."""
    return {
        "version": VERSION,
        "traces": [
            {
                "trace": result.name,
                "cases": result.cases,
                "days": round(result.days, 2),
                "mean_wait_s": round(result.mean_wait_s, 3),
                "took_s": round(result.took_s, 3),
                "cost": {name: round(value, 6) for name, value in asdict(result.cost).items()},
                "best_vendor": {kind: _name(result.best(kind, "mae_s")) for kind in KINDS},
                "estimators": {
                    name: {kind: _flat(figures) for kind, figures in kinds.items()}
                    for name, kinds in result.verdict.items()
                },
            }
            for result in results
        ],
    }


def _name(best: tuple[str, float] | None) -> str | None:
    return None if best is None else best[0]


def _flat(figures: Figures) -> dict[str, Any]:
    """Figures under names of their own: a range becomes two."""
    flat: dict[str, Any] = {}
    for name, value in asdict(figures).items():
        if name in ("week_p80", "day_p80"):
            worst, best = value or (None, None)
            flat |= {f"{name}_worst": _round(worst), f"{name}_best": _round(best)}
        else:
            flat[{"oracle": "oracle_ratio", "oracle_p80": "oracle_p80_ratio"}.get(name, name)] = _round(value)
    return flat


def _round(value: float | None) -> float | None:
    return round(value, 6) if isinstance(value, float) else value


# --- for people --------------------------------------------------------------------------------------------


def to_text(results: Sequence[Result]) -> str:
    """One line a trace; of a single trace also all estimators and all three questions."""
    parts = [_table(OVERVIEW, [_overview(result) for result in results])]
    if len(results) == 1:
        parts += [_detail(results[0])]
    remarks = [f"{result.name}: {remark(result)}" for result in results if remark(result)]
    return "\n".join([*parts, *remarks, *_names(results), *LEGEND])


def remark(result: Result) -> str:
    """Why there is nothing to judge, as a sentence; empty where there is something."""
    live = result.ours("live")
    if live.n:
        return ""
    if result.days <= LEARNING_S / DAY_S:
        return "It ends within its first 7 days, which are for learning; a longer trace can be judged."
    if live.unknown:
        return f"Jono could not say anything to all {live.unknown:,} who were answered; was anybody on duty?"
    return "Nobody was answered after the first 7 days, which are for learning."


def _names(results: Sequence[Result]) -> list[str]:
    """What the short names of vendors in the overview stand for."""
    bests = [result.best("live", "mae_s") for result in results]
    names = dict.fromkeys(best[0] for best in bests if best is not None)
    return ["; ".join(f"{name}: {TITLES[name]}" for name in names) + "."] if names else []


OVERVIEW = (
    "trace",
    "cases",
    "wait",
    "error",
    "best vendor",
    "ratio",
    "log",
    "oracle",
    "p80 live",
    "publ.",
    "wait.",
    "worst week",
    "day",
    "p90",
)
LEGEND = (
    "error: mean absolute error of a new arrival's figure; ratio, log: over the best vendor's; oracle: over the best",
    "possible. p80, p90: share of those promises that were kept; worst: in any 7 days, in any 24 hours. The first",
    "7 days are left out. JSON has all figures; --html draws them.",
)


def _overview(result: Result) -> list[str]:
    live, best = result.ours("live"), result.best("live", "mae_s")
    return [
        result.name,
        f"{result.cases:,}",
        duration(result.mean_wait_s),
        duration(live.mae_s),
        f"{duration(best[1])} {best[0]}" if best else "-",
        number(result.against_best("live", "mae_s")),
        number(result.against_best("live", "log_mae")),
        number(live.oracle),
        *(share(result.ours(kind).coverage_p80) for kind in KINDS),
        share(worst(live.week_p80)),
        share(worst(live.day_p80)),
        share(live.coverage_p90),
    ]


DETAIL = (
    "estimator",
    "answered",
    "error",
    "median",
    "log",
    "p50 loss",
    "p80 loss",
    "p80",
    "kept",
    "p90 kept",
    "worst week",
)


def _detail(result: Result) -> str:
    parts = []
    for kind in KINDS:
        rows = [_estimator(name, result.verdict[name][kind]) for name in (OURS, *BASELINES)]
        parts.append(f"\n{kind}\n{_table(DETAIL, rows)}")
    cost = result.cost
    parts.append(
        f"\nJono took {cost.seconds:.1f} s for {cost.calls:,} calls, {cost.slowest_s * 1000:.0f} ms at most.\n"
    )
    return "\n".join(parts)


def _estimator(name: str, figures: Figures) -> list[str]:
    return [
        TITLES[name],
        f"{figures.n:,}",
        duration(figures.mae_s),
        duration(figures.median_ae_s),
        number(figures.log_mae),
        duration(figures.pinball_p50),
        duration(figures.pinball_p80),
        duration(figures.mean_p80_s),
        share(figures.coverage_p80),
        share(figures.coverage_p90),
        share(worst(figures.week_p80)),
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def duration(seconds: float | None) -> str:
    """A length in the unit that suits it; a dash for none."""
    if seconds is None:
        return "-"
    for unit, length_s in (("d", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 1.5 * length_s:
            return f"{seconds / length_s:.1f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


def number(value: float | None) -> str:
    """Two decimals; a dash for none."""
    return "-" if value is None else f"{value:.2f}"


def share(value: float | None) -> str:
    """A share in percent, one decimal; a dash for none."""
    return "-" if value is None else f"{value:.1%}"


def worst(bounds: Range | None) -> float | None:
    """The lower end of a range, where there is one."""
    return None if bounds is None else bounds[0]


def pinball_ratio(result: Result) -> float | None:
    """Jono's p80 loss over that of the better window of past waits."""
    return result.against_best("live", "pinball_p80", WINDOWS)
