"""What WhatsApp pushes: batches of messages, of what became of ours, and of what humans wrote in the Business app.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.base import (
    AgentCommand,
    Arrival,
    CustomerEdit,
    CustomerMessage,
    CustomerReaction,
    File,
    FileKind,
    Malformed,
    OutsideReply,
    Person,
    Tools,
    Undeliverable,
    maybe_object,
    maybe_objects,
    maybe_text,
    object_of,
    read_object,
    read_text,
    start,
    wanted_object,
)
from adapters.base.graph import Batch, id_at, listed, located
from adapters.whatsapp.calls import reason_of

KINDS: Mapping[str, FileKind] = {
    "image": "photo",
    "video": "video",
    "audio": "audio",
    "document": "document",
    "sticker": "sticker",
}
UNTOLD = "(a message of a kind that WhatsApp does not pass on)"
ORDER = "(an order from the catalogue)"
SILENT = frozenset({"system", "request_welcome"})
"""Kinds by which a customer says nothing: they have a new number, or have opened a chat."""
REF_CHARS = 1_000


class Inbound:
    """Reads what is pushed for our `numbers`, by their ids; what is pushed for others is passed over."""

    def __init__(self, numbers: tuple[str, ...], tools: Tools) -> None:
        self._numbers = numbers
        self._agents, self._queues = tools.agents, tools.queues

    def read(self, body: bytes) -> list[Arrival]:
        """A batch. What is wrong in it keeps nothing else from being read; where nothing is right it raises
        Malformed."""
        pushed, batch = read_object(body), Batch()
        if id_at(pushed, "object") != "whatsapp_business_account":
            return []
        for where, entry in listed(pushed, "entry"):
            with batch.part():
                for at, change in listed(object_of(entry, where), "changes", where):
                    with batch.part():
                        self._change(batch, object_of(change, at), at)
        return batch.read()

    def _change(self, batch: Batch, change: Mapping[str, Any], where: str) -> None:
        if id_at(change, "field", where) not in ("messages", "smb_message_echoes"):
            return
        value, within = wanted_object(change, "value", where), f"{where}.value"
        number = id_at(wanted_object(value, "metadata", within), "phone_number_id", f"{within}.metadata")
        if number not in self._numbers:
            return
        for at, one in listed(value, "messages", within, needed=False):
            with batch.part():
                batch.arrivals += self._message(number, object_of(one, at), value, at)
        for at, one in listed(value, "statuses", within, needed=False):
            with batch.part():
                batch.arrivals += _status(number, object_of(one, at), at)
        for at, one in listed(value, "message_echoes", within, needed=False):
            with batch.part():
                batch.arrivals += _echo(number, object_of(one, at), at)

    def _message(
        self, number: str, message: Mapping[str, Any], value: Mapping[str, Any], where: str
    ) -> list[Arrival]:
        name, kind = id_at(message, "id", where), id_at(message, "type", where)
        if "group_id" in message or kind in SILENT:
            return []
        sender = _named(message, "from", "from_user_id", where)
        conversation_id = f"{number}/{sender}"
        if kind == "reaction":
            emoji = read_text(wanted_object(message, "reaction", where), "emoji")
            return [CustomerReaction(name, conversation_id, emoji)]
        if kind == "revoke":
            ref = id_at(wanted_object(message, "revoke", where), "original_message_id", f"{where}.revoke")
            return [CustomerEdit(name, conversation_id, ref, None)]
        if kind == "edit":
            return [_edit(name, conversation_id, wanted_object(message, "edit", where), f"{where}.edit")]
        text, files = said_in(message, kind, where)
        if not text and not files:
            text = UNTOLD
        person = Person(sender, _name_of(sender, value))
        if sender in self._agents and text.startswith("/"):
            command, _, arguments = text[1:].partition(" ")
            return [AgentCommand(name, person, command, arguments.strip(), answer_to=number, files=files)]
        queue = None
        if text.startswith("/start "):
            text, queue = start(text.removeprefix("/start ").strip(), self._queues)
        elif came_by := _referral(message):
            text = f"{came_by}\n{text}".rstrip()
        return [CustomerMessage(name, conversation_id, person, text, queue=queue, files=files, ref=name)]


def _named(data: Mapping[str, Any], number: str, user: str, where: str) -> str:
    """Who it is: a phone number, or WhatsApp's own id of somebody who hides it. Raises Malformed."""
    return id_at(data, user if not data.get(number) and user in data else number, where)


def _name_of(sender: str, value: Mapping[str, Any]) -> str:
    """What the customer calls themselves; "" where it is not told."""
    for contact in maybe_objects(value, "contacts"):
        if sender in (contact.get("wa_id"), contact.get("user_id")):
            return maybe_text(maybe_object(contact, "profile"), "name")
    return ""


