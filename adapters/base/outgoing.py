"""What goes out: messages to customers, answers to agents, news for programs, and the agents' room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal

from adapters.base.arrivals import File

# --- to customers, agents, programs ------------------------------------------------------------------------

MessageKind = Literal["acknowledgement", "reply", "update", "answer", "notice"]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to send. `content` stands at its beginning, is `file.size_bytes` long and need not fit into memory; None
    where the file is this channel's own: its `ref` will do. `url` is where a platform that takes addresses only can
    fetch it for an hour, "" where we have no public address."""

    file: File
    content: BinaryIO | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class MessageOut:
    """Words for a customer. `key` is the idempotency key: the same in every attempt.

    It carries text or attachments, not both: the bot splits what a platform cannot take as one. `answer_to` is that of
    the command it answers, if there was one. `public` is the public message (its `ref`) under which everybody will
    read this, "" in private. `heard_at` is when the customer last wrote, in epoch seconds, for platforms that let
    nobody write long after that; only a "reply" is a human's words.
    """

    key: str
    conversation_id: str
    customer_id: str
    case_id: str | None
    kind: MessageKind
    text: str
    attachments: tuple[Attachment, ...] = ()
    answer_to: str = ""
    public: str = ""
    heard_at: float = 0.0


@dataclass(frozen=True, slots=True)
class EditOut:
    """Change what was sent to a customer as `message_id` (what `send` returned), or delete it (`text` is None)."""

    key: str
    conversation_id: str
    customer_id: str
    message_id: str
    text: str | None


@dataclass(frozen=True, slots=True)
class CommandAnswer:
    """The answer to an agent's command; only that agent is to see it, where the platform can do that. Where `otherwise`
    is set nobody else may: it is shown instead of `text` where that cannot be shown to them alone."""

    key: str
    command_id: str
    agent_id: str
    text: str
    ok: bool
    case_id: str | None
    answer_to: str = ""
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class EventOut:
    """Something other programs may want to know: `wait.updated`, `case.opened` and their like."""

    key: str
    type: str
    data: Mapping[str, Any]


# --- into the agents' room ---------------------------------------------------------------------------------

CaseState = Literal["waiting", "claimed", "answered", "closed", "abandoned"]
ROOM_STATES: tuple[CaseState, ...] = ("waiting", "claimed", "answered", "closed", "abandoned")


@dataclass(frozen=True, slots=True)
class Button:
    """Pressing it gives the command: `AgentCommand(command, arguments)`; both together are at most 60 ASCII
    characters."""

    label: str
    command: str
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class OpenRoom:
    """Make a topic or thread for a case; `send` returns its id, the `place`. Where the first message is made along with
    it, that is the card, and its id follows after a space; one without topics sends the card, whose id is both.
    `title` tells how the case stands, `label` only what never changes, for platforms that seldom let it."""

    key: str
    case_id: str
    title: str
    label: str
    state: CaseState
    text: str
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class ShowCard:
    """Bring the case's card up to date. `message_id` is what the last ShowCard of this place returned, "" the first
    time; `send` returns the card's id."""

    key: str
    place: str
    message_id: str
    text: str
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class NameRoom:
    """Bring the title and the marks of the state up to date; `open` is False once the case has ended."""

    key: str
    place: str
    title: str
    state: CaseState
    open: bool


@dataclass(frozen=True, slots=True)
class Post:
    """Put something into a room: what the customer or another agent said. `loud` calls for attention. `send` returns
    the message's id. It carries text or attachments, not both."""

    key: str
    place: str
    text: str
    attachments: tuple[Attachment, ...] = ()
    buttons: tuple[Button, ...] = ()
    loud: bool = False


Fate = Literal["delivered", "failed", "noted"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the message `ref` that an agent wrote in a room: a mark at it."""

    key: str
    place: str
    ref: str
    fate: Fate


RoomOut = OpenRoom | ShowCard | NameRoom | Post | Receipt
Outgoing = MessageOut | EditOut | CommandAnswer | EventOut | RoomOut
