"""Telegram: customers in private chats, agents in a group with a topic for each case.

python-telegram-bot gives the calls and the types; its Updater is not used, as it confirms updates to Telegram before
they are stored.

    options   what must be configured
    calls     what a failed call says of the message
    inlet     how updates come in
    updates   what they mean
    content   what a message says
    room      the agents' group
    media     files, out and in
    profile   what people see of the bot
    check     whether it would work
"""

from __future__ import annotations

import contextlib
import hmac
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, BinaryIO

from telegram import Bot, ReplyParameters
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError

from adapters.base import (
    Arrival,
    Busy,
    CommandAnswer,
    EditOut,
    EventOut,
    File,
    Finding,
    Inbox,
    Limits,
    MessageOut,
    NameRoom,
    OpenRoom,
    Outgoing,
    Outlet,
    Pace,
    Post,
    Receipt,
    Refused,
    RoomOut,
    ShowCard,
    Shown,
    Tools,
    Troubles,
    Undelivered,
    Untrusted,
    cut,
    read_object,
    utf16,
)
from adapters.telegram import media, profile
from adapters.telegram.calls import REASON_CHARS, Migrated, Request, listening, sending, unless_unchanged
from adapters.telegram.check import findings
from adapters.telegram.inlet import Inlet
from adapters.telegram.options import Options, examine
from adapters.telegram.room import Room
from adapters.telegram.updates import Reader

__all__ = ["Options", "Telegram", "open_channel"]

TEXT_UNITS, TITLE_CHARS, TOAST_CHARS = 4096, 120, 200
"""https://core.telegram.org/bots/api#sendmessage, #createforumtopic, #answercallbackquery"""
READ_TIMEOUT_S, CONNECT_TIMEOUT_S, POOL_TIMEOUT_S = 20.0, 5.0, 10.0
CONNECTIONS = 64
SENDS_AT_ONCE = 4
"""What a kill may leave uncertain: enough for thirty messages a second at a tenth of a second each."""
EVERYTHING = Pace("all", most=28, per_s=1.0)
"""30 messages a second over all chats (https://core.telegram.org/bots/faq#broadcasting-to-users), with some room for
what the way to Telegram does to their distances."""
PRIVATE_S = 1.1
"""One message a second to one chat (same page)."""
GROUP = Pace("group:agents", most=19, per_s=62.0)
"""20 messages a minute to one group (same page)."""
MARKS = Pace("marks:agents", most=10, per_s=10.0)
"""Reactions are no messages; what limits them is not told."""
MENDABLE = ("bot was kicked", "bot is not a member", "not enough rights", "chat not found", "is not a forum")
"""What keeps the bot out of its agents' group until somebody lets it in."""
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
CONVERSATION = re.compile(r"(?:b([^:]+):)?(-?[0-9]+)")
ANSWER_TO = re.compile(r"m(-?[0-9]+):([0-9]+):([0-9]+)")
log = logging.getLogger(__name__)


