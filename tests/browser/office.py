"""A whole bot with a site chat and a desk in the browser, and the people who use them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page, expect

from bot import config as configuration
from bot.app import Bot, running
from bot.clock import Chance, Clock
from bot.signin import Agent, enter_url
from tests.browser.rig import Pages

TABLES: Mapping[str, Any] = {
    "bot": {"name": "Acme"},
    "server": {"listen": "127.0.0.1:0"},
    "queues": {"support": {"title": "Support"}, "billing": {"title": "Billing"}},
    "channels": {"site": {"adapter": "web", "queue": "support", "agents": ["anna", "ben"]}},
}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d494844520000000100000001080600000"
    "01f15c4890000000d4944415478da63fccf50cf00050501c8e0f7b9570000000049454e44ae426082"
)
"""A picture of one pixel."""


@dataclass
class Office:
    """A bot under way."""

    bot: Bot
    pages: Pages

    @property
    def address(self) -> str:
        """Where it serves."""
        return self.bot.address

    async def customer(self, name: str = "Aino", path: str = "", **more: Any) -> Customer:
        """Somebody opens the chat; `more` goes to the page."""
        page = await self.pages(f"{self.address}/chat/site{path}", more.pop("width", 360), **more)
        if name:
            await page.fill("#name", name)
        return Customer(page)

    async def link(self, name: str = "anna") -> str:
        """A link that signs an agent in."""
        assert self.bot.parts.sign_in is not None
        secret = await self.bot.parts.sign_in.link(Agent("site", name, name.title()))
        return enter_url(self.address, secret)

    async def agent(self, name: str = "anna", **more: Any) -> Deskhand:
        """An agent signs in and sees the desk."""
        page = await self.pages(await self.link(name), more.pop("width", 1440), **more)
        await page.click("#enter button")
        await expect(page.locator("#queues li")).to_have_count(2)
        return Deskhand(page)


@dataclass
class Customer:
    """Somebody at the chat."""

    page: Page

    async def writes(self, text: str) -> None:
        """Write and send."""
        await self.page.fill("#text", text)
        await self.page.press("#text", "Enter")

    async def sees(self, text: str) -> None:
        """It is in the conversation, once."""
        await expect(self.page.locator(".bubble", has_text=text)).to_have_count(1)

    async def is_acknowledged(self, name: str) -> None:
        """The bot has answered at once, by name."""
        await expect(self.page.locator(".automatic .bubble").first).to_contain_text(name)

    async def said(self) -> list[str]:
        """All that is in the conversation, in order."""
        return await self.page.locator(".bubble").all_inner_texts()


@dataclass
class Deskhand:
    """An agent at the desk."""

    page: Page

    async def claims(self, name: str) -> None:
        """Open a case of that name and claim it."""
        await self.page.click(f".rows button:has-text('{name}')")
        await self.page.click("#acts [data-act=claim]")
        await expect(self.page.locator("#acts [data-act=close]")).to_be_visible()

    async def replies(self, text: str) -> None:
        """Write to the customer, who gets it."""
        await self.page.fill("#text", text)
        await self.page.press("#text", "Enter")
        row = self.page.locator("#talk li", has_text=text)
        await expect(row.locator(".fate")).to_have_text("delivered")

    async def sees(self, text: str) -> None:
        """It is in the open case, once."""
        await expect(self.page.locator("#talk .bubble", has_text=text)).to_have_count(1)


@asynccontextmanager
async def open_office(store_url: str, pages: Pages, **tables: Any) -> AsyncIterator[Office]:
    """A bot on this store until the block ends; `tables` take the place of the usual ones."""
    config = configuration.check({**TABLES, "store": {"url": store_url}, **tables})
    async with running(config, Clock(), Chance(7)) as bot:
        await bot.ready.wait()
        yield Office(bot, pages)
