"""What bots may call about channels: posts of forums, threads, how they stand.

https://docs.discord.com/developers/resources/channel
"""

from __future__ import annotations

from tests.fakes.discord import mentions, rights
from tests.fakes.discord.errors import bad, forbidden, invalid, unknown
from tests.fakes.discord.messages import calling, channel_in, components_of, content_of
from tests.fakes.discord.rest import Call
from tests.fakes.discord.things import FORUM, JSON, PRIVATE_THREAD, PUBLIC_THREAD, Channel, Guild, Message
from tests.fakes.discord.world import World

NAME_CHARS, TAGS = 100, 5
ARCHIVE_MIN = (60, 1440, 4320, 10080)


def get(world: World, call: Call) -> JSON:
    """One channel."""
    return world.channel_of(channel_in(world, call))


def change(world: World, call: Call) -> JSON:
    """Change a thread: its name, tags, whether it is archived."""
    channel = channel_in(world, call, "manage_threads")
    body = call.object
    if not channel.is_thread:
        raise forbidden(50013)
    if channel.archived and body.get("archived") is not False and set(body) - {"archived", "locked"}:
        raise bad(50083, "Thread is archived")
    if "name" in body and body["name"] != channel.name:
        wait_s = world.limits.use(f"name:{channel.id}", world.limits.settings.names, world.now())
        if wait_s:
            raise bad(
                20028, "The write action you are performing on the channel has hit the write rate limit."
            )
        channel.name = _name(body)
    if "applied_tags" in body:
        channel.applied = _tags(world.channels[channel.parent], body["applied_tags"])
    if "archived" in body and bool(body["archived"]) != channel.archived:
        channel.archived, channel.archived_at = bool(body["archived"]), world.now()
    channel.locked = bool(body.get("locked", channel.locked))
    world.changed(channel)
    return world.channel_of(channel)


def start(world: World, call: Call) -> JSON:
    """A post of a forum with its first message, or a thread of a text channel."""
    parent, body = channel_in(world, call), call.object
    kind = PUBLIC_THREAD if parent.type == FORUM else int(body.get("type", PRIVATE_THREAD))
    channel_in(world, call, rights.to_open(parent, kind))
    guild = world.guilds[parent.guild]
    _room_for_one_more(world, guild)
    if int(body.get("auto_archive_duration") or 4320) not in ARCHIVE_MIN:
        raise invalid(
            "auto_archive_duration", "BASE_TYPE_CHOICES", "Value must be one of (60, 1440, 4320, 10080)."
        )
    thread = Channel(
        world.snowflake(),
        kind,
        _name(body),
        guild.id,
        parent.id,
        world.me.id,
        {world.me.id},
        auto_archive_min=int(body.get("auto_archive_duration") or 4320),
        invitable=bool(body.get("invitable", True)),
        made_at=world.now(),
    )
    if parent.type != FORUM:
        world.add_thread(thread)
        return world.channel_of(thread)
    thread.applied = _tags(parent, body.get("applied_tags") or [])
    first = _first(world, thread, body.get("message") or {})
    world.add_thread(thread)
    world.put(*first)
    return world.channel_of(thread) | {"message": world.body_of(first[0])}


def _first(world: World, thread: Channel, body: JSON) -> tuple[Message, mentions.Called, list[str] | None]:
    """The first message of a post has the post's own id."""
    content, components = content_of(body), components_of(world, body)
    if not content:
        raise bad(50006, "Cannot send an empty message")
    world.channels[thread.id] = thread
    called, parse = calling(world, thread, content, body, mentions.IN_MESSAGES, None)
    message = Message(thread.id, thread.id, world.me, world.now(), content, components=components)
    return message, called, parse


def _room_for_one_more(world: World, guild: Guild) -> None:
    if len(world.active(guild.id)) >= guild.thread_cap:
        raise bad(160006, "Maximum number of active threads reached")


def _name(body: JSON) -> str:
    name = str(body.get("name") or "")
    if not 1 <= len(name) <= NAME_CHARS:
        raise invalid("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    return name


def _tags(parent: Channel, given: list[str]) -> list[int]:
    known = {tag.id for tag in parent.tags}
    if len(given) > TAGS or {int(one) for one in given} - known:
        raise invalid("applied_tags", "BASE_TYPE_CHOICES", "Unknown tag")
    return [int(one) for one in given]


def active(world: World, call: Call) -> JSON:
    """The threads of a server that are not archived."""
    guild = world.guilds.get(call.number("guild"))
    if guild is None:
        raise unknown("guild")
    seen = [one for one in world.active(guild.id) if world.visible(one)]
    return {"threads": [world.channel_of(one) for one in seen], "members": []}


def archived(world: World, call: Call) -> JSON:
    """The threads of a channel that are archived, those that were archived last first."""
    private = call.route.endswith("/private")
    needed = ["read_message_history", *(["manage_threads"] if private else [])]
    parent = channel_in(world, call, *needed)
    kind = PRIVATE_THREAD if private else PUBLIC_THREAD
    found = [one for one in world.channels.values() if one.parent == parent.id and one.type == kind]
    asleep = sorted((one for one in found if one.archived), key=lambda one: -one.archived_at)
    limit = int(call.query.get("limit", "50"))
    before = call.query.get("before")
    bodies = [world.channel_of(one) for one in asleep]
    older = [one for one in bodies if before is None or one["thread_metadata"]["archive_timestamp"] < before]
    return {"threads": older[:limit], "members": [], "has_more": len(older) > limit}
