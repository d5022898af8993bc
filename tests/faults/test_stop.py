"""An orderly stop: what is being sent is finished, nothing is sent twice, and it does not take long."""

from __future__ import annotations

import asyncio
import signal

import aiohttp
import pytest

from bot.outbox import LEASE_S
from tests.end_to_end.floor import customers, floor, kept, nothing_left_to_send, words
from tests.fakes.bot_process import status_of
from tests.waiting import until

STOP_LIMIT_S = 10.0
"""Container platforms kill after ten seconds."""
HANGING_S = 8.0
"""As long as a bot waits at most for what is under way."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("people", [100, pytest.param(1_000, marks=pytest.mark.drill)])
async def test_a_stop_loses_nothing_and_repeats_nothing(
    store_url: str, people: int, number: signal.Signals
) -> None:
    """The peer is slow, so many messages are under way, and somebody watches the page."""
    everybody = customers(people)
    async with floor(store_url, at_once=100) as desk, aiohttp.ClientSession() as http:
        bot, desk.peer.delay_s = desk.bots[0], 0.5
        async with http.get(f"{bot.address}/events"):
            writing = asyncio.gather(*(desk.write(customer, 0) for customer in everybody))
            await desk.peer.until(lambda: len(desk.peer.shown) >= people // 10, "some are acknowledged")
            code, took_s = await bot.stop(number)
        print(f"stopped after {took_s:.2f} s with {people - len(desk.peer.shown)} of {people} still to tell")
        assert code == 0
        assert took_s < STOP_LIMIT_S
        assert len(desk.peer.shown) < people, "nothing was under way any more"
        assert not desk.peer.repeats
        desk.peer.delay_s = 0.0
        await bot.start()
        await writing
        await desk.peer.until(lambda: len(desk.peer.shown) == people, "everybody is acknowledged")
        await nothing_left_to_send(store_url)
        assert not desk.peer.repeats
        cases = await kept(store_url)
        for customer in everybody:
            [one] = cases[customer.id]
            assert one.texts("customer") == [words(customer, 0)]
            assert len(desk.peer.shown[customer.id]) == 1


async def test_a_slow_send_is_finished_by_the_bot_that_began_it(store_url: str) -> None:
    """One of two bots is stopped while the peer takes longer to answer than a lease lasts."""
    [customer] = customers(1)
    async with floor(store_url, bots=2) as desk:
        first, second = desk.bots
        desk.peer.delay_s = LEASE_S + 1.5
        # Frozen, or it might be the one that sends; to start it only then may take longer than the peer does.
        second.send(signal.SIGSTOP)
        await desk.write(customer, 0, to=0)
        await desk.peer.until(lambda: desk.peer.shown[customer.id], "the acknowledgement is under way")
        second.send(signal.SIGCONT)
        code, took_s = await first.stop()
        assert code == 0
        assert took_s > 1.0, "it did not wait for what it was sending"
        desk.peer.delay_s = 0.0
        await nothing_left_to_send(store_url)
        assert not desk.peer.repeats


async def test_a_second_signal_ends_the_bot_at_once(store_url: str) -> None:
    """The peer hangs; whoever cannot wait presses Ctrl-C again. The message goes out at the next start."""
    [customer] = customers(1)
    async with floor(store_url) as desk:
        bot, desk.peer.delay_s = desk.bots[0], HANGING_S
        await desk.write(customer, 0)
        await desk.peer.until(lambda: desk.peer.shown[customer.id], "the acknowledgement is under way")
        bot.send(signal.SIGINT)
        async with aiohttp.ClientSession() as http:

            async def closed() -> bool:
                return await status_of(http, f"{bot.address}/healthz") == 0

            await until(closed, "the first signal is heard", every_s=0.02)
        code, took_s = await bot.stop(signal.SIGINT)
        assert code == 130
        assert took_s < HANGING_S / 4
        desk.peer.delay_s = 0.0
        await bot.start()
        await nothing_left_to_send(store_url)
        assert len(desk.peer.shown[customer.id]) == 1
