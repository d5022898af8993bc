"""Chatwoot: customers who write to a helpdesk that is there already, and wait for the agents who work in it.

Chatwoot pushes what happens, by an agent bot or by webhooks, each signed with a secret of its own. The wait is written
into the customer's chat; whoever takes, answers or resolves a conversation there feeds the estimate. Agents have no
room here: they stay where they are, and may give commands as private notes.

Invariant: nothing of a request is read before its signature was found right, and no token, no secret and no text of a
customer stands in an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from urllib.parse import urljoin, urlsplit

from adapters.base import (
    Answered,
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
    Refused,
    Tools,
    Troubles,
    Uncertain,
    Undelivered,
    Untrusted,
    download,
    each,
    examine_address,
    maybe_objects,
    read_object,
    wanted_object,
)
from adapters.chatwoot import events
from adapters.chatwoot.calls import MEND_S, Calls, judge, reason_of

CLOUD = "https://app.chatwoot.com"
SIGNATURE, STAMP = "X-Chatwoot-Signature", "X-Chatwoot-Timestamp"
TOLERANCE_S = 300
"""How old or new a time stamp may be, as Chatwoot recommends."""
TEXT_CHARS = 150_000
"""Chatwoot's own; the platform behind an inbox may take less."""
FILE_BYTES = 40_000_000
"""Chatwoot's own by default, MAXIMUM_FILE_UPLOAD_SIZE."""
HOPS = 3
"""Chatwoot leads to where a file is stored, which may lead on."""
TAKEN = (
    "whoever is assigned counts as at work: leave assignments out unless auto assignment is off in the inbox"
)
"""Chatwoot tells no agent bot whether it is off, and it is not by itself."""
FOR_BOTS = "not authorized for bots"
"""What Chatwoot says to an agent bot that asks who it is."""


@dataclass(frozen=True, slots=True)
class Options:
    """`token`: that of an agent bot; `secret`: of everything that pushes to us, or several, also during rotation;
    `account`: its number; `inboxes`: the numbers of those that count, none for all; `hand_off`: open what is pending
    once it is acknowledged, or will not be; `assignments`: an assignee has taken the case; `api_base`: Chatwoot's
    address."""

    token: str = field(repr=False)
    secret: str | tuple[str, ...] = field(repr=False)
    account: int
    inboxes: tuple[int, ...] = ()
    hand_off: bool = True
    assignments: bool = False
    api_base: str = CLOUD


