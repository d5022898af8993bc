"""Text as Discord shows it: exactly as it was written. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

TEXT_CHARS = 2000
"""https://discord.com/developers/docs/resources/message#create-message"""
_LINK = re.compile(r"(https?://[^\s<>]+)")
_MARKUP = re.compile(r"([\\*_~`|>#\-<\[\]():@+])")
_NUMBERED = re.compile(r"<(?:@!?|@&|#)(\d+)>|<a?(:\w+:)\d+>")
_LINE_NUMBER = re.compile(r"^(\s*\d+)\.", re.MULTILINE)


def escape(text: str) -> str:
    """The text with every mark of Markdown and of mentions escaped; links stay, as they hold no markup."""
    pieces = _LINK.split(text)
    pieces[::2] = [_LINE_NUMBER.sub(r"\1\\.", _MARKUP.sub(r"\\\1", piece)) for piece in pieces[::2]]
    return "".join(pieces)


def measure(text: str) -> int:
    """How much of TEXT_CHARS a text takes once it is escaped."""
    return len(escape(text))


def cut(text: str) -> str:
    """The text escaped, and no longer than a message may be."""
    escaped = escape(text)
    return escaped if len(escaped) <= TEXT_CHARS else escaped[: TEXT_CHARS - 1].rstrip("\\") + "…"


def nonce(key: str) -> str:
    """An idempotency key as Discord takes it, at most 25 characters."""
    return hashlib.blake2b(key.encode(), digest_size=12).hexdigest()


def readable(text: str, names: Mapping[int, str]) -> str:
    """The text with names in the place of numbers, and emojis of one server by what they are called."""

    def named(found: re.Match[str]) -> str:
        return found[2] or names.get(int(found[1]), found[0])

    return _NUMBERED.sub(named, text)
