"""Listening to one channel: session after session, in one process at a time where the platform wants that.

A session that ends is followed by another after a pause that grows; a channel that cannot be used as it is configured
is left alone until the next start. Whatever happens to one channel stays there: it is told at `/readyz`, and all
others go on. Not being the reader because another process is, is no trouble.
Invariant: what a session gets as its inbox raises nothing, and returns once an arrival is durable or never can be.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from typing import Any

import structlog

from adapters.base import Arrival, Channel, Down, Profile, Rejected, Unusable
from bot.bookmarks import StoredBookmarks
from bot.clock import Chance, Clock
from bot.config import Config
from bot.inbox import Inbox
from bot.lease import Lease
from bot.metrics import Metrics
from bot.outlets import Outlets
from bot.showing import Showing
from bot.store.store import Store, StoreDown
from bot.supervise import beside, forever, outcome
from bot.troubles import Troubles
from bot.writer import Writer

log = structlog.get_logger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 300.0
CALM_S = 30.0
"""A session that lasted so long is well, and when it ends the next one follows soon."""
STORE_AGAIN_S = 0.5
FIRST_TRY_S, LONGEST_TRY_S = 0.2, 5.0
TRIES = 5
"""So often an arrival is tried that stumbles over a fault of ours, before it is dropped: it must not stop the rest."""
RESTORED_WITHIN_S = 5.0
LISTENING, REPORT = "listening", "report"
"""What the troubles of a channel are about: the session, and what the adapter itself tells."""


class Listening:
    """One channel of one process. `lease` is None where every process may listen and nothing is shown, `outlets` None
    where its profile shows nothing."""

    def __init__(
        self,
        name: str,
        channel: Channel,
        receive: Callable[[Arrival], Coroutine[Any, Any, None]],
        bookmarks: StoredBookmarks,
        troubles: Troubles,
        clock: Clock,
        chance: Chance,
        lease: Lease | None = None,
        outlets: Outlets | None = None,
    ) -> None:
        self._name = name
        self._channel = channel
        self._take_in = receive
        self._bookmarks = bookmarks
        self._troubles = troubles
        self._clock = clock
        self._chance = chance
        self._lease = lease
        self._outlets = outlets

    async def run(self) -> None:
        """Listen whenever this process may, until cancelled."""
        async with contextlib.AsyncExitStack() as stack:
            await self._have_done(stack, "bookmarks", self._bookmarks.run)
            if self._outlets is not None:
                await self._have_done(stack, "outlets without store", self._outlets.without_store)
            if self._lease is None:
                await self._sessions()
            elif self._channel.limits.one_reader:
                await self._lease.while_mine(self._as_reader)
            else:
                await self._have_done(stack, "profile", partial(self._lease.while_mine, self._shown))
                await self._sessions()
        await asyncio.Event().wait()

    async def _have_done(
        self, stack: contextlib.AsyncExitStack, what: str, loop: Callable[[], Awaitable[None]]
    ) -> None:
        await stack.enter_async_context(beside(forever(f"{what} {self._name}", loop, self._chance)))

    async def close(self) -> None:
        """Once `run` is cancelled: nothing marked is lost, and unless another process takes over, the profile shows
        again what stood there before us."""
        with contextlib.suppress(StoreDown):
            await self._bookmarks.write()
        if self._lease is None or self._outlets is None or not self._lease.held_last or not self._outlets.owe:
            return
        await self._clock.pause(self._lease.take_over_s)
        if not await self._lease.take():
            return
        with contextlib.suppress(StoreDown, TimeoutError):
            async with asyncio.timeout(RESTORED_WITHIN_S):
                await self._outlets.restore()
        await self._lease.let_go()

    def report(self, trouble: str) -> None:
        """The adapter tells what is wrong just now; "" when all is well again, as at a session's start."""
        self._troubles.tell(self._name, REPORT, trouble)
        if not trouble:
            self._well()
            if self._outlets is not None:
                self._outlets.session_began()

    # --- what the reader does ------------------------------------------------------------------------------

    async def _as_reader(self) -> None:
        try:
            async with beside(self._shown()):
                await self._sessions()
        except asyncio.CancelledError:
            # Another process listens now, or this one stops: what was wrong is not our trouble any more.
            self._troubles.forget(self._name)
            raise

    async def _shown(self) -> None:
        if self._outlets is not None:
            await forever(f"outlets {self._name}", self._outlets.run, self._chance)

    # --- sessions ------------------------------------------------------------------------------------------

    async def _sessions(self) -> None:
        """One after another; returns when the channel proves unusable."""
        failures = 0
        while True:
            began_at = self._clock.monotonic()
            error = await self._session()
            if isinstance(error, Unusable):
                self._troubles.tell(self._name, LISTENING, str(error), final=True)
                return
            self._troubles.tell(self._name, LISTENING, self._told(error))
            failures = 1 if self._clock.monotonic() - began_at >= CALM_S else failures + 1
            pause_s = self._chance.backoff(failures - 1, FIRST_PAUSE_S, LONGEST_PAUSE_S)
            log.info("listening again", channel=self._name, after_s=round(pause_s, 1))
            await self._clock.pause(pause_s)

    async def _session(self) -> BaseException | None:
        """One session; gives what it ended with. It is taken for well once it has lasted for a while."""
        calm = asyncio.get_running_loop().call_later(CALM_S, self._well)
        try:
            return await outcome(self._channel.listen(self._receive))
        finally:
            calm.cancel()

    def _told(self, error: BaseException | None) -> str:
        match error:
            case None:
                return "the session ended"
            case Down():
                return str(error)
            case _:
                log.error("session failed", channel=self._name, error=type(error).__name__, exc_info=error)
                return f"the session failed ({type(error).__name__})"

    def _well(self) -> None:
        self._troubles.tell(self._name, LISTENING, "")

    # --- the inbox of a session ----------------------------------------------------------------------------

    async def _receive(self, arrival: Arrival) -> None:
        """Returns once the arrival is durable, however long that takes, or it is certain that it cannot be."""
        self._well()
        tries = 0
        while True:
            match await outcome(self._take_in(arrival)):
                case None:
                    return
                case StoreDown():
                    await self._clock.pause(STORE_AGAIN_S)
                case Rejected() as error:
                    kind = type(arrival).__name__
                    log.warning("arrival dropped", channel=self._name, kind=kind, reason=str(error))
                    return
                case error:
                    tries += 1
                    if self._dropped(arrival, error, tries):
                        return
                    await self._clock.pause(self._chance.backoff(tries - 1, FIRST_TRY_S, LONGEST_TRY_S))

    def _dropped(self, arrival: Arrival, error: BaseException, tries: int) -> bool:
        """Whether it is given up with an arrival that we cannot take in for a fault of ours."""
        given_up = tries >= TRIES
        log.error(
            "arrival dropped" if given_up else "arrival failed, trying again",
            channel=self._name,
            kind=type(arrival).__name__,
            error=type(error).__name__,
            exc_info=error,
        )
        return given_up


def listening_to(
    config: Config,
    store: Store,
    inbox: Inbox,
    bookmarks: Mapping[str, StoredBookmarks],
    showing: Showing,
    troubles: Troubles,
    clock: Clock,
    chance: Chance,
    metrics: Metrics,
    who: str,
    name: str,
    channel: Channel,
) -> Listening:
    """What hears one channel and shows the wait in its profile; under a lease where only one process may do so."""
    queue = config.channels[name].queue
    lease = Lease(store.channels, queue, name, who, clock)
    outlets = None
    if isinstance(channel, Profile) and channel.outlets:
        writer = Writer(name, channel, queue, store.channels, lease, clock, troubles, metrics)
        outlets = Outlets(name, queue, store.channels, showing, lease, clock, writer)
    needed = outlets is not None or channel.limits.one_reader
    receive = partial(inbox.receive, name)
    return Listening(
        name, channel, receive, bookmarks[name], troubles, clock, chance, lease if needed else None, outlets
    )
