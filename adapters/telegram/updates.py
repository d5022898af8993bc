"""What Telegram tells, as arrivals. Pure: an update in, what it means out.

In the agents' group every message is an agent's; elsewhere only private chats count. Ids of topics begin with t, of
messages with m, so that one cannot be taken for the other.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace

from telegram import CallbackQuery, ChatMemberUpdated, Message, MessageReactionUpdated, Update
from telegram.constants import ChatMemberStatus, ChatType, UpdateType

from adapters.base import (
    AgentCommand,
    AgentEdit,
    Arrival,
    CustomerEdit,
    CustomerGone,
    CustomerMessage,
    CustomerReaction,
    File,
    OutsideReply,
    Person,
    start,
)
from adapters.telegram.content import in_words, text_of, written_in

ALLOWED = [
    UpdateType.MESSAGE,
    UpdateType.EDITED_MESSAGE,
    UpdateType.CALLBACK_QUERY,
    UpdateType.MESSAGE_REACTION,
    UpdateType.MY_CHAT_MEMBER,
    UpdateType.BUSINESS_CONNECTION,
    UpdateType.BUSINESS_MESSAGE,
    UpdateType.EDITED_BUSINESS_MESSAGE,
    UpdateType.DELETED_BUSINESS_MESSAGES,
]
"""Reactions come only when they are asked for (https://core.telegram.org/bots/api#update)."""
NOTE_MARK = "//"
OTHER_EMOJI = "★"
"""For a reaction with a picture of somebody's own, which only Telegram can show."""
UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What reading raises where an update is not as we, or the library, know it."""
log = logging.getLogger(__name__)


class Reader:
    """Reads updates for one bot. `chats` are the ids of the agents' group: there are two after it migrated."""

    def __init__(self, agents: frozenset[str], queues: tuple[str, ...], agents_chat: int) -> None:
        self._agents = agents
        self._queues = queues
        self.chat_id = agents_chat
        self.chats = {agents_chat} - {0}
        self.username = ""
        """The bot's own name, once it is known: commands may be meant for another bot of the group."""

    def moved_to(self, chat_id: int) -> None:
        """The agents' group has another id from now on."""
        self.chat_id = chat_id
        self.chats.add(chat_id)

    def arrivals(self, updates: Iterable[Update]) -> list[Arrival]:
        """What a batch of updates means, in order; the messages of one album are one arrival. One that makes no sense
        must not stop all others."""
        read: list[Arrival] = []
        albums: dict[str, int] = {}
        for update in updates:
            try:
                album, told = album_of(update), list(self._read(update))
            except UNREADABLE as error:
                log.warning("an update makes no sense: %s", type(error).__name__)
                continue
            for arrival in told:
                where = albums.get(album) if album else None
                joined = _joined(read[where], arrival) if where is not None else None
                if where is not None and joined is not None:
                    read[where] = joined
                    continue
                if album:
                    albums[album] = len(read)
                read.append(arrival)
        return read

    def _read(self, update: Update) -> Iterator[Arrival]:
        update_id = f"u{update.update_id}"
        if update.callback_query is not None:
            yield from self._pressed(update.callback_query)
        elif update.message is not None:
            yield from self._message(update.message)
        elif update.edited_message is not None:
            yield from self._edited(update_id, update.edited_message)
        elif update.message_reaction is not None:
            yield from self._reacted(update_id, update.message_reaction)
        elif update.my_chat_member is not None:
            yield from _membership(update_id, update.my_chat_member)
        elif update.business_message is not None:
            yield from self._business(update.business_message)
        elif update.edited_business_message is not None:
            message = update.edited_business_message
            yield CustomerEdit(
                update_id, conversation_of(message), f"m{message.message_id}", text_of(message)
            )
        elif (deleted := update.deleted_business_messages) is not None:
            conversation = business_conversation(deleted.business_connection_id, deleted.chat.id)
            for number in deleted.message_ids:
                yield CustomerEdit(f"{update_id}-{number}", conversation, f"m{number}", None)

    # --- customers -----------------------------------------------------------------------------------------

    def _message(self, message: Message) -> Iterator[Arrival]:
        if message.chat.id in self.chats:
            if message.migrate_to_chat_id is not None:
                self.moved_to(message.migrate_to_chat_id)
            yield from self._in_the_room(message)
        elif message.chat.type == ChatType.PRIVATE and message.from_user is not None:
            if str(message.from_user.id) in self._agents:
                yield from self._agent_in_private(message)
            else:
                yield from self._customer(message)

    def _customer(self, message: Message) -> Iterator[Arrival]:
        written = written_in(message)
        if written is None:
            return
        text, files = written
        text, queue = self._commanded(text) if text.startswith("/") else (text, None)
        conversation_id = conversation_of(message)
        yield CustomerMessage(
            id=f"{conversation_id}:{message.message_id}",
            conversation_id=conversation_id,
            customer=_customer_of(message),
            text=text,
            queue=queue,
            from_robot=bool(message.from_user and message.from_user.is_bot),
            files=files,
            ref=f"m{message.message_id}",
            group=message.media_group_id or "",
        )

    def _commanded(self, text: str) -> tuple[str, str | None]:
        """A command without the bot's name. `/start billing__fi`, as a link gives it, names a queue and a language:
        that becomes the command's argument."""
        name, arguments = command_of(text)
        name = name.partition("@")[0]
        if name != "start":
            return f"/{name} {arguments}".strip(), None
        return start(arguments, self._queues)

    def _business(self, message: Message) -> Iterator[Arrival]:
        """In a business chat the customer is the chat; whoever else writes there is the owner."""
        if message.sender_business_bot is not None or message.from_user is None:
            return
        if message.from_user.id == message.chat.id:
            yield from self._customer(message)
            return
        agent = Person(str(message.from_user.id), message.from_user.full_name)
        conversation_id = conversation_of(message)
        written = written_in(message)
        if written is not None:
            message_id = f"{conversation_id}:{message.message_id}"
            yield OutsideReply(message_id, conversation_id, agent, in_words(*written))

    def _edited(self, update_id: str, message: Message) -> Iterator[Arrival]:
        if message.location is not None:
            # One that moves: it would be an edit every few seconds.
            return
        ref, text = f"m{message.message_id}", text_of(message)
        if message.chat.id in self.chats:
            if (place := _place(message)) and _from_agent(message) and not text.startswith("/"):
                text = text.removeprefix(NOTE_MARK).strip()
                yield AgentEdit(update_id, _agent_of(message), place, ref, text, member=True)
        elif message.chat.type == ChatType.PRIVATE:
            yield CustomerEdit(update_id, conversation_of(message), ref, text)

    def _reacted(self, update_id: str, reaction: MessageReactionUpdated) -> Iterator[Arrival]:
        if reaction.chat.type == ChatType.PRIVATE:
            emoji = "".join(getattr(one, "emoji", OTHER_EMOJI) for one in reaction.new_reaction)
            yield CustomerReaction(update_id, str(reaction.chat.id), emoji)

    # --- agents --------------------------------------------------------------------------------------------

    def _in_the_room(self, message: Message) -> Iterator[Arrival]:
        written = written_in(message)
        if written is None or not _from_agent(message):
            return
        (text, files), place = written, _place(message)
        if text.startswith("/") and not text.startswith(NOTE_MARK):
            yield from self._command(message, text, place)
        elif place:
            yield replace(_spoken(message, text, files), place=place, ref=f"m{message.message_id}")

    def _agent_in_private(self, message: Message) -> Iterator[Arrival]:
        written = written_in(message)
        if written is None:
            return
        text, files = written
        if text.startswith("/") and not text.startswith(NOTE_MARK):
            yield from self._command(message, text, "")
        else:
            yield replace(_spoken(message, text, files), answer_to=_answer_to(message), member=False)

    def _command(self, message: Message, text: str, place: str) -> Iterator[Arrival]:
        name, arguments = command_of(text)
        name, _, bot = name.partition("@")
        if bot and self.username and bot.lower() != self.username.lower():
            return
        yield AgentCommand(
            id=f"{message.chat.id}:{message.message_id}",
            agent=_agent_of(message),
            command=name,
            arguments=arguments,
            place=place,
            member=message.chat.id in self.chats,
            answer_to=_answer_to(message),
        )

    def _pressed(self, query: CallbackQuery) -> Iterator[Arrival]:
        command, _, arguments = (query.data or "").partition(" ")
        if not command:
            return
        agent = Person(str(query.from_user.id), query.from_user.full_name)
        member = query.message is not None and query.message.chat.id in self.chats
        yield AgentCommand(query.id, agent, command, arguments, member=member, answer_to=f"q{query.id}")


# --- parts of a message ------------------------------------------------------------------------------------


def business_conversation(connection_id: str | None, chat_id: int) -> str:
    """The name of a conversation that the bot serves for a business account."""
    return f"b{connection_id}:{chat_id}"


def conversation_of(message: Message) -> str:
    """The conversation a customer's message belongs to: the chat, seen by the bot or by a business account."""
    if message.business_connection_id:
        return business_conversation(message.business_connection_id, message.chat.id)
    return str(message.chat.id)


def album_of(update: Update) -> str:
    """The chat, and the album in it that a new message is part of; "" for none."""
    message = update.message or update.business_message
    if message is None or message.media_group_id is None:
        return ""
    return f"{message.chat.id}:{message.media_group_id}"


def command_of(text: str) -> tuple[str, str]:
    """The name of a command, with the bot's where it was given, and the rest."""
    name, *rest = text.removeprefix("/").split(maxsplit=1) or [""]
    return name, rest[0].strip() if rest else ""


def _customer_of(message: Message) -> Person:
    user = message.from_user
    assert user is not None
    return Person(str(user.id), user.full_name, user.language_code or "")


def _from_agent(message: Message) -> bool:
    """A person, or the group itself, which is how anonymous administrators write; no bot and no channel."""
    if message.sender_chat is not None:
        return message.sender_chat.id == message.chat.id
    return message.from_user is not None and not message.from_user.is_bot


def _agent_of(message: Message) -> Person:
    """An administrator may write as the group itself: they are told apart by the title they gave themselves."""
    if message.sender_chat is not None:
        title = message.author_signature or message.sender_chat.title or ""
        return Person(f"{message.sender_chat.id}:{title}", title)
    assert message.from_user is not None
    return Person(str(message.from_user.id), message.from_user.full_name)


def _place(message: Message) -> str:
    """The topic a message stands in, or where there are none the message it replies to."""
    if message.is_topic_message and message.message_thread_id is not None:
        return f"t{message.message_thread_id}"
    return f"m{message.reply_to_message.message_id}" if message.reply_to_message is not None else ""


def _answer_to(message: Message) -> str:
    topic = message.message_thread_id if message.is_topic_message else None
    return f"m{message.chat.id}:{topic or 0}:{message.message_id}"


def _spoken(message: Message, text: str, files: tuple[File, ...]) -> AgentCommand:
    note = text.startswith(NOTE_MARK)
    return AgentCommand(
        id=f"{message.chat.id}:{message.message_id}",
        agent=_agent_of(message),
        command="note" if note else "reply",
        arguments=text.removeprefix(NOTE_MARK).strip() if note else text,
        member=True,
        answer_to=_answer_to(message),
        files=files,
    )


def _joined(album: Arrival, more: Arrival) -> Arrival | None:
    """An album with one more of its messages. It has another name then, lest a part that was taken in alone be
    mistaken for it."""
    match album, more:
        case CustomerMessage(), CustomerMessage():
            text = "\n".join(filter(None, (album.text, more.text)))
            return replace(album, id=f"{album.id}+", text=text, files=album.files + more.files)
        case AgentCommand(), AgentCommand():
            text = "\n".join(filter(None, (album.arguments, more.arguments)))
            return replace(album, id=f"{album.id}+", arguments=text, files=album.files + more.files)
        case OutsideReply(), OutsideReply():
            return replace(album, id=f"{album.id}+", text="\n".join((album.text, more.text)))
        case _:
            return None


def _membership(update_id: str, change: ChatMemberUpdated) -> Iterator[Arrival]:
    if change.chat.type == ChatType.PRIVATE and change.new_chat_member.status == ChatMemberStatus.BANNED:
        yield CustomerGone(update_id, str(change.chat.id))
