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
from tests.fakes.telegram.client import TOKEN, TelegramFake, telegram_fake
from tests.fakes.telegram.ledger import Ledger, Shown, Topic

TELEGRAM = "tg"


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
