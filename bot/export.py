"""The desk's own past as a trace: what the events of a queue tell of every turn that stood in it.

Answers with a `bot.replay.trace.Trace`. It knows no customer and no text, for events hold neither; cases and agents
are hidden behind digests under a key that nobody keeps, unless their names are asked for.

Invariant: a turn whose beginning was not seen is left out, so a trimmed history shortens a trace and bends no wait.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from pathlib import Path

from bot.replay.trace import Trace, TracedCase, write
from bot.store.store import Store
from status.model import Observation

EVENTS_AT_ONCE = 5_000
HIDDEN_BYTES = 8
"""Two of a million agents or cases share such a digest once in 37 million exports."""

Hide = Callable[[str], str]
"""What stands in a trace for the name of a case or an agent."""


def openly(name: str) -> str:
    """Names as they are."""
    return name


def hidden(key: bytes) -> Hide:
    """Digests instead of names: equal names look equal within what is exported under one key, and nobody who
    lacks it can find a name by trying. Names are not hidden from who keeps the key."""

    def hide(name: str) -> str:
        return hashlib.blake2b(name.encode(), digest_size=HIDDEN_BYTES, key=key).hexdigest() if name else ""

    return hide


@dataclass(slots=True)
class _Turn:
    """One turn as its events tell it, in whatever order they come."""

    arrived_at: float
    channel: str
    queued: bool
    replied_at: float | None = None
    agent: str = ""
    left_at: float | None = None
    closed_at: float | None = None

    def ends(self, seen: Observation) -> None:
        """A reply, or the customer has gone."""
        at = max(self.arrived_at, seen.at)
        if seen.happened == "answered":
            self.replied_at, self.agent = at, seen.agent
        else:
            self.left_at = at

    def is_done_with(self, at: float) -> None:
        """The agent who answered has a hand free again."""
        if self.replied_at is not None and self.closed_at is None:
            self.closed_at = max(self.replied_at, at)


class Past:
    """Collects a queue's past from its observations, given in the order in which they were kept."""

    def __init__(self) -> None:
        self._turns: dict[str, list[_Turn]] = {}
        self._staff: list[tuple[float, int]] = []

    def see(self, seen: Observation) -> None:
        """Take one in. Those of older bots, which name no case, tell only who was on duty."""
        if not self._staff or self._staff[-1][1] != seen.agents:
            latest = self._staff[-1][0] if self._staff else -inf
            self._staff.append((max(latest, seen.at), seen.agents))
        if seen.happened == "arrived" and seen.case:
            self._turns.setdefault(seen.case, []).append(_Turn(seen.at, seen.channel, seen.queued))
        elif seen.case in self._turns:
            self._go_on(self._turns[seen.case], seen)

    def _go_on(self, turns: list[_Turn], seen: Observation) -> None:
        latest = turns[-1]
        if seen.happened == "released" and seen.queued:
            latest.queued = True
        if seen.happened in ("released", "left") or (seen.happened == "closed" and seen.agent):
            # Silence, which closes a case in nobody's name, does not tell when its agent was done.
            for turn in turns:
                turn.is_done_with(seen.at)
        if seen.happened in ("answered", "left"):
            latest.ends(seen)

    def trace(self, name: str, hide: Hide, since: float = -inf) -> Trace:
        """All turns that stood in the queue and began at `since` or later, and who was on duty from then on."""
        cases = [
            _traced(hide(case_id) + (f"-{number}" if number > 1 else ""), turn, hide)
            for case_id, turns in self._turns.items()
            for number, turn in enumerate((turn for turn in turns if turn.queued), start=1)
            if turn.arrived_at >= since
        ]
        cases.sort(key=lambda case: (case.arrived_at, case.case_id))
        return Trace(name, tuple(cases), self._staff_from(since))

    def _staff_from(self, since: float) -> tuple[tuple[float, int], ...]:
        before = [agents for at, agents in self._staff if at < since]
        later = [(_tenths(at), agents) for at, agents in self._staff if at >= since]
        return tuple([(_tenths(since), before[-1]), *later] if before else later)


def _traced(case_id: str, turn: _Turn, hide: Hide) -> TracedCase:
    return TracedCase(
        case_id=case_id,
        arrived_at=_tenths(turn.arrived_at),
        replied_at=None if turn.replied_at is None else _tenths(turn.replied_at),
        agent=hide(turn.agent),
        channel=turn.channel,
        left_at=None if turn.left_at is None else _tenths(turn.left_at),
        closed_at=None if turn.closed_at is None else _tenths(turn.closed_at),
    )


def _tenths(at: float) -> float:
    """As traces are written: what is read back is the same."""
    return round(at, 1)


async def export(store: Store, queue: str, folder: Path, key: bytes | None, since: float) -> Path | None:
    """Write the trace of a queue's turns that began at `since` or later into a folder, which is made if need be.

    Gives the path of the trace, None when there was no turn. Cases and agents are hidden under `key`, if there is
    one. Raises StoreDown and OSError.
    """
    told = (await past(store, queue)).trace(queue, hidden(key) if key else openly, since)
    if not told.cases:
        return None
    return _saved(told, folder)


def _saved(told: Trace, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return write(told, folder)


async def past(store: Store, queue: str) -> Past:
    """All that the store still knows of a queue's past. Raises StoreDown."""
    collected, after = Past(), "0-0"
    while events := await store.events_since(queue, after, EVENTS_AT_ONCE):
        for after, seen in events:  # noqa: B007 - the last one is where the next read begins
            collected.see(seen)
    return collected