class Chatwoot:
    """One account of one Chatwoot."""

    wants_events = False
    # A bot's events come again after 429 and 500 alone: https://github.com/chatwoot/chatwoot/pull/13521
    limits = Limits(TEXT_CHARS, resend_is_safe=False, file_bytes=FILE_BYTES, come_again=429)

    def __init__(self, options: Options, tools: Tools) -> None:
        self._options = options
        self._tools = tools
        self._secrets = each(options.secret)
        self._calls = Calls(tools.http, options.api_base, options.account, options.token)
        self._own = urlsplit(self._calls.base)._replace(path="/", query="").geturl()
        self._troubles = Troubles(tools.report, named=True)

    # --- in ------------------------------------------------------------------------------------------------

    def accept(self, headers: Mapping[str, str], body: bytes, now: float) -> list[Arrival]:
        """Verify and read one event. Raises Untrusted or Malformed."""
        self._verify(headers, body, now)
        event = read_object(body)
        match event.get("event"):
            case "message_created" if self._is_ours(event, wanted_object(event, "conversation")):
                return events.message(event, self._tools.agents)
            case "message_updated" if self._is_ours(event, wanted_object(event, "conversation")):
                return events.deletion(event)
            case "conversation_updated" if self._options.assignments and self._is_ours(event, event):
                return events.assignment(event)
            case "conversation_status_changed" if self._is_ours(event, event):
                return events.status(event)
            case str():
                return []
        raise Malformed("event: a text is wanted")

    def _verify(self, headers: Mapping[str, str], body: bytes, now: float) -> None:
        stamp, given = (headers.get(name) or headers.get(name.lower()) or "" for name in (STAMP, SIGNATURE))
        if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):
            raise Untrusted(f"{STAMP} is not a number of seconds")
        if abs(now - int(stamp)) > TOLERANCE_S:
            raise Untrusted(f"{STAMP} is more than five minutes off")
        signed, proof = b"%s.%s" % (stamp.encode(), body), given.encode("utf-8", "replace")
        signatures = [
            b"sha256=" + hmac.digest(one.encode(), signed, "sha256").hex().encode() for one in self._secrets
        ]
        if not any(hmac.compare_digest(signature, proof) for signature in signatures):
            raise Untrusted(f"{SIGNATURE} does not match")

    def _is_ours(self, event: Mapping[str, Any], conversation: Mapping[str, Any]) -> bool:
        """Whether it is of our account and of an inbox that counts. Raises Malformed."""
        account = event.get("account")
        if isinstance(account, dict) and events.number(account, "id", "account.") != str(
            self._options.account
        ):
            return False
        wanted = self._options.inboxes
        return not wanted or int(events.number(conversation, "inbox_id")) in wanted

    async def listen(self, inbox: Inbox) -> None:
        """Nothing to pull, and where to push is set in Chatwoot."""
        await asyncio.Event().wait()

    # --- out -----------------------------------------------------------------------------------------------

    async def send(self, outgoing: Outgoing) -> str:
        """Write to a customer, or to an agent as a private note. Raises Refused, Busy or Uncertain."""
        match outgoing:
            case MessageOut(kind="acknowledgement") if self._options.hand_off:
                return await self._acknowledge(outgoing)
            case MessageOut():
                return await self._message(outgoing)
            case CommandAnswer(answer_to=place, text=text) if place:
                return self._sent(await self._calls.write(place, text[:TEXT_CHARS], private=True))
            case EventOut(key=key):
                return key
        raise Refused("there is no place for it on Chatwoot")

    async def _acknowledge(self, message: MessageOut) -> str:
        """Acknowledge, and let humans see the conversation, also where the customer will surely or perhaps never read
        it. What is tried again hands off then."""
        try:
            sent = await self._message(message)
        except (Refused, Uncertain):
            await self._hand_off(message.conversation_id)
            raise
        await self._hand_off(message.conversation_id)
        return sent

    async def _message(self, message: MessageOut) -> str:
        text, files = _carried(message)
        return self._sent(await self._calls.write(message.conversation_id, text, files))

    def _sent(self, answer: Answered) -> str:
        """The message's id. Raises Refused, Busy or Uncertain."""
        if trouble := judge(answer):
            self._troubles.report("messages cannot be sent", trouble)
            raise Busy(trouble, MEND_S)
        self._troubles.report("messages cannot be sent", "")
        message_id = answer.data.get("id")
        if type(message_id) is not int:
            raise Uncertain("an answer that makes no sense")
        return str(message_id)

    async def _hand_off(self, conversation_id: str) -> None:
        """Let humans see the conversation, which is pending as long as it is a bot's. The fate of the message before it
        is known: what goes wrong here is told, and must not make it be sent again."""
        try:
            trouble = judge(await self._calls.tell(conversation_id, "toggle_status", {"status": "open"}))
        except Undelivered as error:
            trouble = str(error)
        self._troubles.report("a conversation was not opened for agents", trouble)

    # --- beside --------------------------------------------------------------------------------------------

    async def show_typing(self, conversation_id: str, ref: str) -> None:
        """Show dots until the next message. Fails silently."""
        with contextlib.suppress(Undelivered):
            await self._calls.tell(conversation_id, "toggle_typing_status", {"typing_status": "on"})

    async def fetch(self, file: File, into: BinaryIO) -> None:
        """What a customer sent, from where Chatwoot leads to; our token stays here. Raises Refused or Busy."""
        address = file.ref
        for _ in range(HOPS + 1):
            if not address.startswith(("https://", self._own)):
                raise Refused("there is nothing to fetch")
            answer = await download(self._tools.http, address, into, most_bytes=FILE_BYTES)
            if answer.status == 200:
                return
            if answer.status == 429 or answer.status >= 500:
                raise Busy(f"HTTP {answer.status}", answer.retry_after_s)
            if not 300 <= answer.status < 400:
                break
            address = urljoin(address, answer.headers.get("Location", ""))
        raise Refused(f"Chatwoot does not keep the file any more (HTTP {answer.status})")

    async def check(self) -> list[Finding]:
        """Whether it would work."""
        try:
            answer = await self._calls.profile()
        except Undelivered as error:
            return [Finding("Chatwoot can be reached", f"api_base: {error}")]
        where = f"Chatwoot is to push to {self._tools.hook_url or '/hooks/' + self._tools.name}; set it there"
        return [self._whose(answer), Finding(where), *([Finding(TAKEN)] if self._options.assignments else [])]

    def _whose(self, answer: Answered) -> Finding:
        """What the token may do, as far as can be asked."""
        if answer.status == 401 and FOR_BOTS in reason_of(answer):
            return Finding("the token is that of an agent bot")
        if answer.status == 401:
            return Finding(
                "Chatwoot takes the token", f"{reason_of(answer)}; take the agent bot's access token anew"
            )
        if answer.status != 200:
            return Finding(
                "Chatwoot can be reached", f"api_base: HTTP {answer.status}; give Chatwoot's own address"
            )
        what, account = f"the token is that of “{answer.data.get('name', '')}”", self._options.account
        roles = {one.get("id"): one.get("role") for one in maybe_objects(answer.data, "accounts")}
        if account not in roles:
            return Finding(
                what, f"who is no member of account {account}: see the number in Chatwoot's address"
            )
        if self._options.hand_off and roles[account] == "agent":
            return Finding(what, "to whom Chatwoot assigns what they open: take an agent bot's token")
        return Finding(what)

    async def aclose(self) -> None:
        """Nothing of its own to give back."""


def _carried(message: MessageOut) -> tuple[str, tuple[Attachment, ...]]:
    """The text, with an address for what is no file of its own, and the files. Raises Refused."""
    text, files = [message.text], []
    for one in message.attachments:
        if one.content is not None:
            files.append(one)
        elif one.file.kind == "location":
            text.append("\n".join(filter(None, (one.file.name, one.file.text))))
        else:
            text.append(one.url or one.file.ref)
    return "\n".join(filter(None, text)), tuple(files)


def open_channel(options: Options, tools: Tools) -> Chatwoot:
    """Raises BadOptions when an option cannot work."""
    if not (options.token.isascii() and options.token.isprintable() and options.token):
        raise BadOptions("token", "is no access token; Chatwoot shows it at the agent bot, Settings, Bots")
    if not options.secret or not all(each(options.secret)):
        raise BadOptions(
            "secret", "is empty; Chatwoot shows it at the agent bot, the webhook or the API inbox"
        )
    if options.account < 1:
        raise BadOptions("account", "is the number after /app/accounts/ in Chatwoot's address")
    if any(one < 1 for one in options.inboxes):
        raise BadOptions("inboxes", "are the numbers after /inboxes/ in Chatwoot's address")
    examine_address("api_base", options.api_base)
    return Chatwoot(options, tools)
