"""What Chatwoot pushes, as arrivals: https://www.chatwoot.com/hc/user-guide/articles/1677693021-how-to-use-webhooks and
the `webhook_data` of its models.

A message stands at the top with its conversation inside; of an event of a conversation, that is the top. The same event
comes once from an agent bot and once from each webhook, under delivery ids of their own: every id here is made of what
all of them say, so that they count once. Nobody is told who did what; the assignee is the best that is known of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from adapters.base import (
    AgentCommand,
    Arrival,
    CustomerEdit,
    CustomerMessage,
    File,
    FileKind,
    Malformed,
    OutsideAct,
    OutsideReply,
    Person,
    maybe_object,
    maybe_objects,
    read_text,
    wanted_object,
    wanted_text,
)

OWN: Mapping[str, str] = {"sent_by": "jono"}
"""Stands in the `content_attributes` of all we write: an echo of it is no human's, whosever token it was written with.
Not `source_id`, which would do as well: Chatwoot brings no message to the customer that has one."""
NOT_BY_HAND = ("automation_rule_id", "campaign_id")
"""Lead what a rule or a campaign sent in somebody's name."""
KINDS: Mapping[str, FileKind] = {
    "image": "photo",
    "video": "video",
    "ig_reel": "video",
    "audio": "audio",
    "file": "document",
}
REF_CHARS, LANGUAGE_CHARS, MARK_CHARS = 1_000, 35, 64
BESIDE = Person("beside-chatwoot", "app beside Chatwoot")
"""Who wrote in the app of WhatsApp, Instagram, Messenger or TikTok itself: Chatwoot is not told which human it was."""
NOBODY = Person("chatwoot", "Chatwoot")
"""Who closes a case that nobody is assigned to: a rule, or a human of whom Chatwoot does not tell."""


def message(event: Mapping[str, Any], agents: frozenset[str]) -> list[Arrival]:
    """`message_created`: of a customer, of a human of ours, or a command that an agent of `agents` left as a private
    note. Robots, templates, other notes and what we wrote ourselves are nothing. Raises Malformed."""
    message_id, conversation_id = number(event, "id"), number(wanted_object(event, "conversation"), "id")
    text, kind = read_text(event, "content"), wanted_text(event, "message_type")
    if kind == "incoming":
        text, files = _said(text, maybe_objects(event, "attachments"))
        if not text and not files:
            return []
        who = _customer(event)
        return [CustomerMessage(message_id, conversation_id, who, text, files=files, ref=message_id)]
    if kind != "outgoing" or _by_itself(event) or (agent := _author(event)) is None:
        return []
    if event.get("private") is False:
        return [OutsideReply(message_id, conversation_id, agent, text)]
    if agent.id in agents and text.startswith("/"):
        command, _, arguments = text[1:].partition(" ")
        return [AgentCommand(message_id, agent, command, arguments.strip(), answer_to=conversation_id)]
    return []


def deletion(event: Mapping[str, Any]) -> list[Arrival]:
    """`message_updated`: comes for everything that changes about a message; a customer's that was deleted counts.
    Raises Malformed."""
    deleted = maybe_object(event, "content_attributes").get("deleted") is True
    if not deleted or event.get("message_type") != "incoming":
        return []
    message_id, conversation_id = number(event, "id"), number(wanted_object(event, "conversation"), "id")
    return [CustomerEdit(f"deleted-{message_id}", conversation_id, message_id, None)]


def assignment(event: Mapping[str, Any]) -> list[Arrival]:
    """`conversation_updated`: who it is assigned to has changed. Raises Malformed."""
    before, after = _changed(event, "assignee_id")
    if before == after:
        return []
    conversation_id = number(event, "id")
    if after is not None:
        agent_id = number({"assignee_id": after}, "assignee_id")
        assignee = _assignee(event)
        agent = assignee if assignee.id == agent_id else Person(agent_id)
        act_id = f"claim-{conversation_id}-{agent_id}-{_mark(event)}"
        return [OutsideAct(act_id, conversation_id, agent, "claim")]
    agent = Person(number({"assignee_id": before}, "assignee_id"))
    return [OutsideAct(f"release-{conversation_id}-{_mark(event)}", conversation_id, agent, "release")]


def status(event: Mapping[str, Any]) -> list[Arrival]:
    """`conversation_status_changed`: one that is resolved is closed; one that is opened is opened by what the customer
    wrote, or by us. Raises Malformed."""
    if wanted_text(event, "status") != "resolved":
        return []
    conversation_id = number(event, "id")
    return [OutsideAct(f"close-{conversation_id}-{_mark(event)}", conversation_id, _assignee(event), "close")]


# --- field by field ------------------------------------------------------------------------------------------


def number(data: Mapping[str, Any], name: str, within: str = "") -> str:
    """An id that must be there. Raises Malformed."""
    value = data.get(name)
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return value
    if type(value) is not int or value < 1:
        raise Malformed(f"{within}{name}: a number is wanted")
    return str(value)


