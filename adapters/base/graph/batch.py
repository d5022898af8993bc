"""A batch that Meta pushes: what is wrong in one part of it keeps no other from being read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from adapters.base.arrivals import Arrival
from adapters.base.errors import Malformed

BATCH_BYTES = 4_000_000
"""Meta puts up to a thousand events into one request, and writes every letter beyond ASCII as six bytes."""


class Batch:
    """What was read of a batch, and what was wrong in it."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self._wrong: list[Malformed] = []

    @contextlib.contextmanager
    def part(self) -> Iterator[None]:
        """Read a part that others do not depend on."""
        try:
            yield
        except Malformed as error:
            self._wrong.append(error)

    def read(self) -> list[Arrival]:
        """All that is right. Raises Malformed where nothing is."""
        if self._wrong and not self.arrivals:
            raise self._wrong[0]
        return self.arrivals
