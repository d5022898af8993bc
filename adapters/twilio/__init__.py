"""SMS and WhatsApp through Twilio: signed forms come in at the hook, messages go out by the REST interface.

A request is genuine if its signature fits the configured public address (never the Host that it names) and the fields
of the form. Twilio stamps no time on it: a replay is known by its MessageSid. There is no key for a repeated send
either, so one that got no answer is Uncertain, and what fails later comes back as a status. Who writes an SMS can be
forged, so agents give commands by WhatsApp only.

Invariant: what customers wrote, their numbers and the token never appear in an error.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO
from urllib.parse import parse_qsl, urljoin, urlsplit

from adapters.base import (
    Arrival,
    Attachment,
    BadOptions,
    Busy,
    CommandAnswer,
    EventOut,
    File,
    Finding,
    Inbox,
    Limits,
    Malformed,
    MessageOut,
    Outgoing,
    Pushed,
    Refused,
    Told,
    Tools,
    Untrusted,
    cut,
    each,
    examine_address,
    one_by_one,
    utf16,
)
from adapters.twilio.calls import Rest
from adapters.twilio.check import findings
from adapters.twilio.files import MEDIA_BYTES, form_of
from adapters.twilio.forms import MEDIA, Reader

TEXT_UNITS, FIELDS = 1_600, 250
ACCOUNT, SERVICE = re.compile(r"AC[0-9a-fA-F]{32}"), re.compile(r"MG[0-9a-fA-F]{32}")
SENDER = re.compile(r"(?:whatsapp:|rcs:)?\+?[A-Za-z0-9_]{3,64}")
DIGEST = re.compile(r"[0-9a-f]{64}")
SIGNATURE = "X-Twilio-Signature"
WHATSAPP, LINK = "whatsapp:", "https://wa.me/"
WHATSAPP_DAY_S = 86_400.0
"""So long after a customer's last message WhatsApp takes free text."""
MOVED = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Options:
    """`account`: its SID; `token`: the auth token, or several during rotation (the first one calls); `sender`: the
    number, WhatsApp address or messaging service that messages come from; `api_base`: the REST interface's address."""

    account: str
    token: str | tuple[str, ...] = field(repr=False)
    sender: str
    api_base: str = "https://api.twilio.com"


