"""A case goes from one conversation to another, whole: from public to private, and by a link to another channel."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters.base import CustomerGone, CustomerMessage, OutsideAct, OutsideReply, Person
from bot.case import Case, CaseState
from bot.deskview import DeskView
from bot.invitations import GOOD_FOR_S
from bot.signin import Agent
from tests.fakes.desk import TABLES, Floor, Inviting, Platform, open_floor

AINO = Person("c-1", "Aino", "en")
MENTION = CustomerMessage("p-1", "@c-1", AINO, "@acme where is my parcel?", ref="p-1", public=True)
PRIVATE = CustomerMessage("d-1", "c-1", AINO, "Order 1234", ref="d-1", continues="@c-1")


@pytest.fixture
async def floor(store_url: str) -> AsyncIterator[Floor]:
    platforms: dict[str, Platform] = {"shop": Inviting("shop"), "bank": Inviting("bank")}
    async with open_floor(store_url, tables=TABLES, platforms=platforms) as made:
        yield made


async def came(floor: Floor, message: CustomerMessage, channel: str = "shop") -> Case:
    """The case that a message belongs to, once all has gone out."""
    await floor.parts.inbox.receive(channel, message)
    await floor.deliver()
    case = await floor.case(message.conversation_id, channel=channel)
    assert case is not None
    return case


async def code_sent(floor: Floor, case: Case, target: str) -> str:
    """The code of the link that the customer was sent."""
    assert (await floor.ask(f"/invite {case.id} {target}")).ok
    found = re.search(r"example/([A-Z2-7]{16})", floor.messages(case.conversation_id)[-1].text)
    assert found is not None
    return found[1]


def start(code: str, who: str = "w-1", number: int = 1) -> CustomerMessage:
    return CustomerMessage(f"w-{number}", who, Person(who, "Aino W."), f"/start {code}")


# --- from public to private ----------------------------------------------------------------------------------


async def test_in_public_nothing_is_told_of_the_case_and_the_private_way_is_offered(floor: Floor) -> None:
    case = await came(floor, MENTION)
    [sent] = floor.messages("@c-1")
    assert (sent.kind, sent.public, case.public) == ("acknowledgement", "p-1", "p-1")
    assert "https://shop.example/" in sent.text
    assert "Aino" not in sent.text
    assert case.id not in sent.text


async def test_a_command_in_public_is_only_text(floor: Floor) -> None:
    case = await came(floor, replace(MENTION, text="/wait"))
    assert await floor.texts(case) == ["/wait"]


async def test_a_reply_in_public_stands_under_the_latest_message(floor: Floor) -> None:
    case = await came(floor, MENTION)
    await came(floor, replace(MENTION, id="p-2", ref="p-2"))
    await floor.ask(f"/reply {case.id} Please write to us.")
    assert floor.messages("@c-1")[-1].public == "p-2"


async def test_the_case_goes_on_in_private_with_its_turn_and_its_history(floor: Floor) -> None:
    public = await came(floor, MENTION)
    floor.clock.advance(60)
    private = await came(floor, PRIVATE)
    assert (private.id, private.turn_at, private.public) == (public.id, public.turn_at, "")
    assert await floor.texts(private) == ["@acme where is my parcel?", "↪ shop", "Order 1234"]
    [told] = floor.messages("c-1")
    assert told.kind == "notice"
    assert "go on" in told.text
    assert (told.public, told.heard_at) == ("", private.last_heard_at)


async def test_what_is_still_written_in_public_belongs_to_the_case_and_is_not_answered_there(
    floor: Floor,
) -> None:
    await came(floor, MENTION)
    private = await came(floor, PRIVATE)
    later = await came(floor, replace(MENTION, id="p-2", ref="p-2", text="And now?"))
    assert (later.id, later.public, later.conversation_id) == (private.id, "", "c-1")
    assert (await floor.texts(later))[-1] == "And now?"
    await floor.ask(f"/reply {later.id} It is on its way.")
    assert floor.messages("c-1")[-1].text == "It is on its way."
    assert len(floor.messages("@c-1")) == 1


async def test_once_it_is_over_both_conversations_begin_anew(floor: Floor) -> None:
    await came(floor, MENTION)
    private = await came(floor, PRIVATE)
    await floor.ask(f"/close {private.id}")
    public = await came(floor, replace(MENTION, id="p-3", ref="p-3"))
    assert public.id != private.id
    assert public.public == "p-3"
    assert (await came(floor, replace(PRIVATE, id="d-3"))).id == public.id


async def test_who_has_a_private_case_keeps_it(floor: Floor) -> None:
    private = await came(floor, replace(PRIVATE, continues=""))
    public = await came(floor, MENTION)
    assert public.id != private.id
    assert (await came(floor, replace(PRIVATE, id="d-2"))).id == private.id


async def test_leaving_a_place_that_the_case_has_left_ends_nothing(floor: Floor) -> None:
    await came(floor, MENTION)
    private = await came(floor, PRIVATE)
    await floor.parts.inbox.receive("shop", CustomerGone("g-1", "@c-1"))
    assert (await floor.ended(private)).is_open


async def test_the_web_desk_warns_of_the_public_and_tells_until_when_one_can_answer(floor: Floor) -> None:
    parts = floor.parts
    view = DeskView(parts.config, parts.store, parts.watch, parts.clock, {"shop": 86_400.0})
    anna = Agent("shop", "a-1", "Anna")
    case = await came(floor, MENTION)
    public = await view.whole(anna, case.id)
    floor.clock.advance(60)
    await came(floor, PRIVATE)
    private = await view.whole(anna, case.id)
    assert public is not None
    assert private is not None
    assert (public["case"]["public"], public["case"]["until"]) == (True, None)
    assert (private["case"]["public"], private["case"]["until"]) == (False, floor.clock.now() + 86_400)


# --- by a link -----------------------------------------------------------------------------------------------


async def test_a_link_leads_the_case_to_another_channel_and_queue(floor: Floor) -> None:
    case = await floor.opened("Where is my parcel?")
    code = await code_sent(floor, case, "bank")
    floor.clock.advance(30)
    there = await came(floor, start(code), "bank")
    assert (there.id, there.queue, there.channel, there.turn_at) == (case.id, "support", "bank", case.turn_at)
    assert "go on" in floor.messages("w-1", "bank")[-1].text
    await floor.ask(f"/reply {case.id} Here it is.")
    assert floor.messages("w-1", "bank")[-1].text == "Here it is."
    await floor.ask(f"/close {case.id}")
    assert (await floor.ended(case)).state is CaseState.CLOSED
    said = await floor.texts(await floor.ended(case))
    assert said == ["Where is my parcel?", "✉ bank", "↪ bank", "Here it is."]


async def test_an_answered_case_goes_on_too(floor: Floor) -> None:
    case = await floor.opened()
    await floor.ask(f"/reply {case.id} Let us go on over there.")
    there = await came(floor, start(await code_sent(floor, case, "bank")), "bank")
    assert (there.id, there.state) == (case.id, CaseState.ANSWERED)
    assert "go on" in floor.messages("w-1", "bank")[-1].text


async def test_of_two_who_come_by_one_link_one_goes_on(floor: Floor) -> None:
    case = await floor.opened()
    code = await code_sent(floor, case, "bank")
    receive = floor.parts.inbox.receive
    await asyncio.gather(*(receive("bank", start(code, f"w-{n}", n)) for n in range(5)))
    await floor.deliver()
    found = [await floor.case(f"w-{n}", channel="bank") for n in range(5)]
    assert [one.id for one in found if one] == [case.id]


async def test_a_link_used_again_or_too_late_only_greets(floor: Floor) -> None:
    case = await floor.opened()
    code = await code_sent(floor, case, "bank")
    await came(floor, start(code), "bank")
    await floor.parts.inbox.receive("bank", start(code, "w-2", 2))
    await floor.deliver()
    assert await floor.case("w-2", channel="bank") is None
    assert "Acme" in floor.messages("w-2", "bank")[-1].text
    assert GOOD_FOR_S == 7 * 86_400


async def test_who_has_a_case_over_there_keeps_both(floor: Floor) -> None:
    case = await floor.opened()
    other = await floor.opened("Hello", who="w-1", channel="bank")
    code = await code_sent(floor, case, "bank")
    assert (await came(floor, start(code), "bank")).id == other.id
    assert (await floor.ended(case)).channel == "shop"


@pytest.mark.parametrize(("target", "told"), [("shop", "bank"), ("nowhere", "bank"), ("", "/invite")])
async def test_where_nobody_can_be_invited_the_agent_hears_where_it_works(
    floor: Floor, target: str, told: str
) -> None:
    case = await floor.opened()
    answer = await floor.ask(f"/invite {case.id} {target}".strip())
    assert not answer.ok
    assert told in answer.text


async def test_no_link_is_put_where_everybody_reads(floor: Floor) -> None:
    case = await came(floor, MENTION)
    answer = await floor.ask(f"/invite {case.id} bank")
    assert not answer.ok
    assert len(floor.messages("@c-1")) == 1


# --- in quiet ------------------------------------------------------------------------------------------------


async def test_in_a_quiet_case_nothing_is_said_but_what_humans_write(floor: Floor) -> None:
    quiet = CustomerMessage("q-1", "c-9", Person("c-9", "Aino", "en"), "Never again Acme", quiet=True)
    case = await came(floor, quiet)
    await came(floor, replace(quiet, id="q-2", text="/wait"))
    assert await floor.texts(case) == ["Never again Acme", "/wait"]
    await floor.ask(f"/transfer {case.id} billing")
    await floor.deliver()
    assert floor.messages("c-9") == []
    await floor.ask(f"/reply {case.id} What happened?", agent="a-1")
    assert [message.kind for message in floor.messages("c-9")] == ["reply"]


async def test_who_speaks_to_us_at_last_is_answered_as_everybody(floor: Floor) -> None:
    quiet = CustomerMessage("q-1", "c-9", Person("c-9", "Aino", "en"), "Never again Acme", quiet=True)
    case = await came(floor, quiet)
    await came(floor, replace(quiet, id="q-2", text="@acme where is my parcel?", quiet=False))
    await floor.ask(f"/transfer {case.id} billing")
    await floor.deliver()
    assert [message.kind for message in floor.messages("c-9")] == ["notice"]


# --- what is done in another system --------------------------------------------------------------------------


async def test_what_agents_do_in_another_system_counts_and_nobody_is_spoken_to(floor: Floor) -> None:
    arrived = CustomerMessage("e-1", "case-7", Person("case-7"), "", quiet=True)
    case = await came(floor, arrived)
    anna, otto = Person("anna", "Anna"), Person("otto", "Otto")
    for number, (who, act) in enumerate(
        [(anna, "claim"), (otto, "claim"), (otto, "release"), (anna, "claim")]
    ):
        floor.clock.advance(10)
        await floor.parts.inbox.receive("shop", OutsideAct(f"a-{number}", "case-7", who, act))  # type: ignore[arg-type]
        case = await floor.ended(case)
        assert case.agent == (None if act == "release" else f"shop/{who.id}")
    await floor.parts.inbox.receive("shop", OutsideAct("a-1", "case-7", otto, "claim"))
    assert (await floor.ended(case)).agent == "shop/anna", "what is told again takes nothing from anybody"
    await floor.parts.inbox.receive("shop", OutsideReply("r-1", "case-7", anna, ""))
    case = await floor.ended(case)
    assert (case.state, case.first_reply_at) == (CaseState.ANSWERED, floor.clock.now())
    await floor.parts.inbox.receive("shop", OutsideAct("a-9", "case-7", otto, "close"))
    assert (await floor.ended(case)).state is CaseState.CLOSED
    await floor.deliver()
    assert not floor.messages("case-7")
    assert (await floor.parts.store.days("support", 1))[0]["answered"] == 1


async def test_what_is_held_in_another_system_is_held_until_that_says_otherwise(floor: Floor) -> None:
    anna = Person("anna", "Anna")
    for name in ("case-7", "case-8"):
        await came(floor, CustomerMessage(f"e-{name}", name, Person(name), "", quiet=True))
        await floor.parts.inbox.receive("shop", OutsideAct(f"a-{name}", name, anna, "claim"))
    floor.clock.advance(800)
    await floor.parts.inbox.receive("shop", OutsideReply("r-8", "case-8", anna, ""))
    for _ in range(3):
        await floor.tick(after_s=900)
    case = await floor.case("case-7")
    assert case is not None
    assert (case.state, case.agent) == (CaseState.CLAIMED, "shop/anna")
    known = await floor.parts.store.duty("support", "shop/anna")
    assert known is not None
    assert known["seen"] == floor.clock.now() - 2_700
    await floor.parts.inbox.receive("shop", OutsideAct("a-9", "case-7", anna, "release"))
    assert (await floor.ended(case)).agent is None
