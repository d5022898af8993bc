"""A browser as the chat and the desk know it, without a screen: a cookie, the headers it sends, a stream it reads."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from adapters.base import Site
from bot import config as configuration
from bot.app import Bot, running
from bot.clock import Chance, Clock
from bot.signin import Agent, enter_url

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
TABLES: Mapping[str, Any] = {
    "bot": {"name": "Acme"},
    "server": {"listen": "127.0.0.1:0"},
    "queues": {"support": {"title": "Support"}, "billing": {"title": "Billing"}},
    "channels": {"site": {"adapter": "web", "queue": "support", "agents": ["anna", "ben"]}},
}
"""A site chat and a desk."""
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d4944415478da63fccf50cf00050501c8e0f7b9570000000049454e44ae426082"
)
"""A picture of one pixel."""


@dataclass
class Browser:
    """One browser of one person, and the site it talks to."""

    http: aiohttp.ClientSession
    address: str
    cookies: dict[str, str] = field(default_factory=dict)
    sent: int = 0

    async def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = SAME_ORIGIN
    ) -> tuple[int, Any]:
        """Status and JSON (or else bytes) of an answer; what it sets as cookies is kept."""
        cookie = {"Cookie": _cookie(self.cookies)}
        async with self.http.request(
            method, self.address + path, data=body, headers={**cookie, **headers}
        ) as answer:
            for name, morsel in answer.cookies.items():
                self.cookies[name] = morsel.value
            content = await answer.read()
            return answer.status, json.loads(
                content
            ) if answer.content_type == "application/json" else content

    async def get(self, path: str) -> tuple[int, Any]:
        """Open a path."""
        return await self.ask("GET", path)

    async def post(
        self, path: str, data: object, headers: Mapping[str, str] = SAME_ORIGIN
    ) -> tuple[int, Any]:
        """Post JSON, or bytes as they are."""
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        return await self.ask("POST", path, body, headers)

    async def writes(self, text: str, **more: object) -> tuple[int, Any]:
        """Send a message in the chat."""
        self.sent += 1
        return await self.post("/chat/site/messages", {"id": f"message-{self.sent}", "text": text} | more)

    async def commands(self, command: str, arguments: str = "", **more: object) -> tuple[int, Any]:
        """Give a command at the desk."""
        self.sent += 1
        data = {"id": f"command-{self.sent}", "command": command, "arguments": arguments}
        return await self.post("/desk/commands", data | more)

    @asynccontextmanager
    async def listening(self, path: str) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
        """The events of a stream: their names and data."""
        cookie = {"Cookie": _cookie(self.cookies)}
        async with self.http.get(self.address + path, headers=cookie) as answer:
            assert answer.content_type == "text/event-stream", await answer.text()
            yield _events(answer)


@asynccontextmanager
async def site_bot(store_url: str, **tables: Any) -> AsyncIterator[Bot]:
    """A whole bot on this store until the block ends; `tables` take the place of the usual ones."""
    config = configuration.check({**TABLES, "store": {"url": store_url}, **tables})
    async with running(config, Clock(), Chance(7)) as bot:
        await bot.ready.wait()
        yield bot


async def link_of(bot: Bot, agent: Agent) -> str:
    """A link that signs an agent in."""
    assert bot.parts.sign_in is not None
    return enter_url(bot.address, await bot.parts.sign_in.link(agent))


def conversation_of(bot: Bot, cookies: Mapping[str, str]) -> str:
    """The conversation of a browser with these cookies, at the site chat."""
    site = bot.parts.channels["site"]
    assert isinstance(site, Site)
    return site.visitor({"Cookie": _cookie(cookies)})


def _cookie(cookies: Mapping[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


async def _events(answer: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, Any]]:
    name = ""
    async for raw in answer.content:
        line = raw.decode().rstrip("\n")
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))
