"""What customers may ask by command: the wait, to give up, another language, help.

Each answer travels with the change it reports in one commit, so that a repeated command is answered once.
A wait that is told here is a promise like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapters.base import CommandHelp, CustomerMessage
from bot.case import Case, CaseState
from bot.cases import Cases
from bot.clock import Clock
from bot.commands import COMMANDS
from bot.config.settings import Config
from bot.events import Decision, Event, GaveUp, Spoke, Told
from bot.figures import Figures
from bot.handover import Handover
from bot.invitations import Invitations
from bot.store import keys
from bot.store.store import Store
from bot.store.wire import Commit, OutEntry
from bot.words import CustomerWords, Words


class Customers:
    """Answers customers' commands."""

    def __init__(
        self,
        config: Config,
        store: Store,
        cases: Cases,
        handover: Handover,
        figures: Figures,
        words: Words,
        clock: Clock,
        invitations: Invitations,
    ) -> None:
        self._config = config
        self._store = store
        self._cases = cases
        self._handover = handover
        self._figures = figures
        self._words = words
        self._clock = clock
        self._invitations = invitations

    async def handle(
        self,
        channel: str,
        queue: str,
        message: CustomerMessage,
        seen: str,
        command: str,
        arguments: str,
    ) -> None:
        """Carry out one command and have it answered. `seen` is its digest. Raises StoreDown."""
        if command == "start" and await self._invitations.redeemed(channel, message, arguments):
            # The case is here now, and says so itself.
            return
        lane = keys.lane(channel, message.conversation_id)
        queue, case = await self._handover.find(queue, lane)
        tag = await self._store.language(queue, lane) or (case or message).customer.language
        asked = _Asked(self, channel, queue, lane, message, seen, case, self._speaking(queue, tag))
        match command:
            case "start":
                await self._start(asked, arguments)
            case "wait":
                await self._wait(asked)
            case "cancel":
                await self._cancel(asked)
            case "language":
                await self._language(asked, arguments)
            case _:
                await asked.answer(asked.words.help(_help(asked.words)))

    def _speaking(self, queue: str, tag: str) -> CustomerWords:
        return self._words.customer(self._words.negotiate(tag), self._figures.zone(queue))

    async def _start(self, asked: _Asked, tag: str) -> None:
        """A greeting. A link may have named a queue and a language: they stay chosen."""
        code = self._words.match(tag) if tag else None
        words = self._speaking(asked.queue, code) if code else asked.words
        if asked.message.queue is not None:
            home = self._config.channels[asked.channel].queue
            await self._store.choose_queue(home, asked.lane, asked.message.queue)
        outlook = await self._figures.outlook(asked.message.queue or asked.queue)
        text = words.greeting(asked.message.customer.name, self._config.bot.name, outlook)
        await asked.answer(text, language=code)

    async def _wait(self, asked: _Asked) -> None:
        case = asked.case
        outlook = await self._figures.outlook(asked.queue, case)
        position = None
        if case is not None and case.state is CaseState.WAITING:
            ahead = await self._store.ahead(asked.queue, case.id)
            position = None if ahead is None else ahead + 1
        text = asked.words.wait_answer(outlook, position, case.state if case else None)
        turn_at = None if case is None else case.turn_at
        told = None if turn_at is None else Told(self._clock.now(), turn_at, outlook.promise)
        await asked.answer(text, told)

    async def _cancel(self, asked: _Asked) -> None:
        if asked.case is None:
            await asked.answer(asked.words.nothing_to_cancel())
        else:
            await asked.answer(asked.words.cancelled(), GaveUp(self._clock.now()))

    async def _language(self, asked: _Asked, tag: str) -> None:
        languages = self._words.languages()
        code = self._words.match(tag) if tag else None
        if code is None:
            unknown = asked.words.unknown_language(tag, languages)
            await asked.answer(unknown if tag else asked.words.language_list(languages))
            return
        text = self._speaking(asked.queue, code).language_set()
        await asked.answer(text, Spoke(self._clock.now(), code) if asked.case else None, language=code)

    async def commit(self, asked: _Asked, text: str, event: Event | None, language: str | None) -> None:
        """Write the answer, with what `event` changes. Raises StoreDown."""
        seen = asked.seen
        case_id = asked.case.id if asked.case else None
        body: dict[str, Any] = {
            "kind": "answer",
            "case": case_id,
            "customer": asked.message.customer.id,
            "heard": self._clock.now(),
            "text": text,
        }
        if asked.message.answer_to:
            body["answer_to"] = asked.message.answer_to
        answer = OutEntry(f"answer-{seen}", asked.lane, body)
        chosen = (asked.lane, language) if language else None
        if event is not None:

            def answered(decision: Decision) -> Sequence[OutEntry]:
                return (answer,)

            result = await self._cases.apply(
                asked.queue,
                asked.case,
                event,
                channel=asked.channel,
                seen=seen,
                extra=answered,
                language=chosen,
            )
            if isinstance(result, Decision):
                return
        await self._store.commit(asked.queue, Commit(seen=seen, out=(answer,), language=chosen))


class _Asked:
    """One command under way: who asked, about which case, in which words."""

    def __init__(
        self,
        customers: Customers,
        channel: str,
        queue: str,
        lane: str,
        message: CustomerMessage,
        seen: str,
        case: Case | None,
        words: CustomerWords,
    ) -> None:
        self._customers = customers
        self.channel = channel
        self.queue = queue
        self.lane = lane
        self.message = message
        self.seen = seen
        self.case = case
        self.words = words

    async def answer(self, text: str, event: Event | None = None, language: str | None = None) -> None:
        await self._customers.commit(self, text, event, language)


def _help(words: CustomerWords) -> list[CommandHelp]:
    return [
        CommandHelp(command.name, command.arguments, words.command_summary(command.name), for_agents=False)
        for command in COMMANDS
        if command.who == "customer"
    ]
