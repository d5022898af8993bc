"""What customers waited lately, whatever the queue looked like: recent turns, those still open among them.

For a customer who finds a hand free this is the best there is, and for a desk whose line explains nothing
(many small groups behind one queue, forgotten cases at its end) it is better than any theory of queues.

Lengths are open seconds. Invariant: so many turns are kept and no more; a turn still open counts as censored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, repeat

from status.forecast import GRID, SHARES, Forecast
from status.hours import Hours
from status.survival import Survival, survival

ENOUGH = 10
"""The fewest answered turns that can show a 90 % quantile."""

MEAN_MOST_S = 900.0
"""No turn counts as longer in the mean: one forgotten case must not stand for all."""

LOOK_AGAIN_S = 3600.0
LOOK_AGAIN_PART = 10
"""The curve is drawn anew after so much time, or when a tenth of all turns kept are new."""


@dataclass(slots=True)
class Turn:
    """A turn that began then; `open_s` is its length, None while it lasts."""

    began_at: float
    open_s: float | None = None
    answered: bool = False


@dataclass(slots=True)
class Experience:
    """The latest `kept` turns, by case, in order of their beginning; `answered` counts those with a reply.

    The rest follows from them, as it was drawn at `drawn_at`: the `curve`, the forecast of one who has just come
    (`fresh`), and for the mean the answered turns that were `counted` and their sum `answered_s`. `news` counts the
    turns that ended since.
    """

    kept: int
    turns: dict[str, Turn] = field(default_factory=dict)
    answered: int = 0
    news: int = 0
    drawn_at: float = 0.0
    counted: int = 0
    answered_s: float = 0.0
    curve: Survival | None = None
    fresh: Forecast | None = None

    def begin(self, case: str, at: float) -> None:
        """A turn begins."""
        before = self.turns.pop(case, None)
        if before is not None:
            self.answered -= before.answered
        self.turns[case] = Turn(at)
        if len(self.turns) > self.kept:
            oldest = self.turns.pop(next(iter(self.turns)))
            self.answered -= oldest.answered

    def end(self, case: str, at: float, hours: Hours, *, answered: bool) -> None:
        """It ends, by a reply or because the customer left."""
        turn = self.turns.get(case)
        if turn is not None and turn.open_s is None:
            turn.open_s, turn.answered = hours.staffed_s(turn.began_at, at), answered
            self.answered += answered
            self.news += 1

    def look(self, at: float, hours: Hours) -> None:
        """Draw the curve anew where enough has happened since the last time."""
        # Of few turns each one counts.
        enough = self.kept // LOOK_AGAIN_PART if self.answered > 3 * ENOUGH else 1
        if self.curve is not None and self.news < enough and at - self.drawn_at < LOOK_AGAIN_S:
            return
        over = [turn for turn in self.turns.values() if turn.open_s is not None]
        answered = [turn.open_s or 0.0 for turn in over if turn.answered]
        gone = [turn.open_s or 0.0 for turn in over if not turn.answered]
        unanswered = chain(gone, self._lasting(at, hours))
        self.curve = survival(chain(zip(answered, repeat(True)), zip(unanswered, repeat(False))))
        self.news, self.drawn_at = 0, at
        short = [open_s for open_s in answered if open_s < MEAN_MOST_S]
        self.counted = len(answered)
        self.answered_s = sum(short) + MEAN_MOST_S * (self.counted - len(short))
        times = self.curve.still_to_go(SHARES)
        self.fresh = None if times is None or self.answered < ENOUGH else Forecast(GRID, tuple(times))

    def _lasting(self, at: float, hours: Hours) -> Iterator[float]:
        """How long the turns that last have lasted, the latest first: each longer than the one before."""
        open_s, later = 0.0, at
        for turn in reversed(self.turns.values()):
            if turn.open_s is None:
                began = min(later, turn.began_at)
                open_s += later - began if hours.round_the_clock else hours.staffed_s(began, later)
                later = began
                yield open_s

    def forecast(self, elapsed_s: float) -> Forecast | None:
        """What is still to go (open seconds) after having waited so long; None while too little was seen.

        A case that has outlasted every turn is old, and what is old lasts: with a Pareto tail, as lists of
        forgotten cases show, the chance of lasting from e to t is e / t.
        """
        if self.fresh is None or self.curve is None or elapsed_s <= 0:
            return self.fresh
        times = self.curve.still_to_go(SHARES, elapsed_s)
        if times is None:
            times = [elapsed_s * share / (1 - share) for share in SHARES]
        return Forecast(GRID, tuple(times))

    def outlasted(self, elapsed_s: float, share: float) -> bool:
        """Whether fewer than `share` of such turns last this long."""
        return self.curve is not None and self.curve.still_waiting(elapsed_s) < share

    def mean_s(self, prior_s: float) -> float:
        """The mean length of the answered turns when last looked at, with a prior of two."""
        return (self.answered_s + 2 * prior_s) / (self.counted + 2)
