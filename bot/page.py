"""The status page: what a customer wants to know in three seconds, and below it how the last hours went.

How long now, is it getting better, how many wait, until when is somebody here, how old is all this. The page
is whole without a script; `static/live.js` only exchanges its parts when a new figure is out. It says nothing
that was not published, and calls a figure old when the next one is overdue.

Invariant: nothing in a brand, a title or a history becomes markup; the page loads nothing from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from bot.card import QueueStatus, make_card
from bot.chart import BAR_HEIGHT, PLOT_HEIGHT, PLOT_WIDTH
from bot.light import SHAPES
from bot.render import render
from bot.words import Words
from bot.words.plain import NAME_CHARS, one_line

__all__ = ["QueueStatus", "render_page"]

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
}
"""The lights' shapes, and those of the facts beside the figure."""


@dataclass(frozen=True, slots=True)
class Link:
    """A language the page can also be read in."""

    code: str
    name: str
    query: str
    current: bool


def render_page(
    queues: Sequence[QueueStatus],
    *,
    brand: str,
    words: Words,
    language: str,
    now: float,
    selected: str | None = None,
    public_url: str = "",
) -> str:
    """The whole page as HTML, in the language negotiated before; `now` in epoch seconds.

    `queues` are those to show: all of them, or the one that is `selected`. `public_url` is the address the
    page is reached at, for the picture in link previews; without it previews have none.
    """
    voices = [words.sign(language, queue.hours.zone) for queue in queues]
    return render(
        "page.html",
        language=language.replace("_", "-"),
        brand=one_line(brand, NAME_CHARS),
        headline=words.outlet(language, queues[0].hours.zone).headline(queues[0].published.outlook),
        cards=[make_card(queue, voice, now) for queue, voice in zip(queues, voices, strict=True)],
        selected=selected,
        labels=voices[0].labels(),
        zones=sorted({voice.time_zone() for voice in voices}),
        links=list(_links(words, language, selected)),
        icons=ICONS,
        plot={"width": PLOT_WIDTH, "height": PLOT_HEIGHT, "bar_height": BAR_HEIGHT},
        refresh_s=round(min(queue.refresh_s for queue in queues)),
        public_url=public_url.rstrip("/"),
    )


def _links(words: Words, language: str, selected: str | None) -> Iterator[Link]:
    for code, name in words.languages().items():
        query = {"queue": selected, "lang": code} if selected else {"lang": code}
        yield Link(code.replace("_", "-"), name, urlencode(query), code == language)
