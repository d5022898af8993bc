"""What happened, in order. The process writes events; tests fold them into what was shown, and judge by that.

An event is an object with `what`, the time `at`, and more. Invariant: nothing is taken back: an edit or a deletion is
an event of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.fakes.discord.mentions import seen
from tests.fakes.discord.things import JSON


class Log:
    """The events of one application, where they happen."""

    def __init__(self) -> None:
        self.events: list[JSON] = []
        self._changed = asyncio.Event()

    def note(self, what: str, **more: object) -> None:
        """Something happened."""
        self.events.append({"what": what, "at": time.time(), **more})
        self._changed.set()

    async def after(self, number: int, wait_s: float) -> list[JSON]:
        """What happened after the first `number` events; waits for the next one if there is none."""
        try:
            async with asyncio.timeout(wait_s):
                while len(self.events) <= number:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            pass
        return self.events[number:]


@dataclass(slots=True)
class Shown:
    """A message as people see it now. `by` is "bot" or the id of whoever wrote it."""

    channel: int
    id: int
    by: str
    at: float
    content: str = ""
    """As it was sent; `text` is what a reader sees of it."""
    pings: int = 0
    """How many people, roles and everyones it called, over all its edits."""
    parse: list[str] | None = None
    """`allowed_mentions.parse` as it was sent; None where there was none."""
    nonce: str | None = None
    buttons: list[tuple[str, str]] = field(default_factory=list)
    """Label and custom_id."""
    files: list[str] = field(default_factory=list)
    reply_to: int | None = None
    silent: bool = False
    ephemeral_to: int = 0
    interaction: int = 0
    loading: bool = False
    """Whether it says so far that the bot is thinking."""
    earlier: list[str] = field(default_factory=list)
    """Its former contents, oldest first."""
    reactions: dict[str, set[str]] = field(default_factory=dict)
    """Emojis, and by whom: "bot" or an id."""
    deleted: bool = False

    @property
    def text(self) -> str:
        """What a reader sees: without the backslashes that keep marks from being marks."""
        return seen(self.content)


@dataclass(slots=True)
class Thread:
    """A thread, or a post of a forum, as people see it now."""

    id: int
    parent: int
    name: str
    tags: list[str] = field(default_factory=list)
    archived: bool = False
    locked: bool = False
    deleted: bool = False
    names: list[str] = field(default_factory=list)
    """All names it ever had, oldest first."""
    people: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Asked:
    """An interaction, and what came of it."""

    id: int
    kind: str
    """"command", "button" or "form"."""
    name: str
    person: int
    channel: int
    at: float
    delay_s: float | None = None
    """Until the first answer; None as long as there is none."""
    answer: str = ""
    """"message", "deferred", "update" or "modal"."""
    ephemeral: bool = False
    failed: bool = False
    """Whether Discord told that the application did not respond."""
    modal: JSON | None = None


@dataclass(slots=True)
class Ledger:
    """All events so far, and what they amount to."""

    events: list[JSON] = field(default_factory=list)
    channels: dict[int, dict[int, Shown]] = field(default_factory=lambda: defaultdict(dict))
    threads: dict[int, Thread] = field(default_factory=dict)
    asked: dict[int, Asked] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    """How often each route was called, such as "POST /channels/{channel}/messages"."""
    refused: list[JSON] = field(default_factory=list)
    """Requests that the API itself refused: `route`, `status`, `code`, `message`."""
    violations: list[JSON] = field(default_factory=list)
    """What a bot must not do: `kind`, and more."""
    faults: list[JSON] = field(default_factory=list)
    """The trouble that happened: `kind`, `route`."""
    repeats: list[JSON] = field(default_factory=list)
    """Sends that met the memory of nonces: `channel`, `id` of the first message, `nonce`."""
    emitted: list[JSON] = field(default_factory=list)
    """The events made for the bot: `event`, `id`, `sessions` that are told of it (none: a gap)."""
    gateway: list[JSON] = field(default_factory=list)
    """What happened at the gateway: `done`, `session`, `code`."""
    presences: list[JSON] = field(default_factory=list)
    profile: dict[str, object] = field(default_factory=dict)
    """What a profile shows: `about`, `avatar`, `banner`, `username`, and by server "nick:1" and so on."""
    commands: dict[int, list[JSON]] = field(default_factory=dict)
    """The commands that were published last, by server; those of 0 are everywhere."""
    published: Counter[int] = field(default_factory=Counter)
    """How often commands were published, likewise."""
    typing: Counter[int] = field(default_factory=Counter)

    def add(self, events: Iterable[JSON]) -> None:
        """Take in what happened since."""
        plain = {
            "refused": self.refused,
            "violation": self.violations,
            "fault": self.faults,
            "repeated": self.repeats,
            "emitted": self.emitted,
            "gateway": self.gateway,
            "presence": self.presences,
        }
        for event in events:
            self.events.append(event)
            match event["what"]:
                case "shown" | "edited" | "deleted" | "reacted":
                    self._message(event)
                case "thread":
                    self._thread(event)
                case "asked" | "answered" | "unanswered":
                    self._asked(event)
                case "called":
                    self.calls[event["route"]] += 1
                case "profile":
                    self.profile[event["name"]] = event["value"]
                case "commands":
                    self.commands[event["guild"]] = event["commands"]
                    self.published[event["guild"]] += 1
                case "typing":
                    self.typing[event["channel"]] += 1
                case what:
                    plain[what].append(event)

    def _message(self, event: JSON) -> None:
        channel = self.channels[event["channel"]]
        if event["what"] == "shown":
            fields = {name: value for name, value in event.items() if name != "what"}
            channel[event["id"]] = Shown(**fields | {"buttons": [tuple(one) for one in event["buttons"]]})
            return
        shown = channel[event["id"]]
        match event["what"]:
            case "edited":
                shown.earlier.append(shown.content)
                shown.content, shown.files, shown.loading = event["content"], event["files"], False
                shown.buttons = [tuple(one) for one in event["buttons"]]
                shown.pings += event["pings"]
                shown.parse = event["parse"]
            case "deleted":
                shown.deleted = True
            case _ if event["on"]:
                shown.reactions.setdefault(event["emoji"], set()).add(event["by"])
            case _:
                shown.reactions.get(event["emoji"], set()).discard(event["by"])

    def _thread(self, event: JSON) -> None:
        made = Thread(event["id"], event["parent"], event["name"])
        thread = self.threads.setdefault(event["id"], made)
        if not thread.names or thread.names[-1] != event["name"]:
            thread.names.append(event["name"])
        thread.name, thread.tags = event["name"], event["tags"]
        thread.archived, thread.locked, thread.deleted = event["archived"], event["locked"], event["gone"]
        thread.people = set(event["people"])

    def _asked(self, event: JSON) -> None:
        if event["what"] == "asked":
            fields = {name: value for name, value in event.items() if name != "what"}
            self.asked[event["id"]] = Asked(**fields)
            return
        asked = self.asked[event["id"]]
        if event["what"] == "unanswered":
            asked.failed = True
            return
        asked.delay_s, asked.answer = event["delay_s"], event["answer"]
        asked.ephemeral, asked.modal = event["ephemeral"], event["modal"]

    # --- what tests ask ------------------------------------------------------------------------------------

    def shown(self, channel: int, by: str | int = "bot") -> list[Shown]:
        """The messages of a channel that are not deleted, in order, without those that only one person sees: those of
        the bot, or of somebody else."""
        messages = self.channels[channel].values()
        return [one for one in messages if one.by == str(by) and not one.deleted and not one.ephemeral_to]

    def texts(self, channel: int, by: str | int = "bot") -> list[str]:
        """Their texts as readers see them."""
        return [one.text for one in self.shown(channel, by)]

    def whispered(self, person: int) -> list[Shown]:
        """What only this person sees, wherever it is, in order; not what says so far that the bot is thinking."""
        everything = (one for channel in self.channels.values() for one in channel.values())
        found = [one for one in everything if one.ephemeral_to == person and not one.loading]
        return sorted((one for one in found if not one.deleted), key=lambda one: one.id)

    def answers(self, interaction: int) -> list[Shown]:
        """All messages that answer an interaction, in order."""
        everything = (one for channel in self.channels.values() for one in channel.values())
        found = [one for one in everything if one.interaction == interaction and not one.loading]
        return sorted(found, key=lambda one: one.id)

    def posts(self, parent: int) -> list[Thread]:
        """The threads of a channel that are not deleted, in the order they were made."""
        return [one for one in self.threads.values() if one.parent == parent and not one.deleted]

    def at_gateway(self, done: str) -> list[JSON]:
        """What of one kind happened there: "identified", "resumed", "invalid", "closed" ..."""
        return [one for one in self.gateway if one["done"] == done]

    @property
    def pings(self) -> int:
        """How many people, roles and everyones the bot has called."""
        everything = (one for channel in self.channels.values() for one in channel.values())
        return sum(one.pings for one in everything if one.by == "bot")

    @property
    def busiest_second(self) -> int:
        """The most calls within any second, of those that count for the limit of all routes together."""
        times = [one["at"] for one in self.events if one["what"] == "called" and one["counted"]]
        start = most = 0
        for end, at in enumerate(times):
            while times[start] <= at - 1.0:
                start += 1
            most = max(most, end - start + 1)
        return most
