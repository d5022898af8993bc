"""What comes in: what customers and agents do on a platform, as the bot understands it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Person:
    """A customer or an agent as the platform names them; `language` is a BCP 47 tag or empty."""

    id: str
    name: str = ""
    language: str = ""


FileKind = Literal["photo", "video", "audio", "voice", "document", "sticker", "location"]
_KINDS: Mapping[str, FileKind] = {"image": "photo", "video": "video", "audio": "audio"}


def kind_of(mime: str) -> FileKind:
    """What a file of a media type is."""
    return _KINDS.get(mime.partition("/")[0], "document")


@dataclass(frozen=True, slots=True)
class File:
    """Something sent beside or instead of text. `ref` is how its own channel finds it again, at most 1,000
    characters; `text` is what words can say of it: a sticker's emoji, a location's address on a map."""

    kind: FileKind
    ref: str
    name: str = ""
    mime: str = ""
    size_bytes: int | None = None
    text: str = ""

    @classmethod
    def located(cls, latitude: float, longitude: float, name: str = "") -> File:
        """A location, in degrees; its `ref` is the point itself."""
        link = f"https://www.openstreetmap.org/?mlat={latitude:.6f}&mlon={longitude:.6f}"
        return cls("location", f"{latitude:.6f},{longitude:.6f}", name, text=link)

    @property
    def point(self) -> tuple[float, float]:
        """Latitude and longitude of a location, in degrees."""
        latitude, _, longitude = self.ref.partition(",")
        return float(latitude), float(longitude)


@dataclass(frozen=True, slots=True)
class CustomerMessage:
    """Something a customer wrote. `id` is stable over redelivery and unique within the channel.

    `ref` is the platform's own name of the message, where it can be changed later; messages of one `group` are an
    album. `queue` is the one the customer asked for, by a link for example; it stays chosen for the conversation.
    `answer_to` comes back with the answer to a command and with the acknowledgement, where such an answer goes another
    way than messages.

    `public` tells that everybody can read it (a mention, a comment, a review): what is sent back is read by everybody
    as well, and stands under the message `ref`. `continues` is the public conversation of the same person, proven by
    the platform: an open case there goes on here. A `quiet` one is answered by another system: nothing automatic is
    said.
    """

    id: str
    conversation_id: str
    customer: Person
    text: str
    queue: str | None = None
    from_robot: bool = False
    files: tuple[File, ...] = ()
    ref: str = ""
    group: str = ""
    answer_to: str = ""
    public: bool = False
    continues: str = ""
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class CustomerEdit:
    """A customer changed the message `ref`, or deleted it (`text` is None)."""

    id: str
    conversation_id: str
    ref: str
    text: str | None


@dataclass(frozen=True, slots=True)
class CustomerReaction:
    """A customer reacted with an emoji to something we sent; an empty one takes the reaction back."""

    id: str
    conversation_id: str
    emoji: str


@dataclass(frozen=True, slots=True)
class CustomerGone:
    """A customer blocked us or left: nothing can be sent to them any more."""

    id: str
    conversation_id: str


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """The platform tells afterwards that a message did not arrive, which `send` had taken for delivered. Agents are
    shown the `reason`: no secrets, no customer text."""

    id: str
    conversation_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class OutsideReply:
    """A human of ours answered the customer past the bot, with the platform's own means; it is delivered already.
    `text` may be empty, where only the fact is known."""

    id: str
    conversation_id: str
    agent: Person
    text: str


@dataclass(frozen=True, slots=True)
class OutsideAct:
    """A human of ours took the customer's case, gave it back or ended it in another system, where that is done
    already."""

    id: str
    conversation_id: str
    agent: Person
    act: Literal["claim", "release", "close"]


@dataclass(frozen=True, slots=True)
class AgentCommand:
    """A command as an agent typed it; `arguments` is the rest of the line. `id` is stable over redelivery.

    `case_id` names the case where the platform knows it (a card's button), `place` the room it was given in, by any
    id that an update of the room returned. `member` tells that the platform proves the agent: by the configured
    group or role. `answer_to` comes back with the answer. `ref` is set for a plain message that an agent wrote in a
    room (the command is "reply" or "note" then); its fate is shown at it by a Receipt. `via` is the channel that
    brought it where that is not the agent's own, as with a browser: answers go back there.
    """

    id: str
    agent: Person
    command: str
    arguments: str = ""
    case_id: str | None = None
    place: str = ""
    member: bool = False
    answer_to: str = ""
    files: tuple[File, ...] = ()
    ref: str = ""
    via: str = ""


@dataclass(frozen=True, slots=True)
class AgentEdit:
    """An agent changed the message `ref` that they had written in a room, or deleted it (`text` is None)."""

    id: str
    agent: Person
    place: str
    ref: str
    text: str | None
    member: bool = False


@dataclass(frozen=True, slots=True)
class AgentTyping:
    """An agent is writing in a room, or to the case of that id. Not worth keeping: it is shown now or never."""

    place: str
    case_id: str | None = None


Arrival = (
    CustomerMessage
    | CustomerEdit
    | CustomerReaction
    | CustomerGone
    | Undeliverable
    | OutsideReply
    | OutsideAct
    | AgentCommand
    | AgentEdit
    | AgentTyping
)
Inbox = Callable[[Arrival], Awaitable[None]]
"""Returns once the arrival is durable, however long that takes; a `listen` loop confirms to its platform only then.
It raises nothing: what can never be taken in is logged and dropped."""
