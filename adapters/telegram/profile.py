"""What people see of the bot before they write: its short description, and the lists of commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat

from adapters.base import CommandHelp, Outlet, Refused, Shown

SHORT_DESCRIPTION = Outlet("short_description", least_s=300, chars=120, per_language=True)
"""Shown on the bot's profile and where it is shared (https://core.telegram.org/bots/api#setmyshortdescription)."""
SUMMARY_CHARS = 256
"""https://core.telegram.org/bots/api#botcommand"""


async def read_short_description(bot: Bot, languages: Iterable[str]) -> Shown:
    """The short description in every language; "" is for all others, whose text counts as none of a language's own."""
    texts = {code: (await bot.get_my_short_description(code or None)).short_description for code in languages}
    return {code: "" if code and text == texts[""] else text for code, text in texts.items()}


async def show_short_description(bot: Bot, shown: Shown) -> None:
    """Put it there in every language given; an empty one is taken away."""
    if not isinstance(shown, Mapping):
        raise Refused("a short description is text")
    for code, text in shown.items():
        await bot.set_my_short_description(text, code or None)


def languages_of(commands: Sequence[CommandHelp]) -> list[str]:
    """All languages that texts are in, after "" for the default."""
    return ["", *sorted({code for command in commands for code in command.summaries})]


async def publish_commands(bot: Bot, commands: Sequence[CommandHelp]) -> None:
    """Customers see theirs in private chats, in their client's language."""
    for code in languages_of(commands):
        private = BotCommandScopeAllPrivateChats()
        await bot.set_my_commands(_list(commands, code, for_agents=False), private, code or None)


async def publish_desk(bot: Bot, commands: Sequence[CommandHelp], agents_chat: int) -> None:
    """Agents see theirs in their group."""
    for code in languages_of(commands):
        room = BotCommandScopeChat(agents_chat)
        await bot.set_my_commands(_list(commands, code, for_agents=True), room, code or None)


def _list(commands: Sequence[CommandHelp], code: str, *, for_agents: bool) -> list[BotCommand]:
    return [
        BotCommand(command.name, command.summaries.get(code, command.summary)[:SUMMARY_CHARS])
        for command in commands
        if command.for_agents is for_agents
    ]
