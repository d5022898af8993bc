"""The rhythm of a desk: how many agents usually work in each half-hour of the week, and how today differs.

A backlog is worked off at the pace of the agents who will be there, not of those who are there now. What is
usual is learned as an average over past weeks, where a half-hour seen too seldom borrows from like days. What
differs today is told apart by how long it lasts: the attendance (somebody is ill, or help has come), an average
over the last hours, fades over half a day; the rest (somebody went for a coffee) within an hour or so. How fast
either fades is measured, beginning from these guesses.

Invariant: only open time counts, agents are never negative, and what is usual is never below 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, count, cycle, pairwise, repeat
from math import exp
from typing import NamedTuple

from status.hours import Hours
from status.rota import Rota

SLOT_S = 1800.0
DAY_SLOTS, WEEK_SLOTS = 48, 336
EPOCH_WEEKDAY = 3
"""1 January 1970 was a Thursday; weeks here begin on a Monday."""

SEEN_ENOUGH_S = 900.0
"""A half-hour teaches what is usual when the desk was open for half of it."""

WEEK_FADES, KIND_FADES = 0.25, 0.1
"""The weight of the newest week, and of the newest day of a kind, once many were seen: about a month of each."""

WEEK_DOUBT, KIND_DOUBT = 1.0, 0.3
"""How many weeks (days) the next coarser average counts as."""

CLOSED = 0.02
"""Fewer agents than this on average are none: a desk that was shut and not just badly manned."""

ATTENDANCE_S = 4 * 3600.0
ATTENDANCE_DOUBT_S = 2 * 3600.0
"""Attendance is a ratio over the last four hours; two agent-hours as usual are added, against small numbers."""

ATTENDANCE_LASTS_S, MOMENT_LASTS_S = 12 * 3600.0, 3600.0
FADING_DOUBT = 60.0
"""How long a difference lasts before it was measured, and how much that counts, in squared agents."""

FORGET = 0.998
"""A half-hour ago counts so much of now, for what is measured about fading: a fortnight or so."""

HELP_COMES_S = 2 * 3600.0
"""Help for an overrun desk comes between one and three hours later."""

HORIZON_S = 15 * 86_400.0
"""Nothing is forecast beyond this; the longest promise is two weeks."""


class Staffing(NamedTuple):
    """From `from_s` to `until_s` seconds from now `agents` are expected, `joining` of them just then."""

    from_s: float
    until_s: float
    agents: float
    joining: float


class Difference(NamedTuple):
    """How today differs: by attendance (`share` of the usual is missing, `surplus` agents are there on top), and
    by `moment` agents beyond that right now."""

    share: float
    surplus: float
    moment: float

    def lasting(self, usual: float) -> float:
        """The agents by which attendance moves a usual number."""
        return usual * self.share + (self.surplus if usual >= CLOSED else 0.0)


NO_DIFFERENCE = Difference(0.0, 0.0, 0.0)

Piece = tuple[float, float, int, float | None, bool]
"""From and until, in seconds from now; how many half-hours ahead that is; the usual agents; whether it is open."""


@dataclass(slots=True)
class Rhythm:
    """What was learned of agents on duty. All averages are over open time; `*_n` count what they rest on."""

    week: list[float] = field(default_factory=lambda: [0.0] * WEEK_SLOTS)
    week_n: list[int] = field(default_factory=lambda: [0] * WEEK_SLOTS)
    kind: list[float] = field(default_factory=lambda: [0.0] * 2 * DAY_SLOTS)
    kind_n: list[int] = field(default_factory=lambda: [0] * 2 * DAY_SLOTS)
    day: list[float] = field(default_factory=lambda: [0.0] * DAY_SLOTS)
    day_n: list[int] = field(default_factory=lambda: [0] * DAY_SLOTS)
    slot: int | None = None
    agents_s: float = 0.0
    open_s: float = 0.0
    present_s: float = 0.0
    expected_s: float = 0.0
    origins: list[tuple[float, float, float] | None] = field(default_factory=list)
    fading: list[list[float]] = field(default_factory=lambda: [[0.0] * 5 for _ in range(DAY_SLOTS)])
    last_open: float = 0.0
    """The agents when the desk was last seen open: what is expected where nothing else is known."""

    # Not part of the state: what follows from it, drawn anew when a half-hour has taught something.
    _week: list[float | None] = field(default_factory=list, init=False, repr=False, compare=False)
    _kept: list[tuple[float, float]] = field(default_factory=list, init=False, repr=False, compare=False)

    def usual(self, slot: int) -> float | None:
        """The usual agents in this slot of the week (0 to 335, from Monday 00:00 local); None before any like
        it was seen.
        """
        if not self._week:
            self._week = [self._usual(one) for one in range(WEEK_SLOTS)]
        return self._week[slot]

    def _usual(self, slot: int) -> float | None:
        """From coarse to fine: this time of day, of like days (weekdays, weekends), of this weekday."""
        time, weekend = slot % DAY_SLOTS, slot >= 5 * DAY_SLOTS
        like = time + DAY_SLOTS * weekend
        found = self.day[time] if self.day_n[time] else None
        if self.kind_n[like]:
            found = _refined(self.kind[like], self.kind_n[like], found, KIND_DOUBT, certain=True)
        if self.week_n[slot]:
            # One closed day among like days that were open is no rule yet.
            certain = self.week_n[slot] > 1 or (found or 0.0) < CLOSED
            found = _refined(self.week[slot], self.week_n[slot], found, WEEK_DOUBT, certain=certain)
        return found

    def advance(self, start: float, end: float, agents: int, hours: Hours, rota: Rota) -> None:
        """So many agents were on duty from `start` to `end` (epoch seconds)."""
        while start < end:
            slot = int(start // SLOT_S)
            until = min(end, (slot + 1) * SLOT_S)
            if self.slot != slot:
                self._finish(hours)
                self._begin(slot, start, agents, hours, rota)
            open_s = until - start if hours.round_the_clock else hours.staffed_s(start, until)
            if open_s > 0:
                self._spend(start, open_s, agents, hours, rota)
            if open_s < until - start:
                self._fade(until - start - open_s)
            start = until

    def _begin(self, slot: int, at: float, agents: int, hours: Hours, rota: Rota) -> None:
        self.slot, self.agents_s, self.open_s = slot, 0.0, 0.0
        here = self.difference(at, agents, hours, rota)
        self.origins.insert(0, None if here is None else (here.share, here.surplus, here.moment))
        del self.origins[DAY_SLOTS:]

    def _spend(self, at: float, open_s: float, agents: int, hours: Hours, rota: Rota) -> None:
        self.agents_s += agents * open_s
        self.open_s += open_s
        self.last_open = float(agents)
        expected = self.expected(at, hours, rota)
        if expected is not None and (expected >= CLOSED or agents):
            kept = exp(-open_s / ATTENDANCE_S)
            self.present_s = self.present_s * kept + agents * open_s
            self.expected_s = self.expected_s * kept + expected * open_s
        else:
            self._fade(open_s)

    def _fade(self, seconds: float) -> None:
        """Time passes in which nobody works: yesterday's attendance says less and less of tomorrow's."""
        missing_s = self.present_s - self.expected_s
        self.present_s = self.expected_s + missing_s * exp(-seconds / ATTENDANCE_LASTS_S)

    def _finish(self, hours: Hours) -> None:
        """A half-hour is over: what it teaches about fading, and then about the usual."""
        if self.slot is None or self.open_s < SEEN_ENOUGH_S:
            return
        seen, slot = self.agents_s / self.open_s, week_slot(self.slot, hours)
        usual = self.usual(slot)
        if usual is not None:
            self._measure_fading(usual, seen - usual)
        time, like = slot % DAY_SLOTS, slot % DAY_SLOTS + DAY_SLOTS * (slot >= 5 * DAY_SLOTS)
        _average(self.week, self.week_n, slot, seen, WEEK_FADES)
        _average(self.kind, self.kind_n, like, seen, KIND_FADES)
        _average(self.day, self.day_n, time, seen, KIND_FADES)
        for like_it in range(time, WEEK_SLOTS, DAY_SLOTS):
            self._week[like_it] = self._usual(like_it)

    def _measure_fading(self, usual: float, differs: float) -> None:
        """Sums for a regression of what differs now on what differed so many half-hours ago."""
        for origin, sums in zip(self.origins, self.fading, strict=False):
            if origin is None:
                continue
            share, surplus, moment = origin
            lasting = Difference(share, surplus, moment).lasting(usual)
            a, b, c, d, e = sums
            sums[:] = (
                a * FORGET + lasting * lasting,
                b * FORGET + lasting * moment,
                c * FORGET + moment * moment,
                d * FORGET + lasting * differs,
                e * FORGET + moment * differs,
            )
        self._kept.clear()

    def kept(self, lag: int) -> tuple[float, float]:
        """The parts of the two differences that are left after `lag` half-hours: least squares with a prior."""
        ago_s = (lag + 0.5) * SLOT_S
        a, b, c, d, e = self.fading[lag]
        a, c = a + FADING_DOUBT, c + FADING_DOUBT
        d += FADING_DOUBT * exp(-ago_s / ATTENDANCE_LASTS_S)
        e += FADING_DOUBT * exp(-ago_s / MOMENT_LASTS_S)
        scale = a * c - b * b
        lasting, moment = (d * c - b * e) / scale, (a * e - b * d) / scale
        return min(1.0, max(0.0, lasting)), min(1.0, max(0.0, moment))

    def expected(self, at: float, hours: Hours, rota: Rota) -> float | None:
        """The agents to be expected at this moment on an ordinary day: planned, or else as usual."""
        planned = rota.at(at) if rota else None
        if planned is not None and planned.planned is not None:
            return planned.planned + planned.extra
        usual = self.usual(week_slot(int(at // SLOT_S), hours))
        return usual if usual is None or planned is None else usual + planned.extra

    def difference(self, at: float, agents: float, hours: Hours, rota: Rota) -> Difference | None:
        """How this moment, with so many agents on duty, differs from what was to be expected."""
        expected = self.expected(at, hours, rota)
        if expected is None:
            return None
        doubt = ATTENDANCE_DOUBT_S
        share = min(0.0, (self.present_s + doubt) / (self.expected_s + doubt) - 1)
        surplus_s = max(0.0, self.present_s - self.expected_s)
        surplus = surplus_s / ATTENDANCE_S * self.expected_s / (self.expected_s + doubt)
        return Difference(share, surplus, agents - expected - expected * share - surplus)

    def ahead(self, at: float, agents: float, hours: Hours, rota: Rota, helpers: float) -> Iterator[Staffing]:
        """The agents to be expected from `at` on, stretch by stretch, for HORIZON_S.

        `helpers` more than usual are expected to come to an overrun desk (see `status.pace`).
        """
        here, kept = self.difference(at, agents, hours, rota), self._kept
        share, surplus, moment = here or NO_DIFFERENCE
        # Where nothing is known of a time: as now, or, from a closed desk, as when it was last open.
        unknown = agents if hours.round_the_clock or hours.is_open(at) else self.last_open
        if rota and unknown > rota.extra_at(at):
            unknown -= rota.extra_at(at)
        most = before = agents
        for begin_s, end_s, lag, usual, is_open in self._pieces(at, hours, rota):
            if begin_s >= HORIZON_S:
                break
            if usual is None:
                found = usual = unknown + (rota.extra_at(at + begin_s) if rota else 0.0)
            elif here is None or lag >= DAY_SLOTS or not is_open:
                found = usual
            else:
                while lag >= len(kept):
                    kept.append(self.kept(len(kept)))
                lasts, remains = kept[lag] if lag else self._kept_at_once(at)
                # As Difference.lasting says, which costs more than all the rest.
                lasting = usual * share + (surplus if usual >= CLOSED else 0.0)
                found = usual + lasting * lasts + moment * remains
                if found < 0.0:
                    found = 0.0
            if helpers and is_open:
                arrived = min(1.0, max(0.0, end_s / HELP_COMES_S - 0.5))
                found = max(found, usual + helpers * arrived)
            joining = 0.0
            if found > most:
                # Only a rise in what is usual is somebody joining; a rise by fading is a matter of doubt.
                joining = max(0.0, min(found - most, usual - before)) if begin_s else 0.0
                most = found
            before = usual
            yield Staffing(begin_s, end_s, found, joining)

    def _kept_at_once(self, at: float) -> tuple[float, float]:
        """What is left of the differences for the rest of this half-hour, which is nearer than half an hour."""
        lasting, moment = self._kept[0]
        part = 1 - at % SLOT_S / SLOT_S
        return 1 - (1 - lasting) * part, 1 - (1 - moment) * part

    def _pieces(self, at: float, hours: Hours, rota: Rota) -> Iterator[Piece]:
        """The half-hours from `at` on, cut where the desk opens or closes and where the rota changes."""
        first = int(at // SLOT_S)
        if hours.round_the_clock and not rota and hours.offset_s(at) == hours.offset_s(at + HORIZON_S):
            slot, rest_s = week_slot(first, hours), (first + 1) * SLOT_S - at
            begins, ends = chain((0.0,), count(rest_s, SLOT_S)), count(rest_s, SLOT_S)
            self.usual(slot)
            return zip(begins, ends, count(), chain(self._week[slot:], cycle(self._week)), repeat(True))
        return self._cut(at, first, hours, rota)

    def _cut(self, at: float, first: int, hours: Hours, rota: Rota) -> Iterator[Piece]:
        """The same for any desk, day by day."""
        for day in count(first, DAY_SLOTS):
            begin, until = max(at, day * SLOT_S), (day + DAY_SLOTS) * SLOT_S
            spans = hours.open_between(begin, until)
            edges = {begin, *(slot * SLOT_S for slot in range(day + 1, day + DAY_SLOTS + 1))}
            edges.update(*spans, (change.at for change in rota.changes(begin, until)))
            for start, end in pairwise(sorted(edges)):
                is_open = any(opens <= start < closes for opens, closes in spans)
                usual = self.expected(start, hours, rota) if is_open else 0.0
                yield start - at, end - at, int(start // SLOT_S) - first, usual, is_open


def week_slot(slot: int, hours: Hours) -> int:
    """The half-hour of the local week in which the half-hour with this number since the epoch lies."""
    local = slot + int(hours.offset_s(slot * SLOT_S) // SLOT_S)
    return (local + EPOCH_WEEKDAY * DAY_SLOTS) % WEEK_SLOTS


def _refined(fine: float, seen: int, coarse: float | None, doubt: float, *, certain: bool) -> float:
    """A fine average, leaning on the coarser one while it rests on little; a shut desk stays shut."""
    if coarse is None or (certain and fine < CLOSED):
        return fine
    return (fine * seen + coarse * doubt) / (seen + doubt)


def _average(values: list[float], counts: list[int], place: int, value: float, at_least: float) -> None:
    counts[place] += 1
    values[place] += (value - values[place]) * max(1 / counts[place], at_least)
