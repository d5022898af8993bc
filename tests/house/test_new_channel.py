"""The tutorial's channel, made as the tutorial says: its files pass its test, and its configuration is right.

Everything is written to a folder of its own; there the package `adapters` is longer by one file.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import adapters.base
from tests.house.source import ROOT

PAGE = (ROOT / "docs/new-channel.md").read_text("utf-8")
BLOCK = re.compile(r"^<!-- ([\w./-]+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILES = dict(BLOCK.findall(PAGE))
TESTS = "tests/adapters/"
ADAPTER, TEST = "adapters/parrot.py", f"{TESTS}test_parrot.py"
LONGER = "import adapters\n\nadapters.__path__.append({!r})\n"
LEAST_TESTS = 60
LIMIT_S = 100.0
NO_CACHES = ("-B", "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider")


def place(folder: Path, name: str) -> Path:
    """Where a file of the page is written. Below `tests/` it would hide the package of that name from itself."""
    return folder / name.removeprefix(TESTS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that the page writes."""
    there = tmp_path_factory.mktemp("parrot")
    for name, text in FILES.items():
        file = place(there, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    (there / "config.toml").chmod(0o600)
    (there / "conftest.py").write_text(LONGER.format(str(there / "adapters")), "utf-8")
    return there


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Python in the repository, where `tests` is ours."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )


def test_the_page_holds_every_file() -> None:
    fixtures = [name for name in FILES if name.startswith(f"{TESTS}fixtures/parrot/")]
    assert set(FILES) == {ADAPTER, TEST, "config.toml", *fixtures}
    assert len(fixtures) >= 3
    assert len(FILES) == len(re.findall(r"^```\w+$", PAGE, re.MULTILINE)), "a block without its file's name"


def test_its_channel_passes_its_test(folder: Path) -> None:
    places = ("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder), "--confcutdir", str(folder))
    done = run(*NO_CACHES, *places, str(place(folder, TEST)))
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed, done.stdout
    assert int(passed[1]) >= LEAST_TESTS
    assert not re.search(r"skipped|failed|error", done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", [ADAPTER, TEST])
def test_it_is_tidy(folder: Path, name: str) -> None:
    ours = ("--no-cache", "--config", str(ROOT / "pyproject.toml"))
    packages = '["adapters", "bot", "tests"]'
    sorted_as_here = ("--config", f"lint.isort.known-first-party={packages}")
    for arguments in (("format", "--diff", *ours), ("check", *ours, *sorted_as_here)):
        done = run("-m", "ruff", *arguments, str(place(folder, name)))
        assert done.returncode == 0, done.stdout + done.stderr


def test_its_configuration_is_right(folder: Path) -> None:
    ask = "\nimport sys\nfrom bot.__main__ import main\nsys.exit(main())\n"
    longer = LONGER.format(str(folder / "adapters"))
    done = run("-B", "-c", longer + ask, "check", "--offline", "--config", str(folder / "config.toml"))
    assert done.returncode == 0, done.stderr
    assert "1 channel" in done.stdout


def test_the_abilities_it_names_are_in_the_contract() -> None:
    """The table of what a channel may do besides."""
    named = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert len(named) >= 6
    assert set(named) <= set(adapters.base.__all__)
