"""The mark at what an agent wrote in a room: delivered, failed or noted."""

from __future__ import annotations

from adapters.base import Fate
from bot.store import keys
from bot.store.wire import OutEntry


def receipt(key: str, channel: str, case: str, place: str, ref: str, fate: Fate) -> OutEntry:
    """The outgoing mark at the message `ref` in a channel's room."""
    body = {"kind": "receipt", "case": case, "place": place, "ref": ref, "fate": fate}
    return OutEntry(key, keys.lane(channel, f"#{case}"), body)
