"""How a case gets from one queue to another.

The queues' keys live in different slots of a cluster, so no single step can move a case. It leaves its queue
first, behind a pointer, and is carried over by whoever needs it next: the outbox or the customer's next message.
Invariant: the case is whole in one of the two queues at any moment, and carrying it over twice does nothing.
"""

from __future__ import annotations

from bot.case import Case, CaseState, changed
from bot.cases import DESK_LANE, Cases, Moved
from bot.clock import Clock
from bot.events import Adopted
from bot.store import keys
from bot.store.store import Store, StoreDown
from bot.store.wire import seen_digest

HOPS = 8
"""So many handovers of one conversation are followed; more than that is a circle."""


class Handover:
    """Follows and completes transfers."""

    def __init__(self, store: Store, cases: Cases, clock: Clock, *, several: bool, keep_rooms_s: int) -> None:
        self._store = store
        self._cases = cases
        self._clock = clock
        self._several = several
        self._keep_rooms_s = keep_rooms_s

    async def start(self, home: str, lane: str) -> str:
        """The queue where a conversation's cases begin: the one its customer chose, or the channel's own."""
        return (self._several and await self._store.chosen_queue(home, lane)) or home

    async def find(self, queue: str, lane: str) -> tuple[str, Case | None]:
        """The queue a conversation's open case stands in now, and the case. Raises StoreDown."""
        start = queue
        for _ in range(HOPS):
            pointer = await self._store.pointer(queue, lane)
            if pointer is None:
                case = await self._store.open_case(queue, lane)
                # A case that ended elsewhere is over: a new one begins where the customer writes.
                return (queue, case) if case is not None else (start, None)
            queue = await self.follow(queue, pointer)
        return start, None

    async def follow(self, queue: str, pointer: str) -> str:
        """Where a pointer leads; the case is there when this returns. Raises StoreDown."""
        target, _, case_id = pointer[1:].partition(" ")
        await self.carry_over(queue, case_id, target)
        return target

    async def carry_over(self, queue: str, case_id: str, target: str) -> None:
        """Bring a case that left `queue` into `target`, unless that was done before. Raises StoreDown."""
        source = await self._store.case(queue, case_id)
        if source is None or source.state is not CaseState.MOVING:
            return
        lane = keys.lane(source.channel, source.conversation_id)
        carried = await self._store.transcript(queue, case_id)
        for channel, room in (await self._store.rooms.rooms(queue, case_id)).items():
            await self._store.rooms.set_room(target, case_id, channel, room, self._keep_rooms_s)
        result = await self._cases.apply(
            target,
            await self._store.open_case(target, lane),
            Adopted(self._clock.now(), changed(source, queue=target)),
            channel=source.channel,
            # Every handover is said in the case, so its length tells this one from those before.
            seen=seen_digest(DESK_LANE, f"{queue}/{case_id}/{len(carried)}"),
            past=await self._store.pointer(target, lane),
            carried=carried,
        )
        if isinstance(result, Moved):
            raise StoreDown("the conversation is being handed over")
        await self._store.forget(queue, case_id)
