"""The door at which platforms fetch files: what it hands out, for how long, and to nobody else."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from adapters.base import Busy, File, Refused
from bot.carried import KEPT_AS, LASTS_S, Addresses, address_name
from bot.spool import IN_MEMORY_BYTES
from bot.web.carried import AT_ONCE, Door
from tests.fakes.carrying import Kept, Source
from tests.fakes.desk import HandClock, Platform

PDF, JPEG = b"%PDF-1.7 a bill", b"\xff\xd8\xff a picture"
LARGE = b"x" * (IN_MEMORY_BYTES + 1)
BILL = File("document", "r-1", "lasku ä.pdf", "application/pdf")
Http = TestClient[web.Request, web.Application]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def source() -> Source:
    return Source(
        {
            "r-1": PDF,
            "r-2": JPEG,
            "r-3": LARGE,
            "gone": Refused("secret reason"),
            "busy": Busy("secret reason"),
        }
    )


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def addresses(kept: Kept, clock: HandClock) -> Addresses:
    return Addresses(kept, "support", "https://jono.example/", clock.real)


@pytest.fixture
async def http(addresses: Addresses, source: Source) -> AsyncIterator[Http]:
    app = web.Application()
    app.add_routes(Door(addresses, {"shop": source, "bare": Platform()}).routes())
    async with TestClient(TestServer(app)) as client:
        yield client


async def path_of(addresses: Addresses, file: File, channel: str = "shop") -> str:
    return urlsplit(await addresses.of(channel, file)).path


async def asked(http: Http, path: str) -> tuple[ClientResponse, bytes]:
    async with http.get(path) as answer:
        return answer, await answer.read()


async def test_a_file_is_handed_out_as_what_it_is_and_never_as_a_page(
    http: Http, addresses: Addresses
) -> None:
    answer, body = await asked(http, await path_of(addresses, BILL))
    assert (answer.status, body, answer.content_type) == (200, PDF, "application/pdf")
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''lasku%20%C3%A4.pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.content_length == len(PDF)


@pytest.mark.parametrize(
    ("file", "content_type", "name"),
    [
        (File("photo", "r-2"), "image/jpeg", "photo"),
        (File("photo", "r-2", mime="image/png"), "image/jpeg", "photo.png"),
        (File("document", "r-1", "a.pdf"), "application/pdf", "a.pdf"),
        (File("document", "r-1", "..", "text/html\r\nX: y"), "application/octet-stream", "document"),
        (File("document", "r-3", "ä/ö?.tar.gz"), "application/x-tar", "o_tar.gz"),
    ],
)
async def test_type_and_name(
    http: Http, addresses: Addresses, file: File, content_type: str, name: str
) -> None:
    path = await path_of(addresses, file)
    assert path.rpartition("/")[2] == name == address_name(file)
    answer, _ = await asked(http, path)
    assert (answer.status, answer.content_type) == (200, content_type)


async def test_a_large_file_comes_whole_and_only_its_headers_are_told_where_that_is_asked(
    http: Http, addresses: Addresses
) -> None:
    path = await path_of(addresses, File("document", "r-3"))
    assert (await asked(http, path))[1] == LARGE
    async with http.head(path) as answer:
        assert (answer.status, answer.content_length, await answer.read()) == (200, len(LARGE), b"")


async def test_an_address_lasts_an_hour(http: Http, addresses: Addresses, clock: HandClock) -> None:
    path = await path_of(addresses, BILL)
    clock.advance(LASTS_S - 1)
    assert (await asked(http, path))[0].status == 200
    clock.advance(1)
    assert (await asked(http, path))[0].status == 404


async def test_what_is_forged_leads_nowhere(http: Http, addresses: Addresses, source: Source) -> None:
    _, _, token, name = (await path_of(addresses, BILL)).split("/")
    told = json.loads(base64.urlsafe_b64decode(token + "==")[32:])
    forged = json.dumps([told[0] + 9_999, *told[1:]]).encode()
    other = Addresses(Kept(), "support", "https://jono.example", lambda: 0.0)
    source.opened.clear()
    paths = [
        f"/files/{token}/other.pdf",
        f"/files/{token[:-1]}/{name}",
        f"/files/{'A' if token[0] != 'A' else 'B'}{token[1:]}/{name}",
        f"/files/{token[:43]}{base64.urlsafe_b64encode(forged).decode().rstrip('=')}/{name}",
        f"/files/{token}{'A' * 5_000}/{name}",
        f"/files/{token}%C3%A4/{name}",
        f"/files/x/{name}",
        urlsplit(await other.of("shop", BILL)).path,
    ]
    for path in paths:
        answer, body = await asked(http, path)
        assert answer.status == 404, path
        assert PDF not in body


@pytest.mark.parametrize(
    ("channel", "ref", "status"),
    [("none", "r-1", 404), ("bare", "r-1", 404), ("shop", "gone", 404), ("shop", "busy", 503)],
)
async def test_what_cannot_be_had(
    http: Http, addresses: Addresses, channel: str, ref: str, status: int
) -> None:
    answer, body = await asked(http, await path_of(addresses, replace(BILL, ref=ref), channel))
    assert (answer.status, "Retry-After" in answer.headers) == (status, status == 503)
    assert b"secret" not in body


async def test_so_many_at_once(http: Http, addresses: Addresses, source: Source) -> None:
    path = await path_of(addresses, BILL)
    source.opened.clear()
    fetching = [asyncio.create_task(asked(http, path)) for _ in range(AT_ONCE + 1)]
    done, waiting = await asyncio.wait(fetching, return_when=asyncio.FIRST_COMPLETED)
    (refused,) = done
    assert refused.result()[0].status == 503
    assert refused.result()[0].headers["Retry-After"]
    source.opened.set()
    assert [one.result()[0].status for one in (await asyncio.wait(waiting))[0]] == [200] * AT_ONCE
    assert (await asked(http, path))[0].status == 200


async def test_all_replicas_share_a_secret_that_is_asked_for_once(kept: Kept, clock: HandClock) -> None:
    one, two = (Addresses(kept, "support", "https://jono.example", clock.real) for _ in range(2))
    for _ in range(3):
        token, name = (await path_of(one, BILL)).split("/")[2:]
        carried = await two.read(token, name)
        assert carried is not None
        assert (carried.channel, carried.file) == ("shop", BILL)
    assert kept.asked == [("support", KEPT_AS)] * 2


async def test_an_address_is_short_enough_for_every_platform_that_takes_one(addresses: Addresses) -> None:
    longest = File("document", "r" * 1_000, "ä" * 196 + ".pdf", "application/pdf")
    assert len(await addresses.of("shop", longest)) < 2_000


@pytest.mark.parametrize("public_url", ["", "http://jono.example"])
async def test_where_nobody_reaches_us_there_is_none(kept: Kept, public_url: str) -> None:
    assert await Addresses(kept, "support", public_url, lambda: 0.0).of("shop", BILL) == ""
    assert not kept.asked
