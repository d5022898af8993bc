"""The targets of many traces as one table: how many meet each, and which is furthest from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

from bot.replay.report import Result
from bot.replay.report_targets import Check, checks, together


@dataclass(frozen=True, slots=True)
class Target:
    """One target: the figure and the limit of the trace that is furthest from it, and how many traces meet it."""

    name: str
    shown: str
    limit: str
    trace: str
    met: int
    asked: int


def targets(results: Sequence[Result]) -> list[Target]:
    """All targets that something is asked for."""
    found: dict[str, list[tuple[str, Check]]] = {}
    for result in results:
        for check in checks(result):
            if check.asked:
                found.setdefault(check.name, []).append((result.name, check))
    for check in together(results):
        if check.asked:
            found[check.name] = [("all", check)]
    return [_target(name, asked) for name, asked in found.items()]


def _target(name: str, asked: Sequence[tuple[str, Check]]) -> Target:
    trace, furthest = max(asked, key=lambda one: (one[1].shortfall, -_room(one[1])))
    met = sum(not check.missed for _, check in asked)
    return Target(name, furthest.shown, furthest.limit, trace, met, len(asked))


def _room(check: Check) -> float:
    """How much better than its nearest limit a figure is."""
    assert check.value is not None
    below = inf if check.low is None else check.value - check.low
    above = inf if check.high is None else check.high - check.value
    return min(below, above)


def table(found: Sequence[Target]) -> Iterator[str]:
    """A line for each target, in columns."""
    width = max((len(one.name) for one in found), default=0)
    for one in found:
        word = "ok" if one.met == one.asked else "SHORT"
        count = f"{one.met} of {one.asked}"
        yield f"  {one.name:<{width}}  {one.shown:>7}  {one.limit:<16}  {one.trace:<13} {count:>8}  {word}"
