"""What the pictures of a replay are drawn from: counts and shares, still in seconds and days, not yet in pixels.

Answers with frozen values small enough to come back from another process. Only what Jono said to new arrivals is
drawn, after the first week except where the first week is the point.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from statistics import fmean

from bot.replay.report import OURS, Result
from bot.replay.run import Quantiles, Replayed
from bot.replay.verdict import DAY_PROMISES, DAY_S, LEARNING_S, SHORT_S, WEEK_PROMISES, Truth, truths

CELLS_A_DECADE = 8
SHORTEST_S = 10.0
"""Whatever is shorter stands with this."""

SIZES_S = (60.0, 300.0, 900.0, 3600.0, 4 * 3600.0, 24 * 3600.0)
"""Upper ends of the sizes of waits; the last size has none."""

COLUMN_CASES = 30
"""A column of the cloud with fewer cases shows no quantiles."""


@dataclass(frozen=True, slots=True)
class Cell:
    """So many cases were told, and waited, about so long: the cell's lower ends."""

    told: int
    true: int
    cases: int


@dataclass(frozen=True, slots=True)
class Column:
    """Cases that were told about the same: their true median and 80 % quantile, and the p80 they were told."""

    told: int
    p50_s: float
    p80_s: float
    told_p80_s: float


@dataclass(frozen=True, slots=True)
class Day:
    """One day's promises: how many, the shares kept, and the shares of the seven days that end with it."""

    number: int
    promises: int
    p80: float | None
    week_p80: float | None
    week_p90: float | None


@dataclass(frozen=True, slots=True)
class Size:
    """Cases that waited so long: how many, and the mean error of Jono and of the best vendor."""

    below_s: float | None
    cases: int
    ours_s: float
    vendor_s: float | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """All pictures of one trace. `vendor` is the best one, chosen afterwards."""

    cells: tuple[Cell, ...]
    columns: tuple[Column, ...]
    days: tuple[Day, ...]
    sizes: tuple[Size, ...]
    vendor: str


@dataclass(frozen=True, slots=True)
class _One:
    """One arrival: when, counted from the first, what became of it, what Jono and the vendor said."""

    after_s: float
    truth: Truth
    told: Quantiles
    vendor_s: float | None


def drawn(replayed: Replayed, result: Result) -> Drawn:
    """The pictures' data."""
    best = result.best("live", "mae_s")
    vendor = best[0] if best else ""
    ones = _live(replayed, vendor)
    scored = [one for one in ones if one.after_s >= LEARNING_S and one.truth.reply_s is not None]
    return Drawn(tuple(_cells(scored)), tuple(_columns(scored)), _days(ones), tuple(_sizes(scored)), vendor)


def _live(replayed: Replayed, vendor: str) -> list[_One]:
    begun_at = replayed.trace.cases[0].arrived_at
    answers = replayed.answers[OURS]
    vendors = replayed.answers.get(vendor, [None] * len(answers))
    return [
        _One(query.at - begun_at, truth, answer, None if other is None else other[0])
        for query, truth, answer, other in zip(
            replayed.queries, truths(replayed), answers, vendors, strict=True
        )
        if query.kind == "live" and answer is not None
    ]


def cell(seconds: float) -> int:
    """In which cell of the logarithmic axis a length lies."""
    return floor(log10(max(SHORTEST_S, seconds) / SHORTEST_S) * CELLS_A_DECADE + 1e-9)


def _true_s(one: _One) -> float:
    assert one.truth.reply_s is not None
    return one.truth.reply_s


def _cells(scored: Sequence[_One]) -> list[Cell]:
    counts = Counter((cell(one.told[0]), cell(_true_s(one))) for one in scored)
    return [Cell(told, true, cases) for (told, true), cases in sorted(counts.items())]


def _columns(scored: Sequence[_One]) -> list[Column]:
    by_told: dict[int, list[_One]] = {}
    for one in scored:
        by_told.setdefault(cell(one.told[0]), []).append(one)
    columns = []
    for told, ones in sorted(by_told.items()):
        if len(ones) >= COLUMN_CASES:
            waits = sorted(map(_true_s, ones))
            p50_s, p80_s = waits[len(waits) // 2], waits[int(len(waits) * 0.8)]
            columns.append(Column(told, p50_s, p80_s, fmean(one.told[1] for one in ones)))
    return columns


Kept = dict[int, list[bool]]
"""By day: promises that could be judged, and whether they were kept."""


def _days(ones: Sequence[_One]) -> tuple[Day, ...]:
    p80, p90 = _kept(ones, 1), _kept(ones, 2)
    last = int(ones[-1].after_s // DAY_S) if ones else -1
    return tuple(
        Day(
            number,
            len(p80.get(number, ())),
            _share(p80.get(number, []), DAY_PROMISES),
            _share(_week(p80, number), WEEK_PROMISES),
            _share(_week(p90, number), WEEK_PROMISES),
        )
        for number in range(last + 1)
    )


def _kept(ones: Sequence[_One], which: int) -> Kept:
    kept: Kept = {}
    for one in ones:
        if one.told[which] > SHORT_S and (outcome := one.truth.kept(one.told[which])) is not None:
            kept.setdefault(int(one.after_s // DAY_S), []).append(outcome)
    return kept


def _week(kept: Kept, last: int) -> list[bool]:
    return [outcome for number in range(max(0, last - 6), last + 1) for outcome in kept.get(number, ())]


def _share(outcomes: Sequence[bool], least: int) -> float | None:
    return fmean(outcomes) if len(outcomes) >= least else None


def _sizes(scored: Sequence[_One]) -> list[Size]:
    by_size: dict[int, list[_One]] = {}
    for one in scored:
        by_size.setdefault(bisect_left(SIZES_S, _true_s(one)), []).append(one)
    sizes = []
    for size, ones in sorted(by_size.items()):
        others = [abs(one.vendor_s - _true_s(one)) for one in ones if one.vendor_s is not None]
        sizes.append(
            Size(
                SIZES_S[size] if size < len(SIZES_S) else None,
                len(ones),
                fmean(abs(one.told[0] - _true_s(one)) for one in ones),
                fmean(others) if others else None,
            )
        )
    return sizes
