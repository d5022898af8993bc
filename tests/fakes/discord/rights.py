"""Permissions: https://docs.discord.com/developers/topics/permissions."""

from __future__ import annotations

from tests.fakes.discord.things import FORUM, PRIVATE_THREAD, Channel, Guild

BITS = {
    "create_instant_invite": 0,
    "kick_members": 1,
    "ban_members": 2,
    "administrator": 3,
    "manage_channels": 4,
    "manage_guild": 5,
    "add_reactions": 6,
    "view_channel": 10,
    "send_messages": 11,
    "manage_messages": 13,
    "embed_links": 14,
    "attach_files": 15,
    "read_message_history": 16,
    "mention_everyone": 17,
    "use_external_emojis": 18,
    "change_nickname": 26,
    "manage_roles": 28,
    "use_application_commands": 31,
    "manage_threads": 34,
    "create_public_threads": 35,
    "create_private_threads": 36,
    "send_messages_in_threads": 38,
}
ALL = (1 << 53) - 1
MEMBERS = (
    "view_channel",
    "send_messages",
    "add_reactions",
    "embed_links",
    "attach_files",
    "read_message_history",
    "use_application_commands",
    "create_public_threads",
    "send_messages_in_threads",
    "change_nickname",
)
"""What everybody in a server may do, if nothing else is said."""
BOT = (*MEMBERS, "create_private_threads", "manage_threads", "manage_messages", "mention_everyone")


def bits(*names: str) -> int:
    """A bit set of these permissions."""
    return sum(1 << BITS[name] for name in set(names))


def of_member(guild: Guild, person: int) -> int:
    """What somebody may do in a server as a whole."""
    if person == guild.owner:
        return ALL
    member = guild.members.get(person)
    if member is None:
        return 0
    given = guild.roles[guild.id].permissions
    for role in member.roles:
        given |= guild.roles[role].permissions
    return ALL if given & bits("administrator") else given


def in_channel(guild: Guild, channel: Channel, person: int) -> int:
    """What somebody may do in a channel. `channel` is the parent, for a thread; nothing, if they do not see it."""
    given = of_member(guild, person)
    member = guild.members.get(person)
    if given == ALL or member is None:
        return given
    allow, deny = channel.overwrites.get(guild.id, (0, 0))
    given = given & ~deny | allow
    roles = [channel.overwrites.get(role, (0, 0)) for role in member.roles]
    for _, deny in roles:
        given &= ~deny
    for allow, _ in roles:
        given |= allow
    allow, deny = channel.overwrites.get(person, (0, 0))
    given = given & ~deny | allow
    return given if given & bits("view_channel") else 0


def sees_thread(thread: Channel, person: int, permissions: int) -> bool:
    """Whether somebody with these permissions in the parent sees a thread."""
    if not permissions & bits("view_channel"):
        return False
    open_to_all = thread.type != PRIVATE_THREAD
    return open_to_all or person in thread.people or bool(permissions & bits("manage_threads"))


def to_write(channel: Channel) -> str:
    """The permission that writing there takes."""
    return "send_messages_in_threads" if channel.is_thread else "send_messages"


def to_open(parent: Channel, kind: int) -> str:
    """The permission that a new thread takes; in a forum, only that of writing."""
    if parent.type == FORUM:
        return "send_messages"
    return "create_private_threads" if kind == PRIVATE_THREAD else "create_public_threads"
