"""One Chromium for the whole run: found where the machine has it, started once, ended with everything it started.

It resolves no name but loopback's, so that a page which wants something from elsewhere fails here as well.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_LIMIT_S = 60.0
POLL_S = 0.02
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--remote-debugging-port=0",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-sync",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--mute-audio",
    "--no-first-run",
)


def find_chromium() -> Path | None:
    """What JONO_CHROMIUM names, else the system's, else Playwright's own; None where there is none."""
    if named := os.environ.get("JONO_CHROMIUM"):
        return Path(named)
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return Path(found)
    kept = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return next(iter(sorted(kept.glob("chromium-*/chrome-linux*/chrome"), reverse=True)), None)


@contextmanager
def chromium(binary: Path) -> Iterator[str]:
    """A Chromium under way: the address at which it is told what to do."""
    with tempfile.TemporaryDirectory(prefix="jono-browser-", ignore_cleanup_errors=True) as name:
        profile = Path(name)
        with (profile / "output.log").open("wb") as output:
            process = subprocess.Popen(
                [str(binary), *OPTIONS, f"--user-data-dir={profile}", "about:blank"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A group of its own: its many processes end together.
                start_new_session=True,
            )
        try:
            yield f"http://127.0.0.1:{_port(process, profile)}"
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _port(process: subprocess.Popen[bytes], profile: Path) -> int:
    """The port it chose, once it has written it down."""
    written, deadline = profile / "DevToolsActivePort", time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        if written.exists() and len(lines := written.read_text().splitlines()) == 2:
            return int(lines[0])
        assert process.poll() is None, (profile / "output.log").read_text(errors="replace")
        time.sleep(POLL_S)
    raise AssertionError(f"Chromium did not start within {START_LIMIT_S:.0f} s")
