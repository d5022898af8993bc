"""How a figure is shown: its name, its value, and the limit it is held against."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. With a `limit` it must not be above it, or, with `least`, not below."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    least: bool = False

    @property
    def missed(self) -> bool:
        """Whether the figure breaks its limit."""
        if self.limit is None:
            return False
        return self.value < self.limit if self.least else self.value > self.limit


def show(rows: Iterable[Row]) -> None:
    """Print one line a figure."""
    for row in rows:
        held = ""
        if row.limit is not None:
            sign = ">=" if row.least else "<="
            held = f"  {sign} {row.limit:g}  {'MISSED' if row.missed else 'ok'}"
        print(f"  {row.name:<58} {row.value:>12,.2f} {row.unit:<8}{held}", flush=True)
