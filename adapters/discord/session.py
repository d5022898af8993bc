"""One session with the gateway: what happens on Discord, as arrivals.

A session is one Client, thrown away when it ends; the bot begins the next.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Iterable
from typing import Any

import aiohttp
import discord
from discord import Member, Message, RawMessageUpdateEvent, Thread, User

from adapters.base import (
    AgentEdit,
    AgentTyping,
    Arrival,
    CustomerEdit,
    CustomerReaction,
    Down,
    Inbox,
    Person,
    Tools,
    Unusable,
)
from adapters.discord.buttons import CaseButton, ContactForm
from adapters.discord.calls import SLEEPS_S
from adapters.discord.commands import Translations, command_of, digest
from adapters.discord.desk import Desk
from adapters.discord.intake import PRIVATE, ROOM, Intake
from adapters.discord.options import Options
from adapters.discord.reading import (
    person,
    said_by_agent,
    said_by_customer,
    text_of,
    was_written,
    without_mark,
)

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
NOT_PUBLISHED = "the commands could not be published"


class Session(discord.Client):
    """One connection to the gateway."""

    def __init__(self, options: Options, tools: Tools, inbox: Inbox) -> None:
        super().__init__(
            intents=_intents(options),
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=SLEEPS_S,
        )
        self._options = options
        self._tools = tools
        self._drops: deque[float] = deque(maxlen=DROPS)
        self._trouble = ""
        self._intake = Intake(self, inbox, tools.bookmarks, tools.now)
        self.desk = Desk(inbox, self._intake, self._is_agent)
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

    async def close(self) -> None:
        """End the session. What the library would still tell in a moment, it must not tell a closed client."""
        if self._connection._ready_task is not None:
            self._connection._ready_task.cancel()
        await super().close()

    async def take_in(self) -> None:
        """Hand over what arrives, one after another, until cancelled."""
        await self._intake.run()

    # --- the connection ------------------------------------------------------------------------------------

    async def setup_hook(self) -> None:
        """Before the first connection: buttons and commands."""
        self.add_dynamic_items(CaseButton)
        guild = discord.Object(self._options.guild) if self._options.guild else None
        for row in self._tools.commands:
            if row.for_agents and guild is not None:
                self.tree.add_command(command_of(row, self.desk.agents_command), guild=guild)
            elif not row.for_agents and row.name != "start":
                self.tree.add_command(command_of(row, self.desk.customers_command))
        self.tree.add_command(ContactForm.command(self.desk.contacted))
        await self.tree.set_translator(Translations())
        marks = await self._tools.bookmarks.all()
        self._intake.load(marks)
        await self._publish(guild, marks.get(SYNCED))

    async def _publish(self, guild: discord.Object | None, published: str | None) -> None:
        """Publish the commands if they are not those that were published last. Without them everything else goes on."""
        wanted = await digest(self.tree, [guild] if guild else [])
        if published == wanted:
            return
        try:
            await self.tree.sync()
            if guild is not None:
                await self.tree.sync(guild=guild)
        except (discord.RateLimited, discord.HTTPException) as error:
            self._trouble = f"{NOT_PUBLISHED}: {error}"
        else:
            self._tools.bookmarks.mark(SYNCED, wanted)

    async def on_connect(self) -> None:
        """A new session: what happened before it must be looked up."""
        self._intake.session_began()

    async def on_ready(self) -> None:
        """All servers are known."""
        self._tools.report(self._trouble)
        rooms = [thread for guild in self.guilds for thread in guild.threads if self._is_room(thread)]
        self._intake.rooms_known([*rooms, *await self._archived_lately()])

    async def on_resumed(self) -> None:
        """The old session goes on; the gateway repeats what was missed."""
        self._tools.report(self._trouble)

    async def on_disconnect(self) -> None:
        """The library connects again by itself, unless it does so without a pause."""
        self._tools.report("the gateway is disconnected")
        now = asyncio.get_running_loop().time()
        self._drops.append(now)
        if len(self._drops) == DROPS and now - self._drops[0] < DROPS_S:
            await self.close()

    async def _archived_lately(self) -> list[Thread]:
        """Threads that were put away since the last session; the gateway tells only of those that are not."""
        channel, then = self.get_channel(self._options.agents_channel), self._intake.heard_last
        if then is None or not isinstance(channel, discord.ForumChannel | discord.TextChannel):
            return []
        found = []
        try:
            async for thread in _archived(channel):
                if thread.archive_timestamp < then:
                    break
                found.append(thread)
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
            self._tools.report(f"what was archived meanwhile cannot be looked through: {error}")
        return found

    # --- asked by the intake -------------------------------------------------------------------------------

    def history(self, channel_id: int, after: int) -> AsyncIterator[Message]:
        """The messages of a channel after that one, the oldest first."""
        channel = self.get_partial_messageable(channel_id)
        return channel.history(after=discord.Object(after), limit=None, oldest_first=True)

    async def author(self, message: Message, place: str) -> User | Member:
        """Who wrote it; in rooms with their roles, which history does not tell."""
        guild, author = self.get_guild(self._options.guild), message.author
        if guild is None or author.bot or not place.startswith(ROOM):
            return author
        try:
            return await guild.fetch_member(author.id)
        except discord.NotFound:
            return author

    def read(self, message: Message, place: str, author: User | Member) -> Arrival | None:
        """What somebody wrote; None for what the bot or Discord itself did."""
        if not was_written(message):
            return None
        if place.startswith(PRIVATE):
            return said_by_customer(message)
        return said_by_agent(message, author, member=self._is_agent(author))

    # --- messages ------------------------------------------------------------------------------------------

    async def on_message(self, message: Message) -> None:
        """Somebody wrote, to the bot or in the agents' channel."""
        if self._is_room(message.channel):
            place = f"{ROOM}{message.channel.id}"
        elif message.guild is None:
            place = f"{PRIVATE}{message.channel.id}"
        else:
            return
        self._intake.put(self.read(message, place, message.author), place, message.id)

    async def on_raw_message_edit(self, event: RawMessageUpdateEvent) -> None:
        """A message was changed; previews that Discord adds to it are no change."""
        message, ref = event.message, str(event.message_id)
        if message.author.bot or message.edited_at is None:
            return
        event_id, place = f"{ref}-{message.edited_at.timestamp()}", str(event.channel_id)
        text = text_of(message)
        if event.guild_id is None:
            self._intake.put(CustomerEdit(event_id, place, ref, text))
        elif self._is_room(message.channel):
            agent, member = person(message.author), self._is_agent(message.author)
            self._intake.put(AgentEdit(event_id, agent, place, ref, without_mark(text), member))

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """A message was deleted."""
        self._deleted(event.channel_id, event.guild_id, [event.message_id])

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """A moderator deleted many at once."""
        self._deleted(event.channel_id, event.guild_id, sorted(event.message_ids))

    def _deleted(self, channel_id: int, guild_id: int | None, messages: Iterable[int]) -> None:
        """Whose they were is not told; the bot knows the names of those that matter."""
        channel = self.get_channel(channel_id)
        if guild_id is not None and channel is not None and not self._is_room(channel):
            return
        for number in messages:
            event_id, place, ref = f"{number}-gone", str(channel_id), str(number)
            if guild_id is None:
                self._intake.put(CustomerEdit(event_id, place, ref, None))
            else:
                self._intake.put(AgentEdit(event_id, Person(""), place, ref, None, member=True))

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        """Somebody reacted."""
        self._reacted(event, str(event.emoji.name or ""))

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        """Somebody took a reaction back."""
        self._reacted(event, "")

    def _reacted(self, event: discord.RawReactionActionEvent, emoji: str) -> None:
        if event.guild_id is None and self.user is not None and event.user_id != self.user.id:
            event_id = f"{event.message_id}-{event.emoji.name}-{emoji}"
            self._intake.put(CustomerReaction(event_id, str(event.channel_id), emoji))

    async def on_typing(self, channel: Any, user: User | Member, when: object) -> None:
        """An agent is writing in a case's thread."""
        if self._is_room(channel) and not user.bot:
            self._intake.put(AgentTyping(str(channel.id)))

    # --- who and where -------------------------------------------------------------------------------------

    def _is_room(self, channel: object) -> bool:
        return isinstance(channel, Thread) and channel.parent_id == self._options.agents_channel

    def _is_agent(self, user: User | Member) -> bool:
        """By the role they have at this moment, as the event itself tells."""
        return isinstance(user, Member) and any(role.id == self._options.agent_role for role in user.roles)


def _archived(channel: discord.ForumChannel | discord.TextChannel) -> AsyncIterator[Thread]:
    """The youngest of them first."""
    if isinstance(channel, discord.TextChannel):
        return channel.archived_threads(private=True)
    return channel.archived_threads()


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


def _intents(options: Options) -> discord.Intents:
    intents = discord.Intents.none()
    intents.guilds = intents.dm_messages = intents.dm_reactions = True
    if options.agents_channel:
        intents.guild_messages = intents.message_content = intents.guild_typing = True
    return intents
