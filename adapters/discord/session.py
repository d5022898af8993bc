"""One session with the gateway: what happens on Discord, as arrivals.

A session is one Client, thrown away when it ends; the bot begins the next. Messages are taken in one after another,
first those that were missed while there was no session: the gateway does not repeat them, only history has them.
Interactions are acknowledged at once, as Discord waits three seconds only, and answered by whoever carries them out.

Invariant: a conversation's bookmark moves only after the message was taken in.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import aiohttp
import discord
from discord import Interaction, Member, Message, RawMessageDeleteEvent, RawMessageUpdateEvent, User

from adapters.base import (
    AgentCommand,
    AgentEdit,
    AgentTyping,
    Arrival,
    CustomerEdit,
    CustomerMessage,
    CustomerReaction,
    Down,
    Inbox,
    Person,
    Tools,
    Unusable,
)
from adapters.discord.buttons import CaseButton, ContactForm
from adapters.discord.commands import Translations, command_of, digest
from adapters.discord.media import files_in
from adapters.discord.options import Options

NOTE_MARK = "//"
DROPS, DROPS_S = 5, 10.0
"""So many ends of the connection within so many seconds mean that the library dials without a pause
(seen: 2,140 times in six seconds, after a close that can be resumed and comes before READY)."""
FINAL = {
    4004: "the token is not accepted; reset it in the developer portal (token)",
    4010: "Discord wants another number of shards: this bot is in too many servers for one session",
    4011: "Discord wants shards: this bot is in too many servers for one session",
    4012: "Discord does not serve this version of the gateway any more: update Jono",
    4013: "Discord does not know an intent that is asked for: update Jono",
}
"""https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes"""
NO_CONTENT = "the intent Message Content is off; turn it on in the developer portal, under Bot"
SYNCED = "!commands"
"""The bookmark that holds the digest of the commands that were published last."""
ROOM, PRIVATE = "t", "d"
"""What the bookmarks of cases' threads and of private conversations begin with."""
RECENT = timedelta(days=30)
"""Conversations that were silent for longer are not asked for what was missed."""


