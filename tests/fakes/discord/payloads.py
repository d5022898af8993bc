"""As the vendor writes it: https://docs.discord.com/developers/resources."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.fakes.discord.things import (
    DM,
    EPHEMERAL,
    FORUM,
    PRIVATE_THREAD,
    Channel,
    Guild,
    Member,
    Message,
    Person,
    Role,
)

JSON = dict[str, Any]


def stamp(seconds: float) -> str:
    """An ISO 8601 time."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def user(person: Person) -> JSON:
    """A User."""
    return {
        "id": str(person.id),
        "username": person.name.lower().replace(" ", "_"),
        "global_name": None if person.bot else person.name,
        "discriminator": "0",
        "avatar": person.avatar,
        "banner": person.banner,
        "accent_color": None,
        "bot": person.bot,
        "system": False,
        "public_flags": 0,
        "flags": 0,
    }


def role(one: Role) -> JSON:
    """A Role."""
    return {
        "id": str(one.id),
        "name": one.name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "icon": None,
        "unicode_emoji": None,
        "position": one.position,
        "permissions": str(one.permissions),
        "managed": False,
        "mentionable": one.mentionable,
        "flags": 0,
    }


def member(one: Member, person: Person | None = None) -> JSON:
    """A Guild Member; messages carry it without its user."""
    return {
        **({"user": user(person)} if person else {}),
        "nick": one.nick,
        "avatar": one.avatar,
        "banner": one.banner,
        "roles": [str(number) for number in sorted(one.roles)],
        "joined_at": "2026-01-01T00:00:00+00:00",
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "communication_disabled_until": None,
        "flags": 0,
    }


def guild(one: Guild) -> JSON:
    """A Guild, without what is in it."""
    return {
        "id": str(one.id),
        "name": one.name,
        "icon": None,
        "banner": None,
        "splash": None,
        "discovery_splash": None,
        "description": None,
        "owner_id": str(one.owner),
        "afk_channel_id": None,
        "afk_timeout": 300,
        "verification_level": 1,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "roles": [role(each) for each in one.roles.values()],
        "emojis": [],
        "stickers": [],
        "features": [],
        "mfa_level": 0,
        "application_id": None,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "safety_alerts_channel_id": None,
        "max_members": 500_000,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "preferred_locale": "en-US",
        "nsfw_level": 0,
    }


def channel(one: Channel, people: Mapping[int, Person]) -> JSON:
    """A Channel of any kind."""
    last = max(one.messages, default=None)
    body: JSON = {"id": str(one.id), "type": one.type, "last_message_id": str(last) if last else None}
    if one.type == DM:
        return {**body, "recipients": [user(people[number]) for number in one.people]}
    body |= {
        "guild_id": str(one.guild),
        "name": one.name,
        "parent_id": str(one.parent) if one.parent else None,
        "rate_limit_per_user": 0,
        "flags": (1 << 4) if one.tag_required else 0,
    }
    if one.is_thread:
        return body | _thread(one)
    body |= {
        "position": 0,
        "nsfw": False,
        "topic": None,
        "default_auto_archive_duration": 4320,
        "permission_overwrites": [
            {
                "id": str(number),
                "type": int(number in people),
                "allow": str(allow),
                "deny": str(deny),
            }
            for number, (allow, deny) in one.overwrites.items()
        ],
    }
    if one.type == FORUM:
        body |= {
            "available_tags": [
                {
                    "id": str(tag.id),
                    "name": tag.name,
                    "moderated": tag.moderated,
                    "emoji_id": None,
                    "emoji_name": None,
                }
                for tag in one.tags
            ],
            "default_reaction_emoji": None,
            "default_sort_order": None,
            "default_forum_layout": 0,
            "default_thread_rate_limit_per_user": 0,
        }
    return body


def _thread(one: Channel) -> JSON:
    body: JSON = {
        "owner_id": str(one.owner),
        "message_count": len(one.messages),
        "member_count": min(50, len(one.people)),
        "total_message_sent": len(one.messages),
        "thread_metadata": {
            "archived": one.archived,
            "auto_archive_duration": one.auto_archive_min,
            "archive_timestamp": stamp(one.archived_at or one.made_at),
            "locked": one.locked,
            "create_timestamp": stamp(one.made_at),
        },
    }
    if one.type == PRIVATE_THREAD:
        body["thread_metadata"]["invitable"] = one.invitable
    if one.applied:
        body["applied_tags"] = [str(tag) for tag in one.applied]
    return body


def thread_member(thread: Channel, person: int) -> JSON:
    """A Thread Member."""
    return {
        "id": str(thread.id),
        "user_id": str(person),
        "join_timestamp": stamp(thread.made_at),
        "flags": 0,
    }


def message(one: Message, place: Channel, people: Mapping[int, Person], me: int) -> JSON:
    """A Message, as the API answers with it."""
    body: JSON = {
        "id": str(one.id),
        "channel_id": str(one.channel),
        "author": user(one.author),
        "content": one.content,
        "timestamp": stamp(one.at),
        "edited_timestamp": stamp(one.edited_at) if one.edited_at else None,
        "tts": False,
        "mention_everyone": bool(one.calls.get("everyone")),
        "mentions": [user(people[number]) for number in one.calls.get("users", ()) if number in people],
        "mention_roles": [str(number) for number in one.calls.get("roles", ())],
        "attachments": one.attachments,
        "embeds": one.embeds,
        "pinned": False,
        "type": one.type,
        "flags": one.flags | (EPHEMERAL if one.ephemeral_to else 0),
        "components": one.components,
    }
    if one.nonce is not None:
        body["nonce"] = one.nonce
    if one.stickers:
        body["sticker_items"] = one.stickers
    if one.reactions:
        body["reactions"] = [_reaction(emoji, by, me) for emoji, by in one.reactions.items() if by]
    if one.reference is not None:
        told = {"type": 0, "message_id": str(one.reference), "channel_id": str(one.channel)}
        body["message_reference"] = told | ({"guild_id": str(place.guild)} if place.guild else {})
        found = place.messages.get(one.reference)
        body["referenced_message"] = None
        if found is not None and found.reference is None:
            body["referenced_message"] = message(found, place, people, me)
    return body


def _reaction(emoji: str, by: set[int], me: int) -> JSON:
    return {
        "count": len(by),
        "count_details": {"burst": 0, "normal": len(by)},
        "me": me in by,
        "me_burst": False,
        "burst_colors": [],
        "emoji": {"id": None, "name": emoji},
    }


def masked(body: JSON) -> JSON:
    """A message without what takes the intent Message Content."""
    empty: JSON = {"content": "", "attachments": [], "embeds": [], "components": []}
    return {name: empty.get(name, value) for name, value in body.items() if name != "sticker_items"}


def buttons_of(components: list[JSON]) -> list[tuple[str, str]]:
    """Label and custom_id of all buttons, in order."""
    found = []
    for one in components:
        if one.get("type") == 2:
            found.append((one.get("label", ""), one.get("custom_id", "")))
        found += buttons_of(one.get("components", []))
    return found
