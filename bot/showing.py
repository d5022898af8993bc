"""What an outlet of a profile should show: a queue's published wait, in words or as a picture.

It reads the board and nothing else. Equal waits in words give equal keys, so an outlet is changed only when people
would see a difference; and equal keys have equal ranks, so "worse news" means the same whenever it is asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import tzinfo

from adapters.base import Outlet, Shown
from bot.board import Board
from bot.outlet import Wanted, key_of
from bot.painter import Picture
from bot.words import Words
from status.model import Outlook

INCIDENT, TOO_LONG, CLOSED, UNKNOWN = 1e7, 2e7, 4e7, 5e7
"""Ranks of news, above those of all waits in seconds. An incident adds to what it makes longer."""


class Showing:
    """The published waits, as outlets show them in the bot's language or in all. `picture` tells what stands in a
    queue's banner of some format, `draw` makes it a PNG."""

    def __init__(
        self,
        board: Board,
        words: Words,
        language: str,
        zone: Callable[[str], tzinfo],
        picture: Callable[[str, str, str], Picture],
        draw: Callable[[Picture], Awaitable[bytes]],
    ) -> None:
        self.board = board
        self._words = words
        self._language = language
        self._zone = zone
        self._picture = picture
        self._draw = draw

    def stale(self, queue: str) -> bool:
        """Whether there is no figure to go by: not yet, or not any more."""
        return self.board.published(queue).outlook.reason == "stale"

    def wanted(self, queue: str, outlet: Outlet) -> Wanted:
        """What the outlet should show now."""
        published = self.board.published(queue)
        outlook = published.outlook
        if outlet.format:
            picture = self._picture(queue, outlet.format, self._language)
            picture, sign = replace(picture, encoding=outlet.encoding), picture.sign
            rank = rank_of(outlook, incident=sign.light == "incident")
            return Wanted(key_of(picture), picture=picture, rank=rank, label=f"{sign.caption}: {sign.figure}")
        texts = self._texts(queue, outlet, outlook, published.incident)
        # Where the reason has no room, the words are the usual ones, and so is the news.
        told = published.incident and texts != self._texts(queue, outlet, outlook)
        nothing = Outlook("unknown", outlook.as_of, 0, 0, reason="stale")
        fallback = frozenset(self._texts(queue, outlet, nothing).values())
        key = key_of(sorted(texts.items()))
        return Wanted(key, texts, fallback=fallback, rank=rank_of(outlook, incident=told), label=texts[""])

    def _texts(self, queue: str, outlet: Outlet, outlook: Outlook, incident: bool = False) -> dict[str, str]:
        words, zone = self._words, self._zone(queue)
        languages = {"": self._language}
        if outlet.per_language:
            languages |= {code: code for code in self._words.languages()}
        return {
            code: words.outlet(language, zone).within_chars(outlook, outlet.chars, incident)
            for code, language in languages.items()
        }

    async def shown(self, wanted: Wanted) -> Shown:
        """What is given to the platform. Raises CannotDraw."""
        return wanted.texts if wanted.picture is None else await self._draw(wanted.picture)


def rank_of(outlook: Outlook, *, incident: bool = False) -> float:
    """How bad the news is. To know nothing is worst: it takes down whatever else is said."""
    if outlook.state == "closed":
        return CLOSED
    more = INCIDENT if incident else 0.0
    if outlook.promise is not None:
        return more + outlook.promise.within_s
    return more + (TOO_LONG if outlook.reason == "too_long" else UNKNOWN)
