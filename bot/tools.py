"""What the bot lends its adapters, and how they are opened: one channel object for each that is configured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from importlib import import_module
from types import MappingProxyType
from zoneinfo import ZoneInfo

from aiohttp import ClientSession

from adapters.base import (
    BadOptions,
    Bookmarks,
    Channel,
    CommandHelp,
    Mailbox,
    NoBookmarks,
    NoMailbox,
    NoStreams,
    Streams,
    Tools,
)
from bot import commands
from bot.clock import Clock
from bot.config import Config, ConfigError, Fault
from bot.words import Words

Report = Callable[[str, str], None]
"""Takes a channel's name and what is wrong with it, "" when nothing is."""


def unheard(channel: str, trouble: str) -> None:
    """Nobody listens: where channels are opened only to be looked at."""


def open_channels(
    config: Config,
    words: Words,
    clock: Clock,
    session: ClientSession,
    bookmarks: Mapping[str, Bookmarks] = MappingProxyType({}),
    report: Report = unheard,
    boxes: Mapping[str, Mailbox] = MappingProxyType({}),
    streams: Streams | None = None,
) -> dict[str, Channel]:
    """Open every configured channel, with its bookmarks and its mailbox where there are any. Raises ConfigError naming
    the key that cannot work."""
    rows = command_rows(words, config)
    opened: dict[str, Channel] = {}
    faults = []
    for name, settings in config.channels.items():
        tools = Tools(
            name=name,
            http=session,
            now=clock.real,
            commands=rows,
            agents=frozenset(settings.agents),
            queues=tuple(config.queues),
            language=config.bot.language,
            hook_url=hook_url(config, name),
            contact=settings.contact,
            bookmarks=bookmarks.get(name) or NoBookmarks(),
            mailbox=boxes.get(name) or NoMailbox(),
            streams=streams or NoStreams(),
            report=partial(report, name),
        )
        try:
            channel = import_module(f"adapters.{settings.adapter}").open_channel(settings.options, tools)
            channel.limits = replace(channel.limits, **settings.limits)
            opened[name] = channel
        except BadOptions as error:
            faults.append(Fault(f"channels.{name}.{error.key}", error.reason))
    if faults:
        raise ConfigError(faults)
    return opened


def hook_url(config: Config, channel: str) -> str:
    """Where a platform pushes to; "" when the configuration does not say how it reaches us."""
    base = config.server.public_url.rstrip("/")
    return f"{base}/hooks/{channel}" if base else ""


def command_rows(words: Words, config: Config) -> list[CommandHelp]:
    """The table of commands as adapters publish it: in the bot's language, and in every other."""
    zone = ZoneInfo(config.bot.time_zone)
    voices = {
        code: (words.agent(code, zone), words.customer(code, zone))
        for code in (*words.languages(), config.bot.language)
    }

    def summary(command: commands.Command, language: str) -> str:
        for_agents, for_customers = voices[language]
        return (for_agents if command.who == "agent" else for_customers).command_summary(command.name)

    return [
        CommandHelp(
            command.name,
            command.arguments,
            summary(command, config.bot.language),
            command.who == "agent",
            {language: summary(command, language) for language in words.languages()},
            {language: words.command_name(language, command.name) for language in words.languages()},
        )
        for command in commands.COMMANDS
    ]