def _status(number: str, status: Mapping[str, Any], where: str) -> list[Arrival]:
    """What became of a message of ours: told only where it did not arrive."""
    name = id_at(status, "id", where)
    to = maybe_text(status, "recipient_id") or maybe_text(status, "recipient_user_id")
    if id_at(status, "status", where) != "failed" or not to:
        return []
    errors = maybe_objects(status, "errors")
    reason = reason_of(errors[0]) if errors else "WhatsApp does not say why"
    return [Undeliverable(f"{name}-failed", f"{number}/{to}", reason)]


def _echo(number: str, message: Mapping[str, Any], where: str) -> list[Arrival]:
    """What a human of ours wrote in the WhatsApp Business app."""
    name, kind = id_at(message, "id", where), id_at(message, "type", where)
    to, sender = _named(message, "to", "to_user_id", where), id_at(message, "from", where)
    if kind in ("revoke", "edit", "reaction"):
        return []
    text, files = said_in(message, kind, where)
    text = text or ", ".join(file.kind for file in files)
    return [OutsideReply(name, f"{number}/{to}", Person(sender, "WhatsApp Business app"), text)]


def _edit(name: str, conversation_id: str, edit: Mapping[str, Any], where: str) -> CustomerEdit:
    changed, at = wanted_object(edit, "message", where), f"{where}.message"
    text, _ = said_in(changed, id_at(changed, "type", at), at)
    return CustomerEdit(name, conversation_id, id_at(edit, "original_message_id", where), text)


def _referral(message: Mapping[str, Any]) -> str:
    """By which advertisement or post the customer came, in words."""
    referral = message.get("referral")
    if not isinstance(referral, dict):
        return ""
    told = filter(None, (maybe_text(referral, "headline"), maybe_text(referral, "source_url")))
    return f"(came by {' '.join((maybe_text(referral, 'source_type') or 'a link', *told))})"


# --- what a message says -------------------------------------------------------------------------------------


def said_in(message: Mapping[str, Any], kind: str, where: str) -> tuple[str, tuple[File, ...]]:
    """Text and files of a message; neither of kinds that are not known. What is wrong with a file costs nobody the
    words beside it. Raises Malformed."""
    match kind:
        case "text":
            return read_text(wanted_object(message, kind, where), "body"), ()
        case "button":
            button = wanted_object(message, kind, where)
            return _chosen(read_text(button, "payload"), read_text(button, "text")), ()
        case "interactive":
            return _interactive(wanted_object(message, kind, where)), ()
        case "order":
            return f"{ORDER}\n{read_text(maybe_object(message, kind), 'text')}".rstrip(), ()
        case "contacts":
            return "\n".join(filter(None, map(_contact, maybe_objects(message, kind)))), ()
        case _ if kind == "location" or kind in KINDS:
            held = maybe_object(message, kind)
            caption = read_text(held, "caption")
            try:
                return caption, (_file(kind, held),)
            except Malformed:
                return f"{caption or _place(held)}\n{UNTOLD}".strip(), ()
    return "", ()


def _chosen(payload: str, title: str) -> str:
    """What a tap says: a command where the button holds one, else what stands on it."""
    return payload if payload.startswith("/") else title


def _interactive(interactive: Mapping[str, Any]) -> str:
    for kind in ("button_reply", "list_reply"):
        reply = interactive.get(kind)
        if isinstance(reply, dict):
            return _chosen(read_text(reply, "id"), read_text(reply, "title"))
    return "(a form that was filled in)" if "nfm_reply" in interactive else UNTOLD


def _file(kind: str, held: Mapping[str, Any]) -> File:
    if kind == "location":
        return located(held, "latitude", "longitude", _place(held))
    ref = id_at(held, "id")
    if len(ref) > REF_CHARS:
        raise Malformed(f"id: is longer than {REF_CHARS} characters")
    voice = kind == "audio" and held.get("voice") is True
    mime = maybe_text(held, "mime_type").partition(";")[0]
    return File("voice" if voice else KINDS[kind], ref, maybe_text(held, "filename"), mime)


def _place(held: Mapping[str, Any]) -> str:
    """What a location is called."""
    return ", ".join(filter(None, (maybe_text(held, "name"), maybe_text(held, "address"))))


def _contact(card: Mapping[str, Any]) -> str:
    """A contact in words: the name, and the numbers."""
    told = maybe_text(maybe_object(card, "name"), "formatted_name")
    numbers = [maybe_text(one, "phone") for one in maybe_objects(card, "phones")]
    return ": ".join(filter(None, (told, ", ".join(filter(None, numbers)))))
