"""The command line as its users meet it: real processes, their words and exit codes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.base import Refused
from bot.cli import COMMANDS
from bot.formats import FORMATS, alike
from bot.light import SHAPES
from bot.store.wire import Commit, OutEntry
from tests.bot.configurations import as_toml
from tests.fakes.desk import TABLES, Floor, HandClock, open_floor
from tests.fakes.servers import free_port

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True)
class Ended:
    """A process that ended."""

    code: int
    out: str
    err: str


async def jono(*arguments: str, within: Path, **environ: str) -> Ended:
    """Run one command in a folder."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments),
        cwd=within,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


@pytest.fixture
def folder(tmp_path: Path, store_url: str) -> Path:
    """A folder with a `config.toml` for the store of this test."""
    write(tmp_path, {**TABLES, "store": {"url": store_url}})
    return tmp_path


def write(folder: Path, tables: Mapping[str, object]) -> None:
    file = folder / "config.toml"
    file.write_text("\n".join(f"{key} = {as_toml(value)}" for key, value in tables.items()), "utf-8")
    file.chmod(0o600)


# --- help and faults -----------------------------------------------------------------------------------------


async def test_help_names_every_command(tmp_path: Path) -> None:
    ended = await jono("--help", within=tmp_path)
    assert ended.code == 0
    assert all(command.name in ended.out for command in COMMANDS)


@pytest.mark.parametrize(
    "arguments", [(), ("nonsense",), ("outbox", "--nonsense"), ("demo", "--speed", "0.5")]
)
async def test_wrong_arguments_end_with_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert (await jono(*arguments, within=tmp_path)).code == 2


