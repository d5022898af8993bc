"""The channel itself, and what the bot lends it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from adapters.base.arrivals import Arrival, Inbox
from adapters.base.outgoing import Outgoing

if TYPE_CHECKING:
    from aiohttp import ClientSession


@dataclass(frozen=True, slots=True)
class Limits:
    """What the platform allows, and what it can do.

    `measure` tells how much of `text_chars` a text takes (in the platform's own units, after escaping).
    `resend_is_safe` when a repeated key is delivered once only. `file_bytes` is the largest attachment, 0 when it
    takes none. `one_reader` when only one process may listen at a time. `room` when agents have a room here.
    `hears_refusals` when whoever pushes wants an error for what can never be taken in, and does not push it again.
    `reply_window_s`: how long after their last message a customer can be answered; 0 for ever. `come_again`: the HTTP
    status by which whoever pushes is told to push it again. `body_bytes`: the largest request that is pushed, where it
    may be larger than what the operator allows all.
    """

    text_chars: int
    resend_is_safe: bool
    sends_at_once: int = 16
    measure: Callable[[str], int] = len
    file_bytes: int = 0
    one_reader: bool = False
    room: bool = False
    title_chars: int = 100
    hears_refusals: bool = False
    reply_window_s: float = 0.0
    come_again: int = 503
    body_bytes: int = 0


@dataclass(frozen=True, slots=True)
class CommandHelp:
    """One row of the desk's table of commands, for adapters that publish a command list. `summaries` and `names` have
    the summary and the name in every language, by code, for platforms that translate them."""

    name: str
    arguments: str
    summary: str
    for_agents: bool
    summaries: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


class Bookmarks(Protocol):
    """How far each place of a channel was read; kept by the bot, so that an outage can be caught up with."""

    async def all(self) -> Mapping[str, str]:
        """The last mark of every place, most recently marked first."""
        ...

    def mark(self, place: str, mark: str) -> None:
        """All up to `mark` is durable here. Written soon, not at once."""
        ...


class NoBookmarks:
    """Bookmarks that last as long as the process."""

    def __init__(self) -> None:
        self._marks: dict[str, str] = {}

    async def all(self) -> Mapping[str, str]:
        """The marks of this process, the latest first."""
        return dict(reversed(self._marks.items()))

    def mark(self, place: str, mark: str) -> None:
        """Keep it in memory."""
        self._marks.pop(place, None)
        self._marks[place] = mark


class Mailbox(Protocol):
    """What browsers of a channel show, kept by the bot: one box for each conversation, which is there after a reload
    and in a second window. Its owner watches it: see `Site`."""

    async def put(self, box: str, key: str, item: Mapping[str, Any]) -> str:
        """Put an item into a box, once for its key; gives the item's id."""
        ...

    async def keep_file(self, box: str, content: bytes) -> str:
        """Keep a file beside a box; gives the `ref` it is found by, which begins with the box."""
        ...

    async def file(self, ref: str) -> bytes | None:
        """The file of a `ref`; None when there is none any more."""
        ...

    async def show(self, box: str, sign: str) -> None:
        """Tell whoever looks at the box just now, and nobody later. Fails silently."""
        ...


class NoMailbox:
    """Boxes that last as long as the process, and that nobody watches."""

    def __init__(self) -> None:
        self.boxes: dict[str, dict[str, Mapping[str, Any]]] = {}
        self.files: dict[str, bytes] = {}
        self.signs: list[tuple[str, str]] = []

    async def put(self, box: str, key: str, item: Mapping[str, Any]) -> str:
        """Keep it in memory."""
        self.boxes.setdefault(box, {}).setdefault(key, item)
        return key

    async def keep_file(self, box: str, content: bytes) -> str:
        """Keep it in memory."""
        ref = f"{box}/{len(self.files)}"
        self.files[ref] = content
        return ref

    async def file(self, ref: str) -> bytes | None:
        """What is in memory."""
        return self.files.get(ref)

    async def show(self, box: str, sign: str) -> None:
        """Note it."""
        self.signs.append((box, sign))


class Streams(Protocol):
    """Streams in the bot's store that another system writes to."""

    async def read(self, key: str, after: str) -> Sequence[tuple[str, Mapping[str, str]]]:
        """The entries that follow `after` ("0": all), oldest first: id and fields. Waits until there are some."""
        ...


class NoStreams:
    """No store, no streams: nothing ever comes."""

    async def read(self, key: str, after: str) -> Sequence[tuple[str, Mapping[str, str]]]:
        """Wait for ever."""
        await asyncio.Event().wait()
        return ()


def _unheard(trouble: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the bot lends an adapter: the channel's name, one outgoing HTTP door, real time in epoch seconds,
    the desk's table of commands, the ids of the agents of this channel, the names of all queues, the default
    language, the public address of `POST /hooks/<channel>` and the one where customers find this channel, as the
    operator gave it ("" when there is none).

    `report` tells what is wrong with the channel just now, for `/readyz` and the log; "" when all is well again.
    """

    name: str
    http: ClientSession
    now: Callable[[], float]
    commands: Sequence[CommandHelp] = ()
    agents: frozenset[str] = field(default_factory=frozenset)
    queues: tuple[str, ...] = ()
    language: str = "en"
    hook_url: str = ""
    contact: str = ""
    bookmarks: Bookmarks = field(default_factory=NoBookmarks)
    mailbox: Mailbox = field(default_factory=NoMailbox)
    streams: Streams = field(default_factory=NoStreams)
    report: Callable[[str], None] = _unheard


@runtime_checkable
class Channel(Protocol):
    """One way customers reach us, and agents answer."""

    limits: Limits
    wants_events: bool

    def accept(self, headers: Mapping[str, str], body: bytes, now: float) -> list[Arrival]:
        """Verify and read a pushed request; `now` in epoch seconds. Pure. Raises Untrusted or Malformed."""
        ...

    async def listen(self, inbox: Inbox) -> None:
        """Pull arrivals until cancelled: one session, the bot begins the next one. A channel that is only pushed to
        makes known where to push, and waits for ever. Raises Down or Unusable."""
        ...

    async def send(self, outgoing: Outgoing) -> str:
        """Deliver once, return the platform's id. Raises Refused, Gone, Busy or Uncertain."""
        ...

    async def aclose(self) -> None:
        """Give back what was opened; may be called twice."""
        ...
