"""What there is: people, roles, servers, channels, messages, interactions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

JSON = dict[str, Any]
DM, TEXT, GROUP, FORUM, PUBLIC_THREAD, PRIVATE_THREAD = 1, 0, 3, 15, 11, 12
THREADS = (PUBLIC_THREAD, PRIVATE_THREAD)
EPHEMERAL, LOADING, SILENT = 1 << 6, 1 << 7, 1 << 12


@dataclass(slots=True)
class Person:
    """An account. `reachable`: whether the bot may write first or at all; `installed`: as a user's own app."""

    id: int
    name: str
    locale: str = "en-US"
    bot: bool = False
    reachable: bool = True
    installed: bool = False
    avatar: str | None = None
    banner: str | None = None


@dataclass(slots=True)
class Role:
    """A role; `permissions` is a bit set."""

    id: int
    name: str
    permissions: int
    position: int
    mentionable: bool = False


@dataclass(slots=True)
class Member:
    """Somebody in a server."""

    roles: set[int] = field(default_factory=set)
    nick: str | None = None
    banner: str | None = None
    avatar: str | None = None
    bio: str = ""


@dataclass(slots=True)
class Guild:
    """A server. `thread_cap`: how many threads may be active."""

    id: int
    name: str
    owner: int
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    thread_cap: int = 1000


@dataclass(slots=True)
class Tag:
    """A tag that posts of a forum may carry."""

    id: int
    name: str
    moderated: bool = False


@dataclass(slots=True)
class Message:
    """A message. `ephemeral_to` is whoever alone sees it."""

    id: int
    channel: int
    author: Person
    at: float
    content: str = ""
    type: int = 0
    flags: int = 0
    nonce: str | int | None = None
    attachments: list[JSON] = field(default_factory=list)
    components: list[JSON] = field(default_factory=list)
    embeds: list[JSON] = field(default_factory=list)
    stickers: list[JSON] = field(default_factory=list)
    reference: int | None = None
    edited_at: float | None = None
    calls: JSON = field(default_factory=dict)
    """Whom it mentions, as the vendor lists them: `everyone`, `roles`, `users`."""
    reactions: dict[str, set[int]] = field(default_factory=dict)
    ephemeral_to: int = 0
    interaction: int = 0


@dataclass(slots=True)
class Channel:
    """A channel of a server, a thread, or a private conversation. `people` are those of a private one, or a
    thread's members."""

    id: int
    type: int
    name: str = ""
    guild: int = 0
    parent: int = 0
    owner: int = 0
    people: set[int] = field(default_factory=set)
    tags: list[Tag] = field(default_factory=list)
    tag_required: bool = False
    overwrites: dict[int, tuple[int, int]] = field(default_factory=dict)
    """By role or member: what is allowed, what is denied."""
    messages: dict[int, Message] = field(default_factory=dict)
    applied: list[int] = field(default_factory=list)
    archived: bool = False
    locked: bool = False
    invitable: bool = True
    auto_archive_min: int = 4320
    archived_at: float = 0.0
    made_at: float = 0.0

    @property
    def is_thread(self) -> bool:
        """Whether it is a thread, which a post of a forum is too."""
        return self.type in THREADS

    @property
    def is_private(self) -> bool:
        """Whether only the bot and one person are in it."""
        return self.type == DM


@dataclass(slots=True)
class Interaction:
    """Something that somebody asked of the bot, and how far the bot got with it."""

    id: int
    token: str
    kind: int
    person: Person
    channel: int
    guild: int
    at: float
    installed_here: bool = True
    """Whether the bot is in the place itself, and not only the person's own app."""
    answered: int = 0
    """The type of the first answer; 0 until then."""
    original: int = 0
    """The message that answers it."""
    source: int = 0
    """The message whose button was pressed."""
    follow_ups: int = 0
    modal: JSON | None = None
    dead: bool = False
