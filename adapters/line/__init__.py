"""LINE: customers who write to a LINE Official Account, by the Messaging API.

LINE pushes signed batches of events; what goes out is a reply, which is free but needs the event's token while that is
fresh, or a push, which counts to the month's messages and carries a retry key, so that repeating it is safe.

    events    what comes in, and what it means
    attached  files that go out
    calls     what LINE's answers say of a message
    check     whether it would work

Invariant: nothing of a request is read before its signature was found right; the token stands in no text.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, BinaryIO
from urllib.parse import quote

from adapters.base import (
    Arrival,
    BadOptions,
    CommandAnswer,
    Down,
    EventOut,
    File,
    Finding,
    Inbox,
    Limits,
    Malformed,
    MessageOut,
    Outgoing,
    Person,
    Refused,
    Tools,
    Troubles,
    Uncertain,
    Undelivered,
    Untrusted,
    Unusable,
    cut,
    each,
    examine_address,
    maybe_text,
    read_object,
    utf16,
)
from adapters.line.attached import message_of
from adapters.line.calls import Calls, sent_id, words_of
from adapters.line.check import WEBHOOK, findings
from adapters.line.events import KINDS, Event, arrival_of

__all__ = ["Line", "Options", "open_channel"]

TEXT_UNITS = 5_000
"""In UTF-16 units: https://developers.line.biz/en/reference/messaging-api/#text-message"""
FILE_BYTES = 50_000_000
"""LINE tells no limit of what is sent as a link."""
TOGETHER = 5
"""So many messages may be said at once: https://developers.line.biz/en/reference/messaging-api/#send-push-message"""
TYPING_S = 10
"""A multiple of five, from 5 to 60."""
FRESH_S = 20.0
"""How long a reply token is tried. LINE promises about a minute; it has been seen to end at half of that."""
RETRY_KEYS = bytes.fromhex("6a6f6e6f6c694e658b6579732d763031")
"""The namespace in which keys of messages become UUIDs."""
ACCEPTED_BEFORE = 409
USED_OR_OLD = "invalid reply token"


@dataclass(frozen=True, slots=True)
class Options:
    """`secret`: the channel secret, or several during rotation; `token`: the channel access token; `api_base` and
    `data_base`: LINE's addresses for all else and for files."""

    secret: str | tuple[str, ...] = field(repr=False)
    token: str = field(repr=False)
    api_base: str = "https://api.line.me"
    data_base: str = "https://api-data.line.me"


def retry_key(key: str) -> str:
    """The UUID that a message's key becomes, the same in every attempt (version 5 of RFC 9562)."""
    digest = hashlib.sha1(RETRY_KEYS + key.encode(), usedforsecurity=False).hexdigest()
    variant = f"{int(digest[16], 16) & 0b0011 | 0b1000:x}"
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


