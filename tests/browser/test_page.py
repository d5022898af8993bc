"""The status page in a real browser: how it looks, that all can use it, that it stays true, and what it costs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
import redis
from aiohttp import web
from playwright.async_api import Page, Request, expect

from bot import statics
from bot.card import QueueStatus
from bot.page import render_page
from bot.published import Published
from bot.web.answers import SECURITY_HEADERS
from status.hours import Hours
from status.model import TrackRecord
from tests.bot.signs import HOSTILE_NAMES, NOON, WORDS, promising
from tests.browser.rig import Pages, axe
from tests.fakes.desk import TABLES
from tests.fakes.site import ANY_PORT, Site, open_site
from tests.fakes.week import REFRESH_S, publish_week

SHOP = TABLES["channels"]["shop"]
HOURS = {"time_zone": "Europe/Helsinki", "mon-fri": ["09:00-12:00", "13:00-20:00"], "sat": "10:00-14:00"}
LANGUAGES = {360: ("en", "en-US"), 768: ("fi", "fi-FI"), 1440: ("pl", "pl-PL")}
WIDTHS = tuple(LANGUAGES)
VIEWS = {
    "whole": "/?queue=support",
    "week": "/?queue=support&days=7",
    "all": "/",
    "all-week": "/?days=7",
    "embed": "/?embed=1",
}
TABLES_OF_A_SHOP: dict[str, Any] = {
    **ANY_PORT,
    "bot": {"name": "Aurora Telecom"},
    "queues": {
        "support": {"target_s": 480, "title": "Customer support", "hours": HOURS},
        "billing": {"target_s": 480, "title": "الفواتير"},
    },
    "channels": {
        **TABLES["channels"],
        "site": {"adapter": "web", "queue": "support"},
        "mail": {**SHOP, "contact": "mailto:help@aurora.example"},
        "phone": {**SHOP, "contact": "tel:+358401234567"},
    },
}


WEEK: dict[bytes, bytes] = {}
"""What the store holds after a week, which is lived through once."""


@pytest_asyncio.fixture(loop_scope="session")
async def site(store_url: str) -> AsyncIterator[Site]:
    """A site with a week behind it, whose figures are fresh."""
    async with open_site(store_url, TABLES_OF_A_SHOP) as site:
        parts = site.floor.parts
        with redis.Redis.from_url(store_url) as client:
            if not WEEK:
                for queue in parts.config.queues:
                    await publish_week(parts.store, parts.clock, queue, parts.figures.hours(queue))
                WEEK.update((key, client.dump(key)) for key in client.scan_iter())
            for key, kept in WEEK.items():
                client.restore(key, 0, kept, replace=True)
        await parts.board.look()
        yield site


async def publish(site: Site) -> None:
    """The next figure is out, and every stream tells it."""
    site.floor.clock.advance(REFRESH_S)
    for queue in site.floor.parts.config.queues:
        await site.floor.tick(queue)
    await site.floor.parts.board.look()


def fetched(page: Page) -> list[str]:
    """What the page's script asks for from now on."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if request.resource_type == "fetch":
            asked.append(request.url.removeprefix(page.url.partition("/?")[0]))

    page.on("request", note)
    return asked


async def widest(page: Page) -> int:
    """How wide the page is, in pixels: wider than its window means that it scrolls sideways."""
    found: int = await page.evaluate("document.scrollingElement.scrollWidth")
    return found


# --- how it looks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_it_looks_right_and_axe_finds_nothing(site: Site, page_of: Pages, dark: bool) -> None:
    # The dark page has other colours and the same shapes: one width shows them all.
    for view, path in VIEWS.items():
        for width in WIDTHS[1:2] if dark else WIDTHS:
            language, locale = LANGUAGES[width]
            page = await page_of(site.address + path, width, dark=dark, locale=locale)
            await page_of.shot(page, f"{view}-{width}-{language}")
            assert await axe(page) == [], (view, language)
            assert await widest(page) == width, (view, width)
            await page.close()


async def test_the_table_reads_right_on_a_phone(site: Site, page_of: Pages) -> None:
    page = await page_of(f"{site.address}/?queue=support&days=7", 360, locale="pl-PL")
    await page.locator("summary").click()
    await expect(page.locator("table")).to_be_visible()
    await page_of.shot(page)
    assert await axe(page) == []
    assert await widest(page) == 360


