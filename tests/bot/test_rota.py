"""A rota file: what operators write, what is wrong with it, and that a running bot reads it again."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.config.files import Unreadable
from bot.config.rota import read_rota
from bot.rota import KEPT_S, Rotas
from status.rota import Rota, Span
from tests.bot.configurations import EXAMPLE, changed, refused, written
from tests.fakes.desk import MONDAY_NOON, Floor, open_floor
from tests.fakes.desk import changed as with_key

HELSINKI = ZoneInfo("Europe/Helsinki")
HEAD = "from,until,agents\n"


def noon(day: int, hour: int = 12) -> float:
    """A day of December 2026 in Helsinki."""
    return datetime(2026, 12, day, hour, tzinfo=HELSINKI).timestamp()


def spans(folder: Path, text: str) -> tuple[Span, ...]:
    path = folder / "rota.csv"
    path.write_text(text, "utf-8")
    return read_rota(path, HELSINKI)


# --- what is read --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2026-12-24T09:00,2026-12-24T17:00,3", Span(noon(24, 9), noon(24, 17), 3)),
        ("2026-12-24 09:00:00,2026-12-24 17:00:00,2.5", Span(noon(24, 9), noon(24, 17), 2.5)),
        ("2026-12-24,2026-12-25,0", Span(noon(24, 0), noon(25, 0), 0)),
        ("2026-12-24T07:00Z,2026-12-24T16:00+01:00,3", Span(noon(24, 9), noon(24, 17), 3)),
        (" 2026-12-24T09:00 , 2026-12-24T17:00 , 3 ", Span(noon(24, 9), noon(24, 17), 3)),
    ],
)
def test_a_shift_is_read_however_its_times_are_written(tmp_path: Path, text: str, span: Span) -> None:
    assert spans(tmp_path, HEAD + text) == (span,)


def test_columns_come_in_any_order_and_others_are_left_out(tmp_path: Path) -> None:
    text = '\ufeffUntil,note,agents,from\n2026-12-24T17:00,"early, quiet",3,2026-12-24T09:00\n\n ,,,\n'
    assert spans(tmp_path, text) == (Span(noon(24, 9), noon(24, 17), 3),)


def test_a_rota_without_shifts_plans_nothing(tmp_path: Path) -> None:
    assert spans(tmp_path, HEAD) == ()


@pytest.mark.parametrize(
    ("row", "hours"),
    [
        ("2026-03-29T00:00,2026-03-30T00:00,1", 23),  # the clocks go forward at 3:00
        ("2026-10-25T00:00,2026-10-26T00:00,1", 25),  # and back at 4:00
        ("2026-10-25T03:30,2026-10-25T04:30,1", 2),  # the first 3:30
        ("2026-10-25T03:30+02:00,2026-10-25T04:30,1", 1),  # the second
        ("2026-03-29T02:30,2026-03-29T03:30,1", 1),  # 3:30 does not exist: it is 4:30
    ],
)
def test_days_on_which_the_clocks_change_have_their_true_length(tmp_path: Path, row: str, hours: int) -> None:
    [span] = spans(tmp_path, HEAD + row)
    assert span.until_at - span.from_at == hours * 3600


# --- what is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "line 1: from: the column is missing"),
        ("from,until\n", "line 1: agents: the column is missing"),
        ("from;until;agents\n", "line 1: from: the column is missing"),
        (HEAD + "\n2026-12-24T09:00,2026-12-24T17:00", "line 3: 2 fields; write 3"),
        (HEAD + "24.12.2026 9:00,2026-12-24T17:00,3", "line 2: from: is no time; write it like 2026-"),
        (HEAD + "2026-12-24T09:00,,3", "line 2: until: is no time"),
        (HEAD + "2026-12-24T17:00,2026-12-24T09:00,3", "line 2: until: is not after from"),
        (HEAD + "2026-10-25T03:45+02:00,2026-10-25T03:50,3", "line 2: until: is not after from"),
        (HEAD + "2026-12-24T09:00,2026-12-24T17:00,many", "line 2: agents: is no number"),
        (HEAD + "2026-12-24T09:00,2026-12-24T17:00,-1", "line 2: agents: is no number"),
        (HEAD + "2026-12-24T09:00,2026-12-24T17:00,nan", "line 2: agents: is no number"),
        (HEAD + "2026-12-24T09:00,2026-12-24T17:00,10001", "line 2: agents: is no number"),
        (HEAD + '"2026-12-24T09:00,2026-12-24T17:00,3', "line 2: is not CSV"),
    ],
)
def test_a_bad_row_is_named_with_its_file_line_and_column(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(Unreadable) as caught:
        spans(tmp_path, text)
    assert str(caught.value).startswith(f"has a fault in {tmp_path / 'rota.csv'}, {place}")
    assert "; " in str(caught.value)


def test_a_bad_rota_is_a_fault_of_the_configuration(tmp_path: Path) -> None:
    tables = changed(EXAMPLE, "queues.billing.rota", "rota.csv")
    (tmp_path / "rota.csv").write_text(HEAD + "2026-12-24T09:00,2026-12-24T17:00,3", "utf-8")
    assert written(tmp_path, tables).queues["billing"].rota == str(tmp_path / "rota.csv")
    (tmp_path / "rota.csv").write_text(HEAD + "2026-12-24T09:00,2026-12-24T17:00,x", "utf-8")
    error = refused(tmp_path / "jono.toml", {})
    assert error.first_line.startswith("queues.billing.rota: has a fault in ")
    assert "line 2: agents: " in error.first_line


# --- a running bot -------------------------------------------------------------------------------------------


class Running:
    """A bot with a rota, whose file is under somebody's hands."""

    def __init__(self, path: Path, floor: Floor) -> None:
        self.path = path
        self.changes = 0
        self.clock = floor.clock
        self.rotas = Rotas(floor.parts.config, floor.parts.store, floor.clock)

    def write(self, rows: str) -> None:
        """Change the file; its time goes on even where the disk's clock is coarse."""
        self.changes += 1
        self.path.write_text(HEAD + rows, "utf-8")
        os.utime(self.path, ns=(self.changes, self.changes))

    async def planned(self) -> float | None:
        """How many are planned for Christmas Eve, once the last answer is old."""
        self.clock.advance(KEPT_S + 1)
        rota = await self.rotas.rota("support")
        return rota.planned(datetime(2026, 12, 24, 12, tzinfo=ZoneInfo("UTC")).timestamp())


