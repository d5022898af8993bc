"""Text as Slack writes it: three characters are escaped, mentions and links stand in angle brackets, emoji have names.

https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from adapters.base import utf16

TEXT_UNITS = 4_000
"""What Slack advises for a message (https://docs.slack.dev/reference/methods/chat.postMessage#truncating); counted in
the largest units, as it does not say in which."""
EMOJI: Mapping[str, str] = {
    "+1": "👍",
    "-1": "👎",
    "100": "💯",
    "broken_heart": "💔",
    "clap": "👏",
    "confused": "😕",
    "cry": "😢",
    "eyes": "👀",
    "face_with_rolling_eyes": "🙄",
    "fire": "🔥",
    "grin": "😁",
    "grinning": "😀",
    "heart": "❤️",
    "heart_eyes": "😍",
    "heavy_check_mark": "✔️",
    "hourglass": "⌛",
    "joy": "😂",
    "laughing": "😆",
    "neutral_face": "😐",
    "ok_hand": "👌",
    "pray": "🙏",
    "question": "❓",
    "rage": "😡",
    "raised_hands": "🙌",
    "rocket": "🚀",
    "slightly_smiling_face": "🙂",
    "smile": "😄",
    "smiley": "😃",
    "sob": "😭",
    "sweat_smile": "😅",
    "tada": "🎉",
    "thinking_face": "🤔",
    "thumbsdown": "👎",
    "thumbsup": "👍",
    "warning": "⚠️",
    "wave": "👋",
    "white_check_mark": "✅",
    "wink": "😉",
    "x": "❌",
}
"""The names that are met most; all others stay as they are, which can be read as well."""
_MARK = re.compile(r"<([^<>]*)>")
_NAME = re.compile(r":([a-z0-9_+-]+):(?::skin-tone-[2-6]:)?")


def escape(text: str) -> str:
    """The text so that Slack shows it as it is: nothing in it mentions anybody or becomes a link with another name."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def measure(text: str) -> int:
    """How much of `TEXT_UNITS` a text takes."""
    return utf16(escape(text))


def fitted(text: str, most: int = TEXT_UNITS) -> str:
    """The text escaped, or the beginning of it with an “…”."""
    if measure(text) <= most:
        return escape(text)
    taken = 0
    for at, sign in enumerate(text):
        taken += measure(sign)
        if taken > most - 1:
            return escape(text[:at]) + "…"
    return escape(text)


def plain(text: str) -> str:
    """What Slack tells, as whoever wrote it saw it."""
    seen = _MARK.sub(lambda mark: _words(mark[1]), text)
    seen = _NAME.sub(lambda name: EMOJI.get(name[1], name[0]), seen)
    return seen.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def emoji_of(name: str) -> str:
    """A reaction as an emoji; one that is not known, or is the workspace's own, by its name."""
    bare = name.partition("::")[0]
    return EMOJI.get(bare, f":{bare}:")


def _words(mark: str) -> str:
    """What stands in angle brackets: somebody, a channel, a group or a date, or a link."""
    target, _, label = mark.partition("|")
    if target.startswith(("@", "#")):
        return target[0] + (label.removeprefix(target[0]) or target[1:])
    if target.startswith("!"):
        return label or "@" + target[1:].partition("^")[0]
    address = target.removeprefix("mailto:").removeprefix("tel:")
    return address if not label or address.endswith(label) else f"{label} ({address})"
