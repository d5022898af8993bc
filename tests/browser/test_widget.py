"""The widget on somebody else's page: another origin, the strictest policy, hostile styles, and a server that goes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Page, Request, expect

from bot.app import Bot
from bot.card import QueueStatus
from bot.published import Published
from bot.statics import files
from bot.widget import Place, widget_data
from status.hours import Hours
from status.model import TrackRecord
from tests.bot.signs import HELSINKI, HOSTILE_NAMES, NOON, OUTLOOKS, OVERLOADED_S, TARGET_S, WORDS
from tests.browser.rig import Pages, axe
from tests.fakes.desk import changed, open_floor
from tests.fakes.servers import free_port
from tests.fakes.site import ANY_PORT, Site, open_site, publish
from tests.waiting import until

FAST: dict[str, Any] = changed("publish", {"refresh_s": 1}, ANY_PORT)
"""A figure a second, so that the widget asks each second."""
SHOWN = "jono-wait b"
OPEN = "Reply within 8 minutes"
HOSTILE_CSS = """
* { all: unset !important; font-size: 70px !important; color: red !important; position: static !important }
div, a, button, span, b, svg, jono-wait, jono-corner { display: none !important; opacity: 0 !important }
"""


@asynccontextmanager
async def third_party(
    host: str, body: Callable[[str], str], *, attributes: str = "", style: str = ""
) -> AsyncIterator[str]:
    """A page of another origin that trusts `host` for scripts and their requests, and nobody for anything else."""
    policy = (
        f"default-src 'none'; script-src {host}; connect-src {host}; style-src 'self'; base-uri 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )

    async def page(request: web.Request) -> web.Response:
        text = (
            f'<!doctype html><html lang="en" {attributes}><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width"><title>A shop</title>'
            f'<link rel="stylesheet" href="/style.css"></head><body>{body(host)}</body></html>'
        )
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": policy})

    async def styles(request: web.Request) -> web.Response:
        return web.Response(text=style, content_type="text/css")

    async def icon(request: web.Request) -> web.Response:
        return web.Response(status=204)

    async with serving({"/": page, "/style.css": styles, "/favicon.ico": icon}) as address:
        yield f"{address}/"


@asynccontextmanager
async def serving(handlers: Mapping[str, Any]) -> AsyncIterator[str]:
    """A small server of its own."""
    app = web.Application()
    for path, handler in handlers.items():
        app.router.add_get(path, handler)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def script(request: web.Request) -> web.Response:
    """The widget, for servers that are not Jono's."""
    return web.Response(body=files()["widget.js"].body, content_type="text/javascript")


def tag(host: str, more: str = "", queue: str = "support") -> str:
    return f'<script src="{host}/widget.js" data-queue="{queue}" {more} async></script>'


def shop(more: str = "", queue: str = "support") -> Callable[[str], str]:
    """A page of a shop with one widget."""
    return lambda host: (
        f"<main><h1>Shoes</h1><p>Good ones.</p>{tag(host, more, queue)}<p><a href='/'>Buy</a></p></main>"
    )


def trust(page_of: Pages, host: str) -> None:
    """The widget asks its own server, and no other."""
    page_of.allow(rf"^another origin was asked: {re.escape(host)}/widget(\.js|/\w+\.json)")


@pytest_asyncio.fixture(loop_scope="session")
async def site(store_url: str) -> AsyncIterator[Site]:
    async with open_site(store_url, FAST) as running:
        await publish(running.floor)
        yield running


