"""The world of one application: who is where, what was said, and what of it the gateway is told.

Nothing here asks whether somebody may: that is for those who call it (`messages`, `channels`, `scene`).
"""

from __future__ import annotations

from collections.abc import Sequence
from time import time

from tests.fakes.discord import payloads, rights
from tests.fakes.discord.faults import Faults
from tests.fakes.discord.gateway import (
    ALWAYS,
    CONTENT,
    DM_MESSAGES,
    DM_REACTIONS,
    DM_TYPING,
    GUILD_MESSAGES,
    GUILD_REACTIONS,
    GUILD_TYPING,
    GUILDS,
    Gateway,
)
from tests.fakes.discord.ledger import Log
from tests.fakes.discord.limits import Limits
from tests.fakes.discord.mentions import Called
from tests.fakes.discord.things import (
    DM,
    JSON,
    LOADING,
    SILENT,
    Channel,
    Guild,
    Interaction,
    Message,
    Person,
)
from tests.fakes.discord.uploads import Uploads

EPOCH_MS = 1_420_070_400_000
CONTENT_ALLOWED, CONTENT_LIMITED = 1 << 18, 1 << 19
"""Flags of an application: its intent Message Content was approved, or is on for an app in few servers."""


class World:
    """All there is. `ahead_s` is by how much its time is ahead of ours."""

    def __init__(self, token: str, seed: int) -> None:
        self.token = token
        self.revoked = False
        self.log = Log()
        self.faults = Faults(seed)
        self.limits = Limits()
        self.ahead_s = 0.0
        self._last = 0
        self.app = 0
        self.me = Person(self.snowflake(), "Jono", bot=True)
        self.app = self.me.id
        self.about = ""
        self.uploads = Uploads()
        self.people: dict[int, Person] = {self.me.id: self.me}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.interactions: dict[str, Interaction] = {}
        self.commands: dict[int, list[JSON]] = {}
        self.nonces: dict[tuple[int, int, str], tuple[float, Message]] = {}
        self.gateway = Gateway(token, self.log.note, self.now, seed)
        self.gateway.ready = self._ready

    def now(self) -> float:
        """The time of this world, in epoch seconds."""
        return time() + self.ahead_s

    def snowflake(self) -> int:
        """A new id. Ids rise with time."""
        made = (int(self.now() * 1000) - EPOCH_MS) << 22
        self._last = max(made, self._last + 1)
        return self._last

    # --- who sees what -------------------------------------------------------------------------------------

    def permissions(self, channel: Channel, person: int) -> int:
        """What somebody may do in a channel; nothing, if they do not see it."""
        if not channel.guild:
            return rights.ALL if person in channel.people or person == self.me.id else 0
        guild = self.guilds[channel.guild]
        parent = self.channels[channel.parent] if channel.is_thread else channel
        given = rights.in_channel(guild, parent, person)
        if channel.is_thread and not rights.sees_thread(channel, person, given):
            return 0
        return given

    def visible(self, channel: Channel) -> bool:
        """Whether the bot sees a channel."""
        return bool(self.permissions(channel, self.me.id))

    def private(self, person: Person) -> Channel:
        """The bot's private conversation with somebody."""
        for channel in self.channels.values():
            if channel.type == DM and person.id in channel.people:
                return channel
        channel = Channel(self.snowflake(), DM, people={person.id})
        self.channels[channel.id] = channel
        return channel

    def mutual(self, person: Person) -> bool:
        """Whether somebody shares a server with the bot."""
        return any(self.me.id in one.members and person.id in one.members for one in self.guilds.values())

    def active(self, guild: int) -> list[Channel]:
        """The threads of a server that are not archived, youngest first."""
        found = [one for one in self.channels.values() if one.guild == guild and one.is_thread]
        return sorted((one for one in found if not one.archived), key=lambda one: -one.id)

    def _ready(self) -> tuple[JSON, list[tuple[str, JSON]]]:
        mine = [one for one in self.guilds.values() if self.me.id in one.members]
        ready = {
            "v": 10,
            "user": payloads.user(self.me),
            "guilds": [{"id": str(one.id), "unavailable": True} for one in mine],
            "application": {"id": str(self.app), "flags": self.app_flags},
        }
        return ready, [("GUILD_CREATE", self.guild_create(one)) for one in mine]

    @property
    def app_flags(self) -> int:
        """The application's flags, as far as they are about intents."""
        return CONTENT_LIMITED if "content" in self.gateway.settings.allowed else 0

    def guild_create(self, guild: Guild) -> JSON:
        """A server with all in it that the bot is told of."""
        inside = [one for one in self.channels.values() if one.guild == guild.id]
        return payloads.guild(guild) | {
            "joined_at": "2026-01-01T00:00:00+00:00",
            "large": False,
            "unavailable": False,
            "member_count": len(guild.members),
            "members": [payloads.member(guild.members[self.me.id], self.me)],
            "channels": [self.channel_of(one) for one in inside if not one.is_thread],
            "threads": [self.channel_of(one) for one in self.active(guild.id) if self.visible(one)],
            "presences": [],
            "voice_states": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }

    # --- messages ------------------------------------------------------------------------------------------

    def put(self, message: Message, called: Called | None = None, parse: list[str] | None = None) -> Message:
        """A new message, in its channel; those that only one person sees are told to nobody else."""
        channel = self.channels[message.channel]
        if called is not None:
            message.calls = {"everyone": called.everyone, "roles": called.roles, "users": called.users}
        channel.messages[message.id] = message
        self.log.note(
            "shown",
            channel=channel.id,
            id=message.id,
            by=self._by(message.author.id),
            content=message.content,
            pings=called.count if called else 0,
            parse=parse,
            nonce=None if message.nonce is None else str(message.nonce),
            buttons=payloads.buttons_of(message.components),
            files=[one["filename"] for one in message.attachments],
            reply_to=message.reference,
            silent=bool(message.flags & SILENT),
            ephemeral_to=message.ephemeral_to,
            interaction=message.interaction,
            loading=bool(message.flags & LOADING),
        )
        if not message.ephemeral_to:
            self.wake(channel)
            self.tell_message("MESSAGE_CREATE", message)
        return message

    def edit(self, message: Message, called: Called | None, parse: list[str] | None) -> None:
        """A message that was changed already is shown as it is now."""
        if called is not None:
            message.calls = {"everyone": called.everyone, "roles": called.roles, "users": called.users}
        message.flags &= ~LOADING
        self.log.note(
            "edited",
            channel=message.channel,
            id=message.id,
            content=message.content,
            pings=called.count if called else 0,
            parse=parse,
            buttons=payloads.buttons_of(message.components),
            files=[one["filename"] for one in message.attachments],
        )
        if not message.ephemeral_to:
            self.tell_message("MESSAGE_UPDATE", message)

    def remove(self, message: Message) -> None:
        """A message is gone."""
        channel = self.channels[message.channel]
        del channel.messages[message.id]
        self.log.note("deleted", channel=channel.id, id=message.id)
        if not message.ephemeral_to:
            body = {"id": str(message.id), "channel_id": str(channel.id), **self._where(channel)}
            self._tell_in(channel, "MESSAGE_DELETE", (GUILD_MESSAGES, DM_MESSAGES), body, message.id)

    def react(self, message: Message, person: Person, emoji: str, *, on: bool) -> None:
        """Somebody puts a mark at a message, or takes it away."""
        by = message.reactions.setdefault(emoji, set())
        (by.add if on else by.discard)(person.id)
        channel = self.channels[message.channel]
        self.log.note(
            "reacted", channel=channel.id, id=message.id, by=self._by(person.id), emoji=emoji, on=on
        )
        body: JSON = {
            "user_id": str(person.id),
            "channel_id": str(channel.id),
            "message_id": str(message.id),
            "message_author_id": str(message.author.id),
            "emoji": {"id": None, "name": emoji},
            "burst": False,
            "type": 0,
            **self._where(channel),
        }
        if on and channel.guild:
            body["member"] = payloads.member(self.guilds[channel.guild].members[person.id], person)
        event = "MESSAGE_REACTION_ADD" if on else "MESSAGE_REACTION_REMOVE"
        self._tell_in(channel, event, (GUILD_REACTIONS, DM_REACTIONS), body, message.id)

    def type_in(self, channel: Channel, person: Person) -> None:
        """Somebody is writing."""
        body: JSON = {"channel_id": str(channel.id), "user_id": str(person.id), "timestamp": int(self.now())}
        body |= self._where(channel)
        if channel.guild:
            body["member"] = payloads.member(self.guilds[channel.guild].members[person.id], person)
        self._tell_in(channel, "TYPING_START", (GUILD_TYPING, DM_TYPING), body, channel.id)

    def body_of(self, message: Message, *, masked: bool = False) -> JSON:
        """A message as the API answers with it."""
        body = payloads.message(message, self.channels[message.channel], self.people, self.me.id)
        return payloads.masked(body) if masked and self.is_masked(message) else body

    def is_masked(self, message: Message) -> bool:
        """Whether what a message says takes the intent Message Content: not in private, not the bot's own, and not
        where the bot is mentioned."""
        in_guild = bool(self.channels[message.channel].guild)
        return in_guild and message.author is not self.me and self.me.id not in message.calls.get("users", ())

    def tell_message(self, event: str, message: Message) -> None:
        """A message as an event, to each session as it may see it."""
        channel = self.channels[message.channel]
        full = self.body_of(message) | self._where(channel) | {"channel_type": channel.type}
        if channel.guild and (member := self.guilds[channel.guild].members.get(message.author.id)):
            full["member"] = payloads.member(member)
        hidden = payloads.masked(full) if self.is_masked(message) else full

        def seen_by(intents: int) -> JSON:
            return full if intents & CONTENT else hidden

        if self.visible(channel):
            intent = GUILD_MESSAGES if channel.guild else DM_MESSAGES
            self.gateway.emit(event, intent, seen_by, message.id)

    # --- channels ------------------------------------------------------------------------------------------

    def channel_of(self, channel: Channel) -> JSON:
        """A channel as the API answers with it."""
        body = payloads.channel(channel, self.people)
        if channel.is_thread and self.me.id in channel.people:
            body["member"] = payloads.thread_member(channel, self.me.id)
        return body

    def add_thread(self, thread: Channel) -> None:
        """A new thread, before anything is said in it."""
        self.channels[thread.id] = thread
        self.note_thread(thread)
        if self.visible(thread):
            self.gateway.emit("THREAD_CREATE", GUILDS, self.channel_of(thread) | {"newly_created": True})

    def changed(self, channel: Channel) -> None:
        """A channel that was changed already is shown as it is now."""
        if channel.is_thread:
            self.note_thread(channel)
        if self.visible(channel):
            event = "THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE"
            self.gateway.emit(event, GUILDS, self.channel_of(channel), channel.id)

    def wake(self, channel: Channel) -> None:
        """An archived thread comes back when somebody writes."""
        if channel.is_thread and channel.archived:
            channel.archived, channel.archived_at = False, self.now()
            self.changed(channel)

    def delete(self, channel: Channel) -> None:
        """A channel is gone, with all threads in it."""
        for thread in [one for one in self.channels.values() if one.parent == channel.id and one.is_thread]:
            self.delete(thread)
        visible = self.visible(channel)
        body = self.channel_of(channel)
        if channel.is_thread:
            self.note_thread(channel, gone=True)
            body = {name: body[name] for name in ("id", "guild_id", "parent_id", "type")}
        del self.channels[channel.id]
        if visible:
            event = "THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE"
            self.gateway.emit(event, GUILDS, body, channel.id)

    def note_thread(self, thread: Channel, *, gone: bool = False) -> None:
        """Tell the ledger how a thread stands."""
        parent = self.channels.get(thread.parent)
        names = {tag.id: tag.name for tag in parent.tags} if parent else {}
        self.log.note(
            "thread",
            id=thread.id,
            parent=thread.parent,
            name=thread.name,
            tags=[names[tag] for tag in thread.applied if tag in names],
            archived=thread.archived,
            locked=thread.locked,
            people=sorted(thread.people),
            gone=gone,
        )

    # --- telling -------------------------------------------------------------------------------------------

    def tell_interaction(self, body: JSON, number: int) -> None:
        """An interaction, which every session is told of."""
        self.gateway.emit("INTERACTION_CREATE", ALWAYS, body, number)

    def _tell_in(self, channel: Channel, event: str, intents: Sequence[int], body: JSON, thing: int) -> None:
        if self.visible(channel):
            self.gateway.emit(event, intents[0] if channel.guild else intents[1], body, thing)

    def _where(self, channel: Channel) -> JSON:
        return {"guild_id": str(channel.guild)} if channel.guild else {}

    def _by(self, person: int) -> str:
        return "bot" if person == self.me.id else str(person)
