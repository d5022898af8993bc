"""One bot: how its parts are put together, start and stop.

Start: the store's connection, the HTTP surface (which answers 503 until the store is ready), then the loops. Stop:
no new requests, finish what is being sent, hand over leadership, close. The store may be down at the start:
the bot waits for it, and says so at `/readyz`.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import structlog
from aiohttp import ClientSession, web

from adapters.base import Channel, Site
from bot.asides import Asides
from bot.asked import served
from bot.board import Board
from bot.bookmarks import StoredBookmarks
from bot.carried import addresses
from bot.cases import DESK_LANE, Cases
from bot.clock import Chance, Clock
from bot.config import Config
from bot.customers import Customers
from bot.delivery import Delivery
from bot.desk import Desk
from bot.deskview import DeskView, Watch
from bot.events import Policy
from bot.fetch import open_session
from bot.figures import Figures
from bot.handover import Handover
from bot.inbox import Inbox
from bot.invitations import Invitations, ways
from bot.keeper import Keeper
from bot.listening import Listening, listening_to
from bot.mailbox import StoredMailbox
from bot.metrics import Metrics
from bot.names import Names
from bot.outbox import Outbox
from bot.rooms import Rooms
from bot.rota import Rotas
from bot.sender import Sender
from bot.showing import Showing
from bot.signin import SignIn
from bot.signs import Signs
from bot.store.connection import Connection, connect
from bot.store.store import Store, StoreDown
from bot.streams import StoredStreams
from bot.supervise import Crew, forever
from bot.tools import command_rows, open_channels
from bot.troubles import Troubles
from bot.web import Web
from bot.web.chat import Chat
from bot.web.desk import WebDesk
from bot.wording import Wording
from bot.words import Words

log = structlog.get_logger(__name__)

DRAIN_S = 8.0
"""How long a stop waits for messages that are being sent; container platforms kill after ten seconds."""
STORE_RETRY_S = 0.3
KEEP_DAYS_LONGER = 10
"""Counters of days outlive the history by this, so that a track record never lacks its first day."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a bot is made of, put together and not yet running."""

    config: Config
    clock: Clock
    chance: Chance
    connection: Connection
    store: Store
    words: Words
    figures: Figures
    cases: Cases
    handover: Handover
    channels: Mapping[str, Channel]
    inbox: Inbox
    listening: Mapping[str, Listening]
    delivery: Delivery
    outbox: Outbox
    keeper: Keeper
    board: Board
    web: Web
    boxes: Mapping[str, StoredMailbox]
    watch: Watch
    sign_in: SignIn | None
    metrics: Metrics
    crew: Crew
    degraded: dict[str, str]
    troubles: Troubles


def assemble(
    config: Config,
    clock: Clock,
    chance: Chance,
    connection: Connection,
    session: ClientSession,
    channels: Mapping[str, Channel] | None = None,
) -> Parts:
    """Put a bot together, with its own channels where none are given. Raises ConfigError when a channel's options
    cannot work."""
    words, metrics = Words(config.bot.language), Metrics()
    degraded, troubles = {"bot": "starting"}, Troubles()
    days = config.publish.history_days + KEEP_DAYS_LONGER
    store = Store(connection, clock, day_ttl_s=days * 86_400, events_kept=config.retention.events)
    bookmarks = {
        name: StoredBookmarks(store.channels, of.queue, name, clock) for name, of in config.channels.items()
    }
    boxes = {name: mailbox_of(name, config, store, clock, chance) for name in config.channels}
    listening: dict[str, Listening] = {}
    if channels is None:
        # What adapters report is heard once the parts that hear it are there.
        channels = open_channels(
            config,
            words,
            clock,
            session,
            bookmarks,
            lambda name, text: listening[name].report(text),
            boxes,
            StoredStreams(store.channels, clock),
        )
    boxes = {name: boxes[name] for name, channel in channels.items() if isinstance(channel, Site)}
    sign_in = SignIn(config, store.mail, next(iter(boxes)), chance) if boxes else None
    figures = Figures(store, clock, config, Rotas(config, store, clock))
    cases = Cases(
        store, chance, policies(config, channels), config.retention.closed_cases_days * 86_400, bool(boxes)
    )
    several = len(config.queues) > 1
    handover = Handover(store, cases, clock, several=several, keep_rooms_s=keep_rooms_s(config))
    inbox = inbox_of(config, store, cases, handover, figures, words, clock, chance, channels, sign_in)
    board = Board(store, clock, metrics, config.queues)
    web_surface = Web(
        config, store, inbox, board, figures, words, clock, metrics, channels, troubles, degraded
    )
    watch = Watch(store, list(config.queues), clock)
    web_surface.add(Chat(web_surface.view, store, inbox, channels, boxes, handover, chance))
    if sign_in is not None:
        windows_s = {name: channel.limits.reply_window_s for name, channel in channels.items()}
        seen, rows = DeskView(config, store, watch, clock, windows_s), command_rows(words, config)
        web_surface.add(WebDesk(web_surface.view, seen, watch, sign_in, store, inbox, channels, boxes, rows))
    who = chance.process_name()
    pictures = web_surface.pictures
    showing = Showing(
        board, words, config.bot.language, figures.zone, pictures.picture, pictures.painter.draw
    )
    hear = partial(
        listening_to, config, store, inbox, bookmarks, showing, troubles, clock, chance, metrics, who
    )
    listening |= {name: hear(name, channel) for name, channel in channels.items()}
    delivery = delivery_through(channels, config, store, cases, figures, words, clock)
    outbox = Outbox(store, channels, delivery, handover, chance, metrics, config.limits.send_attempts, who)
    store.on_outgoing = outbox.wake
    crew = Crew()
    board.on_published = lambda queue: crew.start("banner", pictures.draw_ahead(queue))
    listeners = [name for name, channel in channels.items() if channel.wants_events]
    keeper = Keeper(config, store, cases, figures, clock, metrics, listeners, web_surface.news, who)
    return Parts(
        config, clock, chance, connection, store, words, figures, cases, handover, channels, inbox, listening,
        delivery, outbox, keeper, board, web_surface, boxes, watch, sign_in, metrics, crew, degraded, troubles,
    )  # fmt: skip


