"""Matrix: customers in rooms that the bot is invited to, agents in a room with a thread for each case.

    options       what must be configured
    calls         what an answer of the homeserver says of a message
    events        what an event means
    lenient       what can be read of what strangers wrote
    sync          how events are pulled; else they are pushed, to an application service
    invitations   how rooms are entered
    content       what a message holds
    media         files, out and in
    check         whether it would work

Pushed: https://spec.matrix.org/latest/application-service-api/, all else:
https://spec.matrix.org/latest/client-server-api/. What is encrypted is not read.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, BinaryIO

from adapters.base import (
    Arrival,
    Attachment,
    Busy,
    CommandAnswer,
    Down,
    EditOut,
    EventOut,
    Fate,
    File,
    Finding,
    Inbox,
    Limits,
    Malformed,
    MessageOut,
    NameRoom,
    OpenRoom,
    Outgoing,
    Outlet,
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
)
from adapters.matrix import check, content, media
from adapters.matrix.calls import CLIENT, Calls, Forbidden, Unaccepted, quoted
from adapters.matrix.content import Content
from adapters.matrix.events import Reader
from adapters.matrix.lenient import object_in
from adapters.matrix.options import Options, examine
from adapters.matrix.sync import Sync

__all__ = ["Matrix", "Options", "open_channel"]

PUSHED = "/_matrix/app/v1/"
MESSAGE = "m.room.message"
MARKS: Mapping[Fate, str] = {"delivered": "✅", "failed": "❌", "noted": "📝"}
TYPING_MS = 10_000
TRANSACTION_BYTES = 8_000_000
"""A hundred events of 65,536 bytes, which is the most a homeserver sends at once."""
OUTLETS = {
    "presence": Outlet("presence", least_s=60, chars=200),
    "topic": Outlet("topic", least_s=300, chars=500),
}
SAME = ""
"""What a call returns that changes something and makes nothing new."""
OURSELVES_AND_THEM = 2


class Matrix:
    """One bot."""

    wants_events = False
    thanks = Told(b"{}", "application/json")

    def __init__(self, options: Options, tools: Tools) -> None:
        self._options = options
        self._tools = tools
        self._troubles = Troubles(tools.report)
        self._hs_tokens = options.secrets
        rooms = {"agents_room": options.agents_room, "topic_room": options.topic_room}
        self._rooms = {key: room_id for key, room_id in rooms.items() if room_id}
        acting = options.user if self._hs_tokens else ""
        sending = partial(self._troubles.report, "sending")
        self._calls = Calls(tools.http, options.api_base, options.token, acting, sending)
        commands = frozenset(
            name.lower()
            for row in tools.commands
            if not row.for_agents
            for name in (row.name, *row.names.values())
        )
        deaf = frozenset({options.topic_room} - {""})
        self._reader = Reader(options.user, options.agents_room, deaf, tools.agents, commands)
        self._sync = Sync(self._calls, self._reader, options.user, tools.bookmarks)
        self.outlets: Sequence[Outlet] = tuple(OUTLETS[name] for name in options.profile)
        self.limits = Limits(
            content.TEXT_BYTES,
            resend_is_safe=True,
            measure=content.measure,
            file_bytes=media.FILE_BYTES,
            one_reader=not self._hs_tokens,
            room=bool(options.agents_room),
            body_bytes=TRANSACTION_BYTES,
        )

    # --- in ------------------------------------------------------------------------------------------------

    def accept(self, headers: Mapping[str, str], body: bytes, now: float) -> list[Arrival]:
        """Read a transaction. One that is pushed again brings the same, as events have ids of their own. Raises
        Untrusted or Malformed."""
        self._verify(headers)
        events = object_in(body).get("events")
        if not isinstance(events, list):
            raise Malformed("events: a list is wanted")
        rooms = [event.get("room_id") if isinstance(event, dict) else None for event in events]
        return [
            arrival
            for room_id, event in zip(rooms, events, strict=True)
            for arrival in self._reader.read(room_id if isinstance(room_id, str) else "", event)
        ]

    def answer(self, pushed: Pushed, now: float) -> Told | None:
        """What the homeserver asks beside: whether we are there, and for people and rooms that we do not make. Raises
        Untrusted."""
        if pushed.method == "PUT" and pushed.path.startswith(f"{PUSHED}transactions/"):
            return None
        self._verify(pushed.headers)
        if pushed.method == "POST" and pushed.path == f"{PUSHED}ping":
            return self.thanks
        known = pushed.method == "GET" and pushed.path.startswith((f"{PUSHED}users/", f"{PUSHED}rooms/"))
        code = b"M_NOT_FOUND" if known else b"M_UNRECOGNIZED"
        return Told(b'{"errcode":"%s","error":"there is none"}' % code, "application/json", 404)

    def _verify(self, headers: Mapping[str, str]) -> None:
        given = (headers.get("Authorization") or headers.get("authorization") or "").encode(
            "utf-8", "replace"
        )
        expected = [f"Bearer {token}".encode() for token in self._hs_tokens]
        if not any(hmac.compare_digest(one, given) for one in expected):
            raise Untrusted("the hs_token does not match")

    async def listen(self, inbox: Inbox) -> None:
        """Pull events, or wait for those that are pushed. Raises Down or Unusable."""
        try:
            if self._hs_tokens:
                await check.register(self._calls, self._options.user)
            if (user := await check.who(self._calls)) != self._options.user:
                raise Unusable(f"user: the token is that of {user}")
            for key, room_id in self._rooms.items():
                await self._enter(key, room_id)
            self._troubles.report("sending", "")
            self._troubles.repeat()
            if not self._hs_tokens:
                await self._sync.pull(inbox)
        except Unaccepted as error:
            raise Unusable(f"token: {error}") from error
        except Refused as error:
            raise Unusable(f"the homeserver refuses: {error}") from error
        except Undelivered as error:
            raise Down(f"the homeserver cannot be reached: {error}") from error
        await asyncio.Event().wait()

    async def _enter(self, key: str, room_id: str) -> None:
        """Our own rooms must be open to us; where one is not, customers are heard all the same."""
        trouble = ""
        try:
            await self._calls.join(room_id)
            if room_id == self._options.agents_room:
                trouble = await check.sealed(self._calls, room_id)
        except Unaccepted:
            raise
        except Refused as error:
            trouble = f"cannot be entered, invite the bot: {error}"
        except Undelivered as error:
            trouble = f"cannot be entered now: {error}"
        self._troubles.report(key, f"{key}: {trouble}" if trouble else "")

    # --- out -----------------------------------------------------------------------------------------------

    async def send(self, outgoing: Outgoing) -> str:
        """Send to a customer, an agent or the room. Raises Refused, Busy or Uncertain."""
        match outgoing:
            case MessageOut(conversation_id=room_id):
                contents: list[Content | Attachment] = list(outgoing.attachments)
                said = content.worded(outgoing.text, notice=outgoing.kind != "reply")
                return await self._put(room_id, outgoing.key, contents or [said])
            case EditOut():
                return await self._edit(outgoing)
            case CommandAnswer():
                return await self._answer(outgoing)
            case EventOut(key=key):
                return key
            case _:
                return await self._in_room(outgoing)

    async def _put(
        self, room_id: str, key: str, contents: Sequence[Content | Attachment], thread: str = ""
    ) -> str:
        """Put events into a room, one after the other; gives the first one's id. Those that were sent before are not
        sent again: each has a name of its own."""
        sent = ""
        for number, one in enumerate(contents):
            what = await media.content_of(self._calls, one) if isinstance(one, Attachment) else one
            what = content.in_thread(what, thread) if thread else what
            event_id = await self._event(room_id, MESSAGE, f"{key}.{number}" if number else key, what)
            sent = sent or event_id
        return sent

    async def _event(self, room_id: str, kind: str, key: str, what: Content) -> str:
        return await self._done(room_id, f"send/{kind}/{quoted(key)}", what)

    async def _done(self, room_id: str, how: str, what: Content) -> str:
        """The id of the event that it makes."""
        path = f"{CLIENT}/rooms/{quoted(room_id)}/{how}"
        told = await self._inside(room_id, partial(self._calls.send, path, what))
        event_id = told.get("event_id")
        if not isinstance(event_id, str) or not event_id:
            raise Uncertain("an answer that makes no sense")
        return event_id

    async def _inside(
        self, room_id: str, ask: Callable[[], Awaitable[Mapping[str, Any]]]
    ) -> Mapping[str, Any]:
        """What a call is answered. Where the bot is only invited so far, it goes in first."""
        try:
            return await ask()
        except Forbidden as error:
            try:
                await self._calls.join(room_id)
            except Refused:
                raise error from None
            return await ask()

    async def _edit(self, out: EditOut) -> str:
        if out.text is None:
            how = f"redact/{quoted(out.message_id)}/{quoted(out.key)}"
            await self._done(out.conversation_id, how, {})
        else:
            edited = content.replacing(content.worded(out.text), out.message_id)
            await self._event(out.conversation_id, MESSAGE, out.key, edited)
        return out.message_id

    async def _answer(self, out: CommandAnswer) -> str:
        """Nobody can be answered alone in a room of several: what only one may read is said in private rooms only."""
        room_id, event_id, root, *_ = [*out.answer_to.split(" "), "", "", ""]
        room_id = room_id or self._options.agents_room
        if not room_id:
            raise Refused("it is not told where to answer")
        text = out.text
        if out.otherwise and not await self._alone_with(out.agent_id, room_id):
            text = out.otherwise
        what = content.worded(text, notice=True)
        what = content.answering(what, event_id, root) if event_id else what
        return await self._event(room_id, MESSAGE, out.key, what)

    async def _alone_with(self, agent_id: str, room_id: str) -> bool:
        if room_id == self._options.agents_room:
            return False
        told = await self._calls.ask("GET", f"{CLIENT}/rooms/{quoted(room_id)}/joined_members")
        joined = told.get("joined")
        return isinstance(joined, dict) and len(joined) <= OURSELVES_AND_THEM and agent_id in joined

    async def _in_room(self, out: RoomOut) -> str:
        if not self._options.agents_room:
            raise Refused("there is no agents_room")
        try:
            sent = await self._shown(out, self._options.agents_room)
        except Forbidden as error:
            self._troubles.report("agents_room", f"agents_room: {error}; invite the bot, and let it write")
            raise Busy(str(error)) from error
        self._troubles.report("agents_room", "")
        return sent

    async def _shown(self, out: RoomOut, room_id: str) -> str:
        match out:
            case OpenRoom():
                card = content.worded(content.with_buttons(out.text, out.buttons))
                event_id = await self._put(room_id, out.key, [card])
                return f"{event_id} {event_id}"
            case ShowCard(message_id=""):
                card = content.worded(content.with_buttons(out.text, out.buttons))
                return await self._put(room_id, out.key, [card], out.place)
            case ShowCard():
                card = content.worded(content.with_buttons(out.text, out.buttons))
                await self._put(room_id, out.key, [content.replacing(card, out.message_id)])
                return out.message_id
            case NameRoom():
                return SAME
            case Post():
                said = content.worded(content.with_buttons(out.text, out.buttons))
                said |= {"m.mentions": {"room": True}} if out.loud else {}
                return await self._put(room_id, out.key, list(out.attachments) or [said], out.place)
            case Receipt():
                return await self._mark(out, room_id)

    async def _mark(self, out: Receipt, room_id: str) -> str:
        try:
            await self._event(room_id, "m.reaction", out.key, content.reacting(out.ref, MARKS[out.fate]))
        except Refused as error:
            if "M_DUPLICATE_ANNOTATION" not in str(error):
                raise
        return SAME

    # --- beside --------------------------------------------------------------------------------------------

    async def fetch(self, file: File, into: BinaryIO) -> None:
        """Write what somebody sent. Raises Refused or Busy."""
        await media.fetch(self._calls, file, into)

    async def show_typing(self, conversation_id: str, ref: str) -> None:
        """Show it for ten seconds. Fails silently."""
        path = f"{CLIENT}/rooms/{quoted(conversation_id)}/typing/{quoted(self._options.user)}"
        with contextlib.suppress(Undelivered):
            await self._calls.ask("PUT", path, json={"typing": True, "timeout": TYPING_MS})

    async def show_seen(self, conversation_id: str, ref: str) -> None:
        """Show it as read, up to the event `ref`. Fails silently."""
        path = f"{CLIENT}/rooms/{quoted(conversation_id)}/receipt/m.read/{quoted(ref)}"
        with contextlib.suppress(Undelivered):
            await self._calls.ask("POST", path, json={})

    def invitation(self, payload: str) -> str:
        """The address that opens a chat with the bot; Matrix carries nothing along with it."""
        return "" if payload else f"https://matrix.to/#/{self._options.user}"

    async def read_outlet(self, name: str) -> Shown:
        """What stands there now. Raises Refused or Busy."""
        field = "topic" if name == "topic" else "status_msg"
        try:
            told = await self._outlet(name, "GET")
        except Forbidden:
            raise
        except Refused as error:
            if "M_NOT_FOUND" in str(error):
                return None
            raise
        return {"": str(told.get(field) or "")}

    async def show_outlet(self, name: str, shown: Shown) -> None:
        """Put it there. Raises Refused or Busy."""
        if isinstance(shown, bytes):
            raise Refused("a text is wanted")
        text = shown.get("", "") if shown else ""
        said = {"topic": text} if name == "topic" else {"presence": "online", "status_msg": text}
        await self._outlet(name, "PUT", said)

    async def _outlet(self, name: str, method: str, said: Content | None = None) -> Mapping[str, Any]:
        if name != "topic":
            path = f"{CLIENT}/presence/{quoted(self._options.user)}/status"
            return await self._calls.ask(method, path, json=said)
        room_id = self._options.topic_room
        path = f"{CLIENT}/rooms/{quoted(room_id)}/state/m.room.topic"
        told = await self._inside(room_id, partial(self._calls.ask, method, path, json=said))
        self._troubles.report("topic_room", "")
        return told

    async def check(self) -> list[Finding]:
        """Whether it would work."""
        return await check.findings(self._calls, self._options, self._tools.hook_url)

    async def aclose(self) -> None:
        """Nothing was opened."""


def open_channel(options: Options, tools: Tools) -> Matrix:
    """Raises BadOptions when an option cannot work."""
    examine(options, tools)
    return Matrix(options, tools)
