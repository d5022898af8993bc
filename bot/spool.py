"""A file on its way from one channel to another: a small one in memory, a larger one on disk, in a file without a name.

Invariant: a spool holds no more than it may, and nothing is left of it once it is closed.
"""

from __future__ import annotations

import io
import mimetypes
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

from adapters.base import Busy, File, Media, Refused

IN_MEMORY_BYTES = 1_000_000
HEAD_BYTES = 16
"""As much of a picture tells what it is."""
PICTURES: Iterable[tuple[bytes, str]] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


class Spool(io.BufferedIOBase):
    """Takes at most `most_bytes`."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__()
        self._most_bytes = most_bytes
        self._file: BinaryIO = io.BytesIO()
        self._in_memory = True
        self.size_bytes = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, piece: Any) -> int:
        """Take the next piece. Raises Refused for one too many, and Busy where there is no room on the disk."""
        self.size_bytes += len(piece)
        if self.size_bytes > self._most_bytes:
            raise Refused(f"the file is larger than the {self._most_bytes // 1_000_000} MB that are taken")
        try:
            if self._in_memory and self.size_bytes > IN_MEMORY_BYTES:
                self._to_disk()
            return self._file.write(piece)
        except OSError as error:
            raise Busy(f"no room for the file: {error.strerror}") from error

    def _to_disk(self) -> None:
        held, on_disk = cast(io.BytesIO, self._file), TemporaryFile()  # noqa: SIM115 - closed with the spool
        on_disk.write(held.getbuffer())
        self._file, self._in_memory = cast(BinaryIO, on_disk), False

    def content(self) -> BinaryIO:
        """What was written, from its beginning."""
        # What stands in its buffer is not in its length yet, which is what those who send it go by.
        self._file.flush()
        self._file.seek(0)
        return self._file

    def head(self) -> bytes:
        """The first few bytes."""
        return self.content().read(HEAD_BYTES)

    def close(self) -> None:
        """Forget it."""
        self._file.close()
        super().close()


@asynccontextmanager
async def fetched(source: Media, file: File, most_bytes: int) -> AsyncIterator[Spool]:
    """A file of a channel, until the block ends. Raises Refused or Busy."""
    with Spool(most_bytes) as spool:
        await source.fetch(file, cast(BinaryIO, spool))
        yield spool


def picture_type(head: bytes) -> str:
    """The media type of a picture that browsers may show, by its first bytes; "" for all else."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((mime for begin, mime in PICTURES if head.startswith(begin)), "")


def media_type(file: File, head: bytes) -> str:
    """What its first bytes tell of a file, else what is said of it, or its name; "" where nothing does."""
    return picture_type(head) or file.mime or mimetypes.guess_type(file.name)[0] or ""
