"""What happened, in order. The process writes events; tests fold them into what was shown, and judge by that.

An event is an object with `what`, the time `at`, and more. Invariant: nothing is taken back: an edit or a deletion is
an event of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

JSON = dict[str, Any]


class Log:
    """The events of one bot, where they happen."""

    def __init__(self) -> None:
        self.events: list[JSON] = []
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def note(self, what: str, **more: Any) -> None:
        """Something happened."""
        self.events.append({"what": what, "at": time.time(), **more})
        task = asyncio.get_running_loop().create_task(self._tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def after(self, number: int, wait_s: float) -> list[JSON]:
        """What happened after the first `number` events; waits for the next one if there is none."""
        try:
            async with asyncio.timeout(wait_s), self._changed:
                await self._changed.wait_for(lambda: len(self.events) > number)
        except TimeoutError:
            pass
        return self.events[number:]


@dataclass(slots=True)
class Shown:
    """A message in a chat, as people see it now. `by` is "bot" or the id of whoever wrote it."""

    chat: str
    id: int
    by: str
    at: float
    text: str = ""
    topic: int | None = None
    entities: list[JSON] = field(default_factory=list)
    """Those that the sender made; `found` has those that clients make of plain text."""
    found: list[JSON] = field(default_factory=list)
    kind: str = "text"
    files: list[str] = field(default_factory=list)
    group: str = ""
    reply_to: int | None = None
    buttons: list[tuple[str, str]] = field(default_factory=list)
    """Label and data, row by row."""
    silent: bool = False
    earlier: list[str] = field(default_factory=list)
    """Its former texts, oldest first."""
    reactions: dict[str, str] = field(default_factory=dict)
    """By whom, and which."""
    deleted: bool = False


@dataclass(slots=True)
class Topic:
    """A topic of a forum as people see it now."""

    id: int
    name: str
    open: bool = True
    deleted: bool = False
    names: list[str] = field(default_factory=list)
    """All names it ever had, oldest first."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of texts on their way to one place."""

    lost: int
    repeated: int
    inverted: int


