"""How fast a bot may write: in one private chat, in one group, over all; and whether it waited when it was told to."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

SLACK = 0.9
"""The share of a window that must really lie between: a request is not always on its way for the same time."""
EARLY_S = 0.05


@dataclass(slots=True)
class Limits:
    """How many messages in how many seconds; `enforced` when too fast a bot is answered with 429."""

    private: tuple[int, float] = (1, 1.0)
    group: tuple[int, float] = (20, 60.0)
    overall: tuple[int, float] = (30, 1.0)
    profile: tuple[int, float] | None = None
    """Changes of one thing in the profile; always enforced, where a test says so: the vendor tells nobody."""
    enforced: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a message breaks, and for how many whole seconds it must wait, if it must."""

    broken: tuple[str, ...]
    wait_s: int


@dataclass(slots=True)
class Pacer:
    """Counts what was sent where; `now` gives monotonic seconds."""

    limits: Limits
    now: Callable[[], float]
    _sent: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _told: dict[str, float] = field(default_factory=dict)

    def told(self, chat: str, retry_after_s: float) -> None:
        """A bot was told not to write to a chat for that long."""
        self._told[chat] = max(self.now() + retry_after_s, self._told.get(chat, 0.0))

    def early_by_s(self, chat: str) -> float:
        """How much too early a bot writes to a chat, for having been told to wait; 0 when it may."""
        left = self._told.get(chat, 0.0) - self.now()
        return left if left > EARLY_S else 0.0

    def profile_wait_s(self, what: str) -> int:
        """For how many whole seconds a change of the profile must wait; 0 when it counts from now on."""
        if self.limits.profile is None:
            return 0
        sent = self._sent[f"profile:{what}"]
        wait_s = math.ceil(self._wait_s(sent, self.limits.profile, 1, share=1.0))
        if not wait_s:
            sent.append(self.now())
        return wait_s

    def judge(self, chat: str, private: bool, messages: int) -> Verdict:
        """What `messages` more in this chat break. They count unless they must wait; an album is one in private."""
        windows = {
            chat: ("private" if private else "group", self.limits.private if private else self.limits.group),
            "": ("overall", self.limits.overall),
        }
        waits = {
            kind: wait
            for key, (kind, window) in windows.items()
            if (wait := self._wait_s(self._sent[key], window, 1 if kind == "private" else messages)) > 0
        }
        wait_s = math.ceil(max(waits.values(), default=0.0)) if self.limits.enforced else 0
        if not wait_s:
            for key in windows:
                self._sent[key].extend([self.now()] * messages)
        return Verdict(tuple(waits), wait_s)

    def _wait_s(
        self, sent: deque[float], window: tuple[int, float], messages: int, share: float = SLACK
    ) -> float:
        most, within_s = window
        within_s *= share
        while sent and sent[0] <= self.now() - within_s:
            sent.popleft()
        beyond = len(sent) + messages - most
        if beyond <= 0 or not sent:
            return 0.0
        return sent[min(beyond, len(sent)) - 1] + within_s - self.now()
