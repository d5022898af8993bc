"""Slash commands, made from the desk's table: agents' in their server, customers' everywhere.

A row's arguments become options: `[CASE] TEXT` an optional case and a text that must be given. Names and
descriptions are translated by Discord's own means: whoever uses it in Polish sees /przejmij, and /claim works too.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from discord import Client, Interaction, Locale, Permissions
from discord.app_commands import (
    AppCommandContext,
    AppInstallationType,
    Command,
    CommandTree,
    TranslationContextTypes,
    Translator,
    locale_str,
)

from adapters.base import CommandHelp

DESCRIPTION_CHARS = 100
"""https://discord.com/developers/docs/interactions/application-commands"""
AGENTS_SEE = Permissions(manage_threads=True)
"""Who is offered agents' commands; an administrator of the server may change it. Who may use them is checked again."""
_OPTION = re.compile(r"(\[?)([A-Z]+)\]?")

Run = Callable[[Interaction[Any], str, str], Awaitable[None]]
"""Carries out a command: the interaction, the command's name and its arguments as one line."""


@dataclass(frozen=True, slots=True)
class Option:
    """One argument of a command."""

    name: str
    required: bool


def options_of(arguments: str) -> list[Option]:
    """The options that the form of a command's arguments asks for, in its order."""
    if "|" in arguments:
        return [Option("arguments", required=False)]
    return [Option(name.lower(), required=not bracket) for bracket, name in _OPTION.findall(arguments)]


def command_of(row: CommandHelp, run: Run) -> Command[Any, ..., None]:
    """A row of the table as a command."""
    options = options_of(row.arguments)

    async def callback(interaction: Interaction[Any], **given: str) -> None:
        await run(
            interaction, row.name, " ".join(filter(None, (given.get(option.name) for option in options)))
        )

    # The library reads options off a function's signature.
    callback.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Interaction),
            *(
                inspect.Parameter(
                    option.name,
                    inspect.Parameter.KEYWORD_ONLY,
                    annotation=str,
                    default=inspect.Parameter.empty if option.required else "",
                )
                for option in options
            ),
        ]
    )
    description = locale_str(row.summary[:DESCRIPTION_CHARS], translations=row.summaries)
    name = locale_str(row.name, translations=row.names)
    command: Command[Any, ..., None] = Command(name=name, description=description, callback=callback)
    if row.for_agents:
        command.default_permissions = AGENTS_SEE
    else:
        command.allowed_contexts = AppCommandContext(guild=True, dm_channel=True, private_channel=True)
        command.allowed_installs = AppInstallationType(guild=True, user=True)
    return command


class Translations(Translator):
    """Takes translations of names and descriptions from the table."""

    async def translate(
        self, string: locale_str, locale: Locale, context: TranslationContextTypes
    ) -> str | None:
        """The text in one of Discord's languages; None where there is none."""
        translations: dict[str, str] = string.extras.get("translations", {})
        found = translations.get(locale.value.partition("-")[0])
        return found[:DESCRIPTION_CHARS] if found else None


async def digest(tree: CommandTree[Client], guilds: Sequence[Any]) -> str:
    """What tells these commands from others: they are published only when it changed."""
    rows = []
    for guild in (None, *guilds):
        for command in tree.get_commands(guild=guild):
            rows.append(await command.get_translated_payload(tree, Translations()))
    return hashlib.blake2b(json.dumps(rows, sort_keys=True).encode(), digest_size=9).hexdigest()
