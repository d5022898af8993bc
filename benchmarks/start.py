"""From the start of `jono run` on an empty embedded store until it says that it is ready."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from benchmarks.messages import SECRET
from benchmarks.table import Row

STARTS = 7
MOST_S = 1.5

CONFIG = f"""
[bot]
name = "Bench"
[server]
listen = "127.0.0.1:0"
[queues.support]
target_s = 480
[channels.shop]
adapter = "webhook"
queue = "support"
secret = "{SECRET}"
"""


def measure() -> list[Row]:
    """Start it several times."""
    times = [_start_s() for _ in range(STARTS)]
    return [Row("start to ready on the embedded store, median", statistics.median(times), "s", MOST_S)]


def _start_s() -> float:
    with tempfile.TemporaryDirectory(prefix="jono-bench-") as folder:
        config = Path(folder) / "config.toml"
        config.write_text(CONFIG)
        config.chmod(0o600)
        started = time.perf_counter()
        bot = subprocess.Popen(
            [sys.executable, "-m", "bot", "run", "--config", str(config)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert bot.stdout is not None
            address = bot.stdout.readline().split()[-1]
            while not _ready(address):
                time.sleep(0.01)
            return time.perf_counter() - started
        finally:
            bot.terminate()
            bot.wait(timeout=20)


def _ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return False
