"""Files as WhatsApp takes and gives them: by an id.

https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO
from urllib.parse import quote

from aiohttp import FormData

from adapters.base import Attachment, Busy, File, FileKind, Refused
from adapters.base.graph import Graph

FILE_BYTES = 100_000_000
AUDIO = frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"})
SHOWN: Mapping[str, tuple[frozenset[str], int]] = {
    "image": (frozenset({"image/jpeg", "image/png"}), 5_000_000),
    "video": (frozenset({"video/mp4", "video/3gpp"}), 16_000_000),
    "audio": (AUDIO, 16_000_000),
    "sticker": (frozenset({"image/webp"}), 100_000),
}
"""What is shown in the chat: media types, and the most bytes. All else is a document there."""
WAYS: Mapping[FileKind, tuple[str, ...]] = {
    "photo": ("image",),
    "sticker": ("sticker", "image"),
    "video": ("video",),
    "audio": ("audio",),
    "voice": ("audio",),
}
OWN: Mapping[FileKind, str] = {
    "photo": "image",
    "sticker": "sticker",
    "video": "video",
    "audio": "audio",
    "voice": "audio",
}
NAME_CHARS = 240


async def message_of(graph: Graph, number: str, attachment: Attachment) -> Mapping[str, Any]:
    """A file as a message; what is not Meta's already is uploaded. Raises Refused or Busy."""
    file = attachment.file
    if file.kind == "location":
        latitude, longitude = file.point
        place = {"latitude": latitude, "longitude": longitude, "name": file.name, "address": file.name}
        return {"type": "location", "location": {name: value for name, value in place.items() if value != ""}}
    if attachment.content is None and not file.ref:
        raise Refused("there is no file to send")
    own = attachment.content is None
    kind = OWN.get(file.kind, "document") if own else kind_for(file)
    media = {"id": file.ref if own else await _upload(graph, number, attachment)}
    if kind == "document":
        media["filename"] = (file.name or file.kind)[-NAME_CHARS:]
    return {"type": kind, kind: media}


async def fetch(graph: Graph, media: str, into: BinaryIO) -> None:
    """Write a file by its id. Its address is good for five minutes: it is asked for each time. Raises Refused or
    Busy."""
    address = (await graph.ask("GET", quote(media, safe=""))).get("url")
    if not isinstance(address, str):
        raise Refused("there is nothing to fetch")
    await graph.fetch(address, into, FILE_BYTES, with_token=True)


def kind_for(file: File) -> str:
    """As what WhatsApp shows a file."""
    for kind in WAYS.get(file.kind, ()):
        mimes, most = SHOWN[kind]
        if file.mime in mimes and (file.size_bytes or 0) <= most:
            return kind
    return "document"


async def _upload(graph: Graph, number: str, attachment: Attachment) -> str:
    """The id of an upload, which nobody is shown: whatever goes wrong, it may be tried again."""
    file = attachment.file
    if (file.size_bytes or 0) > FILE_BYTES:
        raise Refused(f"the file is larger than the {FILE_BYTES // 1_000_000} MB that WhatsApp takes")
    mime, name = file.mime or "application/octet-stream", (file.name or file.kind)[-NAME_CHARS:]
    form = FormData()
    form.add_field("messaging_product", "whatsapp")
    form.add_field("type", mime)
    form.add_field("file", attachment.content, filename=name, content_type=mime)
    media = (await graph.ask("POST", f"{quote(number, safe='')}/media", data=form)).get("id")
    if not isinstance(media, str) or not media:
        raise Busy("an answer that makes no sense")
    return media
