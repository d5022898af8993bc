"""Traces: what is written is read again, and what cannot be right is refused by its place."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from bot.replay.trace import BadTrace, Trace, TracedCase, beside, read, trace_name, write

HEADER = "case_id,arrived_at,replied_at,agent,channel,left_at,closed_at"

DAY = Trace(
    "monday-1",
    (
        TracedCase("1", 1704067200.0, 1704067261.3, "a0", "chat", None, 1704067900.1),
        TracedCase("10", 1704067201.1, None, "", "chat", 1704067300.0, None),
        TracedCase("9", 1704067201.1, None, "", "chat", None, None),
        TracedCase('Ä, "x"\n', 1704067201.2, 1704067201.2, "a,1", "", None, None),
    ),
    ((1704067200.0, 0), (1704067250.5, 3)),
    {"1": (60.1, 55.0, 70.5, 80.0), "9": (0.0, 0.0, 0.0, 0.0)},
)


@pytest.mark.parametrize("compressed", [True, False])
def test_what_is_written_is_read_again(tmp_path: Path, compressed: bool) -> None:
    path = write(DAY, tmp_path, compressed=compressed)
    assert path.name == ("monday-1.csv.gz" if compressed else "monday-1.csv")
    assert read(path) == DAY


def test_a_trace_alone_has_neither_staff_nor_oracle(tmp_path: Path) -> None:
    write(Trace("alone", DAY.cases[:1]), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["alone.csv.gz"]
    found = read(tmp_path / "alone.csv.gz")
    assert (found.staff, found.oracle) == (None, None)


def test_the_same_trace_gives_the_same_bytes(tmp_path: Path) -> None:
    first = write(DAY, tmp_path).read_bytes()
    assert write(DAY, tmp_path).read_bytes() == first


def test_a_plain_trace_finds_what_is_packed_beside_it(tmp_path: Path) -> None:
    write(DAY, tmp_path)
    plain = write(Trace(DAY.name, DAY.cases), tmp_path, compressed=False)
    assert read(plain).staff == DAY.staff


def test_what_belonged_to_an_earlier_trace_of_that_name_goes(tmp_path: Path) -> None:
    write(DAY, tmp_path)
    assert read(write(Trace(DAY.name, DAY.cases[:1]), tmp_path)) == Trace(DAY.name, DAY.cases[:1])


@pytest.mark.parametrize(
    ("name", "whose"),
    [("a.staff.csv.gz", "a.csv.gz"), ("a.b.oracle.csv", "a.b.csv"), ("a.csv", None), ("staff.csv", None)],
)
def test_a_file_that_belongs_to_a_trace_is_known_by_its_name(name: str, whose: str | None) -> None:
    assert beside(Path("x", name)) == (whose and Path("x", whose))


def test_columns_after_the_third_may_be_missing_and_others_there(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text("arrived_at,case_id,mood,replied_at\r\n7,b,sad, 9\r\n5.5,a,glad, \r\n\r\n", "utf-8-sig")
    assert read(path) == Trace("few", (TracedCase("a", 5.5, None), TracedCase("b", 7.0, 9.0)))


@pytest.mark.parametrize("name", ["a.txt", "a.gz", ".csv", "a.csv.zip"])
def test_a_trace_is_known_by_its_name(name: str) -> None:
    with pytest.raises(BadTrace, match=r"ends in \.csv or \.csv\.gz"):
        trace_name(Path(name))


# --- what is refused -----------------------------------------------------------------------------------------

BAD_CASES = {
    "": "line 1: the file is empty",
    "\n1,2,3": "line 1: the file is empty",
    HEADER: "line 2: there is no case",
    "case_id,arrived_at\n1,2": "line 1: replied_at: the column is missing",
    f"{HEADER}\n1,soon,,,,,": "line 2: arrived_at: 'soon' is not a number; write seconds",
    f"{HEADER}\n1,nan,,,,,": "line 2: arrived_at: 'nan' is not a number",
    f"{HEADER}\n1,5,inf,,,,": "line 2: replied_at: 'inf' is not a number",
    f"{HEADER}\n1,2024-01-01T00:00,,,,,": "line 2: arrived_at: '2024-01-01T00:00' is not a number",
    f"{HEADER}\n1,,,,,,": "line 2: arrived_at: it is empty",
    f"{HEADER}\n,5,,,,,": "line 2: case_id: it is empty",
    f"{HEADER}\n1,5,4.9,,,,": "line 2: replied_at: 4.9 is before arrived_at (5.0)",
    f"{HEADER}\n1,5,,,,4,": "line 2: left_at: 4.0 is before arrived_at (5.0)",
    f"{HEADER}\n1,5,7,,,,6": "line 2: closed_at: 6.0 is before replied_at (7.0)",
    f"{HEADER}\n1,5,,,,,4": "line 2: closed_at: 4.0 is before arrived_at (5.0)",
    f"{HEADER}\n1,5,,,,,\n2,5,,,,,\n1,6,,,,,": "line 4: case_id: 1 is on line 2 already",
    f"{HEADER}\n1,5,,": "line 2: 4 fields, but 7 columns",
    f'{HEADER}\n1,5,,,"a"b,,': "line 2: this is not CSV",
    f"{HEADER}\n1,1704067200000,,,,,": "line 2: arrived_at: 1704067200000 is not in seconds; divide",
    f"{HEADER}\n1,5,1704067200000,,,,": "line 2: replied_at: 1704067200000 is not in seconds",
    f"{HEADER}\n1,5,,,,,\n2,1704067200,,,,,\n3,6,,,,,": "line 3: arrived_at: it is decades after that on line 2",
    "case_id;arrived_at;replied_at\n1;5;": "line 1: case_id: ';' stands between columns",
}


@pytest.mark.parametrize(("text", "wrong"), BAD_CASES.items(), ids=BAD_CASES.values())
def test_a_bad_trace_is_refused_by_file_line_and_column(tmp_path: Path, text: str, wrong: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(BadTrace) as refused:
        read(path)
    assert str(refused.value).startswith(f"{path}: {wrong}")


BAD_STAFF = {
    "t\n1": "line 1: on_duty: the column is missing",
    "t,on_duty\n5,1\n4,2": "line 3: t: 4.0 is before the line above it",
    "t,on_duty\n5,-1": "line 2: on_duty: -1 is no count of agents",
    "t,on_duty\n5,1.5": "line 2: on_duty: 1.5 is no count of agents",
    "t,on_duty\n5,many": "line 2: on_duty: 'many' is not a number",
    "t,on_duty\n": "line 2: nobody's duty is told; if it is not known, remove the file",
    "t,on_duty\n1704067200000,1": "line 2: t: 1704067200000 is not in seconds",
}


@pytest.mark.parametrize(("text", "wrong"), BAD_STAFF.items(), ids=BAD_STAFF.values())
def test_bad_staff_is_refused(tmp_path: Path, text: str, wrong: str) -> None:
    path = write(Trace("x", DAY.cases), tmp_path)
    (tmp_path / "x.staff.csv").write_text(text)
    with pytest.raises(BadTrace) as refused:
        read(path)
    assert str(refused.value).startswith(f"{tmp_path / 'x.staff.csv'}: {wrong}")


BAD_ORACLE = {
    "case_id,mean,p50,p80\n1,1,1,1": "line 1: p90: the column is missing",
    "case_id,mean,p50,p80,p90\n7,1,1,1,1": "line 2: case_id: 7 is no case of the trace",
    "case_id,mean,p50,p80,p90\n1,1,1,1,1\n1,1,1,1,1": "line 3: case_id: 1 was there before",
    "case_id,mean,p50,p80,p90\n1,-1,1,1,1": "line 2: mean: -1.0 is negative",
    "case_id,mean,p50,p80,p90\n1,1,3,2,4": "line 2: p50: p50, p80 and p90 must be 0 or more and rise",
    "case_id,mean,p50,p80,p90\n1,1,1,1,": "line 2: p90: it is empty",
}


@pytest.mark.parametrize(("text", "wrong"), BAD_ORACLE.items(), ids=BAD_ORACLE.values())
def test_a_bad_oracle_is_refused(tmp_path: Path, text: str, wrong: str) -> None:
    path = write(Trace("x", DAY.cases), tmp_path)
    (tmp_path / "x.oracle.csv").write_text(text)
    with pytest.raises(BadTrace) as refused:
        read(path)
    assert str(refused.value).startswith(f"{tmp_path / 'x.oracle.csv'}: {wrong}")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTrace, match="No such file"):
        read(tmp_path / "nowhere.csv")


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b"case_id", "it is not packed by gzip"),
        (gzip.compress(b"case_id,arrived_at" * 99)[:-9], "cut short or damaged"),
        (gzip.compress(b"case_id")[:12] + b"\xff" * 30, "cut short or damaged"),
        (gzip.compress("Ä".encode("latin-1")), "it is not UTF-8"),
    ],
    ids=["plain", "cut short", "damaged", "latin-1"],
)
def test_what_cannot_be_unpacked_is_refused(tmp_path: Path, content: bytes, wrong: str) -> None:
    path = tmp_path / "odd.csv.gz"
    path.write_bytes(content)
    with pytest.raises(BadTrace, match=wrong):
        read(path)
