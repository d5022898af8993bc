"""A crisis: 500 look at the page again and again, 5,000 have it open, and messages flow all the while.

Bare and bot take turns in every round, and the median of the rounds counts. All speak over loopback, each kind of
client in a process of its own, at a pace that leaves the machine's two cores some air: what is held is how much worse
it gets, not how much would go through.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.load import Result
from benchmarks.messages import messages
from benchmarks.process import process
from benchmarks.table import Row

ROUNDS, SECONDS = 5, 10.0
LOOKING, LOOKS_RATE = 500, 100.0
"""So many keep a connection and ask for page and figure in turn: each every five seconds."""
WATCHING = 5_000
WRITING, MESSAGE_RATE = 20, 25.0
"""90,000 messages an hour."""

PAGE_TIMES, MESSAGE_TIMES = 5.0, 2.0
MOST_KB = 20.0
CLOSED_WITHIN_S = 2.0
NEWS_WITHIN_S = 5.0


@dataclass
class Measured:
    """What the rounds gave."""

    bare: list[Result] = field(default_factory=list)
    pages: list[Result] = field(default_factory=list)
    figures: list[Result] = field(default_factory=list)
    quiet: list[Result] = field(default_factory=list)
    busy: list[Result] = field(default_factory=list)
    viewer_kb: list[float] = field(default_factory=list)
    unheard: int = 0
    spread_s: float = 0.0
    streams_ended_s: float = 0.0
    closed_s: float = 0.0

    def last(self) -> str:
        """The last round's p99: what another load on the machine does to a round shows there."""
        kinds = {
            "bare": self.bare,
            "page": self.pages,
            "figure": self.figures,
            "quiet message": self.quiet,
            "message": self.busy,
        }
        return ", ".join(f"{name} {results[-1].p99_ms:.1f} ms" for name, results in kinds.items())


def measure() -> list[Row]:
    """Run all rounds, and close the bot under those who watch."""
    done = Measured()
    with tempfile.TemporaryDirectory(prefix="jono-bench-") as name, ExitStack() as stack:
        files = Files(Path(name))
        _, bare = stack.enter_context(process("benchmarks.servers", "bare", name))
        _, peer = stack.enter_context(process("benchmarks.peer"))
        bot, address = stack.enter_context(
            process("benchmarks.servers", "delivering", str(Path(name) / "bot"), f"{peer}/in")
        )
        # What is made at first use is made.
        _paced(
            address, [(files.looks("/"), LOOKING, LOOKS_RATE), (files.writes(), WRITING, MESSAGE_RATE)], 3.0
        )
        for number in range(ROUNDS):
            done.bare += _paced(bare, [(files.looks("/"), LOOKING, LOOKS_RATE)])
            done.quiet += _paced(address, [(files.writes(), WRITING, MESSAGE_RATE)])
            _crisis(bot, address, files, done, close=number == ROUNDS - 1)
            print(f"  round {number + 1} of {ROUNDS}: {done.last()}", file=sys.stderr, flush=True)
    return _rows(done)


def _crisis(bot: subprocess.Popen[str], address: str, files: Files, done: Measured, *, close: bool) -> None:
    before = _resident_kb(bot.pid)
    with process("benchmarks.crowd", address, str(WATCHING)) as (crowd, _):
        done.viewer_kb.append((_resident_kb(bot.pid) - before) / WATCHING)
        half = LOOKING // 2, LOOKS_RATE / 2
        results = _paced(
            address,
            [
                (files.looks("/"), *half),
                (files.looks("/api/v1/queues/support/wait"), *half),
                (files.writes(), WRITING, MESSAGE_RATE),
            ],
        )
        for kept, result in zip((done.pages, done.figures, done.busy), results, strict=True):
            kept.append(result)
        if close:
            said = _news(crowd)
            done.unheard, done.spread_s = WATCHING - int(said["heard"]), said["spread_s"]
            _close(bot, crowd, done)


def _close(bot: subprocess.Popen[str], crowd: subprocess.Popen[str], done: Measured) -> None:
    assert bot.stdin is not None
    assert crowd.stdout is not None
    began = time.monotonic()
    bot.stdin.close()
    assert crowd.stdout.readline() == "ended\n"
    done.streams_ended_s = time.monotonic() - began
    bot.wait(timeout=60)
    done.closed_s = time.monotonic() - began


