"""Pages as people see them, each watched: what goes wrong in a page fails the test that opened it.

Watched are errors on the console and in scripts, what the Content Security Policy refused, and whatever is asked of
another origin. A test that causes trouble on purpose says so first, with `allow`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from tests.waiting import WITHIN_S

OUT = Path(__file__).parent / "out"
HEIGHTS = {360: 740, 768: 1024, 1440: 900}
"""A phone, a tablet, a desk: the three widths that are looked at."""
WITHIN_MS = 1_000 * WITHIN_S

TELLS_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", event =>
  console.error(`refused by the policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile ?? ""}`));
"""
RUN_AXE = """
async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.map(({id, impact, help, nodes}) =>
  `${id} (${impact}): ${help}: ${nodes.map(({target}) => target.join(" ")).join("; ")}`)
"""


@dataclass
class Pages:
    """The pages of one test. `name` is what its pictures are called, which are taken where they are `pictured`."""

    browser: Browser
    name: str
    pictured: bool = False
    troubles: list[str] = field(default_factory=list)
    _allowed: list[re.Pattern[str]] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    async def __call__(
        self,
        url: str,
        width: int = 1440,
        *,
        dark: bool = False,
        js: bool = True,
        locale: str = "en-GB",
        beside: Page | None = None,
        **more: Any,
    ) -> Page:
        """Open a page, in a browser of its own or, `beside` another, in a second tab of that one's. `more` goes to
        Playwright's `new_context`."""
        context = beside.context if beside else await self._context(width, dark, js, locale, more)
        page = await context.new_page()
        page.set_default_timeout(WITHIN_MS)
        self._watch(page, url)
        await page.goto(url)
        return page

    def allow(self, pattern: str) -> None:
        """Trouble that matches is meant to happen in this test."""
        self._allowed.append(re.compile(pattern))

    def unexpected(self) -> list[str]:
        """What went wrong in any of the pages until now, but for what was allowed."""
        return [one for one in self.troubles if not any(pattern.search(one) for pattern in self._allowed)]

    async def shot(self, page: Page, part: str = "") -> None:
        """With `--pictures`, one of the whole page in `out/`, named for the test and the part."""
        if self.pictured:
            OUT.mkdir(exist_ok=True)
            path = OUT / f"{self.name}{f'-{part}' if part else ''}.png"
            await page.screenshot(path=path, full_page=True, animations="disabled")

    async def close(self) -> None:
        """Close all pages."""
        while self._contexts:
            await self._contexts.pop().close()

    async def _context(
        self, width: int, dark: bool, js: bool, locale: str, more: dict[str, Any]
    ) -> BrowserContext:
        context = await self.browser.new_context(
            viewport={"width": width, "height": HEIGHTS.get(width, 900)},
            color_scheme="dark" if dark else "light",
            java_script_enabled=js,
            locale=locale,
            **{"timezone_id": "UTC", **more},
        )
        self._contexts.append(context)
        await context.add_init_script(TELLS_VIOLATIONS)
        return context

    def _watch(self, page: Page, url: str) -> None:
        origin = urlsplit(url)[:2]

        def said(message: ConsoleMessage) -> None:
            if message.type == "error":
                self.troubles.append(f"console: {message.text} ({message.location.get('url', '')})")

        def asked(request: Request) -> None:
            if (asked := urlsplit(request.url))[:2] != origin and asked.scheme not in ("data", "blob"):
                self.troubles.append(f"another origin was asked: {request.url}")

        page.on("console", said)
        page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        page.on("request", asked)


@cache
def _axe_source() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


async def axe(page: Page) -> list[str]:
    """What axe finds wrong with a page, each with the places where."""
    await page.evaluate(_axe_source())
    found: list[str] = await page.evaluate(RUN_AXE)
    return found
