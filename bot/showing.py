"""What an outlet of a profile should show: a queue's published wait, in words or as a picture.

It reads the board and nothing else. Equal waits in words give equal keys, so an outlet is changed only when people
would see a difference.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import tzinfo

from adapters.base import Outlet, Shown
from bot.board import Board
from bot.outlet import Wanted, key_of
from bot.painter import Picture
from bot.words import Words
from status.model import Outlook


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
        if outlet.format:
            picture = self._picture(queue, outlet.format, self._language)
            return Wanted(key_of(picture), picture=picture)
        outlook = self.board.published(queue).outlook
        nothing = Outlook("unknown", outlook.as_of, 0, 0, reason="stale")
        texts = self._texts(queue, outlet, outlook)
        fallback = frozenset(self._texts(queue, outlet, nothing).values())
        return Wanted(key_of(sorted(texts.items())), texts, fallback=fallback)

    def _texts(self, queue: str, outlet: Outlet, outlook: Outlook) -> dict[str, str]:
        languages = {"": self._language}
        if outlet.per_language:
            languages |= {code: code for code in self._words.languages()}
        return {
            code: self._words.outlet(language, self._zone(queue)).within_chars(outlook, outlet.chars)
            for code, language in languages.items()
        }

    async def shown(self, wanted: Wanted) -> Shown:
        """What is given to the platform. Raises CannotDraw."""
        return wanted.texts if wanted.picture is None else await self._draw(wanted.picture)
