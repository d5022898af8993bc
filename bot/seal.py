"""The seal on what the API answers: an HTTP Message Signature (RFC 9421) over the body's digest (RFC 9530).

Whoever mirrors an answer hands its three headers on, and everybody can see that body and headers are ours, by the
public key alone. Nothing of the request or of the transport is signed: a mirror has another address, and what an
answer is about and how old it is stands in its body.

Invariant: the same body is signed once, so that an answer that is asked for a thousand times costs one signature.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

LABEL = "jono"
SECRET_BYTES = 32
"""Any so many bytes are a private key: https://www.rfc-editor.org/rfc/rfc8032#section-5.1.5"""
BODIES_KEPT = 256
"""Queues times languages, a few versions of each."""


class Seal:
    """Signs with one Ed25519 key; `now` gives real time, epoch seconds."""

    def __init__(self, secret: bytes, now: Callable[[], float]) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self._now = now
        self._public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._name = _thumbprint(self._public)
        self.headers = lru_cache(maxsize=BODIES_KEPT)(self._sign)
        """The headers that go with a body."""

    def jwks(self) -> dict[str, Any]:
        """The public key as a JSON Web Key Set: https://www.rfc-editor.org/rfc/rfc8037#section-2"""
        return {"keys": [{**_jwk(self._public), "kid": self._name, "use": "sig"}]}

    def _sign(self, body: bytes) -> Mapping[str, str]:
        digest = f"sha-256=:{_base64(hashlib.sha256(body).digest())}:"
        covered = f'("content-digest");created={int(self._now())};keyid="{self._name}";alg="ed25519"'
        # https://www.rfc-editor.org/rfc/rfc9421#section-2.5
        base = f'"content-digest": {digest}\n"@signature-params": {covered}'
        return {
            "Content-Digest": digest,
            "Signature-Input": f"{LABEL}={covered}",
            "Signature": f"{LABEL}=:{_base64(self._key.sign(base.encode()))}:",
        }


def _jwk(public: bytes) -> dict[str, str]:
    return {"crv": "Ed25519", "kty": "OKP", "x": _base64url(public)}


def _thumbprint(public: bytes) -> str:
    """The key's name, made from itself: https://www.rfc-editor.org/rfc/rfc7638"""
    canonical = json.dumps(_jwk(public), separators=(",", ":"), sort_keys=True)
    return _base64url(hashlib.sha256(canonical.encode()).digest())


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
