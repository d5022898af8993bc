"""The whole way of a message: customers write, are told how long, agents reply, promises are judged."""

from __future__ import annotations

import asyncio
import random
import re
from typing import Any

import aiohttp
import pytest

from bot.case import CaseState
from tests.end_to_end.floor import (
    QUEUE,
    REPLIES_EACH,
    Agent,
    Floor,
    customers,
    draw_seed,
    floor,
    kept,
    words,
)
from tests.fakes.sender import Customer
from tests.waiting import until

AGENTS = 10
MARKS = {
    "en": r"\bour team will\b|\bfrom our team\b",
    "fi": r"\bvastaa sinulle\b|\bvastaus tulee\b",
    "pl": r"\bnaszego zespołu\b",
}
"""Words that stand in every acknowledgement of a language and in none of another."""


@pytest.mark.parametrize(
    ("people", "messages"),
    [(60, 240), pytest.param(500, 2_000, marks=[pytest.mark.drill, pytest.mark.timeout(600)])],
)
async def test_everybody_is_told_and_answered(store_url: str, people: int, messages: int) -> None:
    seed = draw_seed()
    everybody = customers(people)
    async with floor(store_url, agents=AGENTS, seed=seed) as desk:
        agents = [desk.agent(n) for n in range(AGENTS)]
        for agent in agents:
            assert (await agent.do("on"))["ok"]
        await write_all(desk, everybody, messages // people, random.Random(seed))
        await desk.peer.until(lambda: len(desk.peer.shown) == people, "everybody is told something")
        await ask_for_the_wait(desk, everybody[::10])
        await asyncio.gather(*(agent.work_through() for agent in agents))
        await desk.peer.until(
            lambda: len(desk.peer.news["case.answered"]) == people, "all cases are answered"
        )
        await desk.peer.until(lambda: judged(desk) >= people, "the promises are judged")
        check_acknowledgements(desk, everybody)
        check_replies(desk, agents, people)
        check_news(desk, everybody)
        await check_transcripts(store_url, everybody, messages // people)
        await check_published(desk)


async def write_all(desk: Floor, everybody: list[Customer], each: int, chance: random.Random) -> None:
    """Everybody writes at the same time, each customer's messages in order."""

    async def write(customer: Customer) -> None:
        for number in range(each):
            await desk.write(customer, number)

    await asyncio.gather(*(write(customer) for customer in chance.sample(everybody, len(everybody))))


async def ask_for_the_wait(desk: Floor, some: list[Customer]) -> None:
    await asyncio.gather(*(desk.write(customer, 99, "/wait") for customer in some))
    await desk.peer.until(
        lambda: all(desk.peer.told(customer.id, "answer") for customer in some), "/wait is answered"
    )
    for customer in some:
        [text] = desk.peer.told(customer.id, "answer")
        assert re.search(r"\d", text), "neither the wait nor the place in the queue"


def judged(desk: Floor) -> int:
    """The promises judged so far, as other programs hear of them."""
    return max((one.data["track_record"]["promises"] for one in desk.peer.news["wait.updated"]), default=0)


def check_acknowledgements(desk: Floor, everybody: list[Customer]) -> None:
    """The first thing each is shown: one, in their language, by their name."""
    for customer in everybody:
        [text] = desk.peer.told(customer.id, "acknowledgement")
        assert [language for language in MARKS if re.search(MARKS[language], text)] == [customer.language]
        assert re.search(rf"\b{customer.name}\b", text)
        assert desk.peer.shown[customer.id][0].data["kind"] == "acknowledgement"


def check_replies(desk: Floor, agents: list[Agent], people: int) -> None:
    """What an agent sent reached that case's customer, once and in order, and nobody else."""
    conversations = {
        one.data["case_id"]: one.data["conversation_id"] for one in desk.peer.news["case.opened"]
    }
    assert len(conversations) == len(set(conversations.values())) == people
    sent = {case: texts for agent in agents for case, texts in agent.replied.items()}
    assert sent.keys() == conversations.keys()
    for case, texts in sent.items():
        assert len(texts) == REPLIES_EACH
        assert desk.peer.told(conversations[case], "reply") == texts


def check_news(desk: Floor, everybody: list[Customer]) -> None:
    """Other programs hear of every case once, of each step in its turn, and of no text."""
    for name in ("case.opened", "case.claimed", "case.answered"):
        assert sorted(one.data["customer"]["id"] for one in desk.peer.news[name]) == sorted(
            customer.id for customer in everybody
        )
    steps: dict[str, list[str]] = {}
    for one in desk.peer.ledger:
        if one.type.startswith("case."):
            steps.setdefault(one.data["case_id"], []).append(one.type)
            assert "text" not in one.data
    assert set(map(tuple, steps.values())) == {("case.opened", "case.claimed", "case.answered")}


async def check_transcripts(store_url: str, everybody: list[Customer], each: int) -> None:
    """The store holds one case each, with every message once and in order; commands are no messages."""
    cases = await kept(store_url)
    assert cases.keys() == {customer.id for customer in everybody}
    for customer in everybody:
        [one] = cases[customer.id]
        assert one.texts("customer") == [words(customer, number) for number in range(each)]
        assert len(one.texts("agent")) == REPLIES_EACH
        assert one.case.state is CaseState.ANSWERED
        assert not one.case.promises


async def check_published(desk: Floor) -> None:
    """The status API tells what `wait.updated` told: nobody waits, and all promises were kept."""
    async with aiohttp.ClientSession() as http:

        async def the_last() -> dict[str, Any] | None:
            """What stands may still be the refresh before the agents came, or before the last promise was judged."""
            told = await published_by(desk, http)
            quiet = told["waiting"] == 0 and told["agents"] == AGENTS
            return told if quiet and told["track_record"]["promises"] == judged(desk) else None

        published = await until(the_last, "nobody waits, and all that is judged is told", every_s=0.1)
    assert published["state"] == "open"
    assert published["track_record"]["kept"] == published["track_record"]["promises"]
    latest = desk.peer.news["wait.updated"][-1].data
    assert latest.keys() == published.keys() | {"banner_url"}


async def published_by(desk: Floor, http: aiohttp.ClientSession) -> dict[str, Any]:
    async with http.get(f"{desk.bots[0].address}/api/v1/queues/{QUEUE}/wait") as answer:
        data: dict[str, Any] = await answer.json()
        return data
