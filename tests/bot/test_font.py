"""The typeface: known widths, and texts that fit the room they are given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.font import ELLIPSIS, MissingGlyphs, Room, typeface

LETTERS = st.text("abcdefgij lmopqWÄÖĄŁ0123456789 -", min_size=1, max_size=60).map(
    lambda text: " ".join(text.split()) or "a"
)


def test_a_digit_is_572_thousandths_of_the_size_wide() -> None:
    # Noto Sans sets all digits at the same advance of 572 units of 1000.
    assert typeface().width_px("0", 100) == pytest.approx(57.2)
    assert typeface().width_px("1234567890", 100) == pytest.approx(572)


def test_the_letters_of_our_languages_are_there_and_others_are_named() -> None:
    assert typeface().missing("Åäö ąćęłńóśźż “–…” 15 min") == ""
    assert typeface().missing("Acme 支持, 支 🚀") == "支持🚀"
    with pytest.raises(MissingGlyphs, match=r"U\+1F680"):
        typeface().width_px("🚀", 10)


def test_a_short_text_keeps_its_size() -> None:
    assert typeface().fit("15 min", Room(1000, 40, 20)).size_px == 40


def test_a_long_text_shrinks_before_it_is_cut() -> None:
    block = typeface().fit("Reply within 15 minutes", Room(400, 40, 20))

    assert block.lines == ("Reply within 15 minutes",)
    assert 20 <= block.size_px < 40


def test_a_text_too_long_even_then_ends_in_an_ellipsis() -> None:
    (line,) = typeface().fit("Reply within 15 minutes", Room(100, 40, 30)).lines

    assert line.startswith("Rep")
    assert line.endswith(ELLIPSIS)


def test_lines_are_evenly_long() -> None:
    assert typeface().fit("tomorrow at 9:00", Room(190, 30, 30, lines=2)).lines == ("tomorrow", "at 9:00")


@given(LETTERS, st.floats(60, 800), st.integers(1, 3), st.booleans())
def test_whatever_fits_is_never_wider_than_its_room(text: str, width: float, lines: int, bold: bool) -> None:
    block = typeface().fit(text, Room(width, 48, 12, lines, bold))

    assert 1 <= len(block.lines) <= lines
    assert all(typeface().width_px(line, block.size_px, bold) <= width for line in block.lines)


@given(LETTERS)
def test_nothing_is_lost_where_there_is_room(text: str) -> None:
    assert " ".join(typeface().fit(text, Room(10_000, 48, 12, lines=3)).lines) == text
