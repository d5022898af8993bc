"""The agents' group: a topic for each case, a card in it, and marks at what agents write.

A group without topics works through replies to the card: then the card's id is the place, and everything about a case
is sent as a reply to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters
from telegram.constants import ForumIconColor

from adapters.base import Button, CaseState, Fate, NameRoom, OpenRoom, Post, Receipt, Refused, ShowCard, cut
from adapters.telegram.calls import unless_unchanged
from adapters.telegram.media import send_attachments

COLOURS: dict[CaseState, ForumIconColor] = {"waiting": ForumIconColor.YELLOW, "claimed": ForumIconColor.BLUE}
"""A topic keeps the colour it was made with; the title tells the state from then on."""
MARKS: dict[Fate, str] = {"delivered": "👍", "failed": "👎", "noted": "✍"}
"""Of the emoji that bots may react with (https://core.telegram.org/bots/api#reactiontypeemoji)."""
TEXT_UNITS, TITLE_UNITS = 4096, 128
"""https://core.telegram.org/bots/api#sendmessage, #createforumtopic"""
SAME = ""
"""What a call returns that changes something and makes nothing new."""


@dataclass(frozen=True, slots=True)
class Place:
    """A topic (`t17`) or, in a group without topics, a card (`m17`)."""

    topic: int | None
    card: int | None

    @classmethod
    def parse(cls, place: str) -> Place:
        """Raises Refused for what is no place."""
        kind, number = place[:1], place[1:]
        if kind not in ("t", "m") or not number.isdecimal():
            raise Refused("no such place in the group")
        return cls(int(number), None) if kind == "t" else cls(None, int(number))

    @property
    def reply(self) -> ReplyParameters | None:
        """What a message about the case replies to."""
        return None if self.card is None else ReplyParameters(self.card, allow_sending_without_reply=False)


class Room:
    """Shows cases in the group `chat_id`."""

    def __init__(self, bot: Bot, chat_id: int) -> None:
        self._bot = bot
        self._chat_id = chat_id

    async def open(self, out: OpenRoom) -> str:
        """Make the topic, or send the card where there are none; gives the place. Topics may be turned on any day,
        so the group is asked each time."""
        if not (await self._bot.get_chat(self._chat_id)).is_forum:
            text, keys = cut(out.text, TEXT_UNITS), keyboard(out.buttons)
            sent = await self._bot.send_message(self._chat_id, text, reply_markup=keys)
            return f"m{sent.message_id} m{sent.message_id}"
        colour, title = COLOURS.get(out.state, ForumIconColor.GREEN), cut(out.title, TITLE_UNITS)
        topic = await self._bot.create_forum_topic(self._chat_id, title, icon_color=colour)
        return f"t{topic.message_thread_id}"

    async def card(self, out: ShowCard) -> str:
        """Send the card into the topic, or bring it up to date; gives its id."""
        place = Place.parse(out.place)
        if not out.message_id:
            sent = await self._bot.send_message(
                self._chat_id,
                cut(out.text, TEXT_UNITS),
                message_thread_id=place.topic,
                reply_parameters=place.reply,
                reply_markup=keyboard(out.buttons),
                disable_notification=True,
            )
            return f"m{sent.message_id}"
        edit = self._bot.edit_message_text(
            cut(out.text, TEXT_UNITS),
            self._chat_id,
            int(out.message_id[1:]),
            reply_markup=keyboard(out.buttons),
        )
        await unless_unchanged(edit)
        return out.message_id

    async def name(self, out: NameRoom) -> str:
        """Give the topic its title; closed when the case has ended. A card has no title beside its text."""
        place = Place.parse(out.place)
        if place.topic is not None:
            await unless_unchanged(
                self._bot.edit_forum_topic(self._chat_id, place.topic, name=cut(out.title, TITLE_UNITS))
            )
            if not out.open:
                await unless_unchanged(self._bot.close_forum_topic(self._chat_id, place.topic))
        return SAME

    async def post(self, out: Post) -> str:
        """Put something into the topic."""
        place = Place.parse(out.place)
        if out.attachments:
            return await send_attachments(
                self._bot, self._chat_id, out.attachments, topic=place.topic, reply=place.reply
            )
        sent = await self._bot.send_message(
            self._chat_id,
            out.text,
            message_thread_id=place.topic,
            reply_parameters=place.reply,
            reply_markup=keyboard(out.buttons),
        )
        return f"m{sent.message_id}"

    async def mark(self, out: Receipt) -> str:
        """React to what an agent wrote."""
        await self._bot.set_message_reaction(self._chat_id, int(out.ref[1:]), MARKS[out.fate])
        return SAME


def keyboard(buttons: Sequence[Button]) -> InlineKeyboardMarkup | None:
    """Buttons two in a row. Telegram takes 64 bytes of data for each, the contract gives 60 at most."""
    if not buttons:
        return None
    made = [
        InlineKeyboardButton(one.label, callback_data=f"{one.command} {one.arguments}".strip())
        for one in buttons
    ]
    return InlineKeyboardMarkup([made[n : n + 2] for n in range(0, len(made), 2)])
