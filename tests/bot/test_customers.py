"""What customers may ask by command, and what they are told once only."""

from __future__ import annotations

from typing import Any

import pytest

from bot.case import CaseState
from bot.commands import COMMANDS
from tests.fakes.desk import Floor


async def asked(floor: Floor, text: str, **more: Any) -> str:
    """What a customer is answered."""
    await floor.write(text, **more)
    await floor.deliver()
    answers = [message for message in floor.messages(more.get("who", "c-1")) if message.kind == "answer"]
    return answers[-1].text


async def test_wait_tells_the_place_and_promises(floor: Floor) -> None:
    await floor.ask("/on")
    await floor.write(who="c-0")
    case = await floor.opened(who="c-1")
    floor.clock.advance(30)
    text = await asked(floor, "/wait")
    assert "2" in text
    made_at = {promise.made_at for promise in (await floor.ended(case)).promises}
    assert floor.clock.now() in made_at


async def test_wait_without_a_case_opens_none_and_promises_nothing(floor: Floor) -> None:
    text = await asked(floor, "/wait")
    assert text.startswith("You have no open case")
    assert await floor.case() is None


async def test_wait_of_a_case_somebody_works_on(floor: Floor) -> None:
    case = await floor.opened()
    await floor.ask(f"/claim {case.id}")
    assert (await asked(floor, "/wait")).startswith("A member of our team has taken up your case.")
    await floor.ask(f"/reply {case.id} Hi")
    assert (await asked(floor, "/wait")).startswith("We have answered your latest message.")


async def test_cancel_ends_the_case(floor: Floor) -> None:
    case = await floor.opened()
    assert "cancelled" in await asked(floor, "/cancel")
    assert (await floor.ended(case)).state is CaseState.ABANDONED
    assert (await floor.parts.store.line("support")).waiting == 0


async def test_cancel_takes_the_case_from_the_agent_who_holds_it(floor: Floor) -> None:
    case = await floor.opened()
    await floor.ask(f"/claim {case.id}")
    await asked(floor, "/cancel")
    assert await floor.parts.store.held("support", "shop/a-1") == []
    answer = await floor.ask(f"/reply {case.id} Hello?")
    assert (answer.ok, answer.text) == (False, f"Case {case.id} is closed already.")


async def test_there_may_be_nothing_to_cancel(floor: Floor) -> None:
    assert "nothing to cancel" in await asked(floor, "/cancel")


async def test_a_message_after_cancelling_opens_a_new_case(floor: Floor) -> None:
    first = await floor.opened()
    await asked(floor, "/cancel")
    assert (await floor.opened("I changed my mind")).id != first.id


@pytest.mark.parametrize(("code", "language"), [("fi", "suomi"), ("pl-PL", "polski"), ("FI", "suomi")])
async def test_a_language_once_chosen_stays(floor: Floor, code: str, language: str) -> None:
    await floor.write(language="en")
    assert language in await asked(floor, f"/language {code}")
    assert not (await asked(floor, "/wait", language="en")).startswith("You")


async def test_a_language_chosen_before_the_first_message_is_spoken_in_the_acknowledgement(
    floor: Floor,
) -> None:
    await asked(floor, "/language fi")
    await floor.write("Hei", language="en")
    await floor.deliver()
    assert floor.messages()[-1].kind == "acknowledgement"
    assert "message" not in floor.messages()[-1].text


async def test_a_language_we_do_not_speak_is_answered_with_those_we_do(floor: Floor) -> None:
    text = await asked(floor, "/language tlh")
    assert "tlh" in text
    assert "/language fi – suomi" in text
    assert await asked(floor, "/language") in text


async def test_help_lists_what_customers_may_ask(floor: Floor) -> None:
    listed = [line.split()[0].removeprefix("/") for line in (await asked(floor, "/help")).splitlines()[1:]]
    assert listed == [command.name for command in COMMANDS if command.who == "customer"]


@pytest.mark.parametrize("text", ["/claim", "/etc/passwd is empty", "/waiting is boring", "wait", "//wait"])
async def test_what_is_no_command_of_customers_is_a_message(floor: Floor, text: str) -> None:
    case = await floor.opened(text)
    assert await floor.texts(case) == [text]


@pytest.mark.parametrize("text", ["/wait", "/WAIT", "/wait please"])
async def test_a_command_is_no_message(floor: Floor, text: str) -> None:
    await asked(floor, text)
    assert await floor.case() is None


@pytest.mark.parametrize("text", ["/wait", "/cancel", "/language fi", "/help"])
async def test_a_repeated_command_is_answered_once(floor: Floor, text: str) -> None:
    await floor.write()
    for _ in range(3):
        await floor.write(text, message_id="m-again")
    await floor.deliver()
    await floor.write(text, message_id="m-again")
    await floor.deliver()
    assert [message.kind for message in floor.messages()].count("answer") == 1


async def test_staff_who_write_where_customers_do_are_nobodys_customers(floor: Floor) -> None:
    for text in ("Hello all", "/wait"):
        await floor.write(text, who="a-1")
    await floor.deliver()
    assert await floor.case("a-1") is None
    assert floor.messages("a-1") == []