@pytest.mark.parametrize("port", ["99999", "-1", "http"])
async def test_a_port_that_cannot_be_is_refused_by_its_option(tmp_path: Path, port: str) -> None:
    ended = await jono("demo", f"--port={port}", within=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert f"argument --port: {port} is no port; take a number from 0 to 65535" in ended.err


@pytest.mark.parametrize("command", ["run", "outbox"])
async def test_a_bad_key_ends_with_2_in_one_line_that_names_it(folder: Path, command: str) -> None:
    ended = await jono(command, within=folder, JONO_QUEUES__SUPPORT__TARGET_S="soon")
    assert ended.code == 2
    (line,) = ended.err.splitlines()
    assert line.startswith("jono: queues.support.target_s")


@pytest.mark.parametrize("command", ["check", "wait"])
async def test_a_store_that_does_not_answer_ends_with_1_in_one_line(tmp_path: Path, command: str) -> None:
    write(tmp_path, {**TABLES, "store": {"url": f"redis://127.0.0.1:{free_port()}"}})
    ended = await jono(
        *({"check": ["check", "--store"], "wait": ["wait", "support"]}[command]), within=tmp_path
    )
    assert ended.code == 1
    assert [line.partition(":")[0] for line in ended.err.splitlines()] == ["jono"]


async def test_an_address_in_use_ends_with_2_and_names_the_key(folder: Path, store_url: str) -> None:
    holder = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    async with holder:
        port = holder.sockets[0].getsockname()[1]
        ended = await jono("run", within=folder, JONO_SERVER__LISTEN=f"127.0.0.1:{port}")
    assert ended.code == 2
    assert ended.err.splitlines()[-1].startswith("jono: server.listen:")


# --- the first second ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["asyncio", "bot.replay.trace"], ids=["the first", "what a command adds"])
async def test_a_ctrl_c_while_it_is_being_imported_ends_it_quietly(tmp_path: Path, module: str) -> None:
    """Python names each module it has imported; that is the moment."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "importtime", "-m", "bot", "check"),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    while not (line := await process.stderr.readline()).rstrip().endswith(f" {module}".encode()):
        assert line, "it ended by itself"
    process.send_signal(signal.SIGINT)
    rest = await process.stderr.read()
    assert await process.wait() == 130
    assert all(line.startswith(b"import time:") for line in rest.splitlines())


async def test_a_bot_starts_without_what_only_other_commands_need() -> None:
    heavy = {"bot.demo", "bot.floor", "bot.banner", "resvg_py"}
    code = f"import sys, bot.cli; print(sorted({heavy!r} & sys.modules.keys()))"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=Path(__file__).parents[2], stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert out == b"[]\n"


# --- check, wait, banner -------------------------------------------------------------------------------------


async def test_a_good_configuration_is_called_good(folder: Path) -> None:
    ended = await jono("check", "--store", within=folder)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "The configuration is right: 2 queue(s), 2 channel(s).\n"


async def test_wait_prints_what_was_published_and_unknown_before(folder: Path, store_url: str) -> None:
    before = json.loads((await jono("wait", "support", "--json", within=folder)).out)
    assert (before["state"], before["reason"], before["wait"]) == ("unknown", "stale", None)
    async with open_floor(store_url, clock=HandClock(time.time())) as floor:
        await floor.ask("/on")
        await floor.tick()
        published = await floor.parts.store.published("support")
    assert published is not None
    after = json.loads((await jono("wait", "support", "--json", within=folder)).out)
    assert after == published.to_json(lambda outlook: after["promise"]["text"])
    assert after["state"] == "open"


async def test_wait_asks_for_the_queue_where_there_are_several(folder: Path) -> None:
    for queue in ((), ("sales",)):
        ended = await jono("wait", *queue, within=folder)
        assert ended.code == 2
        assert "support, billing" in ended.err


async def test_banners_are_written_as_pictures(folder: Path) -> None:
    ended = await jono("banner", "support", "--out", "out", within=folder)
    assert ended.code == 0
    written = [folder / line for line in ended.out.splitlines()]
    assert {path.suffix for path in written} == {".png", ".jpg"}
    for path in written:
        assert path.read_bytes().startswith(PNG if path.suffix == ".png" else JPEG)


async def test_the_encoding_of_a_banner_can_be_chosen(folder: Path) -> None:
    asked = ("banner", "support", "--format", "x", "--encoding", "jpg", "--out", ".")
    ended = await jono(*asked, within=folder)
    assert ended.out == "support-x.jpg\n"
    assert (folder / "support-x.jpg").read_bytes().startswith(JPEG)


async def test_a_language_without_words_is_refused_with_those_there_are(folder: Path) -> None:
    ended = await jono("banner", "support", "--language", "de", within=folder)
    assert ended.code == 2
    assert "--language: there are words in en, fi, pl only" in ended.err


async def test_a_preview_shows_every_format_in_every_state(folder: Path) -> None:
    ended = await jono("banner", "support", "--preview", within=folder)
    assert (ended.code, ended.out) == (0, "banners.html\n")
    page = (folder / "banners.html").read_text("utf-8")
    for name, banner in FORMATS.items():
        assert name in page, "no such row"
        assert f"{banner.width} × {banner.height}" in page or banner.shape == "round"
    assert page.count("data:image/png") == len(alike()) * (len(SHAPES) + 1)
    assert not re.findall(r'(?:src|href)="(?!data:)', page), "it needs something else"
    assert f"of {page.count('data:image/png')} banners drawn" in ended.err


async def test_a_preview_is_a_picture_or_a_page(folder: Path) -> None:
    ended = await jono("banner", "support", "--preview", "--out", "sheet.png", within=folder)
    assert ended.out == "sheet.png\n"
    assert (folder / "sheet.png").read_bytes().startswith(PNG)
    ended = await jono("banner", "support", "--preview", "--out", "sheet.pdf", within=folder)
    assert ended.code == 2
    assert "--out" in ended.err


async def test_a_banner_that_cannot_be_drawn_says_why(folder: Path) -> None:
    ended = await jono("banner", "support", within=folder, JONO_BOT__NAME="🚀")
    assert ended.code == 1
    assert "no font has a glyph for 🚀 (U+1F680)" in ended.err


# --- export ------------------------------------------------------------------------------------------------


async def test_an_export_says_where_it_is_or_why_there_is_none(folder: Path, store_url: str) -> None:
    ended = await jono("export", within=folder)
    assert (ended.code, ended.out) == (1, "")
    assert "nothing to export" in ended.err
    async with open_floor(store_url, clock=HandClock(time.time())) as floor:
        await floor.opened()
    ended = await jono("export", "--out", "here", "--days", "1", within=folder)
    assert (ended.code, ended.out) == (0, "here/support.csv.gz\n")
    ended = await jono("export", "billing", "--out", "here", within=folder)
    assert ended.code == 1


@pytest.mark.parametrize(
    ("arguments", "named"),
    [(("sales",), "support, billing"), (("--days", "0"), "days"), (("--out", "a"), "--out")],
)
async def test_an_export_that_cannot_be_says_so(
    folder: Path, store_url: str, arguments: tuple[str, ...], named: str
) -> None:
    (folder / "a").write_text("a file", "utf-8")
    async with open_floor(store_url) as floor:
        await floor.opened()
    ended = await jono("export", *arguments, within=folder)
    assert ended.code == 2
    assert named in ended.err


# --- outbox --------------------------------------------------------------------------------------------------


@pytest.fixture
async def given_up(floor: Floor) -> Floor:
    """Two messages among the dead letters."""
    floor.platforms["shop"].troubles.extend([Refused("no such person"), Refused("no such person")])
    for who in ("c-1", "c-2"):
        body = {"kind": "reply", "case": None, "customer": who, "text": "Hello"}
        await floor.parts.store.commit("support", Commit(out=[OutEntry(f"e-{who}", f"shop/{who}", body)]))
    await floor.deliver()
    return floor


async def test_what_was_given_up_is_listed_without_its_text(given_up: Floor, folder: Path) -> None:
    ended = await jono("outbox", within=folder)
    assert ended.code == 0
    rows = sorted(row.split("  ") for row in ended.out.splitlines())
    assert [(row[0], *row[2:]) for row in rows] == [
        ("e-c-1", "support", "shop", "no such person"),
        ("e-c-2", "support", "shop", "no such person"),
    ]


@pytest.mark.parametrize(("chosen", "sent"), [("e-c-1", {"e-c-1"}), ("all", {"e-c-1", "e-c-2"})])
async def test_it_can_be_sent_again(given_up: Floor, folder: Path, chosen: str, sent: set[str]) -> None:
    assert (await jono("outbox", "--resend", chosen, within=folder)).code == 0
    await given_up.deliver()
    assert {message.key for message in given_up.platforms["shop"].sent} == sent
    assert set(await given_up.parts.store.dead_letters("support")) == {"e-c-1", "e-c-2"} - sent


async def test_it_can_be_dropped(given_up: Floor, folder: Path) -> None:
    assert (await jono("outbox", "--drop", "all", within=folder)).code == 0
    await given_up.deliver()
    assert given_up.platforms["shop"].sent == []
    assert await given_up.parts.store.dead_letters("support") == {}


async def test_one_that_is_not_there_is_said_so(given_up: Floor, folder: Path) -> None:
    ended = await jono("outbox", "--resend", "e-9", within=folder)
    assert ended.code == 1
    assert "e-9" in ended.err
