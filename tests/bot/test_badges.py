"""The badge as others fetch it: as a picture, and for shields.io."""

from __future__ import annotations

from collections.abc import AsyncIterator
from xml.etree import ElementTree

import pytest

from bot.badge import GROUNDS
from bot.web.answers import PICTURE_HEADERS
from tests.fakes.site import Site, open_site, publish


@pytest.fixture
async def site(store_url: str) -> AsyncIterator[Site]:
    async with open_site(store_url) as running:
        await publish(running.floor)
        yield running


def name(svg: bytes) -> str | None:
    return ElementTree.fromstring(svg).get("aria-label")


async def test_the_picture_may_be_shown_elsewhere(site: Site) -> None:
    answer, svg = await site.get("/badge/support.svg")
    assert answer.content_type == "image/svg+xml"
    assert {**PICTURE_HEADERS, **answer.headers, "Cache-Control": ""} == {
        **answer.headers,
        "Cache-Control": "",
    }
    assert answer.headers["Cache-Control"].startswith("public, max-age=302, ")
    again, _ = await site.get("/badge/support.svg", If_None_Match=answer.headers["ETag"])
    assert again.status == 304
    assert name(svg) == "support: ~8 min"


async def test_a_label_takes_the_place_of_the_title(site: Site) -> None:
    assert name((await site.get("/badge/support.svg?label=Reply%20in"))[1]) == "Reply in: ~8 min"
    assert name((await site.get("/badge/support.svg?label="))[1]) == "~8 min"
    assert (await site.json("/badge/support.json?label=Reply%20in"))["label"] == "Reply in"


async def test_shields_is_told_the_same(site: Site) -> None:
    answer, _ = await site.get("/badge/support.json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    told = await site.json("/badge/support.json?lang=fi")
    assert (told["schemaVersion"], told["message"], told["color"]) == (1, "~8 min", GROUNDS["open"])


async def test_a_wait_that_is_not_known_is_an_error_there(site: Site) -> None:
    told = await site.json("/badge/billing.json")
    assert (told["message"], told["isError"]) == ("unknown", True)


async def test_an_incident_is_named_and_has_its_colour(site: Site) -> None:
    await site.floor.ask("/incident 4 now 22:00")
    site.floor.clock.advance(300)
    await site.floor.tick()
    await site.floor.parts.board.look()
    told = await site.json("/badge/support.json")
    assert (told["color"], told["isError"]) == (GROUNDS["incident"], True)
    assert told["message"].startswith("Disruption · ~")
    assert str(name((await site.get("/badge/support.svg"))[1])).startswith("support: Disruption · ~")
