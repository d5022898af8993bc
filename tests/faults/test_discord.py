"""Discord through faults: gaps, kills, lost answers, a gateway that misbehaves. Verdicts come from the fake's ledger.

What happens while there is no session is repeated by nobody; only history has it. A send carries a nonce that Discord
remembers for some minutes, so sending again is safe.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from pathlib import Path

import aiohttp
import pytest

from tests.end_to_end.floor import draw_seed, kept, nothing_left_to_send
from tests.end_to_end.house import DISCORD, DiscordHouse, dead_letters, discord_house
from tests.fakes.bot_process import PRIVATE
from tests.waiting import until

LONG = [pytest.mark.drill, pytest.mark.timeout(1800)]


async def people(house: DiscordHouse, count: int) -> list[int]:
    """Customers who share the server, each with a private conversation that the bot knows."""
    return [await house.room.customer(f"Kim {number}") for number in range(count)]


async def said_by(store_url: str, house: DiscordHouse, customer: int) -> list[str]:
    """What the store holds of a customer's words."""
    conversation = str(await house.discord.private(customer))
    return [text for case in (await kept(store_url))[conversation] for text in case.texts("customer")]


async def all_stored(store_url: str, house: DiscordHouse, expected: dict[int, list[str]]) -> None:
    """Wait until all of it is in the store, once and in order."""
    found: dict[int, list[str]] = {}

    async def stored() -> bool:
        found.update({who: await said_by(store_url, house, who) for who in expected})
        return found == expected

    with contextlib.suppress(AssertionError):
        await until(stored, every_s=0.2)
    assert found == expected


async def begun_anew(house: DiscordHouse, sessions: int) -> None:
    """Wait for another session after so many."""
    await house.discord.until(lambda led: len(led.at_gateway("ready")) > sessions, "a new session")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("gaps", "each"), [(5, 40), pytest.param(50, 40, marks=LONG)], ids=["", "drill"])
async def test_gaps_are_filled_from_history(store_url: str, tmp_path: Path, gaps: int, each: int) -> None:
    """The session is invalid again and again, and people go on writing while there is none."""
    chance = random.Random(draw_seed())
    async with discord_house(store_url, tmp_path) as house:
        discord = house.discord
        customers = await people(house, 4)
        expected: dict[int, list[str]] = {customer: [] for customer in customers}
        for customer in customers:
            expected[customer].append(f"{PRIVATE} first")
            await discord.says(customer, f"{PRIVATE} first")
        await all_stored(store_url, house, expected)
        for gap in range(gaps):
            await discord.gateway_does("plan", moment="connect", deed="refuse", times=1)
            await discord.gateway_does("forget")
            sessions = len((await discord.read()).at_gateway("ready"))
            for number in range(each):
                customer = chance.choice(customers)
                expected[customer].append(f"{PRIVATE} {gap}-{number}")
                await discord.says(customer, expected[customer][-1])
            await begun_anew(house, sessions)
        await all_stored(store_url, house, expected)
        ledger = await discord.read()
        identified = len(ledger.at_gateway("identified"))
        print(f"{gaps} gaps, {gaps * each} messages, {identified} IDENTIFYs")
        assert identified <= gaps + 5
        missed = [one for one in ledger.emitted if one["event"] == "MESSAGE_CREATE" and not one["sessions"]]
        assert missed, "nothing fell into a gap: the test saw nothing"


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("kills", "messages"), [(6, 120), pytest.param(200, 10_000, marks=LONG)], ids=["", "drill"]
)
async def test_nothing_is_lost_or_said_twice_through_kills(
    store_url: str, tmp_path: Path, kills: int, messages: int
) -> None:
    """The bot is killed while it sends: what it began is sent again under the same nonce."""
    chance = random.Random(draw_seed())
    async with discord_house(store_url, tmp_path) as house:
        discord = house.discord
        await discord.fault("slow", "POST /channels/{channel}/messages", share=1.0, seconds=1.5)
        customers = await people(house, messages)
        for customer in customers:
            await discord.says(customer, f"{PRIVATE} hello")

        async def all_taken() -> bool:
            return len(await kept(store_url)) >= messages

        await until(all_taken, "every message is stored", every_s=0.2)
        for _ in range(kills):
            await asyncio.sleep(chance.uniform(0.2, 0.8))
            await house.bot.kill()
            await house.bot.start()
        await discord.calm()
        private = [await discord.private(customer) for customer in customers]
        await discord.until(lambda led: all(led.shown(one) for one in private), "everybody is told")
        await nothing_left_to_send(store_url, channel=DISCORD)
        ledger = await discord.read()
        assert all(len(ledger.shown(one)) == 1 for one in private), "said twice"
        print(f"{kills} kills, {messages} messages, {len(ledger.repeats)} sends met the nonce's memory")
        assert ledger.repeats, "no kill met a send: the test saw nothing"
        assert not await dead_letters(store_url)


