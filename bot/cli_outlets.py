"""`jono outlets`: what every profile shows and when it was written; and who it belongs to, the wait or the operator.

It works beside running bots and without one. `restore` leaves a note in the store, which the bot that reads the
channel follows within a second; where no bot reads it, this process takes the lease and gives back what is owed.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.base import Channel, Outlet, Profile
from bot import log
from bot.cli_common import Failure, config_of, opened_store, with_config
from bot.clock import Chance, Clock
from bot.config import Config
from bot.fetch import open_session
from bot.lease import Lease
from bot.metrics import Metrics
from bot.outlet import Known
from bot.store.channels import ChannelStore, Written
from bot.tools import open_channels
from bot.troubles import Troubles
from bot.words import Words
from bot.words.plain import LINE_CHARS, one_line
from bot.writer import OWN, Writer

WRITES_SHOWN = 5
GIVEN_BACK_WITHIN_S = 30.0
LOOK_EVERY_S = 0.2
LEASE_S = 20.0
"""Longer than a bot's: this process renews nothing."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `jono outlets`."""
    with_config(parser)
    parser.add_argument(
        "action",
        nargs="?",
        choices=("list", "restore", "resume"),
        default="list",
        help="list: what stands where, since when (the default); restore: put back what you had there, and leave it"
        " to you; resume: show the wait again",
    )
    parser.add_argument("channel", nargs="?", metavar="CHANNEL", help="only this one (default: all)")


async def outlets(options: argparse.Namespace) -> int:
    """The command. Raises ConfigError, UnsafeStore, StoreDown, or Failure when something of ours still stands."""
    config, clock = config_of(options), Clock()
    # What is written is told on standard output, with all that was written before.
    log.configure("error")
    async with open_session(allow_private=config.outgoing.allow_private) as session:
        channels = open_channels(config, Words(config.bot.language), clock, session)
        try:
            async with opened_store(config, clock) as store:
                places = chosen(config, channels, store.channels, options.channel)
                match options.action:
                    case "restore":
                        await _restore(places, clock)
                    case "resume":
                        await _resume(places)
                for place in places:
                    print("\n".join([line async for line in report(place, clock.real())]))
        finally:
            for channel in channels.values():
                await channel.aclose()
    return 0


@dataclass(frozen=True, slots=True)
class Place:
    """A channel with outlets, and where what is known of them is kept."""

    name: str
    queue: str
    profile: Profile
    store: ChannelStore

    @property
    def names(self) -> set[str]:
        """Those that are configured now."""
        return {outlet.name for outlet in self.profile.outlets}

    async def known(self) -> dict[str, Known]:
        """What is known of each outlet that was ever written. Raises StoreDown."""
        found = await self.store.outlets(self.queue, self.name)
        return {name: Known.from_store(plain) for name, plain in found.items()}


def chosen(
    config: Config, channels: dict[str, Channel], store: ChannelStore, name: str | None
) -> Sequence[Place]:
    """The channels with outlets, or the one of that name. Raises Failure."""
    places = [
        Place(one, config.channels[one].queue, channel, store)
        for one, channel in channels.items()
        if isinstance(channel, Profile) and channel.outlets and name in (None, one)
    ]
    if not places:
        there = "no channel shows the wait in its profile" if name is None else f"{name} shows it nowhere"
        raise Failure(f"{there}; see docs/outlets.md for those that can", code=2)
    return places


# --- whose it is -------------------------------------------------------------------------------------------


async def _restore(places: Sequence[Place], clock: Clock) -> None:
    for place in places:
        await place.store.leave_outlets(place.queue, place.name, clock.real())
    owing = [line for place in places for line in await _give_back(place, clock)]
    if owing:
        raise Failure(f"not all could be put back yet: {'; '.join(owing)}")


async def _give_back(place: Place, clock: Clock) -> list[str]:
    """Wait until the bot that reads the channel has given back what is owed, or do it; gives what is owed still."""
    lease = Lease(place.store, place.queue, place.name, Chance().process_name(), clock, LEASE_S)
    writer = Writer(place.name, place.profile, place.queue, place.store, lease, clock, Troubles(), Metrics())
    until = clock.monotonic() + GIVEN_BACK_WITHIN_S
    while (owing := await _owing(place)) and clock.monotonic() < until:
        async with _reading(lease) as reader:
            if reader:
                await writer.load()
                await writer.give_all_back()
                return await _owing(place)
        await clock.pause(LOOK_EVERY_S)
    return owing


@contextlib.asynccontextmanager
async def _reading(lease: Lease) -> AsyncIterator[bool]:
    """Whether this process is the channel's reader, for the block; no bot is, then."""
    mine = await lease.take()
    try:
        yield mine
    finally:
        if mine:
            await lease.let_go()


async def _owing(place: Place) -> list[str]:
    """The outlets where something of ours may stand, with what happened there last."""
    known, writes = await place.known(), await place.store.writes(place.queue, place.name)
    owing = []
    for name in sorted(place.names & {name for name, one in known.items() if one.owes}):
        last = next((f" ({_ended(one)})" for one in writes if one.outlet == name), "")
        owing.append(f"{place.name} {name}{last}")
    return owing


async def _resume(places: Sequence[Place]) -> None:
    for place in places:
        if not await place.store.resume_outlets(place.queue, place.name):
            print(f"{place.name}  was not left to you")


# --- what it looks like ------------------------------------------------------------------------------------


async def report(place: Place, now: float) -> AsyncIterator[str]:
    """Every outlet of a channel in a few lines: what stands there, when it may change, the last writes."""
    known, writes = await place.known(), await place.store.writes(place.queue, place.name)
    left_at = await place.store.outlets_left(place.queue, place.name)
    for outlet in place.profile.outlets:
        mine = [one for one in writes if one.outlet == outlet.name]
        one = known.get(outlet.name, Known())
        yield f"{place.name}  {outlet.name}  {one_line(_standing(outlet, one, mine), LINE_CHARS)}"
        if not outlet.in_session and left_at is None:
            yield f"    the next change may come {_from(one.next_change_at(outlet, None, now), now)}"
        for line in _last(mine):
            yield f"    {line}"
    for name in sorted({name for name, one in known.items() if one.owes} - place.names):
        yield f"{place.name}  {name}  not in `profile` any more, and not put back: name it there, then restore"
    if left_at is not None:
        yield f"{place.name}  left to you since {_time(left_at)}, until: jono outlets resume {place.name}"


def _standing(outlet: Outlet, known: Known, writes: Sequence[Written]) -> str:
    last = next((one for one in writes if one.result == "ok"), None)
    if outlet.in_session:
        return "nothing yet" if last is None else f"{last.label}, for as long as the session lasts"
    if not known.owes:
        return "yours"
    label = next((one.label for one in writes if one.key == known.standing), "")
    since = f"since {_time(known.seen_at)}"
    return f"{label}, {since}" if known.certain else f"uncertain; tried last: {label}, {since}"


def _last(writes: Sequence[Written]) -> Iterator[str]:
    for one in writes[:WRITES_SHOWN]:
        what = "yours put back" if one.label == OWN else one.label
        yield f"{_time(one.at)}  {one_line(_ended(one), LINE_CHARS)}  {one_line(what, LINE_CHARS)}"


def _ended(written: Written) -> str:
    again = f"again after {written.retry_after_s:.0f} s" if written.retry_after_s is not None else ""
    return ", ".join(filter(None, (written.result, written.reason, again)))


def _from(at: float, now: float) -> str:
    return "at once" if at <= now else f"from {_time(at)}"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
