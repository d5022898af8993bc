"""The browser that looks at our pages: where the machine has it, and how it is started.

It resolves no name but loopback's, so that a page which wants something from elsewhere fails here as well.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

OPTIONS = (
    "--no-sandbox",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-gpu",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
)


SYSTEMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLAYWRIGHTS = (
    "chromium_headless_shell-*/chrome-*/*headless*shell",
    "chromium-*/chrome-linux*/chrome",
)


def find_chromium() -> Path | None:
    """What JONO_CHROMIUM names, else the system's, else Playwright's own; None where there is none. The one that has no
    window to draw comes first: it takes half the time."""
    if named := os.environ.get("JONO_CHROMIUM"):
        return Path(named)
    for name in SYSTEMS:
        if found := shutil.which(name):
            return Path(found)
    kept = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    newest = (path for pattern in PLAYWRIGHTS for path in sorted(kept.glob(pattern), reverse=True))
    return next((path for path in newest if path.is_file()), None)
