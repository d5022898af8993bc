"""Slack: customers in private messages and in channels of theirs, agents in a channel with a card for each case.

Slack pushes events, slash commands and presses of buttons, all signed, to one address; or brings them by a connection
that we open. Everything is sent by the Web API.

    options   what must be configured
    proof     whether a request is Slack's, and of which kind
    events    what happens, as arrivals
    desk      slash commands and buttons
    fields    what messages carry
    text      text as Slack writes it
    calls     what Slack's answers say of a message
    room      the agents' channel
    media     files, out and in
    outlet    where the wait is shown
    socket    Socket Mode
    check     whether it would work

Invariant: no message mentions anybody, whatever it says, and no token stands in any text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from adapters.base import (
    Answered,
    Arrival,
    Attachment,
    Busy,
    CommandAnswer,
    Down,
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
    Person,
    Post,
    Pushed,
    Receipt,
    Refused,
    RoomOut,
    ShowCard,
    Shown,
    Told,
    Tools,
    Troubles,
    Uncertain,
    Undelivered,
    Untrusted,
    Unusable,
    call,
    each,
    maybe_text,
    wanted_text,
)
from adapters.slack import media, outlet
from adapters.slack import socket as socket_mode
from adapters.slack.calls import OURS, Calls, Denied
from adapters.slack.check import findings
from adapters.slack.desk import Desk, Vocabulary
from adapters.slack.events import Reader
from adapters.slack.fields import name_of
from adapters.slack.options import Options, examine
from adapters.slack.proof import contents, prove
from adapters.slack.room import LITERAL, SAME, Room
from adapters.slack.text import TEXT_UNITS, fitted, measure

__all__ = ["Options", "Slack", "open_channel"]

SENDS_AT_ONCE = 8
POST_S = 1.05
"""One message a second to one channel (https://docs.slack.dev/apis/web-api/rate-limits), with some room for the way."""
CHANGES = Pace("changes", most=50, per_s=60.0)
"""chat.update and reactions.add: some fifty a minute (same page, tier 3)."""
MENDABLE = frozenset(("channel_not_found", "is_archived", "not_in_channel", "restricted_action"))
"""What keeps the app out of its agents' channel until somebody lets it in."""
HOOKS = "https://hooks.slack.com/"


class Slack:
    """One app in one workspace."""

    wants_events = False
    # An empty answer to a command shows nothing; what it came to is told later.
    thanks = Told()
    outlets: Sequence[Outlet]

    def __init__(self, options: Options, tools: Tools) -> None:
        self._options = options
        self._tools = tools
        self._secrets = [secret.encode() for secret in each(options.signing_secret) if secret]
        self._troubles = Troubles(tools.report, named=True)
        self._base = options.api_base.rstrip("/")
        self._calls = self._with(options.token, "the bot")
        self._person = self._with(options.user_token, "the status")
        self._app = self._with(options.app_token, "Socket Mode")
        self._room = Room(self._calls, options.agents_channel)
        vocabulary = Vocabulary(tools.commands)
        self._desk = Desk(vocabulary, tools.agents, options.agents_channel, tools.queues)
        self._reader = Reader(
            vocabulary, tools.agents, options.agents_channel, frozenset(options.customers), tools.queues
        )
        shown = ((options.topic_channel, outlet.TOPIC), (options.user_token, outlet.STATUS))
        self.outlets = tuple(one for where, one in shown if where)
        self.limits = Limits(
            text_chars=TEXT_UNITS,
            resend_is_safe=False,
            sends_at_once=SENDS_AT_ONCE,
            measure=measure,
            file_bytes=media.FILE_BYTES,
            one_reader=bool(options.app_token),
            room=bool(options.agents_channel),
        )

    def _with(self, token: str, about: str) -> Calls:
        proof = {"Authorization": f"Bearer {token}"}
        return Calls(self._tools.http, self._base, proof, partial(self._troubles.report, about))

    # --- in ------------------------------------------------------------------------------------------------

    def accept(self, headers: Mapping[str, str], body: bytes, now: float) -> list[Arrival]:
        """Verify and read one event, command or press. Raises Untrusted or Malformed."""
        self._prove(headers, body, now)
        return self._take(*contents(body))

    def answer(self, pushed: Pushed, now: float) -> Told | None:
        """Give back the challenge by which Slack tries the address. Raises Untrusted or Malformed."""
        if b"url_verification" not in pushed.body:
            return None
        self._prove(pushed.headers, pushed.body, now)
        _, data = contents(pushed.body)
        if data.get("type") != "url_verification":
            return None
        return Told(wanted_text(data, "challenge").encode())

    def _prove(self, headers: Mapping[str, str], body: bytes, now: float) -> None:
        if not self._secrets:
            raise Untrusted("Slack's requests come by Socket Mode here")
        prove(headers, body, self._secrets, now)

    def _take(self, kind: str, data: Mapping[str, Any]) -> list[Arrival]:
        match kind:
            case "event":
                return self._reader.arrivals(data)
            case "command":
                return self._desk.asked(data)
            case "interaction":
                return self._desk.pressed(data)
        return []

    async def listen(self, inbox: Inbox) -> None:
        """See that the token is taken; then wait to be pushed to, or hold the connection of Socket Mode. Raises Down
        or Unusable."""
        try:
            await self._calls.ask("auth.test")
        except Refused as error:
            raise Unusable(str(error)) from error
        except Undelivered as error:
            raise (Unusable if str(error) in OURS.values() else Down)(str(error)) from error
        if self._options.app_token:
            await socket_mode.listen(self._app, self._take, inbox)
        else:
            await asyncio.Event().wait()

    # --- out -----------------------------------------------------------------------------------------------

    def paces(self, outgoing: Outgoing) -> Sequence[Pace]:
        """A channel's own budget; changes and marks have one of the app's, answers to commands none."""
        match outgoing:
            case MessageOut() if outgoing.attachments or not self._is_response_url(outgoing.answer_to):
                return (_posting(outgoing.conversation_id.partition("/")[0]),)
            case OpenRoom() | Post():
                return (_posting(self._options.agents_channel),)
            case EditOut() | ShowCard() | Receipt():
                return (CHANGES,)
        return ()

    async def send(self, outgoing: Outgoing) -> str:
        """Send to a customer, an agent or the room. Raises Refused, Gone, Busy or Uncertain."""
        match outgoing:
            case MessageOut():
                return await self._message(outgoing)
            case EditOut():
                return await self._edit(outgoing)
            case CommandAnswer():
                return await self._answer(outgoing)
            case EventOut():
                return outgoing.key
        return await self._in_room(outgoing)

    async def _message(self, out: MessageOut) -> str:
        channel, _, thread = out.conversation_id.partition("/")
        if out.attachments:
            return await self._files(channel, thread, out.attachments)
        if await self._responded(out.answer_to, out.text):
            return out.key
        if out.answer_to and thread:
            # A slash command in a channel stands in no thread: whoever gave it has the place of one.
            return await self._show(channel, thread, out.text) or out.key
        return await self._post(channel, thread, out.text)

    async def _post(self, channel: str, thread: str, text: str) -> str:
        what = {"channel": channel, "text": fitted(text), **LITERAL}
        sent = await self._calls.post("chat.postMessage", what | ({"thread_ts": thread} if thread else {}))
        return str(sent.get("ts", ""))

    async def _files(self, channel: str, thread: str, attachments: Sequence[Attachment]) -> str:
        """Places as words, all else as files."""
        files, words = _apart(attachments)
        if not files:
            return await self._post(channel, thread, words)
        return await media.share(self._calls, channel, thread, files)

    async def _edit(self, out: EditOut) -> str:
        where = {"channel": out.conversation_id.partition("/")[0], "ts": out.message_id}
        if out.text is None:
            await self._calls.post("chat.delete", where)
        else:
            words = {"text": fitted(out.text), "parse": "none", "link_names": False}
            await self._calls.post("chat.update", {**where, **words})
        return out.message_id

    async def _answer(self, out: CommandAnswer) -> str:
        """By the address that came with the command; where there is none, or it has ended, in the channel, for this
        agent alone to see."""
        if await self._responded(out.answer_to, out.text):
            return out.key
        channel, _, thread = (
            out.answer_to[1:].partition(":") if out.answer_to.startswith("m") else ("", "", "")
        )
        channel = channel or self._options.agents_channel or out.agent_id
        if not channel.startswith(("C", "G")):
            return await self._post(channel, "", out.text)
        return await self._show(channel, out.agent_id, out.text, thread) or out.key

    async def _show(self, channel: str, member_id: str, text: str, thread: str = "") -> str:
        """For one alone to see."""
        what = {"channel": channel, "user": member_id, "text": fitted(text), **LITERAL}
        sent = await self._calls.post("chat.postEphemeral", what | ({"thread_ts": thread} if thread else {}))
        return str(sent.get("message_ts", ""))

    def _is_response_url(self, answer_to: str) -> bool:
        """Whether it is an address of Slack's own: nothing is sent to another one."""
        own = urlsplit(self._base)._replace(path="/", query="", fragment="").geturl()
        return answer_to.startswith((HOOKS, own))

    async def _responded(self, address: str, text: str) -> bool:
        """Answer by such an address, which takes five answers within half an hour; False when it takes no more.
        https://docs.slack.dev/interactivity/handling-user-interaction#message_responses"""
        if not self._is_response_url(address):
            return False
        words = {"response_type": "ephemeral", "replace_original": False, "text": fitted(text), **LITERAL}
        return _took(await call(self._tools.http, "POST", address, json=words))

    # --- into the room -------------------------------------------------------------------------------------

    async def _in_room(self, out: RoomOut) -> str:
        if not self._options.agents_channel:
            raise Refused("there is no agents_channel")
        try:
            sent = await self._shown(out)
        except Denied as error:
            if error.word not in MENDABLE:
                raise
            self._troubles.report("the agents' channel", str(error))
            raise Busy(str(error)) from error
        self._troubles.report("the agents' channel", "")
        return sent

    async def _shown(self, out: RoomOut) -> str:
        match out:
            case OpenRoom():
                return await self._room.open(out)
            case ShowCard():
                return await self._room.card(out)
            case NameRoom():
                # A thread has no title: the card tells how the case stands.
                return SAME
            case Post():
                files, words = _apart(out.attachments)
                return await self._room.post(out, words or out.text, files)
            case Receipt():
                return await self._room.mark(out)

    # --- beside --------------------------------------------------------------------------------------------

    async def person_of(self, customer_id: str) -> Person:
        """Whom Slack says a member is, where the app may ask: https://docs.slack.dev/reference/methods/users.info.
        Raises Refused or Busy."""
        answer = await self._calls.answered("users.info", user=customer_id, include_locale="true")
        told = answer.data.get("user")
        if not isinstance(told, dict):
            return Person(customer_id)
        return Person(customer_id, name_of(told), maybe_text(told, "locale"))

    async def fetch(self, file: File, into: BinaryIO) -> None:
        """What somebody sent. Raises Refused or Busy."""
        await media.fetch(self._calls, file, into)

    async def read_outlet(self, name: str) -> Shown:
        """What stands there now. Raises Refused or Busy."""
        if name == outlet.TOPIC.name:
            return await outlet.read_topic(self._calls, self._options.topic_channel)
        return await outlet.read_status(self._person)

    async def show_outlet(self, name: str, shown: Shown) -> None:
        """Put it there. Raises Refused or Busy."""
        if name == outlet.TOPIC.name:
            await outlet.show_topic(self._calls, self._options.topic_channel, shown)
        else:
            await outlet.show_status(self._person, shown)

    async def check(self) -> list[Finding]:
        """Whether it would work."""
        person = self._person if self._options.user_token else None
        app = self._app if self._options.app_token else None
        return await findings(self._options, self._calls, person, app, self._tools.hook_url)

    async def aclose(self) -> None:
        """Nothing was opened that stays."""


def _posting(channel: str) -> Pace:
    return Pace(f"channel:{channel}", most=1, per_s=POST_S)


def _apart(attachments: Sequence[Attachment]) -> tuple[list[Attachment], str]:
    """Files, and places as words."""
    files = [one for one in attachments if one.file.kind != "location"]
    places = [one.file for one in attachments if one.file.kind == "location"]
    return files, "\n".join(f"{place.name} {place.text or place.ref}".strip() for place in places)


def _took(answer: Answered) -> bool:
    """Whether a command's address took the answer. Raises Busy or Uncertain."""
    if answer.status == 200:
        return answer.data.get("ok", True) is True
    if answer.status in (500, 502, 504):
        raise Uncertain(f"HTTP {answer.status}")
    if answer.status == 429 or answer.status >= 500:
        raise Busy(f"HTTP {answer.status}", answer.retry_after_s)
    return False


def open_channel(options: Options, tools: Tools) -> Slack:
    """Raises BadOptions when an option cannot work."""
    examine(options, tools)
    return Slack(options, tools)
