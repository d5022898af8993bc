"""What Meta pushes of a page or an account: batches of private messages, and of what is said in public.

https://developers.facebook.com/docs/messenger-platform/reference/webhook-events and
https://developers.facebook.com/docs/instagram-platform/webhooks/examples
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from adapters.base.arrivals import (
    AgentCommand,
    Arrival,
    CustomerEdit,
    CustomerMessage,
    CustomerReaction,
    File,
    FileKind,
    OutsideReply,
    Person,
)
from adapters.base.channel import Tools
from adapters.base.errors import Malformed
from adapters.base.graph.batch import Batch
from adapters.base.graph.fields import id_at, listed, located, moment
from adapters.base.links import start
from adapters.base.reading import (
    maybe_object,
    maybe_objects,
    maybe_text,
    object_of,
    read_object,
    read_text,
    wanted_object,
)

KINDS: Mapping[str, FileKind] = {
    "image": "photo",
    "video": "video",
    "audio": "audio",
    "file": "document",
    "sticker": "sticker",
    "story_mention": "document",
}
INBOX_APPS = frozenset({"26390203743090", "263902037430900"})
"""Meta's own inboxes, as echoes name them."""
MARK = "jono:"
"""Begins what our own messages bear, where the platform brings that back with their echoes."""
REF_CHARS = 1_000
UNTOLD = "(a message of a kind that Meta does not pass on)"

Change = Callable[[str, str, Mapping[str, Any], str], list[Arrival]]
"""Reads a change: the account's id, the field, the value, and where in the body that stands. Raises Malformed."""


class Inbound:
    """Reads what is pushed of a `kind` of object: private messages here, what is public by `change`. `apps` are the ids
    of our own app, none where nobody gave them: then nobody knows who wrote what the account itself says. Of other
    accounts than `account` nothing is read, if it is given."""

    def __init__(
        self, kind: str, apps: tuple[str, ...], tools: Tools, change: Change, account: str = ""
    ) -> None:
        self._kind = kind
        self._account = account
        self._apps = apps
        self._agents, self._queues = tools.agents, tools.queues
        self._change = change

    def read(self, body: bytes) -> list[Arrival]:
        """A batch. What is wrong in it keeps nothing else from being read; where nothing
        is right it raises Malformed."""
        pushed, batch = read_object(body), Batch()
        if id_at(pushed, "object") != self._kind:
            return []
        for where, entry in listed(pushed, "entry"):
            with batch.part():
                self._entry(batch, object_of(entry, where), where)
        return batch.read()

    def _entry(self, batch: Batch, entry: Mapping[str, Any], where: str) -> None:
        whose = id_at(entry, "id", where)
        if self._account not in ("", whose):
            return
        for at, one in listed(entry, "messaging", where, needed=False):
            with batch.part():
                batch.arrivals += self._event(whose, object_of(one, at), at)
        # A change may stand in the entry itself, where it is the only one.
        alone = "field" in entry
        for at, one in [(where, entry)] if alone else listed(entry, "changes", where, needed=False):
            with batch.part():
                change = object_of(one, at)
                field, value = id_at(change, "field", at), wanted_object(change, "value", at)
                batch.arrivals += self._change(whose, field, value, f"{at}.value")

    def _event(self, account: str, event: Mapping[str, Any], where: str) -> list[Arrival]:
        kinds = {
            "message": self._message,
            "message_edit": self._edit,
            "postback": self._postback,
            "referral": self._referral,
            "reaction": self._reaction,
        }
        kind = next((kind for kind in kinds if kind in event), "")
        if not kind:
            return []
        if kind == "message_edit" and "sender" not in event:
            # Instagram tells of a message that it was edited 0 times, and not by whom.
            return []
        said, at = wanted_object(event, kind, where), f"{where}.{kind}"
        if kind == "message" and said.get("is_echo") is True:
            customer = id_at(wanted_object(event, "recipient", where), "id", f"{where}.recipient")
            return self._echo(customer, said, at)
        customer = id_at(wanted_object(event, "sender", where), "id", f"{where}.sender")
        return [] if customer == account else kinds[kind](customer, said, at, event.get("timestamp"))

    def _echo(self, customer: str, message: Mapping[str, Any], where: str) -> list[Arrival]:
        """What the account itself says; a human of ours does where another app than ours did."""
        app = str(message.get("app_id") or "")
        ours = app in self._apps or maybe_text(message, "metadata").startswith(MARK)
        if not self._apps or not app or ours:
            return []
        agent = Person(app, "Meta's inbox" if app in INBOX_APPS else f"app {app}")
        text, files = said_in(message)
        return [OutsideReply(id_at(message, "mid", where), customer, agent, text or files_in_words(files))]

    def _message(self, customer: str, message: Mapping[str, Any], where: str, at: object) -> list[Arrival]:
        mid = id_at(message, "mid", where)
        if message.get("is_deleted") is True:
            return [CustomerEdit(f"{mid}-deleted", customer, mid, None)]
        text, files = said_in(message)
        tapped = maybe_text(maybe_object(message, "quick_reply"), "payload")
        if tapped.startswith("/"):
            text = tapped
        arrivals: list[Arrival] = []
        queue = None
        if code := ref_in(message):
            opening, queue = start(code, self._queues)
            if opening != "/start":
                arrivals.append(self._written(f"{mid}-start", customer, opening, queue))
        said = text if text or files else UNTOLD
        return [*arrivals, self._written(mid, customer, said, queue, files)]

    def _edit(self, customer: str, edit: Mapping[str, Any], where: str, at: object) -> list[Arrival]:
        mid = id_at(edit, "mid", where)
        return [
            CustomerEdit(f"{mid}-edit-{edit.get('num_edit', at)}", customer, mid, read_text(edit, "text"))
        ]

    def _postback(self, customer: str, postback: Mapping[str, Any], where: str, at: object) -> list[Arrival]:
        """A button was tapped; the first one of a chat tells by which link it was opened."""
        name = read_text(postback, "mid") or f"postback-{customer}-{moment(at, where)}"
        if code := ref_in(postback):
            return [self._written(name, customer, *start(code, self._queues))]
        payload = read_text(postback, "payload")
        text = payload if payload.startswith("/") else read_text(postback, "title")
        return [self._written(name, customer, text)] if text else []

    def _referral(self, customer: str, referral: Mapping[str, Any], where: str, at: object) -> list[Arrival]:
        """A link was followed into a chat that was there before."""
        code, name = read_text(referral, "ref"), f"referral-{customer}-{moment(at, where)}"
        return [self._written(name, customer, *start(code, self._queues))] if code else []

    def _reaction(self, customer: str, reaction: Mapping[str, Any], where: str, at: object) -> list[Arrival]:
        emoji = "" if reaction.get("action") == "unreact" else read_text(reaction, "emoji")
        if not emoji and reaction.get("action") != "unreact":
            return []
        name = f"reaction-{id_at(reaction, 'mid', where)}-{moment(at, where)}"
        return [CustomerReaction(name, customer, emoji)]

    def _written(
        self, name: str, customer: str, text: str, queue: str | None = None, files: tuple[File, ...] = ()
    ) -> Arrival:
        person = Person(customer)
        if customer in self._agents and text.startswith("/"):
            command, _, arguments = text[1:].partition(" ")
            return AgentCommand(name, person, command, arguments.strip(), files=files)
        return CustomerMessage(
            name, customer, person, text, queue=queue, files=files, ref=name, continues=f"@{customer}"
        )


