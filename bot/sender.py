"""One attempt to send one message: at the platform's pace, with the files it carries.

It knows neither cases nor the outbox: whoever calls decides what an error means.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from types import MappingProxyType

from adapters.base import (
    Attachment,
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
from bot.pacing import UNLIMITED, Pacing, unasked
from bot.spool import fetched, media_type
from bot.store.store import Store


class Sender:
    """Speaks to the channels. `homes` gives the queue of each channel, beside which its budgets are kept; `addresses`
    are where platforms can fetch what they do not take as it is. `budgets` are the operator's, by channel and name, as
    at most so many within so many seconds; they take the place of the adapter's. Where an adapter states none,
    a silence that its platform asks for is kept for the whole channel."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        homes: Mapping[str, str],
        addresses: Addresses,
        clock: Clock,
        budgets: Mapping[str, Mapping[str, tuple[int, float]]] = MappingProxyType({}),
    ) -> None:
        self._channels = channels
        self._addresses = addresses
        self._budgets = budgets
        self._pacing = Pacing(store, homes, clock)
        self._paced = {name: channel for name, channel in channels.items() if isinstance(channel, Paced)}

    async def send(
        self, name: str, outgoing: Outgoing, origin: str = "", begin: Callable[[], Awaitable[None]] = unasked
    ) -> str:
        """Send now, give the platform's id. `origin` is the channel that the files come from; `begin` is awaited when
        all is ready and it is the message's turn. Raises NotYet, Refused, Gone, Busy, Uncertain, or StoreDown and what
        `begin` raises: then nothing was sent."""
        channel = self._channels[name]
        async with AsyncExitStack() as held:
            if isinstance(outgoing, MessageOut | Post) and outgoing.attachments:
                outgoing = await self._with_files(name, channel, outgoing, origin or name, held)
            return await self._sent(name, channel, outgoing, begin)

    async def _sent(
        self, name: str, channel: Channel, outgoing: Outgoing, begin: Callable[[], Awaitable[None]]
    ) -> str:
        paces = self._paces(name, outgoing)
        if not paces and isinstance(outgoing, RoomOut):
            # Platforms limit single changes of rooms: customers need not wait for those.
            return await channel.send(outgoing)
        async with self._pacing.turn(name, outgoing.key, paces or [UNLIMITED], begin):
            return await channel.send(outgoing)

    def _paces(self, name: str, outgoing: Outgoing) -> list[Pace]:
        """The budgets a message draws on. A budget of one place, such as `chat:7`, is known by its first part."""
        if name not in self._paced:
            return []
        paces = []
        for pace in self._paced[name].paces(outgoing):
            stated = self._budgets.get(name, {}).get(pace.name.partition(":")[0])
            paces.append(pace if stated is None else replace(pace, most=stated[0], per_s=stated[1]))
        return paces

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
