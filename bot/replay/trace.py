"""A trace: what happened to every case of a desk, kept as CSV. Answers with frozen values, or with what is wrong.

`NAME.csv` has one line a case; `NAME.staff.csv` beside it says how many agents were on duty from when on, and
`NAME.oracle.csv` the best possible forecast of some waits. Each may be packed (`.csv.gz`). All times are epoch
seconds, all waits seconds, both written with one decimal: reading what was written gives the same again.

Invariant: the cases of a Trace are ordered by arrival, and none was answered, left or closed before it arrived.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

COLUMNS = ("case_id", "arrived_at", "replied_at", "agent", "channel", "left_at", "closed_at")
REQUIRED = COLUMNS[:3]
STAFF_COLUMNS = ("t", "on_duty")
ORACLE_COLUMNS = ("case_id", "mean", "p50", "p80", "p90")
SUFFIXES = (".csv.gz", ".csv")
BESIDE = ("staff", "oracle")

TOO_LATE_S = 1e11
"""The year 5138 in seconds, 1973 in milliseconds: a time from here on is no time in seconds."""

LONGEST_S = 20 * 366 * 86_400.0
"""A trace that is longer has a wrong time in it; it would be replayed for hours."""

Forecast = tuple[float, float, float, float]
"""Mean, p50, p80 and p90 of a wait, in seconds."""


class BadTrace(ValueError):
    """A trace cannot be read; the text names the file, the line and the column, and says what would be right."""


@dataclass(frozen=True, slots=True)
class TracedCase:
    """What happened to one case. `replied_at` None: nobody answered; `left_at`: the customer gave up, if known;
    `closed_at`: the agent was done, if known. `agent` and `channel` are empty where unknown."""

    case_id: str
    arrived_at: float
    replied_at: float | None
    agent: str = ""
    channel: str = ""
    left_at: float | None = None
    closed_at: float | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """A desk's past: cases by (`arrived_at`, `case_id`), agents on duty from each moment on (None: unknown), and
    the best possible forecast of some cases' waits (None: there is none)."""

    name: str
    cases: tuple[TracedCase, ...]
    staff: tuple[tuple[float, int], ...] | None = None
    oracle: Mapping[str, Forecast] | None = None


def ordered(cases: Iterable[TracedCase]) -> tuple[TracedCase, ...]:
    """The cases in the order of a Trace."""
    return tuple(sorted(cases, key=lambda case: (case.arrived_at, case.case_id)))


# --- reading -----------------------------------------------------------------------------------------------


def read(path: Path) -> Trace:
    """The trace in this file and those beside it. Raises BadTrace."""
    name = trace_name(path)
    cases = _cases(path)
    staff_path, oracle_path = _beside(path, name, "staff"), _beside(path, name, "oracle")
    staff = None if staff_path is None else _staff(staff_path)
    oracle = None if oracle_path is None else _oracle(oracle_path, {case.case_id for case in cases})
    return Trace(name, cases, staff, oracle)


def trace_name(path: Path) -> str:
    """`steady-1` for `.../steady-1.csv.gz`. Raises BadTrace when it is no CSV file by its name."""
    for suffix in SUFFIXES:
        if path.name.endswith(suffix) and path.name != suffix:
            return path.name.removesuffix(suffix)
    raise BadTrace(f"{path}: a trace is a file that ends in .csv or .csv.gz")


def beside(path: Path) -> Path | None:
    """The trace, packed or not, that this file belongs to by its name; None when it is a trace itself."""
    for suffix in SUFFIXES:
        name, _, what = path.name.removesuffix(suffix).rpartition(".")
        if path.name.endswith(suffix) and name and what in BESIDE:
            return path.with_name(name + suffix)
    return None


