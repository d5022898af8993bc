"""The rig itself: the status page opens in it without a fault, and it notices each fault it is there for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from tests.browser import rig
from tests.browser.rig import Pages, axe
from tests.fakes.site import Site, publish

POLICY = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; script-src 'self' 'nonce-known'"
}


async def test_the_status_page_has_no_fault(site: Site, page_of: Pages) -> None:
    await publish(site.floor)
    page = await page_of(site.address)
    assert "Acme" in await page.title()
    assert await axe(page) == []


async def test_pictures_are_taken_where_they_are_asked_for(
    site: Site, page_of: Pages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rig, "OUT", tmp_path / "out")
    page = await page_of(site.address)
    page_of.pictured = False
    await page_of.shot(page)
    assert not rig.OUT.exists()
    page_of.pictured = True
    await page_of.shot(page, "part")
    [picture] = rig.OUT.iterdir()
    assert picture.name.endswith("-part.png")
    assert picture.read_bytes().startswith(b"\x89PNG")


@asynccontextmanager
async def served(body: str) -> AsyncIterator[str]:
    """A page of this body, under a strict policy."""

    async def page(request: web.Request) -> web.Response:
        text = f'<!doctype html><html lang="en"><title>A page</title><link rel="icon" href="data:,">{body}'
        return web.Response(text=text, content_type="text/html", headers=POLICY)

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("body", "noticed"),
    [
        ("<script nonce=known>throw new Error('broken')</script>", "script: broken"),
        ("<script nonce=known>console.error('odd')</script>", "console: odd"),
        ("<script>document.title = 'taken over'</script>", "refused by the policy: script-src-elem inline"),
        ("<p style='color: red'>Red</p>", "refused by the policy: style-src-attr inline"),
        ("<script nonce=known>fetch('/nothing')</script>", "404"),
        ("<img alt='' src='http://127.0.0.1:9/pixel.png'>", "another origin was asked: http://127.0.0.1:9/"),
    ],
)
async def test_a_fault_in_a_page_is_noticed(page_of: Pages, body: str, noticed: str) -> None:
    async with served(f"<main><h1>Hello</h1>{body}</main>") as address:
        page = await page_of(address)
        await page.wait_for_load_state("networkidle")
    page_of.allow("")
    assert any(noticed in one for one in page_of.troubles), page_of.troubles


async def test_axe_finds_what_is_wrong(page_of: Pages) -> None:
    async with served("<main><h1>Hello</h1><img src='/'></main>") as address:
        found = await axe(await page_of(address))
    assert len(found) == 1
    assert "image-alt (critical)" in found[0]


async def test_a_second_tab_shares_the_first_ones_browser_and_others_do_not(page_of: Pages) -> None:
    async with served("<main><h1>Hello</h1></main>") as address:
        first = await page_of(address)
        await first.evaluate("localStorage.kept = 'yes'")
        for page, kept in ((await page_of(address, beside=first), "yes"), (await page_of(address), None)):
            assert await page.evaluate("localStorage.getItem('kept')") == kept


async def test_a_page_is_seen_as_it_was_asked_for(page_of: Pages) -> None:
    async with served("<main><h1>Hello</h1><noscript>No script here</noscript></main>") as address:
        page = await page_of(address, 360, dark=True, locale="fi-FI")
        asked = "[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches, navigator.language]"
        assert await page.evaluate(asked) == [360, True, "fi-FI"]
        plain = await page_of(address, js=False)
        assert "No script here" in await plain.inner_text("main")
