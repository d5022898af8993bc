"""What a message holds, as Matrix writes it.

https://spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from adapters.base import Button, File, FileKind

TEXT_BYTES = 40_000
"""An event is at most 65,536 bytes (https://spec.matrix.org/latest/client-server-api/#size-limits); the rest is for
what stands around the text."""
SURE_CHARS = TEXT_BYTES // 6
"""No character takes more than six bytes as JSON."""
FALLBACK_CHARS = 1_000
MSGTYPES: dict[FileKind, str] = {
    "photo": "m.image",
    "video": "m.video",
    "audio": "m.audio",
    "voice": "m.audio",
    "sticker": "m.image",
}
Content = dict[str, Any]


def measure(text: str) -> int:
    """How many bytes a text takes in an event: https://spec.matrix.org/latest/appendices/#canonical-json"""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass")) - 2


def fitting(text: str) -> str:
    """The text, or as much as surely fits; that something is missing shows by an "…"."""
    return text if measure(text) <= TEXT_BYTES else text[: SURE_CHARS - 1] + "…"


def worded(text: str, *, notice: bool = False) -> Content:
    """A text that mentions nobody. A `notice` comes from a program: other programs do not answer it."""
    return {"msgtype": "m.notice" if notice else "m.text", "body": fitting(text), "m.mentions": {}}


def with_buttons(text: str, buttons: Sequence[Button]) -> str:
    """Matrix has no buttons: what pressing one would do stands below the text, to be typed."""
    lines = [f"{one.label}: !{one.command} {one.arguments}".strip() for one in buttons]
    return "\n".join([text, "", *lines]) if lines else text


def in_thread(content: Content, root: str) -> Content:
    """In the thread below an event; programs that know no threads show it as an answer to it."""
    answers = {"rel_type": "m.thread", "event_id": root, "is_falling_back": True}
    return {**content, "m.relates_to": {**answers, "m.in_reply_to": {"event_id": root}}}


def answering(content: Content, event_id: str, root: str = "") -> Content:
    """As an answer to an event, within its thread where it stands in one."""
    reply: Content = {"m.in_reply_to": {"event_id": event_id}}
    if root:
        reply |= {"rel_type": "m.thread", "event_id": root, "is_falling_back": False}
    return {**content, "m.relates_to": reply}


def replacing(content: Content, event_id: str) -> Content:
    """As the new form of an event of ours; programs that know no edits show its beginning."""
    told = {"body": f"* {content['body'][:FALLBACK_CHARS]}", "msgtype": content["msgtype"], "m.mentions": {}}
    related = {"rel_type": "m.replace", "event_id": event_id}
    return {**told, "m.new_content": content, "m.relates_to": related}


def reacting(event_id: str, emoji: str) -> Content:
    """A mark at an event."""
    return {"m.relates_to": {"rel_type": "m.annotation", "event_id": event_id, "key": emoji}}


def located(file: File) -> Content:
    """A place on the map."""
    latitude, longitude = file.point
    body = f"{file.name or file.ref} {file.text}".strip()
    return {"msgtype": "m.location", "body": body, "geo_uri": f"geo:{latitude},{longitude}", "m.mentions": {}}


def filed(file: File, mxc: str) -> Content:
    """A file that the homeserver keeps."""
    info: Content = {"mimetype": file.mime} if file.mime else {}
    if file.size_bytes is not None:
        info["size"] = file.size_bytes
    name = file.name or file.kind
    content: Content = {"msgtype": MSGTYPES.get(file.kind, "m.file"), "body": name, "filename": name}
    if file.kind == "voice":
        content["org.matrix.msc3245.voice"] = {}
    return {**content, "url": mxc, "info": info, "m.mentions": {}}
