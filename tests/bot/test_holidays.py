"""Days off, by country and part of it."""

from __future__ import annotations

from datetime import date

import pytest

from bot.holidays import closed_days


def test_a_countrys_holidays_come_with_their_own_names() -> None:
    days = closed_days("FI", None, [2026])
    assert days[date(2026, 12, 6)] == "Itsenäisyyspäivä"
    assert date(2026, 12, 7) not in days


def test_a_holiday_may_belong_to_a_part_of_a_country() -> None:
    """Epiphany is a holiday in Bavaria, not in Berlin."""
    epiphany = date(2026, 1, 6)
    assert epiphany in closed_days("DE", "BY", [2026])
    assert epiphany not in closed_days("DE", "BE", [2026])


def test_only_the_years_asked_for_are_given_in_order() -> None:
    """New Year's Day 2028 is a Saturday, so the United States keep it on 31 December 2027 as well."""
    days = list(closed_days("US", None, [2026, 2027]))
    assert {day.year for day in days} == {2026, 2027}
    assert days == sorted(days)
    assert date(2027, 12, 31) in days


def test_a_country_may_be_written_small() -> None:
    assert closed_days("fi", None, [2026]) == closed_days("FI", None, [2026])


@pytest.mark.parametrize(("country", "subdivision", "named"), [("XX", None, "'XX'"), ("DE", "ZZ", "'DE-ZZ'")])
def test_an_unknown_place_is_refused_by_name(country: str, subdivision: str | None, named: str) -> None:
    with pytest.raises(ValueError, match=f"no public holidays are known for {named}"):
        closed_days(country, subdivision, [2026])
