"""The agents' channel: a card for each case, and below it the thread that is the case's room.

What is shown as blocks stands there word for word, with no marks that mean something
(https://docs.slack.dev/reference/block-kit/blocks/rich-text-block).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.base import Attachment, Button, Fate, Gone, OpenRoom, Post, Receipt, ShowCard, cut
from adapters.slack.calls import Calls, Denied
from adapters.slack.desk import BUTTON
from adapters.slack.media import share
from adapters.slack.text import fitted

MARKS: Mapping[Fate, str] = {"delivered": "white_check_mark", "failed": "x", "noted": "memo"}
STYLES = {"claim": "primary", "resend": "primary", "close": "danger"}
BLOCK_UNITS, LABEL_CHARS, NOTICE_UNITS = 3_000, 75, 300
"""https://docs.slack.dev/reference/block-kit/blocks/section-block, .../block-elements/button-element; what
notifications show of a card is our own choice."""
GONE = frozenset(("message_not_found", "thread_not_found", "cant_update_message", "invalid_thread_ts"))
"""What is said of a card that is not there any more, or was made by another app."""
SAME = ""
"""What a call returns that changes something and makes nothing new."""
LITERAL: Mapping[str, Any] = {
    "parse": "none",
    "link_names": False,
    "mrkdwn": False,
    "unfurl_links": False,
    "unfurl_media": False,
}
"""Nothing is made of what a text looks like: no mention, no preview, no bold."""


class Room:
    """Shows cases in the channel `channel`."""

    def __init__(self, calls: Calls, channel: str) -> None:
        self._calls = calls
        self._channel = channel

    async def open(self, out: OpenRoom) -> str:
        """Post the card; it is the place as well."""
        sent = await self._calls.post(
            "chat.postMessage", {"channel": self._channel, **_card(out.text, out.buttons)}
        )
        return f"{sent.get('ts', '')} {sent.get('ts', '')}"

    async def card(self, out: ShowCard) -> str:
        """Bring the card up to date; gives its id."""
        ts = out.message_id or out.place
        changed = {"channel": self._channel, "ts": ts, **_card(out.text, out.buttons)}
        await self._change("chat.update", changed)
        return ts

    async def post(self, out: Post, text: str, files: Sequence[Attachment]) -> str:
        """Put something below the card; what is loud is shown in the channel too."""
        if files:
            try:
                return await share(self._calls, self._channel, out.place, files)
            except Denied as error:
                raise _gone_or(error) from error
        what = {"channel": self._channel, "thread_ts": out.place, "reply_broadcast": out.loud}
        words = _card(text, out.buttons) if out.buttons else {**LITERAL, "text": fitted(text)}
        sent = await self._change("chat.postMessage", {**what, **words})
        return str(sent.get("ts", ""))

    async def mark(self, out: Receipt) -> str:
        """React to what an agent wrote."""
        mark = {"channel": self._channel, "timestamp": out.ref, "name": MARKS[out.fate]}
        try:
            await self._change("reactions.add", mark)
        except Denied as error:
            if error.word != "already_reacted":
                raise
        return SAME

    async def _change(self, method: str, what: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return await self._calls.post(method, what)
        except Denied as error:
            raise _gone_or(error) from error


def _gone_or(error: Denied) -> Denied | Gone:
    return Gone("the card is not there any more") if error.word in GONE else error


def _card(text: str, buttons: Sequence[Button]) -> Mapping[str, Any]:
    """A text with buttons below; `text` is what notifications show."""
    blocks = [_text_block(text[at : at + BLOCK_UNITS // 2]) for at in range(0, len(text), BLOCK_UNITS // 2)]
    if buttons:
        blocks.append({"type": "actions", "elements": [_button(n, one) for n, one in enumerate(buttons)]})
    return {**LITERAL, "text": fitted(cut(text, NOTICE_UNITS)), "blocks": blocks}


def _text_block(text: str) -> dict[str, Any]:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [section]}


def _button(number: int, button: Button) -> dict[str, Any]:
    """What it means stands in its value; ids must differ within a message."""
    made: dict[str, Any] = {
        "type": "button",
        "action_id": f"{BUTTON}{number}",
        "text": {"type": "plain_text", "text": button.label[:LABEL_CHARS], "emoji": False},
        "value": f"{button.command} {button.arguments}".strip(),
    }
    style = STYLES.get(button.command)
    return made | ({"style": style} if style else {})