# --- what is seen --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("more", ["", "data-inline"], ids=["corner", "inline"])
async def test_it_shows_the_wait_on_a_strict_page(
    site: Site, page_of: Pages, more: str, width: int, dark: bool
) -> None:
    trust(page_of, site.address)
    async with third_party(site.address, shop(more)) as address:
        page = await page_of(address, width, dark=dark)
        await expect(page.locator(SHOWN)).to_have_text(OPEN)
        assert await axe(page) == []
        await page_of.shot(page)
        assert await page.context.cookies() == []
        assert await page.evaluate("localStorage.length + sessionStorage.length") == 0
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_every_state_reads_well_in_every_language(page_of: Pages, dark: bool) -> None:
    states = [(name, language) for name in (*OUTLOOKS, "incident") for language in WORDS.languages()]

    async def told(request: web.Request) -> web.Response:
        name, language = states[int(request.match_info["queue"])]
        published = Published(
            "support",
            OUTLOOKS.get(name, OUTLOOKS["busy"]),
            NOON + 300,
            TrackRecord(30, 0, 0),
            incident=name == "incident",
        )
        status = QueueStatus("Help", Hours.always(HELSINKI), TARGET_S, OVERLOADED_S, published)
        data = widget_data(
            status, WORDS.outlet(language, HELSINKI), Place("site", several=True, refresh_s=300)
        )
        return web.json_response(data, headers={"Access-Control-Allow-Origin": "*"})

    def body(host: str) -> str:
        tags = "".join(tag(host, "data-inline", str(number)) for number in range(len(states)))
        return f"<main><h1>Shoes</h1>{tags}</main>"

    async with (
        serving({"/widget.js": script, "/widget/{queue}.json": told}) as host,
        third_party(host, body) as address,
    ):
        trust(page_of, host)
        page = await page_of(address, 360, dark=dark, reduced_motion="reduce")
        await expect(page.locator("jono-wait")).to_have_count(len(states))
        assert await axe(page) == []
        await page_of.shot(page)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_nothing_of_the_page_leaks_in(site: Site, page_of: Pages) -> None:
    trust(page_of, site.address)
    boxes = []
    for style in ("", HOSTILE_CSS):
        async with third_party(site.address, shop(), style=style) as address:
            page = await page_of(address, reduced_motion="reduce")
            await expect(page.locator(SHOWN)).to_be_visible()
            boxes.append([await page.locator(one).bounding_box() for one in (SHOWN, "jono-wait div")])
            look = "e => { const s = getComputedStyle(e); return [s.color, s.fontSize, s.opacity] }"
            boxes[-1].append(await page.locator(SHOWN).evaluate(look))
    assert boxes[0] == boxes[1]


async def test_nothing_leaks_out(site: Site, page_of: Pages) -> None:
    trust(page_of, site.address)
    seen: list[list[object]] = []
    for body in (lambda host: "<main><h1>Shoes</h1></main>", shop()):
        async with third_party(site.address, body) as address:
            page = await page_of(address)
            if seen:
                await expect(page.locator(SHOWN)).to_be_visible()
            look = "Object.values(getComputedStyle(document.querySelector('h1'))).join()"
            seen.append(
                [await page.evaluate(look), await page.evaluate("Object.getOwnPropertyNames(window)")]
            )
    assert seen[0] == seen[1]


async def test_it_stands_at_the_other_side_of_a_page_that_is_read_from_the_right(
    site: Site, page_of: Pages
) -> None:
    trust(page_of, site.address)
    async with third_party(site.address, shop(), attributes='dir="rtl"') as address:
        page = await page_of(address)
        await expect(page.locator(SHOWN)).to_be_visible()
        box = await page.locator("jono-wait div").bounding_box()
        assert box is not None
        assert box["x"] == pytest.approx(16, abs=1)
        await page_of.shot(page)


async def test_two_stand_in_one_corner_and_a_third_where_it_is_told(site: Site, page_of: Pages) -> None:
    trust(page_of, site.address)

    def body(host: str) -> str:
        tags = tag(host) + tag(host, queue="billing") + tag(host, "data-inline='#there'")
        return f"<main><h1>Shoes</h1><p id='there'></p>{tags}</main>"

    async with third_party(site.address, body) as address:
        page = await page_of(address, 360)
        await expect(page.locator("jono-corner > jono-wait")).to_have_count(2)
        await expect(page.locator("#there > jono-wait")).to_have_count(1)
        first, second = [await one.bounding_box() for one in await page.locator("jono-corner div").all()]
        assert first is not None
        assert second is not None
        assert first["y"] + first["height"] <= second["y"] or second["y"] + second["height"] <= first["y"]
        assert await axe(page) == []
        await page_of.shot(page)


@pytest.mark.parametrize(
    ("locale", "more", "text", "lang"),
    [
        ("fi-FI", "", "Vastaus 8 minuutin kuluessa", "fi"),
        ("fi-FI", "data-lang='pl'", "Odpowiedź w ciągu 8 minut", "pl"),
        ("tlh", "", OPEN, "en"),
    ],
)
async def test_it_speaks_the_visitors_language_or_the_one_it_is_given(
    site: Site, page_of: Pages, locale: str, more: str, text: str, lang: str
) -> None:
    trust(page_of, site.address)
    async with third_party(site.address, shop(more)) as address:
        page = await page_of(address, locale=locale)
        await expect(page.locator(SHOWN)).to_have_text(text)
        await expect(page.locator("jono-wait > div, jono-wait div")).to_have_attribute("lang", lang)


