"""The way in: `jono`, also `python -m bot`.

It imports nothing heavy before `main` runs, so that a Ctrl-C ends quietly in the first second too.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

INTERRUPTED = 130
"""128 and the number of SIGINT, as shells count: https://tldp.org/LDP/abs/html/exitcodes.html"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    # Python loses a KeyboardInterrupt now and then while it imports, or dies of it although it was caught (one that
    # comes in an `exec`, as dataclasses are made by); nothing is open yet, so we just go.
    usual = signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    from bot.terminal import parser, run

    options = parser().parse_args(arguments)
    try:
        signal.signal(signal.SIGINT, usual)
        return run(options)
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