class Session(discord.Client):
    """One connection to the gateway."""

    def __init__(self, options: Options, tools: Tools, inbox: Inbox) -> None:
        super().__init__(intents=_intents(options), allowed_mentions=discord.AllowedMentions.none())
        self._options = options
        self._tools = tools
        self._inbox = inbox
        self._arrived: asyncio.Queue[tuple[Arrival, str, int] | None] = asyncio.Queue()
        self._drops: deque[float] = deque(maxlen=DROPS)
        self._marks: dict[str, int] = {}
        self.tree = discord.app_commands.CommandTree(self)

    async def run_once(self) -> None:
        """Listen until the session is over. Raises Down or Unusable."""
        try:
            async with self:
                await _first_of(self.start(self._options.token), self.take_in())
        except discord.LoginFailure as error:
            raise Unusable(FINAL[4004]) from error
        except discord.PrivilegedIntentsRequired as error:
            raise Unusable(NO_CONTENT) from error
        except discord.ConnectionClosed as error:
            if error.code in FINAL:
                raise Unusable(FINAL[error.code]) from error
            raise Down(f"the gateway closed the session (code {error.code})") from error
        except discord.HTTPException as error:
            raise Down(f"Discord answers with an error (HTTP {error.status})") from error
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Down(f"Discord cannot be reached ({type(error).__name__})") from error
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # The library stumbles over a session that never was, and over payloads it does not expect.
            raise Down(f"the session ended ({type(error).__name__})") from error
        raise Down("the session ended")

    # --- the connection ------------------------------------------------------------------------------------

    async def setup_hook(self) -> None:
        """Before the first connection: buttons and commands."""
        self.add_dynamic_items(CaseButton)
        guild = discord.Object(self._options.guild) if self._options.guild else None
        for row in self._tools.commands:
            if row.for_agents and guild is not None:
                self.tree.add_command(command_of(row, self._agents_command), guild=guild)
            elif not row.for_agents and row.name != "start":
                self.tree.add_command(command_of(row, self._customers_command))
        self.tree.add_command(ContactForm.command(self.contacted))
        await self.tree.set_translator(Translations())
        marks = await self._tools.bookmarks.all()
        self._marks = {place: int(mark) for place, mark in marks.items() if mark.isdecimal()}
        wanted = await digest(self.tree, [guild] if guild else [])
        if marks.get(SYNCED) != wanted:
            await self.tree.sync()
            if guild is not None:
                await self.tree.sync(guild=guild)
            self._tools.bookmarks.mark(SYNCED, wanted)

    async def on_ready(self) -> None:
        """A new session: what happened before it must be looked up."""
        self._tools.report("")
        self._arrived.put_nowait(None)

    async def on_resumed(self) -> None:
        """The old session goes on; the gateway repeats what was missed."""
        self._tools.report("")

    async def on_disconnect(self) -> None:
        """The library connects again by itself, unless it does so without a pause."""
        self._tools.report("the gateway is disconnected")
        now = asyncio.get_running_loop().time()
        self._drops.append(now)
        if len(self._drops) == DROPS and now - self._drops[0] < DROPS_S:
            await self.close()

    # --- taking in, in order -------------------------------------------------------------------------------

    async def take_in(self) -> None:
        """Hand over what arrived, one after another, until cancelled."""
        while True:
            next_one = await self._arrived.get()
            if next_one is None:
                await self._catch_up()
            else:
                await self._one(*next_one)

    async def _one(self, arrival: Arrival, place: str, message_id: int) -> None:
        await self._inbox(arrival)
        self._mark(place, message_id)

    def _mark(self, place: str, message_id: int) -> None:
        """All up to this message was taken in. Ids rise with time."""
        if message_id > self._marks.get(place, 0):
            self._marks[place] = message_id
            self._tools.bookmarks.mark(place, str(message_id))

    async def _catch_up(self) -> None:
        """Take in what was written since the bookmarks, wherever there may be something new."""
        oldest = discord.utils.time_snowflake(discord.utils.utcnow() - RECENT)
        threads = {ROOM + str(thread.id): thread for thread in self._threads()}
        marks = {place: thread.id for place, thread in threads.items()} | self._marks
        for place, mark in marks.items():
            thread = threads.get(place)
            # A thread tells its last message; one that is archived got none since it was.
            nothing_new = (
                mark < oldest if place.startswith(PRIVATE) else not (thread and _newest(thread) > mark)
            )
            if not nothing_new:
                await self._missed(place, mark)

    def _threads(self) -> list[discord.Thread]:
        return [thread for guild in self.guilds for thread in guild.threads if self._is_room(thread)]

    async def _missed(self, place: str, mark: int) -> None:
        channel = self.get_partial_messageable(int(place[1:]))
        try:
            async for message in channel.history(after=discord.Object(mark), limit=None, oldest_first=True):
                author = message.author
                if place.startswith(ROOM) and not author.bot:
                    author = await self._as_member(author)
                for arrival in self._read(message, place, author):
                    await self._one(arrival, place, message.id)
        except (discord.NotFound, discord.Forbidden):
            # Deleted, or not ours any more: there is nothing to miss there.
            self._marks.pop(place, None)

    async def _as_member(self, user: User | Member) -> User | Member:
        """History does not tell roles."""
        guild = self.get_guild(self._options.guild)
        if guild is None:
            return user
        try:
            return await guild.fetch_member(user.id)
        except discord.NotFound:
            return user

    # --- messages ------------------------------------------------------------------------------------------

    async def on_message(self, message: Message) -> None:
        """Somebody wrote, to the bot or in the agents' channel."""
        if (place := self._place(message.channel, message.guild)) is not None:
            for arrival in self._read(message, place, message.author):
                self._arrived.put_nowait((arrival, place, message.id))

    def _place(self, channel: Any, guild: object) -> str | None:
        """The name of a place for its bookmark; None for one that is no concern of ours."""
        if self._is_room(channel):
            return f"{ROOM}{channel.id}"
        return f"{PRIVATE}{channel.id}" if guild is None else None

    def _read(self, message: Message, place: str, author: User | Member) -> list[Arrival]:
        written = message.type in (discord.MessageType.default, discord.MessageType.reply)
        if author.bot or not written:
            return []
        if place.startswith(ROOM):
            return [self._spoken(message, author)]
        return [
            CustomerMessage(
                id=str(message.id),
                conversation_id=place[1:],
                customer=_person(author),
                text=message.content,
                files=files_in(message),
                ref=str(message.id),
            )
        ]

    def _spoken(self, message: Message, author: User | Member) -> AgentCommand:
        note, place = message.content.startswith(NOTE_MARK), str(message.channel.id)
        text = message.content.removeprefix(NOTE_MARK).strip() if note else message.content
        return AgentCommand(
            id=str(message.id),
            agent=_person(author),
            command="note" if note else "reply",
            arguments=text,
            place=place,
            member=self._is_agent(author),
            answer_to=f"m{place}:{message.id}",
            files=files_in(message),
            ref=str(message.id),
        )

    async def on_raw_message_edit(self, event: RawMessageUpdateEvent) -> None:
        """A message was changed; previews that Discord adds to it are no change."""
        message, ref = event.message, str(event.message_id)
        if message.author.bot or message.edited_at is None:
            return
        event_id, place = f"{ref}-{message.edited_at.timestamp()}", str(event.channel_id)
        if event.guild_id is None:
            self._aside(CustomerEdit(event_id, place, ref, message.content))
        elif self._is_room(message.channel):
            text = message.content.removeprefix(NOTE_MARK).strip()
            agent, member = _person(message.author), self._is_agent(message.author)
            self._aside(AgentEdit(event_id, agent, place, ref, text, member))

    async def on_raw_message_delete(self, event: RawMessageDeleteEvent) -> None:
        """A message was deleted. Whose it was is not told; the bot knows the names of those that matter."""
        place, ref = str(event.channel_id), str(event.message_id)
        if event.guild_id is None:
            self._aside(CustomerEdit(f"{ref}-gone", place, ref, None))
        else:
            self._aside(AgentEdit(f"{ref}-gone", Person(""), place, ref, None, member=True))

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        """Somebody reacted."""
        self._reacted(event, str(event.emoji.name or ""))

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        """Somebody took a reaction back."""
        self._reacted(event, "")

    def _reacted(self, event: discord.RawReactionActionEvent, emoji: str) -> None:
        if event.guild_id is None and self.user is not None and event.user_id != self.user.id:
            event_id = f"{event.message_id}-{event.emoji.name}-{emoji}"
            self._aside(CustomerReaction(event_id, str(event.channel_id), emoji))

    async def on_typing(self, channel: Any, user: User | Member, when: object) -> None:
        """An agent is writing in a case's thread."""
        if self._is_room(channel) and not user.bot:
            self._aside(AgentTyping(str(channel.id)))

    def _aside(self, arrival: Arrival) -> None:
        self._arrived.put_nowait((arrival, "", 0))

    # --- interactions --------------------------------------------------------------------------------------

    async def _agents_command(self, interaction: Interaction[Any], name: str, arguments: str) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self.commanded(interaction, name, arguments)

    async def commanded(self, interaction: Interaction[Any], name: str, arguments: str) -> None:
        """An agent gave a command, which is acknowledged already."""
        await self._inbox(
            AgentCommand(
                id=str(interaction.id),
                agent=_person(interaction.user),
                command=name,
                arguments=arguments,
                place=str(interaction.channel_id or ""),
                member=self._is_agent(interaction.user),
                answer_to=answer_to(interaction),
            )
        )

    async def _customers_command(self, interaction: Interaction[Any], name: str, arguments: str) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._wrote(interaction, f"/{name} {arguments}".strip(), answer_to(interaction))

    async def contacted(self, interaction: Interaction[Any], text: str) -> None:
        """A customer filled in the form, which is acknowledged already: the conversation goes on in private."""
        await self._wrote(interaction, text, "")

    async def _wrote(self, interaction: Interaction[Any], text: str, answer: str) -> None:
        private = await interaction.user.create_dm()
        language = interaction.locale.value
        arrival = CustomerMessage(
            id=str(interaction.id),
            conversation_id=str(private.id),
            customer=Person(str(interaction.user.id), interaction.user.display_name, language),
            text=text,
            answer_to=answer,
        )
        await self._inbox(arrival)
        # From now on this conversation is known, and can be caught up with.
        if f"{PRIVATE}{private.id}" not in self._marks:
            self._mark(f"{PRIVATE}{private.id}", interaction.id)

    # --- who and where -------------------------------------------------------------------------------------

    def _is_room(self, channel: object) -> bool:
        return isinstance(channel, discord.Thread) and channel.parent_id == self._options.agents_channel

    def _is_agent(self, user: User | Member) -> bool:
        """By the role they have at this moment, as the event itself tells."""
        return isinstance(user, Member) and any(role.id == self._options.agent_role for role in user.roles)


def answer_to(interaction: Interaction[Any]) -> str:
    """How an interaction is answered, from any process, for a quarter of an hour."""
    return f"i{interaction.application_id}:{interaction.token}"


async def _first_of(*work: Coroutine[Any, Any, None]) -> None:
    """Run all until the first one ends, in whatever way; then the others are cancelled."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _newest(thread: discord.Thread) -> int:
    return thread.last_message_id or 0


def _person(user: User | Member) -> Person:
    return Person(str(user.id), user.display_name)


def _intents(options: Options) -> discord.Intents:
    intents = discord.Intents.none()
    intents.guilds = intents.dm_messages = intents.dm_reactions = True
    if options.agents_channel:
        intents.guild_messages = intents.message_content = intents.guild_typing = True
    return intents
