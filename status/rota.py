"""Who is planned to be on duty, and when: what is known today of tomorrow's agents.

A rota has two kinds of spans. Planned ones say how many agents come *instead of* the usual number; extra ones,
such as help in an incident, how many come *on top of* whoever comes anyhow. Spans of one kind that overlap add
up. Where nothing is planned, nothing is known: a span with 0 agents says that nobody comes.

Invariant: a span counts from its first moment up to, not including, its last.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import NamedTuple

DIGITS = 6
"""Sums of parts of agents are rounded, so that what ends leaves nothing behind."""


class Span(NamedTuple):
    """So many agents, from one instant up to another (epoch seconds)."""

    from_at: float
    until_at: float
    agents: float


class Stretch(NamedTuple):
    """What holds from `at` on, until the next stretch: `planned` agents come instead of the usual ones (None:
    nothing is planned), and `extra` come on top.
    """

    at: float
    planned: float | None
    extra: float

    def agents(self, usual: float) -> float:
        """How many come, if `usual` come where nothing is planned."""
        return (usual if self.planned is None else self.planned) + self.extra


@dataclass(frozen=True, slots=True)
class Rota:
    """Spans of planned and of extra agents, in any order. Raises ValueError for a span that cannot be."""

    spans: tuple[Span, ...] = ()
    extra: tuple[Span, ...] = ()
    _stretches: tuple[Stretch, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for span in (*self.spans, *self.extra):
            if not span.from_at < span.until_at:
                raise ValueError(f"a span ends after it begins, not like {span}")
            if not (span.agents >= 0 and isfinite(span.agents)):
                raise ValueError(f"a span has a number of agents that can be, not {span.agents}")
        object.__setattr__(self, "_stretches", _stretches(self.spans, self.extra))

    def at(self, at: float) -> Stretch:
        """What holds at `at`, since when."""
        return self._stretches[self._index(at)]

    def planned(self, at: float) -> float | None:
        """The agents planned for `at`, without extra ones; None when nothing planned says anything about it."""
        return self.at(at).planned

    def extra_at(self, at: float) -> float:
        """The agents who come on top at `at`."""
        return self.at(at).extra

    def changes(self, start: float, end: float) -> list[Stretch]:
        """What holds at `start`, and every change after it and before `end`, in order."""
        first, last = self._index(start), self._index(end)
        later = [one for one in self._stretches[first + 1 : last + 1] if one.at < end]
        return [self._stretches[first]._replace(at=start), *later]

    def __bool__(self) -> bool:
        return bool(self.spans or self.extra)

    def _index(self, at: float) -> int:
        return bisect_right(self._stretches, at, key=lambda stretch: stretch.at) - 1


def _stretches(spans: Iterable[Span], extra: Iterable[Span]) -> tuple[Stretch, ...]:
    """The rota as steps, from the beginning of time; neighbours differ."""
    planned, plans = _steps(spans)
    added, _ = _steps(extra)
    found = [Stretch(-inf, None, 0.0)]
    count, agents, on_top = 0, 0.0, 0.0
    for at in sorted({*planned, *plans, *added}):
        count += plans[at]
        agents = round(agents + planned.get(at, 0.0), DIGITS)
        on_top = round(on_top + added.get(at, 0.0), DIGITS)
        stretch = Stretch(at, agents if count else None, on_top)
        if stretch[1:] != found[-1][1:]:
            found.append(stretch)
    return tuple(found)


def _steps(spans: Iterable[Span]) -> tuple[dict[float, float], Counter[float]]:
    """By how much the sum of agents, and the number of spans under way, change at each instant."""
    agents: dict[float, float] = {}
    count: Counter[float] = Counter()
    for span in spans:
        agents[span.from_at] = agents.get(span.from_at, 0.0) + span.agents
        agents[span.until_at] = agents.get(span.until_at, 0.0) - span.agents
        count[span.from_at] += 1
        count[span.until_at] -= 1
    return agents, count
