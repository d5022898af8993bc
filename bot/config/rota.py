"""A rota as operators write it: a CSV file of shifts, read into the spans of `status.rota`.

Rows are `from,until,agents` under a line that says so; further columns, such as a note, are left out. Times are
ISO 8601: with an offset they are what they say, without one they are read in the queue's time zone, an hour that
comes twice in its first occurrence (RFC 5545, section 3.3.5). A date alone is its midnight.

Invariant: what is wrong is told with its line and column, and nothing else of the contents: the path may be wrong.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.config.files import Unreadable, read_text
from status.rota import Span

COLUMNS = ("from", "until", "agents")
MOST_AGENTS = 10_000
_NO_TIME = "is no time; write it like 2026-12-24T09:00 or 2026-12-24T09:00+02:00"


def read_rota(path: Path, zone: ZoneInfo) -> tuple[Span, ...]:
    """The spans of a rota file. Raises Unreadable, which names file, line and column once the file can be read."""
    text = read_text(path)
    try:
        return tuple(_span(line, row, zone) for line, row in _rows(text))
    except Unreadable as error:
        raise Unreadable(f"has a fault in {path}, {error}") from None


def _rows(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, ())]
        for column in COLUMNS:
            if column not in header:
                raise Unreadable(
                    f"line 1: {column}: the column is missing; begin the file with from,until,agents"
                )
        for fields in reader:
            if not any(map(str.strip, fields)):
                continue
            if len(fields) != len(header):
                raise Unreadable(
                    f"line {reader.line_num}: {len(fields)} fields; write {len(header)}, as in line 1"
                )
            yield reader.line_num, dict(zip(header, map(str.strip, fields), strict=True))
    except csv.Error:
        raise Unreadable(
            f"line {reader.line_num}: is not CSV; quote fields with commas or line ends"
        ) from None


def _span(line: int, row: Mapping[str, str], zone: ZoneInfo) -> Span:
    from_at, until_at = (_instant(line, column, row[column], zone) for column in ("from", "until"))
    if until_at <= from_at:
        wrong = "is not after from; write a later time, in an hour that comes twice with its offset"
        raise Unreadable(f"line {line}: until: {wrong}")
    return Span(from_at, until_at, _agents(line, row["agents"]))


def _instant(line: int, column: str, text: str, zone: ZoneInfo) -> float:
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        raise Unreadable(f"line {line}: {column}: {_NO_TIME}") from None


def _agents(line: int, text: str) -> float:
    try:
        agents = float(text)
    except ValueError:
        agents = math.nan
    if not 0 <= agents <= MOST_AGENTS:
        wrong = f"is no number of agents; write one from 0 to {MOST_AGENTS}"
        raise Unreadable(f"line {line}: agents: {wrong}")
    return agents
