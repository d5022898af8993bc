"""The signature of OAuth 1.0a, which proves our calls: https://www.rfc-editor.org/rfc/rfc5849#section-3.4 and
https://docs.x.com/fundamentals/authentication/oauth-1-0a/creating-a-signature

Its tokens do not end, while those of OAuth 2.0 do after two hours. Neither clock nor chance is read here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlsplit


@dataclass(frozen=True, slots=True)
class Keys:
    """The app's and the account's, as X's console shows them."""

    consumer_key: str
    consumer_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    access_secret: str = field(repr=False)


def nonce_of(what: str, now: float) -> str:
    """A word that no other call of this moment has; `now` in epoch seconds."""
    return hashlib.sha256(f"{now!r} {what}".encode()).hexdigest()[:32]


def authorization(
    keys: Keys, method: str, url: str, form: Mapping[str, str], *, nonce: str, timestamp: int
) -> str:
    """The header `Authorization` of a call. `form` is what its body holds, where that is a form and not in parts."""
    told = {
        "oauth_consumer_key": keys.consumer_key,
        "oauth_nonce": nonce,
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(timestamp),
        "oauth_token": keys.access_token,
        "oauth_version": "1.0",
    }
    where = urlsplit(url)
    given = [*told.items(), *form.items(), *parse_qsl(where.query, keep_blank_values=True)]
    listed = "&".join(f"{name}={value}" for name, value in sorted((_quoted(a), _quoted(b)) for a, b in given))
    plain = where._replace(query="", fragment="").geturl()
    signed = "&".join((method.upper(), _quoted(plain), _quoted(listed)))
    secret = f"{_quoted(keys.consumer_secret)}&{_quoted(keys.access_secret)}"
    told["oauth_signature"] = base64.b64encode(hmac.digest(secret.encode(), signed.encode(), "sha1")).decode()
    return "OAuth " + ", ".join(f'{name}="{_quoted(value)}"' for name, value in sorted(told.items()))


def _quoted(value: str) -> str:
    return quote(value, safe="-._~")
