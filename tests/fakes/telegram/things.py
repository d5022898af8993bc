"""People, chats, messages and their like, and how the vendor writes some of them down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.fakes.telegram import words
from tests.fakes.telegram.ledger import JSON

ANONYMOUS: JSON = {
    "id": 1_087_968_824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
"""Who an administrator is that writes as the group."""
ADMIN_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_pin_messages",
    "can_manage_topics",
)


@dataclass(slots=True)
class Person:
    """A customer or an agent."""

    id: int
    first_name: str
    last_name: str = ""
    username: str = ""
    language: str = ""
    started: bool = False
    blocked: bool = False
    deactivated: bool = False

    def user(self) -> JSON:
        """As a User."""
        user = {"id": self.id, "is_bot": False, "first_name": self.first_name}
        more = {"last_name": self.last_name, "username": self.username, "language_code": self.language}
        return user | {name: value for name, value in more.items() if value}


@dataclass(slots=True)
class Topic:
    """A topic; its id is that of the message that tells of it."""

    id: int
    name: str
    colour: int
    by_bot: bool
    open: bool = True
    deleted: bool = False


@dataclass(slots=True)
class Message:
    """A message as it was written, and whether the bot wrote it."""

    body: JSON
    mine: bool


@dataclass(slots=True)
class Chat:
    """A chat: private, group or supergroup. `connection` is set for what happens in a business account."""

    id: int
    type: str
    title: str = ""
    forum: bool = False
    connection: str = ""
    members: dict[int, str] = field(default_factory=dict)
    """Statuses by person; the bot's own is in `bot`."""
    bot: str = "member"
    rights: set[str] = field(default_factory=set)
    """The bot's, as an administrator."""
    messages: dict[int, Message] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    last_message: int = 1
    moved_to: int = 0
    active_at: float = 0.0

    @property
    def name(self) -> str:
        """What the ledger calls it."""
        return f"{self.connection}:{self.id}" if self.connection else str(self.id)


@dataclass(slots=True)
class Connection:
    """A business account that the bot serves."""

    id: str
    owner: Person
    rights: dict[str, bool]
    enabled: bool = True


@dataclass(slots=True)
class File:
    """What was uploaded, or is said to have been: without content it is as many zeros."""

    id: str
    kind: str
    size: int
    content: bytes | None
    name: str = ""
    mime: str = ""


@dataclass(slots=True)
class Query:
    """A button that somebody pressed."""

    chat: Chat
    born: float


def member(user: JSON, status: str, rights: set[str]) -> JSON:
    """A ChatMember."""
    made: JSON = {"user": user, "status": status}
    if status == "creator":
        made["is_anonymous"] = False
    elif status == "administrator":
        made |= {"can_be_edited": False, "is_anonymous": False}
        made |= {right: right in rights for right in ADMIN_RIGHTS}
    elif status == "kicked":
        made["until_date"] = 0
    return made


def told_of(body: JSON, made: Sequence[JSON]) -> JSON:
    """What the ledger keeps of a message."""
    text = str(body.get("text", body.get("caption", "")))
    kind, files = content_of(body)
    keyboard = body.get("reply_markup", {}).get("inline_keyboard", [])
    return {
        "kind": kind,
        "text": text,
        "entities": list(made),
        "found": words.found(text),
        "files": files,
        "buttons": [
            (button["text"], button.get("callback_data", button.get("url", "")))
            for row in keyboard
            for button in row
        ],
    }


def content_of(body: JSON) -> tuple[str, list[str]]:
    """The kind of a message, and the ids of its files."""
    if "photo" in body:
        return "photo", [body["photo"][-1]["file_id"]]
    for kind in ("animation", "video", "video_note", "audio", "voice", "document", "sticker"):
        if kind in body:
            return kind, [body[kind]["file_id"]]
    if "location" in body:
        return "location", []
    return ("text" if "text" in body else "service"), []
