"""What the browser's tests may ask for: `site`, a bot that serves, and `page_of`, which opens pages of it; or
`office`, a bot under way with people at its pages.

    async def test_it(site: Site, page_of: Pages) -> None:
        page = await page_of(site.address, 360, dark=True)
        assert await axe(page) == []
        await page_of.shot(page)

The browser runs once, and so all here runs on one loop, that of the session: an asynchronous fixture must say
`@pytest_asyncio.fixture(loop_scope="session")`. Without a browser these tests are skipped, and fail where `CI` is set:
there somebody counts on them. JONO_NO_BROWSER, a reason, skips them all. `make pictures` keeps what they
saw, to be looked at.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.chromium import OPTIONS, find_chromium
from tests.browser.office import Office, open_office
from tests.browser.rig import WITHIN_MS, Pages
from tests.fakes.site import Site, open_site

expect.set_options(timeout=WITHIN_MS)
MISSING = "no Chromium here: install one, or name it in JONO_CHROMIUM"


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """The tests beside this file run on the browser's loop."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The one browser of the run."""
    if reason := os.environ.get("JONO_NO_BROWSER"):
        pytest.skip(reason)
    binary = find_chromium()
    if binary is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=binary, args=OPTIONS)
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page_of(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Pages]:
    """Opens pages; at the end nothing must have gone wrong in any of them."""
    name = re.sub(r"\W+", "-", request.node.name.removeprefix("test_")).strip("-")
    pages = Pages(browser, name, request.config.getoption("--pictures"))
    try:
        yield pages
    finally:
        await pages.close()
    assert pages.unexpected() == []


@pytest_asyncio.fixture(loop_scope="session")
async def office(store_url: str, page_of: Pages) -> AsyncIterator[Office]:
    """A whole bot with a site chat and a desk."""
    async with open_office(store_url, page_of) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def site(store_url: str) -> AsyncIterator[Site]:
    """A bot that serves, on an empty store; its clock stands at noon on a Monday."""
    async with open_site(store_url) as running:
        yield running
