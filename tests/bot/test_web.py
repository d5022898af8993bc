"""The HTTP surface as others meet it: real requests, the contract's JSON, honest status codes."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hmac
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from bot.formats import FORMATS
from bot.web.answers import SECURITY_HEADERS
from tests.fakes import servers
from tests.fakes.desk import SECRET, changed
from tests.fakes.hostile import NOT_JSON, NOT_UTF8, forged
from tests.fakes.site import ANY_PORT, Site, open_site, publish
from tests.waiting import WITHIN_S, until

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
MESSAGE = {
    "type": "message.received",
    "timestamp": "2026-01-05T12:00:00Z",
    "data": {"message_id": "m-1", "conversation_id": "c-1", "customer": {"id": "c-1"}, "text": "Hello"},
}


@pytest.fixture
async def site(store_url: str) -> AsyncIterator[Site]:
    async with open_site(store_url) as running:
        yield running


# --- hooks ---------------------------------------------------------------------------------------------------


async def test_a_message_that_was_taken_is_there(site: Site) -> None:
    body = json.dumps(MESSAGE).encode()
    status, _, answer = await site.post("/hooks/shop", body, site.signed(body))
    assert (status, answer) == (200, {"accepted": 1})
    case = await site.floor.case()
    assert case is not None
    assert await site.floor.texts(case) == ["Hello"]


async def test_a_message_delivered_twice_is_taken_twice_and_there_once(site: Site) -> None:
    body = json.dumps(MESSAGE).encode()
    for _ in range(2):
        assert (await site.post("/hooks/shop", body, site.signed(body)))[0] == 200
    case = await site.floor.case()
    assert case is not None
    assert await site.floor.texts(case) == ["Hello"]


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
async def test_what_is_no_json_leaves_nothing_behind(site: Site, body: bytes) -> None:
    status, _, answer = await site.post("/hooks/shop", body, site.signed(body))
    assert status in (400, 413)
    assert answer["error"]
    assert await site.stored() == 0


@pytest.mark.parametrize("body", NOT_UTF8.values(), ids=NOT_UTF8)
async def test_what_is_not_utf8_leaves_nothing_behind(site: Site, body: bytes) -> None:
    headers = site.signed(b"")
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    digest = hmac.digest(key, b"m-1.%s.%s" % (headers["webhook-timestamp"].encode(), body), "sha256")
    headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    status, _, answer = await site.post("/hooks/shop", body, headers)
    assert (status, answer) == (400, {"error": "the body is not UTF-8"})
    assert await site.stored() == 0


FORGED = forged(1_767_614_400)


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
async def test_a_forged_request_leaves_nothing_behind(site: Site, change: Mapping[str, str | None]) -> None:
    body = json.dumps(MESSAGE).encode()
    headers = {name: value for name, value in {**site.signed(body), **change}.items() if value is not None}
    status, _, answer = await site.post("/hooks/shop", body, headers)
    assert status == 401
    assert answer["error"]
    assert await site.stored() == 0


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("data.queue", "sales", "data.queue"),
        ("data.text", "x" * 16_001, "data.text"),
        ("data.text", 7, "data.text"),
        ("data.mood", "cheerful", "mood"),
    ],
)
async def test_a_request_that_breaks_the_contract_is_told_where(
    site: Site, path: str, value: object, named: str
) -> None:
    body = json.dumps(changed(path, value, MESSAGE)).encode()
    status, _, answer = await site.post("/hooks/shop", body, site.signed(body))
    assert status == 400
    assert named in answer["error"]
    assert await site.stored() == 0


async def test_who_would_push_it_again_for_days_is_told_that_it_is_taken(site: Site) -> None:
    shop = site.floor.parts.channels["shop"]
    shop.limits = replace(shop.limits, hears_refusals=False)
    body = json.dumps(changed("data.queue", "sales", MESSAGE)).encode()
    status, _, _ = await site.post("/hooks/shop", body, site.signed(body))
    assert status == 200
    assert await site.stored() == 0


async def test_a_body_has_a_size_and_some_platforms_may_push_more(site: Site) -> None:
    body = b" " * 1_048_577
    status, _, answer = await site.post("/hooks/shop", body, site.signed(body))
    assert (status, answer) == (413, {"error": "the body is larger than 1048576 bytes"})
    shop = site.floor.parts.channels["shop"]
    shop.limits = replace(shop.limits, body_bytes=2_000_000)
    batch = json.dumps(MESSAGE).encode() + b" " * 1_048_577
    assert (await site.post("/hooks/shop", batch, site.signed(batch)))[0] == 200


async def test_a_compressed_body_is_not_taken(site: Site) -> None:
    body = json.dumps(MESSAGE).encode()
    headers = {**site.signed(body), "Content-Encoding": "gzip"}
    status, _, _ = await site.post("/hooks/shop", gzip.compress(body), headers)
    assert status == 415
    assert await site.stored() == 0


async def test_more_requests_than_the_bot_takes_at_once_are_sent_away_for_now(store_url: str) -> None:
    async with open_site(store_url, changed("limits.requests_at_once", 1, ANY_PORT)) as site:
        host, _, port = site.address.removeprefix("http://").partition(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /hooks/shop HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
        await writer.drain()
        body = json.dumps(MESSAGE).encode()

        async def sent_away() -> bool:
            return (await site.post("/hooks/shop", body, site.signed(body)))[0] == 503

        await until(sent_away)
        status, headers, _ = await site.post("/hooks/shop", body, site.signed(body))
        assert (status, headers["Retry-After"]) == (503, "2")
        writer.close()


async def test_without_a_store_nothing_is_taken_and_the_sender_told_to_come_back() -> None:
    with servers.valkey(unix=True) as server:
        async with open_site(server.url) as site:
            server.kill()
            body = json.dumps(MESSAGE).encode()
            status, headers, answer = await site.post("/hooks/shop", body, site.signed(body))
            assert (status, headers["Retry-After"]) == (503, "2")
            assert answer["error"].startswith("the store cannot take it now")
            answer, _ = await site.get("/readyz")
            assert answer.status == 503
            answer, _ = await site.get("/healthz")
            assert answer.status == 200


# --- routes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        *("/nothing", "/hooks", "/hooks/nowhere", "/api/v1/queues/sales/wait", "/badge/sales.svg"),
        *("/banner/sales/x.png", "/banner/support/poster.png", "/banner/support/x.gif", "/?queue=sales"),
        "/static/../web.py",
    ],
)
async def test_what_is_not_there_is_404_in_json(site: Site, path: str) -> None:
    answer, body = await site.get(path)
    assert (answer.status, answer.content_type) == (404, "application/json")
    assert set(json.loads(body)) == {"error"}


async def test_a_wrong_method_is_405_and_told_the_right_one(site: Site) -> None:
    answer, _ = await site.get("/hooks/shop")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    status, headers, _ = await site.post("/api/v1/queues", b"", {})
    assert (status, headers["Allow"]) == (405, "GET,HEAD")


async def test_no_answer_tells_versions_or_sets_cookies(site: Site) -> None:
    for path in ("/", "/nothing", "/api/v1/queues", "/healthz", "/metrics", "/badge/support.svg"):
        answer, _ = await site.get(path)
        assert answer.headers["Server"] == "Jono"
        assert "Set-Cookie" not in answer.headers


# --- the wait as JSON ----------------------------------------------------------------------------------------

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def keeps_the_contract(data: Any) -> None:
    """The shape that other programs rely on, key by key."""
    assert set(data) == {
        *("queue", "state", "reason", "as_of", "next_refresh", "waiting", "agents", "incident"),
        *("wait", "promise", "track_record"),
    }
    assert type(data["queue"]) is str
    assert data["state"] in ("open", "closed", "unknown")
    assert data["reason"] is None or type(data["reason"]) is str
    assert INSTANT.fullmatch(data["as_of"])
    assert INSTANT.fullmatch(data["next_refresh"])
    assert data["as_of"] <= data["next_refresh"]
    assert type(data["waiting"]) is type(data["agents"]) is int
    assert type(data["incident"]) is bool
    if data["wait"] is not None:
        assert set(data["wait"]) == {"p50_s", "p80_s", "p90_s", "sample_size", "method"}
        assert 0 <= data["wait"]["p50_s"] <= data["wait"]["p80_s"] <= data["wait"]["p90_s"]
        assert type(data["wait"]["sample_size"]) is int
        assert type(data["wait"]["method"]) is str
    if data["promise"] is not None:
        assert set(data["promise"]) == {"within_s", "share", "text"}
        assert data["promise"]["within_s"] >= data["wait"]["p80_s"]
        assert 0 < data["promise"]["share"] < 1
        assert type(data["promise"]["text"]) is str
    assert set(data["track_record"]) == {"days", "promises", "kept"}
    assert all(type(count) is int for count in data["track_record"].values())


async def test_unknown_before_the_first_refresh(site: Site) -> None:
    data = await site.json("/api/v1/queues/support/wait")
    keeps_the_contract(data)
    assert (data["state"], data["reason"], data["wait"], data["promise"]) == ("unknown", "stale", None, None)


async def test_open_with_a_promise(site: Site) -> None:
    await publish(site.floor)
    data = await site.json("/api/v1/queues/support/wait")
    keeps_the_contract(data)
    assert (data["state"], data["reason"], data["agents"]) == ("open", None, 1)
    assert data["promise"]["text"].startswith("within ")


async def test_closed_with_the_next_opening(store_url: str) -> None:
    hours = {"time_zone": "UTC", "tue": "09:00-17:00"}
    async with open_site(store_url, changed("queues.support.hours", hours, ANY_PORT)) as site:
        await publish(site.floor)
        data = await site.json("/api/v1/queues/support/wait")
        keeps_the_contract(data)
        assert (data["state"], data["reason"]) == ("closed", None)


async def test_all_queues_with_their_titles(store_url: str) -> None:
    async with open_site(store_url, changed("queues.support.title", "Help desk", ANY_PORT)) as site:
        rows = (await site.json("/api/v1/queues"))["queues"]
        assert [(row.pop("title"), row["queue"]) for row in rows] == [
            ("Help desk", "support"),
            ("billing", "billing"),
        ]
        for row in rows:
            keeps_the_contract(row)


async def test_any_site_may_read_the_figures(site: Site) -> None:
    answer, _ = await site.get("/api/v1/queues/support/wait", Origin="https://elsewhere.example")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"].startswith("public, max-age=")


# --- languages -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("fi", "fi"),
        ("fi-FI,en;q=0.8", "fi"),
        ("en;q=0.5,pl;q=0.9", "pl"),
        ("tlh,pl;q=0.1", "pl"),
        ("tlh", "en"),
        ("fi;q=0,pl;q=0.1", "pl"),
        ("fi;q=0", "en"),
        ("fi;q=much", "en"),
        ("", "en"),
        ("*", "en"),
        (",;q=,;;", "en"),
        ("x" * 7_000, "en"),
    ],
)
async def test_the_page_is_in_the_readers_language(site: Site, asked: str, language: str) -> None:
    answer, body = await site.get("/", Accept_Language=asked)
    assert answer.status == 200
    assert f'<html lang="{language}"' in body.decode()


async def test_a_language_in_the_address_goes_before_the_browsers(site: Site) -> None:
    _, body = await site.get("/?lang=pl", Accept_Language="fi")
    assert '<html lang="pl"' in body.decode()


async def test_the_pages_own_links_lead_to_its_languages(site: Site) -> None:
    _, body = await site.get("/", Accept_Language="en")
    for code in site.floor.parts.words.languages():
        link = f"/?lang={code}"
        assert f'href="{link}"' in body.decode()
        _, there = await site.get(link)
        assert f'<html lang="{code}"' in there.decode()


# --- page, badge, banner -------------------------------------------------------------------------------------


async def test_the_page_comes_with_every_security_header(site: Site) -> None:
    answer, body = await site.get("/")
    named = SECURITY_HEADERS.keys() - {"Cache-Control"}
    assert {name: answer.headers[name] for name in named} == {name: SECURITY_HEADERS[name] for name in named}
    assert answer.content_type == "text/html"
    assert "Acme" in body.decode()


async def test_a_brand_never_becomes_markup(store_url: str) -> None:
    async with open_site(store_url, changed("bot.name", "<script>alert(1)</script>", ANY_PORT)) as site:
        _, body = await site.get("/")
        assert "<script>alert" not in body.decode()
        assert "&lt;script&gt;" in body.decode()


async def test_one_queue_can_be_looked_at_alone(site: Site) -> None:
    _, body = await site.get("/?queue=billing")
    assert "billing" in body.decode()
    assert "queue=support" not in body.decode()


async def test_a_banner_is_a_picture(site: Site) -> None:
    assert "x" in FORMATS
    answer, body = await site.get("/banner/support/x.png")
    assert (answer.status, answer.content_type) == (200, "image/png")
    assert body.startswith(PNG)
    answer, body = await site.get("/banner/support/facebook.jpg")
    assert (answer.status, answer.content_type) == (200, "image/jpeg")
    assert body.startswith(JPEG)


# --- events --------------------------------------------------------------------------------------------------


async def next_waits(answer: aiohttp.ClientResponse, count: int) -> list[Any]:
    """The next events of a stream."""
    waits: list[Any] = []
    async with asyncio.timeout(WITHIN_S):
        while len(waits) < count:
            line = (await answer.content.readline()).decode()
            assert line, "the stream ended"
            if line.startswith("data: "):
                waits.append(json.loads(line.removeprefix("data: ")))
    return waits


async def test_events_tell_the_wait_at_once_then_every_change_then_end_with_the_bot(site: Site) -> None:
    async with site.http.get(f"{site.address}/events") as answer:
        assert answer.content_type == "text/event-stream"
        first = await next_waits(answer, 2)
        assert [wait["queue"] for wait in first] == ["support", "billing"]
        for wait in first:
            keeps_the_contract(wait)
        await publish(site.floor)
        assert (await next_waits(answer, 1))[0]["state"] == "open"
        site.floor.parts.web.stop()
        async with asyncio.timeout(WITHIN_S):
            await answer.content.read()
    assert len(site.floor.parts.web.stream) == 0


async def test_there_is_room_for_so_many_streams(store_url: str) -> None:
    tables = changed("limits.event_streams", 1, ANY_PORT)
    async with open_site(store_url, tables) as site, site.http.get(f"{site.address}/events") as first:
        await next_waits(first, 1)
        answer, _ = await site.get("/events")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")


# --- for operators -------------------------------------------------------------------------------------------


async def test_ready_only_after_the_start(site: Site) -> None:
    assert await site.json("/readyz") == {"status": "ready", "degraded": {}}
    site.floor.parts.degraded["bot"] = "starting"
    answer, body = await site.get("/readyz")
    assert (answer.status, json.loads(body)["degraded"]) == (503, {"bot": "starting"})


async def test_metrics_count_requests_and_show_the_published_wait(site: Site) -> None:
    body = json.dumps(MESSAGE).encode()
    await site.post("/hooks/shop", body, site.signed(body))
    await site.post("/hooks/shop", body, {})
    await publish(site.floor)
    answer, text = await site.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = text.decode().splitlines()
    assert 'jono_requests_total{channel="shop",status="200"} 1.0' in lines
    assert 'jono_requests_total{channel="shop",status="401"} 1.0' in lines
    assert 'jono_waiting{queue="support"} 1.0' in lines
    assert not any("c-1" in line for line in lines)
