"""What changed in the published wait, as an Atom feed (RFC 4287): opened, closed, another length, an incident.

An entry stands for one change and has the same id for ever, so that no reader shows it twice. What stayed the same is
no news: the first figure that is known is not an entry, because nobody knows what was before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from urllib.parse import quote, urlsplit

from bot.card import QueueStatus
from bot.light import Light, light
from bot.published import HistoryPoint, rfc3339
from bot.render import render
from bot.words.outlet import OutletWords
from bot.words.plain import NAME_CHARS, one_line
from status.model import Outlook, Promise
from status.promise import box

MOST_ENTRIES = 50
TAGGED = 2026
"""A year in which the names began, as https://www.rfc-editor.org/rfc/rfc4151 wants it. It never changes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One change."""

    id: str
    at: str
    title: str
    light: Light


def render_feed(status: QueueStatus, voice: OutletWords, brand: str, origin: str) -> str:
    """The feed of a queue; `origin` is the address others reach us at."""
    queue, language = status.published.queue, voice.language.tag
    name = f"tag:{authority(origin)},{TAGGED}:jono/{quote(queue)}/{language}"
    entries = [_entry(point, status, voice, name) for point in _changes(status.history)]
    newest = entries[-MOST_ENTRIES:][::-1]
    return render(
        "feed.xml",
        id=name,
        language=language,
        title=f"{one_line(brand, NAME_CHARS)} · {one_line(status.title, NAME_CHARS)}",
        brand=one_line(brand, NAME_CHARS),
        updated=newest[0].at if newest else rfc3339(_since(status)),
        entries=newest,
        here=f"{origin}/feed/{quote(queue)}.atom?lang={language}",
        page=f"{origin}/?queue={quote(queue)}",
        icon=f"{origin}/static/icon.svg",
    )


def authority(origin: str) -> str:
    """Whose names these are: the host of our address, without what no such name may hold."""
    host = urlsplit(origin).hostname or ""
    return host if host.replace(".", "").replace("-", "").isalnum() else "localhost"


def _since(status: QueueStatus) -> float:
    """Since when nothing has changed, as far as is known."""
    return status.history[0].at if status.history else status.published.outlook.as_of


def _changes(points: Sequence[HistoryPoint]) -> Iterator[HistoryPoint]:
    for before, point in pairwise(points):
        if _shown(point) != _shown(before):
            yield point


def _shown(point: HistoryPoint) -> tuple[str, float | None, bool]:
    return point.state, _within_s(point), point.incident


def _within_s(point: HistoryPoint) -> float | None:
    if point.state != "open":
        return None
    # What an older version wrote down is nearly always this.
    return point.within_s or (box(point.p80_s) if point.p80_s is not None else None)


def _entry(point: HistoryPoint, status: QueueStatus, voice: OutletWords, name: str) -> Entry:
    outlook = Outlook("unknown", point.at, point.waiting, point.agents)
    within_s = _within_s(point)
    if point.state == "closed":
        outlook = replace(outlook, state="closed")
    elif within_s is not None:
        outlook = replace(outlook, state="open", promise=Promise(point.at, point.at, within_s))
    shown = light(outlook, status.target_s, status.overloaded_s, point.incident)
    return Entry(f"{name}/{int(point.at)}", rfc3339(point.at), voice.widget_text(outlook, shown), shown)
