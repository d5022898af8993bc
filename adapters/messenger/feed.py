"""What people say in public at the page: comments, and posts of visitors.

https://developers.facebook.com/docs/graph-api/webhooks/reference/page/#feed
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from adapters.base import (
    Arrival,
    CustomerEdit,
    CustomerMessage,
    File,
    FileKind,
    Person,
    maybe_text,
    read_text,
    wanted_object,
)
from adapters.base.graph import UNTOLD, id_at

ITEMS: Mapping[str, str] = {
    "comment": "comment_id",
    "post": "post_id",
    "status": "post_id",
    "share": "post_id",
    "photo": "post_id",
    "video": "post_id",
}
"""What is said, and the field that names it; all else (likes, events) says nothing, nor do shares without words."""
PICTURES: tuple[tuple[str, FileKind], ...] = (("photo", "photo"), ("video", "video"))
REF_CHARS = 1_000


def read_change(page: str, field: str, value: Mapping[str, Any], where: str) -> list[Arrival]:
    """A change of the page's feed; what the page itself says is nobody's question. Raises Malformed."""
    item = read_text(value, "item")
    named = ITEMS.get(item)
    if field != "feed" or named is None or not isinstance(value.get("from"), dict):
        return []
    ref, writer = id_at(value, named, where), wanted_object(value, "from", where)
    customer = Person(id_at(writer, "id", f"{where}.from"), maybe_text(writer, "name"))
    if customer.id == page:
        return []
    conversation, text = f"@{customer.id}", read_text(value, "message")
    match read_text(value, "verb"):
        case "add":
            files = _files(value)
            if item == "share" and not text:
                return []
            said = text if text or files else UNTOLD
            return [CustomerMessage(ref, conversation, customer, said, files=files, ref=ref, public=True)]
        case "edit" | "edited":
            # Facebook gives an edit no name: the same one says the same at the same time.
            named_by = f"{value.get('created_time')} {text}".encode("utf-8", "replace")
            return [
                CustomerEdit(f"{ref}-{hashlib.sha256(named_by).hexdigest()[:16]}", conversation, ref, text)
            ]
        case "remove" | "delete":
            return [CustomerEdit(f"{ref}-removed", conversation, ref, None)]
    return []


def _files(value: Mapping[str, Any]) -> tuple[File, ...]:
    """Pictures and films; those of a post stand behind its `link`, or in `photos`."""
    item, found = read_text(value, "item"), list[tuple[FileKind, object]]()
    for name, kind in PICTURES:
        found.append((kind, value.get(name) or (value.get("link") if item == name else None)))
    several = value.get("photos")
    found += [("photo", one) for one in several] if isinstance(several, list) else []
    return tuple(
        File(kind, address)
        for kind, address in found
        if isinstance(address, str) and address.startswith("https://") and len(address) <= REF_CHARS
    )
