"""Signed messages of new customers, made before a run so that the load costs nothing to make."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime

SECRET = "whsec_" + base64.b64encode(b"benchmark secret of 32 bytes....").decode()
_KEY = base64.b64decode(SECRET.removeprefix("whsec_"))
TEXT = "Hello, my parcel has not arrived yet and the tracking page says nothing. Can you help?"


def messages(first: int, count: int) -> Iterator[tuple[dict[str, str], str]]:
    """Headers and body of `count` messages, each from a customer nobody has seen."""
    stamp = str(int(time.time()))
    at = datetime.now(UTC).isoformat()
    for number in range(first, first + count):
        body = json.dumps(
            {
                "type": "message.received",
                "timestamp": at,
                "data": {
                    "message_id": f"m-{number:08}",
                    "conversation_id": f"c-{number:08}",
                    "customer": {"id": f"u-{number:08}", "name": "Aino Virtanen", "language": "fi"},
                    "text": TEXT,
                },
            },
            separators=(",", ":"),
        )
        signed = f"w-{number}.{stamp}.{body}".encode()
        digest = base64.b64encode(hmac.new(_KEY, signed, hashlib.sha256).digest()).decode()
        yield (
            {
                "webhook-id": f"w-{number}",
                "webhook-timestamp": stamp,
                "webhook-signature": f"v1,{digest}",
                "content-type": "application/json",
            },
            body,
        )
