"""What the widget is told, and that its script is small and harmless. tests/browser/test_widget.py runs it."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator

import pytest

from bot.card import QueueStatus
from bot.light import light
from bot.published import Published
from bot.statics import files
from bot.widget import Place, widget_data
from status.hours import Hours
from status.model import Outlook, TrackRecord
from tests.bot.signs import HELSINKI, NOON, OUTLOOKS, OVERLOADED_S, TARGET_S, WORDS, promising
from tests.fakes.desk import changed
from tests.fakes.site import ANY_PORT, Site, open_site, publish

ALONE = Place("", several=False, refresh_s=300)
MOST_GZIPPED_BYTES = 6 * 1024
CHAT = {"adapter": "web", "queue": "support"}


@pytest.fixture
async def site(store_url: str) -> AsyncIterator[Site]:
    async with open_site(store_url) as running:
        await publish(running.floor)
        yield running


def data(
    outlook: Outlook, place: Place = ALONE, language: str = "en", incident: bool = False
) -> dict[str, object]:
    published = Published("support", outlook, NOON + 300, TrackRecord(30, 0, 0), incident=incident)
    status = QueueStatus("Help", Hours.always(HELSINKI), TARGET_S, OVERLOADED_S, published)
    return widget_data(status, WORDS.outlet(language, HELSINKI), place)


@pytest.mark.parametrize(
    ("outlook", "text"),
    [
        ("open", "Reply within 15 minutes"),
        ("busy", "Busy · Reply within 20 minutes"),
        ("long", "Very long wait · Reply within 2 hours"),
        ("closed", "We open tomorrow at 9:00 AM"),
        ("closed for good", "We are closed right now"),
        ("nobody", "Reply time not known right now"),
        ("too long", "Very long wait · A reply may well take more than 14 days"),
    ],
)
def test_it_says_how_long(outlook: str, text: str) -> None:
    assert data(OUTLOOKS[outlook])["text"] == text


def test_an_incident_is_named() -> None:
    told = data(promising(900), incident=True)
    assert told["light"] == "incident"
    assert str(told["text"]).endswith(" · Reply within 15 minutes")


@pytest.mark.parametrize("language", WORDS.languages())
def test_it_speaks_every_language_of_every_state(language: str) -> None:
    for outlook in OUTLOOKS.values():
        told = data(outlook, language=language)
        assert told["language"] == language
        assert told["light"] == light(outlook, TARGET_S, OVERLOADED_S)
        assert all(told[name] for name in ("text", "action", "name", "hide", "new_tab", "shape"))


def test_it_leads_to_the_site_chat_or_else_to_the_status_page() -> None:
    assert (data(promising(900))["path"], data(promising(900))["action"]) == (
        "/?queue=support",
        "See our reply times",
    )
    chat = Place("/chat/site", several=False, refresh_s=300)
    assert (data(promising(900), chat)["path"], data(promising(900), chat)["action"]) == (
        "/chat/site",
        "Chat with us",
    )
    assert data(OUTLOOKS["closed"], chat)["action"] == "Leave us a message"


def test_one_of_several_queues_is_named() -> None:
    assert (
        data(promising(900), Place("", several=True, refresh_s=300))["action"] == "Help · See our reply times"
    )


@pytest.mark.parametrize("refresh_s", [0.02, 1, 5, 300, 3600])
def test_it_asks_a_few_times_a_refresh_and_never_shows_a_figure_for_two_of_them(refresh_s: float) -> None:
    told = data(promising(900), Place("", several=False, refresh_s=refresh_s))
    poll_s, valid_s = told["poll_s"], told["valid_s"]
    assert type(poll_s) is type(valid_s) is int
    assert 1 <= poll_s <= 60
    assert 2 * poll_s < valid_s
    assert refresh_s < 60 or valid_s < refresh_s


async def test_any_page_may_ask_and_caches_may_answer(site: Site) -> None:
    answer, _ = await site.get("/widget/support.json", Origin="https://elsewhere.example")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"].startswith("public, max-age=")
    again, body = await site.get("/widget/support.json", If_None_Match=answer.headers["ETag"])
    assert (again.status, body) == (304, b"")
    told = await site.json("/widget/support.json", Accept_Language="fi")
    assert told["text"] == "Vastaus 8 minuutin kuluessa"
    assert (await site.json("/widget/support.json?lang=pl"))["language"] == "pl"
    answer, _ = await site.get("/widget/nowhere.json")
    assert answer.status == 404


async def test_it_finds_the_chat_of_its_queue(store_url: str) -> None:
    async with open_site(store_url, changed("channels.site", CHAT, ANY_PORT)) as site:
        assert (await site.json("/widget/support.json"))["path"] == "/chat/site"
        assert (await site.json("/widget/billing.json"))["path"] == "/chat/site?queue=billing"


# --- the script ----------------------------------------------------------------------------------------------


def test_the_script_is_small() -> None:
    assert len(gzip.compress(files()["widget.js"].body, 6)) <= MOST_GZIPPED_BYTES


def test_the_script_makes_no_markup_keeps_nothing_and_runs_no_text() -> None:
    code = re.sub(r"^\s*//.*$", "", files()["widget.js"].body.decode(), flags=re.MULTILINE)
    for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval", "Function(", "cookie",
                 "Storage", "indexedDB", "sendBeacon", "setAttribute(\"style", "import("):  # fmt: skip
        assert word not in code, word


async def test_the_script_may_be_used_by_any_page(site: Site) -> None:
    answer, body = await site.get("/widget.js", Accept_Encoding="gzip")
    assert (answer.status, answer.content_type) == (200, "text/javascript")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert b"data-queue" in body


# --- the operator's page -------------------------------------------------------------------------------------


async def test_the_operator_finds_the_tag_to_paste(store_url: str) -> None:
    async with open_site(
        store_url, changed("server.public_url", "https://wait.acme.example", ANY_PORT)
    ) as site:
        answer, body = await site.get("/widget")
        assert answer.content_type == "text/html"
        tag = '&lt;script src="https://wait.acme.example/widget.js" data-queue="support" async&gt;&lt;/script&gt;'
        assert tag in body.decode()


async def test_a_title_never_becomes_markup(store_url: str) -> None:
    tables = changed("queues.support.title", "<script>alert(1)</script>", ANY_PORT)
    async with open_site(store_url, tables) as site:
        _, body = await site.get("/widget")
        assert b"<script>alert" not in body
