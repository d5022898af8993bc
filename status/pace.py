"""The pace of a desk: how long one hand needs for a case, how many hands there are, who leaves, who floods in.

A hand is one case an agent can work on; an agent may have several. While customers wait, every hand goes
through its cycle without a pause: finish a case, pick up the next. The time between two replies, times the
hands at work, is therefore a sample of that cycle, and of nothing else: neither of how many customers came nor
of how long agents sat idle. That is why the pace is measured only between replies with somebody waiting all
the while.

Invariants: tallies are positive, time never runs backwards in them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp

PRIOR_REPLIES = 2.0
"""The target counts as much as two replies: enough to begin with, soon forgotten (TARGET_FADES)."""

REPLIES_KEPT = 1000.0
"""So many replies weigh in full; then all weigh half. The pace is known within about 4 %."""

NOBODY_LEAVES_S = 16 * 3600.0
"""Until so much waiting was seen, customers are taken to stay: better told too long a wait than too short."""

LEFT_KEPT = 500.0
LEAST_S = 1.0
"""No hand needs less than a second for a case, whatever a robot at the desk does."""

MOST_HANDS = 20

SURGE_S = 4 * 3600.0
"""Arrivals are counted over the last four hours, older ones fading."""

SURGE = 1.7
"""So many times the usual peak of a day are more than a busy day."""

PEAK_FADES, PEAK_MOST = 0.1, 2.0
"""The weight of the newest day's peak once ten were seen, and how many usual peaks a day may count as: one flood
must not make the next look ordinary."""

TARGET_FADES = 0.1
"""So much of the prior goes with each reply: after twenty the desk's own pace is all that counts."""

RATE_KEPT_S = 56 * 86_400.0
"""Arrivals are counted over four to eight weeks, so that a desk may grow."""

CLEARED_WITHIN_S = 8 * 3600.0
"""An overrun desk calls as much help as clears the surplus in a working day: a guess, for want of a rota."""

ORDINARY_DAYS = 2
"""Until so many days were seen, nobody can tell what is usual."""


@dataclass(slots=True)
class Pace:
    """What was learned. `replies` counts those measured and, of these, `prior` for the target; `cycle_s` sums up what
    was measured, `loaded_s` what has passed since the last reply (None while that measures nothing); `waiting_s` is
    customers times seconds. `in_hand` are the cases of each agent, `hands_seen` how often so many were seen at once.
    `lately` counts arrivals, fading, as of `lately_at`; `arrived` counts them since `began_at`; `peak` is
    the usual peak of `lately` in a day, after so many `days`, `peak_today` that of `day` so far.
    """

    replies: float = PRIOR_REPLIES
    prior: float = PRIOR_REPLIES
    cycle_s: float = 0.0
    loaded_s: float | None = None
    left: float = 0.0
    waiting_s: float = NOBODY_LEAVES_S
    in_hand: dict[str, int] = field(default_factory=dict)
    hands_seen: list[float] = field(default_factory=lambda: [0.0] * MOST_HANDS)
    arrived: int = 0
    lately: float = 0.0
    lately_at: float = 0.0
    began_at: float | None = None
    day: int | None = None
    days: int = 0
    peak: float = 0.0
    peak_today: float = 0.0

    def hands(self, configured: int | None) -> int:
        """The cases one agent works on at once: as configured, or as seen most often when work was waiting."""
        if configured is not None:
            return configured
        return max(1, self.hands_seen.index(max(self.hands_seen)))

    def hand_s(self, target_s: float) -> float:
        """Seconds from one reply of a hand to its next while customers wait.

        Before any was seen: as long as the target. Whoever finds the hands of the only agent full and nobody
        ahead then waits for about the target, at the slowest desk that such a target can mean.
        """
        return max(LEAST_S, (self.prior * target_s + self.cycle_s) / self.replies)

    @property
    def measured(self) -> float:
        """How many replies the pace rests on."""
        return self.replies - self.prior

    def leaving(self) -> float:
        """Customers who leave, per waiting customer and second."""
        return self.left / self.waiting_s

    def arrivals_per_s(self, at: float) -> float:
        """Arrivals per second on average, over some weeks."""
        if self.began_at is None:
            return 0.0
        return self.arrived / max(3600.0, at - self.began_at)

    def helpers(self, at: float, waiting: int, hand_s: float, hands: int) -> float:
        """The agents who will be called to an overrun desk, on top of the usual: 0 unless arrivals surge.

        A flood of customers (an outage, a recall) does not stay with the usual agents for days. As many more
        than SURGE usual peaks as have come lately, and still wait, are cleared in a working day.
        """
        if self.days < ORDINARY_DAYS:
            return 0.0
        lately = self.lately * exp(-(at - self.lately_at) / SURGE_S)
        surplus = min(float(waiting), lately - SURGE * self.peak)
        return max(0.0, surplus) * hand_s / hands / CLEARED_WITHIN_S

    # --- learning ------------------------------------------------------------------------------------------

    def pass_time(self, seconds: float, open_s: float, waiting: int, agents: int, hands: int) -> None:
        """Time passes, `open_s` of it open, with so many waiting and on duty.

        Agents work in open time; customers lose patience by night as well.
        """
        if self.loaded_s is not None:
            self.loaded_s += open_s * agents * hands
        self.waiting_s += seconds * waiting

    def arrive(self, at: float) -> None:
        """A customer joins the line."""
        if self.began_at is None:
            self.began_at = at
        self.arrived += 1
        self.lately = self.lately * exp(-max(0.0, at - self.lately_at) / SURGE_S) + 1
        self.lately_at = max(self.lately_at, at)
        self._see_peak(int(at // 86_400))
        if at - self.began_at > RATE_KEPT_S:
            self.arrived, self.began_at = self.arrived // 2, at - RATE_KEPT_S / 2

    def _see_peak(self, day: int) -> None:
        """Keep the day's peak of arrivals; with the next day it counts for what is usual."""
        if self.day is not None and day > self.day:
            self.days += 1
            highest = self.peak_today if self.days <= ORDINARY_DAYS else PEAK_MOST * self.peak
            self.peak += (min(self.peak_today, highest) - self.peak) * max(1 / self.days, PEAK_FADES)
            self.peak_today = 0.0
        if self.day is None or day >= self.day:
            self.day, self.peak_today = day, max(self.peak_today, self.lately)

    def take(self, agent: str, *, in_hand: bool, loaded: bool, busy: bool) -> None:
        """An agent took a case from the line; `loaded` while all hands are full and somebody still waits,
        `busy` when at least two do.
        """
        if self.loaded_s is not None:
            fades = min(self.prior, TARGET_FADES)
            self.prior -= fades
            self.replies += 1 - fades
            self.cycle_s += self.loaded_s
            if self.replies > REPLIES_KEPT:
                self.replies, self.cycle_s = self.replies / 2, self.cycle_s / 2
        self.loaded_s = 0.0 if loaded else None
        if in_hand and agent:
            held = self.in_hand[agent] = self.in_hand.get(agent, 0) + 1
            if busy:
                self.hands_seen[min(held, MOST_HANDS - 1)] += 1

    def free(self, agent: str) -> None:
        """An agent's hand is free again."""
        held = self.in_hand.pop(agent, 0)
        if held > 1:
            self.in_hand[agent] = held - 1

    def leave(self) -> None:
        """A customer left the line without a reply."""
        self.left += 1
        if self.left > LEFT_KEPT:
            self.left, self.waiting_s = self.left / 2, self.waiting_s / 2

    def rest(self) -> None:
        """Nobody waits, or nobody works: the time until the next reply measures nothing."""
        self.loaded_s = None
