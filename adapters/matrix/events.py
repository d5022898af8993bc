"""What an event means: the same for those that are pushed and those that are pulled. Pure.

Anybody on any server can write what they like into an event. One that is not as Matrix says concerns nobody: it must
not keep the others from us, as a homeserver pushes a transaction until it is taken.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from adapters.base import (
    AgentCommand,
    Arrival,
    CustomerEdit,
    CustomerGone,
    CustomerMessage,
    CustomerReaction,
    File,
    FileKind,
    Malformed,
    OutsideReply,
    Person,
    maybe_object,
    object_of,
    read_text,
    wanted_object,
    wanted_text,
)
from adapters.matrix.media import MXC

SEALED = (
    "[An encrypted message: it cannot be read here. Only rooms without encryption can be answered properly.]"
)
NOTE_MARKS = ("//", "!!")
"""Element takes what begins with `/` for a command of its own, and sends `//` as `/`."""
FILES: Mapping[str, FileKind] = {
    "m.image": "photo",
    "m.video": "video",
    "m.audio": "audio",
    "m.file": "document",
    "m.sticker": "sticker",
}
GEO = re.compile(
    r"geo:(-?[0-9]{1,3}(?:\.[0-9]{1,12})?),(-?[0-9]{1,3}(?:\.[0-9]{1,12})?)(?:[,;].*)?", re.DOTALL
)
QUOTED = re.compile(r"> (?:\* )?<@[^\n]*\n(?:>[^\n]*\n)*\n?")
"""How older programs repeat what they answer:
https://spec.matrix.org/v1.12/client-server-api/#fallbacks-for-rich-replies"""
NAME_CHARS, MIME_CHARS, EMOJI_CHARS = 200, 100, 40
Event = Mapping[str, Any]
log = logging.getLogger(__name__)


class Reader:
    """Reads events as the bot `user` sees them. `deaf` are rooms where nobody is a customer; `commands` are those that
    customers may give."""

    def __init__(
        self,
        user: str,
        agents_room: str,
        deaf: frozenset[str],
        agents: frozenset[str],
        commands: frozenset[str],
    ) -> None:
        self._user = user
        self._agents_room = agents_room
        self._deaf = deaf
        self._agents = agents
        self._commands = commands

    def read(self, room_id: str, event: object, names: Mapping[str, str] | None = None) -> list[Arrival]:
        """What an event brings; nothing where it is not as it should be. `names` are those of people in the room."""
        try:
            arrival = self._read(room_id, object_of(event, "events"), names or {})
        except Malformed as error:
            log.info("an event is left out: %s", error)
            return []
        return [] if arrival is None else [arrival]

    def _read(self, room_id: str, event: Event, names: Mapping[str, str]) -> Arrival | None:
        event_id, sender, kind = (wanted_text(event, name) for name in ("event_id", "sender", "type"))
        if not room_id:
            raise Malformed("room_id: a text is wanted")
        content, person = wanted_object(event, "content"), Person(sender, names.get(sender) or _local(sender))
        if kind == "m.room.member":
            return self._membership(room_id, event_id, person, event, content)
        if sender == self._user:
            return None
        if room_id == self._agents_room or sender in self._agents:
            return self._agent(room_id, event_id, person, kind, content)
        if room_id in self._deaf:
            return None
        match kind:
            case "m.room.message" | "m.sticker":
                return self._customer(room_id, event_id, person, kind, content)
            case "m.room.encrypted" if _relation(content).get("rel_type") != "m.replace":
                return CustomerMessage(event_id, room_id, person, SEALED, ref=event_id)
            case "m.reaction":
                emoji = wanted_text(_relation(content), "key", "m.relates_to")[:EMOJI_CHARS]
                return CustomerReaction(event_id, room_id, emoji)
            case "m.room.redaction":
                # From version 11 of rooms on, it stands in the content.
                ref = read_text(event, "redacts") or wanted_text(content, "redacts", "content")
                return CustomerEdit(event_id, room_id, ref, None)
        return None

    def _customer(
        self, room_id: str, event_id: str, person: Person, kind: str, content: Event
    ) -> Arrival | None:
        related = _relation(content)
        if related.get("rel_type") == "m.replace":
            text, _ = said(kind, wanted_object(content, "m.new_content"))
            return CustomerEdit(event_id, room_id, wanted_text(related, "event_id", "m.relates_to"), text)
        text, files = said(kind, content)
        if not text and not files:
            return None
        name = text[1:].split(maxsplit=1)[:1] if text.startswith("!") else []
        if name and name[0].lower() in self._commands:
            text = "/" + text[1:]
        return CustomerMessage(event_id, room_id, person, text, files=files, ref=event_id)

    def _membership(
        self, room_id: str, event_id: str, person: Person, event: Event, content: Event
    ) -> Arrival | None:
        """Who invites the bot says hello; who leaves, or throws it out, cannot be answered any more."""
        who, membership = wanted_text(event, "state_key"), wanted_text(content, "membership", "content")
        if room_id == self._agents_room or room_id in self._deaf or person.id == self._user:
            return None
        if membership == "invite" and who == self._user:
            if person.id in self._agents:
                return AgentCommand(event_id, person, "help", answer_to=f"{room_id} {event_id}")
            return CustomerMessage(event_id, room_id, person, "/start")
        before = maybe_object(maybe_object(event, "unsigned"), "prev_content").get("membership", "join")
        if membership in ("leave", "ban") and before == "join" and who not in self._agents:
            return CustomerGone(event_id, room_id)
        return None

    # --- agents --------------------------------------------------------------------------------------------

    def _agent(
        self, room_id: str, event_id: str, person: Person, kind: str, content: Event
    ) -> Arrival | None:
        related = _relation(content)
        if kind not in ("m.room.message", "m.sticker") or related.get("rel_type") == "m.replace":
            # An edit does not tell which thread it is in.
            return None
        text, files = said(kind, content)
        member = room_id == self._agents_room
        root = read_text(related, "event_id") if related.get("rel_type") == "m.thread" else ""
        place = (root or read_text(maybe_object(related, "m.in_reply_to"), "event_id")) if member else ""
        answer_to = f"{room_id} {event_id} {root}".strip()
        note = text.startswith(NOTE_MARKS)
        if text.startswith(("/", "!")) and not note:
            name, *rest = text[1:].split(maxsplit=1) or [""]
            arguments = rest[0].strip() if rest else ""
            return AgentCommand(
                event_id,
                person,
                name,
                arguments,
                place=place,
                member=member,
                answer_to=answer_to,
                files=files,
            )
        if (member and not place) or not (text or files):
            return None
        if not member and not note:
            # Whoever is in that room reads it already: it is meant for them, not for whose case the agent holds.
            return OutsideReply(event_id, room_id, person, text)
        return AgentCommand(
            event_id,
            person,
            "note" if note else "reply",
            text[2:].strip() if note else text,
            place=place,
            member=member,
            answer_to=answer_to,
            files=files,
            ref=event_id if member else "",
        )


