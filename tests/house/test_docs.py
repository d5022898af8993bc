"""Pages that say what the code says are made from the code; where they differ, the failure shows the right text."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable

import pytest

from bot import commands
from bot.cli import COMMANDS
from bot.store.keys import KEYS
from bot.terminal import parser
from bot.words.commands import customer_summary, desk_summary
from bot.words.languages import load_languages
from tests.house.source import ROOT

WIDTH = "100"


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def between(text: str, name: str) -> str:
    """What stands between the two marks of that name."""
    found = re.search(rf"<!-- {name} -->\n(.*?)\n?<!-- end of {name} -->", text, re.DOTALL)
    assert found, f"no marks for {name}"
    return found[1]


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def expect(found: str, expected: str) -> None:
    assert found == expected, f"it should read:\n\n{expected}\n"


# --- keys --------------------------------------------------------------------------------------------------


def test_the_page_on_redis_lists_every_key() -> None:
    rows = [(f"`{key.name}`", key.type, key.expiry, key.purpose) for key in KEYS]
    expect(between(page("docs/redis.md"), "keys"), table(("key", "type", "expiry", "what it holds"), rows))


# --- commands ----------------------------------------------------------------------------------------------


def desk_commands(who: commands.Who) -> str:
    english = load_languages()["en"]
    summary = desk_summary if who == "agent" else customer_summary
    rows = [
        (f"`/{one.name} {one.arguments}`".replace(" `", "`"), summary(english, one.name))
        for one in commands.COMMANDS
        if one.who == who
    ]
    return table(("command", "what it does"), rows)


@pytest.mark.parametrize("name", ["README.md", "docs/commands.md"])
def test_the_commands_of_the_desk_are_listed(name: str) -> None:
    expect(between(page(name), "agents"), desk_commands("agent"))
    expect(between(page(name), "customers"), desk_commands("customer"))


def test_the_command_line_is_shown_as_it_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", WIDTH)
    parts = []
    for arguments in (["--help"], *([command.name, "--help"] for command in COMMANDS)):
        with pytest.raises(SystemExit) as left:
            parser().parse_args(arguments)
        assert left.value.code == 0
        parts.append(f"```\n$ jono {' '.join(arguments)}\n{capsys.readouterr().out.rstrip()}\n```")
    expect(between(page("docs/commands.md"), "command line"), "\n\n".join(parts))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_an_example_that_parses(command: object) -> None:
    example = next(one.example for one in COMMANDS if one is command)
    program, *arguments = example.split()
    assert program == "jono"
    parser().parse_args(arguments)


# --- dependencies ------------------------------------------------------------------------------------------


def named(requirements: Iterable[str]) -> list[str]:
    found = (re.match(r"[\w.-]+", requirement) for requirement in requirements)
    return [match[0] for match in found if match]


@pytest.mark.parametrize(("group", "extra"), [("product", ""), ("fonts", "fonts"), ("development", "dev")])
def test_every_dependency_is_explained_and_no_other(group: str, extra: str) -> None:
    project = tomllib.loads(page("pyproject.toml"))["project"]
    wanted = named(project["optional-dependencies"][extra] if extra else project["dependencies"])
    rows = re.findall(r"^\| `([\w.-]+)` \|", between(page("docs/dependencies.md"), group), re.MULTILINE)
    assert rows == wanted


# --- what the papers point to ------------------------------------------------------------------------------

PAPERS = [
    "README.md",
    "CHANGELOG.md",
    *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").rglob("*.md"))),
]


@pytest.mark.parametrize("name", PAPERS)
def test_every_link_into_the_repository_leads_somewhere(name: str) -> None:
    folder = (ROOT / name).parent
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page(name))
    assert not [target for target in targets if not (folder / target).exists()]


@pytest.mark.parametrize("name", PAPERS)
def test_every_path_that_is_named_exists(name: str) -> None:
    paths = re.findall(r"`((?:adapters|bot|status|tests|docs|deploy|benchmarks|\.ci)/[\w./-]*)`", page(name))
    assert not [path for path in paths if not (ROOT / path).exists()]


@pytest.mark.parametrize("name", PAPERS)
def test_every_make_target_that_is_named_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", page("Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", page(name), re.MULTILINE)) <= targets


def test_every_promise_of_the_readme_names_a_test_that_exists() -> None:
    promises = between(page("README.md"), "promises")
    rows = [line for line in promises.splitlines()[2:] if line.startswith("|")]
    assert rows
    for row in rows:
        held_by = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert held_by, f"no test is named: {row}"
        for path, test in held_by:
            assert re.search(rf"^\s*(?:async )?def {test}\(", page(path), re.MULTILINE), f"{path}::{test}"
