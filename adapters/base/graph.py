"""What Meta's platforms have in common: how they prove what they push, and what the Graph API says of a call.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started and
https://developers.facebook.com/docs/graph-api/guides/error-handling
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from adapters.base.calling import Answered
from adapters.base.errors import Busy, Refused, Untrusted
from adapters.base.pushed import Pushed, Told

VERSION = "v26.0"
SIGNATURE = "X-Hub-Signature-256"
BAD_TOKEN = 190
TRANSIENT = frozenset({1, 2})
"""Meta is at fault, and asks for another try."""
TOO_MANY = frozenset({4, 17, 32, 613, 80006, 80007})
"""Too many calls of the app, the user or the page."""
RESTRICTED = frozenset({368})
"""The page or the account is blocked for a while: messages wait until somebody has mended it."""
PAUSE_S, MEND_S = 60.0, 300.0
REASON_CHARS = 200


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


def error_of(answer: Answered) -> Mapping[str, Any]:
    """What the Graph API says is wrong: `code`, `error_subcode`, `message`, `is_transient`; empty where it says
    nothing."""
    error = answer.data.get("error")
    return error if isinstance(error, dict) else {}


def judge(answer: Answered) -> str:
    """What must be mended on our side, "" when all is well; such messages wait. Raises Busy or Refused for all else
    that is wrong. A platform's own codes are to be looked at before."""
    if 200 <= answer.status < 300 and "error" not in answer.data:
        return ""
    error, told_s = error_of(answer), answer.retry_after_s
    code = error.get("code")
    reason = f"{str(error.get('message') or 'refused')[:REASON_CHARS]} (HTTP {answer.status}, code {code})"
    if code in TOO_MANY or answer.status == 429:
        raise Busy(reason, told_s or PAUSE_S)
    if code == BAD_TOKEN or answer.status == 401:
        return "the token is not accepted; make a new one in Meta's app"
    if code in RESTRICTED:
        return "Meta has restricted the account for a while; see its support inbox"
    if answer.status >= 500 or code in TRANSIENT or error.get("is_transient") is True:
        raise Busy(reason, told_s)
    raise Refused(reason)
