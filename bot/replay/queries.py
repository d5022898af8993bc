"""What a replay asks: for whom, and when.

Every arrival is asked about twice: `live` at its instant, and `published`, frozen at the last tick at or before
it. At every tick two of the cases that wait are asked about: `waiting`, the time still to go. Ticks are the
multiples of 300 seconds from the one at or before the first arrival to the one at or before the last.

Which two is decided by a checksum of tick and case, so that anybody can draw the same two again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple
from zlib import crc32

TICK_S = 300
DRAWN = 2

Kind = Literal["live", "published", "waiting"]
KINDS: tuple[Kind, ...] = ("live", "published", "waiting")


class Query(NamedTuple):
    """One question: the kind, the number of the case (its place in `Trace.cases`), and when it is asked."""

    kind: Kind
    case: int
    at: float


def ticks(first_at: float, last_at: float) -> range:
    """The ticks of a trace whose first and last arrival were then."""
    return range(_tick(first_at), _tick(last_at) + 1, TICK_S)


def _tick(at: float) -> int:
    return int(at // TICK_S) * TICK_S


class Line:
    """The cases that wait, in order of arrival: joining, leaving and counting who is ahead take O(log n).

    Cases are numbered by arrival, so that the number of those ahead is a sum over smaller numbers: a Fenwick
    tree (1994, "A new data structure for cumulative frequency tables").
    """

    def __init__(self, case_ids: tuple[str, ...]) -> None:
        self._sums = [0] * (len(case_ids) + 1)
        self._keys = tuple(case_id.encode() for case_id in case_ids)
        self._waiting: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, case: int) -> bool:
        return case in self._waiting

    def join(self, case: int) -> None:
        """The case of this number waits from now on."""
        self._waiting[case] = self._keys[case]
        self._add(case, 1)

    def leave(self, case: int) -> None:
        """The case waits no more. Raises KeyError when it did not."""
        del self._waiting[case]
        self._add(case, -1)

    def ahead(self, case: int) -> int:
        """How many of those who wait arrived before this case."""
        sums, total = self._sums, 0
        while case > 0:
            total += sums[case]
            case &= case - 1
        return total

    def draw(self, tick: int) -> list[int]:
        """The waiting cases, two at most, with the lowest crc32 of `tick:case_id`; the lowest first."""
        begun = crc32(f"{tick}:".encode())
        return [case for _, case in sorted(self._checksums(begun))[:DRAWN]]

    def _checksums(self, begun: int) -> Iterator[tuple[int, int]]:
        return ((crc32(key, begun), case) for case, key in self._waiting.items())

    def _add(self, case: int, step: int) -> None:
        sums, place = self._sums, case + 1
        while place < len(sums):
            sums[place] += step
            place += place & -place
