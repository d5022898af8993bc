"""A bot that stops and starts on its embedded server, with and without data. How long it takes is a benchmark."""

from __future__ import annotations

from tests.end_to_end.floor import configuration, customers, floor, short_directory
from tests.fakes.bot_process import bot_processes, embedded_server


async def test_the_last_bot_takes_its_own_server_with_it_and_the_next_brings_it_back() -> None:
    with short_directory() as directory, embedded_server(directory / "data") as server:
        tables = configuration(f"embedded:{server.directory}", "", 1)
        async with bot_processes(directory, tables) as [bot]:
            code, _ = await bot.stop()
            assert code == 0
            assert server.gone(), "the last bot stops the server"
            await bot.start()
            await bot.ready()


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
