"""Files in and out. Links of the CDN die within a day, so a file is named by its message and looked up anew.

https://discord.com/developers/docs/reference#signed-attachment-cdn-urls
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from io import BufferedIOBase
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from aiohttp import ClientSession
from discord import Attachment as Sent
from discord import Client, Message, StickerItem
from discord import File as Upload

from adapters.base import Attachment, Busy, File, Refused, download, kind_of

UPLOAD_BYTES = 10 * 1024 * 1024
"""https://discord.com/developers/docs/reference#uploading-files"""
DOWNLOAD_BYTES = 500_000_000
"""What people who pay for it may upload (https://support.discord.com/hc/en-us/articles/25444343291031)."""


def files_in(message: Message) -> tuple[File, ...]:
    """What a message carries, or the one it forwards; a sticker is told by its name."""
    place = f"{message.channel.id}/{message.id}"
    sent = [_file(place, one) for one in _sent_with(message)]
    forwarded = [one for snapshot in message.message_snapshots for one in snapshot.stickers]
    return (*sent, *(_sticker(one) for one in [*message.stickers, *forwarded]))


def _sent_with(message: Message) -> list[Sent]:
    forwarded = [one for snapshot in message.message_snapshots for one in snapshot.attachments]
    return [*message.attachments, *forwarded]


def _file(place: str, sent: Sent) -> File:
    mime = sent.content_type or ""
    kind = "voice" if sent.is_voice_message() else kind_of(mime)
    return File(kind, f"{place}/{sent.id}", sent.filename, mime, sent.size)


def _sticker(sticker: StickerItem) -> File:
    return File("sticker", "", sticker.name, text=sticker.name)


async def fetch(client: Client, http: ClientSession, file: File, into: BinaryIO) -> None:
    """Write a file that somebody sent here. Raises Refused or Busy, and what the library raises."""
    channel_id, _, rest = file.ref.partition("/")
    message_id, _, attachment_id = rest.partition("/")
    if not attachment_id:
        raise Refused(f"a {file.kind} of Discord cannot be sent elsewhere")
    message = await client.get_partial_messageable(int(channel_id)).fetch_message(int(message_id))
    found = next((one for one in _sent_with(message) if str(one.id) == attachment_id), None)
    if found is None:
        raise Refused("the file is not there any more")
    answer = await download(http, found.url, into, most_bytes=DOWNLOAD_BYTES)
    if answer.status == 429 or answer.status >= 500:
        raise Busy(f"HTTP {answer.status}", answer.retry_after_s)
    if answer.status != 200:
        raise Refused(f"the file is not there any more (HTTP {answer.status})")


def places_in(attachments: Iterable[Attachment]) -> list[str]:
    """Locations, as links to a map."""
    return [one.file.text for one in attachments if one.file.kind == "location"]


@asynccontextmanager
async def with_content(
    client: Client, http: ClientSession, attachments: Sequence[Attachment]
) -> AsyncIterator[list[Attachment]]:
    """Discord has no sending by name: what is its own is fetched, and held while it is sent again."""
    with ExitStack() as held:
        whole = []
        for one in attachments:
            if one.content is None and one.file.kind != "location":
                content = cast(BinaryIO, held.enter_context(TemporaryFile()))
                await fetch(client, http, one.file, content)
                content.seek(0)
                one = replace(one, content=content)
            whole.append(one)
        yield whole


def files_of(attachments: Iterable[Attachment]) -> list[Upload]:
    """Files as they are uploaded."""
    return [
        Upload(cast(BufferedIOBase, one.content), filename=one.file.name or one.file.kind)
        for one in attachments
        if one.content is not None
    ]