def inbox_of(
    config: Config,
    store: Store,
    cases: Cases,
    handover: Handover,
    figures: Figures,
    words: Words,
    clock: Clock,
    chance: Chance,
    channels: Mapping[str, Channel],
    sign_in: SignIn | None,
) -> Inbox:
    """What takes in all that comes from these channels."""
    invitations = Invitations(config, store, cases, handover, channels, clock, chance)
    signs = Signs(store, channels)
    desk = Desk(config, store, cases, figures, words, clock, sign_in, invitations, signs)
    customers = Customers(config, store, cases, handover, figures, words, clock, invitations)
    asides = Asides(config, store, cases, handover, desk, clock, signs)
    return Inbox(config, store, cases, handover, desk, customers, asides, invitations, clock, chance)


def mailbox_of(channel: str, config: Config, store: Store, clock: Clock, chance: Chance) -> StoredMailbox:
    """What a channel's pages show; as long as its cases are kept."""
    queue, most = config.channels[channel].queue, config.limits.transcript_entries
    files_bytes = config.limits.visitor_files_bytes, config.limits.all_files_bytes
    return StoredMailbox(store.mail, queue, channel, clock, chance, keep_rooms_s(config), most, files_bytes)


def delivery_through(
    channels: Mapping[str, Channel],
    config: Config,
    store: Store,
    cases: Cases,
    figures: Figures,
    words: Words,
    clock: Clock,
) -> Delivery:
    """What stands between the outbox and these channels."""
    homes = {name: channel.queue for name, channel in config.channels.items()}
    budgets = {name: channel.paces for name, channel in config.channels.items()}
    sender = Sender(store, channels, homes, addresses(config, store, clock), clock, budgets)
    rooms = Rooms(config, store, figures, words, channels, sender, keep_rooms_s(config))
    names = Names(channels, clock, config.limits.name_chars)
    wording = Wording(config, store, cases, figures, words, clock, names, ways(config, channels))
    return Delivery(store, cases, wording, rooms, sender, clock, keep_rooms_s(config))


def keep_rooms_s(config: Config) -> int:
    """How long what is known of a case's rooms is kept after its last change: until the case is forgotten."""
    return config.desk.close_after_s + config.retention.closed_cases_days * 86_400


def policies(config: Config, channels: Mapping[str, Channel]) -> dict[str, dict[str, Policy]]:
    """What decisions need to know, by queue and channel."""
    return {
        queue: {
            name: Policy(
                target_s=settings.target_s,
                claim_lease_s=config.desk.claim_lease_s,
                close_after_s=config.desk.close_after_s,
                events=channel.wants_events,
                rooms=rooms_of(config, channels, queue),
            )
            for name, channel in channels.items()
        }
        for queue, settings in config.queues.items()
    }


