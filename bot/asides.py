"""What happens beside messages and commands: edits, reactions, a customer who left, a reply past the bot, typing.

None of it opens a case. What concerns no open case has lost its sense and is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from adapters.base import (
    AgentEdit,
    AgentTyping,
    CustomerEdit,
    CustomerGone,
    CustomerReaction,
    OutsideAct,
    OutsideReply,
    Undeliverable,
)
from bot.case import Case
from bot.cases import Cases, Moved
from bot.clock import Clock
from bot.config.settings import Config
from bot.desk import Desk
from bot.events import (
    Answered,
    Changed,
    Claim,
    Close,
    Corrected,
    Decision,
    Failed,
    GaveUp,
    LaterEvent,
    Reacted,
    Release,
)
from bot.handover import Handover
from bot.signs import Signs
from bot.store import keys
from bot.store.store import Store, StoreDown
from bot.store.wire import seen_digest

log = structlog.get_logger(__name__)

Aside = CustomerEdit | CustomerReaction | CustomerGone | Undeliverable | OutsideReply | OutsideAct


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
        signs: Signs,
    ) -> None:
        self._config = config
        self._store = store
        self._cases = cases
        self._handover = handover
        self._desk = desk
        self._clock = clock
        self._signs = signs

    async def handle(self, channel: str, aside: Aside) -> None:
        """What happened in a customer's conversation. Raises StoreDown."""
        lane = keys.lane(channel, aside.conversation_id)
        start = await self._handover.start(self._config.channels[channel].queue, lane)
        queue, case = await self._handover.find(start, lane)
        if case is None or await self._is_of_another(case, aside):
            return
        if isinstance(aside, CustomerGone) and lane in case.before:
            # They left a place that the case has left before them.
            return
        seen = seen_digest(channel, f"{type(aside).__name__}:{aside.id}")
        event = self._event(channel, case, aside)
        if isinstance(event, Claim) and case.agent not in (None, event.agent):
            if await self._store.seen(queue, seen):
                return
            # What is done over there is done: whoever held the case does not any more.
            back = Release(event.at, case.agent or "", case.agent_name)
            freed = await self._cases.apply(queue, case, back, channel=case.channel)
            case = freed.after if isinstance(freed, Decision) else case
        duty = await self._duty(queue, channel, aside, event.at)
        result = await self._cases.apply(queue, case, event, channel=case.channel, seen=seen, duty=duty)
        if isinstance(result, Moved):
            raise StoreDown("the case is being handed over")

    async def _duty(
        self, queue: str, channel: str, aside: Aside, at: float
    ) -> tuple[str, Mapping[str, Any]] | None:
        """Who takes a case is on duty; whatever else they do shows that they still are."""
        if not isinstance(aside, OutsideAct | OutsideReply):
            return None
        agent = keys.lane(channel, aside.agent.id)
        takes = isinstance(aside, OutsideAct) and aside.act == "claim"
        if not takes and await self._store.duty(queue, agent) is None:
            return None
        return agent, {"name": aside.agent.name or aside.agent.id, "seen": at}

    async def _is_of_another(self, case: Case, aside: Aside) -> bool:
        """Platforms tell of every message that is deleted in a conversation, also of our own and of older ones."""
        if not isinstance(aside, CustomerEdit) or aside.text is not None:
            return False
        said = await self._store.transcript(case.queue, case.id)
        return all(entry.get("ref") != aside.ref for entry in said)

    def _event(self, channel: str, case: Case, aside: Aside) -> LaterEvent:
        at = self._clock.now()
        if isinstance(aside, OutsideAct):
            return _act(at, channel, case, aside)
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
        if case is not None and case.is_open:
            await self._signs.typing(case)

    async def _case_at(self, channel: str, place: str) -> Case | None:
        """The case that a place of a room is about."""
        queues = list(self._config.queues)
        link = await self._store.rooms.link(queues, channel, place)
        return await self._store.find(queues, link.case) if link else None


def _act(at: float, channel: str, case: Case, aside: OutsideAct) -> Claim | Release | Close:
    """What an agent did in another system; the holder may always give back and close."""
    agent, name = keys.lane(channel, aside.agent.id), aside.agent.name or aside.agent.id
    if aside.act == "claim":
        return Claim(at, agent, name, outside=True)
    act = Release if aside.act == "release" else Close
    return act(at, case.agent or agent, case.agent_name or name)
