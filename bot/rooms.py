"""The agents' rooms, kept up to date: whatever happened to a case, its room is brought to show it, step by step.

What a room shows is kept beside the case, and each step is written down once the platform took it. So many changes
at once become one, and a sender that vanishes leaves at most one step that is done twice: to agents that is better
than never. A room that was deleted is made anew, with everything that was said.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import structlog

from adapters.base import Channel, Gone, NameRoom, Post, Refused, ShowCard
from bot.asked import served
from bot.case import Case, CaseState
from bot.config.settings import Config
from bot.figures import Figures
from bot.pacing import NotYet
from bot.room import RoomStep, View
from bot.sender import Sender
from bot.store.rooms import Room
from bot.store.store import Store
from bot.words import Words
from bot.words.room import RoomWords

log = structlog.get_logger(__name__)

MADE_ANEW = 2
"""So often in one go a room may be gone; then somebody deletes faster than we make."""

CARRIED_S = 1.0
"""After so long it is looked again whether a case that left has arrived in the other queue."""


def answerable_until(case: Case, channels: Mapping[str, Channel]) -> float | None:
    """When the customer's platform stops letting us answer, unless they write again; None where it never does."""
    window_s = channels[case.channel].limits.reply_window_s
    return case.last_heard_at + window_s if window_s and not case.public else None


class Rooms:
    """Shows cases in the rooms of channels."""

    def __init__(
        self,
        config: Config,
        store: Store,
        figures: Figures,
        words: Words,
        channels: Mapping[str, Channel],
        sender: Sender,
        keep_s: int,
    ) -> None:
        self._config = config
        self._store = store
        self._figures = figures
        self._words = words
        self._channels = channels
        self._sender = sender
        self._keep_s = keep_s

    async def show(self, queue: str, channel: str, case_id: str) -> None:
        """Bring a case's room up to date. Raises NotYet, Refused, Busy, Uncertain or StoreDown; what was done until
        then is written down."""
        case = await self._store.case(queue, case_id)
        if case is not None and case.state is CaseState.MOVING:
            raise NotYet(CARRIED_S)
        if case is None:
            await self._leave(queue, channel, case_id)
            return
        gone = 0
        while (step := await self._next(queue, channel, case_id)) is not None:
            try:
                returned = await self._sender.send(channel, step.out, step.origin)
            except Gone:
                gone += 1
                if gone > MADE_ANEW:
                    raise
                log.info("room gone, making it anew", channel=channel, case=case_id)
                await self._store.rooms.set_room(queue, case_id, channel, Room(), self._keep_s)
                continue
            except Refused as refused:
                if not isinstance(step.out, Post):
                    raise
                # One thing that cannot be shown must not hide all that follows.
                log.warning("not shown in the room", channel=channel, case=case_id, reason=str(refused))
                returned = ""
            room, names = step.after(returned)
            await self._store.rooms.set_room(queue, case_id, channel, room, self._keep_s, names)

    async def _leave(self, queue: str, channel: str, case_id: str) -> None:
        """The case is in another queue now. Where that one is shown here too, its room goes on; else it must not look
        as if the case still waited in it."""
        room = await self._store.rooms.room(queue, case_id, channel)
        found = await self._store.find(list(self._config.queues), case_id)
        if not room.place or (found is not None and found.queue in served(self._config, channel)):
            return
        words = self._voice(queue)
        title = case_id if found is None else words.title(found, self._channels[channel].limits.title_chars)
        text = case_id if found is None else words.card(found, self._config.title(found.queue))
        with contextlib.suppress(Gone):
            await self._sender.send(channel, ShowCard(f"{case_id}-left-card", room.place, room.card, text))
            name = NameRoom(f"{case_id}-left-name", room.place, title, "closed", open=False)
            await self._sender.send(channel, name)
        await self._store.rooms.set_room(queue, case_id, channel, Room(), self._keep_s)

    async def _next(self, queue: str, channel: str, case_id: str) -> RoomStep | None:
        case = await self._store.case(queue, case_id)
        if case is None or case.state is CaseState.MOVING:
            return None
        room = await self._store.rooms.room(queue, case_id, channel)
        said = await self._store.transcript(queue, case_id)
        limits = self._channels[channel].limits
        words = self._voice(queue)
        until = answerable_until(case, self._channels)
        return View(case, said, channel, limits, words, self._config.title(queue), until).next_step(room)

    def _voice(self, queue: str) -> RoomWords:
        language = self._config.desk.language or self._config.bot.language
        return self._words.room(language, self._figures.zone(queue))
