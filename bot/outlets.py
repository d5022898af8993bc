"""The outlets of one channel: the brand's profile shows the published wait, and in the end what the operator had there.

Only the process that holds the channel's lease changes anything, one outlet at a time, as `bot.outlet` decides. A
figure that is stale is nobody's news: the operator's own comes back, as soon as the platform takes it.
Invariant: as long as the profile is left to the operator, nothing of ours is put there.
"""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from adapters.base import Outlet
from bot.clock import Clock
from bot.lease import Lease
from bot.outlet import NOTHING, Wanted, key_of
from bot.showing import Showing
from bot.store.channels import ChannelStore
from bot.writer import Writer

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
FIRST_FIGURE_S = 15.0
"""So long a new reader waits for a figure, before it knows that there is none."""
TRY_AGAIN_S = (0.2, 0.5, 1.0, 0.0)
"""Pauses between tries to give back, at a stop."""
BARE = Wanted(key_of("bare"), {"": ""}, rank=NOTHING, label="nothing")
"""What an outlet shows that lasts as long as a session, while the profile is left to the operator."""


class Outlets:
    """What one channel's profile shows of its queue."""

    def __init__(
        self,
        name: str,
        queue: str,
        store: ChannelStore,
        showing: Showing,
        lease: Lease,
        clock: Clock,
        writer: Writer,
    ) -> None:
        self._name = name
        self._queue = queue
        self._store = store
        self._showing = showing
        self._lease = lease
        self._clock = clock
        self._writer = writer
        self._left = False

    def session_began(self) -> None:
        """What a session shows must be shown anew in the next."""
        self._writer.new_session()

    # --- as the reader -------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep every outlet up to date, until cancelled. Raises StoreDown."""
        await self.begin()
        patient, patient_until = True, self._clock.monotonic() + FIRST_FIGURE_S
        async with self._showing.board.watching() as changed:
            while True:
                changed.clear()
                nothing_yet = self._showing.stale(self._queue) and self._clock.monotonic() < patient_until
                patient = patient and nothing_yet
                if not patient:
                    await self.round()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await changed.wait()

    async def begin(self) -> None:
        """Take up what other processes left. Raises StoreDown."""
        await self._writer.load()
        self.session_began()

    async def round(self) -> None:
        """Look after every outlet once. Raises StoreDown."""
        left = await self._store.outlets_left(self._queue, self._name) is not None
        if left is not self._left:
            whose = "the operator's" if left else "ours again"
            log.info("whose the profile is has changed", channel=self._name, whose=whose)
        self._left = left
        for outlet in self._writer.outlets:
            if outlet.in_session or not (self._left or self._showing.stale(self._queue)):
                await self._look_after(outlet)
            else:
                await self._take_down(outlet)

    async def _look_after(self, outlet: Outlet) -> None:
        wanted = BARE if self._left else self._showing.wanted(self._queue, outlet)
        match self._writer.known[outlet.name].next_step(outlet, wanted, self._clock.real()):
            case "read":
                await self._writer.look(outlet, wanted)
            case "show":
                await self._writer.show(outlet, wanted, self._showing.shown)

    async def _take_down(self, outlet: Outlet) -> None:
        """The operator's own comes back, whatever the pace is: no figure is better than a wrong one."""
        known = self._writer.known[outlet.name]
        if known.owes and self._clock.real() >= known.patience.not_before:
            await self._writer.give_back(outlet)

    # --- when the store is away ----------------------------------------------------------------------------

    async def without_store(self) -> None:
        """Without a store nobody reads this channel and the figure grows old: whoever showed it last takes it down,
        until cancelled."""
        while True:
            await self._clock.pause(LOOK_EVERY_S)
            for outlet in self._writer.outlets:
                if self._lease.orphaned and self._showing.stale(self._queue) and not outlet.in_session:
                    await self._take_down_orphaned(outlet)

    async def _take_down_orphaned(self, outlet: Outlet) -> None:
        """The same, unless somebody else has changed what we showed: another process may reach the store."""
        known = self._writer.known[outlet.name]
        if not known.owes or self._clock.real() < known.patience.not_before:
            return
        if outlet.format or await self._writer.still_ours(outlet):
            await self._writer.give_back(outlet)

    # --- the end -------------------------------------------------------------------------------------------

    @property
    def owe(self) -> bool:
        """Whether something of ours may stand where something of the operator's did."""
        return self._writer.owes

    async def restore(self) -> None:
        """Give back what the operator had there, at once; what cannot be given back now is left to the next start.
        Raises StoreDown."""
        for pause_s in TRY_AGAIN_S:
            await self._writer.give_all_back()
            if not self._writer.owes:
                return
            await self._clock.pause(pause_s)
