"""Viber: customers in private chats with a bot, over https://developers.viber.com/docs/api/rest-bot-api.

Viber pushes events, each signed with the bot's token, and answers every call with HTTP 200: what became of a message
stands in the answer's `status`. Files go both ways by address alone.

Invariant: nothing of a request is read before its signature was found right, and no token and no text of a customer
stands in an error.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from adapters.base import (
    AgentCommand,
    Arrival,
    Attachment,
    BadOptions,
    Busy,
    CommandAnswer,
    CustomerGone,
    CustomerMessage,
    Down,
    EventOut,
    File,
    FileKind,
    Finding,
    Inbox,
    Limits,
    Malformed,
    MessageOut,
    Outgoing,
    Person,
    Pushed,
    Refused,
    Told,
    Tools,
    Troubles,
    Uncertain,
    Undeliverable,
    Undelivered,
    Untrusted,
    Unusable,
    call,
    cut,
    download,
    each,
    examine_address,
    one_by_one,
    read_object,
    read_text,
    utf16,
    wanted_object,
    wanted_text,
)

OFFICIAL = "https://chatapi.viber.com/pa"
SIGNATURE = "X-Viber-Content-Signature"
EVENTS = ("subscribed", "unsubscribed", "conversation_started", "failed")
"""What is pushed beside messages. Not asked for: `delivered` and `seen`, two for each message of ours."""
# Viber does not say in which units it counts texts; UTF-16 units are never fewer than any other's.
TEXT_UNITS, BODY_BYTES, SENDER_CHARS, LINK_CHARS, FILE_BYTES = 7_000, 30_000, 28, 2_000, 50_000_000
PICTURE_BYTES, FILM_BYTES, FILM, NAME_CHARS = 1_000_000, 26_000_000, "video/mp4", 256
"""What is shown in the chat; all else is a file there: #picture-message, #video-message and #file-message."""
REASON_CHARS = 200
WATCH_S = 600.0
"""How often it is looked whether events still come to us."""
QUEUE_MARK = "queue:"
"""Leads a queue in a welcome's `tracking_data`, which comes back with the customer's answer to it."""
KINDS: Mapping[str, FileKind] = {
    "picture": "photo",
    "video": "video",
    "file": "document",
    "sticker": "sticker",
}
SENDING = "messages cannot be sent"
UNCERTAIN = frozenset({500, 502, 504})
"""From somebody between us and Viber, who may have passed the message on; 429 and 503 have not."""
OK, NO_WEBHOOK, BAD_TOKEN, TOO_MANY, LAST = 0, 1, 2, 12, 24
"""All statuses up to LAST are told under #error-codes of the page above; others are a general error, which may pass."""
NEVER: Mapping[int, str] = {
    5: "the customer is not on Viber any more",
    6: "the customer has not written to this bot, or has unsubscribed from it",
    11: "the customer's Viber is too old for bots",
    21: "Viber does not bring messages of bots to the customer's country",
}
OURS: Mapping[int, str] = {
    BAD_TOKEN: "the token is not accepted; take it anew from Viber's settings of the bot",
    7: "Viber has blocked the bot",
    8: "the token is not that of a bot",
    9: "Viber has suspended the bot",
    10: "Viber knows no webhook of the bot",
    15: "the bot is not authorised",
    23: "this month's free messages are used up",
    24: "the bot's account has no balance",
}
"""What somebody must mend, and may: messages wait for it."""


@dataclass(frozen=True, slots=True)
class Options:
    """`token`: the bot's, or several during rotation (the first one sends); `sender`: the name above each message;
    `welcome`: what stands in a chat that was opened and not written in yet; `api_base`: Viber's address."""

    token: str | tuple[str, ...] = field(repr=False)
    sender: str
    welcome: str = ""
    api_base: str = OFFICIAL


