"""What agents do: the commands of `bot.commands`, carried out and answered.

Who may do what is decided in one place (`is_agent`), before anything else; a refusal is logged. An act and the
answer that reports it are one commit, so a repeated command changes nothing and is answered once.
Invariant: of several agents who claim one case, one gets it; the others are told who.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from adapters.base import AgentCommand, CommandHelp
from bot import commands
from bot.case import Case, CaseState
from bot.cases import Cases
from bot.clock import Clock
from bot.config.settings import Config
from bot.events import AgentsAct, Claim, Close, Decision, Note, Observed, Refusal, Release, Reply, Transfer
from bot.figures import Figures
from bot.incident import OFF, announced
from bot.store import keys
from bot.store.store import Store
from bot.store.wire import Commit, OutEntry
from bot.words import AgentWords, CaseRow, Words

log = structlog.get_logger(__name__)

LISTED = 10
"""So many waiting cases `/queue` shows of each queue."""
QUOTED = 50
"""So many of the last entries of a case are looked through for what the customer said."""


@dataclass(frozen=True, slots=True)
class _Asked:
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


class Desk:
    """Carries out agents' commands."""

    def __init__(
        self, config: Config, store: Store, cases: Cases, figures: Figures, words: Words, clock: Clock
    ) -> None:
        self._config = config
        self._store = store
        self._cases = cases
        self._figures = figures
        self._words = words
        self._clock = clock
        self._handlers: dict[str, Callable[[_Asked], Awaitable[None]]] = {
            "queue": self._queue,
            "claim": self._claim,
            "next": self._next,
            "release": self._release,
            "reply": self._reply,
            "note": self._note,
            "transfer": self._transfer,
            "close": self._close,
            "on": self._on,
            "off": self._off,
            "wait": self._wait,
            "incident": self._incident,
            "help": self._help,
        }

    def is_agent(self, channel: str, person_id: str) -> bool:
        """Whether this person may use agents' commands on this channel: the one place where it is decided."""
        return person_id in self._config.channels[channel].agents

    def served(self, channel: str) -> list[str]:
        """The queues that a channel's agents serve, the channel's own first."""
        home = self._config.channels[channel].queue
        others = [
            name for name, queue in self._config.queues.items() if not queue.team or channel in queue.team
        ]
        return [home, *(name for name in others if name != home)]

    async def handle(self, channel: str, command: AgentCommand, seen: str) -> None:
        """Carry out one command and have it answered. `seen` is its digest. Raises StoreDown."""
        home = self._config.channels[channel].queue
        language = self._config.desk.language or self._config.bot.language
        asked = _Asked(
            channel=channel,
            command=command,
            agent=keys.lane(channel, command.agent.id),
            name=command.agent.name or command.agent.id,
            seen=seen,
            home=home,
            at=self._clock.now(),
            words=self._words.agent(language, self._figures.zone(home)),
            arguments=command.arguments.strip(),
        )
        if not self.is_agent(channel, command.agent.id):
            log.warning("command refused", channel=channel, reason="not an agent")
            await self._answer(asked, asked.words.not_an_agent(), ok=False)
            return
        await self._show_life(asked)
        known = commands.find(command.command, "agent")
        if known is None:
            await self._answer(asked, asked.words.unknown_command(command.command), ok=False)
            return
        await self._handlers[known.name](asked)

    async def _show_life(self, asked: _Asked) -> None:
        """Whoever gives a command is there: wherever they are on duty, their cases stay theirs."""
        for queue in self._config.queues:
            if await self._store.duty(queue, asked.agent) is not None:
                await self._store.commit(queue, Commit(duty=_on_duty(asked)))

    # --- answers -------------------------------------------------------------------------------------------

    def _entry(self, asked: _Asked, text: str, *, ok: bool, case: str | None = None) -> OutEntry:
        body = {
            "kind": "command",
            "command": asked.command.id,
            "agent": asked.command.agent.id,
            "text": text,
            "ok": ok,
            "case": case,
        }
        return OutEntry(f"command-{asked.seen}", keys.lane(asked.channel, f"@{asked.command.agent.id}"), body)

    async def _answer(
        self, asked: _Asked, text: str, *, ok: bool = True, case: str | None = None, queue: str | None = None
    ) -> None:
        entry = self._entry(asked, text, ok=ok, case=case)
        await self._store.commit(queue or asked.home, Commit(seen=asked.seen, out=(entry,)))

    async def _refuse(self, asked: _Asked, case_id: str, refusal: Refusal, queue: str) -> None:
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
        await self._answer(asked, text, ok=False, case=case_id, queue=queue)

    # --- acts on one case ----------------------------------------------------------------------------------

    async def _act(self, asked: _Asked, case: Case, act: AgentsAct, text: str) -> Refusal | None:
        """Do it, with its answer in the same commit; what stands in the way is given back unanswered."""
        entry = self._entry(asked, text, ok=True, case=case.id)

        def answer(decision: Decision) -> Sequence[OutEntry]:
            return (entry,)

        result = await self._cases.apply(
            case.queue,
            case,
            act,
            channel=case.channel,
            seen=asked.seen,
            extra=answer,
            # Notes and ends are written after work, too.
            duty=_on_duty(asked) if isinstance(act, Claim | Reply) else None,
        )
        return result if isinstance(result, Refusal) else None

    async def _act_or_refuse(self, asked: _Asked, case: Case, act: AgentsAct, text: str) -> None:
        if refusal := await self._act(asked, case, act, text):
            await self._refuse(asked, case.id, refusal, case.queue)

    async def _case(self, asked: _Asked) -> tuple[Case | None, str]:
        """The case a command is about, and what follows its id; None when that was answered already."""
        named, rest = commands.split_case(asked.arguments)
        named = named or asked.command.case_id
        if named is None:
            held = await self._held(asked)
            if len(held) == 1:
                return held[0], rest
            await self._answer(asked, asked.words.which_case([case.id for case in held]), ok=False)
            return None, rest
        case = await self._store.find(list(self._config.queues), named)
        if case is None:
            await self._answer(asked, asked.words.no_such_case(named), ok=False)
        return case, rest

    async def _held(self, asked: _Asked) -> list[Case]:
        found = []
        for queue in self._config.queues:
            for case_id in await self._store.held(queue, asked.agent):
                case = await self._store.case(queue, case_id)
                if case is not None and case.agent == asked.agent:
                    found.append(case)
        return found

    async def _claim(self, asked: _Asked) -> None:
        if not asked.arguments and asked.command.case_id is None:
            await self._next(asked)
            return
        case, _ = await self._case(asked)
        if case is not None:
            act = Claim(asked.at, asked.agent, asked.name)
            await self._act_or_refuse(asked, case, act, await self._handing_out(asked, case))

    async def _handing_out(self, asked: _Asked, case: Case) -> str:
        """What the agent who takes a case reads: who it is from, and what nobody has answered yet."""
        if case.agent == asked.agent:
            return asked.words.already_yours(case.id)
        return asked.words.claimed(case.id, case.customer.name, await self._unanswered(case))

    async def _unanswered(self, case: Case) -> list[str]:
        said = await self._store.transcript(case.queue, case.id, QUOTED)
        last_reply = max((i for i, entry in enumerate(said) if entry["by"] == "agent"), default=-1)
        return [entry["text"] for entry in said[last_reply + 1 :] if entry["by"] == "customer"]

    async def _next(self, asked: _Asked) -> None:
        """The case that waits longest. Where others are faster, the one after it."""
        for queue in self.served(asked.channel):
            while waiting := await self._store.waiting(queue, LISTED):
                for case_id in waiting:
                    case = await self._store.case(queue, case_id)
                    if case is None or case.state is not CaseState.WAITING:
                        continue
                    text = await self._handing_out(asked, case)
                    if await self._act(asked, case, Claim(asked.at, asked.agent, asked.name), text) is None:
                        return
            if await self._store.seen(queue, asked.seen):
                # The same command, delivered twice at once, took the last one.
                return
        await self._answer(asked, asked.words.nothing_waiting(), ok=False)

    async def _release(self, asked: _Asked) -> None:
        case, _ = await self._case(asked)
        if case is not None:
            act = Release(asked.at, asked.agent, asked.name)
            await self._act_or_refuse(asked, case, act, asked.words.released(case.id))

    async def _reply(self, asked: _Asked) -> None:
        await self._with_text(asked, "reply", Reply, asked.words.replied)

    async def _note(self, asked: _Asked) -> None:
        await self._with_text(asked, "note", Note, asked.words.noted)

    async def _with_text(
        self,
        asked: _Asked,
        name: str,
        act: type[Reply | Note],
        told: Callable[[str], str],
    ) -> None:
        if not commands.split_case(asked.arguments)[1]:
            await self._usage(asked, name)
            return
        case, text = await self._case(asked)
        if case is not None:
            await self._act_or_refuse(
                asked, case, act(asked.at, asked.agent, asked.name, text), told(case.id)
            )

    async def _usage(self, asked: _Asked, name: str) -> None:
        command = commands.find(name, "agent")
        assert command is not None
        await self._answer(asked, asked.words.usage(command.name, command.arguments), ok=False)

    async def _transfer(self, asked: _Asked) -> None:
        target = commands.split_case(asked.arguments)[1]
        if not target:
            await self._usage(asked, "transfer")
            return
        if target not in self._config.queues:
            text = asked.words.no_such_queue(target, list(self._config.queues))
            await self._answer(asked, text, ok=False)
            return
        case, _ = await self._case(asked)
        if case is None:
            return
        if case.queue == target:
            back = Release(asked.at, asked.agent, asked.name)
            await self._act_or_refuse(asked, case, back, asked.words.released(case.id))
            return
        act = Transfer(asked.at, asked.agent, asked.name, target)
        await self._act_or_refuse(asked, case, act, asked.words.transferred_to(case.id, target))

    async def _close(self, asked: _Asked) -> None:
        case, note = await self._case(asked)
        if case is not None:
            act = Close(asked.at, asked.agent, asked.name, note)
            await self._act_or_refuse(asked, case, act, asked.words.closed(case.id))

    # --- duty and overview ---------------------------------------------------------------------------------

    async def _on(self, asked: _Asked) -> None:
        waiting = 0
        for queue in self.served(asked.channel):
            await self._store.commit(
                queue, Commit(duty=_on_duty(asked), observations=(_duty_changed(asked),))
            )
            self._figures.forget(queue)
            waiting += (await self._store.line(queue)).waiting
        await self._answer(asked, asked.words.on_duty(waiting))

    async def _off(self, asked: _Asked) -> None:
        """Cases that wait for this agent's reply go back to their places; the agent is off duty everywhere."""
        returned = 0
        for case in await self._held(asked):
            result = await self._cases.apply(
                case.queue, case, Release(asked.at, asked.agent, asked.name), channel=case.channel
            )
            returned += isinstance(result, Decision) and case.turn_at is not None
        gone = Commit(duty=(asked.agent, None), observations=(_duty_changed(asked),))
        for queue in self._config.queues:
            await self._store.commit(queue, gone)
            self._figures.forget(queue)
        await self._answer(asked, asked.words.off_duty(returned))

    async def _queue(self, asked: _Asked) -> None:
        texts = []
        served = self.served(asked.channel)
        for queue in served:
            line = await self._store.line(queue)
            rows = [
                await self._row(asked, case)
                for case_id in await self._store.waiting(queue, LISTED)
                if (case := await self._store.case(queue, case_id)) is not None
            ]
            title = f"{self._config.title(queue)}: " if len(served) > 1 else ""
            texts.append(title + asked.words.queue_list(line.waiting, rows))
        await self._answer(asked, "\n\n".join(texts))

    async def _row(self, asked: _Asked, case: Case) -> CaseRow:
        said = await self._unanswered(case)
        waiting_s = asked.at - (case.turn_at or asked.at)
        return CaseRow(case.id, case.customer.name, waiting_s, case.state, said[0] if said else "")

    async def _wait(self, asked: _Asked) -> None:
        queue = asked.arguments or asked.home
        if queue not in self._config.queues:
            text = asked.words.no_such_queue(queue, list(self._config.queues))
            await self._answer(asked, text, ok=False)
            return
        outlook = await self._figures.outlook(queue)
        await self._answer(asked, asked.words.wait_report(self._config.title(queue), outlook))

    async def _incident(self, asked: _Asked) -> None:
        """Help that is coming is told wherever the channel's agents serve; the queue of the answer comes last."""
        if not asked.arguments:
            standing = await self._store.incident(asked.home)
            await self._answer(asked, asked.words.incident(standing, asked.at))
            return
        over = asked.arguments.lower() == OFF
        incident = None if over else announced(asked.arguments, asked.at, asked.words.zone, asked.name)
        if incident is None and not over:
            await self._usage(asked, "incident")
            return
        answer = self._entry(asked, asked.words.incident(incident, asked.at), ok=True)
        for queue in reversed(self.served(asked.channel)):
            out = (answer,) if queue == asked.home else ()
            await self._store.commit(queue, Commit(seen=asked.seen, out=out, incident=incident or "over"))
            self._figures.forget(queue)

    async def _help(self, asked: _Asked) -> None:
        await self._answer(asked, asked.words.help(help_rows(asked.words)))


def _on_duty(asked: _Asked) -> tuple[str, Mapping[str, Any]]:
    return asked.agent, {"name": asked.name, "seen": asked.at}


def _duty_changed(asked: _Asked) -> Observed:
    return Observed("duty", asked.at, asked.agent)


def help_rows(words: AgentWords) -> list[CommandHelp]:
    """The agents' commands with their summaries, for the help text and adapters' command lists."""
    return [
        CommandHelp(command.name, command.arguments, words.command_summary(command.name), for_agents=True)
        for command in commands.COMMANDS
        if command.who == "agent"
    ]
