"""What the browser's tests may ask for: `site`, a bot that serves, and `page_of`, which opens pages of it.

    async def test_it(site: Site, page_of: Pages) -> None:
        page = await page_of(site.address, 360, dark=True)
        assert await axe(page) == []
        await page_of.shot(page)

The browser runs once; each test connects to it anew, so that all it awaits is on its own loop. Without a browser these
tests are skipped, and fail where `CI` is set: there somebody counts on them. JONO_NO_BROWSER, a reason, skips them all.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import async_playwright

from tests.browser.chromium import chromium, find_chromium
from tests.browser.rig import Pages
from tests.fakes.site import Site, open_site

MISSING = "no Chromium here: install one, or name it in JONO_CHROMIUM"


@pytest.fixture(scope="session")
def browser_address() -> Iterator[str]:
    """The one browser of the run."""
    if reason := os.environ.get("JONO_NO_BROWSER"):
        pytest.skip(reason)
    binary = find_chromium()
    if binary is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    with chromium(binary) as address:
        yield address


@pytest.fixture
async def page_of(browser_address: str, request: pytest.FixtureRequest) -> AsyncIterator[Pages]:
    """Opens pages; at the end nothing must have gone wrong in any of them."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(browser_address)
        pages = Pages(browser, re.sub(r"\W+", "-", request.node.name.removeprefix("test_")).strip("-"))
        try:
            yield pages
        finally:
            await pages.close()
    assert pages.unexpected() == []


@pytest.fixture
async def site(store_url: str) -> AsyncIterator[Site]:
    """A bot that serves, on an empty store; its clock stands at noon on a Monday."""
    async with open_site(store_url) as running:
        yield running
