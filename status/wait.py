"""How long until the reply: a distribution, from the queue as it stands and what was learned of its past.

One model, three questions: the wait of a new arrival (`live`), of whoever reads the figure that stands for five
minutes (`published`), and the time still to go for one who waits (`waiting`). The steps to each answer: where
does the case stand; when will the desk's own clock have advanced so far (theory), or, where that was nearer the
truth, what did customers wait lately (experience); and what do the scores of past forecasts make of it.

Where no figure would be honest the answer says so, with the reason. Invariants: quantiles are finite, ordered
and never negative; one more ahead never shortens the wait that theory tells.
"""

from __future__ import annotations

from math import log

from status.calibration import IDLE, Noted
from status.capacity import Capacity
from status.experience import ENOUGH
from status.forecast import (
    NORMAL,
    PACE_DOUBT,
    STAFF_DOUBT,
    STAFF_DOUBT_S,
    Forecast,
    Place,
    in_line,
    of_lengths,
)
from status.history import Answer, Learned, advance, learn
from status.model import Desk, Kind, Observation, Snapshot, Unknown, Wait
from status.rhythm import HORIZON_S

PICK_UP_S = 60.0
"""How long a free hand takes to begin a reply, until it was seen."""

ENOUGH_REPLIES = 5
"""From here on the desk's own pace outweighs the prior, and the method is no longer called one."""

WORTH_WAITING_FOR = 0.1
"""A case that has outlasted nine in ten lone turns was not one of them; it is next in a line that moves."""

STALE_REPLIES = 12.0
"""A silence in which twelve replies should have begun comes by chance once in exp(12), about 160,000, times."""

STALE_AFTER_S = 30 * 60.0
"""A shorter silence is a coffee break, however fast the desk is when it works."""

SHORT_S = 900.0
"""Who will be on duty in the next quarter of an hour is no matter of doubt."""

COMES_WITHIN_S = 300.0
"""While nobody is on duty: the standard deviation of when the first agent comes, besides what else is in doubt."""

NEARER, COMPARED = 0.9, 3.0
"""Experience speaks once its medians were off by clearly less than theory's, in so many cases."""


def estimate(snapshot: Snapshot, learned: Learned, desk: Desk, kind: Kind = "live") -> Wait | Unknown:
    """The time from `snapshot.taken_at` to the reply for the case asked about.

    Unknown with reason "contradictory" (the snapshot cannot be true), "stale" (the line stands still for far longer
    than its pace explains), "too_long" (agents are on duty, and it takes them more than two weeks),
    "nobody_on_duty" (no agent, and none to be expected within two weeks) or "thin" (closed, and nobody was on duty
    when it was last open). `learned` is brought up to `taken_at`; nothing else changes.
    """
    at = snapshot.taken_at
    if not _is_possible(snapshot):
        return Unknown("contradictory", at)
    advance(learned, at, desk)
    if _is_stale(snapshot, learned, desk):
        return Unknown("stale", at)
    answer = answer_of(snapshot, learned, desk, kind)
    if answer is None:
        return Unknown(_reason(snapshot, learned, desk), at)
    method, sample = _grounds(learned, answer)
    return Wait(*answer.quantiles, sample, method, at)


def publish(snapshot: Snapshot, learned: Learned, desk: Desk) -> Wait | Unknown:
    """The answer that will stand until the next one is published, and be judged by all who arrive meanwhile."""
    learned.calibration.forget(snapshot.taken_at)
    wait = estimate(snapshot, learned, desk, "published")
    learned.standing = None if isinstance(wait, Unknown) else answer_of(snapshot, learned, desk, "published")
    if learned.standing is not None:
        learned.standing.rival_s = _rival_s(snapshot, learned, desk, learned.standing.chosen)
    return wait


def observe(learned: Learned, seen: Observation, desk: Desk) -> None:
    """Learn from one more observation; whoever arrives was told something, and it will be seen if it was true."""
    if seen.happened == "arrived" and seen.queued and seen.case:
        advance(learned, seen.at, desk)
        before = max(0, seen.waiting - 1)
        found = Snapshot(seen.at, before, before, 0.0, 0.0, seen.held, seen.agents)
        note(seen.case, found, learned, desk, "live")
        if learned.standing is not None:
            _keep(seen.case, seen.at, learned.standing, learned)
    learn(learned, seen, desk)


def note(case: str, snapshot: Snapshot, learned: Learned, desk: Desk, kind: Kind) -> None:
    """Make a forecast for this case, to be scored when its wait is over."""
    answer = answer_of(snapshot, learned, desk, kind)
    if answer is not None and learned.calibration.wants(answer.group, snapshot.taken_at, answer.quantiles[0]):
        answer.rival_s = _rival_s(snapshot, learned, desk, answer.chosen)
        _keep(case, snapshot.taken_at, answer, learned)


