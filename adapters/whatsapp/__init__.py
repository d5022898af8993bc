"""WhatsApp: customers who write to a business number, over Meta's Cloud API.

Meta pushes signed batches, for all numbers of an account to one address; each conversation is named by our number and
the customer, and answers leave from that number.

    inbound  what is pushed
    calls    what the failures of calls say
    media    files

Invariant: nothing of a request is read before its signature was found right; the token stands in no text, in an
address only where Meta is asked what it may do, and goes to Meta's hosts only.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO

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
    MessageOut,
    Outgoing,
    Outlet,
    Pace,
    Pushed,
    Refused,
    Shown,
    Told,
    Tools,
    Uncertain,
    Undelivered,
    cut,
    each,
    examine_address,
    maybe_text,
    one_by_one,
    utf16,
)
from adapters.base.graph import (
    BATCH_BYTES,
    DAY_S,
    VERSION,
    Graph,
    Rights,
    examine_rights,
    handshake,
    permitted,
    reachable,
    verify,
)
from adapters.whatsapp.calls import CLOSED, NEVER, NUMBER, PAIR, judge
from adapters.whatsapp.inbound import Inbound
from adapters.whatsapp.media import FILE_BYTES, fetch, message_of

__all__ = ["Options", "WhatsApp", "open_channel"]

TEXT_UNITS, TEMPLATE_UNITS = 4_096, 1_024
"""In which units WhatsApp counts it does not say: Jono counts in the largest."""
ABOUT, ABOUT_CHARS, ABOUT_LEAST_S = "about", 139, 3_600.0
NUMBER_PACE, PAIR_MOST, PAIR_S = 80, 45, 270.0
"""A number may send 80 a second; to one customer one in six seconds, of which 45 may be drawn at once:
https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput"""
NEEDED = ("whatsapp_business_messaging", "whatsapp_business_management")
LINK = "https://wa.me/"
SCOPED = re.compile(r"[A-Z]{2}\.")
"""Begins the id of a customer who hides their number."""


@dataclass(frozen=True, slots=True)
class Options:
    """`numbers`: the ids of our phone numbers, the first one writes to agents; `token`: a system user's; `secret`: the
    app's, or several during rotation; `verify_token`: what Meta has to know to be told that the address is ours;
    `template` and `template_language`: an approved template with one parameter in its body, for human answers after 24
    hours; `api_base`: Meta's address, with the version of the Graph API."""

    numbers: tuple[str, ...]
    token: str = field(repr=False)
    secret: str | tuple[str, ...] = field(repr=False)
    verify_token: str = field(repr=False)
    template: str = ""
    template_language: str = ""
    api_base: str = f"https://graph.facebook.com/{VERSION}"


