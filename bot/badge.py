"""The published wait as a small flat badge for readme files and web pages.

A badge is an SVG of two fields, a label and a figure, as people know them from build servers. A reader's
machine sets it in a font of its own, so the texts are stretched to the widths measured here with ours.
It holds no script, no style and no link, and names itself for screen readers. Who draws badges in a style of
their own is told the same in the words of https://shields.io/badges/endpoint-badge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.font import typeface
from bot.light import Light
from bot.render import render
from bot.words.plain import NAME_CHARS, one_line

HEIGHT_PX = 20
SIZE_PX = 11.0
PADDING_PX = 6.0
LABEL_GROUND = "#3b4657"
SHIELDS_CACHE_S = 300
"""Shields asks no more often than every five minutes whatever is wished."""

GROUNDS: Mapping[Light, str] = {
    "open": "#0b7a53",
    "busy": "#8a5a00",
    "long": "#b4321a",
    "closed": "#3d4fa3",
    "unknown": "#556070",
    "incident": "#8b2a78",
}
"""White text on each has a contrast above 4.5:1 (https://www.w3.org/TR/WCAG22/#contrast-minimum)."""


def badge_svg(label: str, text: str, light: Light) -> str:
    """The badge as SVG: `label` on grey, `text` on the colour of the light. Without a label there is one field."""
    texts = [one_line(label, NAME_CHARS), one_line(text, NAME_CHARS)]
    widths = [round(_width_px(words)) for words in texts]
    fields = [
        round(width + 2 * PADDING_PX) if words else 0 for words, width in zip(texts, widths, strict=True)
    ]
    return render(
        "badge.svg",
        label=texts[0],
        text=texts[1],
        name=": ".join(filter(None, texts)),
        label_width=widths[0],
        text_width=widths[1],
        label_field=fields[0],
        width=sum(fields),
        height=HEIGHT_PX,
        size=SIZE_PX,
        ground=GROUNDS[light],
        label_ground=LABEL_GROUND,
    )


def badge_json(label: str, text: str, light: Light) -> dict[str, Any]:
    """The badge for shields.io's endpoint badge. What is bad news cannot be given another colour there."""
    return {
        "schemaVersion": 1,
        "label": one_line(label, NAME_CHARS),
        "message": one_line(text, NAME_CHARS),
        "color": GROUNDS[light],
        "labelColor": LABEL_GROUND,
        "isError": light not in ("open", "busy", "closed"),
        "cacheSeconds": SHIELDS_CACHE_S,
    }


def _width_px(text: str) -> float:
    """A character that our font lacks but the reader's may have is given a full square."""
    known = "".join(character for character in text if not typeface().missing(character))
    return typeface().width_px(known, SIZE_PX) + (len(text) - len(known)) * SIZE_PX
