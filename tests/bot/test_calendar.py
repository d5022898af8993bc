"""Opening hours as a calendar, read by a library that is not ours: openings, days off, changes of the clocks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from bot.calendar import LINE_OCTETS, Timetable, render_calendar
from bot.config.hours import HoursSettings
from status.hours import Hours
from tests.bot.signs import HELSINKI, NOON, WORDS
from tests.fakes.desk import changed
from tests.fakes.site import ANY_PORT, open_site

DAY_S = 86_400.0
OFFICE: Mapping[str, Any] = {"time_zone": "Europe/Helsinki", "mon-fri": "09:00-17:00"}
NIGHTS: Mapping[str, Any] = {"time_zone": "Europe/Helsinki", "mon-sun": "22:00-06:00"}
SPLIT: Mapping[str, Any] = {"time_zone": "America/New_York", "mon-sat": ("09:00-12:00", "13:00-24:00")}


def table(written: Mapping[str, Any] | None, title: str = "Help", now: float = NOON) -> Timetable:
    if written is None:
        return Timetable(
            "support", title, Hours.always(HELSINKI), {}, "https://acme.example/", "acme.example"
        )
    hours = HoursSettings.model_validate(written)
    today = datetime.fromtimestamp(now, ZoneInfo(hours.time_zone)).date()
    return Timetable(
        "support", title, hours.build(today), hours.days_off(today), "https://acme.example/", "acme.example"
    )


def events(written: Mapping[str, Any] | None, now: float = NOON, **more: Any) -> list[Any]:
    """The events, by a reader of other people's calendars."""
    raw = render_calendar(table(written, now=now, **more), WORDS.outlet("en", HELSINKI), now)
    is_written_as_it_should_be(raw)
    found = list(Calendar.from_ical(raw).walk("VEVENT"))
    assert len({str(event["UID"]) for event in found}) == len(found)
    return found


def is_written_as_it_should_be(raw: bytes) -> None:
    """https://www.rfc-editor.org/rfc/rfc5545#section-3.1"""
    assert raw.endswith(b"END:VCALENDAR\r\n")
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    for line in raw.split(b"\r\n"):
        assert len(line) <= LINE_OCTETS
        line.decode()


def opened(found: list[Any]) -> list[tuple[float, float]]:
    spans = [(one.decoded("DTSTART"), one.decoded("DTEND")) for one in found]
    return [(start.timestamp(), end.timestamp()) for start, end in spans if isinstance(start, datetime)]


def off(found: list[Any]) -> dict[date, str]:
    starts = [(one.decoded("DTSTART"), str(one["SUMMARY"])) for one in found]
    return {day: summary for day, summary in starts if not isinstance(day, datetime)}


@pytest.mark.parametrize("written", [OFFICE, NIGHTS, SPLIT], ids=["office", "nights", "split"])
@pytest.mark.parametrize("now", [NOON, NOON + 120 * DAY_S, NOON + 330 * DAY_S])
def test_every_opening_is_there_whole_and_no_other(written: Mapping[str, Any], now: float) -> None:
    hours, found = table(written, now=now).hours, events(written, now)
    for opens, closes in opened(found):
        assert hours.staffed_s(opens, closes) == closes - opens
        assert not hours.is_open(opens - 1) or not hours.is_open(opens - 1800)
    covered = sum(closes - opens for opens, closes in opened(found) if opens >= now)
    assert covered == pytest.approx(hours.staffed_s(now, max(end for _, end in opened(found))), abs=DAY_S)
    assert max(opens for opens, _ in opened(found)) > now + 50 * DAY_S


def test_nine_oclock_stays_nine_oclock_when_the_clocks_change() -> None:
    march = datetime(2027, 3, 20, 12, tzinfo=HELSINKI).timestamp()
    starts = {datetime.fromtimestamp(opens, HELSINKI).hour for opens, _ in opened(events(OFFICE, march))}
    assert starts == {9}
    assert len({datetime.fromtimestamp(opens, UTC).hour for opens, _ in opened(events(OFFICE, march))}) == 2


def test_days_off_have_their_names_and_no_opening() -> None:
    written = {
        **OFFICE,
        "holidays": "FI",
        "exceptions": {"2026-12-31": "closed", "2026-12-24": "09:00-12:00"},
    }
    found = events(written)
    closed = off(found)
    assert closed[date(2026, 12, 25)] == "Help · Closed · Joulupäivä"
    assert closed[date(2026, 12, 31)] == "Help · Closed"
    assert date(2026, 12, 24) not in closed
    assert date(2026, 12, 6) not in closed, "a Sunday is closed anyway"
    days = {datetime.fromtimestamp(opens, HELSINKI).date() for opens, _ in opened(found)}
    assert not days & set(closed)
    assert date(2026, 12, 24) in days


def test_a_desk_that_never_closes_is_one_event_a_day_for_ever() -> None:
    (event,) = events(None)
    assert str(event["SUMMARY"]) == "Help · Open around the clock"
    assert event["RRULE"]["FREQ"] == ["DAILY"]
    assert "UNTIL" not in event["RRULE"]


def test_the_same_day_gives_the_same_bytes_and_events_keep_their_ids() -> None:
    voice = WORDS.outlet("en", HELSINKI)
    morning, evening = (render_calendar(table(OFFICE), voice, NOON + s) for s in (-3600, 6 * 3600))
    assert morning == evening
    today = {str(event["UID"]): event.decoded("DTSTART") for event in events(OFFICE)}
    tomorrow = {str(event["UID"]): event.decoded("DTSTART") for event in events(OFFICE, NOON + DAY_S)}
    both = today.keys() & tomorrow.keys()
    assert len(both) >= len(today) - 2
    assert all(today[name] == tomorrow[name] for name in both)


def test_nobody_is_made_busy_by_it() -> None:
    assert {str(event["TRANSP"]) for event in events(OFFICE)} == {"TRANSPARENT"}


@settings(max_examples=60)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=90))
def test_any_title_comes_out_as_it_went_in(title: str) -> None:
    found = events(OFFICE, title=title)
    assert {str(event["SUMMARY"]) for event in found} == {f"{title} · Open"}


async def test_it_is_served_in_the_readers_language(store_url: str) -> None:
    hours = {"time_zone": "Europe/Helsinki", "mon-fri": "09:00-17:00", "holidays": "FI"}
    async with open_site(store_url, changed("queues.support.hours", hours, ANY_PORT)) as site:
        answer, body = await site.get("/hours/support.ics?lang=fi")
        assert (answer.content_type, answer.charset) == ("text/calendar", "utf-8")
        calendar = Calendar.from_ical(body)
        assert str(calendar["X-WR-CALNAME"]) == "Aukioloajat: support"
        assert date(2026, 1, 6) in off(list(calendar.walk("VEVENT"))), "Epiphany"
        again, _ = await site.get("/hours/support.ics?lang=fi", If_None_Match=answer.headers["ETag"])
        assert again.status == 304
