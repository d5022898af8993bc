"""Every key that a working bot leaves in the store is listed, and is as listed: its type, its expiry."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from adapters.base import Pace
from bot.carried import KEPT_AS
from bot.clock import Clock
from bot.store.channels import Written
from bot.store.connection import connect
from bot.store.keys import KEYS, Key, prefix
from bot.store.rooms import Room
from bot.store.store import Store as OpenStore
from tests.conftest import Store
from tests.fakes.servers import Cluster, client_of
from tests.house.living import Shop, bot_and_shop
from tests.waiting import until

QUEUES = ("support", "billing")
ANSWERS = {"refused": 410, "busy": 503, "silent": None}


def pattern(key: Key) -> re.Pattern[str]:
    """The names that a row of the table stands for."""
    return re.compile(".+".join(map(re.escape, re.split(r"<[^>]+>", key.name))), re.DOTALL)


def row_of(name: str) -> Key:
    """The row that lists a key of the store."""
    queue = next((queue for queue in QUEUES if name.startswith(prefix(queue))), None)
    assert queue is not None, f"{name!r} belongs to no queue"
    rows = [key for key in KEYS if pattern(key).fullmatch(name.removeprefix(prefix(queue)))]
    assert len(rows) == 1, f"{name!r} is listed {len(rows)} times"
    return rows[0]


def everything(store: Store) -> Iterator[tuple[str, str, int]]:
    """Name, type and remaining seconds (-1: never expires) of every key there is."""
    for server in store.primaries if isinstance(store, Cluster) else [store]:
        with client_of(server.url) as client:
            for name in client.scan_iter(count=1000):
                yield name, client.type(name), client.ttl(name)


def missing(store: Store) -> set[str]:
    """Rows of the table of which the store holds no key."""
    return {key.name for key in KEYS} - {row_of(name).name for name, _, _ in everything(store)}


async def a_busy_morning(shop: Shop) -> None:
    """Something of all that leaves a trace: words, commands, duty, a transfer, failures, an ended case."""
    await shop.says("1", "Hei, missä pakettini on?")
    await shop.event(lambda event: event["data"].get("kind") == "acknowledgement")
    await shop.says("2", "/language pl")
    await shop.says("3", "Lasku on väärin", queue="billing")
    for conversation in ANSWERS:
        await shop.says(conversation, "Onko siellä ketään?")
    await shop.commands("a-1", "on")
    await shop.commands("a-1", "incident", "4 now 22:00")
    await shop.commands("a-1", "next")
    await shop.commands("a-1", "note", "a regular customer")
    await shop.commands("a-1", "reply", "Huomenna.")
    await shop.commands("a-1", "close")
    await shop.commands("a-2", "next")
    await shop.commands("a-2", "transfer", "billing")
    await shop.commands("a-2", "next")


async def a_platform_with_a_room(store_url: str) -> None:
    """What channels keep that the shop's own webhook has no use for, through the store's own calls."""
    connection = await connect(store_url)
    store = OpenStore(connection, Clock())
    await store.open()
    await store.choose_queue("support", "chat/1", "billing")
    await store.rooms.set_room("support", "K7Q2M4", "chat", Room("t1"), 60, ["t1"])
    await store.channels.hold("support", "chat", "one", 60)
    await store.channels.mark("support", "chat", {"1": "100"})
    await store.channels.pace("support", "chat", [Pace("all", 1, 60)])
    await store.channels.hush("support", "chat", Pace("all", 1, 60), 60)
    await store.channels.set_outlet("support", "chat", "about", {"own": "We sell shoes"})
    await store.channels.note_write("support", "chat", Written(0.0, "about", "5 min", "k", "ok"))
    await store.channels.leave_outlets("support", "chat", 0.0)
    await store.seal.secret("support", bytes(32))
    await store.seal.secret("support", bytes(32), KEPT_AS)
    await store.mail.post("support", "chat", "1", "m-1", {"text": "Hei"}, 60, 10)
    await store.mail.keep_file("support", "chat/1", "ab12", b"picture", 60)
    await store.mail.take_room("support", "chat", "1", 7, 20_000, 60, (1_000, 1_000))
    for kind in ("sign-in", "session", "invitation"):
        await store.mail.keep_secret("support", kind, "digest", {"id": "anna"}, 60)
    await connection.aclose()


async def test_every_key_is_listed_and_every_listed_key_is_used(store_servers: Store, store_url: str) -> None:
    async with bot_and_shop(store_url, ANSWERS) as (_, shop):
        await a_busy_morning(shop)
        await a_platform_with_a_room(store_url)
        await until(lambda: not missing(store_servers), "every key is there")
        found = list(everything(store_servers))
    for name, kind, ttl_s in found:
        row = row_of(name)
        assert kind == row.type, name
        if row.name != "case:<case>":
            assert (ttl_s == -1) is row.expiry.startswith("none"), f"{name}: {ttl_s} s, listed: {row.expiry}"


async def test_a_case_expires_once_it_ended(store_servers: Store, store_url: str) -> None:
    async with bot_and_shop(store_url) as (_, shop):
        await shop.says("1", "Hei")
        await shop.says("2", "Moi")
        await shop.commands("a-1", "next")
        await shop.commands("a-1", "close")
        cases = [ttl_s for name, _, ttl_s in everything(store_servers) if ":case:" in name]
    assert sorted(cases) == [-1, pytest.approx(30 * 86_400, abs=60)]