@pytest.mark.parametrize("messages", [150, pytest.param(5_000, marks=LONG)], ids=["", "drill"])
async def test_a_lost_answer_is_sent_again_and_shown_once(
    store_url: str, tmp_path: Path, messages: int
) -> None:
    async with discord_house(store_url, tmp_path, seed=draw_seed()) as house:
        discord = house.discord
        await discord.fault("lost", "POST /channels/{channel}/messages", share=0.05)
        customers = await people(house, messages)
        for customer in customers:
            await discord.says(customer, f"{PRIVATE} hello")
        private = [await discord.private(customer) for customer in customers]
        await discord.until(lambda led: all(led.shown(one) for one in private), "everybody is told")
        await nothing_left_to_send(store_url, channel=DISCORD)
        ledger = await discord.read()
        assert ledger.faults, "no fault happened: the test saw nothing"
        assert all(len(ledger.shown(one)) == 1 for one in private)
        assert not await dead_letters(store_url)


async def test_limits_are_obeyed(store_url: str, tmp_path: Path) -> None:
    """A tenth of the sends are told to wait, a twentieth meet an error: all arrive once, none too early."""
    async with discord_house(store_url, tmp_path, seed=draw_seed()) as house:
        discord = house.discord
        route = "POST /channels/{channel}/messages"
        await discord.fault("429", route, share=0.1, seconds=1)
        await discord.fault("error", route, share=0.05, status=503)
        customers = await people(house, 60)
        for customer in customers:
            await discord.says(customer, f"{PRIVATE} hello")
        private = [await discord.private(customer) for customer in customers]
        await discord.until(lambda led: all(led.shown(one) for one in private), "everybody is told")
        ledger = await discord.read()
        assert all(len(ledger.shown(one)) == 1 for one in private)
        assert {one["kind"] for one in ledger.faults} == {"429", "error"}
        assert not ledger.violations, ledger.violations[:3]


async def test_a_gateway_that_closes_at_once_is_not_dialled_without_a_pause(
    store_url: str, tmp_path: Path
) -> None:
    """discord.py dials a resumable close before READY without a pause; the session is ended and begun anew."""
    async with discord_house(store_url, tmp_path) as house:
        discord = house.discord
        before = len((await discord.read()).at_gateway("connected"))
        await discord.gateway_does("plan", moment="hello", deed=1001, times=None)
        await discord.gateway_does("drop", code=1001)
        await asyncio.sleep(6)
        tries = len((await discord.read()).at_gateway("connected")) - before
        assert tries < 40, "it dialled without a pause"
        await discord.gateway_does("unplan")
        sessions = len((await discord.read()).at_gateway("ready"))
        await discord.until(lambda led: len(led.at_gateway("ready")) > sessions, "a session")
        aino = await house.room.customer("Aino")
        await discord.says(aino, f"{PRIVATE} hello")
        private = await discord.private(aino)
        await discord.until(lambda led: led.shown(private), "the acknowledgement")


@pytest.mark.parametrize(
    ("code", "told"), [(4004, "token"), (4014, "Message Content")], ids=["token", "intent"]
)
async def test_a_final_close_is_told_and_not_tried_again(
    store_url: str, tmp_path: Path, code: int, told: str
) -> None:
    async with discord_house(store_url, tmp_path) as house:
        discord = house.discord
        await house.bot.stop()
        await discord.gateway_does("plan", moment="identify", deed=code, times=None)
        await house.bot.start()
        await house.bot.ready()
        async with aiohttp.ClientSession() as http:

            async def is_told() -> bool:
                async with http.get(f"{house.bot.address}/readyz") as answer:
                    return told in await answer.text()

            await until(is_told, "the trouble is told", every_s=0.1)
        tries = len((await discord.read()).at_gateway("identified"))
        await asyncio.sleep(3)
        assert len((await discord.read()).at_gateway("identified")) == tries


async def test_it_starts_while_discord_is_down_and_recovers(store_url: str, tmp_path: Path) -> None:
    async with discord_house(store_url, tmp_path) as house:
        discord = house.discord
        await house.bot.stop()
        await discord.down()
        await house.bot.start()
        await house.bot.ready()
        await discord.up()
        sessions = len((await discord.read()).at_gateway("ready"))
        await discord.until(lambda led: len(led.at_gateway("ready")) > sessions, "a session")
