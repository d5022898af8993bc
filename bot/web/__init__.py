"""The HTTP surface: hooks for channels, the status page and its figures, badges, banners, health and metrics.

Routes translate between HTTP and the rest; they decide nothing. Each module here holds the routes of one purpose;
this one puts them together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aiohttp import web

from adapters.base import Channel
from bot.board import Board
from bot.carried import addresses
from bot.clock import Chance, Clock
from bot.config.settings import Config
from bot.figures import Figures
from bot.inbox import Inbox
from bot.metrics import Metrics
from bot.published import Published
from bot.store.store import Store
from bot.troubles import Troubles
from bot.web.answers import plain
from bot.web.api import Api
from bot.web.badges import Badges
from bot.web.carried import Door
from bot.web.feeds import Feeds
from bot.web.health import Health
from bot.web.hooks import Hooks
from bot.web.pages import Pages
from bot.web.pictures import Pictures
from bot.web.stream import Stream
from bot.web.view import View
from bot.web.widget import Widget
from bot.words import Words


class Part(Protocol):
    """Routes of one purpose."""

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """The routes, to be added to the application."""
        ...


class Web:
    """All routes of one process."""

    def __init__(
        self,
        config: Config,
        store: Store,
        inbox: Inbox,
        board: Board,
        figures: Figures,
        words: Words,
        clock: Clock,
        metrics: Metrics,
        channels: Mapping[str, Channel],
        troubles: Troubles,
        degraded: Mapping[str, str],
    ) -> None:
        self._config = config
        self.view = View(config, board, figures, words, clock)
        self.pictures = Pictures(self.view)
        self.stream = Stream(self.view, Chance())
        self._parts: list[Part] = [
            Hooks(config.limits, inbox, clock, metrics, channels),
            Pages(self.view),
            Api(self.view, store.seal),
            self.stream,
            self.pictures,
            Badges(self.view),
            Widget(self.view),
            Feeds(self.view),
            Door(addresses(config, store, clock), channels),
            Health(config.queues, store, metrics, troubles, degraded),
        ]

    def add(self, part: Part) -> None:
        """More routes, such as those of pages that customers and agents work in."""
        self._parts.append(part)

    def application(self) -> web.Application:
        """The routes, ready to be served."""
        app = web.Application(client_max_size=self._config.limits.body_bytes)
        app.on_response_prepare.append(plain)
        app.cleanup_ctx.append(self.stream.running)
        for part in self._parts:
            app.add_routes(part.routes())
        return app

    def stop(self) -> None:
        """End what would go on for ever: the event streams."""
        self.stream.stop()
        self.view.stopping.set()
        self.view.board.tell()

    def news(self, published: Published) -> dict[str, Any]:
        """What `wait.updated` tells: the wait as JSON, and where its picture is."""
        data = self.view.json(published, self._config.bot.language)
        base = self._config.server.public_url.rstrip("/")
        return {**data, "banner_url": f"{base}/banner/{published.queue}/opengraph.png"}
