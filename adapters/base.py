"""The whole contract between the bot and a channel: what comes in, what goes out, what may go wrong.

An adapter translates one platform. It never decides, remembers, retries, reads a clock or knows another
adapter: the bot hands it finished words and the table of commands, and takes what it understood as arrivals.
A new channel is one file `adapters/<name>.py` that ends in `open_channel(options, tools) -> Channel`.

Invariant: `send` either returns the platform's id, or raises the one error that says what is known of
the message: Refused (never delivered), Busy (certainly not yet), Uncertain (perhaps).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from aiohttp import ClientSession

# --- what comes in -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """A customer or an agent as the platform names them; `language` is a BCP 47 tag or empty."""

    id: str
    name: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class CustomerMessage:
    """Something a customer wrote. `id` is stable over redelivery and unique within the channel."""

    id: str
    conversation_id: str
    customer: Person
    text: str
    queue: str | None = None
    from_robot: bool = False


@dataclass(frozen=True, slots=True)
class AgentCommand:
    """A command as an agent typed it; `arguments` is the rest of the line. `id` is stable over redelivery.

    `case_id` names the case in whose thread or topic the command was given, where the platform has such.
    """

    id: str
    agent: Person
    command: str
    arguments: str = ""
    case_id: str | None = None


Arrival = CustomerMessage | AgentCommand
Inbox = Callable[[Arrival], Awaitable[None]]
"""Returns once the arrival is durable; a `listen` loop confirms to its platform only then."""

# --- what goes out -----------------------------------------------------------------------------------------

MessageKind = Literal["acknowledgement", "reply", "update", "answer", "notice"]


@dataclass(frozen=True, slots=True)
class MessageOut:
    """Words for a customer. `key` is the idempotency key: the same in every attempt."""

    key: str
    conversation_id: str
    customer_id: str
    case_id: str | None
    kind: MessageKind
    text: str


@dataclass(frozen=True, slots=True)
class CommandAnswer:
    """The answer to an agent's command; only that agent is to see it."""

    key: str
    command_id: str
    agent_id: str
    text: str
    ok: bool
    case_id: str | None


@dataclass(frozen=True, slots=True)
class EventOut:
    """Something other programs may want to know: `wait.updated`, `case.opened` and their like."""

    key: str
    type: str
    data: Mapping[str, Any]


Outgoing = MessageOut | CommandAnswer | EventOut

# --- what may go wrong -------------------------------------------------------------------------------------


class ChannelError(Exception):
    """Root of all that an adapter raises on purpose.

    ChannelError
    |- Rejected            a pushed request is not taken; nothing of it is stored
    |  |- Untrusted        not genuine: no, wrong or stale signature (HTTP 401)
    |  `- Malformed        genuine, but not what the contract says (HTTP 400)
    `- Undelivered         a message did not (surely) reach the platform
       |- Refused          it never will
       |- Busy             it certainly did not yet; try again after `retry_after_s`
       `- Uncertain        perhaps it did
    """


class Rejected(ChannelError):
    """A pushed request that is not taken. The text is shown to the sender: no secrets, no customer text."""


class Untrusted(Rejected):
    """The request is not proven to come from the platform."""


class Malformed(Rejected):
    """The request breaks the contract; the text names the field."""


class Undelivered(ChannelError):
    """A message that did not surely reach the platform. The text goes to logs: no secrets, no customer text."""


class Refused(Undelivered):
    """The platform will never take this message."""


class Busy(Undelivered):
    """Certainly not delivered yet. `retry_after_s` is the platform's own delay in seconds, or None."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Uncertain(Undelivered):
    """Perhaps delivered: the request left, no answer came."""


class BadOptions(Exception):
    """The channel's configuration cannot work: `key` is the option, the text the way out."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.key = key
        self.reason = reason


# --- the channel -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Limits:
    """What the platform allows: `resend_is_safe` when a repeated key is delivered once only."""

    text_chars: int
    resend_is_safe: bool
    sends_at_once: int = 16


@dataclass(frozen=True, slots=True)
class CommandHelp:
    """One row of the desk's table of commands, for adapters that publish a command list."""

    name: str
    arguments: str
    summary: str
    for_agents: bool


@dataclass(frozen=True, slots=True)
class Tools:
    """What the bot lends an adapter: the channel's name, one outgoing HTTP door, real time in epoch seconds,
    the desk's table of commands and the ids of the agents of this channel."""

    name: str
    http: ClientSession
    now: Callable[[], float]
    commands: Sequence[CommandHelp] = ()
    agents: frozenset[str] = field(default_factory=frozenset)


@runtime_checkable
class Channel(Protocol):
    """One way customers reach us, and agents answer."""

    limits: Limits
    wants_events: bool

    def accept(self, headers: Mapping[str, str], body: bytes, now: float) -> list[Arrival]:
        """Verify and read a pushed request; `now` in epoch seconds. Pure. Raises Untrusted or Malformed."""
        ...

    async def listen(self, inbox: Inbox) -> None:
        """Pull arrivals until cancelled; a channel that is only pushed to waits for ever."""
        ...

    async def send(self, outgoing: Outgoing) -> str:
        """Deliver once, return the platform's id. Raises Refused, Busy or Uncertain."""
        ...

    async def aclose(self) -> None:
        """Give back what was opened; may be called twice."""
        ...
