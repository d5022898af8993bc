"""What strangers wrote becomes one visible line of limited length."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words.plain import NAME_CHARS, one_line, person_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Anna", "Anna"),
        ("  Anna \t Maria\r\nVirtanen ", "Anna Maria Virtanen"),
        ("Anna\u2028Maria", "Anna Maria"),
        ("\u202eannA\u202c", "annA"),
        ("An\u200bn\u2060a\ufeff", "Anna"),
        ("An\x00n\x1ba\x7f", "Anna"),
        ("Ann\ud800a", "Anna"),
        ("\u3164\u2800\u200e", ""),
        ("\ufe0f\ufe0f \u034f\U000e0100", ""),
        ("❤\ufe0f\ufe0f Anna", "❤\ufe0f Anna"),
        ("Łukasz Ågren 李雷 🦊", "Łukasz Ågren 李雷 🦊"),
        ("x" * 200, "x" * 39 + "…"),
        ("🇫🇮" * 30, "🇫🇮" * 19 + "…"),
        ("Z" + "\u0351" * 200, "Z…"),
    ],
)
def test_a_name_is_one_short_visible_line(name: str, shown: str) -> None:
    assert person_name(name) == shown


@given(st.text(st.characters(), max_size=200))
def test_nothing_invisible_is_left_of_any_name(name: str) -> None:
    shown = person_name(name)

    assert len(shown) <= NAME_CHARS
    assert not any(unicodedata.category(character).startswith(("C", "Zl", "Zp")) for character in shown)
    assert person_name(shown) == shown


def test_text_as_long_as_the_limit_is_not_cut() -> None:
    assert (one_line("abcd", 4), one_line("abcde", 4)) == ("abcd", "abc…")
