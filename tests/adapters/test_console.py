"""The terminal: lines typed become a customer's and an agent's, what is sent is shown."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from adapters.base import AgentCommand, Arrival, BadOptions, Channel, CustomerMessage, Person, Tools
from adapters.console import Console, Options, open_channel
from tests.adapters.contract import ANSWER, EVENT, EVERYTHING, MESSAGE, NOW, Contract
from tests.waiting import until


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    async with ClientSession() as session:
        yield Tools("terminal", session, lambda: NOW, agents=frozenset({"agent"}))


@pytest.fixture
def shown() -> io.StringIO:
    return io.StringIO()


class TestConsole(Contract):
    @pytest.fixture
    def channel(self, tools: Tools, shown: io.StringIO) -> Channel:
        return Console(Options(), tools, io.StringIO(), shown)


async def typed(text: str, tools: Tools, options: Options | None = None) -> list[Arrival]:
    """The arrivals that these lines make."""
    lines = [line for line in text.splitlines() if line.strip()]
    arrivals: list[Arrival] = []

    async def inbox(arrival: Arrival) -> None:
        arrivals.append(arrival)

    console = Console(options or Options(), tools, io.StringIO(text), io.StringIO())
    listening = asyncio.create_task(console.listen(inbox))
    await until(lambda: len(arrivals) == len(lines))
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    return arrivals


async def test_a_plain_line_is_the_customers(tools: Tools) -> None:
    (message,) = await typed("Where is my parcel?\n", tools, Options(customer="Väinö", language="fi"))
    assert isinstance(message, CustomerMessage)
    assert (message.text, message.customer) == ("Where is my parcel?", Person("customer", "Väinö", "fi"))


@pytest.mark.parametrize(
    ("line", "command", "arguments"),
    [
        ("@/next", "next", ""),
        ("@/claim K7Q2M4", "claim", "K7Q2M4"),
        ("@Hello there", "reply", "Hello there"),
        ("@ Hello", "reply", "Hello"),
        ("@/reply K7Q2M4 Hello there", "reply", "K7Q2M4 Hello there"),
    ],
)
async def test_a_line_with_an_at_is_the_agents(tools: Tools, line: str, command: str, arguments: str) -> None:
    (given,) = await typed(f"{line}\n", tools)
    assert isinstance(given, AgentCommand)
    assert (given.command, given.arguments, given.agent.id) == (command, arguments, "agent")


async def test_empty_lines_are_nothing_and_every_other_has_its_own_id(tools: Tools) -> None:
    arrivals = await typed("one\n\n   \ntwo\none\n", tools)
    assert len({arrival.id for arrival in arrivals if isinstance(arrival, CustomerMessage)}) == 3


async def test_what_is_sent_is_shown_to_whom_it_is_for(tools: Tools, shown: io.StringIO) -> None:
    console = Console(Options(customer="Aino"), tools, io.StringIO(), shown)
    for outgoing in EVERYTHING:
        await console.send(outgoing)
    text = shown.getvalue()
    assert f"to Aino (acknowledgement): {MESSAGE.text}" in text
    assert f"to agent: {ANSWER.text}" in text
    assert EVENT.type not in text


def test_the_agent_at_the_terminal_must_be_one_of_the_channel(tools: Tools) -> None:
    with pytest.raises(BadOptions, match="agents"):
        open_channel(Options(agent="somebody"), tools)