def _keep(case: str, at: float, answer: Answer, learned: Learned) -> None:
    """Keep an answer that was given for this case, where its score will tell something new."""
    if learned.calibration.wants(answer.group, at, answer.quantiles[0]):
        _, p80_s, p90_s = answer.quantiles
        learned.calibration.note(
            Noted(
                answer.group,
                case,
                at,
                answer.forecast,
                p80_s,
                p90_s,
                answer.rival_s,
                answer.chosen,
                answer.contest,
            )
        )


def answer_of(snapshot: Snapshot, learned: Learned, desk: Desk, kind: Kind) -> Answer | None:
    """The forecast chosen for a snapshot and what is said of it; None where nobody is to be expected."""
    # How long others have waited makes no difference.
    asked = (
        snapshot.taken_at,
        snapshot.waiting,
        snapshot.ahead,
        snapshot.elapsed_s,
        snapshot.held,
        snapshot.agents,
        kind,
        desk,
    )
    if learned.latest is not None and learned.latest[0] == asked:
        return learned.latest[1]
    for experience in (learned.lone, learned.recent):
        experience.look(snapshot.taken_at, desk.hours)
    # Whether a reply can come with nobody on duty is a question of its own: some desks are manned unannounced.
    contest = kind if snapshot.agents else f"{kind} unmanned"
    alone = _alone(snapshot, learned, desk)
    lately = _by_experience(snapshot, learned, desk) if _experience_is_nearer(learned, contest) else None
    forecast = lately or alone or _behind_others(snapshot, learned, desk)
    if forecast is None or forecast.at(1.0) >= HORIZON_S:
        return None
    group = learned.calibration.group(kind, forecast, idle=alone is not None)
    quantiles = learned.calibration.quantiles(group, forecast)
    answer = Answer(group, forecast, quantiles, None, "queue" if lately is None else "lately", contest)
    learned.latest = asked, answer
    return answer


def _rival_s(snapshot: Snapshot, learned: Learned, desk: Desk, chosen: str) -> float | None:
    """What the other way of forecasting would have said, asked only where the two will be compared."""
    if chosen == "queue":
        rival = _by_experience(snapshot, learned, desk)
    else:
        rival = _alone(snapshot, learned, desk) or _behind_others(snapshot, learned, desk)
    return None if rival is None else rival.at(0.0)


def _by_experience(snapshot: Snapshot, learned: Learned, desk: Desk) -> Forecast | None:
    lately = learned.recent.forecast(_open_s(snapshot, desk))
    if lately is None or desk.hours.round_the_clock:
        return lately
    return _on_the_wall(lately, snapshot.taken_at, desk)


def _grounds(learned: Learned, answer: Answer) -> tuple[str, int]:
    """By which method, and resting on how many replies."""
    if answer.chosen == "lately":
        return "experience", learned.recent.answered
    if answer.group.endswith(IDLE):
        return ("idle" if learned.lone.answered >= ENOUGH else "prior"), learned.lone.answered
    replies = round(learned.pace.measured)
    return ("throughput" if replies >= ENOUGH_REPLIES else "prior"), replies


def _reason(snapshot: Snapshot, learned: Learned, desk: Desk) -> str:
    """Why there is no forecast."""
    if snapshot.agents:
        return "too_long"
    is_open = desk.hours.is_open(snapshot.taken_at)
    return "nobody_on_duty" if is_open or learned.rhythm.last_open else "thin"


def _is_possible(snapshot: Snapshot) -> bool:
    counts = (snapshot.waiting, snapshot.ahead, snapshot.held, snapshot.agents)
    lengths = (snapshot.elapsed_s, snapshot.oldest_s)
    return min(*counts, *lengths) >= 0 and snapshot.ahead <= snapshot.waiting


def _is_stale(snapshot: Snapshot, learned: Learned, desk: Desk) -> bool:
    """Whether the line has stood still for far longer than its pace explains."""
    if not (snapshot.waiting and snapshot.agents):
        return False
    stood_since = max(snapshot.taken_at - snapshot.oldest_s, learned.moved_at)
    silence_s = snapshot.taken_at - stood_since
    if silence_s <= STALE_AFTER_S:
        return False
    silence_s = desk.hours.staffed_s(stood_since, snapshot.taken_at)
    hands = learned.pace.hands(desk.hands)
    begun = silence_s * snapshot.agents * hands / learned.pace.hand_s(desk.target_s)
    return silence_s > STALE_AFTER_S and begun > STALE_REPLIES


def _open_s(snapshot: Snapshot, desk: Desk) -> float:
    if desk.hours.round_the_clock or not snapshot.elapsed_s:
        return snapshot.elapsed_s
    return desk.hours.staffed_s(snapshot.taken_at - snapshot.elapsed_s, snapshot.taken_at)


def _experience_is_nearer(learned: Learned, contest: str) -> bool:
    queue, lately, count = learned.losses.get(contest, (0.0, 0.0, 0.0))
    return count > COMPARED - 1 and lately < NEARER * queue


