"""Files, out and in: by their id where they are Telegram's own, else uploaded.

Bots may download 20 MB and upload 50 MB, photos 10 MB (https://core.telegram.org/bots/api#sending-files).
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from aiohttp import ClientSession
from telegram import (
    Bot,
    InputFile,
    InputMediaAudio,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    ReplyParameters,
)
from telegram.error import BadRequest

from adapters.base import Attachment, Busy, File, Refused, Uncertain, download
from adapters.telegram.calls import sending

UPLOAD_BYTES = 50_000_000
PHOTO_BYTES = 10_000_000
DOWNLOAD_BYTES = 2_000_000_000
"""What a Bot API server of one's own gives; Telegram's names no file of more than 20 MB."""
METHOD_OF = {"photo": "photo", "video": "video", "audio": "audio", "voice": "voice", "sticker": "sticker"}
"""How a file of another channel is sent; all others as documents."""
IN_ALBUMS = {
    "photo": InputMediaPhoto,
    "video": InputMediaVideo,
    "audio": InputMediaAudio,
    "document": InputMediaDocument,
}
TOGETHER = ({"photo", "video"}, {"document"}, {"audio"})
"""What an album may be made of (https://core.telegram.org/bots/api#sendmediagroup)."""
NOT_ITS_KIND = re.compile(r"image|photo|video|audio|voice|sticker|media", re.IGNORECASE)
"""In what is said of a file that is not what it is sent as: of a picture in a strange format, for example."""


async def send_attachments(
    bot: Bot,
    chat_id: int,
    attachments: Sequence[Attachment],
    *,
    topic: int | None = None,
    reply: ReplyParameters | None = None,
    business: str | None = None,
) -> str:
    """Send one file, or several as an album; gives the id of the first message. What Telegram does not take as the
    picture, film or sound that it is said to be, it gets as a document."""
    where: dict[str, Any] = {
        "chat_id": chat_id,
        "message_thread_id": topic,
        "reply_parameters": reply,
        "business_connection_id": business,
    }
    methods = methods_of(attachments)
    try:
        return await _send(bot, where, attachments, methods)
    except BadRequest as error:
        uploaded = all(one.content is not None for one in attachments)
        if not (uploaded and set(methods) != {"document"} and NOT_ITS_KIND.search(error.message)):
            raise
    return await _send(bot, where, attachments, ["document"] * len(attachments))


def methods_of(attachments: Sequence[Attachment]) -> list[str]:
    """What each file is sent as; all as documents where they do not go together."""
    methods = [_method_of(attachment) for attachment in attachments]
    if len(methods) == 1 or any(set(methods) <= kinds for kinds in TOGETHER):
        return methods
    return ["document"] * len(methods)


def _method_of(attachment: Attachment) -> str:
    """As it came, or by its kind; a picture too large for a photo as a document."""
    if attachment.content is None:
        return attachment.file.ref.partition(":")[0]
    method = METHOD_OF.get(attachment.file.kind, "document")
    return "document" if method == "photo" and (attachment.file.size_bytes or 0) > PHOTO_BYTES else method


async def _send(
    bot: Bot, where: dict[str, Any], attachments: Sequence[Attachment], methods: Sequence[str]
) -> str:
    if len(attachments) > 1:
        parts = zip(attachments, methods, strict=True)
        media = [IN_ALBUMS[method](_content(attachment, in_album=True)) for attachment, method in parts]
        messages = await bot.send_media_group(media=media, **where)
        return f"m{messages[0].message_id}"
    [attachment], [method] = attachments, methods
    if attachment.file.kind == "location":
        latitude, longitude = attachment.file.point
        sent = await bot.send_location(latitude=latitude, longitude=longitude, **where)
        return f"m{sent.message_id}"
    send: Callable[..., Awaitable[Any]] = getattr(bot, f"send_{method}")
    sent = await send(**{method: _content(attachment)}, **where)
    return f"m{sent.message_id}"


def _content(attachment: Attachment, *, in_album: bool = False) -> str | InputFile:
    if attachment.content is None:
        return attachment.file.ref.partition(":")[2]
    name = attachment.file.name or attachment.file.kind
    return InputFile(attachment.content, filename=name, attach=in_album, read_file_handle=False)


async def fetch(bot: Bot, http: ClientSession, file: File, into: BinaryIO) -> None:
    """Write what somebody sent here. Raises Refused or Busy."""
    if file.kind == "location":
        raise Refused("a location has no content")
    try:
        with sending():
            address = (await bot.get_file(file.ref.partition(":")[2])).file_path or ""
    except Uncertain as error:
        raise Busy(str(error)) from error
    if not address.startswith(("http://", "https://")):
        # A Bot API server of one's own may keep files on a disk that both can read.
        await asyncio.to_thread(_copy, address, into)
        return
    answer = await download(http, address, into, most_bytes=DOWNLOAD_BYTES)
    if answer.status in (401, 429) or answer.status >= 500:
        raise Busy(f"HTTP {answer.status}", answer.retry_after_s)
    if answer.status != 200:
        raise Refused(f"Telegram does not keep the file any more (HTTP {answer.status})")


def _copy(path: str, into: BinaryIO) -> None:
    try:
        with Path(path).open("rb") as kept:
            shutil.copyfileobj(kept, into)
    except OSError as error:
        raise Refused("the file is not where the Bot API server says it is") from error
