"""Commands that are about no single case: duty, the queue, the wait, announced help, messages given up."""

from __future__ import annotations

from adapters.base import CommandHelp
from bot import commands
from bot.asked import Answers, Asked, on_duty, served
from bot.case import Case
from bot.cases import Cases
from bot.config.settings import Config
from bot.events import Decision, Observed, Release
from bot.figures import Figures
from bot.incident import OFF, announced
from bot.store.store import Store
from bot.store.wire import Commit
from bot.words import AgentWords, CaseRow

LISTED = 10
"""So many waiting cases `/queue` shows of each queue."""


class Duty:
    """Carries out what is about the desk as a whole."""

    def __init__(
        self, config: Config, store: Store, cases: Cases, figures: Figures, answers: Answers
    ) -> None:
        self._config = config
        self._store = store
        self._cases = cases
        self._figures = figures
        self._answers = answers

    async def on(self, asked: Asked) -> None:
        """The agent is on duty in every queue the channel serves."""
        waiting = 0
        for queue in served(self._config, asked.channel):
            await self._store.commit(queue, Commit(duty=on_duty(asked), observations=(_duty_changed(asked),)))
            self._figures.forget(queue)
            waiting += (await self._store.line(queue)).waiting
        await self._answers.answer(asked, asked.words.on_duty(waiting))

    async def off(self, asked: Asked) -> None:
        """Cases that wait for this agent's reply go back to their places; the agent is off duty everywhere."""
        returned = 0
        for case in await self._answers.held(asked):
            result = await self._cases.apply(
                case.queue, case, Release(asked.at, asked.agent, asked.name), channel=case.channel
            )
            returned += isinstance(result, Decision) and case.turn_at is not None
        gone = Commit(duty=(asked.agent, None), observations=(_duty_changed(asked),))
        for queue in self._config.queues:
            await self._store.commit(queue, gone)
            self._figures.forget(queue)
        await self._answers.answer(asked, asked.words.off_duty(returned))

    async def queue(self, asked: Asked) -> None:
        """The cases that wait, queue by queue."""
        texts = []
        queues = served(self._config, asked.channel)
        for queue in queues:
            line = await self._store.line(queue)
            rows = [
                await self._row(asked, case)
                for case_id in await self._store.waiting(queue, LISTED)
                if (case := await self._store.case(queue, case_id)) is not None
            ]
            title = f"{self._config.title(queue)}: " if len(queues) > 1 else ""
            texts.append(title + asked.words.queue_list(line.waiting, rows))
        await self._answers.answer(asked, "\n\n".join(texts))

    async def _row(self, asked: Asked, case: Case) -> CaseRow:
        said = await self._answers.unanswered(case)
        waiting_s = asked.at - (case.turn_at or asked.at)
        return CaseRow(case.id, case.customer.name, waiting_s, case.state, said[0] if said else "")

    async def wait(self, asked: Asked) -> None:
        """The wait as customers are told it, and the figures behind it."""
        queue = asked.arguments or asked.home
        if queue not in self._config.queues:
            text = asked.words.no_such_queue(queue, list(self._config.queues))
            await self._answers.answer(asked, text, ok=False)
            return
        outlook = await self._figures.outlook(queue)
        await self._answers.answer(asked, asked.words.wait_report(self._config.title(queue), outlook))

    async def incident(self, asked: Asked) -> None:
        """Help that is coming is told wherever the channel's agents serve; the queue of the answer comes last."""
        if not asked.arguments:
            standing = await self._store.incident(asked.home)
            await self._answers.answer(asked, asked.words.incident(standing, asked.at))
            return
        over = asked.arguments.lower() == OFF
        incident = None if over else announced(asked.arguments, asked.at, asked.words.zone, asked.name)
        if incident is None and not over:
            await self._answers.usage(asked, "incident")
            return
        answer = self._answers.entry(asked, asked.words.incident(incident, asked.at), ok=True)
        for queue in reversed(served(self._config, asked.channel)):
            out = (answer,) if queue == asked.home else ()
            await self._store.commit(queue, Commit(seen=asked.seen, out=out, incident=incident or "over"))
            self._figures.forget(queue)

    async def help(self, asked: Asked) -> None:
        """The list of commands."""
        await self._answers.answer(asked, asked.words.help(help_rows(asked.words)))

    async def resend(self, asked: Asked) -> None:
        """A message that was given up goes out again: somebody decided that it should."""
        message_id = asked.arguments
        if not message_id:
            await self._answers.usage(asked, "resend")
            return
        for queue in served(self._config, asked.channel):
            if await self._store.revive(queue, message_id, again=True):
                self._store.on_outgoing(queue)
                await self._answers.answer(asked, asked.words.resent(), queue=queue)
                return
        await self._answers.answer(asked, asked.words.nothing_to_resend(message_id), ok=False)


def _duty_changed(asked: Asked) -> Observed:
    return Observed("duty", asked.at, asked.agent)


def help_rows(words: AgentWords) -> list[CommandHelp]:
    """The agents' commands with their summaries, for the help text and adapters' command lists."""
    return [
        CommandHelp(command.name, command.arguments, words.command_summary(command.name), for_agents=True)
        for command in commands.COMMANDS
        if command.who == "agent"
    ]
