"""The service's own estimate, behind the questions of a replay: the very code that answers customers.

A replayed desk has no opening hours configured, and the target and the concurrency of a queue that sets none.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from bot.config.settings import QueueSettings
from bot.replay.run import Quantiles, Waiting
from status.history import Learned, observe
from status.hours import Hours
from status.model import Observation, Snapshot, Wait
from status.wait import estimate

DEFAULTS = QueueSettings()


class Service:
    """What Jono says."""

    def __init__(self, hours: Hours | None = None) -> None:
        self._hours = hours or Hours.always()
        self._learned = Learned()
        self._began: dict[str, float] = {}
        self._agents = 0

    def observe(self, seen: Observation) -> None:
        """Learn from it, as the bot does from each event."""
        self._learned = observe(self._learned, seen, self._hours)
        self._agents = seen.agents
        if seen.happened == "arrived":
            self._began[seen.case] = seen.at
        elif seen.happened in ("answered", "left"):
            self._began.pop(seen.case, None)

    def refresh(self, at: float, waiting: Sequence[Waiting]) -> Quantiles | None:
        """What is published."""
        return self._estimate(at, len(self._began), 0.0)

    def arriving(self, at: float) -> Quantiles | None:
        """What an acknowledgement says."""
        return self._estimate(at, len(self._began), 0.0)

    def still(self, at: float, case_id: str, ahead: int, elapsed_s: float) -> Quantiles | None:
        """What /wait says."""
        return self._estimate(at, ahead, elapsed_s)

    def state(self) -> str:
        """All that was learned, as the bot keeps it."""
        return json.dumps(self._learned.to_data())

    def _estimate(self, at: float, ahead: int, elapsed_s: float) -> Quantiles | None:
        oldest_at = next(iter(self._began.values()), at)
        wait = estimate(
            Snapshot(
                taken_at=at,
                waiting=len(self._began),
                ahead=ahead,
                elapsed_s=elapsed_s,
                oldest_s=at - oldest_at,
                claimed=0,
                agents=self._agents,
                concurrency=DEFAULTS.concurrency,
                target_s=DEFAULTS.target_s,
                hours=self._hours,
            ),
            self._learned,
        )
        return (wait.p50_s, wait.p80_s, wait.p90_s) if isinstance(wait, Wait) else None
