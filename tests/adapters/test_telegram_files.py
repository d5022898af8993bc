"""Where Telegram's files are fetched from, and what their addresses answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from adapters.base import Busy, File, Refused, Tools, Undelivered
from adapters.telegram import Options, Telegram, open_channel
from tests.adapters.carrying import content_of
from tests.adapters.contract import NOW


@asynccontextmanager
async def bot_api(file_path: str, status: int, body: bytes = b"film") -> AsyncIterator[Telegram]:
    """A channel on a Bot API server that knows one file."""

    async def get_file(request: web.Request) -> web.Response:
        file = {"file_id": "a", "file_unique_id": "b", "file_path": file_path}
        return web.json_response({"ok": True, "result": file})

    async def content(request: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers={"Retry-After": "9"})

    app = web.Application()
    app.router.add_post("/{path:.*}", get_file)
    app.router.add_get("/file/bot1:a/videos/a b.mp4", content)
    async with TestServer(app) as server, ClientSession() as http:
        base = str(server.make_url("")).rstrip("/")
        channel = open_channel(Options("1:a", api_base=base), Tools("tg", http, lambda: NOW))
        try:
            yield channel
        finally:
            await channel.aclose()


@pytest.mark.parametrize(
    ("status", "error"), [(404, Refused), (410, Refused), (401, Busy), (429, Busy), (502, Busy)]
)
async def test_a_file_that_cannot_be_had(status: int, error: type[Undelivered]) -> None:
    async with bot_api("videos/a b.mp4", status) as channel:
        with pytest.raises(error) as caught:
            await content_of(channel, File("video", "video:a"))
    assert "1:a" not in str(caught.value)
    assert not isinstance(caught.value, Busy) or caught.value.retry_after_s == 9.0


async def test_a_server_of_ones_own_may_name_a_file_on_a_disk_that_both_read(tmp_path: Path) -> None:
    async with bot_api("videos/a b.mp4", 200) as channel:
        assert await content_of(channel, File("video", "video:a")) == b"film"
    on_disk = tmp_path / "film.mp4"
    on_disk.write_bytes(b"local")
    async with bot_api(str(on_disk), 404) as channel:
        assert await content_of(channel, File("video", "video:a")) == b"local"
