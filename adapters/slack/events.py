"""What the Events API tells, as arrivals. Pure: an event in, what it means out.

Events are told again when our answer is lost, now and then with another `event_id`: what names a message is its channel
and its `ts` (https://docs.slack.dev/apis/events-api#retries).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.base import (
    AgentCommand,
    AgentEdit,
    Arrival,
    CustomerEdit,
    CustomerMessage,
    CustomerReaction,
    OutsideReply,
    Person,
    maybe_object,
    maybe_objects,
    read_text,
    wanted_object,
    wanted_text,
)
from adapters.slack.desk import Vocabulary
from adapters.slack.fields import Words, words_of
from adapters.slack.text import emoji_of

WRITTEN = ("", "file_share", "thread_broadcast", "me_message")
"""Subtypes of a message that somebody wrote; of all others most are told by Slack itself."""
NOTE = "//"
SLACKBOT = "USLACKBOT"


@dataclass(frozen=True, slots=True)
class Said:
    """Where and by whom a message was written; `thread` is "" at the top of a channel."""

    channel: str
    ts: str
    author: Person
    thread: str
    private: bool

    @classmethod
    def of(cls, message: Mapping[str, Any], channel: str, private: bool) -> Said:
        """Raises Malformed."""
        ts, thread = wanted_text(message, "ts"), read_text(message, "thread_ts")
        profile = maybe_object(message, "user_profile")
        name = read_text(profile, "display_name") or read_text(profile, "real_name")
        author = Person(wanted_text(message, "user"), name)
        # The first message of a thread is told with its own name as the thread's once it was answered.
        return cls(channel, ts, author, "" if thread == ts else thread, private)

    @property
    def id(self) -> str:
        """Names the message, however often it is told."""
        return f"{self.channel}:{self.ts}"

    @property
    def conversation_id(self) -> str:
        """The private chat, or the thread of a channel, which may only begin with this message."""
        return self.channel if self.private else f"{self.channel}/{self.thread or self.ts}"

    @property
    def answer_to(self) -> str:
        """Where an agent's command is answered."""
        return f"m{self.channel}:{self.thread}"


