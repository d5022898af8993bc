"""One command of an agent under way, and how it is answered: what all commands of the desk share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from adapters.base import AgentCommand
from bot import commands
from bot.bodies import as_it_reads, in_words
from bot.case import Case
from bot.config.settings import Config
from bot.events import Refusal
from bot.store import keys
from bot.store.store import Store
from bot.store.wire import Commit, OutEntry
from bot.words import AgentWords

log = structlog.get_logger(__name__)

QUOTED = 50
"""So many of the last entries of a case are looked through for what the customer said."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One command under way."""

    channel: str
    command: AgentCommand
    agent: str
    name: str
    seen: str
    home: str
    at: float
    words: AgentWords
    arguments: str

    @property
    def answered_on(self) -> str:
        """The channel that the command came on, and its answer goes back to."""
        return self.command.via or self.channel


class Answers:
    """Answers commands, and finds what they are about."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config = config
        self._store = store

    def entry(
        self, asked: Asked, text: str, *, ok: bool, case: str | None = None, otherwise: str = ""
    ) -> OutEntry:
        """The answer as it goes out; see `CommandAnswer` for `otherwise`."""
        body = {
            "kind": "command",
            "command": asked.command.id,
            "agent": asked.command.agent.id,
            "text": text,
            "ok": ok,
            "case": case,
        }
        if otherwise:
            body["otherwise"] = otherwise
        if asked.command.answer_to:
            body["answer_to"] = asked.command.answer_to
        return OutEntry(
            f"command-{asked.seen}", keys.lane(asked.answered_on, f"@{asked.command.agent.id}"), body
        )

    async def answer(
        self,
        asked: Asked,
        text: str,
        *,
        ok: bool = True,
        case: str | None = None,
        queue: str | None = None,
        otherwise: str = "",
    ) -> None:
        """Answer, and change nothing."""
        entry = self.entry(asked, text, ok=ok, case=case, otherwise=otherwise)
        await self._store.commit(queue or asked.home, Commit(seen=asked.seen, out=(entry,)))

    async def refuse(self, asked: Asked, case_id: str, refusal: Refusal, queue: str) -> None:
        """Tell what stands in the way."""
        words = asked.words
        match refusal.reason:
            case "already_claimed":
                text = words.already_claimed(case_id, refusal.by)
            case "not_held":
                text = words.not_yours(case_id, "")
            case "ended":
                text = words.already_closed(case_id)
            case _:
                text = words.no_such_case(case_id)
        log.info("command refused", channel=asked.channel, reason=refusal.reason, case=case_id)
        await self.answer(asked, text, ok=False, case=case_id, queue=queue)

    async def usage(self, asked: Asked, name: str) -> None:
        """Tell the form of a command."""
        command = commands.find(name, "agent")
        assert command is not None
        await self.answer(asked, asked.words.usage(command.name, command.arguments), ok=False)

    async def held(self, asked: Asked) -> list[Case]:
        """The open cases the agent holds, in all queues."""
        found = []
        for queue in self._config.queues:
            for case_id in await self._store.held(queue, asked.agent):
                case = await self._store.case(queue, case_id)
                if case is not None and case.agent == asked.agent:
                    found.append(case)
        return found

    async def unanswered(self, case: Case) -> list[str]:
        """What the customer wrote since the last reply, as it reads now."""
        said = as_it_reads(await self._store.transcript(case.queue, case.id, QUOTED))
        last_reply = max((i for i, entry in enumerate(said) if entry["by"] == "agent"), default=-1)
        return [in_words(entry) for entry in said[last_reply + 1 :] if entry["by"] == "customer"]


def on_duty(asked: Asked) -> tuple[str, Mapping[str, Any]]:
    """The agent is there: what a commit notes of it."""
    return asked.agent, {"name": asked.name, "seen": asked.at}


def served(config: Config, channel: str) -> list[str]:
    """The queues that a channel's agents serve, the channel's own first."""
    home = config.channels[channel].queue
    others = [name for name, queue in config.queues.items() if not queue.team or channel in queue.team]
    return [home, *(name for name in others if name != home)]
