"""Outlooks to show, and names nobody should have chosen: shared by the tests of page, banner and badge."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from bot.light import light
from bot.words import Words
from bot.words.sign import Sign
from status.model import Outlook, Promise, Wait

HELSINKI = ZoneInfo("Europe/Helsinki")
NOON = 1_795_514_400.0
"""Tuesday, 24 November 2026, 12:00 in Helsinki."""
TARGET_S = 900.0
OVERLOADED_S = 1800.0
WORDS = Words()


def promising(within_s: float, waiting: int = 7) -> Outlook:
    """An open desk that promises a reply within so long."""
    wait = Wait(within_s * 0.4, within_s * 0.9, within_s * 1.2, 120, "throughput", NOON)
    return Outlook("open", NOON, waiting, 3, wait=wait, promise=Promise(NOON, NOON, within_s))


def closed(opens_at: float | None, within_s: float | None = None) -> Outlook:
    """A closed desk, perhaps with an opening and a promise from there."""
    promise = Promise(NOON, opens_at, within_s) if opens_at and within_s else None
    return Outlook("closed", NOON, 2, 0, promise=promise, opens_at=opens_at)


TOMORROW_AT_9 = NOON + 21 * 3600

OUTLOOKS: Mapping[str, Outlook] = {
    "open": promising(900),
    "busy": promising(1200),
    "long": promising(7200),
    "days": promising(3 * 86400),
    "closed": closed(TOMORROW_AT_9, 900),
    "closed until Saturday": closed(TOMORROW_AT_9 + 3 * 86400, 86400),
    "closed for good": closed(None),
    "nobody": Outlook("unknown", NOON, 2, 0, reason="nobody_on_duty"),
    "thin": Outlook("unknown", NOON, 2, 1, reason="thin"),
    "stale": Outlook("unknown", NOON, 2, 1, reason="stale"),
    "contradictory": Outlook("unknown", NOON, 2, 1, reason="contradictory"),
    "too long": Outlook("unknown", NOON, 900, 1, reason="too_long"),
}


def sign(outlook: Outlook, language: str = "en") -> Sign:
    """The sign of an outlook, in the words that people would read."""
    return WORDS.sign(language, HELSINKI).sign(outlook, light(outlook, TARGET_S, OVERLOADED_S))


MARKUP = (
    "<script>alert(1)</script>",
    "</title><script src=//x.example></script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</text><image href='http://x.example/a.png'/>",
    "<!--",
    "]]>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "&lt;script&gt;",
    "&#60;script&#62;",
    "{{ 7 * 7 }}",
    "{% include 'page.html' %}",
    "${7*7}",
    "javascript:alert(1)",
    "<style>*{display:none}</style>",
    "<meta http-equiv=refresh content=0>",
    "<base href=//x.example>",
    "%3Cscript%3E",
    "\\u003cscript\\u003e",
)
INVISIBLE = ("", "\n", "\x00", "\x1b[31m", "\u202e", "\u200b", "\ufeff", "\ufffe", "\ud800", "\u0085")

HOSTILE_NAMES = tuple(f"A{hidden}{markup}" for markup in MARKUP for hidden in INVISIBLE)
"""200 names: each piece of markup after each invisible or forbidden character."""