def said_in(message: Mapping[str, Any]) -> tuple[str, tuple[File, ...]]:
    """Text and files of a message. What is wrong with an attachment costs neither the text nor another one. Raises
    Malformed."""
    lines, files = [read_text(message, "text")], list[File]()
    attached = message.get("attachments") or []
    for one in attached if isinstance(attached, list) else [attached]:
        try:
            told = _attached(object_of(one, "attachments"))
        except Malformed:
            told = []
        files += [part for part in told if isinstance(part, File)]
        lines += [part for part in told or [UNTOLD] if isinstance(part, str) and part not in lines[0]]
    if message.get("is_unsupported") is True:
        lines.append(UNTOLD)
    text = "\n".join(dict.fromkeys(filter(None, lines)))
    story = maybe_object(message, "reply_to").get("story")
    if isinstance(story, dict) and not text.startswith("/"):
        text = f"(answers our story {maybe_text(story, 'url')})".replace(" )", ")") + f"\n{text}".rstrip()
    return text, tuple(files)


def _attached(attachment: Mapping[str, Any]) -> list[File | str]:
    """The file that an attachment is; of what is none the link and the titles are told. Raises Malformed."""
    kind, payload = read_text(attachment, "type"), object_of(attachment.get("payload") or {}, "payload")
    address = read_text(payload, "url") or read_text(attachment, "url")
    title = read_text(attachment, "title") or read_text(payload, "title")
    if kind == "location":
        return [located(wanted_object(payload, "coordinates"), "lat", "long", title)]
    if kind in KINDS and 0 < len(address) <= REF_CHARS:
        mention = ["(mentions us in a story)"] if kind == "story_mention" else []
        return [File(KINDS[kind], address), *mention]
    products = maybe_objects(maybe_object(payload, "product"), "elements")
    titles = [maybe_text(one, "title") for one in products]
    return [part for part in (title, *titles, address) if part]


def files_in_words(files: tuple[File, ...]) -> str:
    """What kinds of files they are."""
    return ", ".join(file.kind for file in files)


def ref_in(data: Mapping[str, Any]) -> str:
    """What a followed link says, "" where none was."""
    return maybe_text(maybe_object(data, "referral"), "ref")
