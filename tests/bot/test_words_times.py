"""Lengths, counts and moments in words: the right form, the right zone, never shorter than the truth."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words import Words
from bot.words.times import duration, moment, short_duration, within

WORDS = Words()
HELSINKI = ZoneInfo("Europe/Helsinki")
TUESDAY_AFTERNOON = datetime(2026, 11, 10, 16, 30, tzinfo=HELSINKI).timestamp()
TODAY_FIVE = datetime(2026, 11, 10, 17, 0, tzinfo=HELSINKI).timestamp()
TOMORROW_NINE = datetime(2026, 11, 11, 9, 0, tzinfo=HELSINKI).timestamp()
SATURDAY_NINE = datetime(2026, 11, 14, 9, 0, tzinfo=HELSINKI).timestamp()
NEXT_TUESDAY_NINE = datetime(2026, 11, 17, 9, 0, tzinfo=HELSINKI).timestamp()


@pytest.mark.parametrize(
    ("language", "phrases"),
    [
        ("en", {60: "within 1 minute", 5400: "within 90 minutes", 3600: "within 1 hour"}),
        ("fi", {60: "1 minuutin kuluessa", 120: "2 minuutin kuluessa", 86400 * 2: "2 päivän kuluessa"}),
        ("pl", {60 * n: f"w ciągu {n} minut" for n in (2, 5, 12, 22, 25)} | {60: "w ciągu 1 minuty"}),
        ("pl", {3600: "w ciągu 1 godziny", 7200: "w ciągu 2 godzin", 86400 * 5: "w ciągu 5 dni"}),
    ],
)
def test_lengths_take_the_case_that_the_sentence_needs(language: str, phrases: dict[int, str]) -> None:
    for seconds, phrase in phrases.items():
        assert within(WORDS.language(language), seconds) == phrase


@pytest.mark.parametrize(
    ("language", "n", "text"),
    [
        ("en", 1, "1 case is waiting."),
        ("en", 2, "2 cases are waiting."),
        ("fi", 1, "1 yhteydenotto odottaa."),
        ("fi", 2, "2 yhteydenottoa odottaa."),
        ("pl", 1, "Czeka 1 zgłoszenie."),
        ("pl", 2, "Czekają 2 zgłoszenia."),
        ("pl", 5, "Czeka 5 zgłoszeń."),
        ("pl", 12, "Czeka 12 zgłoszeń."),
        ("pl", 22, "Czekają 22 zgłoszenia."),
        ("pl", 25, "Czeka 25 zgłoszeń."),
    ],
)
def test_counted_things_take_their_plural(language: str, n: int, text: str) -> None:
    assert WORDS.agent(language, HELSINKI).queue_list(n, []) == text


@given(st.floats(0, 30 * 86400))
def test_a_length_in_words_is_never_shorter_than_the_length(seconds: float) -> None:
    n, unit = duration(WORDS.language("en"), seconds).split()

    assert int(n) * {"minute": 60, "hour": 3600, "day": 86400}[unit.removesuffix("s")] >= seconds


@pytest.mark.parametrize(("language", "text"), [("en", "2 hr"), ("fi", "2 t"), ("pl", "2 godz.")])
def test_short_lengths_are_those_of_the_language(language: str, text: str) -> None:
    assert short_duration(WORDS.language(language), 7200) == text


@pytest.mark.parametrize(
    ("language", "today", "tomorrow", "saturday", "next_week"),
    [
        (
            "en",
            "today at 5:00 PM",
            "tomorrow at 9:00 AM",
            "on Saturday at 9:00 AM",
            "on November 17 at 9:00 AM",
        ),
        ("fi", "tänään klo 17.00", "huomenna klo 9.00", "lauantaina klo 9.00", "17. marraskuuta klo 9.00"),
        ("pl", "dzisiaj o 17:00", "jutro o 09:00", "w sobotę o 09:00", "17 listopada o 09:00"),
    ],
)
def test_moments_are_told_as_seen_from_today(
    language: str, today: str, tomorrow: str, saturday: str, next_week: str
) -> None:
    told = [
        moment(WORDS.language(language), at, TUESDAY_AFTERNOON, HELSINKI)
        for at in (TODAY_FIVE, TOMORROW_NINE, SATURDAY_NINE, NEXT_TUESDAY_NINE)
    ]

    assert told == [today, tomorrow, saturday, next_week]


def test_times_are_those_of_the_queues_zone() -> None:
    english, tokyo = WORDS.language("en"), ZoneInfo("Asia/Tokyo")

    assert moment(english, TODAY_FIVE, TUESDAY_AFTERNOON, tokyo) == "tomorrow at 12:00 AM"
    assert moment(english, TOMORROW_NINE, TUESDAY_AFTERNOON, tokyo) == "tomorrow at 4:00 PM"
    assert moment(english, SATURDAY_NINE, TUESDAY_AFTERNOON, tokyo) == "on Saturday at 4:00 PM"
