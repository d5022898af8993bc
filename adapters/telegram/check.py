"""Whether the bot would work as it is configured: its token, its rights in the agents' group, who gets the updates."""

from __future__ import annotations

from telegram import Bot, ChatFullInfo, ChatMemberAdministrator
from telegram.constants import ChatType
from telegram.error import TelegramError

from adapters.base import Finding, Unheard
from adapters.telegram.calls import listening


async def findings(bot: Bot, agents_chat: int, *, polling: bool) -> list[Finding]:
    """What was looked at, and what is wrong with it."""
    try:
        with listening():
            me = await bot.get_me()
    except Unheard as error:
        return [Finding("the token", str(error))]
    found = [Finding(f"the token: it is @{me.username}'s"), await _updates(bot, polling)]
    if not agents_chat:
        return [*found, Finding("no agents' group: agents work elsewhere")]
    try:
        chat = await bot.get_chat(agents_chat)
        member = await bot.get_chat_member(agents_chat, me.id)
    except TelegramError as error:
        way_out = "add the bot to the group, and set agents_chat to the group's id"
        return [*found, Finding("the agents' group", f"{error.message}; {way_out}")]
    return [
        *found,
        *_group(chat),
        *_rights(chat, member if isinstance(member, ChatMemberAdministrator) else None),
    ]


async def _updates(bot: Bot, polling: bool) -> Finding:
    hook = await bot.get_webhook_info()
    if polling:
        return Finding(
            "updates are pulled" + (": the webhook that is set will be removed" if hook.url else "")
        )
    return Finding("updates are pushed", hook.last_error_message or "")


def _group(chat: ChatFullInfo) -> list[Finding]:
    what = f"the agents' group “{chat.title}”"
    if chat.type != ChatType.SUPERGROUP:
        return [
            Finding(
                what, "is no supergroup: turn on Topics in its settings, then set agents_chat to its new id"
            )
        ]
    if not chat.is_forum:
        return [Finding(f"{what} has no topics: agents reply to cards (turn on Topics for one topic a case)")]
    return [Finding(f"{what} has topics")]


def _rights(chat: ChatFullInfo, admin: ChatMemberAdministrator | None) -> list[Finding]:
    what = "the bot's rights in the group"
    if admin is None:
        return [
            Finding(what, "the bot is no administrator, so it cannot read what agents write: make it one")
        ]
    if chat.is_forum and not admin.can_manage_topics:
        return [
            Finding(
                what, "the right “Manage topics” is missing: give it in the group's list of administrators"
            )
        ]
    return [Finding(what)]