# --- parts of an event ---------------------------------------------------------------------------------------


def said(kind: str, content: Event) -> tuple[str, tuple[File, ...]]:
    """Text and files; neither of what programs say, nor of kinds that are not known. Raises Malformed."""
    what = kind if kind == "m.sticker" else wanted_text(content, "msgtype", "content")
    body = read_text(content, "body")
    match what:
        case "m.text":
            return _without_quote(content, body), ()
        case "m.emote":
            return f"* {_without_quote(content, body)}", ()
        case "m.location":
            return "", (_location(read_text(content, "geo_uri"), body),)
        case _ if what in FILES:
            return _file(what, content, body)
    return "", ()


def _file(what: str, content: Event, body: str) -> tuple[str, tuple[File, ...]]:
    """A file, and its caption: the body, where there is another file name beside it."""
    url, info = read_text(content, "url"), maybe_object(content, "info")
    if not MXC.fullmatch(url):
        raise Malformed("content.url: an mxc:// address is wanted")
    name, size = read_text(content, "filename"), info.get("size")
    caption = body if name and body != name else ""
    voice = "org.matrix.msc3245.voice" in content or "m.voice" in content
    known = "voice" if voice and what == "m.audio" else FILES[what]
    file = File(
        known,
        url,
        "" if known == "sticker" else (name or body)[:NAME_CHARS],
        read_text(info, "mimetype")[:MIME_CHARS],
        size if type(size) is int and 0 < size < 2**53 else None,
        text=body[:NAME_CHARS] if known == "sticker" else "",
    )
    return _without_quote(content, caption), (file,)


def _location(geo: str, body: str) -> File:
    point = GEO.fullmatch(geo)
    if point is None or abs(float(point[1])) > 90 or abs(float(point[2])) > 180:
        raise Malformed("content.geo_uri: a place is wanted")
    return File.located(float(point[1]), float(point[2]), body[:NAME_CHARS])


def _without_quote(content: Event, body: str) -> str:
    """The text without what it answers, which older programs repeat above it."""
    answers = bool(maybe_object(_relation(content), "m.in_reply_to"))
    return QUOTED.sub("", body, count=1) if answers and body.startswith("> ") else body


def _relation(content: Event) -> Event:
    return maybe_object(content, "m.relates_to")


def _local(user_id: str) -> str:
    """The name before the server's, where no other is known."""
    return user_id.removeprefix("@").partition(":")[0]
