"""Many agents, few cases: one owner each, over several processes; and what becomes of an owner who vanishes."""

from __future__ import annotations

import asyncio

import pytest

from tests.end_to_end.floor import Floor, customers, floor
from tests.waiting import until

AGENTS, PROCESSES = 50, 4


@pytest.mark.parametrize(
    "races", [25, pytest.param(200, marks=[pytest.mark.drill, pytest.mark.timeout(600)])]
)
async def test_one_agent_wins_a_claim(store_url: str, races: int) -> None:
    async with floor(store_url, bots=PROCESSES, agents=AGENTS, at_once=AGENTS) as desk:
        for round_number in range(races):
            await race(desk, round_number)


async def race(desk: Floor, round_number: int) -> None:
    """All agents claim one case at once: one gets it, the others are told who."""
    case = await new_case(desk, round_number)
    answers = await asyncio.gather(*(claim(desk, f"a-{n}", f"{case}-{n}", case, n) for n in range(AGENTS)))
    [winner] = [n for n, (ok, _) in enumerate(answers) if ok]
    for n, (_, text) in enumerate(answers):
        assert n == winner or f"Agent a-{winner}." in text
    assert [one.data["agent"]["id"] for one in desk.peer.news["case.claimed"]][round_number:] == [
        f"a-{winner}"
    ]


async def new_case(desk: Floor, number: int) -> str:
    """The id of the case that a new customer's message opens."""
    [customer] = customers(number + 1)[number:]
    await desk.write(customer, 0, to=number)
    opened = desk.peer.news["case.opened"]
    await desk.peer.until(lambda: len(opened) > number, "the case is announced")
    return str(opened[number].data["case_id"])


async def claim(desk: Floor, agent: str, command_id: str, case: str, to: int) -> tuple[bool, str]:
    await desk.sender.command(agent, command_id, "claim", case, to)
    answer = await desk.peer.answer(command_id)
    return answer["ok"], answer["text"]


async def test_the_case_of_an_agent_who_vanishes_is_first_in_line_again(store_url: str) -> None:
    """Three wait, the first is claimed, and nothing more is heard of the agent."""
    async with floor(store_url, desk={"claim_lease_s": 2}) as desk:
        cases = [await new_case(desk, number) for number in range(3)]
        assert (await desk.agent(0).do("next"))["case_id"] == cases[0]

        async def first_again() -> bool:
            return "next in the queue" in await place_of_the_first(desk)

        await until(first_again, "the lease has run out", every_s=0.1)
        others = [desk.agent(number) for number in (1, 2, 3)]
        assert [(await agent.do("next"))["case_id"] for agent in others] == cases


async def place_of_the_first(desk: Floor) -> str:
    """What the first customer reads on /wait."""
    [customer] = customers(1)
    count = len(desk.peer.told(customer.id, "answer")) + 1
    await desk.write(customer, count, "/wait")
    await desk.peer.until(lambda: len(desk.peer.told(customer.id, "answer")) == count, "/wait is answered")
    return desk.peer.told(customer.id, "answer")[-1]
