"""The table of commands: the one source of what agents and customers may ask, on every channel.

Adapters publish their command lists from it, the help texts and docs are made from it, and the desk takes
nothing that is not in it. What a command does stands in `bot.desk` and `bot.inbox`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Who = Literal["agent", "customer"]

CASE_ID = re.compile(r"(?:[A-HJKMNP-TV-Z][0-9]){3}", re.IGNORECASE)
"""A case id as answers and cards show it, such as K7Q2M4."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `arguments` is its form: [..] may be left out, | parts alternatives, CASE and QUEUE are names,
    FROM and UNTIL times of day, TEXT is the rest."""

    name: str
    arguments: str
    who: Who


COMMANDS = (
    Command("queue", "", "agent"),
    Command("claim", "[CASE]", "agent"),
    Command("next", "", "agent"),
    Command("release", "[CASE]", "agent"),
    Command("reply", "[CASE] TEXT", "agent"),
    Command("note", "[CASE] TEXT", "agent"),
    Command("transfer", "[CASE] QUEUE", "agent"),
    Command("invite", "[CASE] CHANNEL", "agent"),
    Command("close", "[CASE] [NOTE]", "agent"),
    Command("on", "", "agent"),
    Command("off", "", "agent"),
    Command("wait", "[QUEUE]", "agent"),
    Command("incident", "[AGENTS FROM UNTIL | off]", "agent"),
    Command("resend", "ID", "agent"),
    Command("desk", "", "agent"),
    Command("help", "", "agent"),
    Command("start", "", "customer"),
    Command("wait", "", "customer"),
    Command("cancel", "", "customer"),
    Command("language", "[CODE]", "customer"),
    Command("help", "", "customer"),
)


def find(name: str, who: Who) -> Command | None:
    """The command of that name, whatever its case and with or without the slash; None when there is none."""
    plain = name.strip().removeprefix("/").lower()
    return next((command for command in COMMANDS if command.name == plain and command.who == who), None)


def split_case(arguments: str) -> tuple[str | None, str]:
    """The leading case id, where there is one, and the rest of the arguments."""
    text = arguments.strip()
    first = text.split(maxsplit=1)[0] if text else ""
    candidate = first.strip("#:,")
    if CASE_ID.fullmatch(candidate):
        return candidate.upper(), text[len(first) :].strip()
    return None, text
