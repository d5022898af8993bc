"""`jono replay` as its users meet it: a table, JSON, predictions, a page, and what is refused."""

from __future__ import annotations

import asyncio
import csv
import gzip
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from zlib import crc32

import pytest

from bot.replay.queries import Query
from bot.replay.replay_job import told
from bot.replay.report import OURS
from bot.replay.run import Replayed
from bot.replay.trace import write
from tests.bot.test_cli import jono
from tests.house.source import ROOT
from tests.replay.tiny import DAY, START, case, trace

HOURS = 40
WAITS_S = (600.0, 1500.0, 2100.0)
Rows = Sequence[Mapping[str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two small traces: three cases arrive every half an hour; nobody answers the last."""
    for days, name in ((0, "one"), (9, "two-1")):
        cases = [
            case(f"{half}-{number}", begin, begin + wait_s if half < 2 * HOURS - 1 else None)
            for half in range(2 * HOURS)
            for number, wait_s in enumerate(WAITS_S)
            for begin in [days * DAY * (half > 4) + 1800.0 * half + 7 * number]
        ]
        past = trace(*cases)
        write(type(past)(name, past.cases), tmp_path)
    return tmp_path


def predictions(path: Path) -> Rows:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


async def test_two_traces_are_replayed_to_a_table(folder: Path) -> None:
    ended = await jono("replay", "one.csv.gz", "two-1.csv.gz", within=folder)
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert [line.split()[:2] for line in lines[:3]] == [["trace", "cases"], ["one", "240"], ["two-1", "240"]]
    assert ended.err.splitlines()[-1] == "jono: 2 of 2 traces replayed"


async def test_json_predictions_and_a_page(folder: Path) -> None:
    asked = ("one.csv.gz", "two-1.csv.gz", "--json", "--predictions", "told.csv.gz", "--html", "page.html")
    ended = await jono("replay", *asked, within=folder)
    assert ended.code == 0, ended.err
    traces = json.loads(ended.out)["traces"]
    assert [one["trace"] for one in traces] == ["one", "two-1"]
    # Everything of "one" lies in its first week; of "two-1" nearly all does not.
    counts = [one["estimators"]["les"]["live"]["n"] for one in traces]
    assert counts == [0, 3 * (2 * HOURS - 1 - 5)]
    assert (folder / "page.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    first = (folder / "told.csv.gz").read_bytes()
    rows = predictions(folder / "told.csv.gz")
    assert list(rows[0]) == ["trace", "kind", "case_id", "at", "p50_s", "p80_s", "p90_s"]
    assert {row["trace"] for row in rows} == {"one", "two-1"}
    _check(rows)
    again = await jono("replay", *asked, "--jobs", "1", within=folder)
    assert again.code == 0
    assert (folder / "told.csv.gz").read_bytes() == first


def _check(rows: Rows) -> None:
    """Who is asked about and when, computed anew."""
    one = [row for row in rows if row["trace"] == "one"]
    arrivals = {f"{half}-{n}": START + 1800 * half + 7 * n for half in range(2 * HOURS) for n in range(3)}
    for kind in ("live", "published"):
        at = {row["case_id"]: float(row["at"]) for row in one if row["kind"] == kind}
        assert at == arrivals
    live = {row["case_id"]: row for row in one if row["kind"] == "live"}
    published = {row["case_id"]: row for row in one if row["kind"] == "published"}
    # 0-0 arrived at a tick and 0-1 after it, so what was published is what was told to 0-0 itself.
    first = [figures(row) for row in (live["0-0"], published["0-0"], published["0-1"])]
    assert first[0] == first[1] == first[2]
    waiting = {(row["case_id"], float(row["at"])) for row in one if row["kind"] == "waiting"}
    expected = set()
    for tick in range(int(START), int(START) + 1800 * (2 * HOURS - 1) + 14 + 1, 300):
        there = [
            name
            for name, at in arrivals.items()
            if at < tick <= at + WAITS_S[int(name[-1])]
            or (at < tick and name.startswith(f"{2 * HOURS - 1}-"))
        ]
        drawn = sorted(there, key=lambda name: crc32(f"{tick}:{name}".encode()))[:2]
        expected |= {(name, float(tick)) for name in drawn}
    assert waiting == expected
    for row in rows:
        p50, p80, p90 = figures(row) or (0.0, 0.0, 0.0)
        assert 0 <= p50 <= p80 <= p90


def figures(row: Mapping[str, str]) -> tuple[float, float, float] | None:
    """None: unknown, all three empty."""
    texts = [row[name] for name in ("p50_s", "p80_s", "p90_s")]
    if texts == ["", "", ""]:
        return None
    p50, p80, p90 = map(float, texts)
    return p50, p80, p90


def test_names_with_commas_are_quoted_and_unknown_is_empty() -> None:
    past = trace(case('a,"b"', 0.125, 50))
    queries = [Query("live", 0, START + 0.125), Query("waiting", 0, START + 30)]
    lines = list(told(Replayed(past, queries, {OURS: [None, (1.0, 2.26, 30.0)]})))
    assert lines == [
        f'tiny-1,live,"a,""b""",{START + 0.125:.3f},,,\n',
        f'tiny-1,waiting,"a,""b""",{START + 30:.0f},1.0,2.3,30.0\n',
    ]


async def test_all_files_of_a_folder_are_its_traces_and_what_belongs_to_them(folder: Path) -> None:
    simulated = await jono("simulate", "steady", "--days", "2", "--out", ".", within=folder)
    assert simulated.code == 0, simulated.err
    names = sorted(path.name for path in folder.glob("*.csv.gz"))
    assert len(names) == 5
    ended = await jono("replay", *names, "one.csv.gz", within=folder)
    assert ended.code == 0, ended.err
    assert [line.split()[0] for line in ended.out.splitlines()[1:4]] == ["one", "steady-1", "two-1"]
    alone = await jono("replay", "one.csv.gz", "steady-1.staff.csv.gz", within=folder)
    assert alone.code == 2
    wrong = "this file only belongs to a trace; name steady-1.csv.gz as well"
    assert alone.err == f"jono: steady-1.staff.csv.gz: {wrong}\n"


async def test_a_trace_within_its_first_week_is_said_to_be_too_short(folder: Path) -> None:
    ended = await jono("replay", "one.csv.gz", within=folder)
    assert "one: It ends within its first 7 days, which are for learning" in ended.out


# --- what is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "wrong"),
    [
        ("bad.csv", "case_id,arrived_at,replied_at\n1,5,9\n2,soon,\n", "bad.csv: line 3: arrived_at: 'soon'"),
        ("bad.csv", "case_id,arrived_at\n1,5\n", "bad.csv: line 1: replied_at: the column is missing"),
        ("bad.txt", "case_id,arrived_at,replied_at\n1,5,9\n", "bad.txt: a trace is a file that ends in .csv"),
        ("bad.csv.gz", "not packed", "bad.csv.gz: cannot be read: it is not packed by gzip"),
    ],
    ids=["a word for a time", "no column", "no CSV", "not packed"],
)
async def test_a_trace_that_cannot_be_read_is_named_with_the_line(
    tmp_path: Path, name: str, text: str, wrong: str
) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    ended = await jono("replay", name, within=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"jono: {wrong}")
    assert ended.err.count("\n") == 1


