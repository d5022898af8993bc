"""Those who watch the event stream, in a process of their own: `python -m benchmarks.crowd URL COUNT`.

It prints a line when all have heard how things stand. For a line of its input it waits for news, and prints how many
heard of it, and how long after the first the last did; and `ended` when the other side has ended every stream.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from urllib.parse import urlsplit

from bot.config.settings import LimitSettings
from bot.descriptors import make_room

AT_ONCE = 100
NEWS_WITHIN_S = 60.0
QUIET_S = 2.0
HEADERS = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
    "Accept: text/event-stream",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Accept-Language: fi-FI,fi;q=0.9,en;q=0.8",
    "Cache-Control: no-cache",
    "Sec-Fetch-Dest: empty",
    "Sec-Fetch-Mode: cors",
    "Sec-Fetch-Site: same-origin",
)


class Crowd:
    """All who watch."""

    def __init__(self) -> None:
        self.watching = 0
        self.heard: dict[Watcher, float] = {}
        self.ended = asyncio.Event()


class Watcher(asyncio.Protocol):
    """One browser."""

    def __init__(self, crowd: Crowd, request: bytes) -> None:
        self._crowd = crowd
        self._request = request

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        assert isinstance(transport, asyncio.Transport)
        self._crowd.watching += 1
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """News, or only that the stream lives."""
        if b"data: " in data:
            self._crowd.heard.setdefault(self, time.monotonic())

    def connection_lost(self, exc: Exception | None) -> None:
        """The stream has ended."""
        self._crowd.watching -= 1
        if not self._crowd.watching:
            self._crowd.ended.set()


async def quiet(crowd: Crowd) -> None:
    """Wait until nobody is being told anything: news that some have heard already would count from there."""
    while True:
        crowd.heard.clear()
        await asyncio.sleep(QUIET_S)
        if not crowd.heard:
            return


async def main(url: str, count: int) -> None:
    """Watch until the input is closed, or nobody watches any more."""
    make_room(LimitSettings(event_streams=count))
    where, loop, crowd = urlsplit(url), asyncio.get_running_loop(), Crowd()
    assert where.hostname is not None
    assert where.port is not None
    host, port = where.hostname, where.port
    request = "\r\n".join(["GET /events HTTP/1.1", f"Host: {where.netloc}", *HEADERS, "", ""]).encode()
    for start in range(0, count, AT_ONCE):
        made = [
            loop.create_connection(lambda: Watcher(crowd, request), host, port)
            for _ in range(min(AT_ONCE, count - start))
        ]
        await asyncio.gather(*made)
    while len(crowd.heard) < count:
        await asyncio.sleep(0.01)
    print("watching", flush=True)

    async def tell_end() -> None:
        await crowd.ended.wait()
        print("ended", flush=True)

    telling = asyncio.create_task(tell_end())
    while await loop.run_in_executor(None, sys.stdin.readline):
        await quiet(crowd)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(NEWS_WITHIN_S):
                while not crowd.watching or len(crowd.heard) < crowd.watching:
                    await asyncio.sleep(0.05)
        times = crowd.heard.values()
        spread_s = max(times) - min(times) if times else 0.0
        print(json.dumps({"heard": len(times), "spread_s": spread_s}), flush=True)
    telling.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await telling


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