class Twilio:
    """One Twilio account with one sender, or with the senders that a messaging service holds."""

    wants_events = False
    thanks = Told(b'<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml")

    def __init__(self, options: Options, tokens: tuple[str, ...], tools: Tools) -> None:
        self._tools, self._sender = tools, options.sender
        window_s = WHATSAPP_DAY_S if options.sender.startswith(WHATSAPP) else 0.0
        self.limits = Limits(
            TEXT_UNITS, resend_is_safe=False, measure=utf16, file_bytes=MEDIA_BYTES, reply_window_s=window_s
        )
        self._keys = tuple(token.encode() for token in tokens)
        self._addresses = _with_and_without_port(tools.hook_url)
        self._rest = Rest(tools.http, options.api_base, options.account, tokens[0])
        self._service = bool(SERVICE.fullmatch(options.sender))
        ours = "" if self._service else options.sender
        self._reader = Reader(options.account, ours, tools.agents, tools.queues)

    # --- in ------------------------------------------------------------------------------------------------

    def answer(self, pushed: Pushed, now: float) -> Told | None:
        """JSON is signed by a digest in the address; none of it is a message. Raises Untrusted."""
        digest = pushed.query.get("bodySHA256")
        if pushed.path or digest is None:
            return None
        if not DIGEST.fullmatch(digest):
            raise Untrusted("bodySHA256 is no digest")
        self._verify(pushed.headers, f"?bodySHA256={digest}")
        if not hmac.compare_digest(hashlib.sha256(pushed.body).hexdigest(), digest):
            raise Untrusted("bodySHA256 does not match")
        return self.thanks

    def accept(self, headers: Mapping[str, str], body: bytes, now: float) -> list[Arrival]:
        """Verify and read one form. Raises Untrusted or Malformed."""
        pairs = _fields(body)
        self._verify(headers, "".join(name + value for name, value in sorted(set(pairs))))
        form = dict(pairs)
        if not form:
            raise Malformed("the body is not a form")
        if len(form) != len(pairs):
            raise Malformed("a field is there twice")
        return list(self._reader.read(form))

    def _verify(self, headers: Mapping[str, str], signed: str) -> None:
        given = (headers.get(SIGNATURE) or headers.get(SIGNATURE.lower()) or "").encode("utf-8", "replace")
        for key in self._keys:
            for address in self._addresses:
                digest = hmac.digest(key, f"{address}{signed}".encode(), "sha1")
                if hmac.compare_digest(base64.b64encode(digest), given):
                    return
        raise Untrusted(f"{SIGNATURE} does not match the token and {self._tools.hook_url}")

    async def listen(self, inbox: Inbox) -> None:
        """Nothing to pull: Twilio pushes to `accept`."""
        await asyncio.Event().wait()

    async def fetch(self, file: File, into: BinaryIO) -> None:
        """Write a file that a customer sent. Twilio shows who asks with the token where it is; that stays here."""
        if not MEDIA.fullmatch(f"/Messages/{file.ref}"):
            raise Refused("there is no such file at Twilio")
        address = f"{self._rest.account}/Messages/{file.ref}"
        answer = await self._rest.download(address, into, login=True, most_bytes=MEDIA_BYTES)
        if answer.status in MOVED:
            there = urljoin(address, answer.headers.get("Location", ""))
            if urlsplit(there).scheme != urlsplit(address).scheme:
                raise Refused("the file lies where it cannot be fetched safely")
            answer = await self._rest.download(there, into, login=False, most_bytes=MEDIA_BYTES)
        if answer.status in (404, 410):
            raise Refused("the file is not kept at Twilio any more")
        if answer.status != 200:
            raise Busy(f"HTTP {answer.status}", answer.retry_after_s)

    # --- out -----------------------------------------------------------------------------------------------

    async def send(self, outgoing: Outgoing) -> str:
        """Send one message. Raises Refused, Busy or Uncertain."""
        match outgoing:
            case MessageOut(conversation_id=conversation, attachments=[_, *_] as attachments):
                return await self._deliver_files(conversation, attachments)
            case MessageOut(conversation_id=conversation, text=text):
                return await self._deliver(conversation, {"Body": text})
            case CommandAnswer(agent_id=agent, answer_to=conversation, text=text):
                return await self._deliver(conversation or agent, {"Body": cut(text, TEXT_UNITS)})
            case EventOut(key=key):
                return key
        raise Refused("a text message cannot do that")

    async def _deliver_files(self, conversation: str, attachments: Sequence[Attachment]) -> str:
        """One message each: WhatsApp takes no more."""
        forms = [form_of(one, conversation) for one in attachments]
        return await one_by_one(forms, partial(self._deliver, conversation))

    async def _deliver(self, conversation: str, what: Mapping[str, str]) -> str:
        to, _, ours = conversation.partition(" ")
        sender = {"MessagingServiceSid": self._sender} if self._service else {"From": ours or self._sender}
        return await self._rest.send({"To": to, **what, "StatusCallback": self._tools.hook_url, **sender})

    # --- beside --------------------------------------------------------------------------------------------

    def invitation(self, payload: str) -> str:
        """WhatsApp's link into a chat with our number, where a tap says what it is for. An SMS cannot be opened by a
        link that works everywhere. Pure."""
        link = contact = self._tools.contact
        if self._sender.startswith(WHATSAPP):
            link = LINK + self._sender.removeprefix(WHATSAPP).removeprefix("+")
        if not payload:
            return contact or link
        return f"{link}?text=%2Fstart%20{payload}" if link.startswith(LINK) else ""

    async def check(self) -> list[Finding]:
        """Look at the account, and at what the sender calls when a message comes in."""
        return await findings(self._rest, self._sender, self._tools.hook_url, self._tools.agents)

    async def aclose(self) -> None:
        """Nothing of its own to give back."""


def open_channel(options: Options, tools: Tools) -> Twilio:
    """Raises BadOptions when an option cannot work, or nobody knows where Twilio reaches us."""
    tokens = each(options.token)
    if not ACCOUNT.fullmatch(options.account):
        raise BadOptions("account", "is no account SID: AC and 32 characters, at the top of the Console")
    if not tokens or not all(re.fullmatch("[!-~]{8,128}", token) for token in tokens):
        raise BadOptions("token", "is no auth token; the Console shows it below the account SID")
    if not SERVICE.fullmatch(options.sender) and not SENDER.fullmatch(options.sender):
        raise BadOptions("sender", "is none; such are +15005550006, whatsapp:+15005550006 and MG0123...")
    examine_address("api_base", options.api_base)
    if not tools.hook_url:
        raise BadOptions("adapter", 'is "twilio", but server.public_url does not say where Twilio reaches us')
    return Twilio(options, tokens, tools)


def _fields(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form; none where a body is not wholly one. No more lenient than that: names and values are signed
    without a mark between them, so whatever blurs the border is another form under the same signature."""
    try:
        return parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=FIELDS,
        )
    except ValueError:
        return []


def _with_and_without_port(address: str) -> tuple[str, str]:
    """Twilio signs one of the two: https://www.twilio.com/docs/usage/security"""
    parts = urlsplit(address)
    host = parts.netloc.removesuffix(f":{parts.port}")
    port = parts.port or {"https": 443, "http": 80}[parts.scheme]
    return parts._replace(netloc=host).geturl(), parts._replace(netloc=f"{host}:{port}").geturl()
