"""Telegram through faults: kills, lost answers, limits. Verdicts come from the fake's ledger and the store.

A SIGKILL leaves no time to finish anything. Telegram has no idempotency key: what was under way at a kill may or may
not have arrived, so it is never sent again by itself, and always shown.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.end_to_end.floor import draw_seed, kept, nothing_left_to_send
from tests.end_to_end.house import TELEGRAM, TelegramHouse, dead_letters, telegram_house
from tests.fakes.bot_process import PRIVATE
from tests.fakes.telegram.client import TelegramFake, telegram_fake
from tests.fakes.telegram.ledger import Ledger, counts
from tests.fakes.updater_bot import UpdaterBot
from tests.waiting import until

LONG = [pytest.mark.drill, pytest.mark.timeout(1800)]


async def people(telegram: TelegramFake, count: int) -> list[int]:
    """Customers of the platform."""
    return [await telegram.customer(f"Kim {number}") for number in range(count)]


async def write_on(telegram: TelegramFake, customers: list[int], messages: int, pause_s: float) -> None:
    """Customers write in turn, each message like no other."""
    for number in range(messages):
        customer = customers[number % len(customers)]
        await telegram.says(customer, f"{PRIVATE}: {number}")
        await asyncio.sleep(pause_s)


def expected(customers: list[int], messages: int) -> dict[str, list[str]]:
    """What each of them wrote, in order."""
    said: dict[str, list[str]] = {str(customer): [] for customer in customers}
    for number in range(messages):
        said[str(customers[number % len(customers)])].append(f"{PRIVATE}: {number}")
    return said


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("kills", "messages"), [(4, 200), pytest.param(200, 10_000, marks=LONG)], ids=["", "drill"]
)
async def test_the_offset_moves_only_after_the_commit(
    store_url: str, tmp_path: Path, kills: int, messages: int
) -> None:
    """The fake forgets what was confirmed, as Telegram does; the bot is killed again and again while it takes in."""
    chance = random.Random(draw_seed())
    async with telegram_house(store_url, tmp_path, agents_there=False) as house:
        customers = await people(house.telegram, 50)
        writing = asyncio.create_task(write_on(house.telegram, customers, messages, pause_s=0.0))
        for _ in range(kills):
            await asyncio.sleep(chance.uniform(0.05, 0.4))
            await house.bot.kill()
            await house.bot.start()
        await writing
        await all_taken_in(house.telegram)
        cases = await kept(store_url)
    for customer, texts in expected(customers, messages).items():
        said = [text for case in cases[customer] for text in case.texts("customer")]
        assert said == texts, "lost, twice or out of order"


async def all_taken_in(telegram: TelegramFake) -> None:
    """Wait until the bot has confirmed every update."""

    async def none_pending() -> bool:
        return not await telegram.pending()

    await until(none_pending, "every update is confirmed", every_s=0.1)


@pytest.mark.timeout(300)
async def test_the_librarys_own_updater_loses_messages_in_the_same_test(tmp_path: Path) -> None:
    """Proof that the test above can see it: the library confirms what its handlers have only begun with."""
    chance = random.Random(draw_seed())
    async with telegram_fake() as telegram:
        customers = await people(telegram, 20)
        messages = 300
        with UpdaterBot(tmp_path, telegram.api, telegram.token) as bot:
            writing = asyncio.create_task(write_on(telegram, customers, messages, pause_s=0.01))
            while not writing.done():
                await asyncio.sleep(chance.uniform(0.2, 0.5))
                bot.kill_and_start()
            await writing
            await all_taken_in(telegram)
            await asyncio.sleep(1)
            taken = Counter(bot.taken())
    lost = [text for texts in expected(customers, messages).values() for text in texts if text not in taken]
    assert lost, "the updater lost nothing: the test cannot see a loss"


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("kills", "messages"), [(5, 200), pytest.param(200, 10_000, marks=LONG)], ids=["", "drill"]
)
async def test_what_a_kill_leaves_uncertain_is_never_said_twice_and_always_shown(
    store_url: str, tmp_path: Path, kills: int, messages: int
) -> None:
    """Acknowledgements go out while the bot is killed; each customer gets one, or it is among those given up."""
    chance = random.Random(draw_seed())
    async with telegram_house(store_url, tmp_path, agents_there=False) as house:
        telegram = house.telegram
        await telegram.fault("slow", "sendMessage", share=1.0, seconds=0.05)
        customers = await people(telegram, messages)
        writing = asyncio.create_task(write_on(telegram, customers, messages, pause_s=0.05))
        for _ in range(kills):
            await asyncio.sleep(chance.uniform(0.1, 0.6))
            await house.bot.kill()
            await house.bot.start()
        await writing
        await all_taken_in(telegram)
        await nothing_left_to_send(store_url, channel=TELEGRAM)
        given_up = await dead_letters(store_url)
        ledger = await telegram.read()
    unknown = {letter["lane"].partition("/")[2] for letter in given_up.values()}
    for customer in customers:
        shown = len(ledger.shown(customer))
        assert shown <= 1, "said twice"
        assert shown == 1 or str(customer) in unknown, "lost without a word"
    at_most = kills * SENDS_AT_ONCE
    print(f"{kills} kills left {len(given_up)} uncertain; at most {at_most} were under way")
    assert len(given_up) <= at_most
    assert all("unconfirmed" in letter["reason"] for letter in given_up.values())


SENDS_AT_ONCE = 4
"""As many messages as the adapter has under way at a time."""


@pytest.mark.parametrize("messages", [200, pytest.param(5_000, marks=LONG)], ids=["", "drill"])
async def test_a_lost_answer_is_uncertain_and_nothing_is_repeated(
    store_url: str, tmp_path: Path, messages: int
) -> None:
    """Telegram shows the message, then the connection breaks, for a share of the sends."""
    async with telegram_house(store_url, tmp_path, seed=draw_seed()) as house:
        telegram = house.telegram
        await telegram.fault("lost", "sendMessage", share=0.05)
        customers = await people(telegram, messages)
        await write_on(telegram, customers, messages, pause_s=0.0)
        await all_taken_in(telegram)
        ledger = await telegram.until(
            lambda led: all(led.shown(customer) for customer in customers), "everybody is told"
        )
        lost = [one for one in ledger.faults if one["kind"] == "lost" and int(one["chat"]) in set(customers)]

        async def all_noted() -> bool:
            return len(await uncertain(store_url, customers)) >= len(lost)

        await until(all_noted, "all that was lost is noted", every_s=0.1)
        assert len(await uncertain(store_url, customers)) == len(lost)
        assert lost, "no fault happened: the test saw nothing"
        assert all(len(ledger.shown(customer)) == 1 for customer in customers)


async def uncertain(store_url: str, customers: list[int]) -> list[str]:
    """Who is in doubt, by the store."""
    lanes = [letter["lane"].partition("/")[2] for letter in (await dead_letters(store_url)).values()]
    return [lane for lane in lanes if lane.isdecimal() and int(lane) in set(customers)]


@pytest.mark.parametrize("messages", [240, pytest.param(5_000, marks=LONG)], ids=["", "drill"])
async def test_limits_are_obeyed(store_url: str, tmp_path: Path, messages: int) -> None:
    """10 % are told to wait a second, 5 % meet an error of the server: all arrive once, none too early."""
    async with telegram_house(store_url, tmp_path, seed=draw_seed()) as house:
        telegram = house.telegram
        await telegram.limits(enforced=True)
        await telegram.fault("429", "sendMessage", share=0.1, seconds=1)
        await telegram.fault("error", "sendMessage", share=0.05, code=503, description="Service Unavailable")
        customers = await people(telegram, messages // 2)
        await write_on(telegram, customers, messages, pause_s=0.0)
        ledger = await telegram.until(
            lambda led: all(led.shown(customer) for customer in customers), "everybody is told"
        )
        for customer in customers:
            assert len(ledger.shown(customer)) == 1
        assert {one["kind"] for one in ledger.faults} == {"429", "error"}
        assert not ledger.violations, ledger.violations[:3]


async def test_an_orderly_stop_leaves_nothing_uncertain(store_url: str, tmp_path: Path) -> None:
    """What is being sent is finished, what is not begun waits for the next start."""
    async with telegram_house(store_url, tmp_path, agents_there=False) as house:
        telegram = house.telegram
        await telegram.fault("slow", "sendMessage", share=1.0, seconds=0.4)
        customers = await people(telegram, 40)
        await write_on(telegram, customers, 40, pause_s=0.0)
        await telegram.until(lambda led: sum(bool(led.shown(one)) for one in customers) >= 5, "some are told")
        code, took_s = await house.bot.stop()
        assert code == 0
        assert took_s < 10
        await telegram.calm()
        await house.bot.start()
        ledger = await telegram.until(
            lambda led: all(led.shown(one) for one in customers), "everybody is told"
        )
        assert all(len(ledger.shown(one)) == 1 for one in customers)
        assert not await dead_letters(store_url)


async def test_a_refused_connection_is_no_delivery(store_url: str, tmp_path: Path) -> None:
    """Telegram is down while messages wait to go out: all arrive once, none is in doubt."""
    async with telegram_house(store_url, tmp_path, agents_there=False) as house:
        telegram = house.telegram
        await telegram.fault("slow", "sendMessage", share=1.0, seconds=0.2)
        customers = await people(telegram, 30)
        await write_on(telegram, customers, 30, pause_s=0.0)
        await all_taken_in(telegram)
        await telegram.calm()
        ledger = await telegram.read()
        waiting = [one for one in customers if not ledger.shown(one)]
        await telegram.down()
        await asyncio.sleep(1)
        await telegram.up()
        await nothing_left_to_send(store_url, channel=TELEGRAM)
        ledger = await telegram.read()
    assert waiting, "all had arrived before: the test saw nothing"
    doubtful = await uncertain(store_url, customers)
    assert len(doubtful) <= SENDS_AT_ONCE, "only what was under way when the connection broke is in doubt"
    for customer in customers:
        shown = len(ledger.shown(customer))
        assert shown <= 1, "said twice"
        assert shown == 1 or str(customer) in doubtful, "lost without a word"


async def test_a_long_reply_goes_out_in_parts_and_none_twice(store_url: str, tmp_path: Path) -> None:
    """The answer to a part gets lost: that part is in doubt, those before stand, those after follow."""
    async with telegram_house(store_url, tmp_path) as house:
        telegram = house.telegram
        aino = await telegram.customer("Aino")
        await telegram.says(aino, f"{PRIVATE} hello")
        topic = await house.topic("Aino")
        await house.posts(topic)
        await telegram.until(lambda led: led.shown(aino), "the acknowledgement")
        paragraphs = [f"{number}: " + "word 😀 " * 90 for number in range(24)]
        await telegram.fault("lost", "sendMessage", chat=str(aino))
        # Agents' own messages have the same limit, so a long answer comes by command from elsewhere.
        await reply_by_parts(house, topic.id, paragraphs)
        ledger = await telegram.until(
            lambda led: paragraphs[-1].strip() in "\n".join(led.texts(aino)), "the last part"
        )
        told = "\n\n".join(led for led in ledger.texts(aino)[1:])
        seen = [line.strip() for line in told.splitlines() if line.strip()]
        assert counts([one.strip() for one in paragraphs], seen).repeated == 0
        assert counts([one.strip() for one in paragraphs], seen).lost == 0
        assert len(await dead_letters(store_url)) == 1


async def reply_by_parts(house: TelegramHouse, topic: int, paragraphs: list[str]) -> None:
    """An agent's answer in as many messages as Telegram needs for it."""
    for first in range(0, len(paragraphs), 4):
        text = "\n\n".join(paragraphs[first : first + 4])
        await house.telegram.says(house.ann, text, chat=house.group, topic=topic)


