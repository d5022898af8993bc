"""A long text in parts: where it is cut, and that nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.base import utf16
from adapters.discord.text import measure as escaped
from bot.parts import split


def test_what_fits_stays_whole() -> None:
    assert split("Hello.\n\nYour parcel is here.", 100) == ["Hello.\n\nYour parcel is here."]


def test_nothing_gives_no_part() -> None:
    assert split("", 10) == split(" \n ", 10) == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("one two.\n\nthree four\nfive. six", ["one two.", "three four", "five. six"]),
        ("one two three\nfour five six", ["one two three", "four five six"]),
        ("One two. Three four five", ["One two.", "Three four five"]),
        ("one two three four", ["one two three", "four"]),
        ("你好。「请问我的包裹在哪里？」谢谢你们", ["你好。「请问我的包裹在哪里？」", "谢谢你们"]),
    ],
    ids=["paragraphs", "lines", "sentences", "words", "sentences without spaces"],
)
def test_it_is_cut_where_a_reader_pauses(text: str, parts: list[str]) -> None:
    assert split(text, 17) == parts


def test_a_link_is_cut_only_when_it_alone_is_too_long() -> None:
    link = "https://shop.example/orders/12345678901234567890"
    assert split(f"Please look at {link} today", 50) == ["Please look at", link, "today"]
    assert "".join(split(link, 20)) == link


@pytest.mark.parametrize("whole", ["https://shop.example/orders/1", "@maija_virtanen"])
def test_a_link_between_letters_stays_whole(whole: str) -> None:
    text = f"请看{whole}谢谢"
    parts = split(text, len(whole) + 1)
    assert "".join(parts) == text
    assert whole in parts[1]


@pytest.mark.parametrize(
    "character",
    [
        "👩‍👩‍👧‍👦",
        "👍🏽",
        "🇫🇮",
        "e\u0301",
        "1\ufe0f\u20e3",
        "🏴\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",
        "\u1112\u1161\u11ab",
        "क\u094d\u200c",
    ],
    ids=["family", "skin tone", "flag", "accent", "keycap", "Wales", "Korean letters", "non-joiner"],
)
def test_what_reads_as_one_character_stays_one(character: str) -> None:
    parts = split(character * 40, 5 * utf16(character) - 1, utf16)
    assert "".join(parts) == character * 40
    assert all(part == character * (len(part) // len(character)) for part in parts)


texts = st.text(st.sampled_from("aZ .!\n👍🏽\u200d🇫🇮é\u0301。@_https://x"), max_size=300)


@given(texts, st.integers(20, 60), st.sampled_from([len, utf16, escaped]))
def test_every_part_fits_and_nothing_is_lost(text: str, most: int, measure: Callable[[str], int]) -> None:
    parts = split(text, most, measure)
    assert all(parts)
    assert all(measure(part) <= most for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_novel_takes_no_time() -> None:
    novel = "Once upon a time there was a queue that did not move. " * 2_000
    calls = 0

    def counting(text: str) -> int:
        nonlocal calls
        calls += len(text)
        return utf16(text)

    parts = split(novel, 4096, counting)
    assert len(parts) <= len(novel) // 3_900
    assert calls < 4 * len(novel), "each character is looked at a few times at most"


WHOLE = (
    "👩‍👩‍👧‍👦",
    "👍🏽",
    "🇫🇮",
    "e\u0301",
    "https://x.example/a_b",
    "@maija",
    "Moi!",
    " ",
    "\n",
    "\n\n",
    "。",
)


@given(st.lists(st.sampled_from(WHOLE), max_size=120), st.integers(25, 60))
@example([WHOLE[0]] * 3 + ["Moi!"], 34)
@example([WHOLE[0]] * 3 + ["Moi!"], 36)
def test_every_cut_is_between_what_belongs_together(pieces: list[str], most: int) -> None:
    """Links and mentions need a space or a full stop behind them to be told from what follows."""
    text = "".join(f"{piece}。" if piece[0] in "h@" else piece for piece in pieces)
    ends, at = {0}, 0
    for piece in pieces:
        at += len(piece)
        ends.add(at)
        at += piece[0] in "h@"
        ends.add(at)
    at = 0
    for part in split(text, most, utf16):
        start = text.index(part, at)
        assert not text[at:start].strip(), "only white space is left out"
        assert start in ends
        at = start + len(part)
        assert at in ends


@pytest.mark.parametrize("measure", [len, utf16, escaped])
@pytest.mark.parametrize(
    "text",
    [
        "a" + "\u0301" * 99_999,
        "🇫🇮" * 50_000,
        "👩‍👩‍👧‍👦" * 14_000,
        "a\n" + " " * 99_999 + "b",
        "a\n  " * 25_000,
    ],
    ids=["accents", "flags", "families", "one gap", "gaps"],
)
def test_strange_texts_take_no_time_either(text: str, measure: Callable[[str], int]) -> None:
    before = time.process_time()
    parts = split(text, 2000, measure)
    assert time.process_time() - before < 1
    assert "".join("".join(parts).split()) == "".join(text.split())