# --- what it does --------------------------------------------------------------------------------------------


async def test_a_change_is_seen_and_told_once(site: Site, page_of: Pages) -> None:
    trust(page_of, site.address)
    async with third_party(site.address, shop()) as address:
        page = await page_of(address)
        await expect(page.locator(SHOWN)).to_have_text(OPEN)
        news = page.locator("jono-wait [role=status]")
        await expect(news).to_have_text("")
        await site.floor.ask("/off")
        site.floor.clock.advance(2)
        await site.floor.tick()
        await site.floor.parts.board.look()
        await expect(page.locator(SHOWN)).to_have_text("Reply time not known right now")
        await expect(news).to_have_text("Reply time not known right now")


async def test_the_keyboard_reaches_it_opens_the_page_and_puts_it_away(site: Site, page_of: Pages) -> None:
    trust(page_of, site.address)
    async with third_party(site.address, shop("data-lang='fi'")) as address:
        page = await page_of(address)
        await expect(page.locator(SHOWN)).to_be_visible()
        await page.locator("main a").focus()
        await page.keyboard.press("Tab")
        assert await focused(page) == "a"
        await page_of.shot(page, "focus")
        async with page.context.expect_page() as opened:
            await page.keyboard.press("Enter")
        there = await opened.value
        assert there.url == f"{site.address}/?queue=support&lang=fi"
        assert await there.evaluate("opener === null && document.referrer === ''")
        await there.close()
        await page.keyboard.press("Tab")
        assert await focused(page) == "button"
        await page.keyboard.press("Space")
        await expect(page.locator("jono-wait, jono-corner")).to_have_count(0)


async def focused(page: Page) -> str:
    """What has the focus in the widget."""
    name: str = await page.evaluate("document.activeElement.shadowRoot?.activeElement?.localName ?? ''")
    return name


async def test_it_opens_the_chat_of_its_queue(store_url: str, page_of: Pages) -> None:
    chat = {"adapter": "web", "queue": "support"}
    async with open_site(store_url, changed("channels.site", chat, FAST)) as site:
        await publish(site.floor)
        trust(page_of, site.address)
        async with third_party(site.address, shop()) as address:
            page = await page_of(address)
            await expect(page.locator("jono-wait i")).to_have_text("support · Chat with us")
            async with page.context.expect_page() as opened:
                await page.locator("jono-wait a").click()
            there = await opened.value
            assert there.url == f"{site.address}/chat/site"
            await expect(there.locator("textarea")).to_be_visible()


async def test_a_chat_that_is_named_is_opened(site: Site, page_of: Pages) -> None:
    trust(page_of, site.address)
    async with third_party(site.address, shop("data-chat='a/b'")) as address:
        page = await page_of(address)
        await expect(page.locator("jono-wait a")).to_have_attribute("href", f"{site.address}/chat/a%2Fb")


async def test_whoever_wants_less_motion_gets_none(site: Site, page_of: Pages) -> None:
    trust(page_of, site.address)
    async with third_party(site.address, shop()) as address:
        for motion, animation in (("reduce", "none"), ("no-preference", "come")):
            page = await page_of(address, reduced_motion=motion)
            await expect(page.locator(SHOWN)).to_be_visible()
            pill = page.locator("jono-wait div")
            assert await pill.evaluate("e => getComputedStyle(e).animationName") == animation


# --- a server that goes --------------------------------------------------------------------------------------


async def test_without_its_server_it_goes_quietly_and_comes_back(store_url: str, page_of: Pages) -> None:
    tables = changed("server.listen", f"127.0.0.1:{free_port()}", FAST)
    async with open_floor(store_url, tables=tables) as floor:
        await publish(floor)
        bot = Bot(floor.parts)
        async with AsyncExitStack() as stack:
            async with bot.serving():
                trust(page_of, bot.address)
                address = await stack.enter_async_context(third_party(bot.address, shop()))
                page = await page_of("about:blank")
                page_of.allow(f"^another origin was asked: {address}")
                page_of.allow(rf"ERR_CONNECTION_REFUSED \({re.escape(bot.address)}")
                await page.clock.install()
                # The browser's cache knows no clock but the real one.
                session = await page.context.new_cdp_session(page)
                await session.send("Network.enable")
                await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
                await page.goto(address)
                await expect(page.locator(SHOWN)).to_have_text(OPEN)
            # One lost answer is no reason to go.
            assert 10 <= await seconds_until(page, 0) <= 13
            async with bot.serving():
                await seconds_until(page, 2)
                await expect(page.locator(SHOWN)).to_have_text(OPEN)


