"""What a channel may be able to do beside sending and listening. Each is a protocol of its own; all are optional."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol, runtime_checkable

from adapters.base.arrivals import CustomerMessage, File, Person
from adapters.base.outgoing import Outgoing


@dataclass(frozen=True, slots=True)
class Pace:
    """A budget of the platform: at most `most` sends within any `per_s` seconds. A message that counts several times,
    such as an album, `draws` as many. What follows a ":" in the name is the one place that the budget is for, which is
    then written to by one send at a time; operators know it by what stands before."""

    name: str
    most: int
    per_s: float
    draws: int = 1


@runtime_checkable
class Paced(Protocol):
    """The platform limits how fast it may be spoken to."""

    def paces(self, outgoing: Outgoing) -> Sequence[Pace]:
        """The budgets that a message would draw on. Pure."""
        ...


@runtime_checkable
class Media(Protocol):
    """Files of this channel can be fetched, to be sent on another one."""

    async def fetch(self, file: File, into: BinaryIO) -> None:
        """Write what `file.ref` names, piece by piece. Raises Refused, Busy; then nothing of `into` counts."""
        ...


@runtime_checkable
class Typing(Protocol):
    """The platform can show that somebody is writing."""

    async def show_typing(self, conversation_id: str, ref: str) -> None:
        """Show it for a few seconds. `ref` is the customer's last message, "" where it has none. Fails silently:
        nothing depends on it."""
        ...


@runtime_checkable
class Seeing(Protocol):
    """The platform can show that a human has seen what the customer wrote."""

    async def show_seen(self, conversation_id: str, ref: str) -> None:
        """Show it, up to the customer's message `ref`. Fails silently: nothing depends on it."""
        ...


@runtime_checkable
class Naming(Protocol):
    """The platform tells who a customer is only when it is asked."""

    async def person_of(self, customer_id: str) -> Person:
        """The customer with name and language, each "" where the platform does not tell it. Raises Refused, Busy."""
        ...


@runtime_checkable
class Inviting(Protocol):
    """An address can open a private chat with us, and say something there."""

    def invitation(self, payload: str) -> str:
        """The address that opens the chat, where the customer then says `/start <payload>`, by a tap or by itself; with
        an empty payload it only opens. "" where there is none. `payload` is at most 40 letters, digits, `_` and `-`.
        Pure."""
        ...


@dataclass(frozen=True, slots=True)
class Outlet:
    """A place of the profile where the published wait can be shown: a text of at most `chars`, in each language where
    `per_language`; or the picture of this `format` (see `bot.formats`), encoded as "png" or "jpeg". Not changed more
    often than every `least_s`."""

    name: str
    least_s: float
    chars: int = 0
    per_language: bool = False
    format: str = ""
    encoding: str = "png"
    in_session: bool = False
    """Whether it is gone with the session that `listen` holds, so nothing needs to be kept or restored."""


Shown = Mapping[str, str] | bytes | None
"""What stands in an outlet: texts by language ("" for all others), a picture, or nothing."""


@runtime_checkable
class Profile(Protocol):
    """The brand's profile on this platform shows the published wait."""

    outlets: Sequence[Outlet]

    async def read_outlet(self, name: str) -> Shown:
        """What stands there now, the operator's own for example. Raises Refused, Busy."""
        ...

    async def show_outlet(self, name: str, shown: Shown) -> None:
        """Put it there. Raises Refused, Busy, Uncertain."""
        ...


@runtime_checkable
class Site(Protocol):
    """Customers come with a browser, to a page that the bot serves at `/chat/<channel>`. What the page posts goes to
    `accept`; what it shows stands in a box of the channel's `Mailbox`. `cookie` is the name of the one that tells
    browsers apart."""

    cookie: str

    def visitor(self, headers: Mapping[str, str]) -> str:
        """The conversation, and box, of the browser that sent these headers. Pure. Raises Untrusted."""
        ...

    def shown(self, message: CustomerMessage, at: float) -> Mapping[str, Any]:
        """What the customer wrote, as an item of their box. Pure."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that `jono check` looked at. `wrong` says what is missing and how to mend it; no secrets."""

    what: str
    wrong: str = ""


@runtime_checkable
class Checked(Protocol):
    """The channel can tell whether it would work."""

    async def check(self) -> list[Finding]:
        """Look at the token, rights, intents, groups, permissions. Changes nothing on the platform."""
        ...