class WhatsApp:
    """One or several numbers of an account."""

    wants_events = False
    thanks = Told()

    def __init__(self, options: Options, rights: Rights, tools: Tools) -> None:
        self._options = options
        self._rights = rights
        self._tools = tools
        self._numbers = options.numbers
        self._graph = Graph(tools, options.api_base, options.token, judge)
        self._inbound = Inbound(options.numbers, tools)
        self._outlets = {outlet_name(options.numbers, one): one for one in options.numbers}
        self.outlets = tuple(Outlet(name, ABOUT_LEAST_S, chars=ABOUT_CHARS) for name in self._outlets)
        self.limits = Limits(
            TEXT_UNITS,
            resend_is_safe=False,
            measure=utf16,
            file_bytes=FILE_BYTES,
            reply_window_s=DAY_S,
            body_bytes=BATCH_BYTES,
        )

    # --- in ------------------------------------------------------------------------------------------------

    def accept(self, headers: Mapping[str, str], body: bytes, now: float) -> list[Arrival]:
        """Verify and read a batch. Raises Untrusted or Malformed."""
        verify(self._rights.secrets, headers, body)
        return self._inbound.read(body)

    def answer(self, pushed: Pushed, now: float) -> Told | None:
        """Meta's question whether the address is ours. Raises Untrusted."""
        return handshake(pushed, self._rights.verify_token)

    async def listen(self, inbox: Inbox) -> None:
        """Wait for ever: where to push stands in Meta's app."""
        await asyncio.Event().wait()

    # --- out -----------------------------------------------------------------------------------------------

    def paces(self, outgoing: Outgoing) -> Sequence[Pace]:
        """What WhatsApp allows a number, and towards one customer. Pure."""
        match outgoing:
            case MessageOut(conversation_id=conversation_id, attachments=attachments):
                number, to = self._ends(conversation_id)
                draws = len(attachments) or 1
            case CommandAnswer(agent_id=to, answer_to=number):
                number, draws = number or self._numbers[0], 1
            case _:
                return ()
        pair = Pace(f"{PAIR}:{number}/{to}", PAIR_MOST, PAIR_S, draws)
        return (Pace(f"{NUMBER}:{number}", NUMBER_PACE, 1.0, draws), pair)

    async def send(self, outgoing: Outgoing) -> str:
        """Send to a customer or an agent. Raises Refused, Busy or Uncertain."""
        match outgoing:
            case MessageOut(public=""):
                return await self._say(outgoing)
            case CommandAnswer(key=key, agent_id=agent_id, answer_to=number, text=text):
                said = {"type": "text", "text": {"body": cut(text, TEXT_UNITS)}}
                return await self._post(number or self._numbers[0], agent_id, said, key)
            case EventOut(key=key):
                return key
        raise Refused("there is no place for it on WhatsApp")

    async def _say(self, outgoing: MessageOut) -> str:
        number, to = self._ends(outgoing.conversation_id)
        if number not in self._numbers:
            raise Refused("the number that the customer wrote to does not stand in `numbers` any more")
        silent_s = self._tools.now() - outgoing.heard_at if outgoing.heard_at else 0.0
        if silent_s > DAY_S:
            return await self._post(number, to, self._template(outgoing), outgoing.key)
        if not outgoing.attachments:
            said = {"type": "text", "text": {"body": outgoing.text}}
            return await self._post(number, to, said, outgoing.key)
        return await one_by_one(outgoing.attachments, partial(self._attach, number, to, outgoing.key))

    async def _attach(self, number: str, to: str, key: str, attachment: Attachment) -> str:
        return await self._post(number, to, await message_of(self._graph, number, attachment), key)

    def _template(self, outgoing: MessageOut) -> Mapping[str, Any]:
        """The operator's template around a human's words; nothing else may be sent so late. Raises Refused."""
        name, language = self._options.template, self._options.template_language
        if outgoing.kind != "reply" or outgoing.attachments or not name:
            way_out = "" if name else "; set `template` and `template_language` to answer all the same"
            raise Refused(f"{NEVER[CLOSED]}{way_out}")
        # Neither lines nor tabs nor more than four spaces in a row are allowed in a parameter.
        text = " ".join(outgoing.text.split())
        if utf16(text) > TEMPLATE_UNITS:
            raise Refused(f"{NEVER[CLOSED]}: write at most {TEMPLATE_UNITS} characters")
        body = {"type": "body", "parameters": [{"type": "text", "text": text}]}
        template = {"name": name, "language": {"code": language}, "components": [body]}
        return {"type": "template", "template": template}

    async def _post(self, number: str, to: str, message: Mapping[str, Any], key: str) -> str:
        whom = "recipient" if SCOPED.match(to) else "to"
        body = {"messaging_product": "whatsapp", "recipient_type": "individual", whom: to, **message}
        body["biz_opaque_callback_data"] = key
        answer = await self._graph.ask("POST", f"{number}/messages", json=body, sends=True)
        messages = answer.get("messages")
        first = messages[0] if isinstance(messages, list) and messages else None
        name = first.get("id") if isinstance(first, dict) else None
        if not isinstance(name, str) or not name:
            raise Uncertain("an answer that makes no sense")
        return name

    def _ends(self, conversation_id: str) -> tuple[str, str]:
        """Our number and the customer; one that names no number is of our first."""
        number, mark, to = conversation_id.partition("/")
        return (number, to) if mark else (self._numbers[0], number)

    # --- beside --------------------------------------------------------------------------------------------

    async def show_seen(self, conversation_id: str, ref: str) -> None:
        """Mark the customer's messages up to this one as read. Fails silently."""
        await self._sign(conversation_id, ref, {})

    async def show_typing(self, conversation_id: str, ref: str) -> None:
        """Show the dots for 25 seconds, or until a message comes; WhatsApp marks it as read with that. Fails
        silently."""
        await self._sign(conversation_id, ref, {"typing_indicator": {"type": "text"}})

    async def _sign(self, conversation_id: str, ref: str, more: Mapping[str, Any]) -> None:
        number, _ = self._ends(conversation_id)
        if ref and number in self._numbers:
            sign = {"messaging_product": "whatsapp", "status": "read", "message_id": ref, **more}
            with contextlib.suppress(Undelivered):
                await self._graph.ask("POST", f"{number}/messages", json=sign)

    def invitation(self, payload: str) -> str:
        """The operator's own link into a chat, where a tap says what it is for; "" where it is none. Pure."""
        link = self._tools.contact
        if not link.startswith(LINK) or not payload:
            return link if link.startswith(LINK) else ""
        return f"{link}{'&' if '?' in link else '?'}text=%2Fstart%20{payload}"

    async def fetch(self, file: File, into: BinaryIO) -> None:
        """What a customer sent. Raises Refused or Busy."""
        if not file.ref or file.kind == "location":
            raise Refused("there is nothing to fetch")
        await fetch(self._graph, file.ref, into)

    async def read_outlet(self, name: str) -> Shown:
        """The text under a number's name. Raises Refused or Busy."""
        answer = await self._graph.ask("GET", f"{self._outlets[name]}/whatsapp_business_profile?fields=about")
        rows = answer.get("data")
        first = rows[0] if isinstance(rows, list) and rows else None
        about = first.get("about") if isinstance(first, dict) else None
        return {"": about} if isinstance(about, str) and about else None

    async def show_outlet(self, name: str, shown: Shown) -> None:
        """Put a text there. Raises Refused, Busy or Uncertain."""
        about = shown.get("", "") if isinstance(shown, Mapping) else ""
        if not about:
            raise Refused(
                "WhatsApp lets nobody empty the text under the name; write one in the WhatsApp Manager"
            )
        profile = {"messaging_product": "whatsapp", "about": about}
        path = f"{self._outlets[name]}/whatsapp_business_profile"
        await self._graph.ask("POST", path, json=profile, sends=True)

    async def check(self) -> list[Finding]:
        """Whether it would work."""
        findings = [reachable("messages", self._tools.hook_url)]
        for number in self._numbers:
            try:
                told = await self._graph.ask("GET", f"{number}?fields=display_phone_number,verified_name")
            except (Refused, Busy) as error:
                findings.append(Finding(f"Meta knows the number {number}", str(error)))
                continue
            shown = f"{told.get('display_phone_number', '')} “{told.get('verified_name', '')}”"
            findings.append(Finding(f"{number} is {shown}"))
        return [*findings, *await self._may()]

    async def _may(self) -> list[Finding]:
        """Whether the token has its permissions, where Meta tells whose app it is of."""
        try:
            app = maybe_text(await self._graph.look("app?fields=id") or {}, "id")
            if not app:
                return []
            return [permitted(await self._graph.permissions(app, self._rights.secrets), NEEDED)]
        except (Refused, Busy) as error:
            return [Finding("Meta tells what the token may do", str(error))]

    async def aclose(self) -> None:
        """Nothing of its own to give back."""


def outlet_name(numbers: tuple[str, ...], number: str) -> str:
    """The outlet of a number, which tells it apart where there are several."""
    return ABOUT if len(numbers) == 1 else f"{ABOUT}-{number}"


def open_channel(options: Options, tools: Tools) -> WhatsApp:
    """Raises BadOptions when an option cannot work."""
    numbers = options.numbers
    if not numbers or len(set(numbers)) < len(numbers) or not all(one.isdecimal() for one in numbers):
        raise BadOptions("numbers", "are the ids of phone numbers, each once; Meta's app shows them as such")
    if bool(options.template) != bool(options.template_language):
        missing = "template_language" if options.template else "template"
        raise BadOptions(missing, "is empty; a template has a name and a language, such as en or pt_BR")
    examine_address("api_base", options.api_base)
    rights = Rights(each(options.secret), options.verify_token, human_agent=False)
    examine_rights(options.token, rights)
    return WhatsApp(options, rights, tools)
