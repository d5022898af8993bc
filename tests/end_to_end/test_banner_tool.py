"""Another banner tool, driven by `wait.updated`: told of every figure, in signed requests, with a picture to fetch."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import Any

import aiohttp

from bot.app import running
from bot.clock import Chance, Clock
from bot.config.load import check
from tests.end_to_end.floor import QUEUE
from tests.fakes.peer import peer
from tests.fakes.servers import free_port
from tests.waiting import WITHIN_S, until

PAGE = Path(__file__).parents[2] / "docs" / "outlets.md"
SECRET = "whsec_ZXhhbXBsZSBvbmx5LCBtYWtlIHlvdXIgb3du"


def configuration(store_url: str, url: str) -> dict[str, Any]:
    """A bot whose pictures can be fetched, and that tells this address of every figure."""
    port = free_port()
    channel = {"adapter": "webhook", "queue": QUEUE, "secret": SECRET, "url": url}
    return {
        "store": {"url": store_url},
        "bot": {"name": "Acme"},
        "server": {"listen": f"127.0.0.1:{port}", "public_url": f"http://127.0.0.1:{port}"},
        "queues": {QUEUE: {"target_s": 480}},
        "publish": {"refresh_s": 3},
        "outgoing": {"allow_private": True},
        "channels": {"banners": channel},
    }


async def test_a_banner_tool_hears_of_every_figure_and_fetches_the_picture_that_shows_it(
    store_url: str,
) -> None:
    """The peer refuses half of the requests, and checks every signature with the standard's own library."""
    async with peer(SECRET, seed=3) as tool, aiohttp.ClientSession() as http:
        tool.refusing = 0.5
        tables = configuration(store_url, tool.url)
        async with running(check(tables), Clock(), Chance(1)) as bot:
            await asyncio.wait_for(bot.ready.wait(), WITHIN_S)
            await tool.until(lambda: len(tool.news["wait.updated"]) >= 3 and tool.refused, "three figures")
            news = tool.news["wait.updated"]
            assert [one.data["as_of"] for one in news] == sorted({one.data["as_of"] for one in news})
            latest = news[-1].data
            assert {"state", "promise", "next_refresh", "incident"} <= latest.keys()
            for suffix, kind in ((".png", "image/png"), (".jpg", "image/jpeg")):
                url = latest["banner_url"].replace("opengraph.png", f"x{suffix}")
                async with http.get(url) as answer:
                    assert (answer.status, answer.content_type) == (200, kind)
            async with http.get(latest["banner_url"]) as answer:
                assert (answer.status, answer.content_type) == (200, "image/png")
            async with http.get(f"{bot.address}/api/v1/queues/{QUEUE}/wait") as answer:
                assert (await answer.json()).keys() == latest.keys() - {"banner_url"}
    assert not tool.wrongs


async def test_the_tool_that_docs_outlets_md_shows_works_as_it_stands_there(
    store_url: str, tmp_path: Path
) -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert SECRET in program
    port, picture = free_port(), tmp_path / "banner.png"
    assert "8082" in program
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program.replace("8082", str(port))),
        cwd=tmp_path,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        tables = configuration(store_url, f"http://127.0.0.1:{port}/")

        def drawn() -> bool:
            assert process.returncode is None, "the tool has ended"
            return picture.exists() and picture.stat().st_size > 0

        async with running(check(tables), Clock(), Chance(1)):
            await until(drawn, "the picture")
    finally:
        process.kill()
        await process.wait()
    assert picture.read_bytes().startswith(b"\x89PNG")
