"""Houses for whole-system tests: bots as operators run them, a platform's wire fake, agents and their room.

Everything is real and speaks over loopback; only the platform and the people are made up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.clock import Clock
from bot.store.connection import connect
from bot.store.store import Store
from tests.end_to_end.floor import QUEUE
from tests.fakes.bot_process import BotProcess, Tables, bot_processes
from tests.fakes.discord.client import DiscordFake, discord_fake
from tests.fakes.discord.ledger import Shown as DiscordShown
from tests.fakes.discord.ledger import Thread as DiscordThread
from tests.fakes.telegram.client import TOKEN, TelegramFake, telegram_fake
from tests.fakes.telegram.ledger import Ledger, Shown, Topic

TELEGRAM, DISCORD = "tg", "dc"


def common(store_url: str, **tables: Any) -> dict[str, Any]:
    """What every house's configuration begins with; the figures are refreshed each second."""
    return {
        "bot": {"name": "Acme"},
        "store": {"url": store_url},
        f"queues.{QUEUE}": {"target_s": 480},
        "outgoing": {"allow_private": True},
        "publish": {"refresh_s": 1},
    } | tables


def telegram_table(telegram: TelegramFake, group: int, **more: Any) -> dict[str, Any]:
    """A Telegram channel's table."""
    return {
        "adapter": "telegram",
        "queue": QUEUE,
        "token": TOKEN,
        "agents_chat": group,
        "api_base": telegram.api,
    } | more


@dataclass
class TelegramHouse:
    """Bots, the platform, two agents and their group."""

    telegram: TelegramFake
    bots: Sequence[BotProcess]
    group: int
    ann: int
    ben: int

    @property
    def bot(self) -> BotProcess:
        """The first bot."""
        return self.bots[0]

    def topics(self, ledger: Ledger) -> list[Topic]:
        """The cases' topics."""
        return ledger.kept(self.group)

    async def topic(self, name: str = "") -> Topic:
        """The topic whose title holds this name, once it is there."""
        ledger = await self.telegram.until(
            lambda led: [topic for topic in self.topics(led) if name in topic.name], f"a topic of {name}"
        )
        return next(topic for topic in self.topics(ledger) if name in topic.name)

    async def posts(self, topic: Topic, least: int = 2) -> list[Shown]:
        """The bot's messages in a topic, the card first, once there are so many."""
        ledger = await self.telegram.until(
            lambda led: len(led.shown(self.group, topic.id)) >= least, f"{least} messages in the topic"
        )
        return ledger.shown(self.group, topic.id)

    async def press(self, agent: int, card: Shown, label: str) -> Mapping[str, Any]:
        """An agent presses a button of a card: the toast they get."""
        data = dict(card.buttons)[label]
        query = await self.telegram.presses(agent, card.id, data, self.group)
        ledger = await self.telegram.until(lambda led: query in led.answers, f"the answer to {label}")
        return ledger.answers[query]


@asynccontextmanager
async def telegram_house(
    store_url: str,
    directory: Path,
    *,
    bots: int = 1,
    seed: int = 0,
    group: Mapping[str, Any] | None = None,
    agents_there: bool = True,
    **tables: Any,
) -> AsyncIterator[TelegramHouse]:
    """A house under way; `group` says how the group is, without `agents_there` the bot does not know it; `tables` adds
    to the configuration."""
    async with telegram_fake(seed=seed) as telegram:
        ann, ben = await telegram.person("Ann"), await telegram.person("Ben")
        chat = await telegram.group("Acme support", [ann, ben], **(group or {}))
        settings: Tables = (
            common(store_url)
            | {f"channels.{TELEGRAM}": telegram_table(telegram, chat if agents_there else 0)}
            | tables
        )
        async with bot_processes(directory, settings, bots) as started:
            yield TelegramHouse(telegram, started, chat, ann, ben)


async def dead_letters(store_url: str) -> dict[str, dict[str, Any]]:
    """The messages given up, by id."""
    connection = await connect(store_url)
    try:
        return await Store(connection, Clock()).dead_letters(QUEUE)
    finally:
        await connection.aclose()


# --- Discord -----------------------------------------------------------------------------------------------


def discord_table(discord: DiscordFake, guild: int, channel: int, role: int, **more: Any) -> dict[str, Any]:
    """A Discord channel's table."""
    return {
        "adapter": "discord",
        "queue": QUEUE,
        "token": discord.token,
        "guild": guild,
        "agents_channel": channel,
        "agent_role": role,
        "api_base": discord.api,
        "gateway_url": discord.gateway,
    } | more


@dataclass
class DiscordRoom:
    """A server with a forum for cases, and two agents."""

    discord: DiscordFake
    guild: int
    forum: int
    role: int
    ann: int
    ben: int

    @property
    def table(self) -> dict[str, Any]:
        """The channel's configuration."""
        return discord_table(self.discord, self.guild, self.forum, self.role)

    async def customer(self, name: str, **more: Any) -> int:
        """Somebody who shares the server."""
        person = await self.discord.person(name, **more)
        await self.discord.joins(person, self.guild)
        return person

    async def post(self, name: str = "") -> DiscordThread:
        """The post whose title holds this name, once it is there."""
        ledger = await self.discord.until(
            lambda led: [post for post in led.posts(self.forum) if name in post.name], f"a post of {name}"
        )
        return next(post for post in ledger.posts(self.forum) if name in post.name)

    async def posts(self, thread: DiscordThread, least: int = 2) -> list[DiscordShown]:
        """The bot's messages in a post, the card first, once there are so many."""
        ledger = await self.discord.until(lambda led: len(led.shown(thread.id)) >= least, f"{least} messages")
        return ledger.shown(thread.id)

    async def press(self, agent: int, card: DiscordShown, label: str) -> str:
        """An agent presses a button of a card: what they alone are answered."""
        custom_id = dict(card.buttons)[label]
        return await self.discord.answer(await self.discord.presses(agent, card.channel, card.id, custom_id))


async def discord_room(discord: DiscordFake, *, forum: bool = True) -> DiscordRoom:
    """A server as docs/discord.md makes one."""
    owner, ann, ben = [await discord.person(name) for name in ("Olga", "Ann", "Ben")]
    guild = await discord.guild("Acme", owner)
    role = await discord.role(guild, "Support", "manage_threads")
    tags = ["waiting", "claimed", "answered", "closed", "abandoned"]
    channel = await discord.channel(guild, "cases", forum=forum, tags=tags if forum else [])
    for agent in (ann, ben):
        await discord.joins(agent, guild, role)
    return DiscordRoom(discord, guild, channel, role, ann, ben)


@dataclass
class DiscordHouse:
    """Bots and their server."""

    room: DiscordRoom
    bots: Sequence[BotProcess]

    @property
    def discord(self) -> DiscordFake:
        """The platform."""
        return self.room.discord

    @property
    def bot(self) -> BotProcess:
        """The first bot."""
        return self.bots[0]


@asynccontextmanager
async def discord_house(
    store_url: str, directory: Path, *, bots: int = 1, seed: int = 0, forum: bool = True, **tables: Any
) -> AsyncIterator[DiscordHouse]:
    """A house under way, its gateway connected; `tables` adds to the configuration."""
    async with discord_fake(seed=seed) as discord:
        room = await discord_room(discord, forum=forum)
        settings: Tables = common(store_url) | {f"channels.{DISCORD}": room.table} | tables
        async with bot_processes(directory, settings, bots) as started:
            await discord.until(lambda led: led.at_gateway("ready"), "a session")
            yield DiscordHouse(room, started)