@dataclass(slots=True)
class Ledger:
    """All events so far, and what they amount to."""

    events: list[JSON] = field(default_factory=list)
    chats: dict[str, dict[int, Shown]] = field(default_factory=lambda: defaultdict(dict))
    topics: dict[str, dict[int, Topic]] = field(default_factory=lambda: defaultdict(dict))
    emitted: dict[int, JSON] = field(default_factory=dict)
    """The updates made for the bot, by id: their `kind`, `chat`, `message_id`, `text`."""
    delivered: Counter[int] = field(default_factory=Counter)
    """How often each update was given to the bot."""
    confirmed: set[int] = field(default_factory=set)
    calls: Counter[str] = field(default_factory=Counter)
    """How often each method was called, in lower case."""
    refused: list[JSON] = field(default_factory=list)
    """Requests that the Bot API itself refused: `method`, `chat`, `code`, `description`."""
    violations: list[JSON] = field(default_factory=list)
    """What a bot must not do: `kind`, `chat`."""
    faults: list[JSON] = field(default_factory=list)
    """The trouble that happened: `kind`, `method`, `chat`."""
    answers: dict[str, JSON] = field(default_factory=dict)
    """The answers to pressed buttons, by the id of the query: `text`, `alert`."""
    actions: list[JSON] = field(default_factory=list)
    pushed: list[JSON] = field(default_factory=list)
    """Attempts to deliver to the webhook: `update_id`, `status`."""
    profile: dict[str, Any] = field(default_factory=dict)
    """What a bot's profile shows: `short_description`, `description` by language; `photo`."""
    commands: dict[tuple[str, str], list[JSON]] = field(default_factory=dict)
    """The lists of commands by scope, such as "all_private_chats" or "chat:-100", and language."""
    hook: str = ""

    def add(self, events: Iterable[JSON]) -> None:
        """Take in what happened since."""
        for event in events:
            self.events.append(event)
            match event["what"]:
                case "shown" | "edited" | "deleted" | "reacted":
                    self._message(event)
                case "topic":
                    self._topic(event)
                case "called":
                    self.calls[event["method"]] += 1
                case "emitted":
                    self.emitted[event["update_id"]] = event
                case "delivered":
                    self.delivered.update(event["update_ids"])
                case "confirmed":
                    self.confirmed.update(event["update_ids"])
                case "answered":
                    self.answers[event["query"]] = event
                case what:
                    self._bot(what, event)

    def _message(self, event: JSON) -> None:
        chat = self.chats[event["chat"]]
        match event["what"]:
            case "shown":
                fields = {name: value for name, value in event.items() if name != "what"}
                fields["buttons"] = [tuple(button) for button in event.get("buttons", [])]
                chat[event["id"]] = Shown(**fields)
            case "edited":
                shown = chat[event["id"]]
                shown.earlier.append(shown.text)
                shown.text, shown.entities, shown.found = event["text"], event["entities"], event["found"]
                shown.buttons = [tuple(button) for button in event["buttons"]]
            case "deleted":
                chat[event["id"]].deleted = True
            case _:
                chat[event["id"]].reactions[event["by"]] = event["emoji"]

    def _topic(self, event: JSON) -> None:
        topics = self.topics[event["chat"]]
        topic = topics.setdefault(event["topic"], Topic(event["topic"], ""))
        if event["done"] in ("made", "named"):
            topic.name = event["name"]
            topic.names.append(event["name"])
        elif event["done"] in ("closed", "reopened"):
            topic.open = event["done"] == "reopened"
        else:
            topic.deleted = True

    def _bot(self, what: str, event: JSON) -> None:
        match what:
            case "profile":
                if event["name"] == "photo":
                    self.profile["photo"] = event["value"]
                else:
                    self.profile.setdefault(event["name"], {})[event["language"]] = event["value"]
            case "commands":
                self.commands[event["scope"], event["language"]] = event["commands"]
            case "hook":
                self.hook = event["url"]
            case "refused" | "violation" | "fault" | "action" | "pushed":
                kept = {"violation": self.violations, "fault": self.faults, "action": self.actions}
                kept |= {"refused": self.refused, "pushed": self.pushed}
                kept[what].append(event)

    # --- what tests ask ------------------------------------------------------------------------------------

    def shown(self, chat: int | str, topic: int | None = None, by: str = "bot") -> list[Shown]:
        """The messages of a chat that are not deleted, in order: those of the bot, or of somebody else; in a topic,
        if one is named. For a business chat give "connection:chat"."""
        return [
            one
            for one in self.chats[str(chat)].values()
            if one.by == by and not one.deleted and (topic is None or one.topic == topic)
        ]

    def texts(self, chat: int | str, topic: int | None = None, by: str = "bot") -> list[str]:
        """Their texts."""
        return [one.text for one in self.shown(chat, topic, by)]

    def kept(self, chat: int | str) -> list[Topic]:
        """The topics of a forum that are not deleted, in the order they were made."""
        return [topic for topic in self.topics[str(chat)].values() if not topic.deleted]


def counts(expected: Sequence[str], seen: Sequence[str]) -> Counts:
    """How many of the expected texts were never seen, how many were seen again, and how many neighbours among them
    were seen in the wrong order. What else was seen does not matter."""
    wanted = set(expected)
    assert len(wanted) == len(expected), "expected texts must differ"
    first: dict[str, int] = {}
    repeated = 0
    for index, text in enumerate(seen):
        if text in wanted:
            repeated += text in first
            first.setdefault(text, index)
    order = [first[text] for text in expected if text in first]
    inverted = sum(after < before for before, after in pairwise(order))
    return Counts(len(expected) - len(first), repeated, inverted)


def all_counts(expected: Mapping[str, Sequence[str]], ledger: Ledger) -> Counts:
    """The sum over chats: what was to be shown to each by the bot, against what was."""
    parts = [counts(texts, [one.text for one in ledger.shown(chat)]) for chat, texts in expected.items()]
    return Counts(
        sum(part.lost for part in parts),
        sum(part.repeated for part in parts),
        sum(part.inverted for part in parts),
    )
