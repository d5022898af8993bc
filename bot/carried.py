"""Addresses at which platforms fetch a file that they are sent: signed, so that nothing of them need be kept.

One tells which file of which channel it is, and until when; the file itself is fetched from there when somebody asks.
Invariant: nothing of an address is read before its signature was found right.
"""

from __future__ import annotations

import hmac
import json
import mimetypes
import re
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from adapters.base import File
from bot.clock import Chance, Clock
from bot.config.settings import Config
from bot.store.seal import SealStore
from bot.store.store import Store

KEPT_AS = "carried"
LASTS_S = 3_600
DIGEST_BYTES = 32
TOKEN = re.compile(r"[A-Za-z0-9_-]{44,4000}")
NAME_CHARS, STEM_CHARS = 100, 50
SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class Carried:
    """A file, and the channel it is to be fetched from."""

    channel: str
    file: File


class Addresses:
    """Makes addresses and reads them, with a secret that all replicas share. `queue` is the one it is kept beside;
    `now` gives real time in epoch seconds."""

    def __init__(self, store: SealStore, queue: str, public_url: str, now: Callable[[], float]) -> None:
        self._store = store
        self._queue = queue
        self._base = public_url.rstrip("/")
        self._now = now
        self._secret = b""

    async def of(self, channel: str, file: File) -> str:
        """Where a file of a channel can be fetched for an hour; "" where nobody reaches us over https. Raises
        StoreDown."""
        if not self._base.startswith("https://"):
            return ""
        name = address_name(file)
        until = int(self._now()) + LASTS_S
        what = [until, channel, file.kind, file.ref, _shortened(file.name), file.mime]
        told = json.dumps(what, ensure_ascii=False, separators=(",", ":")).encode()
        token = urlsafe_b64encode(await self._digest(told, name) + told).decode().rstrip("=")
        return f"{self._base}/files/{token}/{name}"

    async def read(self, token: str, name: str) -> Carried | None:
        """What an address of ours leads to; None where it is none, or too old. Raises StoreDown."""
        if not TOKEN.fullmatch(token) or len(token) % 4 == 1:
            return None
        signed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        digest, told = signed[:DIGEST_BYTES], signed[DIGEST_BYTES:]
        if not hmac.compare_digest(await self._digest(told, name), digest):
            return None
        until, channel, kind, ref, named, mime = json.loads(told)
        return Carried(channel, File(kind, ref, named, mime)) if self._now() < until else None

    async def _digest(self, told: bytes, name: str) -> bytes:
        """Of all that an address says: the name may be read by whoever shows it, so it is signed as well."""
        if not self._secret:
            self._secret = await self._store.secret(self._queue, Chance.secret(), KEPT_AS)
        return hmac.digest(self._secret, told + b"\0" + name.encode("utf-8", "surrogatepass"), "sha256")


def addresses(config: Config, store: Store, clock: Clock) -> Addresses:
    """The addresses of this bot."""
    return Addresses(store.seal, next(iter(config.queues)), config.server.public_url, clock.real)


def address_name(file: File) -> str:
    """A file's name as it stands in an address: what is not ASCII is left out, and a suffix tells what it is."""
    path = PurePosixPath(file.name)
    suffix = path.suffix if SUFFIX.fullmatch(path.suffix) else mimetypes.guess_extension(file.mime) or ""
    plain = unicodedata.normalize("NFKD", path.name.removesuffix(suffix)).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9-]+", "_", plain).strip("_-")[:STEM_CHARS]
    return (stem or file.kind) + suffix


def _shortened(name: str) -> str:
    """The name, for an address that platforms take is not long; its suffix stays."""
    suffix = PurePosixPath(name).suffix
    return name if len(name) <= NAME_CHARS else name[: NAME_CHARS - 10] + suffix[:10]
