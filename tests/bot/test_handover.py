"""A case goes from one queue to another, whole and once, whatever happens on the way."""

from __future__ import annotations

import asyncio

import pytest

from adapters.base import Busy, Person
from bot.case import Case, CaseState
from bot.events import Decision, Transfer, Wrote
from bot.store import keys
from tests.fakes.desk import Floor, PromptChance, open_floor
from tests.waiting import until


async def moved(floor: Floor, case: Case, target: str) -> Case:
    """The case after a handover that went all the way."""
    assert (await floor.ask(f"/transfer {case.id} {target}")).ok
    found = await floor.case()
    assert found is not None
    assert found.queue == target
    return found


async def left(floor: Floor, case: Case, target: str) -> None:
    """The case leaves its queue, and nobody has carried it over yet."""
    act = Transfer(floor.clock.now(), "shop/a-1", "A-1", target)
    await floor.parts.cases.apply(case.queue, case, act, channel=case.channel)


async def opened_beside(floor: Floor, text: str, queue: str) -> Case:
    """A second case of the same conversation, which two processes can open at the same moment."""
    event = Wrote(floor.clock.now(), Person("c-1", "Aino"), text, "shop", "c-1", "A1B2C3", 0, queue)
    opened = await floor.parts.cases.apply(queue, None, event, channel="shop")
    assert isinstance(opened, Decision)
    return opened.after


async def test_a_case_keeps_its_turn_and_what_was_said(floor: Floor) -> None:
    case = await floor.opened("Where is my parcel?")
    floor.clock.advance(60)
    found = await moved(floor, case, "billing")
    assert (found.id, found.state, found.turn_at) == (case.id, CaseState.WAITING, case.turn_at)
    assert await floor.texts(found) == ["Where is my parcel?", "→ billing"]


async def test_the_customer_is_told_where_the_case_went(floor: Floor) -> None:
    case = await floor.opened()
    await floor.deliver()
    await moved(floor, case, "billing")
    assert [message.kind for message in floor.messages()] == ["acknowledgement", "notice"]
    assert "billing" in floor.messages()[-1].text


async def test_there_and_back_as_often_as_one_likes(floor: Floor) -> None:
    case = await floor.opened("Where is my parcel?")
    for target in ("billing", "support") * 3:
        case = await moved(floor, case, target)
    assert (await floor.texts(case))[0] == "Where is my parcel?"


