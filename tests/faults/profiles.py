"""The profiles of two platforms, and a process that keeps them, for tests that take days of virtual time.

The keeper, the adapters, the store and the wire fakes are the real ones; time is moved by hand, in the fakes too.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any, cast

import aiohttp

from adapters.base import CommandHelp, Profile, Tools
from adapters.discord import Discord
from adapters.discord import Options as DiscordOptions
from adapters.discord import open_channel as open_discord
from adapters.telegram import Options as TelegramOptions
from adapters.telegram import Telegram
from adapters.telegram import open_channel as open_telegram
from bot.board import Board
from bot.lease import Lease
from bot.light import light
from bot.metrics import Metrics
from bot.outlets import Outlets
from bot.painter import Picture
from bot.published import Published
from bot.showing import Showing
from bot.store.channels import ChannelStore
from bot.store.connection import connect
from bot.store.library import Library
from bot.store.store import Store
from bot.troubles import Troubles
from bot.words import Words
from bot.writer import Writer
from status.model import Outlook, Promise, TrackRecord
from status.promise import BOXES_S
from tests.bot.test_outlet import flickers
from tests.end_to_end.floor import QUEUE
from tests.end_to_end.house import DISCORD, TELEGRAM, DiscordRoom, discord_room
from tests.fakes.desk import HandClock
from tests.fakes.discord.client import DiscordFake, discord_fake
from tests.fakes.telegram.client import TelegramFake, telegram_fake

BEGAN, HOUR_S, REFRESH_S = 1_800_000_000.0, 3_600.0, 300.0
Budget = tuple[int, float]
SEEN_OF_DISCORD = (2, 600.0)
"""https://github.com/discord/discord-api-docs/discussions/4562"""
TAKEN_OF_TELEGRAM = (3, 600.0)
"""Telegram publishes no limit. This is our own pace of one change in five minutes, and one to give back."""
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
OWN_TEXT, OWN_ABOUT = {"": "We sell shoes", "en": "", "fi": "Myymme kenkiä", "pl": ""}, "Acme, since 1901"
OWN_PHOTO, OWN_BANNER = JPEG + b" of the operator", PNG + b" of the operator"
COMMANDS = [CommandHelp("wait", "", "How long?", False, dict.fromkeys(("en", "fi", "pl"), "How long?"))]
Seen = dict[str, list[tuple[float, str]]]
"""What stood in each place of a profile from when on, in the order of its changes."""


async def draw(picture: Picture) -> bytes:
    """Not a picture, but as much like one as the fakes look at it."""
    head = JPEG if picture.encoding == "jpeg" else PNG
    return head + repr((picture.sign, picture.format)).encode()


@dataclass
class Feed:
    """What was published last; it may fall silent."""

    clock: HandClock
    last: Published | None = None
    silent_until: float = 0.0
    index: int = 6

    def change(self, chance: random.Random) -> bool:
        """Another figure, worse or better than the last, closed or not to be told; nothing while it is silent."""
        now = self.clock.now()
        if now < self.silent_until:
            return False
        self.index = min(max(self.index + chance.choice((-2, -1, 1, 2)), 0), len(BOXES_S) - 1)
        promise = Promise(now, now, BOXES_S[self.index])
        outlook = chance.choices(
            (
                Outlook("open", now, 3, 2, promise=promise),
                Outlook("closed", now, 0, 0, opens_at=now + 7 * HOUR_S),
                Outlook("unknown", now, 3, 0, reason="nobody_on_duty"),
                Outlook("unknown", now, 900, 2, reason="too_long"),
            ),
            (85, 5, 5, 5),
        )[0]
        incident = outlook.state == "open" and chance.random() < 0.1
        record = TrackRecord(0, 0, 0)
        self.last = Published(QUEUE, outlook, now + REFRESH_S, record, incident=incident)
        return True

    async def published(self, queue: str) -> Published | None:
        return self.last

    async def history(self, queue: str, since: float) -> list[Any]:
        return []


