"""Which of six lights a queue shows: the state of the outlook in one word, one shape and one colour.

Colour is never alone: each light has its own shape and is always named beside it. The colours are spaced in
lightness as well as in hue, after Okabe and Ito: https://jfly.uni-koeln.de/color/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from status.model import Outlook

Light = Literal["open", "busy", "long", "closed", "unknown", "incident"]

SHAPES: Mapping[str, str] = {
    "open": "M5.5 12.8l4.3 4.2 8.7-9.4",
    "busy": "M7 4h10M7 20h10M8.4 4v2.6c0 2.6 7.2 8.2 7.2 10.8V20M15.6 4v2.6c0 2.6-7.2 8.2-7.2 10.8V20",
    "long": "M12 4.5v9.5M12 18.9v.2",
    "closed": "M19 14.6A7.8 7.8 0 1 1 9.4 5a6.2 6.2 0 0 0 9.6 9.6z",
    "incident": "M13.2 3.2L5.4 13.6h5.8l-.8 7.2 7.8-10.4h-5.8z",
    "unknown": "M8.4 8.6a3.6 3.6 0 1 1 5.6 3c-1.3.9-2 1.6-2 3.1M12 18.9v.2",
}
"""Outlines on a 24 x 24 grid, drawn as rounded strokes."""


def light(outlook: Outlook, target_s: float, overloaded_s: float, incident: bool = False) -> Light:
    """The light of an outlook: busy beyond the queue's target, long where the wait is very long. An `incident` that
    is under way explains any wait of an open desk."""
    if outlook.state == "closed":
        return "closed"
    if incident:
        return "incident"
    if very_long(outlook, overloaded_s):
        return "long"
    if outlook.promise is None:
        return "unknown"
    return "busy" if outlook.promise.within_s > target_s else "open"


def very_long(outlook: Outlook, overloaded_s: float) -> bool:
    """Whether the wait needs an apology: `overloaded_s` or more is promised, or no promise is long enough."""
    if outlook.promise is None:
        return outlook.reason == "too_long"
    return outlook.promise.within_s >= overloaded_s
