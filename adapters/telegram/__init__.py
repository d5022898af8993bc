"""Telegram: customers in private chats, agents in a group with a topic for each case.

The updates are pulled by our own loop or pushed to a webhook; python-telegram-bot gives the calls and the types, and
its Updater is not used: it confirms updates to Telegram before they are stored
(https://core.telegram.org/bots/api#getting-updates).

    calls    what a failed call says of the message
    updates  updates as arrivals
    room     the agents' group
    media    files
    profile  what people see of the bot
    check    whether it would work

Invariant: an update is confirmed only after all that it meant was taken in.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from telegram import Bot, ReplyParameters, Update
from telegram.request import HTTPXRequest

from adapters.base import (
    Arrival,
    BadOptions,
    CommandAnswer,
    EditOut,
    EventOut,
    File,
    Finding,
    Inbox,
    Limits,
    Malformed,
    MessageOut,
    NameRoom,
    OpenRoom,
    Outgoing,
    Pace,
    Post,
    Receipt,
    Refused,
    ShowCard,
    Shown,
    Tools,
    Untrusted,
)
from adapters.telegram import media, profile
from adapters.telegram.calls import Migrated, listening, sending
from adapters.telegram.check import findings
from adapters.telegram.room import SAME, Room
from adapters.telegram.updates import ALLOWED, Reader, utf16

TEXT_UNITS, TITLE_CHARS, TOAST_CHARS = 4096, 120, 200
"""https://core.telegram.org/bots/api#sendmessage, #createforumtopic (in UTF-16 units), #answercallbackquery"""
POLL_S = 30
READ_TIMEOUT_S, CONNECT_TIMEOUT_S, POOL_TIMEOUT_S = 20.0, 5.0, 10.0
EVERYTHING = Pace("all", every_s=1 / 25, burst=5)
"""30 messages a second over all chats (https://core.telegram.org/bots/faq#broadcasting-to-users)."""
PRIVATE_S = 1.0
"""One message a second to one chat (same page)."""
GROUP = Pace("group", every_s=3.75, burst=4)
"""20 messages a minute to one group (same page): four at once and sixteen more within the minute."""
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
TOKEN = re.compile(r"\d+:[\w-]+")
SECRET = re.compile(r"[\w-]{1,256}")


@dataclass(frozen=True, slots=True)
class Options:
    """`token` from @BotFather; `agents_chat`: the id of the agents' group, 0 for none; `mode`: how updates come;
    `webhook_secret`: what Telegram shows when it pushes; `api_base`: the Bot API's address."""

    token: str = field(repr=False)
    mode: Literal["polling", "webhook"] = "polling"
    webhook_secret: str = field(default="", repr=False)
    agents_chat: int = 0
    api_base: str = "https://api.telegram.org"


