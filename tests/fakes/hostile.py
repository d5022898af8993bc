"""Requests to the webhook channel that nobody honest would send, by what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping

NOT_JSON: Mapping[str, bytes] = {
    "nothing": b"",
    "text": b"hello",
    "half": b'{"type":',
    "two": b"{}{}",
    "NaN": b'{"type": NaN}',
    "Infinity": b'{"type": -Infinity}',
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "deep and closed": b"[" * 100_000 + b"]" * 100_000,
    "deep within the size allowed": b"[" * 60_000,
    "deep with an escape": b'["\\u0061",' * 100_000,
    "huge number": b'{"type": ' + b"9" * 100_000 + b"}",
    "huge number within the size allowed": b'{"type": ' + b"9" * 60_000 + b"}",
    "lone surrogate": rb'{"type": "\ud800"}',
    "control character": b'{"type": "\x01"}',
    "byte order mark": b"\xef\xbb\xbf{}",
}
"""Bodies that can be signed as text."""

NOT_UTF8: Mapping[str, bytes] = {
    "a lone byte": b"\xff",
    "half a letter": b'{"type": "\xc3"}',
    "another encoding": "{}".encode("utf-16"),
}


def forged(now: int) -> dict[str, Mapping[str, str | None]]:
    """Changes to the headers of a genuine request at `now` (epoch seconds); None takes one away."""
    return {
        "no id": {"webhook-id": None},
        "empty id": {"webhook-id": ""},
        "other id": {"webhook-id": "m-2"},
        "no time": {"webhook-timestamp": None},
        "stale": {"webhook-timestamp": str(now - 301)},
        "from the future": {"webhook-timestamp": str(now + 301)},
        "other time": {"webhook-timestamp": str(now + 1)},
        "no number": {"webhook-timestamp": "soon"},
        "negative": {"webhook-timestamp": f"-{now}"},
        "with a sign": {"webhook-timestamp": f"+{now}"},
        "fraction": {"webhook-timestamp": f"{now}.5"},
        "exponent": {"webhook-timestamp": "1e9"},
        "infinite": {"webhook-timestamp": "inf"},
        "not a number": {"webhook-timestamp": "nan"},
        "huge": {"webhook-timestamp": "9" * 5_000},
        "other digits": {"webhook-timestamp": "١٧٦٧٦١٤٤٠٠"},
        "two times": {"webhook-timestamp": f"{now}, {now}"},
        "no signature": {"webhook-signature": None},
        "empty signature": {"webhook-signature": ""},
        "no version": {"webhook-signature": "abc"},
        "other version": {"webhook-signature": "v2,abc"},
        "not base64": {"webhook-signature": "v1,***"},
        "not ascii": {"webhook-signature": "v1,ä"},
        "very many": {"webhook-signature": ("v1,AAAA " * 900).strip()},
    }
