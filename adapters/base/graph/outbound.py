"""A channel of a page or an account: private messages to customers, and answers under what they said in public.

https://developers.facebook.com/docs/messenger-platform/reference/send-api
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, BinaryIO
from urllib.parse import quote

from adapters.base.abilities import Finding, Pace
from adapters.base.arrivals import Arrival, File, FileKind, Inbox, Person
from adapters.base.channel import Limits, Tools
from adapters.base.errors import BadOptions, Down, Refused, Uncertain, Undelivered, Unusable
from adapters.base.graph.calls import Graph, Mend
from adapters.base.graph.inbound import MARK, Inbound
from adapters.base.graph.proof import handshake, verify
from adapters.base.outgoing import Attachment, CommandAnswer, EventOut, MessageOut, Outgoing
from adapters.base.pushed import Pushed, Told
from adapters.base.reading import maybe_objects, maybe_text
from adapters.base.sending import one_by_one

DAY_S, WEEK_S = 86_400.0, 7 * 86_400.0
"""How long anything may be said after the customer's last word, and a human's own words:
https://developers.facebook.com/docs/messenger-platform/policy/policy-overview"""
MESSAGES = Pace("messages", most=40, per_s=1.0)
"""Of 300 that Meta allows: at more than this its own inbox falls behind."""
MEDIA_PER_S = 10
METADATA_CHARS = 1_000
WATCH_S = 3_600.0
TYPES: Mapping[FileKind, tuple[str, str]] = {
    "photo": ("image", "image/jpeg"),
    "sticker": ("image", "image/png"),
    "video": ("video", "video/mp4"),
    "audio": ("audio", "audio/mpeg"),
    "voice": ("audio", "audio/ogg"),
    "document": ("file", "application/octet-stream"),
}
"""What Meta calls a kind of file, and its media type where none is known."""


Upload = Callable[[Mapping[str, str], str, str, BinaryIO], object]
"""Makes a form of fields, a file's name, its media type and its content."""


@dataclass(frozen=True, slots=True)
class Ways:
    """Where the platforms differ: the `node` calls are made at, what `plain` messages say of themselves, the edge
    `under` a public message where answers stand and how many characters they may have, whether a message's `metadata`
    comes back with its echo, how an `upload` is made up (None: none is taken), the `fields` to be pushed, how `links`
    begin that open chats, how a text is `cut`, and what is asked of a `person`: the next where the app may not ask for
    the one before."""

    platform: str
    node: str
    plain: Mapping[str, str]
    under: str
    under_chars: int
    metadata: bool
    upload: Upload | None
    fields: tuple[str, ...]
    links: tuple[str, ...]
    cut: Callable[[str], str]
    person: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rights:
    """What the operator gave: the app's secrets, what Meta has to know to be told that the address is ours, whether a
    human may answer for a week, and the ids of the app."""

    secrets: tuple[str, ...] = field(repr=False)
    verify_token: str = field(repr=False)
    human_agent: bool
    apps: tuple[str, ...] = ()


def examine_rights(token: str, rights: Rights) -> None:
    """Raises BadOptions where they cannot work."""
    if not (token.isascii() and token.isprintable() and token.strip()):
        raise BadOptions("token", "is no access token; Meta's app dashboard makes one")
    if not rights.secrets or not all(rights.secrets):
        raise BadOptions("secret", "is empty; the app's secret stands in its dashboard")
    if not rights.verify_token:
        raise BadOptions("verify_token", "is empty; invent one, and enter it in the app's dashboard too")
    if not all(one.isdecimal() for one in rights.apps):
        raise BadOptions("app_id", "is no id of an app: a number, which stands above the app's dashboard")