class Telegram:
    """One bot."""

    wants_events = False
    outlets = (profile.SHORT_DESCRIPTION,)

    def __init__(self, options: Options, tools: Tools) -> None:
        self._options = options
        self._tools = tools
        self._chat_id = options.agents_chat
        self._room: Room | None = None
        self._requests = (_request(), _request(connections=2))
        self._bot = Bot(
            options.token,
            base_url=f"{options.api_base}/bot",
            base_file_url=f"{options.api_base}/file/bot",
            request=self._requests[0],
            get_updates_request=self._requests[1],
        )
        self._reader = Reader(tools.agents, tools.queues, options.agents_chat)
        self.limits = Limits(
            text_chars=TEXT_UNITS,
            resend_is_safe=False,
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
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            raise Malformed("the body is not JSON") from None
        if not isinstance(update, dict):
            raise Malformed("body: must be an object")
        return self._reader.arrivals(self._updates([update]))

    async def listen(self, inbox: Inbox) -> None:
        """Pull updates, or tell Telegram where to push them. Raises Down or Unusable."""
        with listening():
            self._reader.username = (await self._bot.get_me()).username or ""
            await profile.publish_commands(self._bot, self._tools.commands, self._chat_id)
            if self._options.mode == "webhook":
                await self._bot.set_webhook(
                    self._tools.hook_url,
                    allowed_updates=ALLOWED,
                    secret_token=self._options.webhook_secret,
                )
                await asyncio.Event().wait()
            await self._bot.delete_webhook()
            await self._pull(inbox)

    async def _pull(self, inbox: Inbox) -> None:
        """Each call confirms all updates before `offset`: so it is made after they were taken in."""
        offset: int | None = None
        while True:
            batch = await self._bot.do_api_request(
                "getUpdates",
                {"offset": offset, "timeout": POLL_S, "allowed_updates": ALLOWED},
                read_timeout=POLL_S + READ_TIMEOUT_S,
            )
            for arrival in self._reader.arrivals(self._updates(batch)):
                await inbox(arrival)
            if batch:
                offset = batch[-1]["update_id"] + 1

    def _updates(self, raw: Sequence[Mapping[str, Any]]) -> list[Update]:
        """One that the library cannot read, for being newer than it, must not stop all others."""
        read = []
        for one in raw:
            try:
                read.append(Update.de_json(dict(one), self._bot))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                logging.getLogger(__name__).warning("an update cannot be read: %s", type(error).__name__)
        return read

    # --- out -----------------------------------------------------------------------------------------------

    def paces(self, outgoing: Outgoing) -> Sequence[Pace]:
        """A chat's own budget and that of the bot; toasts are free."""
        match outgoing:
            case MessageOut() | EditOut():
                return (EVERYTHING, Pace(f"chat:{outgoing.conversation_id}", PRIVATE_S))
            case CommandAnswer() if outgoing.answer_to.startswith("q"):
                return ()
            case _:
                return (EVERYTHING, GROUP)

    async def send(self, outgoing: Outgoing) -> str:
        """Send to a customer, an agent or the room. Raises Refused, Gone, Busy or Uncertain."""
        try:
            with sending():
                return await self._send(outgoing)
        except Migrated as migrated:
            self._moved_to(migrated.chat_id)
        try:
            with sending():
                return await self._send(outgoing)
        except Migrated as migrated:
            raise Refused("the group moves on and on") from migrated

    def _moved_to(self, chat_id: int) -> None:
        """The group has another id from now on; whoever starts the bot next must know it."""
        self._reader.chats.add(chat_id)
        self._chat_id, self._room = chat_id, None
        self._tools.report(f"the agents' group has become a supergroup: set agents_chat = {chat_id}")

    async def _send(self, outgoing: Outgoing) -> str:
        match outgoing:
            case MessageOut():
                return await self._message(outgoing)
            case EditOut():
                return await self._edit(outgoing)
            case CommandAnswer():
                return await self._answer(outgoing)
            case EventOut():
                return SAME
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
        if out.text is not None:
            await self._bot.edit_message_text(out.text, chat_id, number, business_connection_id=business)
        elif business is not None:
            await self._bot.delete_business_messages(business, [number])
        else:
            await self._bot.delete_message(chat_id, number)
        return out.message_id

    async def _answer(self, out: CommandAnswer) -> str:
        kind, rest = out.answer_to[:1], out.answer_to[1:]
        if kind == "q":
            await self._bot.answer_callback_query(rest, cut(out.text, TOAST_CHARS), show_alert=not out.ok)
            return SAME
        chat, _, numbers = rest.partition(":")
        topic, _, message = numbers.partition(":")
        sent = await self._bot.send_message(
            int(chat),
            cut(out.text, TEXT_UNITS),
            message_thread_id=int(topic) or None,
            reply_parameters=ReplyParameters(int(message), allow_sending_without_reply=True),
        )
        return f"m{sent.message_id}"

    async def _in_room(self, out: OpenRoom | ShowCard | NameRoom | Post | Receipt) -> str:
        if self._room is None:
            topics = bool((await self._bot.get_chat(self._chat_id)).is_forum)
            self._room = Room(self._bot, self._chat_id, topics)
        match out:
            case OpenRoom():
                return await self._room.open(out)
            case ShowCard():
                return await self._room.card(out)
            case NameRoom():
                return await self._room.name(out)
            case Post():
                return await self._room.post(out)
            case Receipt():
                return await self._room.mark(out)

    # --- beside --------------------------------------------------------------------------------------------

    async def fetch(self, file: File) -> bytes:
        """The content of a file that somebody sent here. Raises Refused or Busy."""
        with sending():
            return await media.fetch(self._bot, file)

    async def show_typing(self, conversation_id: str) -> None:
        """Show it for five seconds."""
        business, chat_id = parse_conversation(conversation_id)
        with sending():
            await self._bot.send_chat_action(chat_id, "typing", business_connection_id=business)

    async def read_outlet(self, name: str) -> Shown:
        """The short description as it stands. Raises Refused or Busy."""
        with sending():
            return await profile.read_short_description(self._bot, profile.languages_of(self._tools.commands))

    async def show_outlet(self, name: str, shown: Shown) -> None:
        """Change the short description. Raises Refused, Busy or Uncertain."""
        with sending():
            await profile.show_short_description(self._bot, shown)

    async def check(self) -> list[Finding]:
        """Whether it would work."""
        return await findings(self._bot, self._chat_id, polling=self._options.mode == "polling")

    async def aclose(self) -> None:
        """Close the connections."""
        for request in self._requests:
            await request.shutdown()


def parse_conversation(conversation_id: str) -> tuple[str | None, int]:
    """The business connection, if it is one's conversation, and the chat."""
    connection, _, chat_id = conversation_id.rpartition(":")
    return (connection.removeprefix("b") or None), int(chat_id)


def cut(text: str, most: int) -> str:
    """The beginning of a text, as many UTF-16 units as fit."""
    if utf16(text) <= most:
        return text
    kept = text.encode("utf-16-le", "surrogatepass")[: 2 * (most - 1)]
    return kept.decode("utf-16-le", "ignore") + "…"


def _request(connections: int = 64) -> HTTPXRequest:
    return HTTPXRequest(
        connection_pool_size=connections,
        read_timeout=READ_TIMEOUT_S,
        write_timeout=READ_TIMEOUT_S,
        connect_timeout=CONNECT_TIMEOUT_S,
        pool_timeout=POOL_TIMEOUT_S,
    )


def open_channel(options: Options, tools: Tools) -> Telegram:
    """Raises BadOptions when an option cannot work."""
    if not TOKEN.fullmatch(options.token):
        raise BadOptions("token", "is no bot token; @BotFather gives one such as 123456:ABC-DEF")
    if not options.api_base.startswith(("http://", "https://")):
        raise BadOptions("api_base", "must begin with https:// or http://")
    if options.agents_chat > 0:
        raise BadOptions(
            "agents_chat", "is the id of a person; ids of groups are negative, such as -1001234567890"
        )
    if options.mode == "webhook":
        if not SECRET.fullmatch(options.webhook_secret):
            raise BadOptions(
                "webhook_secret", "must be 1 to 256 letters, digits, _ and -; Telegram shows it to us"
            )
        if not tools.hook_url:
            raise BadOptions(
                "mode", 'is "webhook", but server.public_url does not say where Telegram reaches us'
            )
    # It logs every address at level INFO, and the token is part of the address.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return Telegram(options, tools)
