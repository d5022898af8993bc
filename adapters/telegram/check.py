"""Whether the bot would work as it is configured: its token, its rights in the agents' group, who gets the updates."""

from __future__ import annotations

import contextlib

from telegram import Bot, ChatFullInfo, ChatMemberAdministrator
from telegram.constants import ChatType
from telegram.error import ChatMigrated, TelegramError

from adapters.base import Finding, Unheard
from adapters.telegram.calls import listening
from adapters.telegram.inlet import Inlet


async def findings(bot: Bot, inlet: Inlet, agents_chat: int, hook_url: str) -> list[Finding]:
    """What was looked at, and what is wrong with it. `hook_url` is empty where updates are pulled."""
    try:
        with listening():
            me = await bot.get_me()
            found = [Finding(f"the token is @{me.username}'s"), await _updates(bot, hook_url)]
    except Unheard as error:
        return [Finding("the token", str(error))]
    if not agents_chat:
        return [*found, Finding(f"no agents' group: agents work elsewhere{await _groups(inlet)}")]
    try:
        chat = await bot.get_chat(agents_chat)
        member = await bot.get_chat_member(agents_chat, me.id)
    except ChatMigrated as moved:
        return [
            *found,
            Finding("the agents' group", f"has another id now: agents_chat = {moved.new_chat_id}"),
        ]
    except TelegramError as error:
        way_out = f"add the bot to the group, and set agents_chat to the group's id{await _groups(inlet)}"
        return [*found, Finding("the agents' group", f"{error.message}: {way_out}")]
    admin = member if isinstance(member, ChatMemberAdministrator) else None
    return [
        *found,
        _group(chat),
        _reading(admin, bool(me.can_read_all_group_messages)),
        *_topics(chat, admin),
    ]


async def _groups(inlet: Inlet) -> str:
    """The groups that the bot has just been added to or hears of: their ids are hard to find otherwise."""
    seen: dict[int, str] = {}
    # Where updates are pushed they cannot be looked at.
    with contextlib.suppress(Unheard):
        for update in await inlet.peek():
            chat = update.effective_chat
            if chat is not None and chat.type in (ChatType.GROUP, ChatType.SUPERGROUP):
                seen[chat.id] = chat.title or ""
    return "".join(f"; the bot is in “{title}”: agents_chat = {number}" for number, title in seen.items())


async def _updates(bot: Bot, hook_url: str) -> Finding:
    hook = await bot.get_webhook_info()
    if not hook_url:
        return Finding(
            "updates are pulled" + (": the webhook that is set will be removed" if hook.url else "")
        )
    if hook.url not in ("", hook_url):
        return Finding("updates are pushed: the webhook that is set will be replaced")
    trouble = hook.last_error_message if hook.pending_update_count else ""
    return Finding("updates are pushed", trouble or "")


def _group(chat: ChatFullInfo) -> Finding:
    what = f"the agents' group “{chat.title}”"
    if chat.type == ChatType.GROUP:
        return Finding(
            what, "has no topics: turn on Topics in its settings, then set agents_chat to its new id"
        )
    if chat.type != ChatType.SUPERGROUP:
        return Finding(what, "is no group: make one, with Topics turned on, and set agents_chat to its id")
    if not chat.is_forum:
        return Finding(f"{what} has no topics: agents reply to cards (turn on Topics for one topic a case)")
    return Finding(f"{what} has topics")


def _reading(admin: ChatMemberAdministrator | None, reads_all: bool) -> Finding:
    if admin is not None or reads_all:
        return Finding("the bot reads what agents write")
    return Finding(
        "the bot reads what agents write",
        "it does not, being no administrator: make it one in the group's settings",
    )


def _topics(chat: ChatFullInfo, admin: ChatMemberAdministrator | None) -> list[Finding]:
    what = "the bot manages topics"
    if not chat.is_forum:
        return []
    if admin is None or not admin.can_manage_topics:
        way_out = "give it in the group's list of administrators"
        return [Finding(what, f"the right “Manage topics” is missing: {way_out}")]
    return [Finding(what)]