async def seconds_until(page: Page, count: int) -> int:
    """How long it takes, on the page's own clock, until so many of the widget's elements are there."""
    for seconds in range(90):
        if await page.locator("jono-wait, jono-corner").count() == count:
            return seconds
        await page.clock.run_for(1_000)
    raise AssertionError("nothing changed")


async def test_a_server_that_is_down_is_asked_less_and_less(page_of: Pages) -> None:
    async def down(request: web.Request) -> web.Response:
        return web.Response(status=503, headers={"Access-Control-Allow-Origin": "*"})

    async with (
        serving({"/widget.js": script, "/widget/{queue}.json": down}) as host,
        third_party(host, shop()) as address,
    ):
        trust(page_of, host)
        page_of.allow("503")
        page = await page_of("about:blank")
        page_of.allow(f"^another origin was asked: {address}")
        await page.clock.install()
        asked: list[Request] = []
        under_way: set[Request] = set()

        def ask(request: Request) -> None:
            under_way.add(request)
            if request.url.endswith(".json"):
                asked.append(request)

        page.on("request", ask)
        # A jump of the page's clock ends the widget's patience with what is under way.
        page.on("requestfailed", lambda request: under_way.discard(request))
        page.on("response", lambda response: under_way.discard(response.request))
        await page.goto(address)
        for _ in range(60):
            await page.clock.run_for(60_000)
            # Answers take the time of the real clock, whatever the page's own says.
            await until(lambda: not under_way, "an answer")
            await page.evaluate("0")
        # 5, 10, 20 ... up to 600 seconds, each up to a fifth longer, and the minute they are in: a dozen in an hour.
        assert 8 <= len(asked) <= 13


async def test_a_queue_that_is_not_there_shows_nothing(site: Site, page_of: Pages) -> None:
    trust(page_of, site.address)
    page_of.allow("404")
    async with third_party(site.address, shop(queue="nowhere")) as address:
        page = await page_of("about:blank")
        page_of.allow(f"^another origin was asked: {address}")
        async with page.expect_response(re.compile("nowhere.json")) as answered:
            await page.goto(address)
        assert (await answered.value).status == 404
        await expect(page.locator("jono-wait, jono-corner")).to_have_count(0)


# --- hostile texts -------------------------------------------------------------------------------------------


async def test_no_text_becomes_markup(page_of: Pages) -> None:
    async def told(request: web.Request) -> web.Response:
        text = HOSTILE_NAMES[int(request.match_info["queue"])]
        names = ("queue", "light", "shape", "text", "action", "name", "hide", "new_tab", "language")
        data = {
            **dict.fromkeys(names, text),
            "path": f"javascript:alert({text!r})",
            "poll_s": 60,
            "valid_s": 60,
        }
        return web.json_response(data, headers={"Access-Control-Allow-Origin": "*"})

    def body(host: str) -> str:
        tags = "".join(tag(host, "data-inline", str(number)) for number in range(len(HOSTILE_NAMES)))
        return f"<main><h1>Shoes</h1>{tags}</main>"

    async with (
        serving({"/widget.js": script, "/widget/{queue}.json": told}) as host,
        third_party(host, body) as address,
    ):
        trust(page_of, host)
        # What is no shape is drawn as none, and the browser says so.
        page_of.allow("<path> attribute d")
        page = await page_of(address)
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        await expect(page.locator("jono-wait")).to_have_count(len(HOSTILE_NAMES))
        plain = (
            "[...document.querySelectorAll('jono-wait')].map(e => e.shadowRoot.querySelectorAll('*').length)"
        )
        assert set(await page.evaluate(plain)) == {9}
        links = await page.locator("jono-wait a").evaluate_all("all => all.map(a => a.href)")
        assert all(link.startswith(host) for link in links)
        assert dialogs == []


# --- the operator's page -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1440])
async def test_the_operator_sees_what_it_looks_like(
    site: Site, page_of: Pages, width: int, dark: bool
) -> None:
    page = await page_of(f"{site.address}/widget", width, dark=dark)
    await expect(page.locator(SHOWN)).to_have_count(5)
    assert await axe(page) == []
    await page_of.shot(page)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