def rooms_of(config: Config, channels: Mapping[str, Channel], queue: str) -> tuple[str, ...]:
    """The channels in whose rooms the cases of a queue are shown: where its agents are."""
    return tuple(
        name for name, channel in channels.items() if channel.limits.room and queue in served(config, name)
    )


@contextlib.asynccontextmanager
async def running(config: Config, clock: Clock, chance: Chance) -> AsyncIterator[Bot]:
    """A bot that serves and works until the block ends; `Bot.ready` tells when the store has been found safe.

    Raises ConfigError, EmbeddedError (no server could be started) or OSError (the address is taken).
    """
    async with contextlib.AsyncExitStack() as stack:
        connection = await connect(config.store.url.get_secret_value())
        stack.push_async_callback(connection.aclose)
        session = await stack.enter_async_context(open_session(allow_private=config.outgoing.allow_private))
        parts = assemble(config, clock, chance, connection, session)
        collect_seldom()
        for channel in parts.channels.values():
            stack.push_async_callback(channel.aclose)
        bot = Bot(parts)
        # On the way out no request is taken any more before the loops stop.
        await stack.enter_async_context(bot.working())
        await stack.enter_async_context(bot.serving())
        yield bot


def collect_seldom() -> None:
    """Have Python look for unreachable cycles a tenth as often, and never among what lives as long as the process.

    What is made for a message holds no cycles; looking through it at every few messages took a twentieth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


class Bot:
    """A bot under way."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.address = ""
        self.ready = asyncio.Event()
        self._work: asyncio.Task[None] | None = None

    async def until(self, stop: asyncio.Event) -> None:
        """Go on until `stop` is set. Raises UnsafeStore when the store turns out to be unsafe."""
        assert self._work is not None
        stopped = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait({self._work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if self._work in done:
            await self._work

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """The HTTP surface, for as long as the block lasts."""
        server = self.parts.config.server
        runner = web.AppRunner(
            self.parts.web.application(), access_log=None, shutdown_timeout=DRAIN_S / 2, auto_decompress=False
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, server.host, server.port, backlog=1024)
            await site.start()
            host = f"[{server.host}]" if ":" in server.host else server.host
            self.address = f"http://{host}:{runner.addresses[0][1]}"
            yield
        finally:
            self.parts.web.stop()
            await runner.cleanup()

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """The loops, for as long as the block lasts; then what is being sent is finished."""
        self._work = asyncio.create_task(self._run())
        drain_s = DRAIN_S
        try:
            yield
        except asyncio.CancelledError:
            # Whoever cannot wait may have said so while the HTTP surface closed.
            drain_s = 0.0
            raise
        finally:
            self.parts.degraded["bot"] = "stopping"
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
            # A banner that is being drawn ahead is needed by nobody now.
            await self.parts.crew.finish(0)
            for name, listening in self.parts.listening.items():
                self.parts.crew.start(f"close {name}", listening.close())
            await self.parts.outbox.drain(drain_s)
            await self.parts.crew.finish(drain_s)
            await self.parts.keeper.resign(list(self.parts.config.queues))

    async def _run(self) -> None:
        await self._open_store()
        self.parts.degraded.pop("bot", None)
        self.ready.set()
        async with asyncio.TaskGroup() as group:
            for name, loop in self._loops():
                group.create_task(forever(name, loop, self.parts.chance), name=name)

    async def _open_store(self) -> None:
        """Wait for the store, however long it takes. Raises UnsafeStore."""
        told = False
        while True:
            try:
                await self.parts.store.open(self.parts.config.store.allow_unsafe)
                return
            except StoreDown as error:
                if not told:
                    log.warning(
                        "store down, waiting for it", store=self.parts.connection.url, error=str(error)
                    )
                told = True
                await self.parts.clock.pause(STORE_RETRY_S)

    def _loops(self) -> Iterator[tuple[str, Callable[[], Awaitable[None]]]]:
        parts = self.parts
        yield "board", parts.board.run
        yield "desk", parts.watch.run
        for name, box in parts.boxes.items():
            yield f"mailbox {name}", box.run
        for name, listening in parts.listening.items():
            yield f"listen {name}", listening.run
        for queue in parts.config.queues:
            yield f"keeper {queue}", partial(parts.keeper.run, queue)
            for name in (*parts.channels, DESK_LANE):
                yield f"outbox {queue} {name}", partial(parts.outbox.run, queue, name)