async def test_every_light_has_its_colour_and_shape(page_of: Pages) -> None:
    lights = {
        "open": (promising(300), False),
        "busy": (promising(1200), False),
        "long": (promising(7200), False),
        "incident": (promising(7200), True),
        "closed": (replace(promising(600), state="closed", wait=None, opens_at=NOON + 3600), False),
        "unknown": (replace(promising(600), state="unknown", wait=None, promise=None, reason="thin"), False),
    }
    queues = [
        status(name, name, Published(name, outlook, NOON + 300, TrackRecord(0, 0, 0), incident=incident))
        for name, (outlook, incident) in lights.items()
    ]
    async with served([render_page(queues, brand="Acme", words=WORDS, language="en", now=NOON)]) as address:
        for dark in (False, True):
            page = await page_of(address, dark=dark)
            await page_of.shot(page, "dark" if dark else "light")
            assert await axe(page) == []
            grounds = await page.eval_on_selector_all(
                ".sign", "signs => signs.map(sign => getComputedStyle(sign).backgroundColor)"
            )
            assert len(set(grounds)) == len(lights)
        # A page whose server goes first asks for it once more.
        await page_of.close()


async def test_it_prints(site: Site, page_of: Pages) -> None:
    page = await page_of(f"{site.address}/?queue=support", 768, dark=True)
    await page.emulate_media(media="print", color_scheme="light")
    await page_of.shot(page)
    await expect(page.locator(".figure")).to_be_visible()
    await expect(page.locator("nav").first).to_be_hidden()


# --- that all can use it -------------------------------------------------------------------------------------


async def test_without_javascript_nothing_is_missing(site: Site, page_of: Pages) -> None:
    page = await page_of(f"{site.address}/?queue=support", 360, js=False)
    assert await page.locator('meta[http-equiv="refresh"]').get_attribute("content") == str(REFRESH_S)
    await expect(page.locator(".figure")).to_contain_text("min")
    await page.get_by_role("link", name="7 days").click()
    await expect(page.get_by_role("heading", name="The last 7 days")).to_be_visible()
    await page.get_by_role("link", name="suomi").click()
    await expect(page.get_by_role("heading", name="Viimeiset 7 päivää")).to_be_visible()
    await page.get_by_role("link", name="Kaikki jonot").click()
    await expect(page.locator("article")).to_have_count(2)


async def test_everything_is_reached_with_the_keyboard(site: Site, page_of: Pages) -> None:
    page = await page_of(f"{site.address}/?queue=support")
    reached = []
    for _ in range(10):
        await page.keyboard.press("Tab")
        reached.append(await page.evaluate("document.activeElement.textContent.trim()"))
    assert reached == [
        *("All queues", "Chat with us", "Email", "Phone", "24 hours", "7 days", "As a table"),
        *("English", "suomi", "polski"),
    ]
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert await page.evaluate("getComputedStyle(document.querySelector('nav a')).outlineStyle") == "none"


async def test_another_period_is_exchanged_in_place(site: Site, page_of: Pages) -> None:
    page = await page_of(f"{site.address}/?queue=support")
    await page.evaluate("window.stays = true")
    await page.get_by_role("link", name="7 days").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="The last 7 days")).to_be_visible()
    assert page.url.endswith("/?queue=support&lang=en&days=7")
    await expect(page.get_by_role("link", name="7 days")).to_be_focused()
    await page.go_back()
    await expect(page.get_by_role("heading", name="The last 24 hours")).to_be_visible()
    assert await page.evaluate("window.stays")


# --- that it stays true --------------------------------------------------------------------------------------


async def test_an_open_page_takes_over_the_next_figure_and_nothing_else(site: Site, page_of: Pages) -> None:
    page = await page_of(f"{site.address}/?queue=support")
    asked = fetched(page)
    await page.locator("summary").click()
    await publish(site)
    await expect(page.get_by_text("As of 2:05 PM")).to_be_visible()
    await expect(page.locator("table")).to_be_visible()
    assert asked == ["/?queue=support&at=2026-01-05T12%3A05%3A00Z"]


async def test_a_fresh_page_asks_for_nothing_more(site: Site, page_of: Pages) -> None:
    """Its stream begins with what it shows already."""
    page = await page_of(f"{site.address}/")
    asked = fetched(page)
    # Two streams have begun, and no reader has to ask later than this.
    await page.evaluate(
        "new Promise(told => new EventSource('/events').addEventListener('wait', () => setTimeout(told, 5100)))"
    )
    assert asked == []


async def test_a_page_that_hears_nothing_says_so(site: Site, page_of: Pages) -> None:
    page_of.allow("503")
    page_of.allow("/events")
    page = await page_of(f"{site.address}/")
    await expect(page.locator("#lost")).to_be_hidden()
    site.floor.parts.web.stop()
    await expect(page.locator("#lost")).to_be_visible()
    await page_of.shot(page)
    assert await axe(page) == []