def _beside(path: Path, name: str, what: str) -> Path | None:
    """The file that belongs to a trace; packed like the trace itself if there are two."""
    own = next(suffix for suffix in SUFFIXES if path.name.endswith(suffix))
    for suffix in sorted(SUFFIXES, key=lambda suffix: suffix != own):
        candidate = path.with_name(f"{name}.{what}{suffix}")
        if candidate.exists():
            return candidate
    return None


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        return content.decode("utf-8-sig")
    except OSError as error:
        # What gzip cannot unpack is an OSError of its own, without a number.
        packed = "it is not packed by gzip; rename it to end in .csv if it is plain"
        wrong = f"{error.strerror}; name a file that is there and may be read" if error.strerror else packed
        raise BadTrace(f"{path}: cannot be read: {wrong}") from error
    except (EOFError, zlib.error) as error:
        raise BadTrace(f"{path}: it is cut short or damaged; copy it again") from error
    except UnicodeDecodeError as error:
        raise BadTrace(f"{path}: it is not UTF-8 text; save it as CSV in UTF-8") from error


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of a file by its columns; every complaint names the place."""

    path: Path
    line: int
    fields: Mapping[str, str]

    def bad(self, column: str, wrong: str) -> BadTrace:
        """What is wrong with one field of this line."""
        return BadTrace(f"{self.path}: line {self.line}: {column}: {wrong}")

    def text(self, column: str) -> str:
        """A field that must not be empty."""
        found = self.fields[column]
        if not found.strip():
            raise self.bad(column, "it is empty; every line needs one")
        return found

    def number(self, column: str) -> float:
        """A field that must be a finite number of seconds."""
        found = self.text(column)
        try:
            number = float(found)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise self.bad(column, f"{found!r} is not a number; write seconds, such as 1704067200.0")
        return number

    def time(self, column: str) -> float:
        """A field that must be a time in seconds."""
        time = self.number(column)
        if abs(time) >= TOO_LATE_S:
            wrong = f"{self.fields[column]} is not in seconds; divide milliseconds by 1000"
            raise self.bad(column, wrong)
        return time

    def time_after(self, column: str, floor_column: str, floor: float) -> float | None:
        """A time that may be missing, but not be before another one of the same line."""
        if not self.fields.get(column, "").strip():
            return None
        time = self.time(column)
        if time < floor:
            wrong = f"{time:.1f} is before {floor_column} ({floor:.1f}); correct it or leave it empty"
            raise self.bad(column, wrong)
        return time


def _rows(path: Path, required: Sequence[str]) -> Iterator[_Row]:
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, ())]
        if not header:
            raise BadTrace(f"{path}: line 1: the file is empty; it begins with {','.join(required)}")
        for column in required:
            if column not in header:
                other = next((mark for mark in ";\t" if len(header) == 1 and mark in header[0]), None)
                missing = f"the column is missing; the first line begins with {','.join(required)}"
                wrong = f"{other!r} stands between columns; save it with commas" if other else missing
                raise BadTrace(f"{path}: line 1: {column}: {wrong}")
        for fields in reader:
            if not fields:
                continue
            if len(fields) != len(header):
                wrong = f"{len(fields)} fields, but {len(header)} columns; write a comma for an empty one"
                raise BadTrace(f"{path}: line {reader.line_num}: {wrong}")
            yield _Row(path, reader.line_num, dict(zip(header, fields, strict=True)))
    except csv.Error as error:
        wrong = f"this is not CSV ({error}); quote fields with commas or line ends"
        raise BadTrace(f"{path}: line {reader.line_num}: {wrong}") from error


def _cases(path: Path) -> tuple[TracedCase, ...]:
    lines: dict[str, int] = {}
    cases = []
    for row in _rows(path, REQUIRED):
        case = _case(row)
        if case.case_id in lines:
            raise row.bad(
                "case_id", f"{case.case_id} is on line {lines[case.case_id]} already; ids are unique"
            )
        lines[case.case_id] = row.line
        cases.append(case)
    if not cases:
        raise BadTrace(f"{path}: line 2: there is no case; a trace has at least one")
    trace = ordered(cases)
    first, last = trace[0], trace[-1]
    if last.arrived_at - first.arrived_at > LONGEST_S:
        wrong = f"it is decades after that on line {lines[first.case_id]}; correct the one that is wrong"
        raise BadTrace(f"{path}: line {lines[last.case_id]}: arrived_at: {wrong}")
    return trace


def _case(row: _Row) -> TracedCase:
    arrived_at = row.time("arrived_at")
    replied_at = row.time_after("replied_at", "arrived_at", arrived_at)
    last = ("arrived_at", arrived_at) if replied_at is None else ("replied_at", replied_at)
    return TracedCase(
        row.text("case_id"),
        arrived_at,
        replied_at,
        row.fields.get("agent", ""),
        row.fields.get("channel", ""),
        row.time_after("left_at", "arrived_at", arrived_at),
        row.time_after("closed_at", *last),
    )


def _staff(path: Path) -> tuple[tuple[float, int], ...]:
    staff: list[tuple[float, int]] = []
    for row in _rows(path, STAFF_COLUMNS):
        at, on_duty = row.time("t"), row.number("on_duty")
        if staff and at < staff[-1][0]:
            raise row.bad("t", f"{at:.1f} is before the line above it; sort the lines by time")
        if on_duty < 0 or on_duty != int(on_duty):
            raise row.bad("on_duty", f"{row.fields['on_duty']} is no count of agents; write 0, 1, 2 ...")
        staff.append((at, int(on_duty)))
    if not staff:
        raise BadTrace(f"{path}: line 2: nobody's duty is told; if it is not known, remove the file")
    return tuple(staff)


def _oracle(path: Path, known: set[str]) -> dict[str, Forecast]:
    oracle: dict[str, Forecast] = {}
    for row in _rows(path, ORACLE_COLUMNS):
        case_id = row.text("case_id")
        if case_id not in known:
            raise row.bad("case_id", f"{case_id} is no case of the trace; remove the line")
        if case_id in oracle:
            raise row.bad("case_id", f"{case_id} was there before; keep one line a case")
        mean, p50, p80, p90 = (row.number(column) for column in ORACLE_COLUMNS[1:])
        if mean < 0:
            raise row.bad("mean", f"{mean:.1f} is negative; a wait is 0 or more")
        if not 0 <= p50 <= p80 <= p90:
            raise row.bad("p50", "p50, p80 and p90 must be 0 or more and rise from one to the next")
        oracle[case_id] = (mean, p50, p80, p90)
    return oracle


# --- writing -----------------------------------------------------------------------------------------------


def write(trace: Trace, folder: Path, *, compressed: bool = True) -> Path:
    """Write a trace and what belongs to it into a folder that exists; gives the path of the trace. What lay beside
    an earlier trace of that name, and does not belong to this one, goes. Raises OSError."""
    suffix = ".csv.gz" if compressed else ".csv"
    path = folder / f"{trace.name}{suffix}"
    _save(path, COLUMNS, map(_fields, trace.cases))
    staff, oracle = (folder / f"{trace.name}.{what}{suffix}" for what in BESIDE)
    if trace.staff is None:
        staff.unlink(missing_ok=True)
    else:
        _save(staff, STAFF_COLUMNS, ((_decimal(at), str(on_duty)) for at, on_duty in trace.staff))
    if trace.oracle is None:
        oracle.unlink(missing_ok=True)
    else:
        forecasts = ((case_id, *map(_decimal, forecast)) for case_id, forecast in trace.oracle.items())
        _save(oracle, ORACLE_COLUMNS, forecasts)
    return path


def _fields(case: TracedCase) -> Sequence[str]:
    return (
        case.case_id,
        _decimal(case.arrived_at),
        _decimal(case.replied_at),
        case.agent,
        case.channel,
        _decimal(case.left_at),
        _decimal(case.closed_at),
    )


def _decimal(number: float | None) -> str:
    return "" if number is None else f"{number:.1f}"


def _save(path: Path, header: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    content = text.getvalue().encode()
    # Without a time in it the same trace gives the same file.
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
