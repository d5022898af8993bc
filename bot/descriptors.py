"""How many connections this process may hold: each viewer, request and store connection is an open file to the system.

Many systems let a process have 1,024 unless it asks for more. `make_room` asks, `shortage` tells what even asking will
not give.
"""

from __future__ import annotations

import contextlib
import sys

from bot.config.settings import LimitSettings

if sys.platform != "win32":
    import resource

BESIDE = 256
"""For the store, the platforms, files and the log."""


def needed(limits: LimitSettings) -> int:
    """How many the limits amount to."""
    return limits.event_streams + limits.requests_at_once + BESIDE


def allowed() -> tuple[float, float]:
    """How many this process may have now, and how many it may ask for."""
    if sys.platform == "win32":
        return float("inf"), float("inf")
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    endless = resource.RLIM_INFINITY
    return (float("inf") if now == endless else now), (float("inf") if most == endless else most)


def make_room(limits: LimitSettings) -> None:
    """Ask the system for as many as are needed, or as it gives."""
    if sys.platform != "win32":
        now, most = allowed()
        if now < needed(limits):
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            # Some systems refuse what they say they allow; then less is all there is, and accepting waits for it.
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (int(min(needed(limits), most)), hard))


def shortage(limits: LimitSettings) -> str | None:
    """What is wrong with what the system allows, and the way out; None where it is enough."""
    _, most = allowed()
    if most >= needed(limits):
        return None
    return (
        f"limits.event_streams: with limits.requests_at_once {needed(limits)} files may be open, and this process "
        f"may have {most:.0f}; allow more (ulimit -n, LimitNOFILE=), or lower it"
    )
