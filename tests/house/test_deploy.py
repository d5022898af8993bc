"""The papers for running it for real keep what they claim: no root, one writable folder, a health check that works."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib

import pytest

from bot.app import DRAIN_S
from bot.store.embedded import STOP_LIMIT_S
from bot.terminal import parser
from tests.house.living import bot_and_shop
from tests.house.source import ROOT

STOP_S = 1.5 * DRAIN_S
"""Requests get half the time of a drain to finish, before what is being sent gets all of it."""


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, comments and line ends removed."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines if line)]


def final_stage() -> dict[str, str]:
    """The last value of each instruction of the image that is shipped."""
    steps = instructions()
    last = max(index for index, (name, _) in enumerate(steps) if name == "FROM")
    return dict(steps[last:])


def command_of(instruction: str) -> list[str]:
    """An instruction in its exec form, which needs no shell."""
    words: list[str] = json.loads(instruction[instruction.index("[") :])
    return words


# --- Docker ------------------------------------------------------------------------------------------------


def test_the_image_runs_without_root_and_stops_by_a_signal_the_bot_hears() -> None:
    stage = final_stage()
    assert stage["USER"] not in ("root", "0")
    assert stage["STOPSIGNAL"] == "SIGTERM"
    assert stage["VOLUME"] == "/data"


def test_the_image_is_made_of_named_bases_and_local_files_only() -> None:
    steps = instructions()
    assert all(re.match(r"python:3\.\d+-slim( AS \w+)?$", rest) for name, rest in steps if name == "FROM")
    assert not [rest for name, rest in steps if name == "ADD" or "http://" in rest.split("CMD")[0]]


def test_nothing_is_installed_into_the_final_image() -> None:
    steps = instructions()
    last = max(index for index, (name, _) in enumerate(steps) if name == "FROM")
    assert not [rest for _, rest in steps[last:] if re.search(r"\b(pip|apt-get|gcc|curl|wget)\b", rest)]


def test_the_container_starts_a_command_that_exists() -> None:
    stage = final_stage()
    program, *arguments = command_of(stage["ENTRYPOINT"]) + command_of(stage["CMD"])
    assert program == "jono"
    parser().parse_args(arguments)


async def test_the_health_check_of_the_image_works(store_url: str) -> None:
    program, flag, code = command_of(final_stage()["HEALTHCHECK"])
    assert (program, flag) == ("python", "-c")
    async with bot_and_shop(store_url) as (bot, _):
        healthy = code.replace("http://127.0.0.1:8080", bot.address)
        assert healthy != code
        assert await exit_code(healthy) == 0
    assert await exit_code(healthy) != 0


async def exit_code(code: str) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stderr=asyncio.subprocess.DEVNULL
    )
    return await process.wait()


def test_the_build_gets_all_files_that_the_package_is_made_of() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    kept = {line.removeprefix("!").rstrip("/") for line in ignored if line.startswith("!")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    papers = {"pyproject.toml", "constraints.txt", project["project"]["readme"], "LICENSE"}
    assert kept == papers | set(packages)


def test_compose_gives_a_stop_the_time_it_takes() -> None:
    text = (ROOT / "deploy" / "compose.yaml").read_text("utf-8")
    given = re.search(r"stop_grace_period: (\d+)s", text)
    assert given
    assert int(given[1]) > STOP_S


# --- systemd -----------------------------------------------------------------------------------------------


def unit() -> dict[str, str]:
    lines = (ROOT / "deploy" / "jono.service").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def test_the_unit_starts_a_command_that_exists() -> None:
    program, *arguments = shlex.split(unit()["ExecStart"])
    assert program.endswith("/jono")
    parser().parse_args(arguments)


def test_the_unit_gives_a_stop_the_time_it_takes_and_the_embedded_server_its_end() -> None:
    assert int(unit()["TimeoutStopSec"]) > STOP_S + STOP_LIMIT_S
    assert unit()["KillMode"] == "mixed"


def test_the_unit_keeps_its_data_where_it_may_write() -> None:
    assert unit()["Environment"] == f"JONO_STORE__URL=embedded:/var/lib/{unit()['StateDirectory']}"
    assert unit()["ProtectSystem"] == "strict"


# --- CI ----------------------------------------------------------------------------------------------------


def test_the_check_of_changes_is_a_program_that_bash_understands() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text("utf-8").rstrip().endswith("make lint test")
    subprocess.run(["bash", "-n", script], check=True)


@pytest.mark.parametrize("target", ["demo", "test", "lint", "bench", "drill", "clean", "help"])
def test_make_knows_its_targets(target: str) -> None:
    asked = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, check=False)
    assert asked.returncode == 0, asked.stderr.decode()