def _news(crowd: subprocess.Popen[str]) -> dict[str, float]:
    """What becomes of the next change of the figure."""
    assert crowd.stdin is not None
    assert crowd.stdout is not None
    crowd.stdin.write("\n")
    crowd.stdin.flush()
    said: dict[str, float] = json.loads(crowd.stdout.readline())
    return said


def _resident_kb(pid: int) -> float:
    """What the process holds in memory, where the system tells."""
    file = Path(f"/proc/{pid}/statm")
    if not file.exists():
        return float("nan")
    return int(file.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1_000


class Files:
    """Requests for the clients, in files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0
        self._written = 0

    def looks(self, path: str) -> Path:
        """A browser's request for a path."""
        lines = (
            f"GET {path} HTTP/1.1",
            "Host: bench",
            "Accept-Encoding: gzip",
            "Accept-Language: fi",
            "",
            "",
        )
        return self._file(["\r\n".join(lines)])

    def writes(self) -> Path:
        """Signed messages of customers nobody has seen."""
        count = int(MESSAGE_RATE * SECONDS * 1.5)
        first, self._written = self._written, self._written + count
        return self._file(_posts(messages(first, count)))

    def _file(self, requests: Iterable[str]) -> Path:
        self._made += 1
        path = self._folder / f"requests-{self._made}"
        path.write_text("\n".join(map(json.dumps, requests)), "utf-8")
        return path


def _posts(signed: Iterable[tuple[dict[str, str], str]]) -> Iterator[str]:
    for headers, body in signed:
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        length = len(body.encode())
        yield f"POST /hooks/shop HTTP/1.1\r\nHost: bench\r\n{head}Content-Length: {length}\r\n\r\n{body}"


def _paced(url: str, loads: list[tuple[Path, int, float]], seconds: float = SECONDS) -> list[Result]:
    """Several paced loads at once: (requests, connections, rate) of each."""
    with ThreadPoolExecutor(len(loads)) as pool:
        return list(pool.map(lambda one: _one(url, one, seconds), loads))


def _one(url: str, load: tuple[Path, int, float], seconds: float) -> Result:
    file, connections, rate = load
    command = [sys.executable, "-m", "benchmarks.paced", url, str(file)]
    command += [str(seconds), str(connections), str(rate)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60)
    return Result(**json.loads(done.stdout))


# --- what came of it ---------------------------------------------------------------------------------------


def _median(results: Iterable[Result]) -> float:
    return statistics.median(result.p99_ms for result in results)


def _times(loaded: list[Result], compared: list[Result]) -> float:
    pairs = zip(loaded, compared, strict=True)
    return statistics.median(one.p99_ms / other.p99_ms for one, other in pairs)


def _rows(done: Measured) -> list[Row]:
    everything = [*done.bare, *done.pages, *done.figures, *done.quiet, *done.busy]
    return [
        Row("bare page: p99", _median(done.bare), "ms"),
        Row(f"page, {WATCHING} watching: p99", _median(done.pages), "ms"),
        Row(f"figure as JSON, {WATCHING} watching: p99", _median(done.figures), "ms"),
        Row("page / bare page, p99", _times(done.pages, done.bare), "", PAGE_TIMES),
        Row("figure / bare page, p99", _times(done.figures, done.bare), "", PAGE_TIMES),
        Row("message, nobody watching: p99", _median(done.quiet), "ms"),
        Row(f"message, {WATCHING} watching, {LOOKING} looking: p99", _median(done.busy), "ms"),
        Row("message with viewers / without, p99", _times(done.busy, done.quiet), "", MESSAGE_TIMES),
        Row("answers other than 2xx", sum(result.bad for result in everything), "", 0),
        Row("memory for one who watches", max(done.viewer_kb), "kB", MOST_KB),
        Row("watched, and heard no news", done.unheard, "", 0),
        Row("news: from the first who hears it to the last", done.spread_s, "s", NEWS_WITHIN_S),
        Row("closing: until every stream has ended", done.streams_ended_s, "s", CLOSED_WITHIN_S),
        Row("closing: until the process has ended", done.closed_s, "s", CLOSED_WITHIN_S),
    ]
