"""What the routes that show the published wait share: the request's queue and language, and how a queue stands."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from aiohttp import web

from bot.board import Board
from bot.card import QueueStatus, Way
from bot.clock import Clock
from bot.config.settings import Config
from bot.figures import Figures
from bot.published import Published
from bot.words import Words

SITE = "web"
"""The adapter of chats on our own pages."""


@dataclass(frozen=True, slots=True)
class View:
    """The published wait, as requests ask for it."""

    config: Config
    board: Board
    figures: Figures
    words: Words
    clock: Clock
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the bot stops: whoever streams must come to an end."""

    def language(self, request: web.Request) -> str:
        """`?lang=` first, then what the browser asks for: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4"""
        asked = [request.query["lang"]] if "lang" in request.query else []
        ranked = []
        for part in request.headers.get("Accept-Language", "")[:200].split(","):
            tag, _, quality = part.strip().partition(";q=")
            with contextlib.suppress(ValueError):
                if float(quality or 1) > 0:
                    ranked.append((-float(quality or 1), tag))
        return self.words.negotiate(*asked, *(tag for _, tag in sorted(ranked, key=lambda one: one[0])))

    def origin(self, request: web.Request) -> str:
        """Where others reach us: as configured or, where nothing is, as this request did."""
        return self.config.server.public_url or f"{request.scheme}://{request.host}"

    def queue(self, request: web.Request) -> str:
        """The queue of the path. Raises HTTPNotFound."""
        return self.known(request.match_info["queue"])

    def selected(self, request: web.Request) -> str | None:
        """The queue of `?queue=`, None where all are asked for. Raises HTTPNotFound."""
        asked = request.query.get("queue")
        return None if asked is None else self.known(asked)

    def known(self, queue: str) -> str:
        """A queue's name, if it is one. Raises HTTPNotFound."""
        if queue not in self.config.queues:
            # Scripts of other pages may read the figures, so they may read this too.
            headers = {"Access-Control-Allow-Origin": "*"}
            raise web.HTTPNotFound(reason="there is no such queue", headers=headers)
        return queue

    def status(self, queue: str) -> QueueStatus:
        """How a queue stands now, with its history."""
        settings = self.config.queues[queue]
        return QueueStatus(
            title=self.config.title(queue),
            hours=self.figures.hours(queue),
            target_s=settings.target_s,
            overloaded_s=settings.overloaded_s,
            published=self.board.published(queue),
            history=self.board.history(queue),
            week=self.board.week(queue),
            ways=self._ways(queue),
        )

    def _ways(self, queue: str) -> list[Way]:
        """Where customers reach this queue. Site chats first: they are here, and take cases for any queue."""
        ways = [Way("chat", address) for address in self.chats(queue)]
        for channel in self.config.channels.values():
            if channel.adapter != SITE and channel.queue == queue and channel.contact:
                scheme = channel.contact.partition(":")[0]
                kind = scheme if scheme in ("mailto", "tel") else channel.adapter
                ways.append(Way(kind, channel.contact))
        return ways

    def chats(self, queue: str) -> Iterator[str]:
        """The addresses of the site chats that take cases for a queue, those first that are its own."""
        sites = [(name, one) for name, one in self.config.channels.items() if one.adapter == SITE]
        for name, channel in sorted(sites, key=lambda site: site[1].queue != queue):
            chosen = "" if channel.queue == queue else f"?queue={quote(queue)}"
            yield channel.contact or f"/chat/{quote(name)}{chosen}"

    def json(self, published: Published, language: str) -> dict[str, Any]:
        """The published wait as other programs read it."""
        voice = self.words.outlet(language, self.figures.zone(published.queue))
        return published.to_json(voice.promise_text)
