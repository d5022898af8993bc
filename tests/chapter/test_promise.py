"""What we dare say: boxes, steadiness, opening hours, and whether it was kept."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from status import Hours, Outlook, Promise, Unknown, Wait, outlook
from status.promise import BOXES_S, SHORTER_MARGIN, box, clearly_worse, judge, warn_at
from tests.chapter.desk import ALIKE, ALWAYS, DAY, DAYTIME, HOUR, MINUTE, T0, seen_at

QUARTER = Promise(made_at=T0, starts_at=T0, within_s=15 * MINUTE)


def wait_of(p80_s: float, at: float = T0) -> Wait:
    """A wait with this p80."""
    return Wait(p80_s / 2, p80_s, p80_s * 1.3, 50, "throughput", at)


def promised(now: Outlook) -> Promise:
    """The outlook's promise, which must be there."""
    assert now.promise is not None, now
    return now.promise


def within_s(p80_s: float, previous: Promise | None = None) -> float:
    """The length of the promise made of a wait with this p80."""
    return promised(outlook(seen_at(T0), wait_of(p80_s), ALWAYS, previous)).within_s


def test_a_promise_is_rounded_up_to_a_length_people_use() -> None:
    """Never down: eleven minutes become fifteen, and fifteen stay fifteen."""
    assert within_s(11 * MINUTE) == 15 * MINUTE
    assert within_s(15 * MINUTE) == 15 * MINUTE
    assert within_s(0.0) == MINUTE


def test_the_boxes_are_coarse_enough_to_be_honest_and_fine_enough_to_help() -> None:
    """Outside the first few minutes each is 1.25 to 2 times the one before."""
    assert all(1.25 <= longer / shorter <= 2 for shorter, longer in pairwise(BOXES_S))


def test_beyond_two_weeks_nothing_is_promised() -> None:
    """The wait is still there for who wants it, the promise is not."""
    now = outlook(seen_at(T0), wait_of(15 * DAY), ALWAYS)
    assert (now.state, now.reason, now.promise) == ("unknown", "too_long", None)
    assert now.wait is not None
    assert box(14 * DAY + 1) is None


def test_an_open_desk_promises_from_now() -> None:
    now = outlook(seen_at(T0, waiting=4, agents=2), wait_of(11 * MINUTE), ALWAYS)
    assert (now.state, now.waiting, now.agents, now.opens_at) == ("open", 4, 2, None)
    assert promised(now) == QUARTER
    assert promised(now).due_at == T0 + 15 * MINUTE


def test_a_closed_desk_promises_from_its_opening() -> None:
    """At 08:00 the reply is expected at 09:11: "we open at nine; then within fifteen minutes"."""
    at = T0 + 8 * HOUR
    now = outlook(seen_at(at), wait_of(71 * MINUTE, at), DAYTIME)
    assert (now.state, now.opens_at) == ("closed", T0 + 9 * HOUR)
    assert promised(now) == Promise(at, T0 + 9 * HOUR, 15 * MINUTE)


def test_a_closed_desk_without_a_figure_still_says_when_it_opens() -> None:
    now = outlook(seen_at(T0), Unknown("thin", T0), DAYTIME)
    assert (now.state, now.opens_at, now.promise) == ("closed", T0 + 9 * HOUR, None)


def test_a_desk_that_never_opens_is_closed_without_a_date() -> None:
    never = Hours(DAYTIME.zone, ((),) * 7)
    now = outlook(seen_at(T0), Unknown("nobody_on_duty", T0), never)
    assert (now.state, now.opens_at, now.promise) == ("closed", None, None)


def test_without_a_figure_the_reason_is_said() -> None:
    now = outlook(seen_at(T0), Unknown("stale", T0), ALWAYS, QUARTER)
    assert (now.state, now.reason, now.wait, now.promise) == ("unknown", "stale", None, None)


def test_a_longer_wait_is_published_at_once() -> None:
    """One second over fifteen minutes is twenty: bad news does not wait."""
    assert within_s(15 * MINUTE + 1, previous=QUARTER) == 20 * MINUTE


def test_a_shorter_wait_is_published_when_it_is_clearly_shorter() -> None:
    """9:59 would fit ten minutes, but not when a tenth longer; 8:50 would, so ten it is."""
    assert within_s(9 * MINUTE + 59, previous=QUARTER) == 15 * MINUTE
    assert within_s(8 * MINUTE + 50, previous=QUARTER) == 10 * MINUTE


def test_a_much_shorter_wait_may_skip_boxes() -> None:
    """4:45 fits five minutes, but not with the margin; so the banner goes from fifteen to eight."""
    assert within_s(4 * MINUTE + 45, previous=QUARTER) == 8 * MINUTE


