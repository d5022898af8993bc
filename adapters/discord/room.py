"""The agents' channel: a post of a forum for each case or, in a text channel, a private thread.

In a forum the card is the post's first message and tags show the state; a name may change only twice in ten minutes,
so it holds nothing that changes (https://discord.com/developers/docs/topics/rate-limits).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from discord import (
    AllowedMentions,
    ButtonStyle,
    ChannelType,
    Client,
    ForumChannel,
    ForumTag,
    PartialMessage,
    PartialMessageable,
    TextChannel,
    Thread,
)
from discord.ui import Button as UiButton
from discord.ui import View

from adapters.base import Button, Fate, NameRoom, OpenRoom, Post, Receipt, Refused, ShowCard
from adapters.discord.media import files_of
from adapters.discord.text import escape, nonce

NO_MENTIONS = AllowedMentions.none()
BUTTON_PREFIX = "jono:"
MARKS: dict[Fate, str] = {"delivered": "✅", "failed": "❌", "noted": "📝"}
STYLES = {"claim": ButtonStyle.primary, "close": ButtonStyle.danger, "resend": ButtonStyle.primary}
ARCHIVE_AFTER_MIN: Final = 10080
SAME = ""
"""What a call returns that changes something and makes nothing new."""


class Room:
    """Shows cases in the channel `channel_id`."""

    def __init__(self, client: Client, channel_id: int) -> None:
        self._client = client
        self._channel_id = channel_id

    async def open(self, out: OpenRoom) -> str:
        """Make the forum post with its card, or the thread; gives the place, and the card's id where there is one."""
        channel = await self._client.fetch_channel(self._channel_id)
        if isinstance(channel, ForumChannel):
            made = await channel.create_thread(
                name=out.label,
                content=escape(out.text),
                view=view_of(out.buttons),
                applied_tags=_tags(channel.available_tags, out.state),
                allowed_mentions=NO_MENTIONS,
                auto_archive_duration=ARCHIVE_AFTER_MIN,
            )
            return f"{made.thread.id} {made.message.id}"
        if isinstance(channel, TextChannel):
            thread = await channel.create_thread(
                name=out.label,
                type=ChannelType.private_thread,
                invitable=False,
                auto_archive_duration=ARCHIVE_AFTER_MIN,
            )
            return str(thread.id)
        raise Refused("agents_channel is neither a forum nor a text channel")

    async def card(self, out: ShowCard) -> str:
        """Send the card, or bring it up to date; gives its id."""
        view = view_of(out.buttons)
        if out.message_id:
            message = PartialMessage(channel=self._place(out.place), id=int(out.message_id))
            await message.edit(content=escape(out.text), view=view, allowed_mentions=NO_MENTIONS)
            return out.message_id
        sent = await self._place(out.place).send(
            escape(out.text), view=view, nonce=nonce(out.key), allowed_mentions=NO_MENTIONS, silent=True
        )
        return str(sent.id)

    async def name(self, out: NameRoom) -> str:
        """Show the state by tags; what has ended is archived, and comes back by itself when somebody writes."""
        thread = await self._client.fetch_channel(int(out.place))
        if not isinstance(thread, Thread):
            raise Refused("the place is no thread")
        parent = await self._client.fetch_channel(thread.parent_id)
        tags = _tags(parent.available_tags, out.state) if isinstance(parent, ForumChannel) else []
        if thread.archived and out.open:
            await thread.edit(archived=False)
        await thread.edit(applied_tags=tags, archived=not out.open)
        return SAME

    async def post(self, out: Post) -> str:
        """Put something into the thread."""
        sent = await self._place(out.place).send(
            escape(out.text) or None,
            files=files_of(out.attachments),
            view=view_of(out.buttons),
            nonce=nonce(out.key),
            allowed_mentions=NO_MENTIONS,
        )
        return str(sent.id)

    async def mark(self, out: Receipt) -> str:
        """React to what an agent wrote."""
        await PartialMessage(channel=self._place(out.place), id=int(out.ref)).add_reaction(MARKS[out.fate])
        return SAME

    def _place(self, place: str) -> PartialMessageable:
        if not place.isdecimal():
            raise Refused("no such place in the channel")
        return self._client.get_partial_messageable(int(place))


def _tags(available: Iterable[ForumTag], state: str) -> list[ForumTag]:
    """The forum's tag that is named like the state, where the operator made one."""
    return [tag for tag in available if tag.name.lower() == state]


def view_of(buttons: Sequence[Button]) -> View:
    """Buttons that outlive this process: what they mean stands in their ids."""
    view = View(timeout=None)
    for button in buttons:
        custom_id = f"{BUTTON_PREFIX}{button.command} {button.arguments}".strip()
        style = STYLES.get(button.command, ButtonStyle.secondary)
        view.add_item(UiButton[View](label=button.label, custom_id=custom_id, style=style))
    # The client shall not keep it: presses are told by their ids (see `adapters.discord.buttons`).
    view.stop()
    return view
