"""Decide and commit: the one place where a decision meets the store.

A decision is made on what this process remembers of a case and committed optimistically: the usual arrival costs
one round trip. When the store knows a newer version, the decision is made again on that.
Invariant: what was committed was decided on exactly the version that stood in the store.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.case import Case
from bot.clock import Chance
from bot.events import Adopted, Decision, Event, GoesOn, Policy, Refusal, Wrote
from bot.rules import decide
from bot.store import keys
from bot.store.store import Store, StoreDown
from bot.store.wire import Commit, OutEntry

TRIES = 20
"""So many times may others be faster before we give up; each time one of them has succeeded."""
REMEMBERED = 20_000
"""Open cases whose last version this process remembers."""
DESK_LANE = "@desk"
"""The channel name under which the bot sends work to itself, such as a transfer."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The arrival was taken in before; nothing is to be done."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The conversation's case went to another queue."""

    queue: str
    pointer: str


Extra = Callable[[Decision], Sequence[OutEntry]]
"""What else goes out with a decision, such as the answer to the agent who asked for it."""


def nothing_else(decision: Decision) -> Sequence[OutEntry]:
    """Only what the decision says goes out."""
    return ()


class Cases:
    """All changes of cases go through here."""

    def __init__(
        self,
        store: Store,
        chance: Chance,
        policies: Mapping[str, Mapping[str, Policy]],
        keep_ended_s: int,
        web_desk: bool = False,
    ) -> None:
        self._store = store
        self._chance = chance
        self._policies = policies
        self._keep_ended_s = keep_ended_s
        self._web_desk = web_desk
        self._last: OrderedDict[tuple[str, str], Case] = OrderedDict()

    def is_looked_at(self, case: Case) -> bool:
        """Whether agents see what is said in this case somewhere: in a room, or at the desk in the browser."""
        return self._web_desk or bool(self._policies[case.queue][case.channel].rooms)

    def remembered(self, queue: str, lane: str) -> Case | None:
        """The conversation's open case as this process last saw it; perhaps outdated."""
        return self._last.get((queue, lane))

    async def apply(
        self,
        queue: str,
        case: Case | None,
        event: Event,
        *,
        channel: str,
        seen: str | None = None,
        past: str | None = None,
        extra: Extra = nothing_else,
        duty: tuple[str, Mapping[str, Any] | None] | None = None,
        worded: OutEntry | None = None,
        carried: Sequence[Mapping[str, Any]] = (),
        language: tuple[str, str] | None = None,
    ) -> Decision | Refusal | Seen | Moved:
        """Decide on `event` and commit what follows. Raises StoreDown; then nothing was written, or all of it."""
        for _ in range(TRIES):
            decision = decide(case, event, self._policies[queue][channel])
            if isinstance(decision, Refusal):
                return decision
            commit = Commit(
                seen=seen,
                before=case,
                after=decision.after,
                past=past,
                said=(*carried, *decision.said),
                timer_at=decision.timer_at,
                moved_to=decision.moved_to,
                keep_ended_s=self._keep_ended_s,
                observations=decision.observations,
                counts=decision.counts,
                duty=(decision.off_duty, None) if decision.off_duty else duty,
                out=(*entries(decision, self._policies[queue][channel].rooms), *extra(decision)),
                worded=worded,
                language=language,
            )
            outcome = await self._store.commit(queue, commit)
            if outcome.kind == "done":
                self._remember(queue, decision.after)
                return decision
            if outcome.kind == "seen":
                return Seen()
            if outcome.kind == "moved":
                return Moved(outcome.queue, outcome.pointer)
            if outcome.kind == "taken" and isinstance(event, GoesOn):
                return Refusal("has_another")
            if outcome.kind == "taken":
                event = self._renamed(event)
            else:
                case = _still_there(outcome.case, event)
        raise StoreDown("others were always faster")

    def _renamed(self, event: Event) -> Event:
        assert isinstance(event, Wrote), event
        return replace(event, new_id=self._chance.case_id())

    def _remember(self, queue: str, case: Case) -> None:
        place = (queue, keys.lane(case.channel, case.conversation_id))
        if not case.is_open:
            self._last.pop(place, None)
            return
        self._last[place] = case
        if len(self._last) > REMEMBERED:
            self._last.popitem(last=False)


def _still_there(case: Case | None, event: Event) -> Case | None:
    """What to decide on after others were faster: a message for a case that is over needs a new one."""
    if isinstance(event, Wrote | Adopted) and case is not None and not case.is_open:
        return None
    return case


def entries(decision: Decision, rooms: Sequence[str] = ()) -> list[OutEntry]:
    """The outgoing messages of a decision. Their ids are the same however often it is decided on this version."""
    case = decision.after
    lane = keys.lane(case.channel, case.conversation_id)
    # What another queue has still to send of this case goes first: see `bot.outbox`.
    moved = {"moved": True} if case.moved else {}
    return [
        OutEntry(
            f"{case.id}-{case.version}-{number}",
            f"{DESK_LANE}/{case.id}" if body["kind"] == "transfer" else lane,
            {**body, **moved},
        )
        for number, body in enumerate(decision.out)
    ] + [
        OutEntry(
            f"{case.id}-{case.version}-room",
            keys.lane(room, f"#{case.id}"),
            {"kind": "room", "case": case.id},
        )
        for room in rooms
    ]