class Direct:
    """A page or an account that writes to customers."""

    wants_events = False
    thanks = Told()

    def __init__(
        self, graph: Graph, inbound: Inbound, ways: Ways, rights: Rights, limits: Limits, tools: Tools
    ) -> None:
        self.limits = replace(limits, reply_window_s=WEEK_S if rights.human_agent else DAY_S)
        self._graph = graph
        self._inbound = inbound
        self._ways = ways
        self._rights = rights
        self._tools = tools

    # --- in ------------------------------------------------------------------------------------------------

    def accept(self, headers: Mapping[str, str], body: bytes, now: float) -> list[Arrival]:
        """Verify and read a batch. Raises Untrusted or Malformed."""
        verify(self._rights.secrets, headers, body)
        return self._inbound.read(body)

    def answer(self, pushed: Pushed, now: float) -> Told | None:
        """Meta's question whether the address is ours. Raises Untrusted."""
        return handshake(pushed, self._rights.verify_token)

    async def listen(self, inbox: Inbox) -> None:
        """Have events pushed, and see to it that it stays so: Meta ends it where we were away for long. Raises Down or
        Unusable."""
        fields = {"subscribed_fields": ",".join(self._ways.fields)}
        while True:
            try:
                await self._graph.ask("POST", f"{self._ways.node}/subscribed_apps", data=fields)
            except (Refused, Mend) as error:
                raise Unusable(str(error)) from error
            except Undelivered as error:
                raise Down(str(error)) from error
            await asyncio.sleep(WATCH_S)

    # --- out -----------------------------------------------------------------------------------------------

    def paces(self, outgoing: Outgoing) -> Sequence[Pace]:
        """What Meta allows a page. Pure."""
        match outgoing:
            case MessageOut(attachments=attachments) if attachments:
                return (MESSAGES, Pace("media", MEDIA_PER_S, 1.0, draws=len(attachments)))
            case MessageOut() | CommandAnswer():
                return (MESSAGES,)
        return ()

    async def send(self, outgoing: Outgoing) -> str:
        """Send to a customer or an agent. Raises Refused, Busy or Uncertain."""
        match outgoing:
            case MessageOut(public=public) if public:
                return await self._comment(outgoing)
            case MessageOut():
                return await self._say(outgoing)
            case CommandAnswer(key=key, text=text, agent_id=agent_id):
                return await self._post(agent_id, key, {"text": self._ways.cut(text)}, self._ways.plain)
            case EventOut(key=key):
                return key
        raise Refused(f"there is no place for it on {self._ways.platform}")

    async def _comment(self, outgoing: MessageOut) -> str:
        """Answer in public."""
        if outgoing.attachments:
            raise Refused("no files can be put under a comment")
        if len(outgoing.text) > self._ways.under_chars:
            raise Refused(f"a public answer may have {self._ways.under_chars} characters here: write less")
        path, said = f"{quote(outgoing.public, safe='')}/{self._ways.under}", {"message": outgoing.text}
        return _id_in(await self._graph.ask("POST", path, data=said, sends=True), "id")

    async def _say(self, outgoing: MessageOut) -> str:
        """Say it in private, each file for itself."""
        to, window = outgoing.conversation_id, self._window(outgoing)
        if to.startswith("@"):
            raise Refused("the customer has said nothing in private: nothing can be sent to them there")
        if not outgoing.attachments:
            return await self._post(to, outgoing.key, {"text": outgoing.text}, window)
        return await one_by_one(outgoing.attachments, partial(self._attach, to, outgoing.key, window))

    def _window(self, outgoing: MessageOut) -> Mapping[str, str]:
        """What a message says of itself. Raises Refused where the customer has been silent for too long."""
        silent_s = self._tools.now() - outgoing.heard_at if outgoing.heard_at else 0.0
        if silent_s <= DAY_S:
            return self._ways.plain
        human = self._rights.human_agent and outgoing.kind == "reply"
        if human and silent_s <= WEEK_S:
            return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
        long = "7 days" if human else "24 hours"
        raise Refused(f"the customer last wrote more than {long} ago; {self._ways.platform} allows no more")

    async def _attach(self, to: str, key: str, window: Mapping[str, str], attachment: Attachment) -> str:
        file, address = attachment.file, attachment.url
        if file.kind == "location":
            link = {"text": f"{file.name}\n{file.text or file.ref}".strip()}
            return await self._post(to, key, link, window)
        kind, mime = TYPES[file.kind]
        if not address and attachment.content is None and file.ref.startswith("https://"):
            address = file.ref
        if address:
            fetched = {"attachment": {"type": kind, "payload": {"url": address}}}
            return await self._post(to, key, fetched, window)
        if attachment.content is None or self._ways.upload is None:
            raise Refused(f"{self._ways.platform} takes files by their address only: see server.public_url")
        message = self._marked({"attachment": {"type": kind, "payload": {}}}, key)
        said = {"recipient": json.dumps({"id": to}), "message": json.dumps(message), **window}
        form = self._ways.upload(said, file.name or file.kind, file.mime or mime, attachment.content)
        return _id_in(await self._graph.ask("POST", self._messages, data=form, sends=True), "message_id")

    def _marked(self, message: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        """A message by whose echo it is known that it is ours."""
        return {**message, "metadata": f"{MARK}{key}"[:METADATA_CHARS]} if self._ways.metadata else message

    async def _post(self, to: str, key: str, message: Mapping[str, Any], window: Mapping[str, str]) -> str:
        body = {"recipient": {"id": to}, "message": self._marked(message, key), **window}
        return _id_in(await self._graph.ask("POST", self._messages, json=body, sends=True), "message_id")

    @property
    def _messages(self) -> str:
        return f"{self._ways.node}/messages"

    # --- beside --------------------------------------------------------------------------------------------

    async def show_seen(self, conversation_id: str, ref: str) -> None:
        """Mark the customer's messages as seen. Fails silently."""
        await self._sign(conversation_id, "mark_seen")

    async def show_typing(self, conversation_id: str, ref: str) -> None:
        """Show the dots for up to 20 seconds, or until a message comes. Fails silently."""
        await self._sign(conversation_id, "typing_on")

    async def _sign(self, to: str, action: str) -> None:
        if not to.startswith("@"):
            with contextlib.suppress(Undelivered):
                sign = {"recipient": {"id": to}, "sender_action": action}
                await self._graph.ask("POST", self._messages, json=sign)

    def invitation(self, payload: str) -> str:
        """The operator's own link into a chat, with what it is to say; "" where it is none. Pure."""
        link = self._tools.contact
        if not link.startswith(self._ways.links):
            return ""
        return f"{link}{'&' if '?' in link else '?'}ref={payload}" if payload else link

    async def person_of(self, customer_id: str) -> Person:
        """Whom Meta says somebody is who wrote to us, if it does. Raises Refused or Busy."""
        for fields in self._ways.person:
            told = await self._graph.look(f"{quote(customer_id, safe='')}?fields={fields}")
            if told is not None:
                name = maybe_text(told, "name") or maybe_text(told, "username")
                return Person(customer_id, name, maybe_text(told, "locale").replace("_", "-"))
        return Person(customer_id)

    async def fetch(self, file: File, into: BinaryIO) -> None:
        """What a customer sent, from where Meta keeps it for a while. Raises Refused or Busy."""
        await self._graph.fetch(file.ref, into, self.limits.file_bytes)

    def pushed_to_us(self, apps: Mapping[str, Any]) -> list[Finding]:
        """What the answer of `subscribed_apps` says: whether all that is needed is pushed to our app, and to where."""
        ours = self._rights.apps
        told = [
            one.get("subscribed_fields")
            for one in maybe_objects(apps, "data")
            if not ours or maybe_text(one, "id") in ("", *ours)
        ]
        fields = {one for some in told if isinstance(some, list) for one in some if isinstance(one, str)}
        missing = [one for one in self._ways.fields if one not in fields]
        wrong = f"not {', '.join(missing)}; the bot asks for it when it starts" if missing else ""
        return [Finding("events are pushed", wrong), reachable("they", self._tools.hook_url)]

    async def aclose(self) -> None:
        """Nothing of its own to give back."""


def reachable(what: str, hook_url: str) -> Finding:
    """Whether Meta would push to our address."""
    no_tls = "Meta pushes to https:// only: see server.public_url"
    return Finding(f"{what} are pushed to {hook_url}", "" if hook_url.startswith("https://") else no_tls)


def permitted(granted: frozenset[str] | None, needed: Sequence[str]) -> Finding:
    """Whether a token has all permissions that it needs; None are `granted` where Meta does not tell."""
    if granted is None:
        return Finding(
            "Meta tells what the token may do", "not to this app and secret; compare both with its dashboard"
        )
    missing = [one for one in needed if one not in granted]
    return Finding("the token has the permissions it needs", f"not {', '.join(missing)}" if missing else "")


def _id_in(answer: Mapping[str, Any], name: str) -> str:
    """The id of what was sent. Raises Uncertain where there is none."""
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise Uncertain("an answer that makes no sense")
    return value
