"""All that a desk has taught us, kept up by one observation after another.

`learn` folds an observation into `Learned` at a cost that does not grow with what came before; `advance` lets time
pass, for no news is news too. Both change `Learned` in place, since a copy for each of a thousand events a minute is
what a service cannot afford; what was learned is plain data all the same (`status.memory`), and the same events give
the same data.

Invariant: time never runs backwards; an observation that comes late counts, but adds no time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log

from status.calibration import Calibration, Quantiles
from status.capacity import Capacity
from status.claims import Claims
from status.experience import Experience
from status.forecast import Forecast
from status.model import Desk, Observation
from status.pace import Pace
from status.rhythm import Rhythm

NEWS_TAKES_S = 10.0
"""A reply just in time may be told some seconds late: until then its promise is not broken."""

LONE_KEPT, RECENT_KEPT = 200, 500
"""So many turns are remembered of customers who found a hand free, and of all."""


@dataclass(slots=True)
class Answer:
    """A forecast and what was said of it; `rival_s` is the median of the other way of forecasting, `contest` the
    kind of question in which the two compete."""

    group: str
    forecast: Forecast
    quantiles: Quantiles
    rival_s: float | None
    chosen: str
    contest: str


@dataclass(slots=True)
class Learned:
    """What is known of a queue. `at`, `waiting`, `agents` and `held` are as the latest observation left them;
    `moved_at` is when the line last moved or, after nobody was on duty, could begin to. `lone` are the turns that
    found a hand free, `recent` all of them; `losses` say, for each contest, how far off theory and experience were
    lately, and in how many cases. `standing` is the answer that was published last.
    """

    at: float | None = None
    waiting: int = 0
    agents: int = 0
    held: int = 0
    moved_at: float = 0.0
    rhythm: Rhythm = field(default_factory=Rhythm)
    pace: Pace = field(default_factory=Pace)
    claims: Claims = field(default_factory=Claims)
    lone: Experience = field(default_factory=lambda: Experience(LONE_KEPT))
    recent: Experience = field(default_factory=lambda: Experience(RECENT_KEPT))
    calibration: Calibration = field(default_factory=Calibration)
    losses: dict[str, list[float]] = field(default_factory=dict)
    standing: Answer | None = None
    latest: tuple[object, Answer] | None = None
    """The last answer and what was asked, since the same is often asked again at once: forgotten as soon as
    anything changes."""
    clock: tuple[object, Capacity] | None = None
    """The desk's clock as it was last foreseen, and for what: likewise."""


def advance(learned: Learned, at: float, desk: Desk) -> None:
    """Let time pass up to `at` (epoch seconds), in which nothing happened."""
    if learned.at is None:
        learned.at = at
    if at <= learned.at:
        return
    start, learned.at, learned.latest, learned.clock = learned.at, at, None, None
    learned.rhythm.advance(start, at, learned.agents, desk.hours, desk.rota)
    if learned.waiting:
        open_s = at - start if desk.hours.round_the_clock else desk.hours.staffed_s(start, at)
        hands = learned.pace.hands(desk.hands)
        learned.pace.pass_time(at - start, open_s, learned.waiting, learned.agents, hands)
    learned.calibration.pass_time(at - NEWS_TAKES_S)


def learn(learned: Learned, seen: Observation, desk: Desk) -> None:
    """Learn what one more observation tells of the desk.

    A follow-up (`queued` false) never stood in the line: it moves nothing and teaches no wait.
    """
    advance(learned, seen.at, desk)
    learned.latest = None
    before_waiting, before_held = learned.waiting, learned.held
    learned.waiting, learned.held = seen.waiting, seen.held
    hands = learned.pace.hands(desk.hands)
    if seen.happened == "arrived" and seen.queued:
        _arrive(learned, seen, desk, hands)
    elif seen.happened in ("claimed", "answered") and seen.queued and seen.waiting < before_waiting:
        _take(learned, seen, hands, in_hand=seen.held > before_held)
    elif seen.happened == "left" and seen.waiting < before_waiting:
        learned.pace.leave()
    elif seen.held < before_held:
        learned.pace.free(seen.agent)
    if seen.happened in ("answered", "left") and seen.queued:
        _end(learned, seen, desk)
    if seen.agents and not learned.agents:
        learned.moved_at = seen.at
    learned.agents = seen.agents
    if not (seen.waiting and seen.agents):
        learned.pace.rest()


def _arrive(learned: Learned, seen: Observation, desk: Desk, hands: int) -> None:
    learned.pace.arrive(seen.at)
    if not seen.case:
        return
    if seen.waiting == 1 and seen.held < hands * seen.agents:
        learned.lone.begin(seen.case, seen.at)
    learned.recent.begin(seen.case, seen.at)


def _take(learned: Learned, seen: Observation, hands: int, *, in_hand: bool) -> None:
    if seen.ahead is not None:
        learned.claims.see(seen.ahead, seen.waiting + 1)
    loaded = seen.waiting > 0 and seen.agents > 0 and seen.held + seen.waiting >= hands * seen.agents
    learned.pace.take(seen.agent, in_hand=in_hand, loaded=loaded, busy=seen.waiting > 1)
    learned.moved_at = seen.at


def _end(learned: Learned, seen: Observation, desk: Desk) -> None:
    answered = seen.happened == "answered"
    learned.lone.end(seen.case, seen.at, desk.hours, answered=answered)
    learned.recent.end(seen.case, seen.at, desk.hours, answered=answered)
    for noted in learned.calibration.settle(seen.case, seen.at, answered=answered):
        if answered and noted.rival_s is not None and noted.wait_s is not None:
            _compare(
                learned, noted.contest, noted.chosen, noted.forecast.at(0.0), noted.rival_s, noted.wait_s
            )


def _compare(
    learned: Learned, contest: str, chosen: str, said_s: float, rival_s: float, wait_s: float
) -> None:
    """How far off the two ways of forecasting were, theory (`queue`) and experience (`lately`): the nearer one speaks
    in `status.wait`.
    """
    losses = learned.losses.setdefault(contest, [0.0, 0.0, 0.0])
    queue_s, lately_s = (said_s, rival_s) if chosen == "queue" else (rival_s, said_s)
    for place, loss in enumerate((missed(queue_s, wait_s), missed(lately_s, wait_s), 1.0)):
        losses[place] = losses[place] * 0.995 + loss


def missed(said_s: float, wait_s: float) -> float:
    """How far a median was off: by the ratio, so that a minute matters to a short wait and not to a long one."""
    return abs(log((said_s + 10) / (wait_s + 10)))
