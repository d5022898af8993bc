"""`jono check` asks every platform, names what is wrong and shows no secret."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.base import Busy, Finding, Unusable
from bot import cli_check
from bot.cli_check import findings, line, secrets
from bot.config import check
from tests.bot.test_cli import jono, write
from tests.fakes.desk import SECRET, TABLES, changed
from tests.fakes.servers import free_port
from tests.fakes.source import Source
from tests.fakes.telegram.client import TOKEN, TelegramFake, telegram_fake

RIGHT = "The configuration is right: 2 queue(s), 3 channel(s).\n"


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramFake]:
    async with telegram_fake() as running:
        yield running


def written(folder: Path, api: str) -> None:
    """A configuration with a Telegram channel beside the others."""
    channel = {"adapter": "telegram", "queue": "support", "token": TOKEN, "api_base": api}
    write(folder, changed("channels.tg", channel))


async def test_a_channel_that_would_work_is_said_to(telegram: TelegramFake, tmp_path: Path) -> None:
    written(tmp_path, telegram.api)
    ended = await jono("check", within=tmp_path)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(RIGHT)
    found = ended.out.removeprefix(RIGHT).splitlines()
    assert found
    assert all(row.startswith("tg  ok     ") for row in found)


async def test_what_is_wrong_is_named_and_ends_with_1(telegram: TelegramFake, tmp_path: Path) -> None:
    written(tmp_path, telegram.api)
    await telegram.revoke()
    ended = await jono("check", within=tmp_path)
    assert ended.code == 1
    wrong = [row for row in ended.out.splitlines() if row.startswith("tg  WRONG  ")]
    assert len(wrong) == 1
    assert "token" in wrong[0]
    assert "@BotFather" in wrong[0], "the way out"
    assert ended.err.splitlines() == [
        "jono: 1 thing(s) must be mended before all channels work: the lines marked WRONG"
    ]
    assert TOKEN not in ended.out + ended.err


async def test_a_platform_that_cannot_be_reached_is_told_without_the_token(tmp_path: Path) -> None:
    written(tmp_path, f"http://127.0.0.1:{free_port()}")
    ended = await jono("check", within=tmp_path)
    assert ended.code == 1
    assert "tg  WRONG  " in ended.out
    assert TOKEN not in ended.out + ended.err


async def test_offline_no_platform_is_asked(tmp_path: Path) -> None:
    written(tmp_path, f"http://127.0.0.1:{free_port()}")
    ended = await jono("check", "--offline", within=tmp_path)
    assert (ended.code, ended.out, ended.err) == (0, RIGHT, "")


async def test_a_wrong_configuration_ends_with_2_before_anybody_is_asked(tmp_path: Path) -> None:
    written(tmp_path, f"http://127.0.0.1:{free_port()}")
    ended = await jono("check", within=tmp_path, JONO_CHANNELS__TG__TOKEN="no-token")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("jono: channels.tg.token")


# --- what a channel answers ----------------------------------------------------------------------------------


class Looking(Source):
    """A channel that finds something, or fails to."""

    def __init__(self, found: list[Finding] | Exception | None) -> None:
        super().__init__()
        self.found = found

    async def check(self) -> list[Finding]:
        if isinstance(self.found, Exception):
            raise self.found
        if self.found is None:
            await asyncio.Event().wait()
        return self.found or []


async def test_what_a_channel_finds_is_passed_on() -> None:
    found = [Finding("the token"), Finding("the group", "is gone; make one")]
    assert await findings(Looking(found)) == found


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Unusable("an intent is missing"), "an intent is missing"),
        (Busy("no connection"), "no connection"),
        (RuntimeError(f"GET https://api.example/bot{TOKEN}/getMe"), "looking at it failed (RuntimeError)"),
    ],
)
async def test_a_channel_that_cannot_look_is_wrong(error: Exception, told: str) -> None:
    assert await findings(Looking(error)) == [Finding("the platform", told)]


async def test_a_platform_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_check, "ASKED_WITHIN_S", 0.05)
    [found] = await findings(Looking(None))
    assert found.wrong.startswith("no answer")


def test_secrets_are_hidden_in_whatever_is_printed() -> None:
    tables = changed("channels.shop.secret", [SECRET, f"{SECRET}Zm9y"], TABLES)
    hidden = secrets(check(tables).channels["shop"])
    assert hidden == {SECRET, f"{SECRET}Zm9y"}
    finding = Finding("the secret", f"is {SECRET}Zm9y,\nor {SECRET}; change it")
    assert line("shop", finding, hidden) == "shop  WRONG  the secret: is ***, or ***; change it"


async def test_a_name_that_banners_cannot_show_is_told(tmp_path: Path) -> None:
    write(tmp_path, changed("queues.support.title", "支持"))
    ended = await jono("check", "--offline", within=tmp_path)
    assert ended.code == 0
    assert "warning: queues.support.title: banners cannot show it: no font has a glyph for 支" in ended.err
    assert "brand.fonts" in ended.err
