"""The store: the only speaker of Redis. It keeps what the bot remembers and takes every step atomically.

It knows keys and commits, never what they mean: decisions are made in `bot.rules` and handed over whole.
Every write may be repeated without harm. What cannot be written now raises `StoreDown`, and nothing is half done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import astuple
from typing import Any

import msgspec

from bot.case import Case, decode
from bot.clock import Clock
from bot.incident import Incident
from bot.published import HistoryPoint, Published
from bot.store import keys
from bot.store.batch import Batcher
from bot.store.channels import ChannelStore
from bot.store.connection import Connection, StoreDown, check_safe, reaching, server_time
from bot.store.desk import DeskStore
from bot.store.library import Library
from bot.store.mail import MailStore
from bot.store.rooms import RoomStore
from bot.store.seal import SealStore
from bot.store.wire import (
    DONE,
    SEEN,
    Commit,
    Line,
    Outcome,
    OutEntry,
    Taken,
    by_lane,
    day_name,
    dump,
    pack,
    read_event,
    read_incident,
    read_stale,
    wire,
)
from status.model import Observation

__all__ = ["Store", "StoreDown"]

SEEN_PERIOD_S = 4 * 86400
"""Ids of messages are remembered for this period and the two before it: 8 to 12 days. Meta redelivers for 7
(https://developers.facebook.com/docs/whatsapp/cloud-api/guides/set-up-webhooks)."""

EVENTS_KEPT = 250_000
"""Six weeks of a desk that gets 1,500 cases a day, each with four events; some 20 MB."""

CHOSEN_TTL_S = 365 * 86400
COMMIT_WITHIN_S = 1.5
"""A store that takes longer is down, for whoever waits for an answer to a request."""


class Store:
    """All that is remembered. Give it a connection and the clock it shall keep in step."""

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        day_ttl_s: int = 40 * 86400,
        events_kept: int = EVENTS_KEPT,
    ) -> None:
        self._connection = connection
        self._library = library = Library(connection)
        self._client = library.client
        self._call, self._read = library.call, library.read
        self.rooms = RoomStore(library)
        self.channels = ChannelStore(library)
        self.seal = SealStore(library)
        self.mail = MailStore(library)
        self.desk = DeskStore(library)
        self._clock = clock
        self._day_ttl_s = day_ttl_s
        self._events_kept = events_kept
        self._batchers: dict[str, Batcher[bytes, Any]] = {}
        self.on_outgoing: Callable[[str], None] = lambda queue: None
        """Called with the queue after something to send was written."""

    # --- lifetime ------------------------------------------------------------------------------------------

    async def open(self, allow_unsafe: Collection[str] = ()) -> None:
        """Check that the store is safe, load the functions, follow its clock. Raises StoreDown or UnsafeStore."""
        async with reaching():
            await check_safe(self._connection, allow_unsafe)
            await self._library.load()
        await self.follow_clock()

    async def follow_clock(self) -> None:
        """Set the desk's clock by the store's."""
        async with reaching():
            self._clock.follow(await server_time(self._connection))

    async def probe(self, queue: str) -> None:
        """Raises StoreDown unless the store would take a write to this queue now."""
        await self._call(queue, "probe")

    # --- the one atomic step -------------------------------------------------------------------------------

    async def commit(self, queue: str, commit: Commit) -> Outcome:
        """Write one decision. Commits of a queue made at the same time travel together. Raises StoreDown."""
        batcher = self._batchers.get(queue)
        if batcher is None:
            batcher = self._batchers[queue] = Batcher(lambda batch: self._commit_all(queue, batch))
        answer = await batcher.submit(pack(wire(commit)))
        if answer == 1:
            if commit.out:
                self.on_outgoing(queue)
            return DONE
        if answer == 0:
            return SEEN
        return read_stale(queue, answer)

    def _periods(self) -> list[int]:
        period = int(self._clock.real()) // SEEN_PERIOD_S
        return [period, period - 1, period - 2]

    async def _commit_all(self, queue: str, batch: Sequence[bytes]) -> Sequence[Any]:
        try:
            async with asyncio.timeout(COMMIT_WITHIN_S):
                answer: Sequence[Any] = await self._call(queue, "commit", self._commit_head(), *batch)
        except TimeoutError:
            raise StoreDown("no answer in time") from None
        return answer

    def _commit_head(self) -> bytes:
        """What all commits of this moment share: periods of message ids, the day of the counters, the desk's time."""
        return pack(
            {
                "periods": self._periods(),
                "day": day_name(self._clock.now()),
                "day_ttl_s": self._day_ttl_s,
                "events_kept": self._events_kept,
                "now": round(self._clock.now() * 1000),
            }
        )

    async def seen(self, queue: str, digest: str) -> bool:
        """Whether something was taken in here under this digest in the last days."""
        async with reaching():
            pipe = self._client.pipeline(transaction=False)
            for period in self._periods():
                pipe.sismember(f"{keys.prefix(queue)}seen:{period}", digest)
            return any(await pipe.execute())

    # --- reading -------------------------------------------------------------------------------------------

    async def case(self, queue: str, case_id: str) -> Case | None:
        """A case by its id, ended ones included while they are kept."""
        text = await self._read(self._client.lindex(f"{keys.prefix(queue)}case:{case_id}", 0))
        return decode(queue, case_id, text) if text else None

    async def open_case(self, queue: str, lane: str) -> Case | None:
        """The open case of a conversation in this queue, if it has one."""
        case_id = await self._read(self._client.hget(f"{keys.prefix(queue)}open", lane))
        if not case_id or case_id.startswith(">"):
            return None
        return await self.case(queue, case_id)

    async def pointer(self, queue: str, lane: str) -> str | None:
        """Where a conversation's case went: `><queue> <case>`; None when it did not leave this queue."""
        found: str | None = await self._read(self._client.hget(f"{keys.prefix(queue)}open", lane))
        return found if found and found.startswith(">") else None

    async def forget(self, queue: str, case_id: str) -> None:
        """Remove what is left of a case that another queue has taken."""
        await self._read(self._client.delete(f"{keys.prefix(queue)}case:{case_id}"))

    async def language(self, queue: str, lane: str) -> str | None:
        """The language a customer chose in this conversation, if any."""
        found: str | None = await self._read(self._client.get(f"{keys.prefix(queue)}language:{lane}"))
        return found

    async def chosen_queue(self, home: str, lane: str) -> str | None:
        """The queue a customer chose for this conversation, if any; kept where its channel is at home."""
        found: str | None = await self._read(self._client.get(f"{keys.prefix(home)}chosen:{lane}"))
        return found

    async def choose_queue(self, home: str, lane: str, queue: str) -> None:
        """A customer chose a queue."""
        await self._read(self._client.set(f"{keys.prefix(home)}chosen:{lane}", queue, ex=CHOSEN_TTL_S))

    async def find(self, queues: Sequence[str], case_id: str) -> Case | None:
        """A case by its id in whichever of these queues it stands."""
        found = await asyncio.gather(*(self.case(queue, case_id) for queue in queues))
        present = [case for case in found if case is not None and case.state != "moving"]
        return next((case for case in present if not case.ended), present[0] if present else None)

    async def transcript(self, queue: str, case_id: str, last: int = 0) -> list[dict[str, Any]]:
        """What was said in a case, oldest first; only the `last` entries when given.

        `by` tells customer, agent or note; `who` the agent.
        """
        key = f"{keys.prefix(queue)}case:{case_id}"
        lines = await self._read(self._client.lrange(key, -last if last else 1, -1))
        return [{"by": "customer", **msgspec.json.decode(line)} for line in lines if line.startswith("{")]

    async def line(self, queue: str) -> Line:
        """The queue in numbers; the cost does not grow with its length."""
        prefix = keys.prefix(queue)
        async with reaching():
            pipe = self._client.pipeline(transaction=False)
            pipe.zcard(prefix + "waiting")
            pipe.zrange(prefix + "waiting", 0, 0, withscores=True)
            pipe.hmget(prefix + "tally", "claimed", "promises", "kept")
            pipe.hlen(prefix + "duty")
            waiting, first, tally, agents = await pipe.execute()
        claimed, judged, kept = (int(value or 0) for value in tally)
        oldest_at = first[0][1] / 1000 if first else None
        return Line(waiting, oldest_at, claimed, agents, judged, kept)

    async def ahead(self, queue: str, case_id: str) -> int | None:
        """How many waiting cases stand before this one; None when it does not wait."""
        rank: int | None = await self._read(self._client.zrank(keys.prefix(queue) + "waiting", case_id))
        return rank

    async def standing(self, queue: str, lane: str, case_id: str) -> tuple[str | None, int | None]:
        """What an automatic message needs to know: the language chosen here, and how many stand before the case."""
        prefix = keys.prefix(queue)
        async with reaching():
            pipe = self._client.pipeline(transaction=False)
            pipe.get(f"{prefix}language:{lane}")
            pipe.zrank(prefix + "waiting", case_id)
            language, ahead = await pipe.execute()
        return language, ahead

    async def waiting(self, queue: str, most: int) -> list[str]:
        """The ids of the cases that wait longest, in order."""
        ids: list[str] = await self._read(self._client.zrange(keys.prefix(queue) + "waiting", 0, most - 1))
        return ids

    async def waiting_sample(self, queue: str, most: int) -> list[tuple[str, float, int]]:
        """Some waiting cases drawn by chance: id, start of the turn, how many stand before it."""
        key = keys.prefix(queue) + "waiting"
        ids = await self._read(self._client.zrandmember(key, most))
        async with reaching():
            pipe = self._client.pipeline(transaction=False)
            for case_id in ids:
                pipe.zscore(key, case_id).zrank(key, case_id)
            found = await pipe.execute()
        rows = zip(ids, found[::2], found[1::2], strict=True)
        return [(case_id, turn_ms / 1000, rank) for case_id, turn_ms, rank in rows if rank is not None]

    async def held(self, queue: str, agent: str) -> list[str]:
        """The ids of the open cases an agent holds."""
        members = await self._read(self._client.smembers(f"{keys.prefix(queue)}held:{agent}"))
        return sorted(members)

    async def duty(self, queue: str, agent: str) -> dict[str, Any] | None:
        """What is known of an agent on duty: name, `since`, `seen` (desk time); None when off duty."""
        text = await self._read(self._client.hget(keys.prefix(queue) + "duty", agent))
        return msgspec.json.decode(text) if text else None

    async def on_duty(self, queue: str) -> dict[str, dict[str, Any]]:
        """All agents on duty in a queue."""
        found = await self._read(self._client.hgetall(keys.prefix(queue) + "duty"))
        return {agent: msgspec.json.decode(text) for agent, text in found.items()}

    async def incident(self, queue: str) -> Incident | None:
        """Help that was announced and is not over."""
        text = await self._read(self._client.get(keys.prefix(queue) + "incident"))
        incident = read_incident(text) if text else None
        return incident if incident and incident.until_at > self._clock.now() else None

    async def ripe(self, queue: str, most: int) -> list[Case]:
        """Cases whose timer has run out, the earliest first."""
        now_ms = int(self._clock.now() * 1000)
        ids = await self._read(
            self._client.zrangebyscore(keys.prefix(queue) + "timers", "-inf", now_ms, start=0, num=most)
        )
        async with reaching():
            # One pipeline: in a Cluster, so many calls at once would be more than there are connections.
            pipe = self._client.pipeline(transaction=False)
            for case_id in ids:
                pipe.lindex(f"{keys.prefix(queue)}case:{case_id}", 0)
            found = await pipe.execute()
        return [decode(queue, case_id, text) for case_id, text in zip(ids, found, strict=True) if text]

    async def days(self, queue: str, count: int) -> list[dict[str, int]]:
        """The counters of the last `count` days, the latest first."""
        now = int(self._clock.now())
        async with reaching():
            pipe = self._client.pipeline(transaction=False)
            for back in range(count):
                pipe.hgetall(f"{keys.prefix(queue)}day:{day_name(now - back * 86400)}")
            found = await pipe.execute()
        return [{name: int(value) for name, value in day.items()} for day in found]

    # --- the outbox ----------------------------------------------------------------------------------------

    async def take(
        self, queue: str, channel: str, who: str, most: int, lease_s: float, keeping: Collection[str] = ()
    ) -> tuple[list[Taken], float | None]:
        """Lease up to `most` messages that are due, and tell in how many seconds something else may be.

        The leases of the lanes in `keeping` are renewed, where `who` has not lost them.
        """
        *rows, next_ms = await self._call(queue, "take", channel, who, most, int(lease_s * 1000), *keeping)
        taken = [
            Taken(OutEntry.parse(lane, line), attempt, bool(lapsed)) for lane, attempt, lapsed, line in rows
        ]
        return taken, None if next_ms < 0 else next_ms / 1000

    async def begin(self, queue: str, who: str, taken: Taken) -> bool:
        """The message goes out now: should `who` vanish before it is settled, it comes back as `lapsed`. False when
        another process has it."""
        return bool(await self._call(queue, "begin", taken.entry.channel, who, taken.entry.lane))

    async def settle_delivered(self, queue: str, who: str, taken: Taken, lease_s: float) -> Taken | None:
        """The message arrived. Gives the next one of its lane, under a fresh lease."""
        return await self._settle(queue, who, taken, "done", "", lease_s)

    async def settle_dead(
        self, queue: str, who: str, taken: Taken, reason: str, lease_s: float
    ) -> Taken | None:
        """The message is given up and kept among the dead letters. Gives the next one of its lane."""
        entry = taken.entry
        letter = {
            "reason": reason,
            "at": self._clock.now(),
            "attempts": taken.attempt,
            "channel": entry.channel,
            "lane": entry.lane,
            "entry": entry.line,
        }
        return await self._settle(queue, who, taken, "dead", dump(letter), lease_s)

    async def settle_again(self, queue: str, who: str, taken: Taken, delay_s: float) -> None:
        """The message did not arrive, or may arrive twice: tried again after `delay_s`; its lane waits."""
        await self._settle(queue, who, taken, "again", str(int(delay_s * 1000)), 0)

    async def settle_later(self, queue: str, who: str, taken: Taken, delay_s: float) -> None:
        """The message was not tried: it or another goes first after `delay_s`."""
        await self._settle(queue, who, taken, "later", str(int(delay_s * 1000)), 0)

    async def split(self, queue: str, who: str, taken: Taken, parts: Sequence[OutEntry]) -> Taken | None:
        """Parts take the place of a message. Gives the first; None when another process has the lane now."""
        entry, lines = taken.entry, [part.line for part in parts]
        found = await self._call(queue, "split", entry.channel, who, entry.lane, entry.id, *lines)
        return Taken(OutEntry.parse(entry.lane, found[1]), int(found[0]), lapsed=False) if found else None

    async def heads(self, queues: Iterable[str], lane: str) -> list[str]:
        """The ids of the messages that are to go out next in this lane, in other queues."""
        lines = [
            await self._read(self._client.lindex(f"{keys.prefix(queue)}out:{lane}", 0)) for queue in queues
        ]
        return [line.partition(" ")[0] for line in lines if line]

    async def _settle(
        self, queue: str, who: str, taken: Taken, outcome: str, detail: str, lease_s: float
    ) -> Taken | None:
        entry = taken.entry
        following = await self._call(
            queue, "settle", entry.channel, who, entry.lane, entry.id, outcome, detail, int(lease_s * 1000)
        )
        if not following:
            return None
        attempt, line = following
        return Taken(OutEntry.parse(entry.lane, line), attempt, lapsed=False)

    async def dead_letters(self, queue: str) -> dict[str, dict[str, Any]]:
        """Messages given up, by id: reason, when, attempts, lane and the entry itself."""
        found = await self._read(self._client.hgetall(keys.prefix(queue) + "dead"))
        return {entry_id: msgspec.json.decode(text) for entry_id, text in found.items()}

    async def revive(self, queue: str, entry_id: str, *, again: bool) -> bool:
        """Send a dead letter again, or drop it; False when there is none of this id."""
        return bool(await self._call(queue, "revive", entry_id, "again" if again else "drop"))

    async def outgoing(self, queue: str, channel: str) -> int:
        """How many lanes of a channel have something to send."""
        prefix = keys.prefix(queue)
        async with reaching():
            pipe = self._client.pipeline(transaction=False)
            pipe.zcard(f"{prefix}due:{channel}")
            pipe.zcard(f"{prefix}fly:{channel}")
            due, fly = await pipe.execute()
        return int(due) + int(fly)

    # --- the refresh ---------------------------------------------------------------------------------------

    async def lead(self, queue: str, who: str, ttl_s: float) -> int:
        """Lead this queue for `ttl_s` more seconds; the fencing number, or 0 when another replica leads."""
        return int(await self._call(queue, "lead", who, int(ttl_s * 1000)))

    async def resign(self, queue: str, who: str) -> None:
        """Let another replica lead at once."""
        await self._call(queue, "resign", who)

    async def events_since(self, queue: str, after: str, most: int) -> list[tuple[str, Observation]]:
        """What happened after the event id `after`, oldest first, at most `most`."""
        rows = await self._read(
            self._client.xrange(keys.prefix(queue) + "events", min=f"({after}", max="+", count=most)
        )
        return [(event_id, read_event(values)) for event_id, values in rows]

    async def learned(self, queue: str) -> dict[str, Any] | None:
        """What the estimate learned: `{"after": event id, "data": ...}`; None before the first time."""
        text = await self._read(self._client.get(keys.prefix(queue) + "learned"))
        return msgspec.json.decode(text) if text else None

    async def remember(self, queue: str, fence: int, learned: Mapping[str, Any]) -> bool:
        """Keep what the estimate learned; False when this replica no longer leads."""
        return bool(await self._call(queue, "remember", fence, dump(learned)))

    async def publish(
        self,
        fence: int,
        published: Published,
        point: HistoryPoint,
        forget_before: float,
        out: Sequence[OutEntry],
    ) -> bool:
        """Freeze the published wait and append to the history; False when this replica no longer leads."""
        return bool(
            await self._call(
                published.queue,
                "publish",
                fence,
                dump(published.to_store()),
                dump(astuple(point)),
                point.at,
                forget_before,
                pack(by_lane(out)),
            )
        )

    async def published(self, queue: str) -> Published | None:
        """The published wait; None before the first refresh."""
        text = await self._read(self._client.get(keys.prefix(queue) + "published"))
        return Published.from_store(msgspec.json.decode(text)) if text else None

    async def history(self, queue: str, since: float) -> list[HistoryPoint]:
        """What was published since then, oldest first."""
        rows = await self._read(self._client.zrangebyscore(keys.prefix(queue) + "history", since, "+inf"))
        return [HistoryPoint(*msgspec.json.decode(row)) for row in rows]