class Reader:
    """Reads the events of one app."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        agents: frozenset[str],
        agents_channel: str,
        customers: frozenset[str],
        queues: tuple[str, ...],
    ) -> None:
        self._vocabulary = vocabulary
        self._agents = agents
        self._agents_channel = agents_channel
        self._customers = customers
        self._queues = queues

    def arrivals(self, payload: Mapping[str, Any]) -> list[Arrival]:
        """What an event means. Raises Malformed."""
        if payload.get("type") != "event_callback":
            return []
        event = wanted_object(payload, "event")
        if _by_ourselves(payload, event):
            return []
        match wanted_text(event, "type"):
            case "message":
                return self._message(event)
            case "reaction_added" | "reaction_removed" as kind:
                return self._reaction(event, added=kind == "reaction_added")
        return []

    def _message(self, event: Mapping[str, Any]) -> list[Arrival]:
        channel, subtype = wanted_text(event, "channel"), read_text(event, "subtype")
        private = channel.startswith("D") or read_text(event, "channel_type") == "im"
        if not (private or channel == self._agents_channel or channel in self._customers):
            return []
        if subtype in WRITTEN:
            return [] if _by_machine(event) else self._written(event, Said.of(event, channel, private))
        if subtype == "message_changed":
            return self._changed(event, channel, private)
        if subtype == "message_deleted":
            previous = maybe_object(event, "previous_message")
            return self._deleted(previous, wanted_text(event, "deleted_ts"), channel, private)
        return []

    # --- written -------------------------------------------------------------------------------------------

    def _written(self, event: Mapping[str, Any], said: Said) -> list[Arrival]:
        words = words_of(event)
        if not words:
            return []
        if said.channel == self._agents_channel:
            return self._by_agent(said, words, at_desk=True)
        if said.author.id not in self._agents:
            return [self._by_customer(said, words)]
        if said.private:
            return self._by_agent(said, words, at_desk=False)
        if said.thread:
            return [OutsideReply(said.id, said.conversation_id, said.author, words.text)]
        return []

    def _by_customer(self, said: Said, words: Words) -> CustomerMessage:
        whole = words.whole
        text, queue = self._vocabulary.customers_text(whole.text, self._queues)
        return CustomerMessage(
            said.id,
            said.conversation_id,
            said.author,
            text,
            queue=queue,
            files=whole.files,
            ref=said.ts,
        )

    def _by_agent(self, said: Said, words: Words, *, at_desk: bool) -> list[Arrival]:
        """In the agents' channel a thread is the room of a case, and talk beside threads is no concern of ours; in
        private what is written goes to the case the agent holds."""
        place = said.thread if at_desk else ""
        command = self._vocabulary.agents_command(words.text)
        if command is not None:
            word, arguments = command
            return [
                AgentCommand(
                    said.id,
                    said.author,
                    word,
                    arguments,
                    place=place,
                    member=at_desk,
                    answer_to=said.answer_to,
                    files=words.files,
                )
            ]
        if at_desk and not place:
            return []
        return [
            AgentCommand(
                said.id,
                said.author,
                "note" if words.text.startswith(NOTE) else "reply",
                words.text.removeprefix(NOTE).strip() if words.text.startswith(NOTE) else words.text,
                place=place,
                member=at_desk,
                answer_to=said.answer_to,
                files=words.files,
                ref=said.ts if at_desk else "",
            )
        ]

    # --- changed -------------------------------------------------------------------------------------------

    def _changed(self, event: Mapping[str, Any], channel: str, private: bool) -> list[Arrival]:
        """Only what somebody edited: links that unfold and answers that are counted are told in the same way. A
        deleted message that had answers becomes a tombstone."""
        message, previous = wanted_object(event, "message"), maybe_object(event, "previous_message")
        if message.get("subtype") == "tombstone":
            return self._deleted(previous, wanted_text(message, "ts"), channel, private)
        edited_at = read_text(maybe_object(message, "edited"), "ts")
        before = read_text(maybe_object(previous, "edited"), "ts")
        if not edited_at or edited_at == before or _by_machine(message):
            return []
        said = Said.of(message, channel, private)
        words = words_of(message)
        seen = words if channel == self._agents_channel else words.whole
        return self._edit(said, f"{said.id}:{edited_at}", seen.text)

    def _deleted(self, previous: Mapping[str, Any], ts: str, channel: str, private: bool) -> list[Arrival]:
        if not previous or _by_machine(previous):
            return []
        said = Said.of({**previous, "ts": ts}, channel, private)
        return self._edit(said, f"{said.id}:deleted", None)

    def _edit(self, said: Said, edit_id: str, text: str | None) -> list[Arrival]:
        if said.channel == self._agents_channel:
            if not said.thread or (text and self._vocabulary.agents_command(text)):
                return []
            if text is not None and text.startswith(NOTE):
                text = text.removeprefix(NOTE).strip()
            return [AgentEdit(edit_id, said.author, said.thread, said.ts, text, member=True)]
        if said.author.id in self._agents:
            return []
        return [CustomerEdit(edit_id, said.conversation_id, said.ts, text)]

    # --- reactions -----------------------------------------------------------------------------------------

    def _reaction(self, event: Mapping[str, Any], *, added: bool) -> list[Arrival]:
        """In private only: of a message in a channel it is not told in which thread it stands."""
        item, somebody = maybe_object(event, "item"), wanted_text(event, "user")
        channel = read_text(item, "channel")
        if item.get("type") != "message" or not channel.startswith("D"):
            return []
        if somebody in self._agents or somebody == read_text(event, "item_user"):
            return []
        name, kind = wanted_text(event, "reaction"), "added" if added else "removed"
        at = f"{wanted_text(item, 'ts')}:{wanted_text(event, 'event_ts')}"
        return [
            CustomerReaction(
                f"{kind}:{channel}:{at}:{somebody}:{name}", channel, emoji_of(name) if added else ""
            )
        ]


def _by_machine(message: Mapping[str, Any]) -> bool:
    """Whether an app wrote it, this one too, or Slack itself."""
    somebody = message.get("user")
    return bool(message.get("bot_id") or message.get("app_id")) or somebody in (None, "", SLACKBOT)


def _by_ourselves(payload: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether it is about what our own app did: a file that we shared may be told like a person's."""
    told = maybe_objects(payload, "authorizations")
    ours = [one.get("user_id") for one in told if one.get("is_bot") is True]
    written = (event, maybe_object(event, "message"), maybe_object(event, "previous_message"))
    return any(one.get("user") in ours for one in written if one.get("user"))