class Telegram:
    """One bot."""

    wants_events = False
    outlets: Sequence[Outlet]

    def __init__(self, options: Options, tools: Tools) -> None:
        self.outlets = tuple(profile.OUTLETS[name] for name in options.profile)
        self._options = options
        self._tools = tools
        self._troubles = Troubles(tools.report)
        self._requests = (_request(CONNECTIONS), _request(2))
        base = options.api_base.rstrip("/")
        self._bot = Bot(
            options.token,
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            request=self._requests[0],
            get_updates_request=self._requests[1],
        )
        self._reader = Reader(tools.agents, tools.queues, options.agents_chat)
        self._inlet = Inlet(
            self._bot,
            self._requests[1],
            self._reader,
            tools.hook_url,
            partial(self._troubles.report, "updates"),
        )
        self.limits = Limits(
            text_chars=TEXT_UNITS,
            resend_is_safe=False,
            sends_at_once=SENDS_AT_ONCE,
            measure=utf16,
            file_bytes=media.UPLOAD_BYTES,
            one_reader=options.mode == "polling",
            room=options.agents_chat != 0,
            title_chars=TITLE_CHARS,
        )

    # --- in ------------------------------------------------------------------------------------------------

    def accept(self, headers: Mapping[str, str], body: bytes, now: float) -> list[Arrival]:
        """Read one update that Telegram pushed. Raises Untrusted or Malformed."""
        given = headers.get(SECRET_HEADER) or headers.get(SECRET_HEADER.lower()) or ""
        expected = self._options.webhook_secret
        genuine = hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
        if self._options.mode != "webhook" or not genuine:
            raise Untrusted("the secret token does not match")
        return self._reader.arrivals(self._inlet.readable([read_object(body)]))

    async def listen(self, inbox: Inbox) -> None:
        """Pull updates, or tell Telegram where to push them. Raises Down or Unusable."""
        with listening():
            self._reader.username = (await self._bot.get_me()).username or ""
        await self._publish_commands()
        self._troubles.repeat()
        if self._options.mode == "webhook":
            await self._inlet.be_pushed(self._options.webhook_secret)
        else:
            await self._inlet.pull(inbox)

    async def _publish_commands(self) -> None:
        """The lists of commands are a courtesy, and the group may be closed to us: neither keeps us from customers."""
        trouble = ""
        try:
            await profile.publish_commands(self._bot, self._tools.commands)
            if self._reader.chat_id:
                await self._publish_desk()
        except TelegramError as error:
            trouble = f"the lists of commands cannot be published: {type(error).__name__}"
        self._troubles.report("commands", trouble)

    async def _publish_desk(self) -> None:
        trouble = ""
        try:
            await profile.publish_desk(self._bot, self._tools.commands, self._reader.chat_id)
        except ChatMigrated as moved:
            self._moved_to(moved.new_chat_id)
            await profile.publish_desk(self._bot, self._tools.commands, self._reader.chat_id)
        except (BadRequest, Forbidden) as error:
            trouble = f"the agents' group: {error.message[:REASON_CHARS]}"
        self._troubles.report("group", trouble)

    # --- out -----------------------------------------------------------------------------------------------

    def paces(self, outgoing: Outgoing) -> Sequence[Pace]:
        """A chat's own budget and that of the bot; toasts are free, in a group each file of an album is a message."""
        match outgoing:
            case MessageOut() | EditOut():
                return (EVERYTHING, Pace(f"chat:{outgoing.conversation_id}", 1, PRIVATE_S))
            case CommandAnswer() if not outgoing.answer_to.startswith("m"):
                return ()
            case CommandAnswer() if not outgoing.answer_to.startswith("m-"):
                return (EVERYTHING, Pace(f"chat:{outgoing.agent_id}", 1, PRIVATE_S))
            case Receipt():
                return (EVERYTHING, MARKS)
            case EventOut():
                return ()
            case _:
                return (EVERYTHING, replace(GROUP, draws=_messages(outgoing)))

    async def send(self, outgoing: Outgoing) -> str:
        """Send to a customer, an agent or the room. Raises Refused, Gone, Busy or Uncertain."""
        try:
            return await self._sent(outgoing)
        except Migrated as migrated:
            self._moved_to(migrated.chat_id)
        try:
            return await self._sent(outgoing)
        except Migrated as migrated:
            raise Refused("the group moves on and on") from migrated

    async def _sent(self, outgoing: Outgoing) -> str:
        try:
            with sending():
                sent = await self._send(outgoing)
        except Refused as refused:
            if isinstance(outgoing, RoomOut) and any(words in str(refused).lower() for words in MENDABLE):
                self._troubles.report("group", f"the agents' group: {refused}")
                raise Busy(str(refused)) from refused
            raise
        if isinstance(outgoing, RoomOut):
            self._troubles.report("group", "")
        return sent

    def _moved_to(self, chat_id: int) -> None:
        """The group has another id from now on; whoever starts the bot next must know it."""
        self._reader.moved_to(chat_id)
        log.warning("the agents' group has become a supergroup: set agents_chat = %d", chat_id)

    async def _send(self, outgoing: Outgoing) -> str:
        match outgoing:
            case MessageOut():
                return await self._message(outgoing)
            case EditOut():
                return await self._edit(outgoing)
            case CommandAnswer():
                return await self._answer(outgoing)
            case EventOut():
                return outgoing.key
            case _:
                return await self._in_room(outgoing)

    async def _message(self, out: MessageOut) -> str:
        business, chat_id = parse_conversation(out.conversation_id)
        if out.attachments:
            return await media.send_attachments(self._bot, chat_id, out.attachments, business=business)
        sent = await self._bot.send_message(chat_id, out.text, business_connection_id=business)
        return f"m{sent.message_id}"

    async def _edit(self, out: EditOut) -> str:
        business, chat_id = parse_conversation(out.conversation_id)
        number = int(out.message_id[1:])
        if out.text is None and business is not None:
            await self._bot.delete_business_messages(business, [number])
        elif out.text is None:
            await self._bot.delete_message(chat_id, number)
        else:
            await self._reword(out.text, chat_id, number, business)
        return out.message_id

    async def _reword(self, text: str, chat_id: int, number: int, business: str | None) -> None:
        """Change a text, or what stands under a file. That it stands there already is fine."""
        where: dict[str, Any] = {"chat_id": chat_id, "message_id": number, "business_connection_id": business}
        try:
            await unless_unchanged(self._bot.edit_message_text(text, **where))
        except BadRequest as error:
            if "no text in the message" not in error.message:
                raise
            await unless_unchanged(self._bot.edit_message_caption(caption=text, **where))

    async def _answer(self, out: CommandAnswer) -> str:
        if out.answer_to.startswith("q"):
            query = out.answer_to[1:]
            await self._bot.answer_callback_query(query, cut(out.text, TOAST_CHARS), show_alert=not out.ok)
            return out.key
        if not (where := ANSWER_TO.fullmatch(out.answer_to)):
            raise Refused("it is not told where to answer")
        chat, topic, message = map(int, where.groups())
        text = out.text
        if out.otherwise and chat < 0:
            # A group: all agents read what is written there.
            try:
                return f"m{(await self._bot.send_message(int(out.agent_id), text)).message_id}"
            except (Forbidden, BadRequest):
                text = out.otherwise
        sent = await self._bot.send_message(
            chat,
            cut(text, TEXT_UNITS),
            message_thread_id=topic or None,
            reply_parameters=ReplyParameters(message, allow_sending_without_reply=True),
        )
        return f"m{sent.message_id}"

    async def _in_room(self, out: RoomOut) -> str:
        room = Room(self._bot, self._reader.chat_id)
        match out:
            case OpenRoom():
                return await room.open(out)
            case ShowCard():
                return await room.card(out)
            case NameRoom():
                return await room.name(out)
            case Post():
                return await room.post(out)
            case Receipt():
                return await room.mark(out)

    # --- beside --------------------------------------------------------------------------------------------

    def invitation(self, payload: str) -> str:
        """`contact`, where that is a link to the bot: https://core.telegram.org/bots/features#deep-linking"""
        address = self._tools.contact
        if not payload:
            return address
        return f"{address}?start={payload}" if address.startswith("https://t.me/") else ""

    async def fetch(self, file: File, into: BinaryIO) -> None:
        """Write a file that somebody sent here. Raises Refused or Busy."""
        await media.fetch(self._bot, self._tools.http, file, into)

    async def show_typing(self, conversation_id: str, ref: str) -> None:
        """Show it for five seconds. Fails silently."""
        business, chat_id = parse_conversation(conversation_id)
        with contextlib.suppress(Undelivered, Migrated), sending():
            await self._bot.send_chat_action(chat_id, "typing", business_connection_id=business)

    async def read_outlet(self, name: str) -> Shown:
        """What stands in the profile. Raises Refused or Busy."""
        with sending():
            return await profile.read(self._bot, name, profile.languages_of(self._tools.commands))

    async def show_outlet(self, name: str, shown: Shown) -> None:
        """Change the profile. Raises Refused, Busy or Uncertain."""
        with sending():
            await profile.show(self._bot, name, shown)

    async def check(self) -> list[Finding]:
        """Whether it would work."""
        hook_url = self._tools.hook_url if self._options.mode == "webhook" else ""
        return await findings(self._bot, self._inlet, self._reader.chat_id, hook_url)

    async def aclose(self) -> None:
        """Close the connections."""
        for request in self._requests:
            await request.shutdown()


def parse_conversation(conversation_id: str) -> tuple[str | None, int]:
    """The business connection, if it is one's conversation, and the chat. Raises Refused."""
    named = CONVERSATION.fullmatch(conversation_id)
    if named is None:
        raise Refused("no such chat")
    return named[1], int(named[2])


def _messages(outgoing: Outgoing) -> int:
    """How many messages Telegram counts in a group."""
    match outgoing:
        case Post():
            return max(1, len(outgoing.attachments))
        case NameRoom():
            # The name, and that the topic is closed.
            return 1 if outgoing.open else 2
        case _:
            return 1


def _request(connections: int) -> Request:
    return Request(
        connection_pool_size=connections,
        read_timeout=READ_TIMEOUT_S,
        write_timeout=READ_TIMEOUT_S,
        connect_timeout=CONNECT_TIMEOUT_S,
        pool_timeout=POOL_TIMEOUT_S,
    )


def open_channel(options: Options, tools: Tools) -> Telegram:
    """Raises BadOptions when an option cannot work."""
    examine(options, tools)
    # They log addresses, which hold the token, and answers, which hold what people wrote.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("telegram").setLevel(logging.CRITICAL)
    return Telegram(options, tools)
