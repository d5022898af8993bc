"""Files: kept, named by ids of one kind each, and written into messages as the vendor does."""

from __future__ import annotations

from tests.fakes.telegram.errors import ApiError, bad
from tests.fakes.telegram.ledger import JSON
from tests.fakes.telegram.things import File
from tests.fakes.telegram.world import World

UPLOAD_BYTES, PHOTO_BYTES, DOWNLOAD_BYTES = 50 * 1024**2, 10 * 1024**2, 20 * 1024**2
PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"RIFF")
SUFFIXES = {
    "photo": "jpg",
    "voice": "oga",
    "sticker": "webp",
    "video": "mp4",
    "audio": "mp3",
    "animation": "mp4",
}
KINDS = ("photo", "document", "video", "animation", "audio", "voice", "video_note", "sticker")


def keep(world: World, kind: str, content: bytes | None, size: int, name: str, mime: str) -> File:
    """A new file."""
    file = File(f"{kind}-{world.next_number()}", kind, size, content, name, mime)
    world.files[file.id] = file
    return file


def uploaded(world: World, kind: str, content: bytes, name: str, mime: str) -> File:
    """A file that the bot sends, if it is one of that kind. Raises ApiError."""
    if len(content) > UPLOAD_BYTES:
        raise ApiError(413, "Request Entity Too Large")
    if not content:
        raise bad("file must be non-empty")
    if kind == "photo":
        if len(content) > PHOTO_BYTES:
            most = f"the maximum size is {PHOTO_BYTES} bytes"
            raise bad(f"file of size {len(content)} bytes is too big for a photo; {most}")
        if not content.startswith(PICTURES):
            raise bad("IMAGE_PROCESS_FAILED")
    return keep(world, kind, content, len(content), name, mime)


def known(world: World, kind: str, file_id: str) -> File:
    """A file that is there already, if it is of that kind. Raises ApiError."""
    file = world.files.get(file_id)
    if file is None:
        raise bad("wrong file identifier/HTTP URL specified")
    if file.kind != kind:
        raise bad(f"can't use file of type {file.kind.title()} as {kind.title()}")
    return file


def written(file: File, emoji: str = "") -> JSON:
    """The part of a message that holds a file."""
    base = {"file_id": file.id, "file_unique_id": f"u{file.id}", "file_size": file.size}
    named = base | {
        key: value for key, value in (("file_name", file.name), ("mime_type", file.mime)) if value
    }
    match file.kind:
        case "photo":
            small = {"file_id": f"{file.id}-s", "file_unique_id": f"us{file.id}", "width": 90, "height": 60}
            return {"photo": [small, {**base, "width": 1280, "height": 853}]}
        case "sticker":
            shape = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
            return {"sticker": base | shape | ({"emoji": emoji} if emoji else {})}
        case "voice":
            return {"voice": base | {"duration": 3, "mime_type": file.mime or "audio/ogg"}}
        case "audio":
            return {"audio": named | {"duration": 60}}
        case "video":
            return {"video": named | {"duration": 5, "width": 640, "height": 360}}
        case "video_note":
            return {"video_note": base | {"duration": 5, "length": 240}}
        case "animation":
            moving = named | {"duration": 2, "width": 320, "height": 180}
            return {"animation": moving, "document": named}
        case _:
            return {"document": named}


def described(world: World, file_id: str) -> JSON:
    """getFile. Raises ApiError."""
    file = world.files.get(file_id.removesuffix("-s"))
    if file is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    if file.size > DOWNLOAD_BYTES:
        raise bad("file is too big")
    suffix = file.name.rpartition(".")[2] if "." in file.name else SUFFIXES.get(file.kind, "bin")
    return {
        "file_id": file.id,
        "file_unique_id": f"u{file.id}",
        "file_size": file.size,
        "file_path": f"{file.kind}s/{file.id}.{suffix}",
    }


def content_at(world: World, path: str) -> bytes | None:
    """What stands under a path that getFile gave."""
    file = world.files.get(path.rpartition("/")[2].rpartition(".")[0])
    if file is None or file.size > DOWNLOAD_BYTES:
        return None
    return bytes(file.size) if file.content is None else file.content
