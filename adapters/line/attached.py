"""Files as LINE shows them: by an address that its servers, or the customer, fetch them from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.base import Attachment, File, Refused

ADDRESS_CHARS, PLACE_CHARS = 2_000, 100
PICTURES = frozenset({"image/jpeg", "image/png"})
PREVIEW_BYTES = 1_000_000
"""The most that a preview may have, which the picture itself is here; it alone might have 10 MB:
https://developers.line.biz/en/reference/messaging-api/#image-message"""


def message_of(attachment: Attachment) -> Mapping[str, Any]:
    """A small picture or a location as such, all else as a link: a film would want a picture of it, and a sound its
    length. Raises Refused where there is no address."""
    file, url = attachment.file, attachment.url
    if file.kind == "location":
        return _place(file)
    if not url or len(url) > ADDRESS_CHARS:
        raise Refused(
            "LINE takes files as public addresses only: set server.public_url to an https:// one, or write a link"
        )
    if file.mime in PICTURES and 0 < (file.size_bytes or 0) <= PREVIEW_BYTES:
        return {"type": "image", "originalContentUrl": url, "previewImageUrl": url}
    return {"type": "text", "text": "\n".join(filter(None, (file.name, url)))}


def _place(file: File) -> Mapping[str, Any]:
    latitude, longitude = file.point
    name = (file.name or file.ref)[:PLACE_CHARS]
    return {"type": "location", "title": name, "address": name, "latitude": latitude, "longitude": longitude}
