"""The service's own estimate, behind the questions of a replay: the very code that answers customers.

A replayed desk has no opening hours and no rota configured, the target of a queue that sets none, and learns how
many cases an agent works on at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.config.settings import QueueSettings
from bot.replay.run import Quantiles, Waiting
from bot.store.wire import dump
from status.history import Learned
from status.hours import Hours
from status.memory import to_data
from status.model import Desk, Kind, Observation, Snapshot, Wait
from status.wait import estimate, note, observe, publish

ROUND_THE_CLOCK = Desk(Hours.always(), QueueSettings().target_s)


class Service:
    """What Jono says."""

    def __init__(self, desk: Desk = ROUND_THE_CLOCK) -> None:
        self._desk = desk
        self._learned = Learned()
        self._began: dict[str, float] = {}

    def observe(self, seen: Observation) -> None:
        """Learn from it, as the bot does from each event."""
        observe(self._learned, seen, self._desk)
        if seen.happened == "arrived":
            self._began[seen.case] = seen.at
        elif seen.happened in ("answered", "left"):
            self._began.pop(seen.case, None)

    def refresh(self, at: float, waiting: Sequence[Waiting]) -> Quantiles | None:
        """What is published."""
        return _quantiles(publish(self._snapshot(at), self._learned, self._desk))

    def arriving(self, at: float) -> Quantiles | None:
        """What an acknowledgement says."""
        return self._estimate(self._snapshot(at), "live")

    def still(self, at: float, case_id: str, ahead: int, elapsed_s: float) -> Quantiles | None:
        """What /wait says."""
        asked = self._snapshot(at, ahead, elapsed_s)
        answer = self._estimate(asked, "waiting")
        note(case_id, asked, self._learned, self._desk, "waiting")
        return answer

    def state(self) -> str:
        """All that was learned, as the bot keeps it."""
        return dump(to_data(self._learned))

    def _snapshot(self, at: float, ahead: int | None = None, elapsed_s: float = 0.0) -> Snapshot:
        waiting = len(self._began)
        oldest_at = next(iter(self._began.values()), at)
        return Snapshot(
            taken_at=at,
            waiting=waiting,
            ahead=waiting if ahead is None else ahead,
            elapsed_s=elapsed_s,
            oldest_s=at - oldest_at,
            held=self._learned.held,
            agents=self._learned.agents,
        )

    def _estimate(self, asked: Snapshot, kind: Kind) -> Quantiles | None:
        return _quantiles(estimate(asked, self._learned, self._desk, kind))


def _quantiles(answer: object) -> Quantiles | None:
    return (answer.p50_s, answer.p80_s, answer.p90_s) if isinstance(answer, Wait) else None
