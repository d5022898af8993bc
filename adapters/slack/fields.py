"""Fields of what Slack tells, and what its messages carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.base import File, kind_of, maybe_object, maybe_objects, maybe_text, read_text
from adapters.slack.text import plain

REF_CHARS = 1_000
UNSEEN = ("tombstone", "hidden_by_limit")
"""Files that were deleted, or are hidden as the workspace's plan keeps no more."""
CLIPS = {"slack_audio": "voice", "slack_video": "video"}


def name_of(member: Mapping[str, Any]) -> str:
    """What a member of the workspace wants to be called, as far as it is told."""
    profile = maybe_object(member, "profile")
    names = (
        maybe_text(profile, "display_name"),
        maybe_text(profile, "real_name"),
        maybe_text(member, "real_name"),
    )
    return next(filter(None, names), "")


@dataclass(frozen=True, slots=True)
class Words:
    """What a message says: text and files; `forwarded` are the messages that it shows beside a text of its own."""

    text: str
    files: tuple[File, ...]
    forwarded: Words | None = None

    @property
    def whole(self) -> Words:
        """All of it, what is forwarded below the rest."""
        if self.forwarded is None:
            return self
        text = "\n".join(filter(None, (self.text, self.forwarded.text)))
        return Words(text, self.files + self.forwarded.files)

    def __bool__(self) -> bool:
        return bool(self.text.strip() or self.files)


def words_of(message: Mapping[str, Any]) -> Words:
    """The text of a message and of those it forwards, and its files; what lies elsewhere is a link. Where it has no
    text of its own, all that is attached is its text. One file that makes no sense does not lose the message."""
    own, attached = plain(read_text(message, "text")), maybe_objects(message, "attachments")
    if own:
        said, messages = _words(own, [message]), [one for one in attached if _is_message(one)]
        return Words(said.text, said.files, _words(_texts(messages), messages))
    return _words(_texts(attached), [message, *attached])


def _words(text: str, holders: Sequence[Mapping[str, Any]]) -> Words:
    """A text, with the files that these messages hold: https://docs.slack.dev/reference/objects/file-object"""
    texts, files = [text], []
    for item in (item for holder in holders for item in maybe_objects(holder, "files")):
        if item.get("is_external") is True or item.get("mode") == "external":
            texts.append(maybe_text(item, "url_private"))
        elif item.get("mode") not in UNSEEN and (file := _file(item)) is not None:
            files.append(file)
    return Words("\n".join(filter(None, texts)), tuple(files))


def _texts(attachments: Sequence[Mapping[str, Any]]) -> str:
    found = (plain(maybe_text(one, "text") or maybe_text(one, "fallback")) for one in attachments)
    return "\n".join(filter(None, found))


def _is_message(attachment: Mapping[str, Any]) -> bool:
    """Whether it shows a message of Slack's, and is no preview of a page."""
    return any(attachment.get(mark) is True for mark in ("is_share", "is_msg_unfurl", "is_reply_unfurl"))


def _file(item: Mapping[str, Any]) -> File | None:
    """Slack Connect tells some files by their id alone: then that is the `ref`."""
    ref = (
        maybe_text(item, "url_private_download") or maybe_text(item, "url_private") or maybe_text(item, "id")
    )
    if not ref or len(ref) > REF_CHARS:
        return None
    mime, size = maybe_text(item, "mimetype"), item.get("size")
    clip = CLIPS.get(maybe_text(item, "subtype"))
    kind = "voice" if clip == "voice" else "video" if clip == "video" else kind_of(mime)
    return File(kind, ref, maybe_text(item, "name"), mime, size if type(size) is int and size >= 0 else None)
