"""docs/estimate.md made anew: what stands between its marks, and its pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.estimate_targets import Target
from benchmarks.table import Row
from bot.replay.queries import KINDS
from bot.replay.replay_job import Outcome
from bot.replay.report import TITLES, Result, duration, number, pinball_ratio, share, worst
from bot.replay.report_html import chapter, to_svg

PAGE = Path("docs/estimate.md")
PICTURES = Path("docs/pictures")
DRAWN = ("daynight-1", "crisis-1")
"""The traces that are drawn, where there are such; else the first two."""

MARKS = re.compile(r"(<!-- (?P<name>[\w ]+) -->\n).*?(<!-- end of (?P=name) -->)", re.DOTALL)


def rewrite(outcomes: Sequence[Outcome], held: Sequence[Target], spent: Sequence[Row]) -> None:
    """Fill the page with what was measured."""
    results = [outcome.result for outcome in outcomes]
    parts = {
        "targets": "\n".join(_targets(held)),
        "traces": "\n".join(_traces(results)),
        "costs": "\n".join(_costs(spent)),
        "pictures": "\n\n".join(_pictures(outcomes)),
    }
    text = PAGE.read_text("utf-8")
    PAGE.write_text(MARKS.sub(lambda found: f"{found[1]}{parts[found['name']]}\n{found[3]}", text), "utf-8")


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _head(*cells: str) -> list[str]:
    return [_row(cells), _row(["---"] * len(cells))]


def _targets(held: Sequence[Target]) -> Iterator[str]:
    yield from _head("target", "limit", "furthest from it", "trace", "met by")
    for one in held:
        short = "" if one.met == one.asked else " **short**"
        yield _row([one.name, one.limit, one.shown + short, one.trace, f"{one.met} of {one.asked}"])


def _traces(results: Sequence[Result]) -> Iterator[str]:
    yield from _head(
        "trace",
        "cases",
        "mean wait",
        "mean error",
        "best vendor",
        "ratio",
        "log ratio",
        "over the best possible",
        "p80 loss ratio",
        "80 % kept: live",
        "published",
        "waiting",
        "worst 7 days",
        "worst 24 h",
        "90 % kept",
    )
    for result in results:
        live, best = result.ours("live"), result.best("live", "mae_s")
        yield _row(
            [
                result.name,
                f"{result.cases:,}",
                duration(result.mean_wait_s),
                duration(live.mae_s),
                f"{duration(best[1])} ({TITLES[best[0]]})" if best else "-",
                number(result.against_best("live", "mae_s")),
                number(result.against_best("live", "log_mae")),
                number(live.oracle),
                number(pinball_ratio(result)),
                *(share(result.ours(kind).coverage_p80) for kind in KINDS),
                share(worst(live.week_p80)),
                share(worst(live.day_p80)),
                share(live.coverage_p90),
            ]
        )


def _costs(spent: Sequence[Row]) -> Iterator[str]:
    yield from _head("cost", "measured", "limit")
    for row in spent:
        sign = "at least" if row.least else "at most"
        measured = f"{row.value:,.2f} {row.unit}" + (" **short**" if row.missed else "")
        yield _row([row.name, measured, f"{sign} {row.limit:,g} {row.unit}"])


def _pictures(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Written beside the page, and linked from it."""
    by_name = {outcome.result.name: outcome for outcome in outcomes}
    for place, name in enumerate(name if name in by_name else None for name in DRAWN):
        outcome = by_name[name] if name else outcomes[min(place, len(outcomes) - 1)]
        assert outcome.drawn is not None
        one, title = chapter(outcome.result, outcome.drawn), outcome.result.name
        for picture, what in (("cloud", "told and waited"), ("calendar", "promises kept, over time")):
            path = PICTURES / f"estimate-{place + 1}-{picture}.svg"
            path.write_text(to_svg(picture, one), "utf-8")
            yield f"![{title}: {what}](pictures/{path.name})"
