"""The least rights that docs/redis.md gives the bot in the store: all that it calls, and nothing more."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from redis.exceptions import NoPermissionError

from bot.store.channels import ChannelStore
from bot.store.connection import Connection, connect
from bot.store.library import Library
from tests.conftest import STORES
from tests.fakes import servers
from tests.house.living import bot_and_shop
from tests.house.source import ROOT, modules
from tests.house.test_keys import a_busy_morning

LINE = re.compile(r"^ACL SETUSER jono on >SECRET (.+)$", re.MULTILINE)

NOT_COMMANDS = {"aclose", "execute", "pipeline", "initialize", "get_primaries", "execute_command"}
"""Methods of the client that send nothing of their own."""

CONNECTING = {"cluster|slots", "command", "ping", "select"}
"""What the client library itself sends: a numbered database, the map of a cluster."""


INTRODUCTION = "client|setinfo"
"""The library tells the server its name, and does without where it may not; Redis 7.0 does not know it yet."""


def rights() -> list[str]:
    """The rights of the documented line."""
    found = LINE.search((ROOT / "docs" / "redis.md").read_text("utf-8"))
    assert found, "docs/redis.md gives no ACL line"
    return found[1].split()


def called() -> Iterator[str]:
    """Every command that the code of the store names, in Lua or through the client."""
    library = (ROOT / "bot" / "store" / "functions.lua").read_text("utf-8")
    yield from (name.lower() for name in re.findall(r"redis\.call\('(\w+)'", library))
    for module in modules("bot/store"):
        methods = re.findall(r"\b(?:_?client|pipe)\.(\w+)\b", module.text)
        yield from (name for name in methods if name not in NOT_COMMANDS)
        yield from (name.lower() for name in re.findall(r'execute_command\(\s*"(\w+)"', module.text))


def as_right(name: str) -> str:
    """The client's name of a command as access lists write it."""
    return {"delete": "del", "function_load": "function|load"}.get(name, name)


def test_the_documented_user_may_call_what_the_code_calls_and_no_more() -> None:
    keys, *commands = rights()
    assert keys == "~jono:*"
    assert commands[0] == "-@all"
    needed = {as_right(name) for name in called()} | CONNECTING
    expected = sorted(f"+{name}" for name in needed)
    assert commands[1:] == expected, f"the line should be: {' '.join(expected)}"


def denied(node: servers.Server) -> Iterator[str]:
    """What a server refused somebody, by the fields and values of its log."""
    for entry in node.call("ACL", "LOG"):
        yield str(entry["object"] if isinstance(entry, dict) else entry[entry.index("object") + 1])


@pytest.fixture(params=sorted(STORES))
def nodes_and_url(request: pytest.FixtureRequest) -> Iterator[tuple[list[servers.Server], str]]:
    """Servers of each kind without any user but the default one, and the URL for the documented user."""
    if request.param == "redis" and servers.DEBIAN_REDIS is None:
        pytest.skip("no redis-server on PATH")
    with STORES[request.param]() as store:
        nodes = store.nodes if isinstance(store, servers.Cluster) else [store]
        yield nodes, store.url.replace("://", "://jono:SECRET@")


async def test_the_bot_works_as_the_documented_user(nodes_and_url: tuple[list[servers.Server], str]) -> None:
    nodes, url = nodes_and_url
    for node in nodes:
        node.call("ACL", "SETUSER", "jono", "on", ">SECRET", *rights())
    async with bot_and_shop(url, {"refused": 410}) as (_, shop):
        await a_busy_morning(shop)
        await shop.event(lambda event: event["type"] == "wait.updated" and event["data"]["agents"] > 0)
    assert {what for node in nodes for what in denied(node)} <= {INTRODUCTION}


async def test_the_documented_users_share_a_stream(nodes_and_url: tuple[list[servers.Server], str]) -> None:
    """As docs/channels/webhook.md says: one may only add to it, and the bot may read it."""
    nodes, url = nodes_and_url
    page = (ROOT / "docs" / "channels" / "webhook.md").read_text("utf-8")
    writer = re.search(r"`ACL SETUSER helpdesk on >SECRET (.+?)`", page)
    reader = re.search(r"Jono's user may read it by `(~\S+)`", page)
    assert writer
    assert reader
    for node in nodes:
        node.call("ACL", "SETUSER", "jono", "on", ">SECRET", *rights(), reader[1])
        node.call("ACL", "SETUSER", "helpdesk", "on", ">SECRET", *writer[1].split())
    stream = reader[1].removeprefix("~")
    # Who speaks to a cluster needs a map of it besides, so there the default user writes.
    whose = "" if len(nodes) > 1 else "helpdesk:SECRET@"
    async with opened(url.replace("jono:SECRET@", whose)) as helpdesk:
        await helpdesk.client.xadd(stream, {"event": "{}"})
        if whose:
            with pytest.raises(NoPermissionError):
                await helpdesk.client.get("jono:{q:support}:counters")
    async with opened(url) as connection:
        [(_, fields)] = await ChannelStore(Library(connection)).entries(stream, "0", 10)
    assert fields == {"event": "{}"}


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Connection]:
    """The store, as the user of the URL."""
    connection = await connect(url)
    try:
        yield connection
    finally:
        await connection.aclose()
