"""The outlets of one channel: the brand's profile shows the published wait, and in the end what the operator had there.

Only the process that holds the channel's lease changes anything, one outlet at a time, as `bot.outlet` decides. What
is known is written down before and after every change, so that a crash leaves nobody in doubt.
Invariant: a platform that asks for patience gets it, and what it refuses is not tried again as it is.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import structlog

from adapters.base import Busy, Outlet, Profile, Refused, Uncertain
from bot.clock import Clock
from bot.lease import Lease
from bot.outlet import READ_EVERY_S, Known, Wanted
from bot.painter import CannotDraw
from bot.showing import Showing
from bot.store.channels import ChannelStore
from bot.troubles import Troubles

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
FIRST_FIGURE_S = 15.0
"""So long a new reader waits for a figure, before it shows that there is none."""
CALL_WITHIN_S = 60.0


class Outlets:
    """What one channel's profile shows of its queue."""

    def __init__(
        self,
        name: str,
        profile: Profile,
        queue: str,
        store: ChannelStore,
        showing: Showing,
        lease: Lease,
        clock: Clock,
        troubles: Troubles,
    ) -> None:
        self._name = name
        self._profile = profile
        self._queue = queue
        self._store = store
        self._showing = showing
        self._lease = lease
        self._clock = clock
        self._troubles = troubles
        self._known = {outlet.name: Known() for outlet in profile.outlets}
        self._taken_down: set[str] = set()

    def session_began(self) -> None:
        """What a session shows must be shown anew in the next."""
        for outlet in self._profile.outlets:
            if outlet.in_session:
                self._known[outlet.name] = replace(self._known[outlet.name], standing="", not_before=0.0)

    # --- as the reader -------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep every outlet up to date, until cancelled. Raises StoreDown."""
        await self._load()
        patient, patient_until = True, self._clock.monotonic() + FIRST_FIGURE_S
        async with self._showing.board.watching() as changed:
            while True:
                changed.clear()
                nothing_yet = self._showing.stale(self._queue) and self._clock.monotonic() < patient_until
                patient = patient and nothing_yet
                if not patient:
                    for outlet in self._profile.outlets:
                        await self._look_after(outlet)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await changed.wait()

    async def _load(self) -> None:
        """Take up what is written down. What was taken down without the store is not what it says."""
        written = await self._store.outlets(self._queue, self._name)
        for name, before in self._known.items():
            known = Known.from_store(written[name]) if name in written else Known()
            if name in self._taken_down:
                known = replace(known, standing="")
            self._known[name] = replace(
                known,
                tried_at=max(known.tried_at, before.tried_at),
                not_before=max(known.not_before, before.not_before),
                refused=before.refused,
                refused_at=before.refused_at,
                refusals=before.refusals,
            )
        self._taken_down.clear()
        self.session_began()

    async def _look_after(self, outlet: Outlet) -> None:
        wanted = self._showing.wanted(self._queue, outlet)
        match self._known[outlet.name].next_step(outlet, wanted.key, self._clock.real()):
            case "read":
                await self._read(outlet, wanted)
            case "show":
                await self._show(outlet, wanted)

    async def _read(self, outlet: Outlet, wanted: Wanted) -> None:
        async with self._trying(outlet, wanted):
            before = self._known[outlet.name]
            # Should it fail in a way that nobody expects, it is not tried again at once.
            self._known[outlet.name] = before.after_busy(outlet, None, self._clock.real())
            read = await self._profile.read_outlet(outlet.name)
            after = before.after_read(read, wanted, self._clock.real())
            if before.kept and after.own != before.own:
                log.info("the operator changed the profile, kept", channel=self._name, outlet=outlet.name)
            await self._note(outlet, after)

    async def _show(self, outlet: Outlet, wanted: Wanted) -> None:
        async with self._trying(outlet, wanted):
            shown = await self._showing.shown(wanted)
            before = self._known[outlet.name]
            await self._note(outlet, before.before_show(wanted, self._clock.real()))
            await self._profile.show_outlet(outlet.name, shown)
            await self._note(outlet, self._known[outlet.name].after_show(wanted))
            log.info("the profile was changed", channel=self._name, outlet=outlet.name)

    @contextlib.asynccontextmanager
    async def _trying(self, outlet: Outlet, wanted: Wanted) -> AsyncIterator[None]:
        """One call to the platform: what it says of it is noted, and raised no further."""
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                yield
        except (Refused, CannotDraw) as error:
            log.warning("outlet refused", channel=self._name, outlet=outlet.name, reason=str(error))
            known = self._known[outlet.name].after_refused(wanted.key, self._clock.real())
            self._known[outlet.name] = known
            if known.off:
                text = f"{outlet.name} was refused too often to be changed any more: {error}"
                self._troubles.tell(self._name, outlet.name, text)
        except Busy as busy:
            log.info("outlet busy", channel=self._name, outlet=outlet.name, retry_after_s=busy.retry_after_s)
            known = self._known[outlet.name]
            await self._note(outlet, known.after_busy(outlet, busy.retry_after_s, self._clock.real()))
        except (Uncertain, TimeoutError) as error:
            # It is looked at again, and shown again if it has to be, when the next change is due.
            log.info("outlet uncertain", channel=self._name, outlet=outlet.name, error=str(error))
            known = self._known[outlet.name]
            await self._note(outlet, known.after_busy(outlet, None, self._clock.real()))

    async def _note(self, outlet: Outlet, known: Known) -> None:
        """Remember it, in the store too where another process must know. Raises StoreDown."""
        changed = known.to_store() != self._known[outlet.name].to_store()
        self._known[outlet.name] = known
        if changed and not outlet.in_session and self._lease.mine:
            await self._store.set_outlet(self._queue, self._name, outlet.name, known.to_store())

    # --- when the store is away ----------------------------------------------------------------------------

    async def without_store(self) -> None:
        """Without a store nobody reads this channel and the figure grows old: whoever showed it last takes it down,
        until cancelled."""
        while True:
            await self._clock.pause(LOOK_EVERY_S)
            for outlet in self._profile.outlets:
                if self._lease.orphaned and self._showing.stale(self._queue) and not outlet.in_session:
                    await self._take_down(outlet)

    async def _take_down(self, outlet: Outlet) -> None:
        """Show that nothing is known, unless somebody else has changed what we showed."""
        known, wanted = self._known[outlet.name], self._showing.wanted(self._queue, outlet)
        if not known.shown or known.next_step(outlet, wanted.key, self._clock.real()) == "rest":
            return
        if outlet.format or await self._still_ours(outlet, wanted):
            self._taken_down.add(outlet.name)
            await self._show(outlet, wanted)

    async def _still_ours(self, outlet: Outlet, wanted: Wanted) -> bool:
        async with self._trying(outlet, wanted):
            read = await self._profile.read_outlet(outlet.name)
            known = self._known[outlet.name]
            if known.holds_only_ours(read):
                return True
            # Another process reaches the store, or the operator was here: it is none of our business.
            self._known[outlet.name] = replace(known, standing=wanted.key)
        return False

    # --- the end -------------------------------------------------------------------------------------------

    @property
    def owe(self) -> bool:
        """Whether something of ours may stand where something of the operator's did."""
        return any(known.kept and known.shown for known in self._known.values())

    async def restore(self) -> None:
        """Give back what the operator had there; what cannot be given back now is left to the next start. Raises
        StoreDown."""
        for outlet in self._profile.outlets:
            known, now = self._known[outlet.name], self._clock.real()
            if outlet.in_session or not (known.kept and known.shown) or now < known.not_before:
                continue
            wanted = self._showing.wanted(self._queue, outlet)
            if not outlet.format and now >= known.looked_at + READ_EVERY_S:
                await self._read(outlet, wanted)
            async with self._trying(outlet, wanted):
                owed = self._known[outlet.name].owed(wanted.texts)
                await self._profile.show_outlet(outlet.name, owed)
                await self._note(outlet, self._known[outlet.name].restored(self._clock.real()))
                log.info("the profile shows again what it did before", channel=self._name, outlet=outlet.name)
