"""A whole bot with a site chat and a desk in the browser, and the people who use them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page, expect

from bot.app import Bot
from bot.signin import Agent
from tests.browser.rig import Pages
from tests.fakes.browser import conversation_of, link_of, site_bot


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
        return Customer(page, self.bot)

    async def link(self, name: str = "anna") -> str:
        """A link that signs an agent in."""
        return await link_of(self.bot, Agent("site", name, name.title()))

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
    bot: Bot
    told: int = 0

    async def conversation(self) -> str:
        """What it is called."""
        cookies = {one["name"]: one["value"] for one in await self.page.context.cookies()}
        return conversation_of(self.bot, cookies)

    async def is_told(self, text: str | None, **more: object) -> str:
        """The bot puts a reply into the conversation; `more` stands beside the text or instead of what is usual."""
        item = {"at": self.bot.parts.clock.real(), "kind": "reply", "text": text, "files": []} | more
        self.told += 1
        box = self.bot.parts.boxes["site"]
        return await box.put(await self.conversation(), f"told-{self.told}", item)

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
async def open_office(
    store_url: str, pages: Pages, *, outlived: bool = False, **tables: Any
) -> AsyncIterator[Office]:
    """A bot on this store until the block ends; `tables` take the place of the usual ones. The pages are closed
    before the bot stops, else they would complain that it is gone, unless they are to see that (`outlived`)."""
    async with site_bot(store_url, **tables) as bot:
        try:
            yield Office(bot, pages)
        finally:
            if not outlived:
                await pages.close()
