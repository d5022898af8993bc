"""What bots may call about messages: https://docs.discord.com/developers/resources/message."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

from tests.fakes.discord import mentions, rights
from tests.fakes.discord.errors import bad, forbidden, invalid, unknown
from tests.fakes.discord.mentions import Called
from tests.fakes.discord.rest import Call
from tests.fakes.discord.things import FORUM, JSON, SILENT, Channel, Message
from tests.fakes.discord.uploads import check_count
from tests.fakes.discord.world import World

TEXT_CHARS, NONCE_CHARS, NONCE_MEMORY_S = 2000, 25, 300.0
REACTIONS = 20
ROWS, BUTTONS, LABEL_CHARS, CUSTOM_ID_CHARS = 5, 5, 80, 100
SETTABLE = (1 << 2) | SILENT | (1 << 15)
"""Flags that a message may be sent with: no embeds, silent, components of the second version."""


# --- where -------------------------------------------------------------------------------------------------


def channel_in(world: World, call: Call, *needed: str) -> Channel:
    """The channel of the path, if the bot sees it and has these permissions there. Raises ApiError."""
    channel = world.channels.get(call.number("channel"))
    if channel is None:
        raise unknown("channel")
    given = world.permissions(channel, world.me.id)
    if not given:
        raise forbidden(50001)
    if rights.bits(*needed) & ~given:
        raise forbidden(50013)
    return channel


def message_in(world: World, call: Call, channel: Channel) -> Message:
    """The message of the path, unless only one person sees it. Raises ApiError."""
    message = channel.messages.get(call.number("message"))
    if message is None or message.ephemeral_to:
        raise unknown("message")
    return message


def awake(channel: Channel) -> None:
    """In an archived thread nothing may be changed. Raises ApiError."""
    if channel.is_thread and channel.archived:
        raise bad(50083, "Thread is archived")


# --- what --------------------------------------------------------------------------------------------------


def content_of(body: JSON) -> str:
    """The text of a body. Raises ApiError."""
    content = body.get("content") or ""
    if not isinstance(content, str):
        raise invalid("content", "STRING_TYPE_CONVERT", "Could not interpret as string.")
    if len(content) > TEXT_CHARS:
        raise invalid("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length.")
    return content.strip()


def components_of(world: World, body: JSON) -> list[JSON]:
    """The components of a body, each with a number of its own. Raises ApiError."""
    rows = body.get("components") or []
    if len(rows) > ROWS:
        raise invalid("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    known: set[str] = set()
    for index, row in enumerate(rows):
        inside = row.get("components") or []
        if not 1 <= len(inside) <= BUTTONS:
            raise invalid(f"components.{index}", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
        for number, one in enumerate(inside):
            where = f"components.{index}.components.{number}"
            if one.get("type") == 2:
                _button(one, where, known)
    return rows


def _button(one: JSON, where: str, known: set[str]) -> None:
    custom_id, label = one.get("custom_id") or "", one.get("label") or ""
    if len(label) > LABEL_CHARS:
        raise invalid(f"{where}.label", "BASE_TYPE_MAX_LENGTH", "Must be 80 or fewer in length.")
    if one.get("style") != 5 and not 1 <= len(custom_id) <= CUSTOM_ID_CHARS:
        raise invalid(f"{where}.custom_id", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    if custom_id in known:
        raise invalid(
            f"{where}.custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"
        )
    known.add(custom_id)


def attachments_of(world: World, call: Call, channel: Channel) -> list[JSON]:
    """The files of a call. Raises ApiError."""
    check_count(len(call.uploads))
    described = {int(one["id"]): one for one in call.object.get("attachments") or () if "id" in one}
    kept = []
    for upload in call.uploads:
        more = {
            name: value
            for name, value in described.get(upload.number, {}).items()
            if name in ("title", "description", "duration_secs", "waveform") and value
        }
        kept.append(world.uploads.keep(channel.id, world.snowflake(), upload, world.now(), **more))
    return kept


def calling(
    world: World, channel: Channel, content: str, body: JSON, default: Sequence[str], reply: Message | None
) -> tuple[Called, list[str] | None]:
    """Whom a message calls, and `parse` as it was sent. Everyone only where the bot may. Raises ApiError."""
    allowed = body.get("allowed_mentions")
    called = mentions.called(content, allowed, default, reply.author.id if reply else 0)
    everyone = bool(world.permissions(channel, world.me.id) & rights.bits("mention_everyone"))
    guild = world.guilds.get(channel.guild)
    found = guild.roles if guild else {}
    called = Called(
        called.everyone and everyone and guild is not None,
        tuple(one for one in called.roles if one in found and (everyone or found[one].mentionable)),
        tuple(one for one in called.users if one in world.people),
    )
    return called, None if allowed is None else list(allowed.get("parse") or [])


# --- the calls ---------------------------------------------------------------------------------------------


def create(world: World, call: Call) -> JSON:
    """Send a message."""
    channel = world.channels.get(call.number("channel"))
    if channel is None:
        raise unknown("channel")
    if channel.is_private:
        _reach(world, channel)
    else:
        if channel.type == FORUM:
            raise bad(50008, "Cannot send messages in a non-text channel")
        needed = [rights.to_write(channel), *(["attach_files"] if call.uploads else [])]
        channel_in(world, call, *needed)
        may_manage = world.permissions(channel, world.me.id) & rights.bits("manage_threads")
        if channel.locked and not may_manage:
            raise bad(160005, "Thread is locked")
    return world.body_of(write(world, call, channel), masked=False)


def _reach(world: World, channel: Channel) -> None:
    """Whether the bot may write to somebody. Raises ApiError."""
    person = world.people[next(iter(channel.people))]
    if not (world.mutual(person) or person.installed):
        raise forbidden(50278)
    if not person.reachable:
        raise forbidden(50007)


def write(world: World, call: Call, channel: Channel) -> Message:
    """Write what a call says into a channel, unless the same was just written. Raises ApiError."""
    body = call.object
    content, components = content_of(body), components_of(world, body)
    nonce, flags = body.get("nonce"), int(body.get("flags") or 0)
    if len(str(nonce or "")) > NONCE_CHARS:
        raise invalid("nonce", "NONCE_TYPE_TOO_LONG", "Nonce must be 25 or fewer in length.")
    if flags & ~SETTABLE:
        raise invalid("flags", "INVALID_BITFIELD_VALUE", "Must only contain flags that may be set")
    reply = _reply(channel, body)
    if (first := _remembered(world, channel, body)) is not None:
        return first
    attachments = attachments_of(world, call, channel)
    if not (content or attachments or components or body.get("embeds")):
        raise bad(50006, "Cannot send an empty message")
    called, parse = calling(world, channel, content, body, mentions.IN_MESSAGES, reply)
    message = Message(
        id=world.snowflake(),
        channel=channel.id,
        author=world.me,
        at=world.now(),
        content=content,
        type=19 if reply else 0,
        flags=flags,
        nonce=nonce,
        attachments=attachments,
        components=components,
        embeds=body.get("embeds") or [],
        reference=reply.id if reply else None,
    )
    if nonce is not None:
        world.nonces[channel.id, world.me.id, str(nonce)] = (world.now(), message)
    return world.put(message, called, parse)


def _reply(channel: Channel, body: JSON) -> Message | None:
    reference = body.get("message_reference")
    if not reference:
        return None
    found = channel.messages.get(int(reference.get("message_id") or 0))
    if found is None and reference.get("fail_if_not_exists", True):
        raise invalid("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
    return found


def _remembered(world: World, channel: Channel, body: JSON) -> Message | None:
    """The message that was sent with this nonce within the last minutes, where that is to be looked for."""
    nonce = body.get("nonce")
    if nonce is None or not body.get("enforce_nonce"):
        return None
    at, message = world.nonces.get((channel.id, world.me.id, str(nonce)), (0.0, None))
    if message is None or at < world.now() - NONCE_MEMORY_S:
        return None
    world.log.note("repeated", channel=channel.id, id=message.id, nonce=str(nonce))
    return message


def history(world: World, call: Call) -> list[JSON]:
    """Messages of a channel, the youngest first."""
    channel = channel_in(world, call, "read_message_history")
    limit = int(call.query.get("limit", "50"))
    if not 1 <= limit <= 100:
        raise invalid("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
    found = sorted((one for one in channel.messages.values() if not one.ephemeral_to), key=lambda one: one.id)
    if "after" in call.query:
        found = [one for one in found if one.id > int(call.query["after"])][:limit]
    elif "around" in call.query:
        middle = int(call.query["around"])
        nearest = sorted(found, key=lambda one: abs(one.id - middle))[:limit]
        found = sorted(nearest, key=lambda one: one.id)
    else:
        before = int(call.query.get("before", str(1 << 63)))
        found = [one for one in found if one.id < before][-limit:]
    return [world.body_of(one, masked=_hidden(world)) for one in reversed(found)]


def one(world: World, call: Call) -> JSON:
    """One message."""
    channel = channel_in(world, call, "read_message_history")
    message = message_in(world, call, channel)
    _sign_anew(world, message)
    return world.body_of(message, masked=_hidden(world))


def _sign_anew(world: World, message: Message) -> None:
    """Whoever asks for a message gets links that are good."""
    for attachment in message.attachments:
        path = attachment["url"].removeprefix(world.uploads.base).partition("?")[0]
        attachment["url"] = attachment["proxy_url"] = world.uploads.signed(path, world.now())


def _hidden(world: World) -> bool:
    return "content" not in world.gateway.settings.allowed


def change(world: World, call: Call) -> JSON:
    """Edit a message of the bot's own."""
    channel = channel_in(world, call)
    message = message_in(world, call, channel)
    if message.author is not world.me:
        raise forbidden(50005)
    awake(channel)
    rewrite(world, call, channel, message, mentions.IN_MESSAGES)
    return world.body_of(message)