# --- what strangers may do -----------------------------------------------------------------------------------


def status(name: str, title: str, published: Published | None = None) -> QueueStatus:
    figure = published or Published(name, promising(900), NOON + 300, TrackRecord(0, 0, 0))
    return QueueStatus(title, Hours.always(), 900, 1800, figure)


@asynccontextmanager
async def served(pages: Iterable[str]) -> AsyncIterator[str]:
    """These pages at /0, /1 and so on, with their files, under our own policy."""

    async def stream(request: web.Request) -> web.Response:
        return web.Response(text="", content_type="text/event-stream")

    async def file(request: web.Request) -> web.Response:
        kept = statics.files()[request.match_info["name"]]
        return web.Response(body=kept.body, headers={"Content-Type": kept.content_type})

    def page(html: str) -> Any:
        async def handle(request: web.Request) -> web.Response:
            return web.Response(text=html, content_type="text/html", headers=SECURITY_HEADERS)

        return handle

    app = web.Application()
    app.router.add_get("/events", stream)
    app.router.add_get("/static/{name}", file)
    for number, html in enumerate(pages):
        app.router.add_get(f"/{number}" if number else "/", page(html))
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def test_no_name_runs_anything(page_of: Pages) -> None:
    """200 names, each as the title of a queue and ten of them as the brand."""
    groups = [HOSTILE_NAMES[first : first + 20] for first in range(0, len(HOSTILE_NAMES), 20)]
    html = [
        render_page(
            [status(f"q{number}", name) for number, name in enumerate(group)],
            brand=group[number],
            words=WORDS,
            language="en",
            now=NOON,
        )
        for number, group in enumerate(groups)
    ]
    executed: list[str] = []
    async with served(html) as address:
        page = await page_of(address)
        page.on("dialog", lambda dialog: executed.append(dialog.message))
        for number in range(1, len(html)):
            await page.goto(f"{address}{number}")
            await expect(page.locator("article")).to_have_count(20)
        await page_of.close()
    assert executed == []


async def test_other_sites_may_frame_the_short_form_and_nothing_else(site: Site, page_of: Pages) -> None:
    page_of.allow("another origin was asked")
    page_of.allow("frame-ancestors")
    page_of.allow("Failed to load resource|/events")
    frames = "".join(
        f'<iframe title="{name}" width="360" height="520" src="{site.address}{path}"></iframe>'
        for name, path in {"short": "/?embed=1&queue=support", "whole": "/?queue=support"}.items()
    )

    async def outside(request: web.Request) -> web.Response:
        text = (
            f'<!doctype html><html lang="en"><title>Elsewhere</title><link rel="icon" href="data:,">{frames}'
        )
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", outside)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        page = await page_of(f"http://127.0.0.1:{runner.addresses[0][1]}/")
        short, whole = page.frame_locator('[title="short"]'), page.frame_locator('[title="whole"]')
        await expect(short.locator(".figure")).to_be_visible()
        assert await whole.locator(".figure").count() == 0
        await page_of.shot(page)
        async with page.expect_popup() as opened:
            await short.get_by_role("link").click()
        await expect((await opened.value).locator(".tiles")).to_be_visible()
    finally:
        await runner.cleanup()


# --- what it costs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", ["whole", "week", "all"])
async def test_a_first_visit_is_small_and_shows_the_answer_at_once(
    site: Site, page_of: Pages, view: str
) -> None:
    page = await page_of(site.address + VIEWS[view], 360)
    sizes: dict[str, int] = await page.evaluate(
        """() => Object.fromEntries([...performance.getEntriesByType("navigation"),
          ...performance.getEntriesByType("resource")].map(entry => [entry.name, entry.transferSize]))"""
    )
    assert len([url for url in sizes if "/static/" in url]) >= 3
    assert sum(sizes.values()) <= 60_000, sizes
    largest: dict[str, Any] = await page.evaluate(
        """() => new Promise(found => new PerformanceObserver(list => {
          const entry = list.getEntries().pop();
          found({url: entry.url, text: entry.element.textContent, in: Boolean(entry.element.closest("article"))});
        }).observe({type: "largest-contentful-paint", buffered: true}))"""
    )
    _, html = await site.get(VIEWS[view], Accept_Language="en")
    # Text of the first answer, not a picture, nor something a script has put there.
    assert largest["url"] == ""
    assert largest["in"]
    assert largest["text"].strip() in html.decode()
