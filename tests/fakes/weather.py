"""Bad weather between a whole bot and a platform, and hours that pass in seconds.

The store, the outbox and the adapter are the bot's own, and the platform answers over HTTP. `Weather` has it fail by
chance, `Watch` notes what leaves for it, and time passes as soon as nothing is under way.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from adapters.base import Busy, Channel, MessageOut, Outgoing
from bot.app import Parts, assemble
from bot.clock import Chance, Clock
from bot.config import check
from bot.fetch import open_session
from bot.store import keys
from bot.store.connection import connect
from tests.adapters.contract import Fault

BUSY_SHARE, BROKEN_SHARE = 0.10, 0.05


class Weather(list[Fault]):
    """The `faults` of a far end: drawn anew whenever it looks whether there is one, after `looked`. `broken` is done in
    place of the fault of that name."""

    def __init__(
        self, seed: int, looked: Callable[[], None] | None = None, broken: Callable[[], None] | None = None
    ) -> None:
        super().__init__()
        self.drawn: Counter[str] = Counter()
        self._chance = random.Random(seed)
        self._looked = looked
        self._broken = broken

    def __bool__(self) -> bool:
        if self._looked is not None:
            self._looked()
        self[:] = self._draw()
        self.drawn[self[0] if len(self) else "fine"] += 1
        if self._broken is not None and "broken" in self:
            self.clear()
            self._broken()
        return len(self) > 0

    def _draw(self) -> Sequence[Fault]:
        drawn = self._chance.random()
        if drawn < BUSY_SHARE:
            return ("busy",)
        return ("broken",) if drawn < BUSY_SHARE + BROKEN_SHARE else ()


@dataclass
class Watch:
    """What leaves for a channel, and when: `early` are messages that left before the end of a silence that was told.
    `place_of` gives the part of the platform that is to be silent; `told` are the silences that were asked for, and
    for `longest_s` nothing left at all."""

    clock: Clock
    place_of: Callable[[MessageOut], str]
    tries: int = 0
    early: list[str] = field(default_factory=list)
    told: list[float] = field(default_factory=list)
    longest_s: float = 0.0
    _left_at: float = 0.0
    _not_before: dict[str, float] = field(default_factory=dict)

    def over(self, channel: Channel) -> None:
        """Watch this channel."""
        send = channel.send

        async def watched(outgoing: Outgoing) -> str:
            assert isinstance(outgoing, MessageOut)
            place = self.place_of(outgoing)
            self._leaves(outgoing, place)
            try:
                return await send(outgoing)
            except Busy as busy:
                if busy.retry_after_s is not None:
                    self.told.append(busy.retry_after_s)
                    until = self.clock.real() + busy.retry_after_s
                    self._not_before[place] = max(until, self._not_before.get(place, 0.0))
                raise

        channel.send = watched  # type: ignore[method-assign]

    def _leaves(self, message: MessageOut, place: str) -> None:
        now = self.clock.real()
        self.tries += 1
        self.longest_s = max(self.longest_s, now - (self._left_at or now))
        self._left_at = now
        if now < self._not_before.get(place, 0.0):
            self.early.append(message.key)


OLDER = """
local p, channel, t = KEYS[1], ARGV[1], redis.call('TIME')
local due = p .. 'due:' .. channel
local first = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')
if not first[2] or redis.call('EXISTS', p .. 'fly:' .. channel) == 1 then return 0 end
local ms = first[2] - (t[1] * 1000 + math.floor(t[2] / 1000))
if ms <= 0 then return 0 end
for _, lane in ipairs(redis.call('ZRANGE', due, 0, -1)) do redis.call('ZINCRBY', due, -ms, lane) end
for _, key in ipairs(redis.call('KEYS', p .. 'pace:' .. channel .. ':*')) do
  for i, at in ipairs(redis.call('LRANGE', key, 0, -1)) do redis.call('LSET', key, i - 1, at - ms) end
  redis.call('PEXPIRE', key, redis.call('PTTL', key) - ms)
end
for _, key in ipairs(redis.call('KEYS', p .. 'hush:' .. channel .. ':*')) do
  local left = redis.call('PTTL', key) - ms
  if left > 0 then redis.call('SET', key, redis.call('GET', key) - ms, 'PX', left) else redis.call('DEL', key) end
end
return ms
"""
"""Unless something of a channel is under way: all that is kept of what is due, of its paces and silences becomes so
much older that the next message is due. Gives by how many milliseconds."""


async def pass_time(parts: Parts, queue: str, channel: str) -> None:
    """Once nothing is under way, go on to the moment when the next message is due: in the store and on the clock."""
    client: Any = parts.connection.client
    passed_ms = await client.eval(OLDER, 1, keys.prefix(queue), channel)
    if passed_ms:
        parts.clock.follow(parts.clock.real() + passed_ms / 1000)
        parts.outbox.wake(queue)


@asynccontextmanager
async def open_parts(url: str, tables: Mapping[str, Any], clock: Clock, seed: int) -> AsyncIterator[Parts]:
    """A bot under these tables with its own adapters, on the store at `url`; nothing of it runs."""
    connection = await connect(url)
    try:
        async with open_session(allow_private=True) as session:
            parts = assemble(check(tables), clock, Chance(seed), connection, session)
            await parts.store.open()
            yield parts
    finally:
        await connection.aclose()