def rewrite(world: World, call: Call, channel: Channel, message: Message, default: Sequence[str]) -> None:
    """Change what a call says of a message. Raises ApiError."""
    body = call.object
    content = content_of(body) if "content" in body else message.content
    components = components_of(world, body) if "components" in body else message.components
    if "attachments" in body:
        kept = {str(each.get("id")) for each in body["attachments"] or ()}
        message.attachments = [each for each in message.attachments if each["id"] in kept]
    message.attachments += attachments_of(world, call, channel)
    if not (content or message.attachments or components):
        raise bad(50006, "Cannot send an empty message")
    called, parse = calling(world, channel, content, body, default, None)
    message.content, message.components, message.edited_at = content, components, world.now()
    world.edit(message, called, parse)


def delete(world: World, call: Call) -> None:
    """Delete a message: one's own, or with the right to."""
    channel = channel_in(world, call)
    message = message_in(world, call, channel)
    may = world.permissions(channel, world.me.id) & rights.bits("manage_messages")
    if message.author is not world.me and (channel.is_private or not may):
        raise forbidden(50013)
    world.remove(message)


def react(world: World, call: Call) -> None:
    """Put a mark at a message."""
    channel = channel_in(world, call, "add_reactions", "read_message_history")
    message = message_in(world, call, channel)
    awake(channel)
    emoji = _emoji(call)
    if len(message.reactions) >= REACTIONS and emoji not in message.reactions:
        raise bad(30010, "Maximum number of reactions reached (20)")
    world.react(message, world.me, emoji, on=True)


def unreact(world: World, call: Call) -> None:
    """Take one's mark away."""
    channel = channel_in(world, call)
    message = message_in(world, call, channel)
    awake(channel)
    world.react(message, world.me, _emoji(call), on=False)


def _emoji(call: Call) -> str:
    emoji = unquote(call.path["emoji"])
    if not emoji or emoji.isascii():
        raise bad(10014, "Unknown Emoji")
    return emoji


def typing(world: World, call: Call) -> None:
    """Show that the bot is writing."""
    channel = channel_in(world, call)
    if not channel.is_private:
        channel_in(world, call, rights.to_write(channel))
    world.log.note("typing", channel=channel.id)
