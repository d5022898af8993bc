"""How Meta proves what it pushes, and asks whether an address is ours.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from adapters.base.errors import Untrusted
from adapters.base.pushed import Pushed, Told

SIGNATURE = "X-Hub-Signature-256"


def handshake(pushed: Pushed, verify_token: str) -> Told | None:
    """The answer to the question whether this address is ours; None where nothing is asked. Raises Untrusted."""
    if pushed.method != "GET":
        return None
    given = pushed.query.get("hub.verify_token", "").encode("utf-8", "replace")
    if pushed.query.get("hub.mode") != "subscribe" or not hmac.compare_digest(given, verify_token.encode()):
        raise Untrusted("hub.verify_token does not match")
    return Told(pushed.query.get("hub.challenge", "").encode())


def verify(secrets: tuple[str, ...], headers: Mapping[str, str], body: bytes) -> None:
    """The body is one of Meta's, byte for byte. Raises Untrusted."""
    given = (headers.get(SIGNATURE) or headers.get(SIGNATURE.lower()) or "").encode("utf-8", "replace")
    signatures = [b"sha256=" + hmac.digest(one.encode(), body, "sha256").hex().encode() for one in secrets]
    if not any(hmac.compare_digest(signature, given) for signature in signatures):
        raise Untrusted(f"{SIGNATURE} does not match")
