"""Files, out and in: by their id where they are Telegram's own, else uploaded.

Bots may download 20 MB and upload 50 MB, photos 10 MB (https://core.telegram.org/bots/api#sending-files).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from telegram import (
    Bot,
    InputFile,
    InputMediaAudio,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    ReplyParameters,
)

from adapters.base import Attachment, File, Refused

UPLOAD_BYTES = 50_000_000
PHOTO_BYTES = 10_000_000
METHOD_OF = {"photo": "photo", "video": "video", "audio": "audio", "voice": "voice", "sticker": "sticker"}
"""How a file of another channel is sent; all others as documents."""
IN_ALBUMS = {
    "photo": InputMediaPhoto,
    "video": InputMediaVideo,
    "audio": InputMediaAudio,
    "document": InputMediaDocument,
}


async def send_attachments(
    bot: Bot,
    chat_id: int,
    attachments: Sequence[Attachment],
    *,
    topic: int | None = None,
    reply: ReplyParameters | None = None,
    business: str | None = None,
) -> str:
    """Send one file, or several as an album; gives the id of the first message."""
    common: dict[str, Any] = {
        "message_thread_id": topic,
        "reply_parameters": reply,
        "business_connection_id": business,
    }
    if len(attachments) > 1:
        media = [_album_part(one) for one in attachments]
        messages = await bot.send_media_group(chat_id, media, **common)
        return f"m{messages[0].message_id}"
    [attachment] = attachments
    if attachment.file.kind == "location":
        latitude, _, longitude = attachment.file.ref.partition(",")
        sent = await bot.send_location(chat_id, float(latitude), float(longitude), **common)
        return f"m{sent.message_id}"
    method = method_of(attachment)
    send: Callable[..., Awaitable[Any]] = getattr(bot, f"send_{method}")
    sent = await send(chat_id, _content(attachment), **common)
    return f"m{sent.message_id}"


def method_of(attachment: Attachment) -> str:
    """What a file is sent as: as it came, or by its kind; a picture too large for a photo as a document."""
    if attachment.content is None:
        return attachment.file.ref.partition(":")[0]
    method = METHOD_OF.get(attachment.file.kind, "document")
    return "document" if method == "photo" and len(attachment.content) > PHOTO_BYTES else method


def _album_part(attachment: Attachment) -> Any:
    made = IN_ALBUMS.get(method_of(attachment))
    if made is None:
        raise Refused(f"a {attachment.file.kind} cannot be part of an album")
    return made(_content(attachment))


def _content(attachment: Attachment) -> str | InputFile:
    if attachment.content is None:
        return attachment.file.ref.partition(":")[2]
    return InputFile(attachment.content, filename=attachment.file.name or attachment.file.kind)


async def fetch(bot: Bot, file: File) -> bytes:
    """The content of a file that somebody sent here."""
    if file.kind == "location":
        raise Refused("a location has no content")
    found = await bot.get_file(file.ref.partition(":")[2])
    return bytes(await found.download_as_bytearray())
