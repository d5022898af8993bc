"""What a stored entry is sent as, and what is told of its fate.

Words come last, long texts go out in parts, and whatever an agent wrote in a room gets its mark there. A message to a
customer that is given up is said in the case, so that agents see it wherever they look at it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from adapters.base import (
    Attachment,
    CommandAnswer,
    EditOut,
    EventOut,
    Limits,
    MessageOut,
    Outgoing,
    Receipt,
    Refused,
)
from bot.bodies import files_in, files_out
from bot.cases import Cases
from bot.clock import Clock
from bot.events import Failed
from bot.pacing import insist
from bot.parts import split
from bot.receipts import receipt
from bot.room import albums
from bot.rooms import Rooms
from bot.sender import Sender
from bot.store.rooms import Link
from bot.store.store import Store
from bot.store.wire import Commit, OutEntry, seen_digest
from bot.wording import Wording

TO_CUSTOMERS = frozenset({"acknowledgement", "update", "notice", "answer", "reply", "change"})
"""Kinds of entries that a customer reads: the ones that must not arrive twice."""


class Delivery:
    """Sends entries of the outbox, one attempt at a time."""

    def __init__(
        self,
        store: Store,
        cases: Cases,
        wording: Wording,
        rooms: Rooms,
        sender: Sender,
        clock: Clock,
        keep_links_s: int,
    ) -> None:
        self._store = store
        self._cases = cases
        self._wording = wording
        self._rooms = rooms
        self._sender = sender
        self._clock = clock
        self._keep_links_s = keep_links_s

    async def word(self, queue: str, entry: OutEntry) -> OutEntry | None:
        """The entry with its words; None when it need not be sent any more. Raises StoreDown."""
        return await self._wording.word(queue, entry)

    async def send(self, queue: str, entry: OutEntry, begin: Callable[[], Awaitable[None]]) -> None:
        """One attempt; `begin` is awaited right before a message to a customer goes out. Raises NotYet, Refused, Busy,
        Uncertain, or StoreDown and what `begin` raises: then no customer was told anything."""
        body = entry.body
        if body["kind"] == "room":
            await self._rooms.show(queue, entry.channel, body["case"])
            return
        outgoing = await self._changed(queue, entry) if body["kind"] == "change" else outgoing_of(entry)
        message_id = await self._sender.send(entry.channel, outgoing, body.get("origin", ""), begin)
        if body.get("source"):
            await insist(lambda: self._arrived(queue, entry, message_id))

    async def _arrived(self, queue: str, entry: OutEntry, message_id: str) -> None:
        """A reply from a room is there: it can be changed from now on, and its last part brings the mark."""
        body = entry.body
        room, _, ref = body["source"].partition("/")
        if body["kind"] == "reply" and body.get("part", 1) == 1:
            link = Link(body["case"], (message_id,))
            await self._store.rooms.set_link(queue, room, f"sent:{ref}", link, self._keep_links_s)
        if body.get("part") == body.get("parts"):
            mark = receipt(f"{entry.id}-mark", room, body["case"], body["place"], ref, "delivered")
            await self._store.commit(queue, Commit(out=(mark,)))

    async def _changed(self, queue: str, entry: OutEntry) -> EditOut:
        """What to change at the customer's end. Raises Refused when that never arrived, or in several parts."""
        body = entry.body
        room, _, ref = body["source"].partition("/")
        link = await self._store.rooms.link([queue], room, f"sent:{ref}")
        if link is None:
            raise Refused("what was to be changed has not reached the customer")
        conversation_id = entry.lane.partition("/")[2]
        return EditOut(entry.id, conversation_id, body["customer"], link.sent[0], body["text"])

    async def given_up(self, queue: str, entry: OutEntry, reason: str) -> None:
        """Tell agents that a message to a customer did not, or not surely, arrive. Raises StoreDown."""
        body = entry.body
        if body["kind"] not in TO_CUSTOMERS:
            return
        if body.get("source"):
            room, _, ref = body["source"].partition("/")
            mark = receipt(f"{entry.id}-mark", room, body["case"], body["place"], ref, "failed")
            await self._store.commit(queue, Commit(out=(mark,)))
        case = await self._store.case(queue, body["case"]) if body.get("case") else None
        if case is None or not self._cases.is_looked_at(case):
            return
        event = Failed(self._clock.now(), entry.id, reason)
        seen = seen_digest(case.channel, f"failed:{entry.id}:{self._clock.now():.0f}")
        await self._cases.apply(queue, case, event, channel=case.channel, seen=seen)


def outgoing_of(entry: OutEntry) -> Outgoing:
    """A stored entry as adapters take it."""
    body = entry.body
    match body["kind"]:
        case "event":
            return EventOut(entry.id, body["type"], body["data"])
        case "receipt":
            return Receipt(entry.id, body["place"], body["ref"], body["fate"])
        case "command":
            return CommandAnswer(
                entry.id,
                body["command"],
                body["agent"],
                body["text"],
                body["ok"],
                body["case"],
                body.get("answer_to", ""),
                body.get("otherwise", ""),
            )
        case kind:
            conversation_id = entry.lane.partition("/")[2]
            attachments = tuple(Attachment(file) for file in files_in(body.get("files", ())))
            return MessageOut(
                entry.id,
                conversation_id,
                body["customer"],
                body["case"],
                kind,
                body["text"],
                attachments,
                body.get("answer_to", ""),
                body.get("public", ""),
                body.get("heard", 0.0),
            )


def parts_of(entry: OutEntry, limits: Limits) -> Sequence[OutEntry]:
    """The entry as the platform can take it: itself, or its parts in order, text before files."""
    body = entry.body
    if body["kind"] not in TO_CUSTOMERS or "part" in body or body["text"] is None:
        return (entry,)
    files = files_in(body.get("files", ()))
    texts = split(body["text"], limits.text_chars, limits.measure) if body["text"] else []
    together = list(albums(files))
    if len(texts) + len(together) <= 1:
        return (entry,)
    bare = {name: value for name, value in body.items() if name != "files"}
    bodies: list[dict[str, Any]] = [{**bare, "text": text} for text in texts]
    bodies += [{**bare, "text": "", "files": files_out(album)} for album in together]
    numbered = ({"part": n, "parts": len(bodies)} for n in range(1, len(bodies) + 1))
    return [
        replace(entry, id=f"{entry.id}.{number['part']}", body={**one, **number})
        for one, number in zip(bodies, numbered, strict=True)
    ]