def _agent(who: Mapping[str, Any], within: str) -> Person:
    return Person(number(who, "id", within), read_text(who, "name"))


def _author(event: Mapping[str, Any]) -> Person | None:
    """The human of ours who wrote it; None where it was none."""
    sender = event.get("sender")
    if sender is None:
        return BESIDE if maybe_object(event, "content_attributes").get("external_echo") is True else None
    sender = maybe_object(event, "sender")
    return _agent(sender, "sender.") if sender.get("type") == "user" else None


def _customer(event: Mapping[str, Any]) -> Person:
    """Who wrote, and their language: as it was told of them, or as their browser or Chatwoot knows it."""
    sender, conversation = wanted_object(event, "sender"), wanted_object(event, "conversation")
    contact = maybe_object(maybe_object(conversation, "meta"), "sender")
    told = [
        *(maybe_object(one, "custom_attributes").get("language") for one in (sender, contact)),
        *(maybe_object(one, "additional_attributes").get("language_code") for one in (sender, contact)),
        maybe_object(conversation, "additional_attributes").get("browser_language"),
        maybe_object(conversation, "additional_attributes").get("conversation_language"),
    ]
    languages = (
        one.replace("_", "-") for one in told if isinstance(one, str) and 0 < len(one) <= LANGUAGE_CHARS
    )
    # Contacts and agents are counted apart: without the word a contact could bear an agent's number.
    return Person(
        f"contact-{number(sender, 'id', 'sender.')}", read_text(sender, "name"), next(languages, "")
    )


def _assignee(event: Mapping[str, Any]) -> Person:
    """The human whom the conversation is assigned to."""
    assignee = maybe_object(maybe_object(event, "meta"), "assignee")
    return _agent(assignee, "meta.assignee.") if assignee.get("type") == "user" else NOBODY


def _by_itself(event: Mapping[str, Any]) -> bool:
    """Whether we wrote it, or a rule or a campaign of Chatwoot did."""
    attributes = maybe_object(event, "content_attributes")
    if all(attributes.get(name) == value for name, value in OWN.items()):
        return True
    told = {**maybe_object(event, "additional_attributes"), **attributes}
    return any(told.get(name) for name in NOT_BY_HAND)


def _changed(event: Mapping[str, Any], name: str) -> tuple[Any, Any]:
    """What an attribute was, and what it is now; twice None where it has not changed."""
    for change in maybe_objects(event, "changed_attributes"):
        if isinstance(change.get(name), dict):
            return change[name].get("previous_value"), change[name].get("current_value")
    return None, None


def _mark(event: Mapping[str, Any]) -> str:
    """Tells this change of a conversation from its others: when it was made."""
    for value in (_changed(event, "updated_at")[1], event.get("updated_at"), event.get("timestamp")):
        if isinstance(value, str) and value:
            return value[:MARK_CHARS]
        if type(value) in (int, float):
            return str(value)[:MARK_CHARS]
    raise Malformed("updated_at: a time is wanted")


# --- what customers send -------------------------------------------------------------------------------------


def _said(text: str, attachments: Iterable[Mapping[str, Any]]) -> tuple[str, tuple[File, ...]]:
    """The text with what is a link or a contact's card, and the files."""
    said, files = [text], []
    for one in attachments:
        file = _file(one)
        if file is not None:
            files.append(file)
        else:
            said += [read_text(one, "fallback_title"), _address(one)]
    return "\n".join(filter(None, said)), tuple(files)


def _file(attachment: Mapping[str, Any]) -> File | None:
    """None for what is no file."""
    kind, address = attachment.get("file_type"), _address(attachment)
    if kind == "location":
        return _location(attachment)
    if not isinstance(kind, str) or kind not in KINDS or not address or len(address) > REF_CHARS:
        return None
    size = attachment.get("file_size")
    size_bytes = size if type(size) is int and size > 0 else None
    return File(KINDS[kind], address, _name(address), size_bytes=size_bytes)


def _location(attachment: Mapping[str, Any]) -> File:
    degrees: list[float] = []
    for name, most in (("coordinates_lat", 90), ("coordinates_long", 180)):
        value: Any = attachment.get(name)
        if type(value) not in (int, float) or not abs(value) <= most:
            raise Malformed(f"attachments.{name}: a number of degrees is wanted")
        degrees.append(value)
    return File.located(degrees[0], degrees[1], read_text(attachment, "fallback_title"))


def _address(attachment: Mapping[str, Any]) -> str:
    address = read_text(attachment, "data_url")
    return address if address.startswith(("https://", "http://")) else ""


def _name(address: str) -> str:
    """What a file is called, by the end of its address."""
    try:
        return PurePosixPath(unquote(urlsplit(address).path)).name
    except ValueError:
        return ""
