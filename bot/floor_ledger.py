"""What the simulated floor knows for sure: what each customer wrote, and what was shown to them, and when.

The ledger is kept on the other side of the wire, and the bot is judged by it: was everything answered, was
anything said twice, how long did people truly wait, did what they were told come true. It reads promises from
the texts as customers do. Times `at` are the desk's, `real_s` real ones; nothing here reads a clock or waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.floor_people import Customer
from bot.words import Words
from bot.words.times import within_about
from status.promise import BOXES_S


@dataclass(slots=True)
class Turn:
    """From a customer's first unanswered message to the reply, or to their giving up (`left`).

    `due` are the moments by which replies were promised, `told_s` the first promised length.
    """

    began_at: float
    began_real_s: float
    ended_at: float | None = None
    left: bool = False
    acknowledged_after_s: float | None = None
    told_s: float | None = None
    due: list[float] = field(default_factory=list)

    def wait_s(self, until: float) -> float | None:
        """The wait, if the reply came by `until`."""
        answered = self.ended_at is not None and not self.left and self.ended_at <= until
        return self.ended_at - self.began_at if answered and self.ended_at is not None else None

    def verdicts(self, until: float) -> Iterator[bool]:
        """For each promise that can be judged at `until`: whether it was kept.

        Nobody will ever know of one that was not due when its customer left.
        """
        ended_at = self.ended_at if self.ended_at is not None and self.ended_at <= until else None
        for due_at in self.due:
            if (ended_at or until) > due_at:
                yield False
            elif ended_at is not None and not self.left:
                yield True


@dataclass(slots=True)
class Conversation:
    """All that one customer wrote and was shown."""

    customer: Customer
    turns: list[Turn] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    asked: int = 0
    answers: int = 0

    @property
    def open_turn(self) -> Turn | None:
        """The turn that still waits for its reply."""
        return self.turns[-1] if self.turns and self.turns[-1].ended_at is None else None


class Ledger:
    """The books of the floor. What arrives twice under one id is the same arrival."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._phrases: dict[str, dict[str, float]] = {}
        self._arrived: set[str] = set()
        self._shown: Counter[tuple[str, ...]] = Counter()
        self._replies: set[tuple[str, ...]] = set()
        self._commands: set[str] = set()
        self.conversations: dict[str, Conversation] = {}
        self.cases: dict[str, str] = {}
        self.sent = self.repeated = self.waits_told = self.corrections = self.too_late = 0
        self.published: Mapping[str, Any] | None = None

    # --- what the floor does -------------------------------------------------------------------------------

    def begins(self, customer: Customer, at: float, real_s: float) -> None:
        """The customer is about to write: a turn begins unless one is open."""
        conversation = self.conversations.setdefault(customer.id, Conversation(customer))
        if conversation.open_turn is None:
            conversation.turns.append(Turn(at, real_s))

    def wrote(self, customer: Customer, text: str) -> None:
        """A message of the customer was accepted."""
        self.conversations[customer.id].written.append(text)

    def asked(self, customer: Customer, command: str, at: float) -> None:
        """A customer's command was accepted."""
        conversation = self.conversations[customer.id]
        conversation.asked += 1
        turn = conversation.open_turn
        if command == "/cancel" and turn is not None:
            turn.ended_at, turn.left = at, True

    def commanded(self, command_id: str) -> None:
        """An agent's command was accepted."""
        self._commands.add(command_id)

    def claimed(self, case_id: str) -> None:
        """An agent was given a case."""
        self._shown["claim", case_id] += 1

    def replied(self, case_id: str, text: str) -> None:
        """An agent's reply was accepted."""
        self._replies.add(("reply", case_id, text))

    # --- what arrives --------------------------------------------------------------------------------------

    def is_new(self, arrival_id: str) -> bool:
        """Whether this arrival was not seen before; from now on it was."""
        known = arrival_id in self._arrived
        self._arrived.add(arrival_id)
        return not known

    def shown(self, data: Mapping[str, Any], at: float, real_s: float) -> None:
        """A message was shown to a customer."""
        conversation, kind = self.conversations[data["conversation_id"]], data["kind"]
        turn = conversation.open_turn
        if kind == "reply":
            self._shown["reply", data["case_id"], data["text"]] += 1
            if turn is not None:
                turn.ended_at = at
            return
        if kind == "answer":
            conversation.answers += 1
        else:
            self._shown[kind, data["case_id"]] += 1
            self.corrections += kind == "update"
        if turn is None:
            return
        if kind == "acknowledgement":
            turn.acknowledged_after_s = real_s - turn.began_real_s
        self._promised(turn, self.told_s(data["text"], conversation.customer.language), at)

    def _promised(self, turn: Turn, told_s: float | None, at: float) -> None:
        if told_s is not None:
            self.waits_told += 1
            turn.due.append(at + told_s)
            turn.told_s = turn.told_s or told_s

    def answered(self, command_id: str) -> None:
        """An agent's command was answered."""
        self._shown["command", command_id] += 1

    def told_s(self, text: str, tag: str) -> float | None:
        """The wait that a text promises to a reader of this language; None when it promises none."""
        if tag not in self._phrases:
            language = self._words.language(tag)
            self._phrases[tag] = {within_about(language, within_s): within_s for within_s in BOXES_S}
        return next((within_s for phrase, within_s in self._phrases[tag].items() if phrase in text), None)

    # --- the balance ---------------------------------------------------------------------------------------

    @property
    def turns(self) -> Iterator[Turn]:
        """Every turn of every customer."""
        return (turn for conversation in self.conversations.values() for turn in conversation.turns)

    def verdicts(self, until: float) -> list[bool]:
        """What became of all promises that can be judged at `until`."""
        return [verdict for turn in self.turns for verdict in turn.verdicts(until)]

    def count(self, kind: str) -> int:
        """How many different acknowledgements, replies, updates ... arrived."""
        return sum(key[0] == kind for key in self._shown)

    @property
    def unanswered(self) -> int:
        """How many customers wait for a reply, from the moment at which they write."""
        return sum(conversation.open_turn is not None for conversation in self.conversations.values())

    def owed(self) -> int:
        """What was accepted and still has no consequence: turns, customers' and agents' commands, replies."""
        talks = self.conversations.values()
        return (
            self.unanswered
            + sum(max(0, conversation.asked - conversation.answers) for conversation in talks)
            + sum(("command", command_id) not in self._shown for command_id in self._commands)
            + len(self._replies - self._shown.keys())
        )

    def twice(self) -> int:
        """What had a second consequence: shown, answered or handed out more often than it should."""
        talks = self.conversations.values()
        return sum(times - 1 for times in self._shown.values()) + sum(
            max(0, conversation.answers - conversation.asked) for conversation in talks
        )

    def compared(self, recorded: Mapping[str, Sequence[str]]) -> tuple[int, int]:
        """How many accepted messages the bot's own records lack, and how many they hold too often.

        `recorded` are the customers' texts as recorded, by conversation.
        """
        missing = extra = 0
        for name, conversation in self.conversations.items():
            written, found = Counter(conversation.written), Counter(recorded.get(name, ()))
            missing += (written - found).total()
            extra += (found - written).total()
        return missing, extra
