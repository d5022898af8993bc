"""The shapes our pages show beside words: paths of strokes, 24 units wide and high."""

from __future__ import annotations

from collections.abc import Mapping

from bot.light import SHAPES

ICONS: Mapping[str, str] = {
    **SHAPES,
    "shorter": "M6 7l10 10M16.5 8.5v9h-9",
    "longer": "M6 17L16 7M7.5 6.5h9v9",
    "same": "M4 12h15M14 7l5 5-5 5",
    "waiting": (
        "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0"
        "M16 4.3a3.5 3.5 0 0 1 0 6.4M21.5 20a6.5 6.5 0 0 0-3.5-5.5"
    ),
    "hours": "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5.5l3.5 2",
    "chat": "M20 4H4v12h4v4l5-4h7z",
    "mailto": "M3.5 5.5h17v13h-17zM4 6l8 7 8-7",
    "tel": "M5 4h4l1.5 5-2.3 1.6a12 12 0 0 0 5.2 5.2L15 13.5l5 1.5v4a1 1 0 0 1-1 1A15 15 0 0 1 4 5a1 1 0 0 1 1-1z",
    "more": "M9 5l7 7-7 7",
    "back": "M15 5l-7 7 7 7",
    "attach": (
        "M20 11.5l-8.5 8.5a5 5 0 0 1-7-7L13 4.5a3.3 3.3 0 0 1 4.7 4.7L9.5 17.5a1.7 1.7 0 0 1-2.4-2.4l7.6-7.6"
    ),
}
"""The lights' shapes, and those of what stands beside a figure or on a button."""
