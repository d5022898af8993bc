"""Lengths of time and moments as phrases that fit into a sentence.

A length is rounded up: a promise may be kept early, never announced too short. Each phrase is a whole
adverbial ("within 15 minutes", "tomorrow at 9:00"), so that translators choose its case and its preposition.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta, tzinfo

from babel.dates import format_skeleton, format_time, format_timedelta
from babel.units import format_unit

from bot.words.languages import Language

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86400
LONGEST_IN_MINUTES_S = 90 * MINUTE_S
LONGEST_IN_HOURS_S = 2 * DAY_S
"""From here on a length is told in days."""


def duration(language: Language, seconds: float) -> str:
    """A length in one unit, as it stands after "within" (in Finnish and Polish: the genitive)."""
    unit, n = _in_one_unit(seconds)
    if unit == "minute":
        # Translators: a length of time, as it stands inside "within {duration}"
        return language.count("{n} minute", "{n} minutes", n)
    if unit == "hour":
        return language.count("{n} hour", "{n} hours", n)
    return language.count("{n} day", "{n} days", n)


def short_duration(language: Language, seconds: float) -> str:
    """A length in one unit, as short as the language has it: "15 min"."""
    unit, n = _in_one_unit(seconds)
    return plain_spaces(format_unit(n, f"duration-{unit}", length="short", locale=language.locale))


def _in_one_unit(seconds: float) -> tuple[str, int]:
    if seconds <= LONGEST_IN_MINUTES_S and seconds != HOUR_S:
        return "minute", max(1, math.ceil(seconds / MINUTE_S))
    if seconds < LONGEST_IN_HOURS_S:
        return "hour", math.ceil(seconds / HOUR_S)
    return "day", math.ceil(seconds / DAY_S)


def within(language: Language, seconds: float) -> str:
    """ "within 15 minutes"."""
    return language.say("within {duration}", duration=duration(language, seconds))


def within_about(language: Language, seconds: float) -> str:
    """ "within about 15 minutes"."""
    return language.say("within about {duration}", duration=duration(language, seconds))


def elapsed(language: Language, seconds: float) -> str:
    """How long something has lasted, short: "12 min"."""
    length = timedelta(seconds=seconds)
    return plain_spaces(
        format_timedelta(length, granularity="minute", threshold=1.5, format="short", locale=language.locale)
    )


def moment(language: Language, at: float, seen_from: float, zone: tzinfo) -> str:
    """A coming moment as people say it on the day of `seen_from`: "tomorrow at 9:00 AM". Epoch seconds."""
    there, here = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(seen_from, zone)
    time = plain_spaces(format_time(there, "short", locale=language.locale))
    days = (there.date() - here.date()).days
    if days == 0:
        return language.say("today at {time}", time=time)
    if days == 1:
        return language.say("tomorrow at {time}", time=time)
    if 1 < days < 7:
        return _on_weekday(language, there.weekday(), time)
    date = format_skeleton("MMMMd", there, locale=language.locale)
    return language.say("on {date} at {time}", date=date, time=time)


def _on_weekday(language: Language, weekday: int, time: str) -> str:
    return (
        language.say("on Monday at {time}", time=time),
        language.say("on Tuesday at {time}", time=time),
        language.say("on Wednesday at {time}", time=time),
        language.say("on Thursday at {time}", time=time),
        language.say("on Friday at {time}", time=time),
        language.say("on Saturday at {time}", time=time),
        language.say("on Sunday at {time}", time=time),
    )[weekday]


def plain_spaces(text: str) -> str:
    """`text` with ordinary spaces: CLDR's narrow and no-break ones show as boxes in some chat clients."""
    return " ".join(text.split())