@dataclass
class Keeping:
    """One process that keeps one channel's profile."""

    name: str
    who: str
    lease: Lease
    outlets: Outlets

    async def turn(self) -> None:
        """What the reader does within a minute, to the end of what can be done now."""
        assert await self.lease.take()
        for _ in range(3):
            await self.outlets.round()


@dataclass
class House:
    """Both platforms, and the process that runs at the moment."""

    telegram: TelegramFake
    discord: DiscordFake
    room: DiscordRoom
    profiles: Mapping[str, Telegram | Discord]
    store: ChannelStore
    feed: Feed
    board: Board
    chance: random.Random
    number: int = 0
    keeping: list[Keeping] = field(default_factory=list)
    seen: Seen = field(default_factory=lambda: defaultdict(list))
    told: dict[str, int] = field(default_factory=lambda: {"telegram": 0, "discord": 0})

    # --- the process ---------------------------------------------------------------------------------------

    async def start(self) -> None:
        """A new process, which knows nothing but what is in the store."""
        self.number += 1
        words, clock, who = Words(), self.feed.clock, f"process {self.number}"

        def picture(queue: str, name: str, language: str) -> Picture:
            published = self.board.published(queue)
            shown = light(published.outlook, 600, 1800, published.incident)
            return Picture(name, words.sign(language, UTC).sign(published.outlook, shown), "Acme", "Help")

        showing = Showing(self.board, words, "en", lambda queue: UTC, picture, draw)
        self.keeping = []
        for name, profile in self.profiles.items():
            lease = Lease(self.store, QUEUE, name, who, clock)
            writer = Writer(
                name, cast(Profile, profile), QUEUE, self.store, lease, clock, Troubles(), Metrics()
            )
            outlets = Outlets(name, QUEUE, self.store, showing, lease, clock, writer)
            self.keeping.append(Keeping(name, who, lease, outlets))
            assert await lease.take()
            await outlets.begin()

    async def kill(self) -> None:
        """At any moment of its work; nothing is given back but, in time, the lease."""
        working = asyncio.gather(*(one.turn() for one in self.keeping))
        await asyncio.sleep(self.chance.uniform(0, 0.03))
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
        for one in self.keeping:
            await self.store.let_go(QUEUE, one.name, one.who)

    async def stop(self) -> None:
        """In order: what the operator had comes back."""
        for one in self.keeping:
            assert await one.lease.take()
            await one.outlets.restore()
            await one.lease.let_go()

    # --- time ----------------------------------------------------------------------------------------------

    async def later(self, seconds: float) -> None:
        """Time passes, here and there."""
        self.feed.clock.advance(seconds)
        await self.telegram.later(seconds)
        await self.discord.set(ahead_s=seconds)

    async def turn(self) -> None:
        """The process does what can be done now, and it is written down what stands there then."""
        await self.board.look()
        await asyncio.gather(*(one.turn() for one in self.keeping))
        await self.look()

    async def look(self) -> None:
        """Write down what changed since the last look."""
        now = self.feed.clock.real()
        for event in (await self.telegram.read()).events[self.told["telegram"] :]:
            self.told["telegram"] += 1
            if event["what"] == "profile":
                self.seen[f"telegram {event['name']} {event['language']}"].append((now, event["value"]))
        for event in (await self.discord.read()).events[self.told["discord"] :]:
            self.told["discord"] += 1
            if event["what"] == "profile":
                self.seen[f"discord {event['name']}"].append((now, event["value"]))

    # --- verdicts ------------------------------------------------------------------------------------------

    @property
    def own(self) -> dict[str, str]:
        """What the operator had, as the ledgers tell it; that of a bio is told to nobody."""
        return {
            **{f"telegram short_description {code}": text for code, text in OWN_TEXT.items()},
            "telegram photo ": hashlib.sha256(OWN_PHOTO).hexdigest(),
            "discord about": OWN_ABOUT,
            "discord banner": hashlib.sha256(OWN_BANNER).hexdigest()[:32],
            f"discord banner:{self.room.guild}": None,  # type: ignore[dict-item]  # there was none
            f"discord bio:{self.room.guild}": "",
        }

    def ours(self) -> list[str]:
        """Where something of ours stands."""
        return [place for place, own in self.own.items() if (self.seen[place] or [(0.0, own)])[-1][1] != own]

    def writes(self) -> int:
        """How many changes were made."""
        return sum(map(len, self.seen.values()))

    def refused(self) -> int:
        """How often a platform said that it was too soon, or that it had said so before."""
        telegram, discord = self.telegram.ledger, self.discord.ledger
        too_soon = [one for one in telegram.refused if one["code"] == 429]
        too_soon += [one for one in discord.refused if one["status"] in (400, 429)]
        early = [one for one in (*telegram.violations, *discord.violations) if one["kind"] == "early"]
        return len(too_soon) + len(early)

    def flickers(self) -> int:
        """How often something came back within ten minutes, with something else between."""
        return sum(len(flickers(changes)) for changes in self.seen.values())


