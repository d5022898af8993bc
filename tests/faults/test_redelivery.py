"""Platforms deliver again, and in any order: what arrives several times happens once."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.end_to_end.floor import customers, draw_seed, floor, kept, words

BOTS, TIMES, MESSAGES_EACH = 2, 3, 4


@pytest.mark.parametrize(
    "people", [50, pytest.param(1_250, marks=[pytest.mark.drill, pytest.mark.timeout(600)])]
)
async def test_a_repeated_message_is_one_message(store_url: str, people: int) -> None:
    """Every message three times, shuffled, at the same time, to two bots that share a store."""
    seed = draw_seed()
    everybody = customers(people)
    deliveries = [
        (customer, number, to)
        for customer in everybody
        for number in range(MESSAGES_EACH)
        for to in range(TIMES)
    ]
    random.Random(seed).shuffle(deliveries)
    async with floor(store_url, bots=BOTS, seed=seed) as desk:
        await asyncio.gather(*(desk.write(customer, number, to=to) for customer, number, to in deliveries))
        await desk.peer.until(
            lambda: len(desk.peer.shown) == len(desk.peer.news["case.opened"]) == people,
            "everybody is told, every case is announced",
        )
        assert desk.sender.answers == {200: len(deliveries)}
        cases = await kept(store_url)
        for customer in everybody:
            [one] = cases[customer.id]
            assert sorted(one.texts("customer")) == [words(customer, n) for n in range(MESSAGES_EACH)]
            assert len(desk.peer.shown[customer.id]) == 1
        assert not desk.peer.repeats


async def test_a_repeated_command_is_carried_out_once(store_url: str) -> None:
    """The platform lost our answers: the same claim, reply and close come again, to the other bot."""
    [customer] = customers(1)
    async with floor(store_url, bots=BOTS) as desk:
        await desk.write(customer, 0)
        await desk.peer.until(lambda: desk.peer.news["case.opened"], "the case is announced")
        case = desk.peer.news["case.opened"][0].data["case_id"]
        for command, arguments in (("claim", case), ("reply", f"{case} Done."), ("close", f"{case} bye")):
            for to in range(TIMES):
                await desk.sender.command("a-0", command, command, arguments, to)
            assert (await desk.peer.answer(command))["ok"]
        await desk.peer.until(lambda: desk.peer.news["case.closed"], "the end is announced")
        assert [len(desk.peer.news[f"case.{name}"]) for name in ("claimed", "answered", "closed")] == [
            1,
            1,
            1,
        ]
        assert desk.peer.told(customer.id, "reply") == ["Done."]
        [one] = (await kept(store_url))[customer.id]
        assert one.texts("agent") == ["Done."]
        assert one.texts("note") == ["bye"]
