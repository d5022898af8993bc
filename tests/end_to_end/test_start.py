"""How long a start takes: from the command to readiness, on the embedded server, with and without data."""

from __future__ import annotations

from statistics import median

from tests.end_to_end.floor import configuration, customers, floor, short_directory
from tests.fakes.bot_process import bot_processes, embedded_server

STARTS = 3
GENEROUS_S = 10.0
"""The target is 1.5 s on a quiet machine; this one is busy with tests."""


async def test_a_bot_with_its_own_server_is_soon_ready() -> None:
    with short_directory() as directory, embedded_server(directory / "data") as server:
        tables = configuration(f"embedded:{server.directory}", "", 1)
        async with bot_processes(directory, tables) as [bot]:
            ready_s = []
            for _ in range(STARTS):
                code, _ = await bot.stop()
                assert code == 0
                assert server.gone(), "the last bot stops the server"
                await bot.start()
                ready_s.append(await bot.ready())
    print(f"ready after {median(ready_s):.2f} s (median of {STARTS}), at most {max(ready_s):.2f} s")
    assert median(ready_s) < GENEROUS_S


async def test_a_bot_comes_back_to_what_it_left() -> None:
    """Stopped together with its embedded server, and started on the same directory."""
    [customer] = customers(1)
    with short_directory() as directory, embedded_server(directory / "data") as server:
        async with floor(f"embedded:{server.directory}") as desk:
            [bot] = desk.bots
            await desk.write(customer, 0)
            await desk.peer.until(lambda: desk.peer.shown[customer.id], "the customer is acknowledged")
            assert (await bot.stop())[0] == 0
            await bot.start()
            await bot.ready()
            await desk.write(customer, 0)
            assert (await desk.agent(0).do("next"))["ok"]
            assert len(desk.peer.shown[customer.id]) == len(desk.peer.news["case.opened"]) == 1
