"""A support floor for whole-system tests: bots, their peer, customers who write, agents who reply.

Everything is real and speaks over loopback; only the people are made up. `kept` reads what the store holds,
with the store's own document format and nothing else of the bot.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.case import Case, decode
from bot.clock import Clock
from bot.store import keys
from bot.store.connection import connect
from bot.store.store import Store
from tests.fakes.bot_process import PRIVATE, BotProcess, Tables, bot_processes
from tests.fakes.peer import Peer, peer
from tests.fakes.sender import Customer, Sender
from tests.waiting import until

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
QUEUE, CHANNEL = "support", "shop"
LANGUAGES = ("en", "fi", "pl")
REPLIES_EACH = 2


@dataclass(frozen=True, slots=True)
class Floor:
    """All who take part."""

    bots: Sequence[BotProcess]
    peer: Peer
    sender: Sender
    tables: Tables

    def agent(self, number: int) -> Agent:
        """The agent of this number, from 0."""
        return Agent(self, f"a-{number}")

    async def write(self, customer: Customer, number: int, text: str = "", to: int = 0) -> None:
        """A customer's message of this number, until a bot has accepted it."""
        await self.sender.message(customer, message_id(customer, number), text or words(customer, number), to)


class Agent:
    """An agent at the desk, who gives one command after another and waits for each answer."""

    def __init__(self, floor: Floor, agent_id: str) -> None:
        self.id = agent_id
        self.replied: dict[str, list[str]] = defaultdict(list)
        self._floor = floor
        self._commands = 0

    async def do(self, command: str, arguments: str = "", to: int = 0) -> Mapping[str, Any]:
        """Give a command; gives the answer's data."""
        self._commands += 1
        command_id = f"{self.id}-{self._commands}-{command}"
        await self._floor.sender.command(self.id, command_id, command, arguments, to)
        return await self._floor.peer.answer(command_id)

    async def take_and_reply(self) -> bool:
        """Take the next case and answer it in REPLIES_EACH parts; False when nobody waits."""
        taken = await self.do("next", to=self._commands)
        if not taken["ok"]:
            return False
        case = taken["case_id"]
        for part in range(1, REPLIES_EACH + 1):
            text = f"{self.id} to {case}, part {part}"
            assert (await self.do("reply", f"{case} {text}", to=self._commands))["ok"]
            self.replied[case].append(text)
        return True

    async def work_through(self) -> None:
        """Take and answer cases until nobody waits."""
        while await self.take_and_reply():
            pass


def draw_seed() -> int:
    """A seed for all of a test's chances, printed; JONO_TEST_SEED sets it, to see a failure again."""
    seed = int(os.environ.get("JONO_TEST_SEED") or random.randrange(10**6))
    print(f"JONO_TEST_SEED={seed}")
    return seed


def message_id(customer: Customer, number: int) -> str:
    """The id of a customer's message."""
    return f"{customer.id}-{number}"


def words(customer: Customer, number: int) -> str:
    """The text of a customer's message: like no other, and recognised should it reach a log."""
    return f"{PRIVATE}: message {number} of {customer.id}"


def customers(count: int) -> list[Customer]:
    """Customers with names of their own, in all languages in turn."""
    return [Customer(f"c-{n}", f"Kim Berg {n}", LANGUAGES[n % len(LANGUAGES)]) for n in range(count)]


def configuration(store_url: str, peer_url: str, agents: int) -> dict[str, dict[str, object]]:
    """The least that these tests need; the figures are refreshed each second."""
    return {
        "bot": {"name": "Acme"},
        "store": {"url": store_url},
        f"queues.{QUEUE}": {"target_s": 480},
        f"channels.{CHANNEL}": {
            "adapter": "webhook",
            "queue": QUEUE,
            "secret": SECRET,
            "url": peer_url,
            "agents": [f"a-{n}" for n in range(agents)],
        },
        "outgoing": {"allow_private": True},
        "publish": {"refresh_s": 1},
    }


@contextmanager
def short_directory() -> Iterator[Path]:
    """A directory with a short path: a unix socket's must fit into some 100 bytes."""
    with tempfile.TemporaryDirectory(prefix="jono-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@asynccontextmanager
async def floor(
    store_url: str, *, bots: int = 1, agents: int = 10, at_once: int = 32, seed: int = 0, **tables: Any
) -> AsyncIterator[Floor]:
    """Everything under way; `tables` adds to the configuration or replaces a part of it."""
    async with AsyncExitStack() as stack:
        directory = stack.enter_context(short_directory())
        shop = await stack.enter_async_context(peer(SECRET, seed))
        settings = configuration(store_url, shop.url, agents) | tables
        running: AbstractAsyncContextManager[list[BotProcess]] = bot_processes(directory, settings, bots)
        started = await stack.enter_async_context(running)
        addresses = [bot.address for bot in started]
        sender = await stack.enter_async_context(Sender(SECRET, addresses, CHANNEL, at_once))
        yield Floor(started, shop, sender, settings)


# --- what the store holds -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """A case as it stands in the store, and what was said in it: (by whom, text), oldest first."""

    case: Case
    said: list[tuple[str, str]]

    def texts(self, by: str) -> list[str]:
        """What one side said, in order."""
        return [text for who, text in self.said if who == by]


async def kept(store_url: str) -> dict[str, list[Kept]]:
    """All cases in the store by their conversation."""
    connection = await connect(store_url)
    client: Any = connection.client
    prefix = f"{keys.prefix(QUEUE)}case:"
    found: dict[str, list[Kept]] = defaultdict(list)
    try:
        async for key in client.scan_iter(match=prefix.replace("{", "[{]") + "*", count=1000):
            head, *rest = await client.lrange(key, 0, -1)
            case = decode(QUEUE, key.removeprefix(prefix), head)
            entries = [json.loads(line) for line in rest]
            found[case.conversation_id].append(
                Kept(case, [(entry.get("by", "customer"), entry["text"]) for entry in entries])
            )
    finally:
        await connection.aclose()
    return found


async def nothing_left_to_send(store_url: str, channel: str = CHANNEL) -> None:
    """Wait until every outgoing message was settled."""
    connection = await connect(store_url)
    store = Store(connection, Clock())

    async def settled() -> bool:
        return not await store.outgoing(QUEUE, channel)

    try:
        await until(settled, "nothing is left to send", every_s=0.05)
    finally:
        await connection.aclose()