async def test_replies_keep_their_order_over_a_handover(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one cannot be sent for a while; the second, from another queue, could be at once."""
    case = await floor.opened()
    await floor.deliver()
    shop = floor.platforms["shop"]
    monkeypatch.setattr(PromptChance, "backoff", lambda *_: 1.5)
    shop.troubles.extend(Busy("not now") for _ in range(2))
    await floor.command(f"/reply {case.id} first")
    async with floor.sending():
        await until(lambda: not shop.troubles)
    answered = await floor.case()
    assert answered is not None
    await left(floor, answered, "billing")
    await floor.parts.handover.carry_over("support", case.id, "billing")
    await floor.command(f"/reply {case.id} second")
    await floor.deliver()
    assert [message.text for message in floor.messages() if message.kind == "reply"] == ["first", "second"]


async def test_no_two_messages_share_an_id_however_far_a_case_travels(floor: Floor) -> None:
    """Receivers drop what they have seen before: https://www.standardwebhooks.com"""
    case = await floor.opened()
    await floor.deliver()
    for target in ("billing", "support") * 2:
        case = await moved(floor, case, target)
        assert (await floor.ask(f"/reply {case.id} from {target}")).ok
        await floor.deliver()
    sent = [message.key for message in floor.messages()]
    assert len(sent) == 9
    assert len(set(sent)) == len(sent)


@pytest.mark.parametrize("whose", ["nobody's", "own"])
async def test_the_old_queue_forgets_the_case(floor: Floor, whose: str) -> None:
    case = await floor.opened()
    if whose == "own":
        await floor.ask(f"/claim {case.id}")
    await moved(floor, case, "billing")
    floor.clock.advance(86_400)
    store = floor.parts.store
    assert await store.case("support", case.id) is None
    assert await store.held("support", "shop/a-1") == []
    assert (await store.line("support")).waiting == 0
    prefix, client = keys.prefix("support"), floor.parts.connection.client
    assert await client.zrange(prefix + "timers", 0, -1) == []


async def test_an_answered_case_begins_a_new_turn_elsewhere(floor: Floor) -> None:
    case = await floor.opened()
    await floor.ask(f"/reply {case.id} My colleagues know more.")
    floor.clock.advance(5)
    found = await moved(floor, case, "billing")
    assert (found.state, found.turn_at) == (CaseState.WAITING, floor.clock.now())


async def test_what_is_written_during_the_move_arrives_with_the_case(floor: Floor) -> None:
    case = await floor.opened("Where is my parcel?")
    await left(floor, case, "billing")
    await floor.write("Number 4711.")
    found = await floor.case()
    assert found is not None
    assert found.queue == "billing"
    assert await floor.texts(found) == ["Where is my parcel?", "→ billing", "Number 4711."]


async def test_a_process_that_still_knows_the_case_elsewhere_finds_it(floor: Floor, store_url: str) -> None:
    case = await floor.opened("Where is my parcel?")
    async with open_floor(store_url, clock=floor.clock, platforms=floor.platforms) as other:
        await left(other, case, "billing")
        await floor.write("Number 4711.")
        found = await floor.case()
        assert found is not None
        assert await other.texts(found) == ["Where is my parcel?", "→ billing", "Number 4711."]


async def test_carrying_over_at_the_same_time_does_it_once(floor: Floor) -> None:
    case = await floor.opened("Where is my parcel?")
    await left(floor, case, "billing")
    await asyncio.gather(*(floor.parts.handover.carry_over("support", case.id, "billing") for _ in range(5)))
    found = await floor.case()
    assert found is not None
    assert await floor.texts(found) == ["Where is my parcel?", "→ billing"]


async def test_two_open_cases_of_one_conversation_become_one(floor: Floor) -> None:
    first = await floor.opened("Where is my parcel?")
    floor.clock.advance(60)
    second = await opened_beside(floor, "And my invoice?", "billing")
    joined = await moved(floor, first, "billing")
    assert (joined.id, joined.turn_at) == (second.id, first.turn_at)
    assert sorted(await floor.texts(joined)) == ["And my invoice?", "Where is my parcel?", "→ billing"]


async def test_a_case_that_joins_a_claimed_one_is_not_held_for_ever(floor: Floor) -> None:
    first = await floor.opened("Where is my parcel?")
    second = await opened_beside(floor, "And my invoice?", "billing")
    await floor.ask(f"/claim {second.id}", agent="a-2")
    await floor.ask(f"/reply {second.id} Here it is.", agent="a-2")
    joined = await moved(floor, first, "billing")
    assert (joined.state, joined.agent) == (CaseState.CLAIMED, "shop/a-2")
    await floor.tick("billing", after_s=901)
    found = await floor.case()
    assert found is not None
    assert (found.state, found.agent) == (CaseState.WAITING, None)


# --- what was taken in once is known wherever the case went ------------------------------------------------


async def test_a_message_redelivered_after_the_move(floor: Floor) -> None:
    case = await floor.opened("Where is my parcel?", message_id="m-1")
    found = await moved(floor, case, "billing")
    await floor.write("Where is my parcel?", message_id="m-1")
    assert (await floor.texts(found)).count("Where is my parcel?") == 1


async def test_a_message_redelivered_after_the_way_back(floor: Floor) -> None:
    case = await moved(floor, await floor.opened(), "billing")
    await floor.write("Number 4711.", message_id="m-2")
    case = await moved(floor, case, "support")
    await floor.write("Number 4711.", message_id="m-2")
    assert (await floor.texts(case)).count("Number 4711.") == 1


async def test_a_message_redelivered_after_the_end_opens_no_case(floor: Floor) -> None:
    case = await moved(floor, await floor.opened(), "billing")
    await floor.write("Number 4711.", message_id="m-2")
    await floor.ask(f"/close {case.id}")
    await floor.write("Number 4711.", message_id="m-2")
    assert await floor.case() is None


async def test_a_cancellation_redelivered_after_the_move_is_answered_once(floor: Floor) -> None:
    await moved(floor, await floor.opened(), "billing")
    for _ in range(2):
        await floor.write("/cancel", message_id="m-2")
        await floor.deliver()
    assert [message.kind for message in floor.messages()].count("answer") == 1


async def test_a_reply_redelivered_after_the_move_reaches_the_customer_once(floor: Floor) -> None:
    case = await floor.opened()
    await floor.command(f"/reply {case.id} On its way.", command_id="x-1")
    await floor.deliver()
    await moved(floor, case, "billing")
    await floor.command(f"/reply {case.id} On its way.", command_id="x-1")
    await floor.deliver()
    assert [message.text for message in floor.messages()].count("On its way.") == 1


async def test_next_redelivered_takes_no_second_case_from_another_queue(floor: Floor) -> None:
    await floor.opened(who="c-1")
    await floor.opened(who="c-2", channel="bank")
    for _ in range(2):
        await floor.command("/next", command_id="x-1")
        await floor.deliver()
    assert len(floor.answers()) == 1
    assert await floor.parts.store.held("billing", "shop/a-1") == []


async def test_a_message_for_an_ended_case_elsewhere_begins_at_home(floor: Floor) -> None:
    case = await moved(floor, await floor.opened(), "billing")
    await floor.ask(f"/close {case.id}")
    again = await floor.opened("One more thing")
    assert (again.queue, again.id != case.id) == ("support", True)


# --- the queue that a message names ------------------------------------------------------------------------


async def test_the_queue_that_a_message_names_stays_chosen(floor: Floor) -> None:
    await floor.write("My invoice is wrong", queue="billing")
    case = await floor.case()
    assert case is not None
    assert case.queue == "billing"
    await floor.write("Number 1234")
    again = await floor.case()
    assert again is not None
    assert (again.id, again.messages) == (case.id, 2)
    await floor.write("/cancel")
    await floor.write("And another one")
    later = await floor.case()
    assert later is not None
    assert (later.queue, later.id != case.id) == ("billing", True)


async def test_a_message_joins_the_open_case_whatever_queue_it_names(floor: Floor) -> None:
    case = await floor.opened("Where is my parcel?")
    await floor.write("And my invoice?", queue="billing")
    found = await floor.case()
    assert found is not None
    assert (found.id, found.queue, found.messages) == (case.id, "support", 2)
    assert await floor.parts.store.open_case("billing", keys.lane("shop", "c-1")) is None
