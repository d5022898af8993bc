"""Who is taken next: a fair desk, one that picks, and one that takes what came last are told apart."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from status.claims import Claims, Order
from status.forecast import FAIR
from tests.chapter.desk import ALIKE

Pick = Callable[[Random, int], int]
"""Which place of a line of so many an agent takes."""

PICKS: dict[str, Pick] = {
    "longest": lambda random, waiting: 0,
    "anybody": lambda random, waiting: random.randrange(waiting),
    "newest": lambda random, waiting: waiting - 1,
}


def order_of(pick: Pick, claims: int = 1500) -> Order:
    """What a desk shows that takes its customers like this, from lines of three to twelve."""
    random, seen = Random(1), Claims()
    for _ in range(claims):
        waiting = random.randint(3, 12)
        seen.see(pick(random, waiting), waiting)
    return seen.order()


def test_a_desk_is_taken_to_be_fair_until_it_shows_otherwise() -> None:
    assert Claims().order().longest >= FAIR
    assert sum(Claims().order()) == pytest.approx(1)


@pytest.mark.parametrize("kind", PICKS)
def test_no_order_is_ever_ruled_out(kind: str) -> None:
    """Even where the newest was taken 20,000 times, who has waited longest is taken some time."""
    assert min(order_of(PICKS[kind], claims=20_000)) > 0.005


@pytest.mark.parametrize("kind", PICKS)
def test_a_desk_of_one_kind_is_recognised(kind: str) -> None:
    assert order_of(PICKS[kind])._asdict()[kind] > 0.85


def test_two_agents_who_choose_at_the_same_time_are_still_fair() -> None:
    """Now and then the second in line is taken a moment before the first: nobody was picked at random."""
    assert order_of(lambda random, waiting: int(random.random() < 0.08)).longest > 0.95


def test_a_mixture_is_found_in_its_parts() -> None:
    """Half of all claims take the longest waiting, a third anybody, and a sixth the newest."""

    def pick(random: Random, waiting: int) -> int:
        return PICKS[random.choice(("longest",) * 3 + ("anybody",) * 2 + ("newest",))](random, waiting)

    assert order_of(pick, claims=4000) == pytest.approx((1 / 2, 1 / 3, 1 / 6), abs=0.1)


def test_a_claim_is_shared_out_by_how_likely_each_order_explains_it() -> None:
    """The second of three is taken, at a desk whose orders weigh 20, 3 and 1.

    A fair desk takes the next but one with chance 0.05: 20 x 0.05 = 1. Anybody is taken with 1/3: 3 x 1/3 = 1. The
    newest it is not. So half of this claim goes to the first order and half to the second; and of what was known
    before, a five-hundredth is forgotten.
    """
    seen = Claims(longest=20.0, anybody=3.0, newest=1.0)
    seen.see(1, 3)
    assert (seen.longest, seen.anybody, seen.newest) == pytest.approx(
        (20 * 0.998 + 0.5, 3 * 0.998 + 0.5, 0.998)
    )


def test_from_a_line_of_two_nothing_is_learned() -> None:
    """The longest and the newest are everybody there is."""
    seen = Claims()
    seen.see(1, 2)
    seen.see(0, 1)
    assert seen == Claims()


def test_a_desk_that_changes_its_habit_is_believed_by_and_by() -> None:
    """Fair for 2,000 claims, then anybody is taken: after 500 that is plain, after 2,000 nearly all there is."""
    random, seen = Random(1), Claims()
    for _ in range(2000):
        seen.see(0, 8)
    shares = []
    for _ in range(4):
        for _ in range(500):
            seen.see(random.randrange(8), 8)
        shares.append(seen.order().anybody)
    assert shares == sorted(shares)
    assert shares[0] > 0.2
    assert shares[-1] > 0.75


claims = st.integers(1, 200).flatmap(lambda waiting: st.tuples(st.integers(0, waiting - 1), st.just(waiting)))


@settings(ALIKE, max_examples=50)
@given(st.lists(claims, max_size=60))
def test_whatever_is_taken_the_shares_are_positive_and_add_up_to_one(taken: list[tuple[int, int]]) -> None:
    seen = Claims()
    for ahead, waiting in taken:
        seen.see(ahead, waiting)
    assert min(seen.order()) > 0
    assert sum(seen.order()) == pytest.approx(1)