class Viber:
    """One bot."""

    wants_events = False
    # An empty answer: anything else to `conversation_started` would be taken for a welcome.
    thanks = Told()

    def __init__(self, tokens: tuple[str, ...], options: Options, tools: Tools) -> None:
        self._tokens = tokens
        self._options = options
        self._tools = tools
        self._base = options.api_base.rstrip("/")
        self._troubles = Troubles(tools.report, named=True)
        self.limits = Limits(TEXT_UNITS, resend_is_safe=False, measure=utf16, file_bytes=FILE_BYTES)

    # --- in ------------------------------------------------------------------------------------------------

    def accept(self, headers: Mapping[str, str], body: bytes, now: float) -> list[Arrival]:
        """Verify and read one event. Raises Untrusted or Malformed."""
        event = self._genuine(headers, body)
        match wanted_text(event, "event"):
            case "message":
                return self._message(event)
            case "unsubscribed":
                return [CustomerGone(_token_of(event), wanted_text(event, "user_id"))]
            case "failed":
                # The token is that of our message, and each device of the customer may tell it.
                reason = read_text(event, "desc")[:REASON_CHARS] or "Viber does not say why"
                return [Undeliverable(f"failed-{_token_of(event)}", wanted_text(event, "user_id"), reason)]
        return []

    def answer(self, pushed: Pushed, now: float) -> Told | None:
        """Welcome who opens the chat; a link's `context` names a queue. Raises Untrusted or Malformed."""
        if not self._options.welcome or b"conversation_started" not in pushed.body:
            return None
        event = self._genuine(pushed.headers, pushed.body)
        if event.get("event") != "conversation_started":
            return None
        welcome, context = {"type": "text", "text": self._options.welcome}, read_text(event, "context")
        if context in self._tools.queues:
            welcome["tracking_data"] = QUEUE_MARK + context
        return Told(self._with_sender(welcome), "application/json")

    def _genuine(self, headers: Mapping[str, str], body: bytes) -> Mapping[str, Any]:
        given = (headers.get(SIGNATURE) or headers.get(SIGNATURE.lower()) or "").encode("utf-8", "replace")
        signatures = [hmac.digest(token.encode(), body, "sha256").hex().encode() for token in self._tokens]
        if not any(hmac.compare_digest(signature, given) for signature in signatures):
            raise Untrusted(f"{SIGNATURE} does not match")
        return read_object(body)

    def _message(self, event: Mapping[str, Any]) -> list[Arrival]:
        token = _token_of(event)
        sender, message = wanted_object(event, "sender"), wanted_object(event, "message")
        language = read_text(sender, "language").replace("_", "-")
        customer = Person(wanted_text(sender, "id", "sender"), read_text(sender, "name"), language)
        text, files = _said(message)
        if not text and not files:
            return []
        if customer.id in self._tools.agents and text.startswith("/"):
            command, _, arguments = text[1:].partition(" ")
            return [AgentCommand(token, customer, command, arguments.strip())]
        mark = read_text(message, "tracking_data").removeprefix(QUEUE_MARK)
        queue = mark if mark in self._tools.queues else None
        return [CustomerMessage(token, customer.id, customer, text, queue=queue, files=files)]

    async def listen(self, inbox: Inbox) -> None:
        """Tell Viber where to push, and see to it that it stays so. Raises Down or Unusable."""
        hook_url = self._tools.hook_url
        account = await self._ask("get_account_info", {})
        if account.get("webhook") != hook_url or not set(EVENTS) <= _strings(account.get("event_types")):
            await self._ask("set_webhook", {"url": hook_url, "event_types": EVENTS, "send_name": True})
        self._troubles.report(SENDING, "")
        self._troubles.repeat()
        while True:
            await asyncio.sleep(WATCH_S)
            if (await self._ask("get_account_info", {})).get("webhook") != hook_url:
                raise Down("another program has taken the webhook away; stop it, or make a bot of its own")

    async def _ask(self, method: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            status, answer = await self._call(method, _json(request), sends=False)
        except Refused as error:
            raise Unusable(f"api_base: {error}") from error
        except Undelivered as error:
            raise Down(f"Viber cannot be reached: {error}") from error
        if status == BAD_TOKEN:
            raise Unusable(OURS[BAD_TOKEN])
        if status == NO_WEBHOOK:
            told = str(answer.get("status_message", ""))[:REASON_CHARS]
            raise Down(f"Viber cannot reach {self._tools.hook_url}: {told}")
        if status != OK:
            raise Down(OURS.get(status, f"Viber answers with status {status}"))
        return answer

    # --- out -----------------------------------------------------------------------------------------------

    async def send(self, outgoing: Outgoing) -> str:
        """Send to a customer or an agent. Raises Refused, Busy or Uncertain."""
        match outgoing:
            case MessageOut(attachments=attachments) if attachments:
                messages, receiver = [_attached(one) for one in attachments], outgoing.conversation_id
            case MessageOut(text=text):
                messages, receiver = [{"type": "text", "text": text}], outgoing.conversation_id
            case CommandAnswer(text=text):
                messages, receiver = [{"type": "text", "text": cut(text, TEXT_UNITS)}], outgoing.agent_id
            case EventOut(key=key):
                return key
            case _:
                raise Refused("there is no place for it on Viber")
        return await one_by_one(messages, partial(self._send, receiver))

    async def _send(self, receiver: str, message: Mapping[str, Any]) -> str:
        body = self._with_sender({"receiver": receiver, **message})
        if len(body) > BODY_BYTES:
            raise Refused(f"the message is larger than the {BODY_BYTES // 1000} kB that Viber takes")
        status, answer = await self._call("send_message", body)
        self._troubles.report(SENDING, OURS.get(status, ""))
        if status == OK:
            return str(answer.get("message_token", ""))
        if status == TOO_MANY:
            raise Busy("too many messages, or 100 within an hour that the customer has not answered")
        if status in OURS or not 0 < status <= LAST:
            raise Busy(OURS.get(status, f"Viber answers with status {status}"))
        raise Refused(NEVER.get(status, f"Viber refuses the message with status {status}"))

    async def _call(self, method: str, body: bytes, *, sends: bool = True) -> tuple[int, Mapping[str, Any]]:
        """The status, and the whole answer. Viber's own come with HTTP 200, others from somebody in between."""
        headers = {"X-Viber-Auth-Token": self._tokens[0], "Content-Type": "application/json"}
        url = f"{self._base}/{method}"
        answer = await call(self._tools.http, "POST", url, data=body, headers=headers, sends=sends)
        if answer.status in UNCERTAIN and sends:
            raise Uncertain(f"HTTP {answer.status}")
        if answer.status != 200:
            raise Busy(f"HTTP {answer.status}", answer.retry_after_s)
        status = answer.data.get("status")
        if type(status) is not int:
            raise (Uncertain if sends else Busy)("an answer that makes no sense")
        return status, answer.data

    def _with_sender(self, message: Mapping[str, Any]) -> bytes:
        return _json({"sender": {"name": self._options.sender}, **message})

    # --- beside --------------------------------------------------------------------------------------------

    async def fetch(self, file: File, into: BinaryIO) -> None:
        """Write what a customer sent, from where Viber keeps it for a while. Raises Refused or Busy."""
        own = urlsplit(self._base)._replace(path="/").geturl()
        # Stickers are told with http:// although their host speaks TLS.
        address = file.ref if file.ref.startswith(own) else file.ref.replace("http://", "https://", 1)
        if not address.startswith(("https://", own)):
            raise Refused("there is nothing to fetch")
        answer = await download(self._tools.http, address, into, most_bytes=FILE_BYTES)
        if answer.status == 429 or answer.status >= 500:
            raise Busy(f"HTTP {answer.status}", answer.retry_after_s)
        if answer.status != 200:
            raise Refused(f"Viber does not keep the file any more (HTTP {answer.status})")

    async def check(self) -> list[Finding]:
        """Whether it would work."""
        try:
            account = await self._ask("get_account_info", {})
        except (Down, Unusable) as error:
            return [Finding("Viber takes the token", str(error))]
        other = account.get("webhook") not in ("", None, self._tools.hook_url)
        pushed = f"events are pushed to {self._tools.hook_url}"
        return [
            Finding(f"the token is that of the bot “{account.get('name', '')}”"),
            Finding(f"{pushed}: the webhook that is set will be replaced" if other else pushed),
        ]

    async def aclose(self) -> None:
        """Nothing of its own to give back."""


def open_channel(options: Options, tools: Tools) -> Viber:
    """Raises BadOptions when an option cannot work."""
    tokens = each(options.token)
    if not tokens or not all(token.isascii() and token.isprintable() and token for token in tokens):
        raise BadOptions("token", "is no token of a bot; Viber's settings of the bot show it as its app key")
    if not 0 < len(options.sender) <= SENDER_CHARS:
        raise BadOptions("sender", f"must be 1 to {SENDER_CHARS} characters")
    if utf16(options.welcome) > TEXT_UNITS:
        raise BadOptions("welcome", f"must be at most {TEXT_UNITS} characters")
    examine_address("api_base", options.api_base)
    if not tools.hook_url.startswith("https://" if options.api_base == OFFICIAL else "http"):
        raise BadOptions("adapter", 'is "viber", and Viber pushes only to https://: see server.public_url')
    return Viber(tokens, options, tools)


# --- what is read, what is sent ------------------------------------------------------------------------------


def _strings(value: object) -> set[str]:
    return {one for one in value if isinstance(one, str)} if isinstance(value, list) else set()


def _token_of(event: Mapping[str, Any]) -> str:
    """Names the message: the same in every redelivery."""
    token = event.get("message_token")
    return str(token) if type(token) is int else wanted_text(event, "message_token")


def _said(message: Mapping[str, Any]) -> tuple[str, tuple[File, ...]]:
    """Text and files; neither of kinds that are not known."""
    text, media = read_text(message, "text"), read_text(message, "media")
    match wanted_text(message, "type", "message"):
        case "text":
            return text, ()
        case "url":
            return text if media in text else f"{text}\n{media}".strip(), ()
        case "contact":
            contact = wanted_object(message, "contact")
            told = (read_text(contact, "name"), read_text(contact, "phone_number"))
            return ": ".join(filter(None, told)), ()
        case "location":
            return text, (_location(wanted_object(message, "location")),)
        case kind if kind in KINDS and media:
            size = message.get("file_size", message.get("size"))
            size_bytes = size if type(size) is int and size > 0 else None
            return text, (File(KINDS[kind], media, read_text(message, "file_name"), size_bytes=size_bytes),)
    return "", ()


def _location(where: Mapping[str, Any]) -> File:
    for name, most in (("lat", 90), ("lon", 180)):
        if type(where.get(name)) not in (int, float) or not abs(where[name]) <= most:
            raise Malformed(f"location.{name}: a number of degrees is wanted")
    return File.located(where["lat"], where["lon"])


def _attached(attachment: Attachment) -> dict[str, Any]:
    """A file as Viber takes it: by its address. Raises Refused where it has none."""
    file = attachment.file
    if file.kind == "location":
        latitude, longitude = file.point
        return {"type": "location", "location": {"lat": latitude, "lon": longitude}}
    own = attachment.content is None and file.ref.startswith("https://") and len(file.ref) <= LINK_CHARS
    address, size = file.ref if own else attachment.url, file.size_bytes
    if not address or len(address) > LINK_CHARS:
        raise Refused(
            "Viber takes no files from bots, only addresses to fetch them from: set server.public_url, or send a link"
        )
    if file.kind == "photo" and (own if size is None else size <= PICTURE_BYTES):
        return {"type": "picture", "text": "", "media": address}
    if size is None:
        return {"type": "url", "media": address}
    if file.mime == FILM and size <= FILM_BYTES:
        return {"type": "video", "media": address, "size": size}
    name = file.name or unquote(urlsplit(address).path.rpartition("/")[2]) or file.kind
    return {"type": "file", "media": address, "size": size, "file_name": name[-NAME_CHARS:]}


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
