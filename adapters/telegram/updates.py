"""What Telegram tells, as arrivals. Pure: an update in, what it means out.

In the agents' group every message is an agent's; elsewhere only private chats count. Ids of topics begin with t, of
messages with m, so that one cannot be taken for the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from telegram import CallbackQuery, ChatMemberUpdated, Message, MessageEntity, MessageReactionUpdated, Update
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
    FileKind,
    OutsideReply,
    Person,
)

__all__ = ["ALLOWED", "Reader", "utf16"]

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
LANGUAGE_MARK = "__"
"""Between queue and language in a link's payload, which may hold letters, digits, _ and - only."""
NOTE_MARK = "//"


def utf16(text: str) -> int:
    """The length of a text as Telegram counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class Reader:
    """Reads updates for one bot. `chats` are the ids of the agents' group: there are two after it migrated."""

    def __init__(self, agents: frozenset[str], queues: tuple[str, ...], agents_chat: int) -> None:
        self._agents = agents
        self._queues = queues
        self.chats = {agents_chat} - {0}
        self.username = ""
        """The bot's own name, once it is known: commands may be meant for another bot of the group."""

    def arrivals(self, updates: Iterable[Update]) -> list[Arrival]:
        """What a batch of updates means, in order; messages of one album are one arrival."""
        read: list[Arrival] = []
        last_album = ""
        for update in updates:
            message = update.message or update.business_message
            album = (message.media_group_id or "") if message is not None else ""
            for arrival in self._read(update):
                joined = _joined(read[-1], arrival) if album and album == last_album else None
                if joined is None:
                    read.append(arrival)
                else:
                    read[-1] = joined
            last_album = album
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
            yield from self._in_the_room(message)
        elif message.chat.type == ChatType.PRIVATE and message.from_user is not None:
            if str(message.from_user.id) in self._agents:
                yield from self._agent_in_private(message)
            else:
                yield from self._customer(message)

    def _customer(self, message: Message) -> Iterator[Arrival]:
        written = _written(message)
        if written is None:
            return
        text, files = written
        if text.startswith("/start"):
            text, queue = self._started(text)
        else:
            queue = None
        yield CustomerMessage(
            id=f"{message.chat.id}:{message.message_id}",
            conversation_id=conversation_of(message),
            customer=_customer_of(message),
            text=text,
            queue=queue,
            from_robot=bool(message.from_user and message.from_user.is_bot),
            files=files,
            ref=f"m{message.message_id}",
            group=message.media_group_id or "",
        )

    def _started(self, text: str) -> tuple[str, str | None]:
        """`/start billing__fi`, as a link gives it: the queue, and the language as the command's argument."""
        payload = text.partition(" ")[2].strip()
        queue, _, language = payload.partition(LANGUAGE_MARK)
        return f"/start {language}".strip(), queue if queue in self._queues else None

    def _business(self, message: Message) -> Iterator[Arrival]:
        """In a business chat the customer is the chat; whoever else writes there is the owner."""
        if message.sender_business_bot is not None or message.from_user is None:
            return
        if message.from_user.id == message.chat.id:
            yield from self._customer(message)
            return
        agent = Person(str(message.from_user.id), message.from_user.full_name)
        message_id = f"{message.chat.id}:{message.message_id}"
        yield OutsideReply(message_id, conversation_of(message), agent, text_of(message))

    def _edited(self, update_id: str, message: Message) -> Iterator[Arrival]:
        ref, text = f"m{message.message_id}", text_of(message)
        if message.chat.id in self.chats:
            if (place := _place(message)) and not text.startswith("/"):
                text = text.removeprefix(NOTE_MARK).strip()
                yield AgentEdit(update_id, _agent_of(message), place, ref, text, member=True)
        elif message.chat.type == ChatType.PRIVATE:
            yield CustomerEdit(update_id, conversation_of(message), ref, text)

    def _reacted(self, update_id: str, reaction: MessageReactionUpdated) -> Iterator[Arrival]:
        if reaction.chat.type == ChatType.PRIVATE:
            emoji = "".join(getattr(one, "emoji", "") for one in reaction.new_reaction)
            yield CustomerReaction(update_id, str(reaction.chat.id), emoji)

    # --- agents --------------------------------------------------------------------------------------------

    def _in_the_room(self, message: Message) -> Iterator[Arrival]:
        from_person = message.from_user is not None and not message.from_user.is_bot
        written = _written(message)
        if written is None or not (from_person or message.sender_chat is not None):
            return
        (text, files), place = written, _place(message)
        if text.startswith("/") and not text.startswith(NOTE_MARK):
            yield from self._command(message, text, place)
        elif place:
            yield replace(_spoken(message, text, files), place=place, ref=f"m{message.message_id}")

    def _agent_in_private(self, message: Message) -> Iterator[Arrival]:
        written = _written(message)
        if written is None:
            return
        text, files = written
        if text.startswith("/") and not text.startswith(NOTE_MARK):
            yield from self._command(message, text, "")
        else:
            yield replace(_spoken(message, text, files), answer_to=_answer_to(message), member=False)

    def _command(self, message: Message, text: str, place: str) -> Iterator[Arrival]:
        name, _, arguments = text.removeprefix("/").partition(" ")
        name, _, bot = name.partition("@")
        if bot and self.username and bot.lower() != self.username.lower():
            return
        yield AgentCommand(
            id=f"{message.chat.id}:{message.message_id}",
            agent=_agent_of(message),
            command=name,
            arguments=arguments.strip(),
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


def _customer_of(message: Message) -> Person:
    user = message.from_user
    assert user is not None
    return Person(str(user.id), user.full_name, user.language_code or "")


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


def _written(message: Message) -> tuple[str, tuple[File, ...]] | None:
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
        point = f"{where.latitude:.6f},{where.longitude:.6f}"
        link = f"https://www.openstreetmap.org/?mlat={where.latitude:.6f}&mlon={where.longitude:.6f}"
        yield File("location", point, name, text=link)


def _other_content(message: Message) -> str:
    """What a message says that is neither text nor a file."""
    if (contact := message.contact) is not None:
        return f"{contact.first_name} {contact.last_name or ''}".strip() + f": {contact.phone_number}"
    if message.dice is not None:
        return message.dice.emoji
    if message.poll is not None:
        return "\n".join((message.poll.question, *(f"- {option.text}" for option in message.poll.options)))
    return "[story]" if message.story is not None else ""


def _joined(before: Arrival, after: Arrival) -> Arrival | None:
    """Messages of one album as one, with the caption that one of them has."""
    match before, after:
        case CustomerMessage(), CustomerMessage():
            text = "\n".join(filter(None, (before.text, after.text)))
            return replace(before, text=text, files=before.files + after.files)
        case AgentCommand(), AgentCommand() if before.files and after.files:
            text = "\n".join(filter(None, (before.arguments, after.arguments)))
            return replace(before, arguments=text, files=before.files + after.files)
        case _:
            return None


def _membership(update_id: str, change: ChatMemberUpdated) -> Iterator[Arrival]:
    if change.chat.type == ChatType.PRIVATE and change.new_chat_member.status == ChatMemberStatus.BANNED:
        yield CustomerGone(update_id, str(change.chat.id))
