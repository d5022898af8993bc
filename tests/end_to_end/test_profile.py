"""What customers read on the bot's profile from the first start to the last stop, with a crash between; and how trouble
with the platform is told."""

from __future__ import annotations

import json
from pathlib import Path

import aiohttp

from tests.end_to_end.house import TELEGRAM, common, telegram_table
from tests.fakes.bot_process import BotProcess, bot_processes
from tests.fakes.telegram.client import TOKEN, TelegramFake, telegram_fake
from tests.fakes.telegram.ledger import Ledger

OWN = {"": "We sell shoes", "fi": "Myymme kenkiä"}


async def call(telegram: TelegramFake, method: str, **arguments: str) -> None:
    """The operator uses the Bot API too, as @BotFather does for them."""
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{telegram.api}/bot{TOKEN}/{method}", data=arguments) as answer,
    ):
        assert answer.status == 200, await answer.text()


def texts(ledger: Ledger) -> dict[str, str]:
    """The short description in the languages that it has."""
    shown = ledger.profile.get("short_description", {})
    return {language: text for language, text in shown.items() if text}


def ours(ledger: Ledger) -> bool:
    """Whether the wait is shown in all languages."""
    shown = texts(ledger)
    return shown.keys() == {"", "en", "fi", "pl"} and not set(OWN.values()) & set(shown.values())


def reads(ledger: Ledger) -> int:
    """How many readers have looked at the profile: each looks at all languages once."""
    return ledger.calls["getmyshortdescription"] // len(("", "en", "fi", "pl"))


async def stopped(bot: BotProcess) -> None:
    """Stop a bot, in the time that container platforms give it."""
    code, took_s = await bot.stop()
    assert code == 0
    assert took_s < 10


async def test_the_operators_own_words_come_back_after_all(store_url: str, tmp_path: Path) -> None:
    async with telegram_fake() as telegram:
        for language, text in OWN.items():
            await call(telegram, "setMyShortDescription", short_description=text, language_code=language)
        tables = common(store_url) | {f"channels.{TELEGRAM}": telegram_table(telegram, 0)}
        async with bot_processes(tmp_path, tables) as [first]:
            await telegram.until(ours, "the wait is shown")
            await first.kill()
            await first.start()
            await telegram.until(lambda led: reads(led) == 2, "it is the reader again")
            (tmp_path / "another").mkdir()
            async with bot_processes(tmp_path / "another", tables) as [second]:
                await stopped(first)
                ledger = await telegram.until(lambda led: reads(led) == 3, "the other one is the reader")
                assert ours(ledger), "nothing flickers"
                await stopped(second)
            ledger = await telegram.until(lambda led: texts(led) == OWN, "the operator's own words")
    assert not ledger.violations


async def test_a_platform_that_is_down_is_told_and_comes_back_by_itself(
    store_url: str, tmp_path: Path
) -> None:
    async with telegram_fake() as telegram:
        await telegram.down()
        tables = common(store_url) | {f"channels.{TELEGRAM}": telegram_table(telegram, 0)}
        async with bot_processes(tmp_path, tables) as [bot], aiohttp.ClientSession() as http:

            async def degraded() -> dict[str, str]:
                async with http.get(f"{bot.address}/readyz") as answer:
                    assert answer.status == 200, "ready for all other channels"
                    told: dict[str, str] = json.loads(await answer.text())["degraded"]
                    return told

            while not (told := await degraded()):
                pass
            assert told.keys() == {TELEGRAM}
            assert "Telegram cannot be reached" in told[TELEGRAM]
            await telegram.up()
            aino = await telegram.customer("Aino")
            await telegram.says(aino, "Hello")
            await telegram.until(lambda led: led.shown(aino), "the acknowledgement", within_s=60)
            assert await degraded() == {}
