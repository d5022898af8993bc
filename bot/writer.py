"""Reads and writes the outlets of one channel: one call to the platform at a time, each with its end on record.

What is known is written down before and after every change, so that a crash leaves nobody in doubt whose words stand
there. When to write what is decided elsewhere (`bot.outlet`, `bot.outlets`).
Invariant: a platform that asks for patience gets it, from the next process too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Literal

import structlog

from adapters.base import Busy, Outlet, Profile, Refused, Shown, Uncertain
from bot.clock import Clock
from bot.lease import Lease
from bot.metrics import Metrics
from bot.outlet import READ_EVERY_S, Known, Wanted
from bot.painter import CannotDraw
from bot.store.channels import ChannelStore, Written
from bot.troubles import Troubles

log = structlog.get_logger(__name__)

CALL_WITHIN_S = 60.0
OWN = "the operator's own"

Result = Literal["ok", "busy", "refused", "uncertain"]


@dataclass(frozen=True, slots=True)
class End:
    """How a call ended."""

    result: Result = "ok"
    reason: str = ""
    retry_after_s: float | None = None
    read: Shown = None


class Writer:
    """The outlets of one channel's profile, by name, and what is known of each."""

    def __init__(
        self,
        name: str,
        profile: Profile,
        queue: str,
        store: ChannelStore,
        lease: Lease,
        clock: Clock,
        troubles: Troubles,
        metrics: Metrics,
    ) -> None:
        self._name = name
        self._profile = profile
        self._queue = queue
        self._store = store
        self._lease = lease
        self._clock = clock
        self._troubles = troubles
        self._metrics = metrics
        self.outlets = tuple(profile.outlets)
        self.known = {outlet.name: Known() for outlet in self.outlets}
        self._unwritten: set[str] = set()

    async def load(self) -> None:
        """Take up what is written down. Where more happened since than could be, it is uncertain what stands there.
        Raises StoreDown."""
        written = await self._store.outlets(self._queue, self._name)
        for name, before in self.known.items():
            known = Known.from_store(written[name]) if name in written else Known(patience=before.patience)
            if name in self._unwritten:
                known = replace(known, certain=False, patience=before.patience)
            self.known[name] = replace(
                known, refused=before.refused, refused_at=before.refused_at, refusals=before.refusals
            )
        self._unwritten.clear()

    def new_session(self) -> None:
        """What a session shows must be shown anew in the next."""
        for outlet in self.outlets:
            if outlet.in_session:
                self.known[outlet.name] = self.known[outlet.name].after_new_session()

    # --- looking -------------------------------------------------------------------------------------------

    async def look(self, outlet: Outlet, wanted: Wanted) -> None:
        """Read what stands there: what is not ours is the operator's. Raises StoreDown."""
        before = self.known[outlet.name]
        # Should it fail in a way that nobody expects, it is not tried again at once.
        self.known[outlet.name] = before.after_busy(outlet, None, self._now)
        end = await self._ended(lambda: self._profile.read_outlet(outlet.name))
        if end.result == "ok":
            after = before.after_read(end.read, wanted, self._now)
            if before.kept and after.own != before.own:
                log.info("the operator changed the profile, kept", channel=self._name, outlet=outlet.name)
            await self._note(outlet, after)
        elif end.result == "refused":
            self._refused(outlet, before.after_refused(wanted.key, self._now), end)
        else:
            log.info("outlet busy", channel=self._name, outlet=outlet.name, reason=end.reason)
            await self._note(outlet, before.after_busy(outlet, end.retry_after_s, self._now, a_look=True))

    async def still_ours(self, outlet: Outlet) -> bool:
        """Whether what stands there is only ours; else it is none of this process's business any more."""
        end = await self._ended(lambda: self._profile.read_outlet(outlet.name))
        known = self.known[outlet.name]
        if end.result != "ok":
            self.known[outlet.name] = known.after_busy(outlet, end.retry_after_s, self._now, a_look=True)
            return False
        if known.holds_only_ours(end.read):
            return True
        self.known[outlet.name] = replace(known, shown=False)
        self._unwritten.add(outlet.name)
        return False

    # --- writing -------------------------------------------------------------------------------------------

    async def show(self, outlet: Outlet, wanted: Wanted, drawn: Callable[[Wanted], Awaitable[Shown]]) -> None:
        """Put there what is wanted. Raises StoreDown."""
        before = self.known[outlet.name]
        try:
            shown = await drawn(wanted)
        except CannotDraw as error:
            self._refused(outlet, before.after_refused(wanted.key, self._now), End("refused", str(error)))
            return
        tried = before.before_show(wanted, self._now)
        await self._note(outlet, tried)
        end = await self._put(outlet, shown, wanted.key, wanted.label)
        match end.result:
            case "ok":
                await self._note(outlet, tried.after_show(wanted))
            case "busy":
                known = tried.after_not_shown(outlet, before)
                await self._note(outlet, known.after_busy(outlet, end.retry_after_s, self._now))
            case "refused":
                known = tried.after_not_shown(outlet, before)
                await self._note(outlet, known.after_refused(wanted.key, self._now))
                self._refused(outlet, self.known[outlet.name], end)
            case "uncertain":
                # It is looked at again, and shown again if it has to be, when the next change is due.
                await self._note(outlet, tried.after_busy(outlet, None, self._now))

    async def give_back(self, outlet: Outlet) -> None:
        """Put there what the operator had, and what they wrote meanwhile. Raises StoreDown."""
        known = self.known[outlet.name]
        if not outlet.format and self._now >= known.looked_at + READ_EVERY_S:
            await self.look(outlet, Wanted(""))
        before = self.known[outlet.name]
        if self._now < before.patience.told_until:
            return
        tried = replace(before, certain=False, seen_at=self._now, patience=before.patience.trying(self._now))
        await self._note(outlet, tried)
        end = await self._put(outlet, before.own, "", OWN)
        if end.result == "ok":
            await self._note(outlet, tried.restored(self._now))
            return
        known = tried if end.result == "uncertain" else tried.after_not_shown(outlet, before)
        await self._note(outlet, known.after_busy(outlet, end.retry_after_s, self._now))

    async def give_all_back(self) -> None:
        """Give back whatever is owed; what cannot be given back now is left to the next who tries. Raises StoreDown."""
        for outlet in self.outlets:
            known = self.known[outlet.name]
            if known.owes and self._now >= known.patience.told_until:
                await self.give_back(outlet)

    @property
    def owes(self) -> bool:
        """Whether something of ours may stand where something of the operator's did."""
        return any(known.owes for known in self.known.values())

    # --- parts ---------------------------------------------------------------------------------------------

    @property
    def _now(self) -> float:
        return self._clock.real()

    async def _put(self, outlet: Outlet, shown: Shown, key: str, label: str) -> End:
        """One change, with its record. Raises StoreDown."""
        end = await self._ended(lambda: self._profile.show_outlet(outlet.name, shown))
        log.info("outlet written", channel=self._name, outlet=outlet.name, result=end.result, why=end.reason)
        self._metrics.outlet_written(self._name, outlet.name, end.result)
        if self._lease.mine:
            written = Written(self._now, outlet.name, label, key, end.result, end.reason, end.retry_after_s)
            await self._store.note_write(self._queue, self._name, written)
        return end

    async def _ended(self, call: Callable[[], Awaitable[Shown | None]]) -> End:
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                return End(read=await call())
        except Refused as error:
            return End("refused", str(error))
        except Busy as busy:
            return End("busy", str(busy), busy.retry_after_s)
        except (Uncertain, TimeoutError) as error:
            return End("uncertain", str(error) or type(error).__name__)

    def _refused(self, outlet: Outlet, known: Known, end: End) -> None:
        """It is told once it is given up; whoever starts next tries anew."""
        self.known[outlet.name] = known
        log.warning("outlet refused", channel=self._name, outlet=outlet.name, reason=end.reason)
        if known.off:
            text = f"{outlet.name} was refused too often to be changed any more: {end.reason}"
            self._troubles.tell(self._name, outlet.name, text)

    async def _note(self, outlet: Outlet, known: Known) -> None:
        """Remember it, in the store too where another process must know. Raises StoreDown."""
        changed = known.to_store() != self.known[outlet.name].to_store()
        self.known[outlet.name] = known
        if not changed or outlet.in_session:
            return
        if self._lease.mine:
            await self._store.set_outlet(self._queue, self._name, outlet.name, known.to_store())
        else:
            self._unwritten.add(outlet.name)
