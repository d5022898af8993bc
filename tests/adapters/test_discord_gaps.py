"""Discord's adapter and what is missed, repeated or given up: gaps are filled in order, nothing is made twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest

from adapters.base import (
    AgentCommand,
    Arrival,
    CommandAnswer,
    CommandHelp,
    CustomerMessage,
    NameRoom,
    NoBookmarks,
    OpenRoom,
    Receipt,
    ShowCard,
    Tools,
)
from adapters.discord import Discord, Options, open_channel
from tests.end_to_end.house import DiscordRoom, discord_room
from tests.fakes.discord.client import DiscordFake, discord_within
from tests.waiting import until

CASE = OpenRoom("k", "K7Q2M4", "title", "K7Q2M4 · Aino", "waiting", "A card")


@dataclass
class Side:
    """The adapter, the platform, and what arrived."""

    fake: DiscordFake
    room: DiscordRoom
    channel: Discord
    arrivals: list[Arrival] = field(default_factory=list)

    async def inbox(self, arrival: Arrival) -> None:
        """Take it in."""
        self.arrivals.append(arrival)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[None]:
        """While there is a session."""
        before = len((await self.fake.read()).at_gateway("ready"))
        task = asyncio.create_task(self.channel.listen(self.inbox))
        try:
            await self.fake.until(lambda led: len(led.at_gateway("ready")) > before, "a session")
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until_said(self, text: str) -> list[str]:
        """What was said, each once, as soon as this is there."""
        await until(lambda: text in self.said, text)
        return list(dict.fromkeys(self.said))

    @property
    def said(self) -> list[str]:
        """What customers and agents wrote, in the order it was taken in."""
        return [
            one.text if isinstance(one, CustomerMessage) else one.arguments
            for one in self.arrivals
            if isinstance(one, CustomerMessage | AgentCommand)
        ]


@pytest.fixture
async def side() -> AsyncIterator[Side]:
    async with discord_within() as fake, aiohttp.ClientSession() as http:
        room = await discord_room(fake)
        given = {name: value for name, value in room.table.items() if name not in ("adapter", "queue")}
        rows = (CommandHelp("claim", "[CASE]", "take a case", True),)
        channel = open_channel(Options(**given), Tools("dc", http, time.time, rows, bookmarks=NoBookmarks()))
        yield Side(fake, room, channel)
        await channel.aclose()


async def test_what_arrives_at_once_does_not_overtake_what_was_missed(side: Side) -> None:
    """While the bot still looks through another conversation, somebody writes on in one with a gap."""
    aino, ben = [await side.room.customer(name) for name in ("Aino", "Ben")]
    async with side.session():
        for person, text in ((aino, "first"), (ben, "other")):
            await side.fake.says(person, text)
            await side.until_said(text)
    await side.fake.gateway_does("forget")
    gap = [f"gap {number}" for number in range(100)]
    for text in gap:
        await side.fake.says(aino, text)
    history = "GET /channels/{channel}/messages"
    await side.fake.fault("slow", history, channel=await side.fake.private(ben), seconds=1)
    async with side.session():
        await side.fake.until(lambda led: led.faults, "the look at the other conversation")
        await side.fake.says(aino, "live")
        await side.until_said("gap 99")
        assert await side.until_said("live") == ["first", "other", *gap, "live"]


async def test_a_post_that_was_archived_meanwhile_is_looked_through(side: Side) -> None:
    place, _, _card = (await side.channel.send(CASE)).partition(" ")
    async with side.session():
        await side.fake.says(side.room.ann, "one", int(place))
        await side.until_said("one")
    await side.fake.gateway_does("forget")
    await side.fake.says(side.room.ann, "in the gap", int(place))
    await side.channel.send(NameRoom("n", place, "title", "closed", False))
    async with side.session():
        assert await side.until_said("in the gap") == ["one", "in the gap"]
    assert all(one.member for one in side.arrivals if isinstance(one, AgentCommand))


async def test_what_is_archived_can_still_be_changed(side: Side) -> None:
    place, _, card = (await side.channel.send(CASE)).partition(" ")
    written = await side.fake.says(side.room.ann, "one", int(place))
    await side.channel.send(NameRoom("n", place, "title", "answered", False))
    await side.channel.send(ShowCard("c", place, card, "another"))
    await side.channel.send(Receipt("r", place, str(written), "noted"))
    await side.channel.send(NameRoom("n-2", place, "title", "closed", False))
    ledger = await side.fake.read()
    post = ledger.threads[int(place)]
    assert (post.archived, post.tags) == (True, ["closed"])
    assert ledger.shown(int(place))[0].text == "another"
    assert ledger.channels[int(place)][written].reactions["📝"] == {"bot"}


async def test_a_post_whose_answer_was_lost_is_found_again(side: Side) -> None:
    first = await side.channel.send(CASE)
    assert await side.channel.send(CASE) == first
    assert len((await side.fake.read()).posts(side.room.forum)) == 1


async def test_an_answer_that_is_sent_again_is_shown_once(side: Side) -> None:
    lobby = await side.fake.channel(side.room.guild, "lobby")
    async with side.session():
        asked = await side.fake.commands(side.room.ann, "claim", channel=lobby)
        [command] = await until(lambda: side.arrivals)
        assert isinstance(command, AgentCommand)
        out = CommandAnswer("k", command.id, command.agent.id, "Done.", True, None, command.answer_to)
        assert await side.channel.send(out) == await side.channel.send(out)
    ledger = await side.fake.read()
    assert [one.text for one in ledger.answers(asked)] == ["Done."]
    assert ledger.asked[asked].ephemeral
