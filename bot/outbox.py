"""What goes out: every message leaves from here, in order within its conversation, until it arrived or was given up.

One loop for each queue and channel leases what is due, so a slow platform hurts only itself. A send has three
ends: delivered; certainly not (Busy: tried again later, Refused: a dead letter); perhaps (Uncertain: sent again
where the platform drops repeats, otherwise set aside for a human to decide).
Invariant: the head of a conversation is settled before the next one is sent.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Mapping
from functools import partial

import structlog

from adapters.base import (
    Busy,
    Channel,
    Refused,
    Uncertain,
    Undelivered,
)
from bot.cases import DESK_LANE
from bot.clock import Chance
from bot.delivery import TO_CUSTOMERS, Delivery, parts_of
from bot.handover import Handover
from bot.metrics import Metrics
from bot.pacing import NotYet, insist
from bot.store.store import Store, StoreDown
from bot.store.wire import OutEntry, Taken
from bot.supervise import Crew

log = structlog.get_logger(__name__)

LEASE_S = 5.0
"""Renewed while the sender lives; this long after it died, another process sends what it left."""
LOOK_AGAIN_S = 1.0
"""How often the store is asked, should nobody wake the loop: for what other processes left behind."""
DESK_LANES_AT_ONCE = 4
OLDER_FIRST_S = 0.2
ROUNDED_S = 0.002
"""What a delay loses at most in the store, which counts in whole milliseconds: a silence is not to end before its time.
"""
FIRST_DELAY_S, LONGEST_DELAY_S = 1.0, 1800.0
"""Doubling from one second to half an hour, twenty attempts take some five hours and outlast most repairs."""


class NotOurs(Exception):
    """Another process has the message by now; nothing was sent here."""


class Outbox:
    """Sends what was committed."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        delivery: Delivery,
        handover: Handover,
        chance: Chance,
        metrics: Metrics,
        attempts_at_most: int,
        who: str,
    ) -> None:
        self._store = store
        self._channels = channels
        self._delivery = delivery
        self._handover = handover
        self._chance = chance
        self._metrics = metrics
        self._attempts_at_most = attempts_at_most
        self._who = who
        self._flying: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._wake: dict[tuple[str, str], asyncio.Event] = {}
        self._crew = Crew()
        self._draining = False

    def wake(self, queue: str) -> None:
        """Something was committed in this queue: look at once, not only at the next turn."""
        for (name, _), event in self._wake.items():
            if name == queue:
                event.set()

    async def run(self, queue: str, channel: str) -> None:
        """Send what is due on one channel of one queue, until cancelled. Raises StoreDown."""
        place = (queue, channel)
        wake = self._wake.setdefault(place, asyncio.Event())
        at_once = DESK_LANES_AT_ONCE if channel == DESK_LANE else self._channels[channel].limits.sends_at_once
        while True:
            wake.clear()
            flying = self._flying[place]
            room = at_once - len(flying)
            taken, next_s = await self._take(queue, channel, room)
            for one in taken:
                flying.add(one.entry.lane)
                self._crew.start(f"send {channel}", self._lane(place, one))
            soon_s = LOOK_AGAIN_S if next_s is None or len(taken) == room else max(next_s, 0.01)
            await _either(wake, min(LOOK_AGAIN_S, soon_s))

    async def _take(self, queue: str, channel: str, room: int) -> tuple[list[Taken], float | None]:
        """Lease what is due. Whoever stops meanwhile gives it back: else it would look as if it was being sent."""
        flying = self._flying[queue, channel]
        taking = asyncio.ensure_future(self._store.take(queue, channel, self._who, room, LEASE_S, flying))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            with contextlib.suppress(StoreDown):
                for one in (await taking)[0]:
                    await self._give_back(queue, one)
            raise

    async def _give_back(self, queue: str, taken: Taken) -> None:
        """It was not touched. What somebody before us had begun with is left as it was, until its lease ends."""
        if not taken.lapsed:
            await self._store.settle_later(queue, self._who, taken, 0.0)

    async def drain(self, within_s: float) -> None:
        """Finish what is being sent; nothing new is begun, and what waits behind it is left to others."""
        self._draining = True
        renewing = asyncio.create_task(self._renew())
        await self._crew.finish(within_s)
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)

    async def _renew(self) -> None:
        """Keep the leases of what is still being sent, so that no other process sends it too."""
        while True:
            for (queue, channel), flying in self._flying.items():
                with contextlib.suppress(StoreDown):
                    await self._store.take(queue, channel, self._who, 0, LEASE_S, flying)
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _lane(self, place: tuple[str, str], first: Taken) -> None:
        """Send the messages of one conversation, one after another."""
        taken: Taken | None = first
        try:
            while taken is not None and not self._draining:
                taken = await self._one(place[0], taken)
            if taken is not None:
                await self._give_back(place[0], taken)
        finally:
            self._flying[place].discard(first.entry.lane)
            self._wake[place].set()

    async def _one(self, queue: str, taken: Taken) -> Taken | None:
        """Send one message and settle it; gives the next one of its lane."""
        entry = taken.entry
        if taken.attempt > self._attempts_at_most:
            return await self._give_up(queue, taken, "tried too often")
        if entry.channel == DESK_LANE:
            await self._handover.carry_over(queue, entry.body["case"], entry.body["queue"])
            return await self._delivered(queue, taken)
        limits = self._channels[entry.channel].limits
        if taken.lapsed and not self._may_repeat(entry):
            return await self._give_up(queue, taken, "unconfirmed: the bot stopped while it was being sent")
        if entry.body.get("moved") and await self._older_elsewhere(queue, entry):
            await self._store.settle_later(queue, self._who, taken, OLDER_FIRST_S)
            return None
        worded = await self._delivery.word(queue, entry)
        if worded is None:
            return await self._delivered(queue, taken)
        parts = parts_of(worded, limits)
        if len(parts) > 1:
            return await self._store.split(queue, self._who, taken, parts)
        return await self._send(queue, taken, worded)

    def _may_repeat(self, entry: OutEntry) -> bool:
        """Whether a message that perhaps arrived is sent again. To agents always: twice is better than never."""
        return entry.body["kind"] not in TO_CUSTOMERS or self._channels[entry.channel].limits.resend_is_safe

    async def _older_elsewhere(self, queue: str, entry: OutEntry) -> bool:
        """Whether a queue the case came from has an older message of it still to send: their order is kept.

        Only heads of lanes are compared, so that two queues can never wait for each other.
        """
        case_id, version = _case_and_version(entry.id)
        others = {place[0] for place in self._wake} - {queue}
        heads = map(_case_and_version, await self._store.heads(sorted(others), entry.lane))
        return any(other == case_id and earlier < version for other, earlier in heads)

    async def _send(self, queue: str, taken: Taken, entry: OutEntry) -> Taken | None:
        kind = str(entry.body["kind"])
        try:
            await self._delivery.send(queue, entry, partial(self._begin, queue, taken))
        except NotOurs:
            return None
        except StoreDown:
            # Before anything was sent; whoever is told that it began is told that it did not.
            await insist(lambda: self._store.settle_again(queue, self._who, taken, 0.0))
            return None
        except NotYet as soon:
            delay_s = soon.delay_s
            await insist(lambda: self._store.settle_later(queue, self._who, taken, delay_s))
            return None
        except Refused as error:
            self._metrics.sent(entry.channel, kind, "refused")
            return await self._give_up_whole(queue, taken, str(error))
        except Uncertain as error:
            self._metrics.sent(entry.channel, kind, "uncertain")
            if not self._may_repeat(entry):
                return await self._give_up(queue, taken, f"unconfirmed: {error}")
            await self._again(queue, taken, error, None)
            return None
        except Busy as error:
            self._metrics.sent(entry.channel, kind, "busy")
            await self._again(queue, taken, error, error.retry_after_s)
            return None
        self._metrics.sent(entry.channel, kind, "delivered")
        return await self._delivered(queue, taken)

    async def _begin(self, queue: str, taken: Taken) -> None:
        """It goes out now, once: should this process vanish, the next one knows that it may have arrived. Raises
        NotOurs, StoreDown."""
        if not self._may_repeat(taken.entry) and not await self._store.begin(queue, self._who, taken):
            raise NotOurs

    async def _delivered(self, queue: str, taken: Taken) -> Taken | None:
        return await insist(lambda: self._store.settle_delivered(queue, self._who, taken, LEASE_S))

    async def _again(self, queue: str, taken: Taken, error: Undelivered, told_s: float | None) -> None:
        delay_s = self._chance.backoff(taken.attempt - 1, FIRST_DELAY_S, LONGEST_DELAY_S)
        if told_s is not None:
            delay_s = max(delay_s, told_s + ROUNDED_S)
        log.info(
            "not delivered, trying again",
            channel=taken.entry.channel,
            message=taken.entry.id,
            attempt=taken.attempt,
            delay_s=round(delay_s, 1),
            error=str(error),
        )
        await insist(lambda: self._store.settle_again(queue, self._who, taken, delay_s))

    async def _give_up_whole(self, queue: str, taken: Taken, reason: str) -> Taken | None:
        """With a part that is refused, those that follow it: no end of a text goes out without its beginning."""
        following = await self._give_up(queue, taken, reason)
        if "part" in taken.entry.body:
            while following is not None and _whole(following.entry) == _whole(taken.entry):
                following = await self._give_up(queue, following, reason)
        return following

    async def _give_up(self, queue: str, taken: Taken, reason: str) -> Taken | None:
        log.warning("given up", channel=taken.entry.channel, message=taken.entry.id, reason=reason)
        await insist(lambda: self._delivery.given_up(queue, taken.entry, reason))
        return await insist(lambda: self._store.settle_dead(queue, self._who, taken, reason, LEASE_S))


def _whole(entry: OutEntry) -> str:
    """The id of the message that a part belongs to: see `bot.delivery.parts_of`."""
    return entry.id.rpartition(".")[0]


def _case_and_version(entry_id: str) -> tuple[str, int]:
    """The case and its version that a message's id is made of (`bot.cases.entries`); other ids name no case."""
    case_id, _, rest = entry_id.partition("-")
    version = rest.partition("-")[0]
    return (case_id, int(version)) if version.isdecimal() else ("", 0)


async def _either(wake: asyncio.Event, within_s: float) -> None:
    try:
        async with asyncio.timeout(within_s):
            await wake.wait()
    except TimeoutError:
        pass
