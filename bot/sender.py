"""One attempt to send one message: at the platform's pace, with the files it carries.

It knows neither cases nor the outbox: whoever calls decides what an error means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from adapters.base import (
    Attachment,
    Busy,
    Channel,
    File,
    Media,
    MessageOut,
    Outgoing,
    Pace,
    Paced,
    Post,
    Refused,
    RoomOut,
)
from bot.carried import Addresses
from bot.clock import Clock
from bot.spool import fetched, media_type
from bot.store.store import Store, StoreDown

Answer = TypeVar("Answer")

INSIST_EVERY_S = 0.3
UNDER_WAY_S = 0.05
"""After so long it is looked again whether another message to the same place is through."""


class NotYet(Exception):
    """The platform's budget is used up; nothing was tried. `delay_s` until there is room again."""

    def __init__(self, delay_s: float) -> None:
        super().__init__(f"{delay_s:.1f} s")
        self.delay_s = delay_s


class Sender:
    """Speaks to the channels. `homes` gives the queue of each channel, beside which its budgets are kept; `addresses`
    are where platforms can fetch what they do not take as it is. `budgets` are the operator's, by channel and name, as
    at most so many within so many seconds; they take the place of the adapter's. Where an adapter states none,
    a silence that its platform asks for is kept for the whole channel, by each process for itself."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        homes: Mapping[str, str],
        addresses: Addresses,
        clock: Clock,
        budgets: Mapping[str, Mapping[str, tuple[int, float]]] = MappingProxyType({}),
    ) -> None:
        self._store = store
        self._channels = channels
        self._homes = homes
        self._addresses = addresses
        self._clock = clock
        self._budgets = budgets
        self._under_way: set[tuple[str, str]] = set()
        self._silent_until: dict[tuple[str, str], float] = {}
        self._paced = {name: channel for name, channel in channels.items() if isinstance(channel, Paced)}

    async def send(self, name: str, outgoing: Outgoing, origin: str = "") -> str:
        """Send now, give the platform's id. `origin` is the channel that the files come from. Raises NotYet, Refused,
        Gone, Busy, Uncertain or StoreDown."""
        channel = self._channels[name]
        async with AsyncExitStack() as held:
            if isinstance(outgoing, MessageOut | Post) and outgoing.attachments:
                outgoing = await self._with_files(name, channel, outgoing, origin or name, held)
            return await self._sent(name, channel, outgoing)

    async def _sent(self, name: str, channel: Channel, outgoing: Outgoing) -> str:
        paces = self._paces(name, outgoing)
        if paces:
            return await self._at_pace(name, channel, outgoing, paces)
        if isinstance(outgoing, RoomOut):
            # Platforms limit single changes of rooms: customers need not wait for those.
            return await channel.send(outgoing)
        return await self._unless_silent(name, channel, outgoing, ("",))

    async def _unless_silent(
        self, name: str, channel: Channel, outgoing: Outgoing, budgets: Sequence[str]
    ) -> str:
        """Send, but not before the end of a silence that the platform asked for on any of these budgets."""
        until = max(self._silent_until.get((name, budget), 0.0) for budget in budgets)
        left_s = until - self._clock.real()
        if left_s > 0:
            raise NotYet(left_s)
        try:
            return await channel.send(outgoing)
        except Busy as busy:
            if busy.retry_after_s is not None:
                self._be_silent(name, _silenced(busy, budgets), busy.retry_after_s)
            raise

    def _be_silent(self, name: str, budget: str, for_s: float) -> None:
        now = self._clock.real()
        lasting = {place: until for place, until in self._silent_until.items() if until > now}
        until = max(now + for_s, lasting.get((name, budget), 0.0))
        self._silent_until = {**lasting, (name, budget): until}

    def _paces(self, name: str, outgoing: Outgoing) -> list[Pace]:
        """The budgets a message draws on. A budget of one place, such as `chat:7`, is known by its first part."""
        if name not in self._paced:
            return []
        paces = []
        for pace in self._paced[name].paces(outgoing):
            stated = self._budgets.get(name, {}).get(pace.name.partition(":")[0])
            paces.append(pace if stated is None else replace(pace, most=stated[0], per_s=stated[1]))
        return paces

    async def _at_pace(self, name: str, channel: Channel, outgoing: Outgoing, paces: Sequence[Pace]) -> str:
        by_name = {pace.name: pace for pace in paces}
        budgets = tuple(by_name)
        with self._alone(name, paces[-1]):
            delay_s = await self._store.channels.pace(self._homes[name], name, paces)
            if delay_s > 0:
                raise NotYet(delay_s)
            try:
                return await self._unless_silent(name, channel, outgoing, budgets)
            except Busy as busy:
                if (told_s := busy.retry_after_s) is not None:
                    # All replicas keep quiet towards whoever asked for silence.
                    hush, silenced = self._store.channels.hush, by_name[_silenced(busy, budgets)]
                    await insist(lambda: hush(self._homes[name], name, silenced, told_s))
                raise

    @contextmanager
    def _alone(self, name: str, narrowest: Pace) -> Iterator[None]:
        """One send at a time to a place that has a budget of its own, such as `chat:7`: what is under way when it asks
        for silence would break it."""
        place = (name, narrowest.name)
        if place in self._under_way:
            raise NotYet(UNDER_WAY_S)
        if ":" in narrowest.name:
            self._under_way.add(place)
        try:
            yield
        finally:
            self._under_way.discard(place)

    async def _with_files(
        self, name: str, channel: Channel, outgoing: MessageOut | Post, origin: str, held: AsyncExitStack
    ) -> MessageOut | Post:
        """What comes from another channel is fetched there now, and `held` while it is sent: nothing of it is kept."""
        most = channel.limits.file_bytes
        if not most:
            raise Refused("this channel takes no files")
        carried = []
        for attachment in outgoing.attachments:
            if (attachment.file.size_bytes or 0) > most:
                raise Refused(f"the file is larger than the {most // 1_000_000} MB that this channel takes")
            if attachment.file.kind == "location":
                carried.append(attachment)
            elif origin == name:
                carried.append(await self._own(attachment, name))
            else:
                carried.append(await self._foreign(attachment.file, origin, most, held))
        return replace(outgoing, attachments=tuple(carried))

    async def _own(self, attachment: Attachment, name: str) -> Attachment:
        """Its platform may find it by its `ref`; else it has an address there like any other."""
        if not attachment.file.ref or not isinstance(self._channels[name], Media):
            return attachment
        return replace(attachment, url=await self._addresses.of(name, attachment.file))

    async def _foreign(self, file: File, origin: str, most: int, held: AsyncExitStack) -> Attachment:
        source = self._channels.get(origin)
        if source is None or not isinstance(source, Media):
            raise Refused("the file cannot be fetched from where it was sent")
        spool = await held.enter_async_context(fetched(source, file, most))
        file = replace(file, size_bytes=spool.size_bytes, mime=media_type(file, spool.head()))
        return Attachment(file, spool.content(), await self._addresses.of(origin, file))


def _silenced(busy: Busy, budgets: Sequence[str]) -> str:
    """Which of a message's budgets a silence counts for; the narrowest stands last."""
    return next((one for one in budgets if busy.budget == one.partition(":")[0]), budgets[-1])


async def insist(write: Callable[[], Awaitable[Answer]]) -> Answer:
    """Have it written down what became of a message, however long the store is away: only we know it."""
    while True:
        try:
            return await write()
        except StoreDown:
            await asyncio.sleep(INSIST_EVERY_S)
