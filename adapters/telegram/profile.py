"""What people see of the bot before they write: its short description, its photo, and the lists of commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    InputProfilePhotoStatic,
    PhotoSize,
)

from adapters.base import CommandHelp, Outlet, Refused, Shown

SHORT_DESCRIPTION = Outlet("short_description", least_s=300, chars=120, per_language=True)
"""Shown on the bot's profile and where it is shared (https://core.telegram.org/bots/api#setmyshortdescription)."""
PHOTO = Outlet("photo", least_s=900, format="square", encoding="jpeg")
"""https://core.telegram.org/bots/api#setmyprofilephoto takes JPEG only; how often, it does not say."""
OUTLETS = {outlet.name: outlet for outlet in (SHORT_DESCRIPTION, PHOTO)}
SUMMARY_CHARS = 256
"""https://core.telegram.org/bots/api#botcommand"""


async def read(bot: Bot, name: str, languages: Iterable[str]) -> Shown:
    """What stands in the profile now."""
    return await (_read_photo(bot) if name == PHOTO.name else _read_short_description(bot, languages))


async def show(bot: Bot, name: str, shown: Shown) -> None:
    """Put it into the profile."""
    await (_show_photo(bot, shown) if name == PHOTO.name else _show_short_description(bot, shown))


async def _read_short_description(bot: Bot, languages: Iterable[str]) -> Shown:
    """The short description in every language; "" is for all others, whose text counts as none of a language's own."""
    texts = {code: (await bot.get_my_short_description(code or None)).short_description for code in languages}
    return {code: "" if code and text == texts[""] else text for code, text in texts.items()}


async def _show_short_description(bot: Bot, shown: Shown) -> None:
    """Put it there in every language given; an empty one is taken away."""
    if not isinstance(shown, Mapping):
        raise Refused("a short description is text")
    for code, text in shown.items():
        await bot.set_my_short_description(text, code or None)


async def _photos(bot: Bot) -> Sequence[Sequence[PhotoSize]]:
    """The bot's photo in its sizes, and none where it has none."""
    number = int(bot.token.partition(":")[0])
    return (await bot.get_user_profile_photos(number, limit=1)).photos


async def _read_photo(bot: Bot) -> bytes | None:
    for sizes in await _photos(bot):
        largest = max(sizes, key=lambda size: size.width)
        return bytes(await (await largest.get_file()).download_as_bytearray())
    return None


async def _show_photo(bot: Bot, shown: Shown) -> None:
    """Photos that stood there before stay behind it: where there was none, they are taken away one by one."""
    if isinstance(shown, Mapping):
        raise Refused("a photo is no text")
    if shown is not None:
        await bot.set_my_profile_photo(InputProfilePhotoStatic(shown))
        return
    while await _photos(bot):
        await bot.remove_my_profile_photo()


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