@asynccontextmanager
async def house(store_url: str, seed: int, *, telegrams: Budget, discords: Budget) -> AsyncIterator[House]:
    """Both platforms with all outlets there are, what the operator had there, and how often each takes a change."""
    async with contextlib.AsyncExitStack() as stack:
        connection = await connect(store_url)
        stack.push_async_callback(connection.aclose)
        library = Library(connection)
        await library.load()
        telegram = await stack.enter_async_context(telegram_fake(seed=seed))
        discord = await stack.enter_async_context(discord_fake(seed=seed))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        room = await discord_room(discord)
        await operators_own(http, telegram, discord)
        profiles = opened(http, telegram, room)
        for channel in profiles.values():
            stack.push_async_callback(channel.aclose)
        await telegram.limits(profile=telegrams)
        await discord.set(limits={"profile": discords})
        feed = Feed(HandClock(BEGAN))
        board = Board(cast(Store, feed), feed.clock, Metrics(), {QUEUE: None})
        chance = random.Random(seed)
        there = House(telegram, discord, room, profiles, ChannelStore(library), feed, board, chance)
        await there.later(HOUR_S)
        await there.look()
        there.seen.clear()
        yield there


def opened(
    http: aiohttp.ClientSession, telegram: TelegramFake, room: DiscordRoom
) -> dict[str, Telegram | Discord]:
    """The adapters, with every outlet that is not of a session."""
    plain = {name: value for name, value in room.table.items() if name not in ("adapter", "queue")}
    discord = DiscordOptions(**plain)
    discord = replace(discord, profile=("about", "banner", "guild_banner", "guild_bio"))
    telegram_options = TelegramOptions(
        telegram.token, api_base=telegram.api, profile=("short_description", "photo")
    )
    return {
        TELEGRAM: open_telegram(telegram_options, Tools(TELEGRAM, http, lambda: 0.0, COMMANDS)),
        DISCORD: open_discord(discord, Tools(DISCORD, http, lambda: 0.0)),
    }


async def operators_own(http: aiohttp.ClientSession, telegram: TelegramFake, discord: DiscordFake) -> None:
    """What stood there before anything."""
    await telegram.photographs(OWN_PHOTO)
    for language, text in OWN_TEXT.items():
        said = {"short_description": text, "language_code": language}
        async with http.post(
            f"{telegram.api}/bot{telegram.token}/setMyShortDescription", data=said
        ) as answer:
            assert answer.status == 200
    banner = f"data:image/png;base64,{base64.b64encode(OWN_BANNER).decode()}"
    for path, body in (
        ("/applications/@me", {"description": OWN_ABOUT}),
        ("/users/@me", {"banner": banner}),
    ):
        headers = {"Authorization": f"Bot {discord.token}"}
        async with http.patch(f"{discord.api}{path}", json=body, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
