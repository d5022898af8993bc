"""What LINE's events mean. Pure.

Chats between one person and the account are heard; groups, events of another system's turn ("standby") and kinds that
nobody here knows are passed over. What breaks LINE's own contract is refused by its name.
https://developers.line.biz/en/reference/messaging-api/#webhook-event-objects
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.base import (
    AgentCommand,
    Arrival,
    CustomerEdit,
    CustomerGone,
    CustomerMessage,
    File,
    FileKind,
    Malformed,
    Person,
    start,
)

HEARD = frozenset({"message", "postback", "unsend", "follow", "unfollow"})
KINDS: Mapping[str, FileKind] = {"image": "photo", "video": "video", "audio": "voice", "file": "document"}
"""Messages with a content that LINE keeps for us."""
NOTE_MARK = "//"
MOST = 10**15
"""No number that makes sense is larger: times are in milliseconds."""


@dataclass(frozen=True, slots=True)
class Event:
    """An object that LINE sent, and where it stands in the body. Reading a field raises Malformed."""

    data: Any
    path: str

    def __post_init__(self) -> None:
        if not isinstance(self.data, dict):
            raise Malformed(f"{self.path}: an object is wanted")

    def text(self, name: str) -> str:
        """A text that must be there."""
        value = self.data.get(name)
        if not isinstance(value, str) or not value:
            raise Malformed(f"{self.path}.{name}: a text is wanted")
        return value

    def number(self, name: str) -> float:
        """A number that must be there."""
        value = self.data.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < MOST:
            raise Malformed(f"{self.path}.{name}: a number is wanted")
        return value

    def part(self, name: str) -> Event:
        """An object within."""
        return Event(self.data.get(name), f"{self.path}.{name}")

    @property
    def answer_to(self) -> str:
        """The reply token, and since when it counts in milliseconds; "" where there is none."""
        return (
            f"{self.number('timestamp'):.0f}:{self.text('replyToken')}" if "replyToken" in self.data else ""
        )


def arrival_of(
    event: Event, ourselves: object, agents: Collection[str], queues: Sequence[str]
) -> Arrival | None:
    """What an event says; None for what is not for us. `ourselves` is the account's own id. Raises Malformed."""
    kind = event.text("type")
    if (
        kind not in HEARD
        or event.data.get("mode") == "standby"
        or event.part("source").text("type") != "user"
    ):
        return None
    event_id, user = event.text("webhookEventId"), event.part("source").text("userId")
    if user == ourselves:
        return None
    if user in agents:
        return _command(event, event_id, user)
    match kind:
        case "unsend":
            return CustomerEdit(event_id, user, event.part("unsend").text("messageId"), None)
        case "unfollow":
            return CustomerGone(event_id, user)
        case _:
            return _message(event, event_id, user, queues)


def _message(event: Event, event_id: str, user: str, queues: Sequence[str]) -> CustomerMessage | None:
    said = _said(event)
    if said is None:
        return None
    text, files = said
    text, queue = _commanded(text, queues) if text.startswith("/") else (text, None)
    message = event.part("message") if event.text("type") == "message" else None
    return CustomerMessage(
        id=event_id,
        conversation_id=user,
        customer=Person(user),
        text=text,
        queue=queue,
        files=files,
        ref=message.text("id") if message else "",
        group=_album(message) if message else "",
        answer_to=event.answer_to,
    )


def _commanded(text: str, queues: Sequence[str]) -> tuple[str, str | None]:
    """`/start billing__fi`, as a link or a button gives it, names a queue and a language."""
    name, _, arguments = text.removeprefix("/").partition(" ")
    if name != "start":
        return text, None
    return start(arguments.strip(), queues)


def _command(event: Event, event_id: str, user: str) -> AgentCommand | None:
    """What an agent wrote: a command, a note, or a reply."""
    said = _said(event) if event.text("type") in ("message", "postback") else None
    if said is None:
        return None
    text, files = said
    if text.startswith(NOTE_MARK):
        name, arguments = "note", text.removeprefix(NOTE_MARK)
    elif text.startswith("/"):
        name, _, arguments = text.removeprefix("/").partition(" ")
    else:
        name, arguments = "reply", text
    to = event.answer_to
    return AgentCommand(event_id, Person(user), name, arguments.strip(), answer_to=to, files=files)


def _said(event: Event) -> tuple[str, tuple[File, ...]] | None:
    """Text and files; None for what says nothing. Whoever comes is greeted; a button says what its command says."""
    match event.text("type"):
        case "follow":
            return "/start", ()
        case "postback":
            data = event.part("postback").text("data")
            return (data, ()) if data.startswith("/") else None
        case "message":
            return _content(event.part("message"))
    return None


def _content(message: Event) -> tuple[str, tuple[File, ...]] | None:
    kind = message.text("type")
    match kind:
        case "text":
            return message.text("text"), ()
        case "sticker":
            return "", (_sticker(message),)
        case "location":
            return "", (_location(message),)
        case _ if kind in KINDS:
            return _file(message, KINDS[kind])
    return None


def _file(message: Event, kind: FileKind) -> tuple[str, tuple[File, ...]]:
    """What LINE keeps for us. What another program sent in the customer's name stays where it is: its address is
    shown, and not called."""
    if kind != "document" and (provider := message.part("contentProvider")).text("type") == "external":
        return provider.text("originalContentUrl"), ()
    name, size = message.data.get("fileName"), message.data.get("fileSize")
    size_bytes = size if isinstance(size, int) and 0 <= size < MOST else None
    return "", (File(kind, message.text("id"), name if isinstance(name, str) else "", size_bytes=size_bytes),)


def _sticker(message: Event) -> File:
    keywords = message.data.get("keywords")
    words = [message.data.get("text"), *(keywords if isinstance(keywords, list) else ())]
    text = next((word for word in words if isinstance(word, str) and word), "")
    return File("sticker", f"{message.text('packageId')}/{message.text('stickerId')}", text=text)


def _location(message: Event) -> File:
    latitude, longitude = message.number("latitude"), message.number("longitude")
    named = (message.data.get(name) for name in ("title", "address"))
    name = ", ".join(part for part in named if isinstance(part, str) and part)
    return File.located(latitude, longitude, name)


def _album(message: Event) -> str:
    return message.part("imageSet").text("id") if "imageSet" in message.data else ""
