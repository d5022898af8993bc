"""What is asked by slash commands and buttons, and which words are commands at all.

Slack takes no slash commands in threads: there, and wherever else it is handier, a command is written as `!claim`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.base import (
    AgentCommand,
    Arrival,
    CommandHelp,
    CustomerMessage,
    Person,
    maybe_object,
    maybe_objects,
    read_text,
    start,
    wanted_object,
    wanted_text,
)
from adapters.slack.text import plain

BUTTON = "jono:"
"""What the ids of our buttons begin with."""
HELP = "help"
START = "start"
"""Chooses a queue or a language for one conversation. In a channel a slash command stands in none, and each message at
the top begins its own: there it is answered with what can be done."""


class Vocabulary:
    """The words of the desk's table, in every language."""

    def __init__(self, commands: Sequence[CommandHelp]) -> None:
        self.agents = _names(row for row in commands if row.for_agents)
        self.customers = _names(row for row in commands if not row.for_agents)

    def agents_command(self, text: str) -> tuple[str, str] | None:
        """The command that an agent's message is, and its arguments: `!` before a known word, or `/` before any."""
        return _command(text, self.agents)

    def customers_text(self, text: str, queues: Sequence[str]) -> tuple[str, str | None]:
        """A customer's message with its command as customers give it everywhere, and the queue that one names."""
        found = _command(text, self.customers)
        if found is None:
            return text, None
        word, arguments = found
        return start(arguments, queues) if word == START else (f"/{word} {arguments}".strip(), None)


def _names(rows: Any) -> frozenset[str]:
    return frozenset(name for row in rows for name in (row.name, *row.names.values()))


def _command(text: str, known: frozenset[str]) -> tuple[str, str] | None:
    """A word after a sign, and the rest; two slashes begin a note."""
    sign, word, *rest = [*text.strip()[:1], *text.strip()[1:].split(maxsplit=1), "", ""]
    if sign == "!" and word.lower() in known:
        return word.lower(), rest[0]
    if sign == "/" and word and not word.startswith("/"):
        return word, rest[0]
    return None


class Desk:
    """Reads what is asked. `agents` are known by their ids, or by where they ask."""

    def __init__(
        self, vocabulary: Vocabulary, agents: frozenset[str], agents_channel: str, queues: Sequence[str]
    ) -> None:
        self._vocabulary = vocabulary
        self._agents = agents
        self._agents_channel = agents_channel
        self._queues = queues

    def asked(self, fields: Mapping[str, Any]) -> list[Arrival]:
        """A slash command: of a command's own name, or of any other with the command's name after it. What is for
        agents alone is the desk's to refuse. Raises Malformed."""
        word, arguments = self._word(wanted_text(fields, "command"), plain(read_text(fields, "text")))
        person = Person(wanted_text(fields, "user_id"), read_text(fields, "user_name"))
        where, asked_id = wanted_text(fields, "channel_id"), f"asked-{wanted_text(fields, 'trigger_id')}"
        answer_to, member = read_text(fields, "response_url"), where == self._agents_channel
        only_agents = word in self._vocabulary.agents and word not in self._vocabulary.customers
        if member or only_agents or person.id in self._agents:
            return [AgentCommand(asked_id, person, word, arguments, member=member, answer_to=answer_to)]
        private = where.startswith("D")
        if word not in self._vocabulary.customers or (word == START and not private):
            word, arguments = HELP, ""
        text, queue = self._vocabulary.customers_text(f"/{word} {arguments}", self._queues)
        conversation_id = where if private else f"{where}/{person.id}"
        return [CustomerMessage(asked_id, conversation_id, person, text, queue=queue, answer_to=answer_to)]

    def _word(self, command: str, text: str) -> tuple[str, str]:
        word = command.removeprefix("/").lower()
        if word not in self._vocabulary.agents | self._vocabulary.customers:
            word, _, text = text.strip().removeprefix("/").partition(" ")
        return word.lower() or HELP, text.strip()

    def pressed(self, payload: Mapping[str, Any]) -> list[Arrival]:
        """Buttons under a card or a post; what is not ours is passed over. Raises Malformed."""
        if payload.get("type") != "block_actions":
            return []
        somebody = wanted_object(payload, "user")
        name = read_text(somebody, "name") or read_text(somebody, "username")
        agent = Person(wanted_text(somebody, "id"), name)
        container, message = maybe_object(payload, "container"), maybe_object(payload, "message")
        where = maybe_object(payload, "channel").get("id") or container.get("channel_id")
        at = read_text(container, "message_ts") or read_text(message, "ts")
        place = read_text(message, "thread_ts") or read_text(container, "thread_ts") or at
        answer_to, member = read_text(payload, "response_url"), where != "" and where == self._agents_channel
        arrivals: list[Arrival] = []
        for number, action in enumerate(_actions(payload)):
            command, _, arguments = action["value"].partition(" ")
            if not command:
                continue
            pressed_id = f"pressed-{at}-{agent.id}-{action['action_ts']}-{number}"
            arrivals.append(
                AgentCommand(
                    pressed_id, agent, command, arguments, place=place, member=member, answer_to=answer_to
                )
            )
        return arrivals


def _actions(payload: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """The presses of our buttons that make sense."""
    fields = ("action_id", "value", "action_ts")
    return [
        one
        for one in maybe_objects(payload, "actions")
        if all(isinstance(one.get(name), str) for name in fields) and one["action_id"].startswith(BUTTON)
    ]
