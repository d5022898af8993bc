"""The load: wrk where it is present, otherwise a process of our own, with the same requests and connections.

`python -m benchmarks.load URL FILE SECONDS CONNECTIONS` is that process. It speaks just enough HTTP/1.1 over plain
sockets to cost less than any server it loads.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.messages import messages

CONNECTIONS = 128
"""A burst: so many customers write at the same time."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one load. `bad` counts answers other than 2xx and broken connections."""

    requests: int
    seconds: float
    bad: int
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def write_requests(path: Path, first: int, count: int) -> None:
    """A file of signed requests, one a line."""
    with path.open("w", encoding="utf-8") as file:
        for headers, body in messages(first, count):
            file.write(
                "\t".join(
                    (headers["webhook-signature"], headers["webhook-id"], headers["webhook-timestamp"], body)
                )
                + "\n"
            )


def load(url: str, requests: Path, seconds: float, *, each_once: bool = False) -> Result:
    """Send the requests of a file for so many seconds; with `each_once`, no longer than until all are answered.

    wrk cannot do the latter: it goes on with what it has.
    """
    connections = CONNECTIONS
    if shutil.which("wrk") and not each_once:
        command = [
            "wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "10s",
            "-s", str(Path(__file__).with_name("wrk.lua")), url, "--", str(requests),
        ]  # fmt: skip
    else:
        command = [
            sys.executable,
            "-m",
            "benchmarks.load",
            url,
            str(requests),
            str(seconds),
            str(connections),
        ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Result(**json.loads(done.stdout.strip().splitlines()[-1]))


# --- our own client ----------------------------------------------------------------------------------------


async def _connection(host: str, port: int, requests: list[bytes], until: float, times: list[float]) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    bad = 0
    try:
        while requests and time.perf_counter() < until:
            request, started = requests.pop(), time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            await reader.readexactly(length)
            bad += not head.startswith(b"HTTP/1.1 2")
            times.append(time.perf_counter() - started)
    finally:
        writer.close()
    return bad


async def _main(url: str, path: Path, seconds: float, connections: int) -> Result:
    address = urlsplit(url)
    assert address.hostname is not None
    assert address.port is not None
    requests = []
    for line in path.read_text(encoding="utf-8").splitlines():
        signature, message_id, stamp, body = line.split("\t", 3)
        data = body.encode()
        head = (
            f"POST /hooks/shop HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
            f"webhook-id: {message_id}\r\nwebhook-timestamp: {stamp}\r\nwebhook-signature: {signature}\r\n"
            f"Content-Length: {len(data)}\r\n\r\n"
        )
        requests.append(head.encode() + data)
    requests.reverse()
    times: list[float] = []
    started = time.perf_counter()
    bad = await asyncio.gather(
        *(
            _connection(address.hostname, address.port, requests, started + seconds, times)
            for _ in range(connections)
        )
    )
    took = time.perf_counter() - started
    times.sort()
    at = len(times) - 1
    return Result(len(times), took, sum(bad), times[at // 2] * 1e3, times[int(at * 0.99)] * 1e3)


if __name__ == "__main__":
    outcome = asyncio.run(_main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
    print(
        json.dumps(
            {name: getattr(outcome, name) for name in ("requests", "seconds", "bad", "p50_ms", "p99_ms")}
        )
    )
