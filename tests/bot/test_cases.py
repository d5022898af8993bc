"""Decide and commit: what one process does on what it remembers, while others change the same case."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.case import CaseState
from bot.cases import Moved, Seen
from bot.events import Claim, Decision, GaveUp, Refusal, Told, Transfer, Wrote
from bot.store import keys
from status.model import Promise
from tests.fakes.desk import Floor, PromptChance, open_floor


@pytest.fixture
async def other(floor: Floor, store_url: str) -> AsyncIterator[Floor]:
    """A second process of the same bot."""
    async with open_floor(store_url, clock=floor.clock, platforms=floor.platforms, seed=2) as running:
        yield running


async def test_a_message_goes_on_what_another_process_did(floor: Floor, other: Floor) -> None:
    case = await floor.opened("Hello")
    await other.ask(f"/claim {case.id}")
    await floor.write("Are you there?")
    now = await floor.ended(case)
    assert (now.state, now.messages, now.version) == (CaseState.CLAIMED, 2, 4)


async def test_a_message_after_another_process_closed_the_case_opens_a_new_one(
    floor: Floor, other: Floor
) -> None:
    case = await floor.opened("Hello")
    await other.ask(f"/close {case.id}")
    again = await floor.opened("One more thing")
    assert again.id != case.id
    assert await floor.texts(again) == ["One more thing"]
    assert await floor.texts(case) == ["Hello"]


async def test_an_acknowledgement_that_comes_after_the_reply_promises_nothing(
    floor: Floor, other: Floor
) -> None:
    case = await floor.opened("Hello")
    await other.command(f"/reply {case.id} Hello yourself")
    await floor.deliver()
    assert [message.kind for message in floor.messages()] == ["reply"]
    assert (await floor.ended(case)).promises == ()


async def test_what_was_seen_changes_nothing(floor: Floor) -> None:
    case = await floor.opened()
    claim = Claim(floor.clock.now(), "shop/a-1", "A-1")
    for expected in (Decision, Seen):
        result = await floor.parts.cases.apply("support", case, claim, channel="shop", seen="digest")
        assert isinstance(result, expected)
    assert (await floor.ended(case)).version == case.version + 1


async def test_a_refusal_is_given_back_and_nothing_written(floor: Floor) -> None:
    case = await floor.opened()
    await floor.ask(f"/claim {case.id}", agent="a-2")
    claim = Claim(floor.clock.now(), "shop/a-1", "A-1")
    result = await floor.parts.cases.apply("support", case, claim, channel="shop")
    assert result == Refusal("already_claimed", by="A-2")
    assert (await floor.ended(case)).agent == "shop/a-2"


async def test_a_conversation_that_left_the_queue_is_told_as_moved(floor: Floor, other: Floor) -> None:
    case = await floor.opened()
    act = Transfer(floor.clock.now(), "shop/a-1", "A-1", "billing")
    await other.parts.cases.apply("support", case, act, channel="shop")
    event = Wrote(floor.clock.now(), case.customer, "Hello?", "shop", "c-1", "A1B2C3", 0, "support")
    result = await floor.parts.cases.apply("support", None, event, channel="shop")
    assert result == Moved("billing", f">billing {case.id}")


async def test_a_case_id_in_use_is_drawn_again(floor: Floor, store_url: str) -> None:
    first = await floor.opened(who="c-1")
    twin_seed = 1
    async with open_floor(store_url, clock=floor.clock, seed=twin_seed) as twin:
        second = await twin.opened(who="c-2")
    assert PromptChance(twin_seed).case_id() == first.id
    assert second.id != first.id


async def test_many_at_once_on_one_case_all_count(floor: Floor, other: Floor) -> None:
    await floor.opened("0")
    await asyncio.gather(*((floor, other)[n % 2].write(str(n)) for n in range(1, 20)))
    case = await floor.case()
    assert case is not None
    assert case.messages == 20
    assert sorted(map(int, await floor.texts(case))) == list(range(20))


async def test_the_end_is_remembered_as_no_case(floor: Floor) -> None:
    case = await floor.opened()
    lane = keys.lane("shop", "c-1")
    assert floor.parts.cases.remembered("support", lane) == case
    await floor.parts.cases.apply("support", case, GaveUp(floor.clock.now()), channel="shop")
    assert floor.parts.cases.remembered("support", lane) is None


async def test_a_promise_is_recorded_once_for_the_same_words(floor: Floor) -> None:
    case = await floor.opened()
    now = floor.clock.now()
    for _ in range(2):
        told = Told(now, now, Promise(now, now, 900))
        await floor.parts.cases.apply("support", await floor.case(), told, channel="shop")
    assert (await floor.ended(case)).promises == (Promise(now, now, 900),)
