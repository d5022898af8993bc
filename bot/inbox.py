"""Where arrivals come in: a customer's message or command, an agent's command. Returns once it is durable.

The inbox finds the queue and the case, has the decision made and committed, and answers nothing itself: whatever
goes back travels through the outbox. Raises StoreDown when it could not be written within two seconds, Malformed
when it makes no sense; then nothing was stored, or all of it: it may be sent again without harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

import structlog

from adapters.base import AgentCommand, AgentEdit, AgentTyping, Arrival, CustomerMessage, Malformed
from bot import commands
from bot.asides import Asides
from bot.cases import Cases, Moved, Seen
from bot.clock import Chance, Clock
from bot.config.settings import Config
from bot.customers import Customers
from bot.desk import Desk
from bot.events import Decision, Refusal, Wrote
from bot.handover import Handover
from bot.invitations import Invitations
from bot.store import keys
from bot.store.store import Store, StoreDown
from bot.store.wire import Commit, seen_digest

log = structlog.get_logger(__name__)

WITHIN_S = 1.8
"""A platform that waits longer than two seconds for its answer is better told to come back."""


class Inbox:
    """Takes every arrival of every channel."""

    def __init__(
        self,
        config: Config,
        store: Store,
        cases: Cases,
        handover: Handover,
        desk: Desk,
        customers: Customers,
        asides: Asides,
        invitations: Invitations,
        clock: Clock,
        chance: Chance,
    ) -> None:
        self._config = config
        self._store = store
        self._cases = cases
        self._handover = handover
        self._desk = desk
        self._customers = customers
        self._asides = asides
        self._invitations = invitations
        self._clock = clock
        self._chance = chance

    async def receive(self, channel: str, arrival: Arrival) -> None:
        """Take one arrival in. Raises StoreDown or Malformed."""
        match arrival:
            case CustomerMessage() if self._desk.is_agent(channel, arrival.customer.id):
                # Staff who write where customers do are nobody's customers: no case, no acknowledgement.
                log.info("staff message ignored", channel=channel)
            case CustomerMessage():
                await self._message(channel, arrival)
            case AgentCommand():
                home = self._config.channels[channel].queue
                seen = seen_digest(channel, f"command:{arrival.id}")
                await self._once(home, seen, partial(self._desk.handle, channel, arrival, seen))
            case AgentEdit():
                await self._asides.corrected(channel, arrival)
            case AgentTyping():
                await self._asides.typing(channel, arrival)
            case _:
                await self._asides.handle(channel, arrival)

    async def _message(self, channel: str, message: CustomerMessage) -> None:
        message = self._within_limits(message)
        if message.continues:
            async with _in_time():
                await self._invitations.follow(channel, message)
        if message.queue is not None and message.queue not in self._config.queues:
            raise Malformed("data.queue: there is no such queue")
        queue = message.queue or await self._start(channel, message)
        if message.text.startswith("/") and not (message.public or message.quiet):
            name, _, arguments = message.text.partition(" ")
            command = commands.find(name, "customer")
            if command is not None:
                seen = seen_digest(channel, message.id)
                asked = partial(self._customers.handle, channel, queue, message, seen)
                await self._once(queue, seen, partial(asked, command.name, arguments.strip()))
                return
        if message.queue is not None:
            async with _in_time():
                queue = await self._chosen(channel, message, message.queue)
        await self._write(channel, queue, message)

    async def _chosen(self, channel: str, message: CustomerMessage, queue: str) -> str:
        """Where a message belongs that names a queue: to the open case of its conversation, wherever that stands; else
        the queue is chosen from now on."""
        home, lane = self._config.channels[channel].queue, keys.lane(channel, message.conversation_id)
        if self._cases.remembered(queue, lane) is not None:
            return queue
        start = await self._handover.start(home, lane)
        there, case = await self._handover.find(start, lane)
        if case is not None:
            return there
        if start != queue:
            await self._store.choose_queue(home, lane, queue)
        return queue

    async def _start(self, channel: str, message: CustomerMessage) -> str:
        """Where the conversation's cases begin. An open case that is remembered stands there, surely."""
        home, lane = self._config.channels[channel].queue, keys.lane(channel, message.conversation_id)
        if self._cases.remembered(home, lane) is not None:
            return home
        return await self._handover.start(home, lane)

    async def _once(self, home: str, seen: str, work: Callable[[], Awaitable[None]]) -> None:
        """Carry out a command, unless it was before: it may have changed a case in any queue. Where it came in it is
        remembered too, so that it is known after the case has moved on."""
        async with _in_time():
            if any([await self._store.seen(queue, seen) for queue in self._config.queues]):
                return
            await work()
            await self._store.commit(home, Commit(seen=seen))

    def _within_limits(self, message: CustomerMessage) -> CustomerMessage:
        limits, customer = self._config.limits, message.customer
        if len(message.text) > limits.text_chars:
            raise Malformed(f"data.text: longer than {limits.text_chars} characters")
        if max(len(message.id), len(message.conversation_id), len(customer.id)) > limits.id_chars:
            raise Malformed(f"an id is longer than {limits.id_chars} characters")
        if len(customer.name) <= limits.name_chars:
            return message
        return replace(message, customer=replace(customer, name=customer.name[: limits.name_chars]))

    async def _write_elsewhere(
        self, queue: str, lane: str, event: Wrote, seen: str, moved: Moved
    ) -> Decision | Refusal | Seen:
        """The conversation's case went to another queue: the message joins it there."""
        there, case = await self._handover.find(queue, lane)
        result = await self._cases.apply(
            there,
            case,
            replace(event, queue=there),
            channel=event.channel,
            seen=seen,
            past=moved.pointer if case is None else None,
        )
        if isinstance(result, Moved):
            # Handed over again this very moment: whoever sent the message will send it again.
            raise StoreDown("the case is being handed over")
        await self._store.commit(queue, Commit(seen=seen))
        return result

    async def _write(self, channel: str, queue: str, message: CustomerMessage) -> None:
        """One round trip, usually: on what this process remembers, or else as the first of a new case."""
        lane = keys.lane(channel, message.conversation_id)
        event = Wrote(
            at=self._clock.now(),
            customer=message.customer,
            text=message.text,
            channel=channel,
            conversation_id=message.conversation_id,
            new_id=self._chance.case_id(),
            variant=self._chance.below(1000),
            queue=queue,
            from_robot=message.from_robot,
            messages_at_most=self._config.limits.transcript_entries,
            files=message.files,
            ref=message.ref,
            group=message.group,
            answer_to=message.answer_to,
            public=message.public,
            quiet=message.quiet,
        )
        seen = seen_digest(channel, message.id)
        result = await self._cases.apply(
            queue, self._cases.remembered(queue, lane), event, channel=channel, seen=seen
        )
        if isinstance(result, Moved):
            async with _in_time():
                result = await self._write_elsewhere(queue, lane, event, seen, result)
        if isinstance(result, Refusal):
            raise Malformed("the case is full: an agent must close it before more can be written")


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """For what takes several round trips: all of them must be done while the sender waits."""
    try:
        async with asyncio.timeout(WITHIN_S):
            yield
    except TimeoutError:
        raise StoreDown("no answer in time") from None
