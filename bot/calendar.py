"""A queue's opening hours as a calendar that programs subscribe to (RFC 5545): the coming weeks, days off by name.

Times are in UTC, each opening an event of its own: changes of the clocks, holidays and single dates are then right in
every program, whichever rules it knows. An event keeps its id, so that a change moves it instead of doubling it.

Invariant: on one day the same hours give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from bot.words.outlet import OutletWords
from status.hours import Hours

PAST_DAYS, COMING_DAYS = 7, 56
LINE_OCTETS = 75
"""https://www.rfc-editor.org/rfc/rfc5545#section-3.1"""
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Timetable:
    """The hours of one queue. `days_off` are dates that are closed for a reason; `authority` makes ids unique."""

    queue: str
    title: str
    hours: Hours
    days_off: Mapping[date, str]
    page: str
    authority: str


def render_calendar(table: Timetable, voice: OutletWords, now: float) -> bytes:
    """The calendar as seen at `now`, epoch seconds."""
    today = datetime.fromtimestamp(now, table.hours.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    labels = voice.calendar_labels(table.title)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Jono//Opening hours//EN",
        "CALSCALE:GREGORIAN",
        f"NAME:{_text(labels['name'])}",
        f"X-WR-CALNAME:{_text(labels['name'])}",
        "REFRESH-INTERVAL;VALUE=DURATION:P1D",
        "X-PUBLISHED-TTL:P1D",
        *(line for event in _events(table, today, labels) for line in event),
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) for line in lines)


def _events(table: Timetable, today: datetime, labels: Mapping[str, str]) -> Iterator[list[str]]:
    stamp = _instant(today.timestamp())
    if table.hours.round_the_clock:
        first = date(today.year, 1, 1)
        span = [*_whole_day(first), "RRULE:FREQ=DAILY"]
        yield _event(table, "always", stamp, labels["always"], span)
        return
    since, until = today - timedelta(days=PAST_DAYS), today + timedelta(days=COMING_DAYS)
    for opens, closes in _openings(table.hours, since.timestamp(), until.timestamp()):
        span = [f"DTSTART:{_instant(opens)}", f"DTEND:{_instant(closes)}"]
        yield _event(table, _instant(opens), stamp, labels["open"], span)
    for day, name in table.days_off.items():
        if since.date() <= day < until.date():
            summary = f"{labels['closed']} · {name}" if name else labels["closed"]
            yield _event(table, f"{day:%Y%m%d}", stamp, summary, _whole_day(day))


def _openings(hours: Hours, since: float, until: float) -> Iterator[tuple[float, float]]:
    """The open spans that begin in this time, whole: none is longer than a day."""
    for opens, closes in hours.open_between(since - DAY_S, until + DAY_S):
        if since <= opens < until:
            yield opens, closes


def _event(table: Timetable, name: str, stamp: str, summary: str, span: list[str]) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{name}-{table.queue}@{table.authority}",
        f"DTSTAMP:{stamp}",
        *span,
        f"SUMMARY:{_text(summary)}",
        f"URL:{table.page}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _whole_day(day: date) -> list[str]:
    return [f"DTSTART;VALUE=DATE:{day:%Y%m%d}", f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}"]


def _instant(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    """https://www.rfc-editor.org/rfc/rfc5545#section-3.3.11"""
    for character in "\\;,":
        text = text.replace(character, f"\\{character}")
    return text.replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """The line in pieces of LINE_OCTETS at most, none of which cuts a character; the later begin with a space."""
    pieces, piece = [], b""
    for character in line:
        encoded = character.encode()
        if len(piece) + len(encoded) > LINE_OCTETS:
            pieces.append(piece)
            piece = b" "
        piece += encoded
    return b"\r\n".join([*pieces, piece]) + b"\r\n"
