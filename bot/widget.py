"""What the widget on other people's pages is told: finished texts, a shape, and where it leads.

The script (`static/widget.js`) decides nothing about a wait and knows no language. What it is told holds for all who
ask in one language, so that caches may answer for us.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bot.card import QueueStatus
from bot.light import SHAPES
from bot.words.outlet import OutletWords
from bot.words.plain import NAME_CHARS, one_line

LEAST_POLL_S, MOST_POLL_S = 1.0, 60.0
POLLS_PER_REFRESH = 5
PATIENCE_S = 10.0
"""One lost answer shall not make the widget vanish: so long it waits for the next."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the widget leads to, and how it is to behave. `chat` is the address of the site chat, "" leads to the
    status page; `several` tells that queues must be told apart; `refresh_s` is the real time between two figures."""

    chat: str
    several: bool
    refresh_s: float


def widget_data(status: QueueStatus, voice: OutletWords, place: Place) -> dict[str, Any]:
    """The widget's next minutes."""
    outlook, queue = status.published.outlook, status.published.queue
    action = voice.widget_action(outlook, chat=bool(place.chat))
    poll_s = min(MOST_POLL_S, max(LEAST_POLL_S, place.refresh_s / POLLS_PER_REFRESH))
    return {
        "queue": queue,
        "light": status.light,
        "shape": SHAPES[status.light],
        "text": voice.widget_text(outlook, status.light),
        "action": f"{one_line(status.title, NAME_CHARS)} · {action}" if place.several else action,
        **voice.widget_labels(),
        "language": voice.language.tag,
        "path": place.chat or f"/?queue={quote(queue)}",
        "poll_s": round(poll_s),
        "valid_s": round(max(2 * poll_s, place.refresh_s / 2) + PATIENCE_S),
    }
