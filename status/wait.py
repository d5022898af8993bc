"""How long until the reply: a distribution, from the queue as it stands and what was learned of its past.

`estimate` is a pure function `(Snapshot, Learned) -> Wait | Unknown`. It thinks in open seconds and answers
in wall-clock ones, so nights count. Where no figure would be honest it says so, with the reason.

Two ideas. Behind a backlog, the wait is the time until ahead + 1 places have come free at the pace the desk
has shown; with hands free and nobody ahead, it is what lone customers waited lately. Until either has been
seen, the queue's own target stands in for it.

Invariants: quantiles are finite, ordered and never negative; one more ahead never shortens the wait.
"""

from __future__ import annotations

from math import log, log1p, sqrt
from statistics import NormalDist

from status.history import Learned, Tally, until
from status.model import Snapshot, Unknown, Wait
from status.survival import survival

SHARES = (0.5, 0.8, 0.9)
Z_SCORES = tuple(NormalDist().inv_cdf(share) for share in SHARES)
Quantiles = tuple[float, float, float]
"""Open seconds at SHARES."""

PRIOR_WEIGHT = 2.0
"""The target counts as much as two replies: enough to begin with, soon outvoted."""

SLOW_WEIGHT = 10.0
"""The usual pace counts as much as ten recent replies: ten give a pace within about a third (1/sqrt(10))."""

DRIFT = 0.04
"""Relative variance of the pace between now and the reply, beyond what counting explains: a fifth either
way."""

NOBODY_LEAVES_S = 4 * 3600.0
"""Until so much waiting was seen, customers are taken to stay: a wait is better told too long than too
short."""

ENOUGH_REPLIES = 5
"""From here on the desk's own pace outweighs the prior, and the method is no longer called one."""

SUMMED = 200
"""So many gaps are summed one by one: from there on two neighbours differ by less than half a percent."""

LONE_ENOUGH = 10
"""The fewest answered lone turns that can show a 90 % quantile."""

WORTH_WAITING_FOR = 0.1
"""A case that has outlasted nine in ten lone turns was not one of them; it is next in a queue that moves."""

STALE_GAPS = 10.0
"""A silence of ten usual gaps between replies comes by chance once in exp(10), about 22,000, gaps."""

STALE_AFTER_S = 30 * 60.0
"""A shorter silence is a coffee break, however fast the desk is when it works."""


def estimate(snapshot: Snapshot, learned: Learned) -> Wait | Unknown:
    """The time from `snapshot.taken_at` to the reply for the case asked about.

    Unknown with reason "contradictory" (the snapshot cannot be true), "nobody_on_duty" (open, but no agent;
    or no opening within a year), "thin" (closed, and no agent was ever seen at work) or "stale" (a backlog
    that has not moved for far longer than its pace explains).
    """
    if not _is_possible(snapshot):
        return Unknown("contradictory", snapshot.taken_at)
    agents, is_open = _agents_at_work(snapshot, learned), snapshot.hours.is_open(snapshot.taken_at)
    if agents <= 0:
        return Unknown("nobody_on_duty" if is_open else "thin", snapshot.taken_at)
    if is_open and _is_stale(snapshot, learned):
        return Unknown("stale", snapshot.taken_at)
    now = until(learned, snapshot.taken_at, snapshot.hours)
    lone = _lone(snapshot, now)
    if lone and snapshot.ahead == 0 and snapshot.claimed < agents:
        answered = sum(turn.answered for turn in now.lone)
        return _on_the_wall(snapshot, lone, "idle" if answered >= LONE_ENOUGH else "prior", answered)
    queued = _behind_a_backlog(snapshot, now, agents)
    # Whoever stands in line waits at least as long as one who finds nobody ahead.
    longest = (max(queued[0], lone[0]), max(queued[1], lone[1]), max(queued[2], lone[2])) if lone else queued
    method = "throughput" if now.slow.served >= ENOUGH_REPLIES else "prior"
    return _on_the_wall(snapshot, longest, method, round(now.slow.served))


def _is_possible(snapshot: Snapshot) -> bool:
    counts = (snapshot.waiting, snapshot.ahead, snapshot.claimed, snapshot.agents)
    lengths = (snapshot.elapsed_s, snapshot.oldest_s)
    return min(*counts, *lengths) >= 0 and snapshot.ahead <= snapshot.waiting


def _agents_at_work(snapshot: Snapshot, learned: Learned) -> float:
    """Agents on duty; while the desk is closed, as many as usually worked on a backlog."""
    usual = learned.slow
    if snapshot.hours.is_open(snapshot.taken_at) or not usual.busy_s:
        return snapshot.agents
    return usual.agent_s / usual.busy_s


def _prior_pace(snapshot: Snapshot) -> float:
    """Places per agent and second that come free if every hand finishes one case in the target time.

    Whoever finds all hands full and nobody ahead of them then waits for about the target at a desk of one
    hand: the slowest desk that whoever chose this target could have meant.
    """
    return snapshot.concurrency / snapshot.target_s


def _pace(tally: Tally, prior_pace: float, weight: float) -> float:
    """Places per agent-second: the tally's own, with the prior counted as `weight` more places."""
    return (tally.served + weight) / (tally.agent_s + weight / prior_pace)