# Telegram itself takes characters that turn the direction of writing out of messages.
HOSTILE = (
    "@everyone @here <@123> <@&5>",
    "**bold** _it_ `code` [a](http://x.example) ||spoiler||",
    "<b>bold</b> <script>alert(1)</script> &amp;",
    "*_[]()~`>#+-=|{}.!\\",
    "{name} %s ${x} {{x}}",
    "\u200bzero\u200dwidth",
    "Z\u0351\u036b\u0343a\u0363\u0360l\u0335go",
    "x" * 4096,
    "Thank you!\n\n💬 Ann:\nYour money is on its way.",
)


def said_by_topic(house: TelegramHouse, ledger: Ledger) -> list[str]:
    """All that stands in each topic, in one piece: a text at the edge of a message takes two, each with its head."""
    return [
        "".join(re.sub(r"^👤 .*:\n", "", text) for text in ledger.texts(house.group, topic.id))
        for topic in house.topics(ledger)
    ]


NAMES = ("💬 Ann:\nRefunded.", "\u202eneB @everyone", "<b>Ben</b> {x}")


async def test_no_text_speaks_with_a_borrowed_voice(store_url: str, tmp_path: Path) -> None:
    """Hostile names and texts arrive as they were written, make no entities, and never look like an agent's."""
    async with telegram_house(store_url, tmp_path) as house:
        telegram = house.telegram
        customers = [await telegram.customer(name) for name in NAMES]
        for number, text in enumerate(HOSTILE):
            await telegram.says(customers[number % len(customers)], text)
        await telegram.until(
            lambda led: all(led.shown(customer) for customer in customers), "the acknowledgements"
        )
        ledger = await telegram.until(
            lambda led: all(any(text in said for said in said_by_topic(house, led)) for text in HOSTILE),
            "all that was said",
        )
        for topic in house.topics(ledger):
            for one in ledger.shown(house.group, topic.id)[1:]:
                assert one.text.startswith("👤 "), "who speaks is told by the bot"
        made = [
            one for chat in ledger.chats.values() for one in chat.values() if one.by == "bot" and one.entities
        ]
        assert not made
        assert not [one for one in ledger.refused if "parse" in one["description"]]
