"""The published wait: the outlook frozen at the last refresh, as every outlet shows it.

The leading replica writes it every few minutes; all replicas read it. It is plain data: `to_store` and
`from_store` are inverse, and `to_json` is the outside contract of `GET /api/v1/queues/<queue>/wait`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from status.model import Outlook, Promise, TrackRecord, Wait

COUNTED = ("arrived", "answered", "left", "within_target")
"""The counters of turns that the history tells of, as `status.level` knows them."""


@dataclass(frozen=True, slots=True)
class DayCounts:
    """A day's counters of turns at the refresh, so that the next one can tell what is new; `day` as keys name it."""

    day: str = ""
    arrived: int = 0
    answered: int = 0
    left: int = 0
    within_target: int = 0


@dataclass(frozen=True, slots=True)
class Published:
    """One queue's frozen outlook. `next_refresh` is when a newer one is due (epoch seconds).

    `judged` and `kept` count all promises ever judged and kept, so that the next refresh can tell what is new.
    `incident` tells that help was announced, and that its time had come at the refresh.
    """

    queue: str
    outlook: Outlook
    next_refresh: float
    track_record: TrackRecord
    judged: int = 0
    kept: int = 0
    incident: bool = False
    counted: DayCounts = DayCounts()

    def to_store(self) -> dict[str, Any]:
        """Plain data for the store."""
        return asdict(self)

    @staticmethod
    def from_store(data: dict[str, Any]) -> Published:
        """The inverse of `to_store`."""
        outlook = dict(data["outlook"])
        outlook["wait"] = Wait(**outlook["wait"]) if outlook["wait"] else None
        outlook["promise"] = Promise(**outlook["promise"]) if outlook["promise"] else None
        return Published(
            queue=data["queue"],
            outlook=Outlook(**outlook),
            next_refresh=data["next_refresh"],
            track_record=TrackRecord(**data["track_record"]),
            judged=data["judged"],
            kept=data["kept"],
            # What an older version stored does not say.
            incident=data.get("incident", False),
            counted=DayCounts(**data.get("counted", {})),
        )

    def to_json(self, wording: Callable[[Outlook], str]) -> dict[str, Any]:
        """The JSON other programs read; `wording` puts the promise into words."""
        outlook, wait, promise = self.outlook, self.outlook.wait, self.outlook.promise
        return {
            "queue": self.queue,
            "state": outlook.state,
            "reason": outlook.reason,
            "as_of": rfc3339(outlook.as_of),
            "next_refresh": rfc3339(self.next_refresh),
            "waiting": outlook.waiting,
            "agents": outlook.agents,
            "incident": self.incident,
            "wait": wait
            and {
                "p50_s": round(wait.p50_s),
                "p80_s": round(wait.p80_s),
                "p90_s": round(wait.p90_s),
                "sample_size": wait.sample_size,
                "method": wait.method,
            },
            "promise": promise
            and {
                "within_s": round(promise.due_at - promise.made_at),
                "share": promise.share,
                "text": wording(outlook),
            },
            "track_record": asdict(self.track_record),
        }


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """What was published at one refresh, and what happened since the one before: promises judged, turns that began,
    got their reply (`within_target`: in time) or ended without one. `within_s` is the promise, `incident` as published.
    A point of an older version has no turns and neither of these, one of several put together neither of these."""

    at: float
    state: str
    waiting: int
    agents: int
    p50_s: float | None
    p80_s: float | None
    promises: int
    kept: int
    arrived: int = 0
    answered: int = 0
    left: int = 0
    within_target: int = 0
    within_s: float | None = None
    incident: bool = False

    @property
    def has_figure(self) -> bool:
        """Whether a wait was published that customers could go by."""
        return self.state == "open" and self.p50_s is not None and self.p80_s is not None


def rfc3339(at: float) -> str:
    """An instant (epoch seconds) as RFC 3339 in UTC, to the second: https://www.rfc-editor.org/rfc/rfc3339"""
    return _rfc3339(int(at))


@lru_cache(maxsize=64)
def _rfc3339(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