def _is_stale(snapshot: Snapshot, learned: Learned) -> bool:
    """Whether a backlog has stood still for far longer than the pace before that silence explains."""
    if not snapshot.waiting:
        return False
    stood_since = max(snapshot.taken_at - snapshot.oldest_s, learned.moved_at or 0.0)
    silence_s = snapshot.hours.staffed_s(stood_since, snapshot.taken_at)
    rate = snapshot.agents * _pace(learned.settled, _prior_pace(snapshot), PRIOR_WEIGHT)
    return silence_s > max(STALE_AFTER_S, STALE_GAPS / rate)


def _lone(snapshot: Snapshot, learned: Learned) -> Quantiles | None:
    """What is still to go for a lone customer; None where the pace says more than lone turns do.

    That is so for a case that has waited longer than such cases do, and for a desk that is too busy to have
    seen many. A desk that has seen nothing yet is taken to keep its target in 80 % of cases, as targets are
    commonly meant, after an exponential wait, which needs no second figure.
    """
    lengths = learned.lone_lengths(snapshot.taken_at, snapshot.hours)
    if sum(length.answered for length in lengths) < LONE_ENOUGH:
        if learned.slow.served >= ENOUGH_REPLIES:
            return None
        mean_s = snapshot.target_s / -log(1 - 0.8)
        p50, p80, p90 = (-mean_s * log(1 - share) for share in SHARES)
        return p50, p80, p90
    curve = survival(lengths)
    if curve.still_waiting(snapshot.elapsed_s) < WORTH_WAITING_FOR:
        return None
    p50, p80, p90 = (curve.still_to_go(share, snapshot.elapsed_s) or 0.0 for share in SHARES)
    return p50, p80, p90


def _behind_a_backlog(snapshot: Snapshot, learned: Learned, agents: float) -> Quantiles:
    """The time until the cases ahead and this one are served.

    With s agents at work, each at pace m, the next place comes free after 1 / (s m) on average: the
    queue-length estimator of Whitt 1999 (https://doi.org/10.1287/mnsc.45.6.870). While i customers are
    ahead, each leaving at rate h, it is 1 / (s m + i h): Ibrahim and Whitt 2009
    (https://doi.org/10.1287/mnsc.1090.1041). Gaps are exponential, so the variances are the squares.
    Claimed cases without a reply are work to be done first, and by Little's law they add just the time that
    passes between claim and reply.
    """
    usual = _pace(learned.slow, _prior_pace(snapshot), PRIOR_WEIGHT)
    rate = agents * _pace(learned.fast, usual, SLOW_WEIGHT)
    leaving = learned.slow.left / (learned.slow.waiting_s + NOBODY_LEAVES_S)
    places_s, places_variance = _places(snapshot.ahead + 1, rate, leaving)
    mean_s = snapshot.claimed / rate + places_s
    variance = snapshot.claimed / rate**2 + places_variance
    evidence = learned.fast.served + min(SLOW_WEIGHT, learned.slow.served + PRIOR_WEIGHT)
    pace_variance = 1 / evidence + DRIFT
    relative = variance / mean_s**2
    # Two independent factors, the luck of the gaps and the error of the pace: their variances compound.
    return _gamma_quantiles(mean_s, relative + pace_variance + relative * pace_variance)


def _places(count: int, rate: float, leaving: float) -> tuple[float, float]:
    """Mean and variance of the time until so many places have come free: the sums of the gaps and their squares.

    A long queue is summed one by one only at its head; for the rest the sums are their integrals (midpoint
    rule), so that a million waiting cost no more than a thousand.
    """
    head = min(count, SUMMED)
    gaps = [1 / (rate + ahead * leaving) for ahead in range(head)]
    mean_s, variance = sum(gaps), sum(gap * gap for gap in gaps)
    if count > head:
        near, far = rate + (head - 0.5) * leaving, rate + (count - 0.5) * leaving
        growth = far / near - 1
        mean_s += (count - head) / near * (log1p(growth) / growth if growth else 1.0)
        variance += (count - head) / (near * far)
    return mean_s, variance


def _gamma_quantiles(mean_s: float, relative_variance: float) -> Quantiles:
    """Quantiles at SHARES of a gamma distribution, by the cube-root approximation.

    Wilson and Hilferty 1931 (https://doi.org/10.1073/pnas.17.12.684); within 4 % for a relative variance up
    to 2.
    """
    third = relative_variance / 9
    p50, p80, p90 = (mean_s * max(0.0, 1 - third + z * sqrt(third)) ** 3 for z in Z_SCORES)
    return p50, p80, p90


def _on_the_wall(snapshot: Snapshot, open_s: Quantiles, method: str, sample_size: int) -> Wait | Unknown:
    """Open seconds as wall-clock seconds from now."""
    at = snapshot.taken_at
    ends = [snapshot.hours.after(at, seconds) for seconds in open_s]
    p50, p80, p90 = (None if end is None else max(0.0, end - at) for end in ends)
    if p50 is None or p80 is None or p90 is None:
        return Unknown("nobody_on_duty", at)
    return Wait(p50, p80, p90, sample_size, method, at)
