"""The nouns of waiting: what the estimate sees, and what it answers.

Times are seconds since the epoch on the desk's clock (`_at`) or lengths in seconds (`_s`).
Everything here is a frozen value; nothing here computes more than a property.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from status.hours import Hours
from status.rota import Rota

State = Literal["open", "closed", "unknown"]
Kind = Literal["live", "published", "waiting"]
"""Who asks: a customer who arrives, one who reads the published figure, one who waits already."""

Happened = Literal["arrived", "claimed", "answered", "left", "closed", "released", "duty"]
"""What an observation records.

arrived: a turn began. claimed: an agent took a case. answered: a turn got its reply. left: the customer left, or
the case was closed or handed on, without a reply (a censored wait). closed: a case with nothing unanswered was
finished, by an agent or by silence; no wait ends with it, but a hand is free. released: an agent, or one who
vanished, gave a case back. duty: somebody went on or off duty.
"""


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that happened at the desk, with the state of the queue right after it.

    `wait_s` is the length of the turn for "answered" and, censored, for "left"; for "claimed" it is the
    time in the queue, where known. It is None otherwise. `queued` tells a turn that stands or stood in the
    queue from one that does not: a follow-up to an agent who already held the case, or nothing unanswered.

    `case` is the case's id, `channel` where it arrived. `agent` is who claimed, answered, closed, released or
    went on or off duty, or who held the case that arrived or left; empty where nobody did. `ahead` is how many
    stood before the case when it joined or left the line, None when it did neither. `held` counts the
    cases that agents have in hand: a reply is owed or, in a trace that records it, the agent is not done.
    """

    at: float
    happened: Happened
    waiting: int
    agents: int
    wait_s: float | None = None
    queued: bool = True
    case: str = ""
    agent: str = ""
    ahead: int | None = None
    held: int = 0
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """What is known of a queue before anything is seen: its hours, target and rota, and how many cases an agent
    works on at once (None: to be learned)."""

    hours: Hours
    target_s: float
    hands: int | None = None
    rota: Rota = field(default_factory=Rota)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the estimate may know of a queue at one moment.

    `ahead` and `elapsed_s` belong to the case asked about: a new arrival has `ahead == waiting`, elapsed 0.
    `held` counts the cases that agents have in hand.
    """

    taken_at: float
    waiting: int
    ahead: int
    elapsed_s: float
    oldest_s: float
    held: int
    agents: int


@dataclass(frozen=True, slots=True)
class Wait:
    """The time from `as_of` to the reply, as a distribution: wall-clock seconds, closed hours included."""

    p50_s: float
    p80_s: float
    p90_s: float
    sample_size: int
    method: str
    as_of: float

    def __post_init__(self) -> None:
        assert 0 <= self.p50_s <= self.p80_s <= self.p90_s, self


@dataclass(frozen=True, slots=True)
class Unknown:
    """No honest figure can be given; `reason` is one of REASONS and becomes words elsewhere."""

    reason: str
    as_of: float


REASONS = ("nobody_on_duty", "thin", "stale", "contradictory", "too_long")


@dataclass(frozen=True, slots=True)
class Promise:
    """What we dare say: a reply within `within_s` of `made_at`, kept in `share` of cases.

    `within_s` is a box (status.promise.BOXES_S) counted from `starts_at`: the moment it is made, or the next
    opening when the desk is closed. It is kept when the reply comes by `due_at`.
    """

    made_at: float
    starts_at: float
    within_s: float
    share: float = 0.8

    @property
    def due_at(self) -> float:
        """The last moment at which a reply keeps this promise."""
        return self.starts_at + self.within_s


@dataclass(frozen=True, slots=True)
class Outlook:
    """The answer to "how long?", ready to be worded: a promise, or the honest reason why there is none.

    closed: `opens_at` is the next opening (None when none is planned) and the promise, where one can be made,
    starts there. unknown: `reason` says why. open: `wait` and `promise` are both there.
    """

    state: State
    as_of: float
    waiting: int
    agents: int
    reason: str | None = None
    wait: Wait | None = None
    promise: Promise | None = None
    opens_at: float | None = None


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """How many promises were judged in the last `days` days, and how many of them were kept."""

    days: int
    promises: int
    kept: int