# --- by theory ---------------------------------------------------------------------------------------------


def _free(snapshot: Snapshot, learned: Learned, desk: Desk) -> int:
    """The hands that are free."""
    return max(0, learned.pace.hands(desk.hands) * snapshot.agents - snapshot.held)


def _alone(snapshot: Snapshot, learned: Learned, desk: Desk) -> Forecast | None:
    """What is still to go where a hand is free; None for a case that has waited longer than such cases do.

    A desk that has seen nothing yet is taken to keep its target in 80 % of cases, as targets are commonly meant,
    after an exponential wait, which needs no second figure.
    """
    if snapshot.ahead >= _free(snapshot, learned, desk) or not desk.hours.is_open(snapshot.taken_at):
        return None
    elapsed_s = _open_s(snapshot, desk)
    if learned.lone.answered < ENOUGH:
        mean_s = desk.target_s / -log(1 - 0.8)
        if learned.pace.measured >= ENOUGH_REPLIES:
            mean_s = min(mean_s, learned.lone.mean_s(PICK_UP_S))
        found: Forecast | None = of_lengths(lambda share: -mean_s * log(1 - share))
    elif elapsed_s and learned.lone.outlasted(elapsed_s, WORTH_WAITING_FOR):
        return None
    else:
        found = learned.lone.forecast(elapsed_s)
    if found is None or desk.hours.round_the_clock:
        return found
    return _on_the_wall(found, snapshot.taken_at, desk)


def _behind_others(snapshot: Snapshot, learned: Learned, desk: Desk) -> Forecast | None:
    """The forecast for one before whom so many replies must begin, its own included."""
    at, pace = snapshot.taken_at, learned.pace
    hands, free = pace.hands(desk.hands), _free(snapshot, learned, desk)
    replies = max(1, snapshot.ahead + 1 - free)
    hand_s = pace.hand_s(desk.target_s)
    at_work = hands * max(1, snapshot.agents)
    capacity = _clock(snapshot, learned, desk, hands, hand_s)
    arriving = snapshot.ahead == snapshot.waiting
    handover_s = learned.lone.mean_s(PICK_UP_S)
    place = Place(
        replies=replies,
        handover=handover_s * at_work / hand_s if snapshot.agents else 0.0,
        among=max(1.0, snapshot.waiting + arriving - free),
        newest=arriving or snapshot.ahead == snapshot.waiting - 1,
        joining=pace.arrivals_per_s(at) * hand_s / at_work,
    )
    spread = PACE_DOUBT + 1 / pace.replies
    if not snapshot.agents or replies * hand_s / at_work > SHORT_S:
        median_s = capacity.seconds([replies + place.handover])[0]
        if median_s >= HORIZON_S:
            return None
        spread += STAFF_DOUBT * min(1.0, median_s / STAFF_DOUBT_S) ** 2
    found = in_line(place, learned.claims.order(), spread, capacity.seconds)
    return found if snapshot.agents else _once_somebody_comes(found, handover_s, at, desk)


def _once_somebody_comes(found: Forecast, handover_s: float, at: float, desk: Desk) -> Forecast:
    """A forecast made while nobody is on duty: agents do not come on the stroke, but not before the desk opens
    either, and a reply takes them as long as it takes a free hand (an exponential time, in want of better).
    """
    opens_at = desk.hours.next_opening(at)
    closed_s = 0.0 if opens_at is None else opens_at - at
    seconds = (
        max(closed_s, at_s + COMES_WITHIN_S * z) - handover_s * log(1 - share)
        for z, share, at_s in zip(found.z, map(NORMAL.cdf, found.z), found.seconds, strict=True)
    )
    return Forecast(found.z, tuple(seconds))


def _clock(snapshot: Snapshot, learned: Learned, desk: Desk, hands: int, hand_s: float) -> Capacity:
    """The desk's own clock from now on: one for all who ask at this moment."""
    at, agents, pace = snapshot.taken_at, snapshot.agents, learned.pace
    helpers = pace.helpers(at, snapshot.waiting, hand_s, hands)
    asked = (at, agents, helpers, hands, hand_s, pace.leaving(), desk)
    if learned.clock is None or learned.clock[0] != asked:
        agents_ahead = learned.rhythm.ahead(at, agents, desk.hours, desk.rota, helpers)
        learned.clock = asked, Capacity(agents_ahead, hands, 1 / hand_s, pace.leaving())
    return learned.clock[1]


def _on_the_wall(forecast: Forecast, at: float, desk: Desk) -> Forecast | None:
    """A forecast in open seconds as one in wall-clock seconds from `at`; None where the desk never opens."""
    ends = [desk.hours.after(at, seconds) for seconds in forecast.seconds]
    if ends[-1] is None:
        return None
    return Forecast(forecast.z, tuple(max(0.0, end - at) for end in ends if end is not None))
