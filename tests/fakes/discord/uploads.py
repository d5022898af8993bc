"""Files: those that were sent, and pictures of profiles. Links to files are signed and die.

https://docs.discord.com/developers/reference#signed-attachment-cdn-urls
"""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from typing import Any

from tests.fakes.discord.errors import ApiError, bad, invalid

JSON = dict[str, Any]
FILE_BYTES, PICTURE_BYTES = 10 * 1024**2, 10 * 1024**2
FILES = 10
LIFE_S = 86_400.0
DATA_URI = re.compile(r"data:image/(png|jpeg|gif|webp);base64,(.+)", re.DOTALL)
PICTURES = {"png": b"\x89PNG", "jpeg": b"\xff\xd8\xff", "gif": b"GIF8", "webp": b"RIFF"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came with a request."""

    number: int
    name: str
    content: bytes
    mime: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file on the CDN."""

    path: str
    content: bytes
    mime: str


class Uploads:
    """All files. `base` is the address of the CDN."""

    def __init__(self) -> None:
        self.base = ""
        self._by_path: dict[str, Stored] = {}

    def keep(self, channel: int, number: int, upload: Upload, now: float, **more: Any) -> JSON:
        """Keep a file that was sent; it as the vendor writes it. Raises ApiError."""
        if len(upload.content) > FILE_BYTES:
            raise ApiError(413, 40005, "Request entity too large")
        mime = upload.mime or mimetypes.guess_type(upload.name)[0] or "application/octet-stream"
        name = re.sub(r"[^\w.-]", "_", upload.name) or "unknown"
        path = f"/attachments/{channel}/{number}/{name}"
        self._by_path[path] = Stored(path, upload.content, mime)
        url = self.signed(path, now)
        told = {"id": str(number), "filename": name, "size": len(upload.content), "content_type": mime}
        return told | {"url": url, "proxy_url": url, "flags": 0} | more

    def signed(self, path: str, now: float) -> str:
        """A link that can be followed until its time is over."""
        ends = f"{int(now + LIFE_S):x}"
        return f"{self.base}{path}?ex={ends}&is={int(now):x}&hm={self._sign(path, ends)}&"

    def fetch(self, path: str, query: dict[str, str], now: float) -> Stored | None:
        """What a link leads to, while it is good."""
        stored = self._by_path.get(path)
        if stored is None or not path.startswith("/attachments/"):
            return stored
        ends = query.get("ex", "0")
        good = query.get("hm") == self._sign(path, ends) and int(ends, 16) > now
        return stored if good else None

    def picture(self, kind: str, owner: int | str, given: object, field: str) -> str | None:
        """Keep a picture of a profile, given as a data URI; its hash. None takes it away. Raises ApiError."""
        if given is None:
            return None
        found = DATA_URI.fullmatch(given) if isinstance(given, str) else None
        if found is None:
            raise invalid(field, "IMAGE_INVALID", "Invalid image data")
        content = base64.b64decode(found[2])
        if not content.startswith(PICTURES[found[1]]):
            raise invalid(field, "IMAGE_INVALID", "Invalid image data")
        if len(content) > PICTURE_BYTES:
            raise invalid(field, "BINARY_TYPE_MAX_SIZE", "File cannot be larger than 10240.0 kb.")
        name = hashlib.sha256(content).hexdigest()[:32]
        path = f"/{kind}/{owner}/{name}.png"
        self._by_path[path] = Stored(path, content, f"image/{found[1]}")
        return name

    @staticmethod
    def _sign(path: str, ends: str) -> str:
        return hashlib.sha256(f"fake {path} {ends}".encode()).hexdigest()


def check_count(count: int) -> None:
    """A message takes ten files. Raises ApiError."""
    if count > FILES:
        raise bad(30015, "Maximum number of attachments in a message reached (10)")
