"""`jono simulate` as its users meet it: files, scenarios of their own, and what is refused."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import msgspec
import pytest

from bot.cli_common import Failure
from bot.replay import scenarios
from bot.replay.cli_simulate import arguments, simulate
from bot.replay.scenarios import BadScenario, Burst, Scenario, changed, setting
from bot.replay.sim_presets import PRESETS, preset
from bot.replay.trace import read
from tests.bot.test_cli import jono
from tests.house.source import ROOT

PAGE = (ROOT / "docs" / "commands.md").read_text("utf-8")
EXAMPLE = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0]


def options(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    arguments(parser)
    return parser.parse_args(given)


def drawn(name: str) -> Scenario:
    return preset(name, 1)


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, "utf-8")
    return path


# --- files ---------------------------------------------------------------------------------------------------


async def test_it_writes_traces_and_says_so_and_does_the_same_again(tmp_path: Path) -> None:
    asked = ("simulate", "abandon", "steady", "--days", "3", "--oracle-cases", "9", "--seed", "4")
    ended = await jono(*asked, within=tmp_path)
    assert ended.code == 0, ended.err
    assert re.fullmatch(
        r"traces/abandon-4\.csv\.gz: [\d,]+ cases, mean wait [\d.]+ min, [\d.]+% left.*\n"
        r"traces/steady-4\.csv\.gz: [\d,]+ cases, mean wait [\d.]+ min.*\n",
        ended.out,
    )
    assert ended.err == "jono: 1 of 2 simulated\njono: 2 of 2 simulated\n"
    again = await jono(*asked, "--out", "again", within=tmp_path)
    assert again.out == ended.out.replace("traces/", "again/")
    files = sorted(path.name for path in (tmp_path / "traces").iterdir())
    assert files == [f"{n}-4{k}.csv.gz" for n in ("abandon", "steady") for k in ("", ".oracle", ".staff")]
    for name in files:
        assert (tmp_path / "traces" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert read(tmp_path / "traces" / "steady-4.csv.gz").oracle


async def test_settings_change_what_was_asked_for(tmp_path: Path) -> None:
    asked = ("simulate", "steady", "--days", "2", "--no-oracle", "--set", "patience_s=60")
    ended = await jono(*asked, within=tmp_path)
    assert ended.code == 0, ended.err
    assert "left" in ended.out
    trace = read(tmp_path / "traces" / "steady-1.csv.gz")
    assert trace.oracle is None
    assert any(case.left_at for case in trace.cases)


# --- scenarios of one's own ----------------------------------------------------------------------------------


def test_the_example_of_the_page_is_a_scenario(tmp_path: Path) -> None:
    found = scenarios.read(written(tmp_path, EXAMPLE), drawn)
    assert found.name == "mine"
    assert found.bursts
    assert found.rota_sunday == (0,) * 24


def test_the_page_lists_every_setting_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \|", PAGE, re.MULTILINE)
    expected = []
    for kind in (Scenario, Burst):
        for field in msgspec.structs.fields(kind):
            expected.append((field.name, shown(field)))
    assert rows == expected


def shown(field: msgspec.structs.FieldInfo) -> str:
    """A default as the page writes it: `-` where there is none to give, `even` for one value all along."""
    if field.required or field.default in (None, ()):
        return "-"
    if isinstance(field.default, tuple):
        return "even"
    return f"`{field.default:g}`" if isinstance(field.default, float | int) else f"`{field.default}`"


def test_a_file_may_begin_with_a_preset(tmp_path: Path) -> None:
    path = written(tmp_path, 'preset = "messy"\nname = "calm"\nbursts = []')
    assert scenarios.read(path, drawn) == changed(drawn("messy"), {"name": "calm", "bursts": ()})


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('preset = "steady"\nspeed = 2', "there is no setting `speed`, but name, days, cases_a_day"),
        (
            'preset = "steady"\n[[bursts]]\nat_h = 3\nsize = 2',
            "bursts[0]: there is no setting `size`, but at_h, hours",
        ),
        ('preset = "steady"\nhandling_s = "long"', "handling_s: Expected `float`, got `str`"),
        ('preset = "steady"\nhandling_s = 0', "handling_s: Expected `float` > 0.0"),
        ('preset = "steady"\nhandling_s = nan', "handling_s: Expected `float` > 0.0"),
        ('preset = "steady"\nrota = [1, 2]', "rota: Expected `array` of length >= 24"),
        ('preset = "steady"\ndays = 4000', "days: Expected `int` <= 366"),
        ('preset = "steady"\nrandom_share = 0.6\nnewest_share = 0.6', "are more than 1 together"),
        ('preset = "steady"\nname = "../x"', "name: Expected `str` matching regex"),
        ('preset = "nonsense"', "nonsense: there is no such scenario; take one of steady, daynight"),
        ("preset = [1]", "[1]: there is no such scenario"),
        ("cases_a_day = 5", "this must be set: `rota`"),
        ("cases_a_day =", "this is not TOML"),
    ],
)
def test_a_wrong_scenario_is_refused_by_its_setting(tmp_path: Path, text: str, wrong: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(BadScenario) as refused:
        scenarios.read(path, drawn)
    assert str(refused.value).startswith(f"{path}: ")
    assert wrong in str(refused.value)


def test_a_setting_is_written_as_in_a_file() -> None:
    assert setting("patience_s = 60") == ("patience_s", 60)
    assert setting('handling_shape="gamma"') == ("handling_shape", "gamma")
    assert setting("bursts=[{at_h=30, factor=8}]") == ("bursts", [{"at_h": 30, "factor": 8}])
    for wrong in ("patience_s", "patience_s=", "handling_shape=gamma"):
        with pytest.raises(BadScenario, match="NAME=VALUE"):
            setting(wrong)


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (["nonsense"], "nonsense: there is no such scenario; take one of"),
        (["steady", "--days", "0"], "days: Expected `int` >= 1"),
        (["steady", "--set", "foo=1"], "there is no setting `foo`, but"),
        (["steady", "closed", "--set", 'name="x"'], "two scenarios have one name"),
        (["--scenario", "nowhere.toml"], "nowhere.toml: cannot be read"),
    ],
)
async def test_what_cannot_be_simulated_is_refused_before_anything_begins(
    tmp_path: Path, given: list[str], wrong: str
) -> None:
    with pytest.raises(Failure, match=re.escape(wrong)) as refused:
        await simulate(options(*given, "--out", str(tmp_path / "out")))
    assert refused.value.code == 2
    assert not (tmp_path / "out").exists()


async def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Failure, match="choose another folder"):
        await simulate(options("steady", "--out", str(tmp_path / "file")))


def test_all_presets_are_named_in_the_help() -> None:
    assert all(name in PAGE for name in PRESETS)
