"""What happens beside messages and commands: edits, reactions, a customer who left, a reply past the bot, typing.

None of it opens a case. What concerns no open case has lost its sense and is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from adapters.base import (
    AgentEdit,
    AgentTyping,
    Channel,
    CustomerEdit,
    CustomerGone,
    CustomerReaction,
    OutsideReply,
    Typing,
    Undeliverable,
)
from bot.case import Case
from bot.cases import Cases, Moved
from bot.clock import Clock
from bot.config.settings import Config
from bot.desk import Desk
from bot.events import Answered, Changed, Corrected, Failed, GaveUp, LaterEvent, Reacted
from bot.handover import Handover
from bot.store import keys
from bot.store.store import Store, StoreDown
from bot.store.wire import seen_digest

log = structlog.get_logger(__name__)

Aside = CustomerEdit | CustomerReaction | CustomerGone | Undeliverable | OutsideReply


class Asides:
    """Takes in what is neither a message nor a command."""

    def __init__(
        self,
        config: Config,
        store: Store,
        cases: Cases,
        handover: Handover,
        desk: Desk,
        clock: Clock,
        channels: Mapping[str, Channel],
    ) -> None:
        self._config = config
        self._store = store
        self._cases = cases
        self._handover = handover
        self._desk = desk
        self._clock = clock
        self._channels = channels

    async def handle(self, channel: str, aside: Aside) -> None:
        """What happened in a customer's conversation. Raises StoreDown."""
        lane = keys.lane(channel, aside.conversation_id)
        start = await self._handover.start(self._config.channels[channel].queue, lane)
        queue, case = await self._handover.find(start, lane)
        if case is None or await self._is_of_another(case, aside):
            return
        seen = seen_digest(channel, f"{type(aside).__name__}:{aside.id}")
        result = await self._cases.apply(queue, case, self._event(channel, aside), channel=channel, seen=seen)
        if isinstance(result, Moved):
            raise StoreDown("the case is being handed over")

    async def _is_of_another(self, case: Case, aside: Aside) -> bool:
        """Platforms tell of every message that is deleted in a conversation, also of our own and of older ones."""
        if not isinstance(aside, CustomerEdit) or aside.text is not None:
            return False
        said = await self._store.transcript(case.queue, case.id)
        return all(entry.get("ref") != aside.ref for entry in said)

    def _event(self, channel: str, aside: Aside) -> LaterEvent:
        at = self._clock.now()
        match aside:
            case CustomerEdit():
                return Changed(at, aside.ref, aside.text)
            case CustomerReaction():
                return Reacted(at, aside.emoji)
            case CustomerGone():
                return GaveUp(at, blocked=True)
            case Undeliverable():
                return Failed(at, "", aside.reason)
            case OutsideReply():
                agent = aside.agent
                return Answered(at, keys.lane(channel, agent.id), agent.name or agent.id, aside.text)

    async def corrected(self, channel: str, edit: AgentEdit) -> None:
        """An agent changed what they had written in a room: the customer's copy follows. Raises StoreDown."""
        if not (edit.member or self._desk.is_agent(channel, edit.agent.id)):
            log.warning("edit refused", channel=channel, reason="not an agent")
            return
        case = await self._case_at(channel, edit.place)
        if case is None:
            return
        source = keys.lane(channel, edit.ref)
        said = await self._store.transcript(case.queue, case.id)
        written = next(
            (entry for entry in said if entry.get("from") == source and entry["by"] != "change"), None
        )
        if written is None:
            return
        event = Corrected(
            self._clock.now(),
            keys.lane(channel, edit.agent.id),
            edit.agent.name or written["who"],
            source,
            edit.place,
            edit.text,
            to_customer=written["by"] == "agent",
        )
        seen = seen_digest(channel, f"AgentEdit:{edit.id}")
        await self._cases.apply(case.queue, case, event, channel=case.channel, seen=seen)

    async def typing(self, channel: str, typing: AgentTyping) -> None:
        """Let the customer see that an answer is being written. Raises StoreDown."""
        if typing.case_id is None:
            case = await self._case_at(channel, typing.place)
        else:
            case = await self._store.find(list(self._config.queues), typing.case_id)
        if case is None or not case.is_open:
            return
        platform = self._channels[case.channel]
        if isinstance(platform, Typing):
            await platform.show_typing(case.conversation_id)

    async def _case_at(self, channel: str, place: str) -> Case | None:
        """The case that a place of a room is about."""
        queues = list(self._config.queues)
        link = await self._store.rooms.link(queues, channel, place)
        return await self._store.find(queues, link.case) if link else None