class Line:
    """One LINE Official Account."""

    wants_events = False
    limits = Limits(TEXT_UNITS, resend_is_safe=True, measure=utf16, file_bytes=FILE_BYTES)

    def __init__(self, options: Options, tools: Tools) -> None:
        self._secrets = tuple(secret.encode() for secret in each(options.secret))
        self._tools = tools
        self._troubles = Troubles(tools.report)
        bases = (options.api_base, options.data_base)
        self._calls = Calls(tools.http, options.token, bases, partial(self._troubles.report, "sending"))

    # --- in ------------------------------------------------------------------------------------------------

    def accept(self, headers: Mapping[str, str], body: bytes, now: float) -> list[Arrival]:
        """Verify and read one batch of events; an empty one is how LINE tries the address. Raises Untrusted or
        Malformed."""
        given = headers.get("x-line-signature") or headers.get("X-Line-Signature") or ""
        signature = given.encode("utf-8", "replace")
        expected = (base64.b64encode(hmac.digest(secret, body, "sha256")) for secret in self._secrets)
        if not any(hmac.compare_digest(one, signature) for one in expected):
            raise Untrusted("x-line-signature does not match")
        batch = read_object(body)
        events = batch.get("events")
        if not isinstance(events, list):
            raise Malformed("events: a list is wanted")
        ourselves, agents, queues = batch.get("destination"), self._tools.agents, self._tools.queues
        read = (Event(event, f"events.{number}") for number, event in enumerate(events))
        arrivals = (arrival_of(event, ourselves, agents, queues) for event in read)
        return [arrival for arrival in arrivals if arrival is not None]

    async def listen(self, inbox: Inbox) -> None:
        """Tell LINE where to push, and wait. Raises Down or Unusable."""
        try:
            await self._be_pushed()
        except Refused as error:
            raise Unusable(str(error)) from error
        except Undelivered as error:
            raise Down(str(error)) from error
        await asyncio.Event().wait()

    async def _be_pushed(self) -> None:
        hook_url = self._tools.hook_url
        if not hook_url.startswith("https://"):
            self._troubles.report("webhook", "LINE pushes to https:// only: see server.public_url")
            return
        hook = await self._calls.ask("GET", WEBHOOK, unset_is_fine=True)
        if hook.get("endpoint") != hook_url:
            await self._calls.ask("PUT", WEBHOOK, {"endpoint": hook_url})
            hook = await self._calls.ask("GET", WEBHOOK)
        off = "“Use webhook” is off in LINE's console: nothing comes in"
        self._troubles.report("webhook", "" if hook.get("active") else off)

    # --- out -----------------------------------------------------------------------------------------------

    async def send(self, outgoing: Outgoing) -> str:
        """Say it to a customer or an agent. Raises Refused, Busy or Uncertain."""
        match outgoing:
            case MessageOut(attachments=attachments):
                messages = [message_of(one) for one in attachments] or [_text(outgoing.text)]
                sent = await self._say(outgoing.conversation_id, messages[:TOGETHER], outgoing)
                for n in range(TOGETHER, len(messages), TOGETHER):
                    more = replace(outgoing, key=f"{outgoing.key}-{n}", answer_to="")
                    await self._say(outgoing.conversation_id, messages[n : n + TOGETHER], more)
                return sent
            case CommandAnswer():
                return await self._say(outgoing.agent_id, [_text(cut(outgoing.text, TEXT_UNITS))], outgoing)
            case EventOut():
                return outgoing.key
        raise Refused("LINE changes nothing that was sent")

    async def _say(
        self, to: str, messages: Sequence[Mapping[str, Any]], outgoing: MessageOut | CommandAnswer
    ) -> str:
        if token := self._fresh(outgoing.answer_to):
            sent = await self._reply({"replyToken": token, "messages": messages})
            if sent is not None:
                return sent or outgoing.key
        once, push = {"X-Line-Retry-Key": retry_key(outgoing.key)}, {"to": to, "messages": messages}
        answer = await self._calls.post("/v2/bot/message/push", push, once)
        if answer.status != ACCEPTED_BEFORE:
            self._calls.judge(answer)
        return sent_id(answer) or outgoing.key

    def _fresh(self, answer_to: str) -> str:
        """The reply token, unless it is too old to be tried."""
        at_ms, _, token = answer_to.partition(":")
        return token if at_ms and abs(self._tools.now() - int(at_ms) / 1000) < FRESH_S else ""

    async def _reply(self, reply: Mapping[str, Any]) -> str | None:
        """The message's id, "" if unknown; None when the token is used or too old. As it can be used once, a reply of
        which nobody knows is tried again at once: if the token is used up now, that was the first one."""
        try:
            return await self._replied(reply)
        except Uncertain:
            return await self._replied(reply) or ""

    async def _replied(self, reply: Mapping[str, Any]) -> str | None:
        answer = await self._calls.post("/v2/bot/message/reply", reply)
        if answer.status == 400 and USED_OR_OLD in words_of(answer).lower():
            return None
        self._calls.judge(answer)
        return sent_id(answer)

    # --- beside --------------------------------------------------------------------------------------------

    def invitation(self, payload: str) -> str:
        """`contact`, where that names the account, with a text for the customer to send:
        https://developers.line.biz/en/docs/messaging-api/using-line-url-scheme/"""
        address = self._tools.contact
        account = address.partition("/ti/p/")[2]
        if not payload:
            return address
        said = quote(f"/start {payload}")
        return f"https://line.me/R/oaMessage/{quote(account, safe='')}/?{said}" if account else ""

    async def person_of(self, customer_id: str) -> Person:
        """Whom LINE says a customer is; it keeps that from accounts which are not among their friends:
        https://developers.line.biz/en/reference/messaging-api/#get-profile. Raises Refused or Busy."""
        path = f"/v2/bot/profile/{quote(customer_id, safe='')}"
        told = await self._calls.ask("GET", path, unset_is_fine=True)
        return Person(customer_id, maybe_text(told, "displayName"), maybe_text(told, "language"))

    async def fetch(self, file: File, into: BinaryIO) -> None:
        """Write what a customer sent. Raises Refused or Busy."""
        if file.kind not in KINDS.values():
            raise Refused(f"LINE gives no content of a {file.kind}")
        await self._calls.content(f"/v2/bot/message/{quote(file.ref, safe='')}/content", into)

    async def show_typing(self, conversation_id: str, ref: str) -> None:
        """Show LINE's dots for ten seconds, or until a message comes. Fails silently."""
        with contextlib.suppress(Undelivered):
            dots = {"chatId": conversation_id, "loadingSeconds": TYPING_S}
            await self._calls.ask("POST", "/v2/bot/chat/loading/start", dots)

    async def check(self) -> list[Finding]:
        """Whether it would work."""
        return await findings(self._calls, self._tools.hook_url)

    async def aclose(self) -> None:
        """Nothing was opened."""


def _text(text: str) -> Mapping[str, Any]:
    return {"type": "text", "text": text}


def open_channel(options: Options, tools: Tools) -> Line:
    """Raises BadOptions when an option cannot work."""
    if not options.secret or not all(each(options.secret)):
        raise BadOptions("secret", "is empty; it stands in LINE's console, Basic settings, Channel secret")
    if not (options.token.isascii() and options.token.isprintable() and options.token):
        raise BadOptions("token", "is no channel access token; LINE's console issues one, Messaging API")
    for key in ("api_base", "data_base"):
        examine_address(key, getattr(options, key))
    return Line(options, tools)
