"""Whether a request is Slack's, and which of its three kinds it is.

https://docs.slack.dev/authentication/verifying-requests-from-slack. Invariant: nothing of a body is read before its
signature was found right.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from adapters.base import Malformed, Untrusted, read_object

SIGNATURE, TIMESTAMP = "X-Slack-Signature", "X-Slack-Request-Timestamp"
WINDOW_S = 300
FIELDS = 100


def prove(headers: Mapping[str, str], body: bytes, secrets: Sequence[bytes], now: float) -> None:
    """Raises Untrusted unless one of the secrets signed the body within the last five minutes."""
    stamp = _header(headers, TIMESTAMP)
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= len("1767614400")):
        raise Untrusted(f"{TIMESTAMP} is no time")
    if abs(now - int(stamp)) > WINDOW_S:
        raise Untrusted(f"{TIMESTAMP} is more than five minutes away")
    signed = f"v0:{stamp}:".encode() + body
    given = _header(headers, SIGNATURE).encode("utf-8", "replace")
    expected = [b"v0=" + hmac.digest(secret, signed, "sha256").hex().encode() for secret in secrets]
    if not any(hmac.compare_digest(one, given) for one in expected):
        raise Untrusted(f"{SIGNATURE} does not match")


def contents(body: bytes) -> tuple[str, Mapping[str, Any]]:
    """The kind of a request and what it holds: an "event" or an "interaction" as JSON, or a "command" as fields.
    Raises Malformed."""
    if body.lstrip()[:1] in (b"{", b"["):
        return "event", read_object(body)
    try:
        fields = dict(parse_qsl(body.decode("utf-8"), errors="strict", max_num_fields=FIELDS))
    except ValueError:
        raise Malformed("the body is neither JSON nor a form") from None
    if "payload" in fields:
        return "interaction", read_object(fields["payload"].encode("utf-8", "surrogatepass"))
    if "command" in fields:
        return "command", fields
    if "ssl_check" in fields:
        # Slack tries the certificate now and then: https://docs.slack.dev/interactivity/implementing-slash-commands
        return "", {}
    raise Malformed("the body is neither an event nor a command nor an interaction")


def _header(headers: Mapping[str, str], name: str) -> str:
    return headers.get(name) or headers.get(name.lower()) or ""
