"""The status page: what a customer wants to know in three seconds, and below it what a manager wants to know.

How long now, is it getting better, when is somebody here, where else; then how the last hours or days went. The page
is whole without a script; `static/live.js` only exchanges its parts when a new figure is out. It says nothing
that was not published, and calls a figure old when the next one is overdue. Other sites may frame its short form.

Invariant: nothing in a brand, a title or a history becomes markup; the page loads nothing from elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from bot.card import QueueStatus, Way, make_card
from bot.chart import BAR_HEIGHT, COLUMNS, PLOT_HEIGHT, PLOT_WIDTH
from bot.past import Days, make_past
from bot.render import render
from bot.words import Words
from bot.words.plain import NAME_CHARS, one_line

__all__ = ["Days", "QueueStatus", "Way", "render_embed", "render_page"]

OVERVIEW_COLUMNS = 96
"""Where several queues stand side by side a line has a corner every quarter of an hour."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Another form of the page: its address, what it is called, whether it is this one."""

    code: str
    name: str
    address: str
    current: bool


def render_page(
    queues: Sequence[QueueStatus],
    *,
    brand: str,
    words: Words,
    language: str,
    now: float,
    selected: str | None = None,
    days: Days = 1,
    public_url: str = "",
) -> str:
    """The whole page as HTML, in the language negotiated before; `now` in epoch seconds.

    `queues` are those to show: all of them, or the one that is `selected`; of a single one everything is told.
    `public_url` is the address the page is reached at, for the picture in link previews; without it they have none.
    """
    voices = [words.page(language, queue.hours.zone) for queue in queues]
    columns = COLUMNS if len(queues) == 1 else OVERVIEW_COLUMNS
    paired = list(zip(queues, voices, strict=True))
    labels = voices[0].labels()
    return render(
        "page.html",
        **_common(queues, brand, words, language),
        cards=[make_card(queue, voice, now) for queue, voice in paired],
        pasts=[make_past(queue, voice, days, columns) for queue, voice in paired],
        selected=selected,
        labels=labels,
        zones=sorted({voice.time_zone() for voice in voices}),
        all_queues=_address(None, language, days),
        languages=[
            Choice(code, name, _address(selected, code, days), code == language)
            for code, name in words.languages().items()
        ],
        periods=[
            Choice(name, labels[name], _address(selected, language, length), days == length)
            for name, length in _PERIODS.items()
        ],
        days=days,
        plot={"width": PLOT_WIDTH, "height": PLOT_HEIGHT, "bar_height": BAR_HEIGHT},
        public_url=public_url.rstrip("/"),
    )


def render_embed(
    queues: Sequence[QueueStatus], *, brand: str, words: Words, language: str, now: float
) -> str:
    """The short form that other sites may show in a frame: the signs, each with a link that opens the whole page."""
    voices = [words.page(language, queue.hours.zone) for queue in queues]
    return render(
        "embed.html",
        **_common(queues, brand, words, language),
        cards=[make_card(queue, voice, now) for queue, voice in zip(queues, voices, strict=True)],
        labels=voices[0].labels(),
    )


_PERIODS: Mapping[str, Days] = {"day": 1, "week": 7}


def _common(queues: Sequence[QueueStatus], brand: str, words: Words, language: str) -> dict[str, object]:
    """What both forms of the page need."""
    outlet = words.outlet(language, queues[0].hours.zone)
    return {
        "language": language,
        "brand": one_line(brand, NAME_CHARS),
        "headline": outlet.headline(queues[0].published.outlook),
        "links": {queue.published.queue: _address(queue.published.queue, language, 1) for queue in queues},
        "refresh_s": round(min(queue.refresh_s for queue in queues)),
    }


def _address(queue: str | None, language: str, days: Days) -> str:
    query: dict[str, object] = {"queue": queue} if queue else {}
    query["lang"] = language
    if days != 1:
        query["days"] = days
    return f"/?{urlencode(query)}"
