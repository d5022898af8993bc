"""A case: one customer's request on one channel, as it is kept in the store.

A case is an immutable value; every change makes a new one with the next version. `encode` and `decode` are
inverse: `<version> <json>`, the version first so that the store can compare it without reading the rest, fields
with their default left out.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from adapters.base import Person
from bot.published import rfc3339
from status.model import Promise


class CaseState(StrEnum):
    """Where a case stands."""

    WAITING = "waiting"
    """no agent holds it; its turn stands in the queue"""
    CLAIMED = "claimed"
    """an agent holds it and owes the reply"""
    ANSWERED = "answered"
    """the last turn got its reply"""
    CLOSED = "closed"
    ABANDONED = "abandoned"
    """the customer gave up"""
    MOVING = "moving"
    """handed to another queue that has not taken it yet"""


USUAL_SHARE = 0.8
changed = msgspec.structs.replace
"""A case with some fields changed: a new value."""
ENDED = frozenset({CaseState.CLOSED, CaseState.ABANDONED})


class Case(msgspec.Struct, frozen=True):
    """One customer's request. Times are the desk's, epoch seconds; `agent` is `<channel>/<agent id>`.

    `turn_at` is when the oldest unanswered message came, None while nothing is unanswered; `queued` tells that
    the turn stands or stood in the queue, which a follow-up to the agent who holds the case does not; `moved`, that
    it came from another queue. `promises` are those told and not judged yet; `late_since` is when the last of this turn
    ran out. `heard_at` is when the customer last wrote, None while that is what opened it. `public` is the public
    message that replies stand under, for everybody to read; "" while it is private. Nothing automatic is said in a
    `quiet` case. One that is held `outside` has no lease: another system says when that ends. `before` are the
    conversations (`<channel>/<id>`) that it came from; what the customer writes there still belongs to it.
    """

    id: str
    queue: str
    channel: str
    conversation_id: str
    customer: Person
    opened_at: float
    state: CaseState = CaseState.WAITING
    turn_at: float | None = None
    queued: bool = True
    warned: bool = False
    agent: str | None = None
    agent_name: str = ""
    lease_until: float | None = None
    outside: bool = False
    first_reply_at: float | None = None
    active_at: float = 0.0
    messages: int = 0
    moved: bool = False
    promises: tuple[Promise, ...] = ()
    late_since: float | None = None
    heard_at: float | None = None
    public: str = ""
    quiet: bool = False
    before: tuple[str, ...] = ()
    version: int = 0

    @property
    def ended(self) -> bool:
        """Closed or abandoned: a further message opens a new case."""
        return self.state in ENDED

    @property
    def last_heard_at(self) -> float:
        """When the customer last wrote."""
        return self.opened_at if self.heard_at is None else self.heard_at

    @property
    def is_open(self) -> bool:
        """Neither ended nor on its way to another queue: what the customer writes now belongs to it."""
        return not self.ended and self.state is not CaseState.MOVING


def known_of(customer: Person, before: Person) -> Person:
    """A customer with what was known before: platforms may tell the name only later; a language they chose stays."""
    return Person(customer.id, customer.name or before.name, before.language or customer.language)


def news(case: Case, at: float) -> dict[str, Any]:
    """What other programs hear of a case: how it stands at `at`, and nothing of what was said."""
    agent = None
    if case.agent is not None:
        agent = {"id": case.agent.partition("/")[2], "name": case.agent_name}
    return {
        "case_id": case.id,
        "queue": case.queue,
        "channel": case.channel,
        "conversation_id": case.conversation_id,
        "customer": {"id": case.customer.id, "name": case.customer.name, "language": case.customer.language},
        "state": case.state.value,
        "agent": agent,
        "at": rfc3339(at),
    }


class _Stored(
    msgspec.Struct,
    omit_defaults=True,
    rename={
        "channel": "ch",
        "conversation_id": "cv",
        "customer": "cu",
        "opened_at": "o",
        "state": "s",
        "turn_s": "t",
        "queued": "q",
        "warned": "wa",
        "agent": "a",
        "agent_name": "an",
        "lease_s": "l",
        "outside": "ou",
        "reply_s": "r",
        "active_s": "ac",
        "messages": "m",
        "moved": "mv",
        "promises": "p",
        "late_s": "b",
        "heard_s": "h",
        "public": "pu",
        "quiet": "qu",
        "before": "bf",
    },
):
    """A case in the store: short names, defaults left out, and moments as seconds since it was opened, so that a
    million waiting cases fit into memory. A promise is made after so many seconds, starts so many later, and is
    for so many; its share is told where it is not the usual one.
    """

    channel: str
    conversation_id: str
    customer: tuple[str, str, str]
    opened_at: float
    state: CaseState = CaseState.WAITING
    turn_s: float | None = None
    queued: bool = True
    warned: bool = False
    agent: str | None = None
    agent_name: str = ""
    lease_s: float | None = None
    outside: bool = False
    reply_s: float | None = None
    active_s: float = 0
    messages: int = 1
    moved: bool = False
    promises: list[list[float]] = []
    late_s: float | None = None
    heard_s: float | None = None
    public: str = ""
    quiet: bool = False
    before: tuple[str, ...] = ()


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Stored).decode


def encode(case: Case) -> str:
    """The case as the store keeps it; id and queue are in its key."""
    opened_at, customer = case.opened_at, case.customer
    stored = _Stored(
        case.channel,
        case.conversation_id,
        (customer.id, customer.name, customer.language),
        opened_at,
        case.state,
        _since(case.turn_at, opened_at),
        case.queued,
        case.warned,
        case.agent,
        case.agent_name,
        _since(case.lease_until, opened_at),
        case.outside,
        _since(case.first_reply_at, opened_at),
        _since(case.active_at, opened_at) or 0,
        case.messages,
        case.moved,
        [_promise_out(promise, opened_at) for promise in case.promises],
        _since(case.late_since, opened_at),
        _since(case.heard_at, opened_at),
        case.public,
        case.quiet,
        case.before,
    )
    return f"{case.version} {_encode(stored).decode()}"


def decode(queue: str, case_id: str, text: str) -> Case:
    """The inverse of `encode`. Unknown fields, written by a newer version, are left out."""
    version, _, document = text.partition(" ")
    stored = _decode(document)
    opened_at = stored.opened_at
    return Case(
        id=case_id,
        queue=queue,
        channel=stored.channel,
        conversation_id=stored.conversation_id,
        customer=Person(*stored.customer),
        opened_at=opened_at,
        state=stored.state,
        turn_at=_after(opened_at, stored.turn_s),
        queued=stored.queued,
        warned=stored.warned,
        agent=stored.agent,
        agent_name=stored.agent_name,
        lease_until=_after(opened_at, stored.lease_s),
        outside=stored.outside,
        first_reply_at=_after(opened_at, stored.reply_s),
        active_at=round(opened_at + stored.active_s, 3),
        messages=stored.messages,
        moved=stored.moved,
        promises=tuple(_promise_in(values, opened_at) for values in stored.promises),
        late_since=_after(opened_at, stored.late_s),
        heard_at=_after(opened_at, stored.heard_s),
        public=stored.public,
        quiet=stored.quiet,
        before=stored.before,
        version=int(version),
    )


def _since(moment: float | None, start: float) -> float | None:
    """Seconds to the millisecond, whole ones without a fraction."""
    if moment is None:
        return None
    seconds = round(moment - start, 3)
    return int(seconds) if seconds == int(seconds) else seconds


def _after(start: float, seconds: float | None) -> float | None:
    return None if seconds is None else round(start + seconds, 3)


def _promise_out(promise: Promise, opened_at: float) -> list[float]:
    lengths = (promise.made_at - opened_at, promise.starts_at - promise.made_at, promise.within_s)
    values = [_since(length, 0) or 0 for length in lengths]
    return values if promise.share == USUAL_SHARE else [*values, promise.share]


def _promise_in(values: list[float], opened_at: float) -> Promise:
    made_s, starts_s, within_s, *share = values
    made_at = round(opened_at + made_s, 3)
    return Promise(made_at, round(made_at + starts_s, 3), within_s, *share)
