"""The feed of changes: one entry a change, the same id for ever, valid by RFC 4287 whatever the texts are."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from xml.etree import ElementTree

import pytest

from bot.card import QueueStatus
from bot.feed import render_feed
from bot.published import HistoryPoint, Published
from status.hours import Hours
from status.model import TrackRecord
from tests.bot.signs import HELSINKI, HOSTILE_NAMES, NOON, OVERLOADED_S, TARGET_S, WORDS, promising
from tests.fakes.desk import changed
from tests.fakes.site import ANY_PORT, Site, open_site, publish

ATOM = "{http://www.w3.org/2005/Atom}"
ORIGIN = "https://wait.acme.example"
DAY = (
    ("closed", None),
    ("open", 900.0),
    ("open", 900.0),
    ("open", 1200.0),
    ("unknown", None),
    ("open", 7200.0),
    ("closed", None),
)
"""What is published at one refresh after another."""


def points(day: Sequence[tuple[str, float | None]] = DAY) -> list[HistoryPoint]:
    return [
        HistoryPoint(NOON + 300 * n, state, 3, 2, 400.0, 800.0, 0, 0, within_s=within_s)
        for n, (state, within_s) in enumerate(day)
    ]


def feed(
    history: Sequence[HistoryPoint], title: str = "Help", language: str = "en", origin: str = ORIGIN
) -> ElementTree.Element:
    published = Published("support", promising(900), NOON + 300, TrackRecord(30, 0, 0))
    status = QueueStatus(title, Hours.always(HELSINKI), TARGET_S, OVERLOADED_S, published, history)
    text = render_feed(status, WORDS.outlet(language, HELSINKI), title, origin)
    root = ElementTree.fromstring(text.encode())
    is_valid(root)
    return root


def is_valid(root: ElementTree.Element) -> None:
    """What RFC 4287, sections 4.1.1 and 4.1.2, asks of a feed and its entries."""
    assert root.tag == f"{ATOM}feed"
    ids = []
    for element in (root, *root.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            (one,) = element.findall(f"{ATOM}{name}")
            assert one.text
        ids.append(element.findtext(f"{ATOM}id", ""))
        assert re.fullmatch(r"tag:[\w.-]+,\d{4}:[\w./%-]+", ids[-1])
        assert datetime.fromisoformat(element.findtext(f"{ATOM}updated", "")).tzinfo
        links = [link.attrib for link in element.findall(f"{ATOM}link")]
        assert [link["href"] for link in links if link["rel"] == "alternate"] == [
            f"{ORIGIN}/?queue=support"
        ] or not ids[-1].startswith("tag:wait.acme")
    assert len(set(ids)) == len(ids)
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    (own,) = [link for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert own.get("type") == "application/atom+xml"


def titles(root: ElementTree.Element) -> list[str]:
    return [entry.findtext(f"{ATOM}title", "") for entry in root.iter(f"{ATOM}entry")]


def test_each_change_is_an_entry_the_newest_first() -> None:
    assert titles(feed(points())) == [
        "We are closed right now",
        "Very long wait · Reply within 2 hours",
        "Reply time not known right now",
        "Busy · Reply within 20 minutes",
        "Reply within 15 minutes",
    ]


def test_what_stays_the_same_is_no_news() -> None:
    assert titles(feed(points([("open", 900.0)] * 9))) == []
    assert titles(feed([])) == []


def test_an_incident_is_news() -> None:
    before, after = points([("open", 900.0)] * 2)
    assert len(titles(feed([before, replace(after, incident=True)]))) == 1


def test_an_entry_keeps_its_id_while_days_pass() -> None:
    history = points()
    early = [entry.findtext(f"{ATOM}id") for entry in feed(history).iter(f"{ATOM}entry")]
    late = [entry.findtext(f"{ATOM}id") for entry in feed(history[2:]).iter(f"{ATOM}entry")]
    assert late
    assert late == early[: len(late)]


def test_readers_of_two_languages_do_not_take_the_entries_for_the_same() -> None:
    english, finnish = (feed(points(), language=language) for language in ("en", "fi"))
    assert english.findtext(f"{ATOM}id") != finnish.findtext(f"{ATOM}id")
    assert titles(finnish)[-1] == "Vastaus 15 minuutin kuluessa"


def test_what_an_older_version_wrote_down_has_its_length_too() -> None:
    before, after = points([("closed", None), ("open", None)])
    assert titles(feed([before, after])) == ["Reply within 15 minutes"]


@pytest.mark.parametrize("origin", ["http://[::1]:8080", "http://127.0.0.1:8080", "http://bad_host:1"])
def test_it_is_valid_under_every_address(origin: str) -> None:
    assert len(titles(feed(points(), origin=origin))) == 5


def test_no_name_becomes_markup() -> None:
    for name in HOSTILE_NAMES:
        root = feed(points(), title=name)
        assert {element.tag for element in root.iter()} <= {
            ATOM + tag
            for tag in (
                *("feed", "id", "title", "updated", "author", "name", "generator", "icon"),
                *("link", "entry", "category"),
            )
        }


async def test_readers_and_previews_find_their_way_from_the_page(store_url: str) -> None:
    async with open_site(store_url, changed("server.public_url", ORIGIN, ANY_PORT)) as site:
        _, body = await site.get("/?queue=billing&lang=fi")
        page = body.decode()
        (link,) = re.findall(r'<link rel="alternate" href="([^"]+)" type="application/atom', page)
        answer, _ = await site.get(link)
        assert answer.content_type == "application/atom+xml"
        for name, path in (("og:url", "/?queue=billing"), ("og:image", "/banner/billing/opengraph.png")):
            assert f'<meta property="{name}" content="{ORIGIN}{path}">' in page
            assert (await site.get(path))[0].status == 200


@pytest.fixture
async def site(store_url: str) -> AsyncIterator[Site]:
    async with open_site(store_url) as running:
        await publish(running.floor)
        yield running


async def test_the_feed_of_a_running_desk(site: Site) -> None:
    answer, body = await site.get("/feed/support.atom")
    assert answer.content_type == "application/atom+xml"
    assert titles(ElementTree.fromstring(body)) == []
    await site.floor.ask("/off")
    site.floor.clock.advance(300)
    await site.floor.tick()
    await site.floor.parts.board.look()
    again, body = await site.get("/feed/support.atom", If_None_Match=answer.headers["ETag"])
    assert again.status == 200
    assert titles(ElementTree.fromstring(body)) == ["Reply time not known right now"]
