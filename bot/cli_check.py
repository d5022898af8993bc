"""`jono check`: is the configuration right, the store safe, and would every channel work on its platform?

It changes nothing anywhere, prints what was looked at and what is wrong with its way out, and shows no secret,
whatever a platform answers.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping

from adapters.base import Channel, ChannelError, Checked, Finding
from bot.cli_common import Failure, config_of, opened_store, with_config
from bot.clock import Clock
from bot.config import Config
from bot.config.channels import ChannelSettings, secret_keys
from bot.config.faults import dotted
from bot.descriptors import shortage
from bot.fetch import open_session
from bot.supervise import outcome
from bot.tools import open_channels
from bot.words import Words
from bot.words.plain import LINE_CHARS, one_line

ASKED_WITHIN_S = 30.0
HIDDEN = "***"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `jono check`."""
    with_config(parser)
    parser.add_argument("--store", action="store_true", help="also reach the store and check that it is safe")
    parser.add_argument("--offline", action="store_true", help="ask no platform")


async def check(options: argparse.Namespace) -> int:
    """The command. Raises ConfigError, UnsafeStore, StoreDown, or Failure when something is wrong."""
    config = config_of(options)
    words, clock = Words(config.bot.language), Clock()
    async with open_session(allow_private=config.outgoing.allow_private) as session:
        channels = open_channels(config, words, clock, session)
        try:
            if options.store:
                async with opened_store(config, clock) as store:
                    await asyncio.gather(*(store.probe(queue) for queue in config.queues))
            print(
                f"The configuration is right: {len(config.queues)} queue(s), {len(config.channels)} channel(s)."
            )
            if short := shortage(config.limits):
                print(f"jono: warning: {short}", file=sys.stderr)
            for fault in _not_drawn(config):
                print(f"jono: warning: {fault}", file=sys.stderr)
            wrong = 0 if options.offline else await _ask(config, channels)
        finally:
            for channel in channels.values():
                await channel.aclose()
    if wrong:
        raise Failure(f"{wrong} thing(s) must be mended before all channels work: the lines marked WRONG")
    return 0


def _not_drawn(config: Config) -> Iterator[str]:
    """Names that banners cannot show, with the way out."""
    # Reading fonts takes a library that no other part of this command needs.
    from bot.font import MissingGlyphs, typeface

    names = {"bot.name": config.bot.name}
    names |= {dotted(("queues", queue, "title")): config.title(queue) for queue in config.queues}
    for key, name in names.items():
        if missing := typeface(config.brand.fonts).missing(name):
            yield f"{key}: banners cannot show it: {MissingGlyphs(missing)}"


async def _ask(config: Config, channels: Mapping[str, Channel]) -> int:
    """Ask the channels that can tell, and print what they say; gives how many things are wrong."""
    checked = {name: channel for name, channel in channels.items() if isinstance(channel, Checked)}
    answers = await asyncio.gather(*map(findings, checked.values()))
    found = [(name, one) for name, answer in zip(checked, answers, strict=True) for one in answer]
    for name, one in found:
        print(line(name, one, secrets(config.channels[name])))
    return sum(bool(one.wrong) for _, one in found)


async def findings(channel: Checked) -> list[Finding]:
    """What a channel finds. One that cannot even look has found that."""
    found: list[Finding] = []

    async def look() -> None:
        async with asyncio.timeout(ASKED_WITHIN_S):
            found.extend(await channel.check())

    match await outcome(look()):
        case None:
            return found
        case TimeoutError():
            return [
                Finding(
                    "the platform", f"no answer within {ASKED_WITHIN_S:.0f} s; is it reachable from here?"
                )
            ]
        case ChannelError() as error:
            return [Finding("the platform", str(error))]
        case error:
            # Its text is not ours and may hold an address with a token in it.
            return [Finding("the platform", f"looking at it failed ({type(error).__name__})")]


def line(channel: str, finding: Finding, hidden: frozenset[str]) -> str:
    """A finding as it is printed: `tg  ok  ...` or `tg  WRONG  what: why; way out`."""
    mark = "WRONG" if finding.wrong else "ok"
    text = ": ".join(filter(None, (finding.what, finding.wrong)))
    for secret in sorted(hidden, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return f"{channel}  {mark:<5}  {one_line(text, LINE_CHARS)}"


def secrets(settings: ChannelSettings) -> frozenset[str]:
    """Everything in a channel's table that must not be shown."""
    return frozenset(_texts(getattr(settings, key) for key in secret_keys(settings.adapter)))


def _texts(values: object) -> Iterator[str]:
    if isinstance(values, str):
        if values:
            yield values
    elif isinstance(values, Iterator | tuple | list):
        for value in values:
            yield from _texts(value)