@pytest.fixture
async def running(tmp_path: Path, store_url: str) -> AsyncIterator[Running]:
    path = tmp_path / "rota.csv"
    path.write_text(HEAD + "2026-12-24,2026-12-25,3", "utf-8")
    async with open_floor(store_url, tables=with_key("queues.support.rota", str(path))) as floor:
        yield Running(path, floor)


async def test_a_changed_file_is_read_again(running: Running) -> None:
    assert await running.planned() == 3
    running.write("2026-12-24,2026-12-25,4")
    assert await running.planned() == 4


async def test_an_answer_is_kept_for_a_little_while(running: Running) -> None:
    assert await running.planned() == 3
    running.write("2026-12-24,2026-12-25,4")
    assert (await running.rotas.rota("support")).spans[0].agents == 3


@pytest.mark.parametrize("what", ["bad", "gone"])
async def test_a_file_that_becomes_bad_is_logged_once_and_the_last_good_one_stays(
    running: Running, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await running.planned() == 3
    if what == "bad":
        running.write("2026-12-24,2026-12-25,many")
    else:
        running.path.unlink()
    for _ in range(3):
        assert await running.planned() == 3
    logged = capsys.readouterr()
    assert (logged.out + logged.err).count("the last good one stays") == 1
    running.write("2026-12-24,2026-12-25,5")
    assert await running.planned() == 5


async def test_a_queue_without_a_file_has_an_empty_rota(running: Running) -> None:
    assert await running.rotas.rota("billing") == Rota()


# --- announced help ------------------------------------------------------------------------------------------


async def test_announced_help_comes_on_top_of_what_is_planned(running: Running, floor: Floor) -> None:
    await floor.ask("/incident 4 15:30 22:00")
    rota = await running.rotas.rota("support")
    assert rota.extra == (Span(MONDAY_NOON + 3.5 * 3600, MONDAY_NOON + 10 * 3600, 4),)
    assert rota.at(MONDAY_NOON + 4 * 3600).agents(usual=2) == 6
    await floor.ask("/incident off")
    assert (await running.rotas.rota("support")).extra
    running.rotas.forget("support")
    assert await running.rotas.rota("support") == Rota((Span(noon(24, 0) + 7200, noon(25, 0) + 7200, 3),))
