"""What agents do: the commands of `bot.commands`, carried out and answered.

Who may do what is decided in one place (`is_agent`), before anything else; a refusal is logged. An act and the
answer that reports it are one commit, so a repeated command changes nothing and is answered once.
Invariant: of several agents who claim one case, one gets it; the others are told who.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import structlog

from adapters.base import AgentCommand
from bot import commands
from bot.asked import Answers, Asked, on_duty, served
from bot.case import Case, CaseState
from bot.cases import Cases
from bot.clock import Clock
from bot.config.settings import Config
from bot.duty import Duty
from bot.events import AgentsAct, Claim, Close, Decision, Note, Refusal, Release, Reply, Transfer
from bot.figures import Figures
from bot.invitations import Invitations
from bot.receipts import receipt
from bot.signin import DeskLinks, SignIn
from bot.signs import Signs
from bot.store import keys
from bot.store.store import Store
from bot.store.wire import Commit, OutEntry
from bot.words import Words

log = structlog.get_logger(__name__)

LOOKED_AT = 10
"""So many waiting cases are looked through at a time for one that can be had."""


class Desk:
    """Carries out agents' commands."""

    def __init__(
        self,
        config: Config,
        store: Store,
        cases: Cases,
        figures: Figures,
        words: Words,
        clock: Clock,
        sign_in: SignIn | None,
        invitations: Invitations,
        signs: Signs,
    ) -> None:
        self._config = config
        self._store = store
        self._cases = cases
        self._figures = figures
        self._words = words
        self._clock = clock
        self._invitations = invitations
        self._signs = signs
        self._answers = Answers(config, store)
        duty = Duty(config, store, cases, figures, self._answers)
        self._handlers: dict[str, Callable[[Asked], Awaitable[None]]] = {
            "queue": duty.queue,
            "claim": self._claim,
            "next": self._next,
            "release": self._release,
            "reply": self._reply,
            "note": self._note,
            "transfer": self._transfer,
            "invite": self._invite,
            "close": self._close,
            "on": duty.on,
            "off": duty.off,
            "wait": duty.wait,
            "incident": duty.incident,
            "resend": duty.resend,
            "desk": DeskLinks(config.server.public_url, sign_in, self._answers).answer,
            "help": duty.help,
        }

    def is_agent(self, channel: str, person_id: str) -> bool:
        """Whether this person may use agents' commands on this channel: the one place where it is decided."""
        return person_id in self._config.channels[channel].agents

    async def handle(self, channel: str, command: AgentCommand, seen: str) -> None:
        """Carry out one command and have it answered. `seen` is its digest. Raises StoreDown."""
        if command.place and command.case_id is None:
            link = await self._store.rooms.link(list(self._config.queues), channel, command.place)
            if link is None and command.ref:
                # Agents talk to one another there, or the case is long forgotten.
                return
            command = replace(command, case_id=link.case if link else None)
        home = self._config.channels[channel].queue
        language = self._config.desk.language or self._config.bot.language
        asked = Asked(
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
        if not (command.member or self.is_agent(channel, command.agent.id)):
            log.warning("command refused", channel=channel, reason="not an agent")
            await self._answers.answer(asked, asked.words.not_an_agent(), ok=False)
            return
        await self._show_life(asked)
        known = commands.find(command.command, "agent")
        if known is None:
            await self._answers.answer(asked, asked.words.unknown_command(command.command), ok=False)
            return
        await self._handlers[known.name](asked)

    async def _show_life(self, asked: Asked) -> None:
        """Whoever gives a command is there: wherever they are on duty, their cases stay theirs."""
        for queue in self._config.queues:
            if await self._store.duty(queue, asked.agent) is not None:
                await self._store.commit(queue, Commit(duty=on_duty(asked)))

    # --- acts on one case ----------------------------------------------------------------------------------

    async def _act(self, asked: Asked, case: Case, act: AgentsAct, text: str) -> Refusal | None:
        """Do it, with its answer in the same commit; what stands in the way is given back unanswered."""
        entry = self._done(asked, case, act, text)

        def answer(decision: Decision) -> Sequence[OutEntry]:
            return (entry,) if entry else ()

        result = await self._cases.apply(
            case.queue,
            case,
            act,
            channel=case.channel,
            seen=asked.seen,
            extra=answer,
            # Notes and ends are written after work, too.
            duty=on_duty(asked) if isinstance(act, Claim | Reply) else None,
        )
        if isinstance(act, Claim) and isinstance(result, Decision):
            await self._signs.seen(result.after)
        return result if isinstance(result, Refusal) else None

    def _done(self, asked: Asked, case: Case, act: AgentsAct, text: str) -> OutEntry | None:
        """How the agent learns that it is done. What was written in a room gets a mark there: a note at once, a reply
        when it has arrived (see `bot.delivery`)."""
        command = asked.command
        if not command.ref:
            return self._answers.entry(asked, text, ok=True, case=case.id)
        if isinstance(act, Note):
            return receipt(
                f"noted-{asked.seen}", asked.answered_on, case.id, command.place, command.ref, "noted"
            )
        return None

    async def _act_or_refuse(self, asked: Asked, case: Case, act: AgentsAct, text: str) -> None:
        if refusal := await self._act(asked, case, act, text):
            await self._answers.refuse(asked, case.id, refusal, case.queue)

    async def _case(self, asked: Asked) -> tuple[Case | None, str]:
        """The case a command is about, and what follows its id; None when that was answered already."""
        named, rest = commands.split_case(asked.arguments)
        named = named or asked.command.case_id
        if named is None:
            held = await self._answers.held(asked)
            if len(held) == 1:
                return held[0], rest
            await self._answers.answer(asked, asked.words.which_case([case.id for case in held]), ok=False)
            return None, rest
        case = await self._store.find(served(self._config, asked.channel), named)
        if case is None:
            await self._answers.answer(asked, asked.words.no_such_case(named), ok=False)
        return case, rest

    async def _claim(self, asked: Asked) -> None:
        if not asked.arguments and asked.command.case_id is None:
            await self._next(asked)
            return
        case, _ = await self._case(asked)
        if case is not None:
            act = Claim(asked.at, asked.agent, asked.name)
            await self._act_or_refuse(asked, case, act, await self._handing_out(asked, case))

    async def _handing_out(self, asked: Asked, case: Case) -> str:
        """What the agent who takes a case reads: who it is from, and what nobody has answered yet."""
        if case.agent == asked.agent:
            return asked.words.already_yours(case.id)
        return asked.words.claimed(case.id, case.customer.name, await self._answers.unanswered(case))

    async def _next(self, asked: Asked) -> None:
        """The case that waits longest. Where others are faster, the one after it."""
        for queue in served(self._config, asked.channel):
            while waiting := await self._store.waiting(queue, LOOKED_AT):
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
        await self._answers.answer(asked, asked.words.nothing_waiting(), ok=False)

    async def _release(self, asked: Asked) -> None:
        case, _ = await self._case(asked)
        if case is not None:
            act = Release(asked.at, asked.agent, asked.name)
            await self._act_or_refuse(asked, case, act, asked.words.released(case.id))

    async def _reply(self, asked: Asked) -> None:
        await self._with_text(asked, "reply", Reply, asked.words.replied)

    async def _note(self, asked: Asked) -> None:
        await self._with_text(asked, "note", Note, asked.words.noted)

    async def _with_text(
        self,
        asked: Asked,
        name: str,
        act: type[Reply | Note],
        told: Callable[[str], str],
    ) -> None:
        command = asked.command
        # What stands in a room is the customer's word for word, even where it begins like a case's id.
        text = command.arguments if command.ref else commands.split_case(asked.arguments)[1]
        if not text.strip() and not command.files:
            await self._answers.usage(asked, name)
            return
        case, _ = await self._case(replace(asked, arguments="") if command.ref else asked)
        if case is not None:
            source = keys.lane(asked.answered_on, command.ref) if command.ref else ""
            spoken = act(asked.at, asked.agent, asked.name, text, command.files, source, command.place)
            await self._act_or_refuse(asked, case, spoken, told(case.id))

    async def _transfer(self, asked: Asked) -> None:
        target = commands.split_case(asked.arguments)[1]
        if not target:
            await self._answers.usage(asked, "transfer")
            return
        if target not in self._config.queues:
            text = asked.words.no_such_queue(target, list(self._config.queues))
            await self._answers.answer(asked, text, ok=False)
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

    async def _invite(self, asked: Asked) -> None:
        channel = commands.split_case(asked.arguments)[1]
        if not channel:
            await self._answers.usage(asked, "invite")
            return
        case, _ = await self._case(asked)
        if case is not None:
            await self._invitations.invite(self._answers, asked, case, channel)

    async def _close(self, asked: Asked) -> None:
        case, note = await self._case(asked)
        if case is not None:
            act = Close(asked.at, asked.agent, asked.name, note)
            await self._act_or_refuse(asked, case, act, asked.words.closed(case.id))
