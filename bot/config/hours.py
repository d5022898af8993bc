"""Opening hours as the configuration writes them, and their way to `status.hours`.

Answers which local times a week's days, holidays and single dates are open. Decides nothing about waiting.
Invariant: a table that loads can be built for every year.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from bot.config.kinds import Settings, fault_at, written_as
from status.hours import Hours, shift

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Which countries have holidays does not depend on the year: any one serves to look a country up.
SOME_YEAR = 2026

Shift = tuple[int, int]
"""Start and end in minutes of the local day; an end at or before the start is on the next day."""


def _shifts(written: object) -> object:
    """Ranges as lists of minutes: "09:00-17:00", ["09:00-12:00", "13:00-17:00"] or "closed"."""
    if written == "closed":
        return ()
    ranges = (written,) if isinstance(written, str) else written
    if not isinstance(ranges, tuple) or not ranges or not all(isinstance(text, str) for text in ranges):
        raise ValueError('must be opening times; write "09:00-17:00", a list of such or "closed"')
    try:
        shifts = sorted(shift(text) for text in ranges)
    except ValueError:
        raise ValueError('has opening times that cannot be read; write them like "09:00-17:00"') from None
    for (start, end), (next_start, _) in pairwise(shifts):
        if end <= start or next_start < end:
            raise ValueError("has opening times that overlap; join or shorten them")
    return tuple(shifts)


def _zone(name: object) -> object:
    """A name of the IANA time zone database: https://www.iana.org/time-zones"""
    if isinstance(name, str):
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):  # OSError: the name of a folder of zones, such as "Europe"
            raise ValueError('is not a known time zone; write one like "Europe/Helsinki"') from None
    return name


def _closed(code: str, years: tuple[int, ...]) -> Mapping[date, str]:
    """Public holidays of a country "FI" or of a part "DE-BY". Raises ValueError for one that is unknown."""
    # Most configurations name no holidays, and their library takes a tenth of a second to import.
    from bot.holidays import closed_days

    country, _, subdivision = code.partition("-")
    return closed_days(country, subdivision or None, years)


def _holidays(code: object) -> object:
    if isinstance(code, str) and code:
        try:
            _closed(code, (SOME_YEAR,))
        except ValueError:
            raise ValueError('is not a known country or region; write one like "FI" or "DE-BY"') from None
    return code


TimeZone = Annotated[str, BeforeValidator(_zone)]
Shifts = Annotated[tuple[Shift, ...], BeforeValidator(_shifts)]
_DAY = f"(?:{'|'.join(DAYS)})"
Days = Annotated[
    str, written_as(f"{_DAY}(?:-{_DAY})?", 'is no key of opening hours; days are written "mon" or "mon-fri"')
]


def _date(text: str) -> str:
    try:
        canonical = date.fromisoformat(text).isoformat()
    except ValueError:
        canonical = ""
    if canonical != text:
        raise ValueError('is not a date; write it like "2026-12-24"')
    return text


Date = Annotated[str, AfterValidator(_date)]


class HoursSettings(Settings):
    """Opening hours in local time. Beside the named keys, each key is a day or a range of days."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[Days, Shifts] = Field(init=False)

    time_zone: TimeZone
    holidays: Annotated[str, BeforeValidator(_holidays)] = ""
    exceptions: Mapping[Date, Shifts] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _opens_each_day_once(self) -> Self:
        opened: set[str] = set()
        for key in self.__pydantic_extra__:
            again = opened.intersection(days(key))
            if again:
                raise fault_at(key, "sets a day that another key sets too; leave it to one of them")
            opened.update(days(key))
        if not opened:
            raise ValueError('opens on no day; add one, such as mon-fri = "09:00-17:00"')
        return self

    def build(self, today: date) -> Hours:
        """The hours with the holidays of last, this and next year; an exception goes before a holiday."""
        week: dict[str, tuple[Shift, ...]] = dict.fromkeys(DAYS, ())
        for key, shifts in self.__pydantic_extra__.items():
            week.update(dict.fromkeys(days(key), shifts))
        closed: dict[date, tuple[Shift, ...]] = dict.fromkeys(self._holiday_dates(today), ())
        stated = {date.fromisoformat(day): shifts for day, shifts in self.exceptions.items()}
        return Hours(ZoneInfo(self.time_zone), tuple(week.values()), closed | stated)

    def days_off(self, today: date) -> dict[date, str]:
        """The dates of last, this and next year that are closed though their day of the week is not, with the
        holiday's name; "" where the configuration alone says so."""
        opened = {
            DAYS.index(day) for key, shifts in self.__pydantic_extra__.items() if shifts for day in days(key)
        }
        stated = {date.fromisoformat(day): shifts for day, shifts in self.exceptions.items()}
        named = dict(self._holiday_dates(today))
        closed = {day: named.get(day, "") for day in {*named, *stated} if not stated.get(day)}
        return {day: name for day, name in sorted(closed.items()) if day.weekday() in opened}

    def _holiday_dates(self, today: date) -> Mapping[date, str]:
        years = (today.year - 1, today.year, today.year + 1)
        return _closed(self.holidays, years) if self.holidays else {}


def days(key: str) -> tuple[str, ...]:
    """The days that a key names: "fri-mon" goes over the week's end."""
    first, _, last = key.partition("-")
    start, end = DAYS.index(first), DAYS.index(last or first)
    return tuple(DAYS[(start + step) % 7] for step in range((end - start) % 7 + 1))


def build(settings: HoursSettings | None, today: date, zone: ZoneInfo) -> Hours:
    """The opening hours of a queue as seen on `today`; None stands for "always", told in `zone`."""
    return settings.build(today) if settings else Hours.always(zone)
