"""One sign of every light, to show how banners look before there is anything to tell: for `jono banner --preview`.

The moment is always the same, so the pictures are too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.light import Light
from bot.words.sign import Sign, SignWords
from status.model import Outlook, Promise

AT = 1_795_514_400.0
"""Tuesday, 24 November 2026, 10:00 UTC."""


def samples(voice: SignWords) -> list[Sign]:
    """A sign of each light, and one of the shortest wait, in this voice."""
    next_morning = datetime(2026, 11, 25, 9, tzinfo=voice.zone).timestamp()
    outlooks: Mapping[Light, Outlook] = {
        "open": _promising(600),
        "busy": _promising(1200),
        "long": _promising(7200),
        "closed": Outlook("closed", AT, 2, 0, promise=Promise(AT, next_morning, 900), opens_at=next_morning),
        "unknown": Outlook("unknown", AT, 2, 1, reason="thin"),
        "incident": _promising(2700),
    }
    quick = voice.sign(_promising(120), "open", quick_s=120)
    return [quick, *(voice.sign(outlook, light) for light, outlook in outlooks.items())]


def _promising(within_s: float) -> Outlook:
    return Outlook("open", AT, 7, 3, promise=Promise(AT, AT, within_s))