def test_a_wait_that_trembles_at_the_edge_of_a_box_does_not_make_the_banner_flicker() -> None:
    """p80 moves at random within 4 % of ten minutes for a day: the figure changes at most once."""
    random, previous, shown = Random(5), None, []
    for _ in range(288):
        now = outlook(seen_at(T0), wait_of(10 * MINUTE * random.uniform(0.96, 1.04)), ALWAYS, previous)
        previous = promised(now)
        shown.append(previous.within_s)
    assert sum(one != next_one for one, next_one in pairwise(shown)) <= 1
    assert shown[-1] == 15 * MINUTE


@pytest.mark.parametrize(("after_s", "answered", "verdict"), [
    (15 * MINUTE, True, True),
    (15 * MINUTE + 1, True, False),
    (15 * MINUTE + 1, False, False),
    (15 * MINUTE, False, None),
    (5 * MINUTE, False, None),
])  # fmt: skip
def test_a_promise_is_kept_broken_or_never_known(
    after_s: float, answered: bool, verdict: bool | None
) -> None:
    """Kept by a reply in time; broken once time is up, whatever comes then; unknown for who left before."""
    assert judge(QUARTER, T0 + after_s, answered) is verdict


def test_a_little_later_than_promised_is_no_news() -> None:
    """After ten minutes, seven more: 17 of 15 may be chance. Eleven more, 21 of 15, is clearly worse."""
    at = T0 + 10 * MINUTE
    slightly = outlook(seen_at(at), wait_of(7 * MINUTE, at), ALWAYS)
    clearly = outlook(seen_at(at), wait_of(11 * MINUTE, at), ALWAYS)
    assert not clearly_worse(QUARTER, slightly)
    assert clearly_worse(QUARTER, clearly)


def test_without_a_figure_there_is_nothing_better_to_tell() -> None:
    assert not clearly_worse(QUARTER, outlook(seen_at(T0), Unknown("stale", T0), ALWAYS))


def test_a_wait_beyond_all_boxes_is_worse_than_any_promise() -> None:
    fortnight = replace(QUARTER, within_s=14 * DAY)
    assert clearly_worse(fortnight, outlook(seen_at(T0), wait_of(30 * DAY), ALWAYS))


def test_a_promise_is_looked_at_again_while_a_warning_still_helps() -> None:
    """After ten of fifteen minutes; a night before the opening does not count."""
    assert warn_at(QUARTER) == pytest.approx(T0 + 10 * MINUTE)
    tomorrow = Promise(T0, T0 + 9 * HOUR, 15 * MINUTE)
    assert warn_at(tomorrow) == pytest.approx(T0 + 9 * HOUR + 10 * MINUTE)


lengths_s = st.floats(0, 14 * DAY)
previous_promises = st.none() | st.builds(Promise, st.just(T0), st.just(T0), st.sampled_from(BOXES_S))


@ALIKE
@given(lengths_s, previous_promises)
def test_a_promise_is_never_shorter_than_its_p80(p80_s: float, previous: Promise | None) -> None:
    """To the thousandth of a second."""
    told_s = within_s(p80_s, previous)
    assert told_s >= p80_s - 0.001
    assert told_s in BOXES_S


@ALIKE
@given(lengths_s, previous_promises)
def test_the_same_wait_again_changes_nothing(p80_s: float, previous: Promise | None) -> None:
    settled = promised(outlook(seen_at(T0), wait_of(p80_s), ALWAYS, previous))
    assert within_s(p80_s, settled) == settled.within_s


@ALIKE
@given(lengths_s, st.lists(st.floats(1 - SHORTER_MARGIN / 2, 1 + SHORTER_MARGIN / 2.5), max_size=20))
def test_small_movements_never_make_the_figure_go_up_and_down(p80_s: float, noise: list[float]) -> None:
    """Once it has gone up, movements within the margin do not bring it down again."""
    previous, shown = None, []
    for factor in noise:
        previous = promised(outlook(seen_at(T0), wait_of(min(p80_s * factor, BOXES_S[-1])), ALWAYS, previous))
        shown.append(previous.within_s)
    assert shown == sorted(shown)


@ALIKE
@given(st.floats(0, 30 * DAY), st.booleans())
def test_a_verdict_once_false_stays_false(after_s: float, answered: bool) -> None:
    at = QUARTER.due_at + after_s
    assert judge(QUARTER, at + 1, answered) is False
    assert judge(QUARTER, QUARTER.due_at - after_s, answered) is (True if answered else None)
