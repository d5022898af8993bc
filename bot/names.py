"""Who a customer is, where their platform tells that only when it is asked.

It is asked late, when an automatic message gets its words: taking a message in waits for no platform. Whoever is not
named in time is greeted without a name.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

from adapters.base import Channel, Naming, Person, Undelivered
from bot.case import known_of
from bot.clock import Clock

WITHIN_S = 2.0
"""A greeting by name is not worth a longer silence."""
ASK_AGAIN_S = 3_600.0
REMEMBERED = 10_000


class Names:
    """Asks the channels that can be asked. A name longer than `chars` is cut, as those are that come with a message."""

    def __init__(self, channels: Mapping[str, Channel], clock: Clock, chars: int) -> None:
        self._channels = {name: channel for name, channel in channels.items() if isinstance(channel, Naming)}
        self._clock = clock
        self._chars = chars
        self._told: OrderedDict[tuple[str, str], tuple[float, Person]] = OrderedDict()

    async def of(self, channel: str, customer: Person) -> Person:
        """The customer of a channel as far as they are known, asked about if they have no name yet; what is known
        already stays."""
        naming = self._channels.get(channel)
        if naming is None or customer.name:
            return customer
        now, place = self._clock.monotonic(), (channel, customer.id)
        asked_at, person = self._told.get(place, (-ASK_AGAIN_S, customer))
        if now - asked_at >= ASK_AGAIN_S:
            try:
                async with asyncio.timeout(WITHIN_S):
                    person = await naming.person_of(customer.id)
            except (Undelivered, TimeoutError):
                return customer
            self._remember(place, now, person)
        return known_of(replace(person, id=customer.id, name=person.name[: self._chars]), customer)

    def _remember(self, place: tuple[str, str], now: float, person: Person) -> None:
        self._told[place] = (now, person)
        self._told.move_to_end(place)
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