async def test_what_cannot_be_written_is_told_before_anything_begins(folder: Path) -> None:
    ended = await jono("replay", "one.csv.gz", "--html", "nowhere/page.html", within=folder)
    assert ended.code == 2
    assert ended.err.startswith(
        "jono: --html: nowhere/page.html cannot be written: there is no folder nowhere"
    )


async def test_two_traces_of_one_name_are_refused(folder: Path) -> None:
    (folder / "one.csv").write_bytes(gzip.decompress((folder / "one.csv.gz").read_bytes()))
    ended = await jono("replay", "one.csv.gz", "one.csv", within=folder)
    assert ended.code == 2
    assert ended.err == "jono: one.csv: one.csv.gz has the same name; rename one of them\n"


async def in_the_middle(folder: Path) -> asyncio.subprocess.Process:
    """A replay that is through with one trace, and long busy with the next."""
    write(trace(*(case(f"{number}", 60.0 * number, 60.0 * number + 600) for number in range(5_000))), folder)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "replay", "--jobs", "1", "one.csv.gz", "tiny-1.csv.gz"),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stderr is not None
    assert await process.stderr.readline() == b"jono: 1 of 2 traces replayed\n"
    return process


async def test_a_ctrl_c_ends_it_quietly(folder: Path) -> None:
    process = await in_the_middle(folder)
    # To the whole group, as a terminal does.
    os.killpg(process.pid, signal.SIGINT)
    assert await process.communicate() == (b"", b"")
    assert process.returncode == 130


async def test_no_process_outlives_a_replay_that_is_killed(folder: Path) -> None:
    process = await in_the_middle(folder)
    process.kill()
    # What it writes to ends when the last process that has it is gone.
    async with asyncio.timeout(30):
        await process.communicate()
