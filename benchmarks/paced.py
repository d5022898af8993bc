"""Clients that keep their connections and ask in turn at a steady pace, in a process of their own.

`python -m benchmarks.paced URL FILE SECONDS CONNECTIONS RATE` is that process. FILE holds whole requests as JSON texts,
one a line; they are sent in order, and again from the first.

A time counts from when the request was due, not from when it could be sent: whoever is kept waiting by the request
before theirs has waited: https://www.scylladb.com/2021/04/22/on-coordinated-omission/
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.load import Result

LEAD_S = 1.0
"""Connections are opened before the first request is due."""


class Paced:
    """Requests of one process, and how long their answers took."""

    def __init__(self, url: str, requests: Iterator[bytes]) -> None:
        where = urlsplit(url)
        self._host, self._port = where.hostname, where.port
        self._requests = requests
        self.times: list[float] = []
        self.bad = 0

    async def client(self, first_at: float, every_s: float, until: float) -> None:
        """One connection: a request is due at `first_at`, and then each `every_s`."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        due = first_at
        try:
            while due < until:
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                writer.write(next(self._requests))
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(
                    int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
                )
                self.times.append(time.perf_counter() - due)
                self.bad += not head.startswith(b"HTTP/1.1 2")
                due += every_s
        except (OSError, asyncio.IncompleteReadError):
            self.bad += 1
        finally:
            writer.close()


async def main(url: str, file: Path, seconds: float, connections: int, rate: float) -> Result:
    """All clients, their first requests spread evenly."""
    texts = [json.loads(line).encode() for line in file.read_text("utf-8").splitlines()]
    paced, every_s = Paced(url, itertools.cycle(texts)), connections / rate
    start = time.perf_counter() + LEAD_S
    await asyncio.gather(
        *(paced.client(start + number / rate, every_s, start + seconds) for number in range(connections))
    )
    times = sorted(paced.times)
    at = len(times) - 1
    return Result(len(times), seconds, paced.bad, times[at // 2] * 1e3, times[int(at * 0.99)] * 1e3)


if __name__ == "__main__":
    ran = main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
    print(json.dumps(asdict(asyncio.run(ran))))
