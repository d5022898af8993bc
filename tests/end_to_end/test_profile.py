"""What customers read on the bot's profile from the first start to the last stop, with a crash between; and how trouble
with the platform is told."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from pathlib import Path

import aiohttp
import pytest

from bot.store.keys import prefix
from tests.end_to_end.floor import QUEUE, draw_seed
from tests.end_to_end.house import DISCORD, TELEGRAM, common, discord_room, discord_table, telegram_table
from tests.fakes.bot_process import BotProcess, bot_processes
from tests.fakes.discord.client import discord_fake
from tests.fakes.discord.ledger import Ledger as DiscordLedger
from tests.fakes.servers import client_of
from tests.fakes.telegram.client import JPEG, TOKEN, TelegramFake, telegram_fake
from tests.fakes.telegram.ledger import Ledger
from tests.waiting import until

OWN = {"": "We sell shoes", "fi": "Myymme kenkiä"}
OWN_PHOTO = hashlib.sha256(JPEG).hexdigest()


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


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("ends", [pytest.param(50, marks=pytest.mark.drill)], ids=["drill"])
async def test_after_every_life_the_operators_own_is_there_whether_it_was_killed_or_not(
    store_url: str, tmp_path: Path, ends: int
) -> None:
    """Each life begins with an empty store; every other one is killed at some moment and taken up again. Each ends with
    an orderly stop, after which both profiles must show what they did before it."""
    chance = random.Random(draw_seed())
    async with telegram_fake() as telegram, discord_fake() as discord:
        room = await discord_room(discord)
        await discord.set(limits={"profile": (1_000, 600)})
        await telegram.photographs(JPEG)
        for language, text in OWN.items():
            await call(telegram, "setMyShortDescription", short_description=text, language_code=language)
        photo = {"profile": ["short_description", "photo"]}
        tables = common(store_url) | {
            f"channels.{TELEGRAM}": telegram_table(telegram, 0, **photo),
            f"channels.{DISCORD}": discord_table(
                discord, room.guild, room.forum, room.role, profile=["about", "banner", "guild_banner"]
            ),
        }
        restored = kills = 0
        async with bot_processes(tmp_path, tables) as [bot]:
            for number in range(ends):
                readers = await other_readers(store_url, set())
                if number % 2:
                    await asyncio.sleep(chance.uniform(0, 4))
                    await bot.kill()
                    await bot.start()
                    await bot.ready()
                    await other_readers(store_url, readers)
                    kills += 1
                else:
                    await telegram.until(lambda led: ours(led) and photo_of(led) != OWN_PHOTO, "the wait")
                    await discord.until(lambda led: led.profile.get("banner"), "the wait")
                await stopped(bot)
                left = photo_and_more((await telegram.read()), (await discord.read()), room.guild)
                restored += texts(telegram.ledger) == OWN and left == set()
                with client_of(store_url) as store:
                    store.flushall()
                await bot.start()
                await bot.ready()
            shown = telegram.ledger.calls["setmyprofilephoto"], discord.ledger.calls["PATCH /users/@me"]
        print(
            f"{restored} of {ends} with the operator's own back, {kills} of them after a kill; {shown} changes"
        )
        assert restored == ends
        assert min(shown) >= ends, "it was shown, too, and taken down"


async def other_readers(store_url: str, before: set[str]) -> set[str]:
    """Who reads the two channels, once none of them is one of those before."""
    keys = [f"{prefix(QUEUE)}reader:{name}" for name in (TELEGRAM, DISCORD)]

    def others() -> set[str]:
        with client_of(store_url) as store:
            readers = {store.get(key) for key in keys}
        return set() if None in readers or before & readers else readers

    return await until(others, "other readers", every_s=0.05)


def photo_and_more(ledger: Ledger, other: DiscordLedger, guild: int) -> set[str]:
    """Where neither what the operator had stands nor, where they had nothing, nothing."""
    wrong = {name for name in ("about", "banner", f"banner:{guild}") if other.profile.get(name)}
    return wrong | ({"photo"} if photo_of(ledger) != OWN_PHOTO else set())


def photo_of(ledger: Ledger) -> str:
    """The digest of the bot's photo."""
    return str(ledger.profile.get("photo", OWN_PHOTO))


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

            told = await until(degraded, "the trouble is told", every_s=0.05)
            assert told.keys() == {TELEGRAM}
            assert "Telegram cannot be reached" in told[TELEGRAM]
            await telegram.up()
            aino = await telegram.customer("Aino")
            await telegram.says(aino, "Hello")
            await telegram.until(lambda led: led.shown(aino), "the acknowledgement")
            assert await degraded() == {}
