"""Files in and out. Links of the CDN die within a day, so a file is named by its message and looked up anew.

https://discord.com/developers/docs/reference#signed-attachment-cdn-urls
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from discord import Attachment as Sent
from discord import Client, Message, StickerItem
from discord import File as Upload

from adapters.base import Attachment, File, Refused, kind_of

UPLOAD_BYTES = 10 * 1024 * 1024
"""https://discord.com/developers/docs/reference#uploading-files"""


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


async def fetch(client: Client, file: File) -> bytes:
    """The content of a file that somebody sent here."""
    channel_id, _, rest = file.ref.partition("/")
    message_id, _, attachment_id = rest.partition("/")
    if not attachment_id:
        raise Refused(f"a {file.kind} of Discord cannot be sent elsewhere")
    message = await client.get_partial_messageable(int(channel_id)).fetch_message(int(message_id))
    found = next((one for one in _sent_with(message) if str(one.id) == attachment_id), None)
    if found is None:
        raise Refused("the file is not there any more")
    return await found.read()


async def with_content(client: Client, attachments: Sequence[Attachment]) -> list[Attachment]:
    """Discord has no sending by name: what is its own is fetched and sent again."""
    return [
        one
        if one.content is not None or one.file.kind == "location"
        else Attachment(one.file, await fetch(client, one.file))
        for one in attachments
    ]


def files_of(attachments: Iterable[Attachment]) -> list[Upload]:
    """Files as they are uploaded."""
    return [
        Upload(io.BytesIO(one.content), filename=one.file.name or one.file.kind)
        for one in attachments
        if one.content is not None
    ]
