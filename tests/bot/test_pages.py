"""The status page over HTTP: what caches are told, that each figure is rendered once, and who may frame what."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import AsyncIterator

import pytest

from bot.page import render_page
from bot.web.answers import SECURITY_HEADERS
from tests.fakes.desk import TABLES, changed
from tests.fakes.site import ANY_PORT, Site, open_site, publish

SHOP = TABLES["channels"]["shop"]


@pytest.fixture
async def site(store_url: str) -> AsyncIterator[Site]:
    async with open_site(store_url) as running:
        await publish(running.floor)
        yield running


async def test_a_page_is_kept_until_the_next_figure_is_due(site: Site) -> None:
    site.floor.clock.advance(100)
    answer, _ = await site.get("/?queue=support")
    assert answer.headers["Cache-Control"] == (
        "public, max-age=202, stale-while-revalidate=5, stale-if-error=298"
    )
    assert answer.headers["Vary"] == "Accept-Language, Accept-Encoding"


async def test_who_has_the_page_is_not_sent_it_again_until_it_changes(site: Site) -> None:
    answer, body = await site.get("/")
    again, nothing = await site.get("/", If_None_Match=answer.headers["ETag"])
    assert (again.status, nothing) == (304, b"")
    assert body
    await site.floor.tick(after_s=300)
    await site.floor.parts.board.look()
    assert (await site.get("/", If_None_Match=answer.headers["ETag"]))[0].status == 200


async def test_a_page_is_rendered_once_for_all_who_ask(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered = []

    def counted(*queues: object, **more: object) -> str:
        rendered.append(more["language"])
        return render_page(*queues, **more)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr("bot.web.pages.render_page", counted)
    bodies = {(await site.get("/", Accept_Language="fi"))[1] for _ in range(20)}
    assert (rendered, len(bodies)) == (["fi"], 1)
    for path in ("/?queue=support", "/?days=7", "/?lang=pl", "/?embed=1"):
        await site.get(path, Accept_Language="fi")
        await site.get(path, Accept_Language="fi")
    assert rendered == ["fi", "fi", "fi", "pl"]
    # Whatever else an address says makes no new page.
    await site.get("/?at=2026-01-05T12:00:00Z&x=1", Accept_Language="fi")
    assert len(rendered) == 4


async def test_an_overdue_figure_is_told_from_the_one_it_was(site: Site) -> None:
    before, _ = await site.get("/?queue=support")
    site.floor.clock.advance(601)
    after, body = await site.get("/?queue=support")
    assert "these figures are old" in body.decode()
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.headers["Cache-Control"] == "public, max-age=1"


async def test_a_page_goes_out_packed_and_is_the_same(site: Site) -> None:
    packed, body = await site.get("/", Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    plain, same = await site.get("/", Accept_Encoding="identity")
    assert "Content-Encoding" not in plain.headers
    assert body == same


async def test_what_a_page_is_made_of_is_kept_for_good_under_its_address(site: Site) -> None:
    _, body = await site.get("/")
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', body.decode())
    assert len(addresses) == 4
    for address in addresses:
        answer, content = await site.get(address)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        by_name, same = await site.get(address.partition("?")[0])
        assert by_name.headers["Cache-Control"] == "public, no-cache"
        assert content == same
        old, _ = await site.get(address.partition("?")[0] + "?v=0123456789ab")
        assert "immutable" not in old.headers["Cache-Control"]


async def test_only_the_short_form_may_be_framed(site: Site) -> None:
    framed, body = await site.get("/?embed=1&queue=support")
    assert "frame-ancestors *" in framed.headers["Content-Security-Policy"]
    assert framed.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert b'target="_blank"' in body
    for path in ("/", "/?embed=0", "/?embed=", "/?embed=1x"):
        answer, _ = await site.get(path)
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    for name in SECURITY_HEADERS:
        assert name in framed.headers


@pytest.mark.parametrize(
    "path", ["/?days=30", "/?days=", "/?days=7x", "/static/nothing.css", "/static/..%2fx.py"]
)
async def test_what_there_is_not_is_not_found(site: Site, path: str) -> None:
    answer, body = await site.get(path)
    assert answer.status == 404
    assert set(json.loads(body)) == {"error"}


async def test_a_channel_that_customers_find_is_linked(store_url: str) -> None:
    tables = changed("channels.shop.contact", "https://shop.example/help", ANY_PORT)
    tables = changed("channels.phone", {**SHOP, "contact": "tel:+358401234567"}, tables)
    tables = changed("channels.site", {"adapter": "web", "queue": "support"}, tables)
    async with open_site(store_url, tables) as site:
        _, support = await site.get("/?queue=support")
        _, billing = await site.get("/?queue=billing")
    for link in ("/chat/site", "https://shop.example/help", "tel:+358401234567"):
        assert f'href="{link}"' in support.decode()
    assert 'href="/chat/site?queue=billing"' in billing.decode()
    assert "shop.example" not in billing.decode()


async def test_a_page_and_all_it_needs_is_small(site: Site) -> None:
    sizes = {}
    _, body = await site.get("/?queue=support&days=7")
    for address in ("/?queue=support", *re.findall(r'(?:href|src)="(/static/[^"]+)"', body.decode())):
        async with site.http.get(site.address + address, auto_decompress=False) as answer:
            sizes[address] = len(await answer.read())
            assert answer.headers.get("Content-Encoding") == "gzip"
    assert sum(sizes.values()) <= 60_000
    assert len(gzip.compress(body)) <= 20_000
