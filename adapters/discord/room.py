"""The agents' channel: a post of a forum for each case or, in a text channel, a private thread.

In a forum the card is the post's first message and tags show the state; a name may change only twice in ten minutes,
so it holds nothing that changes (https://discord.com/developers/docs/topics/rate-limits). What has ended is archived;
nothing can be changed in an archived thread, so it is woken first and put to sleep again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

from discord import (
    AllowedMentions,
    ButtonStyle,
    ChannelType,
    Client,
    ForumChannel,
    ForumTag,
    HTTPException,
    NotFound,
    PartialMessage,
    PartialMessageable,
    TextChannel,
    Thread,
)
from discord.ui import Button as UiButton
from discord.ui import View

from adapters.base import Button, Fate, NameRoom, OpenRoom, Post, Receipt, Refused, ShowCard
from adapters.discord.calls import ARCHIVED
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
        if not isinstance(channel, ForumChannel | TextChannel):
            raise Refused("agents_channel is neither a forum nor a text channel")
        thread = await self._made_before(channel, out.label)
        if thread is not None:
            # A post and its first message have one number.
            return f"{thread.id} {thread.id}" if isinstance(channel, ForumChannel) else str(thread.id)
        return await self._make(channel, out)

    async def _make(self, channel: ForumChannel | TextChannel, out: OpenRoom) -> str:
        if isinstance(channel, TextChannel):
            thread = await channel.create_thread(
                name=out.label,
                type=ChannelType.private_thread,
                invitable=False,
                auto_archive_duration=ARCHIVE_AFTER_MIN,
            )
            return str(thread.id)
        made = await channel.create_thread(
            name=out.label,
            content=escape(out.text),
            view=view_of(out.buttons),
            applied_tags=_tags(channel.available_tags, out.state),
            allowed_mentions=NO_MENTIONS,
            auto_archive_duration=ARCHIVE_AFTER_MIN,
        )
        return f"{made.thread.id} {made.message.id}"

    async def _made_before(self, channel: ForumChannel | TextChannel, label: str) -> Thread | None:
        """Our thread of this name in which nothing was said yet: threads have no nonce, and perhaps the answer to an
        earlier try was lost. One whose card was deleted will not do."""
        assert self._client.user is not None
        for thread in await channel.guild.active_threads():
            ours = (thread.parent_id, thread.name, thread.owner_id)
            untouched = (thread.last_message_id or thread.id) == thread.id
            if ours == (channel.id, label, self._client.user.id) and untouched:
                try:
                    if isinstance(channel, ForumChannel):
                        await thread.fetch_message(thread.id)
                except NotFound:
                    continue
                return thread
        return None

    async def card(self, out: ShowCard) -> str:
        """Send the card, or bring it up to date; gives its id."""
        view = view_of(out.buttons)
        if not out.message_id:
            sent = await self._place(out.place).send(
                escape(out.text), view=view, nonce=nonce(out.key), allowed_mentions=NO_MENTIONS, silent=True
            )
            return str(sent.id)
        message = PartialMessage(channel=self._place(out.place), id=number_of(out.message_id))
        await self._awake(
            out.place,
            lambda: message.edit(content=escape(out.text), view=view, allowed_mentions=NO_MENTIONS),
        )
        return out.message_id

    async def name(self, out: NameRoom) -> str:
        """Show the state by tags; what has ended is archived, and comes back by itself when somebody writes."""
        thread = await self._thread(out.place)
        parent = await self._client.fetch_channel(thread.parent_id)
        tags = _tags(parent.available_tags, out.state) if isinstance(parent, ForumChannel) else []
        if thread.archived:
            thread = await thread.edit(archived=False, applied_tags=tags)
            if out.open:
                return SAME
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
        message = PartialMessage(channel=self._place(out.place), id=number_of(out.ref))
        await self._awake(out.place, lambda: message.add_reaction(MARKS[out.fate]))
        return SAME

    async def _awake(self, place: str, change: Callable[[], Awaitable[object]]) -> None:
        """Change something in a thread, which is archived again if it was."""
        try:
            await change()
        except HTTPException as error:
            if error.code != ARCHIVED:
                raise
            thread = await (await self._thread(place)).edit(archived=False)
            await change()
            await thread.edit(archived=True)

    async def _thread(self, place: str) -> Thread:
        thread = await self._client.fetch_channel(number_of(place))
        if not isinstance(thread, Thread):
            raise Refused("the place is no thread")
        return thread

    def _place(self, place: str) -> PartialMessageable:
        return self._client.get_partial_messageable(number_of(place))


def number_of(name: str) -> int:
    """Discord's own number behind an id. Raises Refused."""
    if not name.isdecimal():
        raise Refused(f"there is no {name!r} on Discord")
    return int(name)


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
