"""What people wrote, as arrivals. Pure."""

from __future__ import annotations

from discord import Member, Message, MessageType, User

from adapters.base import AgentCommand, CustomerMessage, Person
from adapters.discord.media import files_in
from adapters.discord.text import readable

NOTE_MARK = "//"


def person(user: User | Member) -> Person:
    """Somebody, as others see them there."""
    return Person(str(user.id), user.display_name)


def was_written(message: Message) -> bool:
    """Whether a human wrote it: not a bot, and not Discord itself, which tells of pins and new names."""
    return not message.author.bot and message.type in (MessageType.default, MessageType.reply)


def text_of(message: Message) -> str:
    """What a message says, or the one it forwards; with names where the text has their numbers."""
    names: dict[int, str] = {user.id: f"@{user.display_name}" for user in message.mentions}
    names |= {role.id: f"@{role.name}" for role in message.role_mentions}
    names |= {channel.id: f"#{getattr(channel, 'name', channel.id)}" for channel in message.channel_mentions}
    said = [message.content, *(one.content for one in message.message_snapshots)]
    if message.poll is not None:
        said.append(message.poll.question)
    return "\n".join(readable(text, names) for text in said if text)


def said_by_customer(message: Message) -> CustomerMessage:
    """A message in private."""
    return CustomerMessage(
        id=str(message.id),
        conversation_id=str(message.channel.id),
        customer=person(message.author),
        text=text_of(message),
        files=files_in(message),
        ref=str(message.id),
    )


def said_by_agent(message: Message, author: User | Member, *, member: bool) -> AgentCommand:
    """A message in a case's thread: a reply, or a note."""
    place, text = str(message.channel.id), text_of(message)
    note = text.startswith(NOTE_MARK)
    return AgentCommand(
        id=str(message.id),
        agent=person(author),
        command="note" if note else "reply",
        arguments=without_mark(text) if note else text,
        place=place,
        member=member,
        answer_to=f"m{place}:{message.id}",
        files=files_in(message),
        ref=str(message.id),
    )


def without_mark(text: str) -> str:
    """A note without what makes it one."""
    return text.removeprefix(NOTE_MARK).strip()
