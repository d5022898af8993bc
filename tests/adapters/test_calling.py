"""A call takes as long as it may: what brings a file along takes longer than what only says something."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, ClientTimeout, FormData, web
from aiohttp.test_utils import TestServer

from adapters.base import Answered, Busy, Uncertain, call, calling


@pytest.fixture
async def slow(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The address of somebody who answers a little later than we wait for words."""
    monkeypatch.setattr(calling, "TIMEOUT", ClientTimeout(total=0.1))

    async def taken(request: web.Request) -> web.Response:
        body = await request.read()
        await asyncio.sleep(0.3)
        return web.json_response({"bytes": len(body)})

    app = web.Application()
    app.router.add_post("/", taken)
    async with TestServer(app) as running:
        yield str(running.make_url("/"))


async def test_words_are_not_waited_for(http: ClientSession, slow: str) -> None:
    with pytest.raises(Uncertain):
        await call(http, "POST", slow, json={"text": "Hello"})
    with pytest.raises(Busy):
        await call(http, "POST", slow, json={"text": "Hello"}, sends=False)


async def test_a_form_in_parts_is(http: ClientSession, slow: str) -> None:
    form = FormData()
    form.add_field("file", io.BytesIO(b"x" * 1_000), filename="a.txt")
    assert (await call(http, "POST", slow, data=form)).data["bytes"] > 1_000


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"\xff", b"[" * 100_000])
def test_what_holds_no_object_holds_nothing(body: bytes) -> None:
    assert Answered(200, {}, body).data == {}


async def test_a_bare_file_is_where_that_is_said(http: ClientSession, slow: str) -> None:
    answer = await call(http, "POST", slow, data=io.BytesIO(b"x" * 1_000), uploads=True)
    assert answer.data == {"bytes": 1_000}
