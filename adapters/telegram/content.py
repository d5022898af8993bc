"""What a message says: its text, its files, and words for what is neither. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from telegram import Message, MessageEntity

from adapters.base import File, FileKind

CONTENT: tuple[tuple[str, FileKind], ...] = (
    # A moving picture also comes as a document, for clients that do not know it: so it goes first.
    ("animation", "video"),
    ("video", "video"),
    ("video_note", "video"),
    ("audio", "audio"),
    ("voice", "voice"),
    ("document", "document"),
    ("sticker", "sticker"),
)
"""What a message may carry, and what that is elsewhere."""


def written_in(message: Message) -> tuple[str, tuple[File, ...]] | None:
    """Text and files; None for what says nothing, such as that somebody joined."""
    text, files = text_of(message), tuple(_files(message))
    if not text and not files:
        text = _other_content(message)
    return (text, files) if text or files else None


def text_of(message: Message) -> str:
    """The text or caption. A link hidden behind words is written out, as it would be lost elsewhere."""
    text = message.text or message.caption or ""
    entities = message.entities or message.caption_entities
    units = text.encode("utf-16-le", "surrogatepass")
    for entity in sorted(entities, key=lambda entity: entity.offset, reverse=True):
        if entity.type == MessageEntity.TEXT_LINK and entity.url:
            end = 2 * (entity.offset + entity.length)
            units = units[:end] + f" ({entity.url})".encode("utf-16-le") + units[end:]
    return units.decode("utf-16-le", "replace")


def _files(message: Message) -> Iterator[File]:
    """`ref` says with which method a file is sent on, as Telegram's file ids are of one kind each."""
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        yield File("photo", f"photo:{largest.file_id}", size_bytes=largest.file_size)
        return
    for name, kind in CONTENT:
        if (sent := getattr(message, name)) is not None:
            yield File(
                kind,
                f"{name}:{sent.file_id}",
                getattr(sent, "file_name", None) or "",
                getattr(sent, "mime_type", None) or "",
                sent.file_size,
                getattr(sent, "emoji", None) or "",
            )
            return
    if (where := message.location) is not None:
        name = f"{message.venue.title}, {message.venue.address}" if message.venue else ""
        yield File.located(where.latitude, where.longitude, name)


def _other_content(message: Message) -> str:
    """What a message says that is neither text nor a file."""
    if (contact := message.contact) is not None:
        return f"{contact.first_name} {contact.last_name or ''}".strip() + f": {contact.phone_number}"
    if message.dice is not None:
        return message.dice.emoji
    if message.poll is not None:
        return "\n".join((message.poll.question, *(f"- {option.text}" for option in message.poll.options)))
    return "[story]" if message.story is not None else ""


def in_words(text: str, files: Sequence[File]) -> str:
    """A message as text alone."""
    return " ".join(filter(None, (text, *(f"[{file.name or file.text or file.kind}]" for file in files))))
