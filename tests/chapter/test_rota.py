"""What is planned for tomorrow: instead of the usual, on top of it, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from status.rota import Rota, Span, Stretch
from tests.chapter.desk import ALIKE, HOUR, T0

EARLY, LATE = Span(T0 + 8 * HOUR, T0 + 16 * HOUR, 3), Span(T0 + 14 * HOUR, T0 + 22 * HOUR, 2)
HELP = Span(T0 + 15 * HOUR, T0 + 17 * HOUR, 4)


def test_without_a_plan_nothing_is_known_and_the_usual_come() -> None:
    assert Rota().planned(T0) is None
    assert Rota().at(T0).agents(usual=5) == 5
    assert not Rota()


def test_planned_agents_come_instead_of_the_usual() -> None:
    rota = Rota((EARLY,))
    assert rota.planned(T0 + 9 * HOUR) == 3
    assert rota.at(T0 + 9 * HOUR).agents(usual=5) == 3


def test_a_span_counts_from_its_first_moment_up_to_its_last() -> None:
    rota = Rota((EARLY,))
    assert (rota.planned(EARLY.from_at), rota.planned(EARLY.until_at)) == (3, None)
    assert rota.planned(EARLY.from_at - 1) is None


def test_spans_that_overlap_add_up() -> None:
    rota = Rota((EARLY, LATE))
    assert [rota.planned(T0 + hour * HOUR) for hour in (13, 15, 17)] == [3, 5, 2]


def test_nobody_is_planned_is_not_the_same_as_nothing_is_planned() -> None:
    rota = Rota((EARLY._replace(agents=0),))
    assert (rota.planned(T0 + 9 * HOUR), rota.planned(T0)) == (0, None)
    assert rota.at(T0 + 9 * HOUR).agents(usual=5) == 0


def test_extra_agents_come_on_top_of_the_planned_and_of_the_usual() -> None:
    assert Rota((EARLY,), (HELP,)).at(T0 + 15 * HOUR).agents(usual=5) == 7
    assert Rota((), (HELP,)).at(T0 + 15 * HOUR).agents(usual=5) == 9
    assert Rota((), (HELP,)).planned(T0 + 15 * HOUR) is None
    assert Rota((), (HELP,)).extra_at(T0 + 15 * HOUR) == 4


def test_changes_begin_with_what_holds_at_the_start() -> None:
    rota = Rota((EARLY, LATE), (HELP,))
    assert rota.changes(T0 + 9 * HOUR, T0 + 17 * HOUR) == [
        Stretch(T0 + 9 * HOUR, 3, 0),
        Stretch(T0 + 14 * HOUR, 5, 0),
        Stretch(T0 + 15 * HOUR, 5, 4),
        Stretch(T0 + 16 * HOUR, 2, 4),
    ]
    assert rota.changes(T0 + 23 * HOUR, T0 + 24 * HOUR) == [Stretch(T0 + 23 * HOUR, None, 0)]


def test_a_shift_that_follows_another_of_the_same_size_is_no_change() -> None:
    rota = Rota((EARLY, EARLY._replace(from_at=EARLY.until_at, until_at=LATE.until_at)))
    assert rota.changes(T0 + 9 * HOUR, T0 + 20 * HOUR) == [Stretch(T0 + 9 * HOUR, 3, 0)]


def test_parts_of_agents_leave_nothing_behind() -> None:
    parts = tuple(Span(T0 + n, T0 + 100 + n, 0.1) for n in range(10))
    assert Rota((Span(T0, T0 + 200, 0), *parts)).planned(T0 + 150) == 0


@pytest.mark.parametrize("span", [(T0, T0, 1), (T0 + 1, T0, 1), (T0, T0 + 1, -1), (T0, T0 + 1, float("nan"))])
def test_a_span_that_cannot_be_is_refused(span: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="a span"):
        Rota((Span(*span),))
    with pytest.raises(ValueError, match="a span"):
        Rota((), (Span(*span),))


SPANS = st.lists(
    st.builds(
        lambda start, length, agents: Span(start, start + length, agents),
        st.integers(0, 100),
        st.integers(1, 50),
        st.integers(0, 5),
    ),
    max_size=12,
).map(tuple)


@ALIKE
@given(SPANS, SPANS, st.integers(-1, 160), st.integers(0, 100))
def test_any_rota_says_at_every_moment_what_its_spans_say(
    spans: tuple[Span, ...], extra: tuple[Span, ...], start: int, length: int
) -> None:
    rota = Rota(spans, extra)
    changes = rota.changes(start, start + length)
    for at in range(start, start + max(1, length)):
        running = [span.agents for span in spans if span.from_at <= at < span.until_at]
        on_top = sum(span.agents for span in extra if span.from_at <= at < span.until_at)
        stretch = rota.at(at)
        assert (stretch.planned, stretch.extra) == (sum(running) if running else None, on_top)
        assert [one for one in changes if one.at <= at][-1][1:] == stretch[1:]
    assert all(one.at < start + length for one in changes[1:])
