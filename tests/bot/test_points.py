"""Points of the history: nothing is counted twice or lost, whether points are put together or not."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.points import SLOT_S, in_slots
from bot.published import HistoryPoint, Published
from status.model import TrackRecord
from tests.bot.signs import NOON, promising

COUNTS = ("promises", "kept", "arrived", "answered", "left", "within_target")


def test_a_slot_has_the_mean_of_its_figures_and_the_sum_of_its_counts() -> None:
    points = [
        HistoryPoint(NOON, "open", 3, 2, 100, 200, 2, 1, 5, 4, 1, 3),
        HistoryPoint(NOON + 300, "unknown", 4, 0, None, None, 1, 1, 1, 0, 0, 0),
        HistoryPoint(NOON + 600, "open", 2, 2, 300, 600, 0, 0, 1, 1, 0, 1),
        HistoryPoint(NOON + SLOT_S, "closed", 0, 0, None, None, 0, 0),
    ]
    assert in_slots(points) == [
        HistoryPoint(NOON, "open", 2, 2, 200, 400, 3, 2, 7, 5, 1, 4),
        HistoryPoint(NOON + SLOT_S, "closed", 0, 0, None, None, 0, 0),
    ]


def test_a_figure_without_a_state_is_none() -> None:
    """A closed desk's figure is that of its opening, which says nothing of the wait now."""
    (slot,) = in_slots([HistoryPoint(NOON, "closed", 1, 0, 100, 200, 0, 0)])
    assert (slot.p50_s, slot.p80_s) == (None, None)


POINTS = st.lists(
    st.builds(
        HistoryPoint,
        at=st.floats(NOON, NOON + 86_400),
        state=st.sampled_from(["open", "closed", "unknown"]),
        waiting=st.integers(0, 9),
        agents=st.integers(0, 9),
        p50_s=st.none() | st.floats(0, 1e5),
        p80_s=st.none() | st.floats(0, 1e5),
        **{name: st.integers(0, 9) for name in COUNTS},
    ),
    max_size=30,
)


@given(POINTS)
def test_putting_together_loses_and_invents_nothing(points: list[HistoryPoint]) -> None:
    ordered = sorted(points, key=lambda point: point.at)
    slots = in_slots(ordered)
    for name in COUNTS:
        assert sum(getattr(slot, name) for slot in slots) == sum(getattr(point, name) for point in points)
    assert [slot.at for slot in slots] == sorted({point.at // SLOT_S * SLOT_S for point in points})


def test_what_was_stored_before_there_were_turns_is_read() -> None:
    figure = Published("support", promising(900), NOON + 300, TrackRecord(30, 10, 8), 10, 8)
    old = figure.to_store()
    del old["incident"], old["counted"]
    assert Published.from_store(old) == figure
    assert Published.from_store(figure.to_store()) == figure
    assert asdict(HistoryPoint(NOON, "open", 1, 1, 1.0, 2.0, 3, 2))["arrived"] == 0


@pytest.mark.parametrize("incident", [True, False])
def test_other_programs_are_told_of_an_incident(incident: bool) -> None:
    figure = Published("s", promising(900), NOON + 300, TrackRecord(0, 0, 0), incident=incident)
    assert figure.to_json(lambda outlook: "")["incident"] is incident
