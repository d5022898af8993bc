"""What can happen to a case, and what a decision about it is made of. Plain values; `bot.rules` decides on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from adapters.base import File, Person
from bot.case import Case
from status.model import Happened, Outlook, Promise

# --- what happens ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Wrote:
    """A customer wrote. `new_id` names the case if one begins; `variant` picks the acknowledgement's wording.

    Not frozen, like Decision: one is made for every message, and a frozen dataclass takes four times as long.
    """

    at: float
    customer: Person
    text: str
    channel: str
    conversation_id: str
    new_id: str
    variant: int
    queue: str
    from_robot: bool = False
    messages_at_most: int = 2_000
    files: tuple[File, ...] = ()
    ref: str = ""
    group: str = ""
    answer_to: str = ""
    public: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """An agent's act on a case; `agent` is `<channel>/<agent id>`."""

    at: float
    agent: str
    name: str


@dataclass(frozen=True, slots=True)
class Claim(Act):
    """Take the case; `outside` where that is so already in another system, which will say when it ends."""

    outside: bool = False


class Release(Act):
    """Give it back to its place in the queue."""


@dataclass(frozen=True, slots=True)
class Spoken(Act):
    """Something an agent wrote. `source` is `<channel>/<message>` where it stands in a room, in `place`."""

    text: str
    files: tuple[File, ...] = ()
    source: str = ""
    place: str = ""


class Reply(Spoken):
    """Answer the customer."""


class Note(Spoken):
    """Write something only agents see."""


@dataclass(frozen=True, slots=True)
class Transfer(Act):
    """Hand the case to another queue."""

    queue: str


@dataclass(frozen=True, slots=True)
class Close(Act):
    """End the case, perhaps with a note."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Corrected(Act):
    """An agent changed what they had written in a room as `source`, or deleted it (`text` is None); it had gone
    `to_customer`, or was a note."""

    source: str
    place: str
    text: str | None
    to_customer: bool


@dataclass(frozen=True, slots=True)
class Answered(Act):
    """An agent answered past the bot; the customer has it already."""

    text: str


@dataclass(frozen=True, slots=True)
class Changed:
    """The customer changed the message `ref`, or deleted it (`text` is None)."""

    at: float
    ref: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Reacted:
    """The customer reacted with an emoji."""

    at: float
    emoji: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A message to the customer did not arrive. `entry` is its id among the dead letters, "" where it is none: its
    platform had taken it."""

    at: float
    entry: str
    reason: str


@dataclass(frozen=True, slots=True)
class GaveUp:
    """The customer does not want to wait any more; `blocked` when nothing can reach them now."""

    at: float
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class GoesOn:
    """The case goes on in another conversation of the same customer: in private after it began in public, or on another
    channel by an agent's invitation. `left` is the conversation it comes from, `<channel>/<id>`."""

    at: float
    channel: str
    conversation_id: str
    customer: Person
    left: str


@dataclass(frozen=True, slots=True)
class Invited(Act):
    """An agent offered the customer to go on at `address`, on a channel called `title`."""

    title: str
    address: str


@dataclass(frozen=True, slots=True)
class Spoke:
    """The customer chose a language."""

    at: float
    language: str


@dataclass(frozen=True, slots=True)
class Told:
    """An automatic message about the turn that began at `turn_at` got its words; `promise` is what they said, if
    they promised anything, and `customer` whom they spoke to: by what name, in which language."""

    at: float
    turn_at: float
    promise: Promise | None
    customer: Person | None = None


@dataclass(frozen=True, slots=True)
class Adopted:
    """A case handed over by another queue arrives here."""

    at: float
    source: Case


@dataclass(frozen=True, slots=True)
class Due:
    """The case's timer ran out. `agent_seen_at` is the owner's last sign of life, `outlook` the case's own."""

    at: float
    agent_seen_at: float | None = None
    outlook: Outlook | None = None


AgentsAct = Claim | Release | Reply | Note | Transfer | Close
Remark = Changed | Reacted | Failed | Corrected
"""What only adds to what was said: it changes nothing about who waits for whom."""
Passage = GoesOn | Invited
"""What leads a case to another conversation, which changes nothing about that either."""
LaterEvent = AgentsAct | Answered | Remark | Passage | GaveUp | Spoke | Told | Due
Event = Wrote | Adopted | LaterEvent

# --- what follows ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings a decision needs. `events` tells whether other programs want to hear of cases, `rooms` in which
    channels' rooms agents see them."""

    target_s: float
    claim_lease_s: float
    close_after_s: float
    events: bool = False
    rooms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing follows. `reason` is a key of the desk's words, `by` the agent who stands in the way."""

    reason: str
    by: str = ""


class Observed(NamedTuple):
    """What the estimate shall hear of a decision, as `status.model.Observation` says; the store adds which case,
    its place in line, and how the queue stands right after."""

    happened: Happened
    at: float
    agent: str = ""
    wait_s: float | None = None
    queued: bool = True


@dataclass(slots=True)
class Decision:
    """What follows. `after` carries the next version; `out` are bodies for the case's lane, in order."""

    after: Case
    said: tuple[Mapping[str, Any], ...] = ()
    out: tuple[Mapping[str, Any], ...] = ()
    observations: tuple[Observed, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    timer_at: float | None = None
    moved_to: str | None = None
    off_duty: str | None = None
