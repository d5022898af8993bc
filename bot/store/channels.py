"""What is kept for a channel rather than for a case: who reads it, how far, how fast, and what its profile shows.

All of it stands beside the channel's own queue.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import msgspec

from adapters.base import Pace
from bot.store import keys
from bot.store.library import Library
from bot.store.wire import dump

WRITES_KEPT = 200


@dataclass(frozen=True, slots=True)
class Written:
    """A change of a profile that was tried: when (epoch seconds), of which outlet, to what (in words, and by its key)
    and how that ended. `retry_after_s` is what the platform said."""

    at: float
    outlet: str
    label: str
    key: str
    result: str
    reason: str = ""
    retry_after_s: float | None = None


class Drawn(NamedTuple):
    """What came of drawing on budgets: `wait_s` is 0, or in how many seconds it may be tried again, because of
    `budget`."""

    wait_s: float
    budget: str = ""


class ChannelStore:
    """Leases, bookmarks, paces and outlets of channels."""

    def __init__(self, library: Library) -> None:
        self._library = library

    # --- one reader at a time ------------------------------------------------------------------------------

    async def hold(self, queue: str, channel: str, who: str, ttl_s: float) -> bool:
        """Be the one process that reads this channel for `ttl_s` more; False when another one is."""
        return bool(await self._library.call(queue, "hold", channel, who, int(ttl_s * 1000)))

    async def let_go(self, queue: str, channel: str, who: str) -> None:
        """Let another process read at once."""
        await self._library.call(queue, "let_go", channel, who)

    # --- streams of other systems --------------------------------------------------------------------------

    async def entries(self, key: str, after: str, most: int) -> list[tuple[str, dict[str, str]]]:
        """At most so many entries of a stream that is not ours, after the one called `after`. What is no UTF-8 shows
        as "\ufffd", so that one bad entry does not hide all that follow."""
        found = await self._library.read(
            self._library.client.execute_command(
                "XRANGE", key, f"({after}", "+", "COUNT", most, NEVER_DECODE=True
            )
        )
        return [
            (_text(entry), {_text(name): _text(value) for name, value in of.items()}) for entry, of in found
        ]

    # --- how far -------------------------------------------------------------------------------------------

    async def bookmarks(self, queue: str, channel: str) -> dict[str, str]:
        """The last mark of every place. Marks of a place rise, longer ones after shorter ones."""
        key = f"{keys.prefix(queue)}marks:{channel}"
        found: dict[str, str] = await self._library.read(self._library.client.hgetall(key))
        return found

    async def mark(self, queue: str, channel: str, marks: Mapping[str, str]) -> None:
        """Write marks down; `marks` is not empty."""
        key = f"{keys.prefix(queue)}marks:{channel}"
        await self._library.read(self._library.client.hset(key, mapping=dict(marks)))

    # --- how fast ------------------------------------------------------------------------------------------

    async def pace(
        self, queue: str, channel: str, paces: Sequence[Pace], ahead: Sequence[int] | None = None
    ) -> Drawn:
        """Draw on all these budgets at once, or on none where one has no room. `ahead` are those that wait for each
        already: there must be room for them, too."""
        rows: list[str | int] = []
        for pace, before in zip(paces, ahead or [0] * len(paces), strict=True):
            draws = min(pace.draws, pace.most)
            rows += (pace.name, pace.most, round(pace.per_s * 1000), draws, before)
        wait_ms, of = await self._library.call(queue, "pace", channel, *rows)
        return Drawn(wait_ms / 1000, paces[of - 1].name if of else "")

    async def hush(self, queue: str, channel: str, pace: Pace, for_s: float) -> None:
        """The platform wants silence on this budget for so long."""
        await self._library.call(queue, "hush", channel, pace.name, math.ceil(for_s * 1000) + 1)

    # --- what the profile shows ----------------------------------------------------------------------------

    async def outlets(self, queue: str, channel: str) -> dict[str, dict[str, Any]]:
        """What is known of each outlet of the channel, by its name."""
        key = f"{keys.prefix(queue)}outlets:{channel}"
        found = await self._library.read(self._library.client.hgetall(key))
        return {name: msgspec.json.decode(text) for name, text in found.items()}

    async def set_outlet(self, queue: str, channel: str, name: str, known: Mapping[str, Any] | None) -> None:
        """Keep what is known of an outlet; None forgets it."""
        key = f"{keys.prefix(queue)}outlets:{channel}"
        if known is None:
            await self._library.read(self._library.client.hdel(key, name))
        else:
            await self._library.read(self._library.client.hset(key, name, dump(known)))

    async def note_write(self, queue: str, channel: str, written: Written) -> None:
        """Keep the record of a change, beside the last ones."""
        key = f"{keys.prefix(queue)}writes:{channel}"
        row: dict[Any, Any] = {"written": dump(asdict(written))}
        await self._library.read(self._library.client.xadd(key, row, maxlen=WRITES_KEPT, approximate=False))

    async def writes(self, queue: str, channel: str) -> list[Written]:
        """The last changes that were tried, the latest first."""
        key = f"{keys.prefix(queue)}writes:{channel}"
        found = await self._library.read(self._library.client.xrevrange(key))
        return [msgspec.json.decode(fields["written"], type=Written) for _, fields in found]

    # --- whose the profile is ------------------------------------------------------------------------------

    async def leave_outlets(self, queue: str, channel: str, at: float) -> None:
        """From now on (epoch seconds) the profile is left to the operator."""
        await self._library.read(self._library.client.set(f"{keys.prefix(queue)}left:{channel}", at))

    async def resume_outlets(self, queue: str, channel: str) -> bool:
        """The profile shows the wait again; False when it did before."""
        key = f"{keys.prefix(queue)}left:{channel}"
        return bool(await self._library.read(self._library.client.delete(key)))

    async def outlets_left(self, queue: str, channel: str) -> float | None:
        """Since when the profile is left to the operator, if it is."""
        at = await self._library.read(self._library.client.get(f"{keys.prefix(queue)}left:{channel}"))
        return None if at is None else float(at)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
