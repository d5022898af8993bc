"""A case: one customer's request on one channel, as it is kept in the store.

A case is an immutable value; every change makes a new one with the next version. `encode` and `decode` are
inverse: `<version> <json>`, the version first so that the store can compare it without reading the rest, fields
with their default left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from operator import attrgetter

import msgspec

from adapters.base import Person
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


ENDED = frozenset({CaseState.CLOSED, CaseState.ABANDONED})


@dataclass(frozen=True, slots=True)
class Case:
    """One customer's request. Times are the desk's, epoch seconds; `agent` is `<channel>/<agent id>`.

    `turn_at` is when the oldest unanswered message came, None while nothing is unanswered; `queued` tells that
    the turn began with nobody holding the case. `promises` are those told and not judged yet.
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
    first_reply_at: float | None = None
    active_at: float = 0.0
    messages: int = 0
    promises: tuple[Promise, ...] = field(default=())
    version: int = 0

    @property
    def ended(self) -> bool:
        """Closed or abandoned: a further message opens a new case."""
        return self.state in ENDED

    @property
    def is_open(self) -> bool:
        """Neither ended nor on its way to another queue: what the customer writes now belongs to it."""
        return not self.ended and self.state is not CaseState.MOVING


# Short names in the store: a million waiting cases should fit into memory.
_SHORT = {
    "channel": "ch",
    "conversation_id": "cv",
    "customer": "cu",
    "opened_at": "o",
    "state": "s",
    "turn_at": "t",
    "queued": "q",
    "warned": "wa",
    "agent": "a",
    "agent_name": "an",
    "lease_until": "l",
    "first_reply_at": "r",
    "active_at": "ac",
    "messages": "m",
    "promises": "p",
}
_MOMENTS = ("t", "ac", "l", "r")
"""Kept as seconds since the case was opened, which are shorter to write and mostly nothing at all."""
_USUAL_SHARE = 0.8
_DEFAULTS = {f.name: f.default for f in fields(Case)} | {"active_at": None, "messages": 1}
_NAMES = {short: name for name, short in _SHORT.items()}
_KEPT = tuple((short, _DEFAULTS[name]) for name, short in _SHORT.items())
_values = attrgetter(*_SHORT)
_dump = msgspec.json.Encoder().encode


def encode(case: Case) -> str:
    """The case as the store keeps it; id and queue are in its key."""
    opened_at = case.opened_at
    data = {
        short: value for (short, default), value in zip(_KEPT, _values(case), strict=True) if value != default
    }
    for short in _MOMENTS:
        if short in data:
            data[short] = _since(data[short], opened_at)
    customer = case.customer
    data["cu"] = [customer.id, customer.name, customer.language]
    if case.promises:
        data["p"] = [_promise_out(promise, opened_at) for promise in case.promises]
    return f"{case.version} {_dump(data).decode()}"


def decode(queue: str, case_id: str, text: str) -> Case:
    """The inverse of `encode`. Unknown fields, written by a newer version, are left out."""
    version, _, document = text.partition(" ")
    stored = msgspec.json.decode(document)
    opened_at = stored["o"]
    for short in _MOMENTS:
        if short in stored:
            stored[short] = round(opened_at + stored[short], 3)
    data = {_NAMES[short]: value for short, value in stored.items() if short in _NAMES}
    data["customer"] = Person(*data["customer"])
    data["state"] = CaseState(data.get("state", CaseState.WAITING))
    data["promises"] = tuple(_promise_in(values, opened_at) for values in data.get("promises", ()))
    data.setdefault("messages", 1)
    return Case(id=case_id, queue=queue, version=int(version), **data)


def _promise_out(promise: Promise, opened_at: float) -> list[float]:
    starts_s = _since(promise.starts_at, promise.made_at)
    values = [_since(promise.made_at, opened_at), starts_s, _since(promise.within_s, 0)]
    return values if promise.share == _USUAL_SHARE else [*values, promise.share]


def _since(moment: float, start: float) -> float:
    """Seconds to the millisecond, whole ones without a fraction."""
    seconds = round(moment - start, 3)
    return int(seconds) if seconds == int(seconds) else seconds


def _promise_in(values: list[float], opened_at: float) -> Promise:
    made_s, starts_s, within_s, *share = values
    made_at = round(opened_at + made_s, 3)
    return Promise(made_at, round(made_at + starts_s, 3), within_s, *share)
