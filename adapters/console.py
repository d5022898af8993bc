"""A customer and an agent in one terminal: the five-minute try.

A plain line is what the customer says. A line that begins with `@` is the agent's: `@/claim` gives a command,
`@Hello` answers the case the agent holds. Nothing leaves the terminal.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

from adapters.base import (
    AgentCommand,
    Arrival,
    BadOptions,
    CommandAnswer,
    CustomerMessage,
    EventOut,
    Inbox,
    Limits,
    MessageOut,
    Outgoing,
    Person,
    Tools,
    Untrusted,
)

HELLO = """You are the customer: write something and press Enter; /wait asks again, /help tells more.
You are the agent too: begin a line with @, for example @/next, @/queue, @/help, or @Hello to answer.
"""


@dataclass(frozen=True, slots=True)
class Options:
    """Who sits at the terminal: the customer's name and language, and the agent's name."""

    customer: str = "Aino"
    language: str = ""
    agent: str = "agent"


class Console:
    """One terminal."""

    limits = Limits(text_chars=16_000, resend_is_safe=False, sends_at_once=1)
    wants_events = False

    def __init__(self, options: Options, tools: Tools, source: TextIO, target: TextIO) -> None:
        self._options = options
        self._tools = tools
        self._source = source
        self._target = target
        self._numbers = itertools.count(1)

    def accept(self, headers: Mapping[str, str], body: bytes, now: float) -> list[Arrival]:
        """Nobody can push to a terminal."""
        raise Untrusted("the console takes no requests")

    async def listen(self, inbox: Inbox) -> None:
        """Hand every typed line to the inbox, until cancelled."""
        self._print(HELLO)
        lines: asyncio.Queue[str] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def read() -> None:
            # A daemon thread: a terminal cannot be waited for in a way that a stop could interrupt.
            for line in self._source:
                loop.call_soon_threadsafe(lines.put_nowait, line)

        threading.Thread(target=read, name="console", daemon=True).start()
        while True:
            line = (await lines.get()).strip()
            if line:
                await inbox(self._arrival(line))

    def _arrival(self, line: str) -> Arrival:
        line_id = f"{self._tools.now():.3f}-{next(self._numbers)}"
        if not line.startswith("@"):
            customer = Person("customer", self._options.customer, self._options.language)
            return CustomerMessage(line_id, "terminal", customer, line)
        spoken = line[1:].strip()
        command, _, arguments = spoken.removeprefix("/").partition(" ")
        if not spoken.startswith("/"):
            command, arguments = "reply", spoken
        return AgentCommand(
            line_id, Person(self._options.agent, self._options.agent), command, arguments.strip()
        )

    async def send(self, outgoing: Outgoing) -> str:
        """Show it in the terminal."""
        match outgoing:
            case MessageOut():
                self._print(f"\n  to {self._options.customer} ({outgoing.kind}): {outgoing.text}\n")
            case CommandAnswer():
                self._print(f"\n  to {self._options.agent}: {outgoing.text}\n")
            case EventOut():
                pass
        return outgoing.key

    def _print(self, text: str) -> None:
        self._target.write(text + "\n")
        self._target.flush()

    async def aclose(self) -> None:
        """The terminal stays open: it is not ours."""


def open_channel(options: Options, tools: Tools) -> Console:
    """Raises BadOptions when the agent is not among the channel's agents."""
    if options.agent not in tools.agents:
        raise BadOptions("agents", f'must hold the terminal\'s agent: agents = ["{options.agent}"]')
    return Console(options, tools, sys.stdin, sys.stdout)
