"""How fast a bot may call: https://docs.discord.com/developers/topics/rate-limits.

The API tells a bot by headers what is left of a bucket, and by 429 when to come back. Whoever comes earlier than told
is noted. Limits that the vendor does not publish (names of channels, profiles, private channels) are as seen.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.fakes.discord.errors import TooMany

Budget = tuple[int, float]
"""So many within so many seconds."""


@dataclass(slots=True)
class Settings:
    """The budgets. A route that is not named has `routes`; `everywhere` is for all routes together, if it is
    enforced."""

    routes: Budget = (1000, 1.0)
    by_route: dict[str, Budget] = field(default_factory=dict)
    everywhere: Budget | None = None
    names: Budget = (2, 600.0)
    profile: Budget = (2, 600.0)
    profile_answer: str = "400"
    """How a profile's limit is told: "400", a body that reads like bad input, or "429"."""
    opened: Budget = (10, 600.0)


class Limits:
    """What was used of each budget."""

    def __init__(self) -> None:
        self.settings = Settings()
        self._used: defaultdict[str, deque[float]] = defaultdict(deque)
        self._told: dict[str, float] = {}

    def early_by_s(self, bucket: str, now: float) -> float:
        """By how much a call comes before it was told to; 0 when it does not."""
        until = max(self._told.get(bucket, 0.0), self._told.get("", 0.0))
        return max(0.0, until - now)

    def tell(self, bucket: str, retry_after_s: float, now: float) -> None:
        """A bot is told to come back then; "" is for all buckets."""
        self._told[bucket] = now + retry_after_s

    def use(self, name: str, budget: Budget, now: float) -> float:
        """Take one from a budget; the seconds to wait when nothing is left of it, and else 0."""
        count, per_s = budget
        used = self._used[name]
        while used and used[0] <= now - per_s:
            used.popleft()
        if len(used) >= count:
            return used[0] + per_s - now
        used.append(now)
        return 0.0

    def enter(self, route: str, bucket: str, now: float, *, counted: bool) -> None:
        """A call begins. Raises TooMany."""
        if counted and self.settings.everywhere is not None:
            wait_s = self.use("everywhere", self.settings.everywhere, now)
            if wait_s:
                self.tell("", wait_s, now)
                raise TooMany(wait_s, everywhere=True)
        wait_s = self.use(bucket, self.settings.by_route.get(route, self.settings.routes), now)
        if wait_s:
            self.tell(bucket, wait_s, now)
            raise TooMany(wait_s)

    def headers(self, route: str, bucket: str, now: float) -> Mapping[str, str]:
        """What the API tells of a bucket with every answer."""
        count, per_s = self.settings.by_route.get(route, self.settings.routes)
        used = self._used[bucket]
        reset_s = used[0] + per_s - now if used else per_s
        return {
            "X-RateLimit-Limit": str(count),
            "X-RateLimit-Remaining": str(max(0, count - len(used))),
            "X-RateLimit-Reset": f"{now + reset_s:.3f}",
            "X-RateLimit-Reset-After": f"{max(0.0, reset_s):.3f}",
            "X-RateLimit-Bucket": f"{hash_of(route):08x}",
        }


def hash_of(route: str) -> int:
    """A bucket's name says nothing; it stays the same."""
    number = 0
    for letter in route.encode():
        number = (number * 131 + letter) & 0xFFFFFFFF
    return number
