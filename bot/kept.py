"""What many ask for, rendered and packed once: a rendering with its tag, and a shelf of the newest ones."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass

PACK_LEVEL = 6
TAG_BYTES = 12


@dataclass(frozen=True, slots=True)
class Kept:
    """One rendering, as it is and packed; `packed` is empty where packing gains nothing."""

    content_type: str
    body: bytes
    packed: bytes
    tag: str

    @staticmethod
    def of(body: str | bytes, content_type: str) -> Kept:
        """Pack a rendering, and name it by its content."""
        plain = body.encode() if isinstance(body, str) else body
        packed = gzip.compress(plain, PACK_LEVEL, mtime=0)
        tag = hashlib.blake2b(plain, digest_size=TAG_BYTES).hexdigest()
        return Kept(content_type, plain, packed if len(packed) < len(plain) else b"", tag)


class Shelf:
    """Renderings by what was asked for, of each the newest version alone.

    What is asked for must come from a bounded set: names that were checked, never what a request says.
    """

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[Hashable, Kept]] = {}

    def get(self, asked: Hashable, version: Hashable, render: Callable[[], Kept]) -> Kept:
        """What was asked for in this version, rendered if it is new."""
        found = self._kept.get(asked)
        if found is None or found[0] != version:
            found = self._kept[asked] = version, render()
        return found[1]
