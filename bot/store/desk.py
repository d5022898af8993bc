"""What the web desk reads: which cases are open, how they stand, and what was said last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from bot.case import Case, decode
from bot.store import keys
from bot.store.connection import reaching
from bot.store.library import Library

LAST = 3


class DeskStore:
    """Reads for many cases at once; each costs one or two round trips."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def changes(self, queues: Sequence[str]) -> tuple[int, ...]:
        """A number for each queue that grows with every commit to it."""
        return tuple([await self._changes(queue) for queue in queues])

    async def _changes(self, queue: str) -> int:
        return int(await self._library.read(self._library.client.get(f"{keys.prefix(queue)}changes")) or 0)

    async def open_ids(self, queue: str, waiting: int, others: int) -> list[str]:
        """The ids of the cases that wait longest, so many at most, in order; then those of about so many others."""
        prefix = keys.prefix(queue)
        async with reaching():
            pipe = self._library.client.pipeline(transaction=False)
            pipe.zrange(f"{prefix}waiting", 0, waiting - 1)
            pipe.hscan(f"{prefix}open", 0, count=others)
            first, (_, found) = await pipe.execute()
        return list(dict.fromkeys([*first, *(one for one in found.values() if not one.startswith(">"))]))

    async def heads(self, queue: str, ids: Sequence[str]) -> list[tuple[Case, list[dict[str, Any]]]]:
        """Cases with the last entries of what was said in them; those that are gone are left out."""
        prefix = keys.prefix(queue)
        async with reaching():
            pipe = self._library.client.pipeline(transaction=False)
            for case_id in ids:
                pipe.lindex(f"{prefix}case:{case_id}", 0).lrange(f"{prefix}case:{case_id}", -LAST, -1)
            found = await pipe.execute()
        rows = zip(ids, found[::2], found[1::2], strict=True)
        return [(decode(queue, case_id, head), _said(lines)) for case_id, head, lines in rows if head]


def _said(lines: Sequence[str]) -> list[dict[str, Any]]:
    return [{"by": "customer", **msgspec.json.decode(line)} for line in lines if line.startswith("{")]
