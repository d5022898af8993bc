"""Files into and out of channels, for the tests of adapters."""

from __future__ import annotations

import io
from dataclasses import replace

from adapters.base import Attachment, File, Media


async def content_of(channel: Media, file: File) -> bytes:
    """What the channel gives of a file."""
    into = io.BytesIO()
    await channel.fetch(file, into)
    return into.getvalue()


def holding(file: File, content: bytes, url: str = "") -> Attachment:
    """A file of another channel, as the bot hands it over."""
    return Attachment(replace(file, size_bytes=len(content)), io.BytesIO(content), url)
