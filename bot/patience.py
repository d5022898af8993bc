"""How long to wait before a platform is asked for another change. Pure: what happened and the time in, a moment out.

Few platforms say how often a profile may be changed; all say when it was too often. So each "too soon" stretches the
pace, by as much as it was too soon. Failures of another kind are tried again after pauses that double.
Invariant: nothing is tried before the moment that the platform itself has named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

FIRST_PAUSE_S, LONGEST_PAUSE_S = 60.0, 3_600.0
"""Between a failure and the next try, where the platform does not say."""
LONGEST_PACE_S = 86_400.0
LEARNED_FOR_S = 7 * 86_400.0
"""Limits change: after so long without a "too soon" the usual pace is tried again."""


@dataclass(frozen=True, slots=True)
class Patience:
    """With one outlet. All moments are epoch seconds, 0 for never.

    `changed_at`: the last change that was, or may have been, made. `told_until`: the platform wants nothing before.
    `again_at`: we want nothing before, after failures. `pace_s`: what was learned of its pace, at `learned_at`.
    """

    changed_at: float = 0.0
    told_until: float = 0.0
    again_at: float = 0.0
    failures: int = 0
    pace_s: float = 0.0
    learned_at: float = 0.0

    @property
    def not_before(self) -> float:
        """When the platform may be asked for anything again."""
        return max(self.told_until, self.again_at)

    def next_change_at(self, least_s: float, now: float) -> float:
        """When the next change may be asked for, where changes are at least `least_s` apart."""
        return max(self.not_before, self.changed_at + self._pace_s(least_s, now))

    def _pace_s(self, least_s: float, now: float) -> float:
        return max(least_s, self.pace_s) if now < self.learned_at + LEARNED_FOR_S else least_s

    def trying(self, now: float) -> Patience:
        """A change is about to be asked for: until it is certain that it was not made, it counts."""
        return replace(self, changed_at=now)

    def calmed(self) -> Patience:
        """A change was made, or a new session has begun: failures are forgotten, the pace is not."""
        return replace(self, failures=0, told_until=0.0, again_at=0.0)

    def too_soon(self, told_s: float, least_s: float, now: float) -> Patience:
        """A change was not made: the platform wants none for `told_s`. Only the first of a row tells its pace."""
        patient = replace(self, told_until=now + told_s, failures=self.failures + 1)
        if self.failures:
            return patient
        pace_s = min(LONGEST_PACE_S, self._pace_s(least_s, now) + told_s)
        return replace(patient, pace_s=pace_s, learned_at=now)

    def told(self, told_s: float, now: float) -> Patience:
        """The platform wants no call at all for `told_s`; that says nothing of changes."""
        return replace(self, told_until=now + told_s, failures=self.failures + 1)

    def failed(self, now: float, first_s: float = FIRST_PAUSE_S) -> Patience:
        """A call failed, or perhaps it did, and the platform does not say when to come back."""
        pause_s = min(LONGEST_PAUSE_S, first_s * 2.0 ** min(self.failures, 30))
        return replace(self, again_at=now + pause_s, failures=self.failures + 1)

    def to_store(self) -> dict[str, Any]:
        """Plain data: the next process must know it too."""
        return asdict(self)

    @staticmethod
    def from_store(data: Mapping[str, Any]) -> Patience:
        """The inverse of `to_store`."""
        return Patience(**data)
