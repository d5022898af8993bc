"""`jono outlets` beside a running bot and without one: what is told of a profile, and whom it belongs to."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tests.end_to_end.house import TELEGRAM, common, telegram_table
from tests.end_to_end.test_profile import OWN, call, ours, texts
from tests.fakes.bot_process import BotProcess, bot_processes
from tests.fakes.telegram.client import JPEG, TelegramFake, telegram_fake

ROOT = Path(__file__).parents[2]
THEIRS = JPEG + b" of the operator"


async def jono(bot: BotProcess, *arguments: str) -> tuple[int, str, str]:
    """One command with the bot's own configuration: its exit code, and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments, "--config", str(bot.config)),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def operators_own(telegram: TelegramFake) -> None:
    """What the operator had before anything."""
    await telegram.photographs(THEIRS)
    for language, text in OWN.items():
        await call(telegram, "setMyShortDescription", short_description=text, language_code=language)


async def test_a_profile_is_listed_given_back_and_taken_up_again(store_url: str, tmp_path: Path) -> None:
    async with telegram_fake() as telegram:
        await operators_own(telegram)
        surfaces = ["short_description", "photo"]
        table = telegram_table(telegram, 0, profile=surfaces)
        async with bot_processes(tmp_path, common(store_url) | {f"channels.{TELEGRAM}": table}) as [bot]:
            await telegram.until(lambda led: ours(led) and led.profile.get("photo"), "the wait is shown")
            code, out, err = await jono(bot, "outlets")
            assert (code, err) == (0, "")
            rows = [row.split("  ") for row in out.splitlines()]
            assert [row[:2] for row in rows if row[0] == TELEGRAM] == [[TELEGRAM, one] for one in surfaces]
            assert "We cannot say right now how long a reply takes, since 20" in out
            assert out.count("the next change may come from 20") == 2
            assert out.count("  ok  ") == 2

            code, out, err = await jono(bot, "outlets", "restore")
            assert (code, err) == (0, "")
            assert [row for row in out.splitlines() if row.endswith("  yours")] == [
                f"{TELEGRAM}  {one}  yours" for one in surfaces
            ]
            assert f"until: jono outlets resume {TELEGRAM}" in out
            ledger = await telegram.read()
            assert texts(ledger) == OWN
            assert await photo(telegram) == THEIRS

            await bot.kill()
            await bot.start()
            await bot.ready()
            polls = ledger.calls["getupdates"]
            await telegram.until(lambda led: led.calls["getupdates"] > polls, "it is the reader again")
            assert texts(await telegram.read()) == OWN, "a restart does not take it back"

            code, out, _ = await jono(bot, "outlets", "resume", TELEGRAM)
            assert code == 0
            assert "left to you" not in out
            code, out, _ = await jono(bot, "outlets", "resume")
            assert f"{TELEGRAM}  was not left to you" in out


async def photo(telegram: TelegramFake) -> bytes:
    """What stands there as the bot's photo."""
    from telegram import Bot

    async with Bot(telegram.token, f"{telegram.api}/bot", f"{telegram.api}/file/bot") as bot:
        photos = (await bot.get_user_profile_photos(telegram.bot_id)).photos
        return bytes(await (await photos[0][-1].get_file()).download_as_bytearray())


async def test_without_a_bot_the_command_gives_back_what_a_killed_one_left(
    store_url: str, tmp_path: Path
) -> None:
    async with telegram_fake() as telegram:
        await operators_own(telegram)
        tables = common(store_url) | {f"channels.{TELEGRAM}": telegram_table(telegram, 0)}
        async with bot_processes(tmp_path, tables) as [bot]:
            await telegram.until(ours, "the wait is shown")
            await bot.kill()
            code, out, err = await jono(bot, "outlets", "restore", TELEGRAM)
            assert (code, err) == (0, "")
            assert texts(await telegram.read()) == OWN
            assert f"{TELEGRAM}  short_description  yours\n" in out


async def test_an_outlet_that_was_taken_out_of_the_configuration_too_early_is_named(
    store_url: str, tmp_path: Path
) -> None:
    async with telegram_fake() as telegram:
        await operators_own(telegram)
        tables = common(store_url) | {f"channels.{TELEGRAM}": telegram_table(telegram, 0)}
        async with bot_processes(tmp_path, tables) as [bot]:
            await telegram.until(ours, "the wait is shown")
            await bot.kill()
        table = telegram_table(telegram, 0, profile=["photo"])
        other = BotProcess(tmp_path / "other", common(store_url) | {f"channels.{TELEGRAM}": table})
        code, out, _ = await jono(other, "outlets")
        assert code == 0
        assert f"{TELEGRAM}  short_description  not in `profile` any more, and not put back" in out


async def test_what_the_platform_does_not_take_back_yet_is_told(store_url: str, tmp_path: Path) -> None:
    async with telegram_fake() as telegram:
        await operators_own(telegram)
        tables = common(store_url) | {f"channels.{TELEGRAM}": telegram_table(telegram, 0)}
        async with bot_processes(tmp_path, tables) as [bot]:
            await telegram.until(ours, "the wait is shown")
            await bot.kill()
            await telegram.fault("429", "setMyShortDescription", seconds=90)
            code, _, err = await jono(bot, "outlets", "restore")
            assert code == 1
            assert err.startswith("jono: not all could be put back yet: tg short_description (busy, ")
            assert "again after 90 s" in err


async def test_a_channel_without_outlets_is_named(store_url: str, tmp_path: Path) -> None:
    async with telegram_fake() as telegram:
        table = telegram_table(telegram, 0, profile=[])
        bot = BotProcess(tmp_path / "bot", common(store_url) | {f"channels.{TELEGRAM}": table})
        code, _, err = await jono(bot, "outlets", "list", TELEGRAM)
        assert (code, err) == (2, "jono: tg shows it nowhere; see docs/outlets.md for those that can\n")
        code, _, err = await jono(bot, "outlets", "list")
        assert (code, err.count("no channel shows the wait")) == (2, 1)
