"""Looking back: shares of what was served, with those who left counted for what they tell."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from status.level import summarise, track_record
from status.model import TrackRecord
from tests.chapter.desk import ALIKE

MONDAY = {"arrived": 10, "answered": 8, "within_target": 6, "left": 2, "promises": 9, "kept": 7}
TUESDAY = {"arrived": 5, "answered": 4, "within_target": 3, "left": 0, "promises": 4, "kept": 4}


def test_the_service_level_is_the_share_answered_within_the_target() -> None:
    """Of Monday's ten turns six were answered in time; the two who left had waited the target out."""
    assert summarise([MONDAY]).service_level == 0.6


def test_who_left_before_the_target_counts_neither_way() -> None:
    """One of the two left after a minute: nobody knows how soon the reply would have come. Six of nine."""
    assert summarise([MONDAY | {"left_within_target": 1}]).service_level == 6 / 9


def test_days_are_summed_before_shares_are_taken() -> None:
    """A quiet day weighs as much as its turns: (8 + 4) replies of (10 + 4) turns that ended."""
    report = summarise([MONDAY, TUESDAY])
    assert (report.days, report.arrived, report.answered, report.left) == (2, 15, 12, 2)
    assert report.reply_rate == 12 / 14
    assert report.kept_share == 11 / 13


def test_occupancy_is_hands_in_use_by_hands_on_duty() -> None:
    """Two agents with three cases each, for an hour: 21,600 s of hands, of which 16,200 s were used."""
    assert summarise([{"worked_s": 16_200, "capacity_s": 21_600}]).occupancy == 0.75


def test_of_nothing_there_is_no_share() -> None:
    """No turns are not a level of 0 %, and not one of 100 % either."""
    report = summarise([])
    assert (report.service_level, report.reply_rate, report.kept_share, report.occupancy) == (None,) * 4


def test_the_track_record_says_how_often_the_word_was_kept() -> None:
    assert track_record([MONDAY, TUESDAY]) == TrackRecord(days=2, promises=13, kept=11)


counters = st.dictionaries(
    st.sampled_from(
        ["arrived", "answered", "within_target", "left", "left_within_target", "promises", "kept"]
    ),
    st.integers(0, 10_000),
)


@ALIKE
@given(st.lists(counters, max_size=10))
def test_a_share_is_between_nothing_and_all(days: list[dict[str, int]]) -> None:
    """Even of counters that were read while being written."""
    report = summarise(days)
    for figure in (report.service_level, report.reply_rate, report.kept_share, report.occupancy):
        assert figure is None or 0 <= figure <= 1
