"""What agents do: who may, what is answered, and that of many who want one case one gets it."""

from __future__ import annotations

import asyncio

import pytest

from bot.case import Case, CaseState
from bot.commands import COMMANDS
from tests.fakes.desk import AGENTS, TABLES, Floor, changed, open_floor

# --- role x command x whose case -----------------------------------------------------------------------------

WHOSE = ["nobody's", "own", "another's", "closed", "other queue's", "absent"]
LINES = {
    "claim": "/claim {case}",
    "release": "/release {case}",
    "reply": "/reply {case} Hello",
    "note": "/note {case} Psst",
    "transfer": "/transfer {case} {queue}",
    "close": "/close {case}",
}
ALLOWED: dict[str, list[bool]] = {
    #           nobody's  own   another's closed other queue's absent
    "claim":    [True,  True,  False,   False, True,          False],
    "release":  [False, True,  False,   False, False,         False],
    "reply":    [True,  True,  False,   False, True,          False],
    "note":     [True,  True,  True,    False, True,          False],
    "transfer": [True,  True,  False,   False, True,          False],
    "close":    [True,  True,  False,   False, True,          False],
}  # fmt: skip
MATRIX = [
    pytest.param(name, whose, allowed, id=f"{name}-{whose}")
    for name, row in ALLOWED.items()
    for whose, allowed in zip(WHOSE, row, strict=True)
]


async def arranged(floor: Floor, whose: str) -> Case | None:
    """A case as the column of the matrix wants it."""
    if whose == "absent":
        return None
    case = await floor.opened(channel="bank" if whose == "other queue's" else "shop")
    if whose == "own":
        await floor.ask(f"/claim {case.id}")
    elif whose == "another's":
        await floor.ask(f"/claim {case.id}", agent="a-2")
    elif whose == "closed":
        await floor.ask(f"/close {case.id}", agent="a-2")
    await floor.deliver()
    return await floor.ended(case)


@pytest.mark.parametrize(("name", "whose", "allowed"), MATRIX)
async def test_an_agent_may(floor: Floor, name: str, whose: str, allowed: bool) -> None:
    before = await arranged(floor, whose)
    target = "support" if whose == "other queue's" else "billing"
    line = LINES[name].format(case=before.id if before else "Z9Z9Z9", queue=target)
    answer = await floor.ask(line)
    assert answer.ok is allowed
    assert (before.id if before else "Z9Z9Z9") in answer.text
    if before is not None and not allowed:
        assert await floor.ended(before) == before


@pytest.mark.parametrize("whose", WHOSE)
@pytest.mark.parametrize("name", LINES)
async def test_a_stranger_may_nothing(floor: Floor, name: str, whose: str) -> None:
    before = await arranged(floor, whose)
    line = LINES[name].format(case=before.id if before else "Z9Z9Z9", queue="billing")
    answer = await floor.ask(line, agent="stranger")
    assert (answer.ok, answer.text) == (False, "This command is for agents only.")
    if before is not None:
        assert await floor.ended(before) == before


@pytest.mark.parametrize("name", ["queue", "next", "on", "off", "wait", "incident", "help", "nonsense"])
async def test_a_stranger_learns_nothing_either(floor: Floor, name: str) -> None:
    await floor.opened()
    answer = await floor.ask(f"/{name}", agent="stranger")
    assert (answer.ok, answer.text) == (False, "This command is for agents only.")
    assert (await floor.parts.store.line("support")).agents == 0


async def test_an_agent_of_one_channel_is_a_stranger_on_another(floor: Floor) -> None:
    assert not (await floor.ask("/queue", agent="a-1", channel="bank")).ok


async def test_a_refusal_is_logged_without_what_was_said(
    floor: Floor, capsys: pytest.CaptureFixture[str]
) -> None:
    await floor.ask("/reply Z9Z9Z9 the secret text", agent="stranger")
    logged = capsys.readouterr()
    assert "command refused" in logged.out + logged.err
    assert "secret" not in logged.out + logged.err


# --- which case ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["release", "reply", "note", "transfer", "close"])
async def test_the_case_may_be_left_out_by_who_holds_one(floor: Floor, name: str) -> None:
    case = await floor.opened()
    await floor.ask(f"/claim {case.id}")
    answer = await floor.ask(LINES[name].replace("{case} ", "").format(case="", queue="billing"))
    assert (answer.ok, answer.case_id) == (True, case.id)


@pytest.mark.parametrize("name", ["release", "reply", "note", "transfer", "close"])
@pytest.mark.parametrize("held", [0, 2])
async def test_an_ambiguous_command_does_nothing(floor: Floor, name: str, held: int) -> None:
    cases = [await floor.opened(who=f"c-{n}") for n in range(held)]
    for case in cases:
        await floor.ask(f"/claim {case.id}")
    answer = await floor.ask(LINES[name].replace("{case} ", "").format(case="", queue="billing"))
    assert not answer.ok
    assert all(case.id in answer.text for case in cases)
    assert {(await floor.ended(case)).state for case in cases} <= {CaseState.CLAIMED}


async def test_the_case_of_the_place_where_the_command_was_given(floor: Floor) -> None:
    case = await floor.opened()
    answer = await floor.ask("/reply Hello", case_id=case.id)
    assert (answer.ok, answer.case_id) == (True, case.id)


async def test_a_text_that_begins_like_an_id_is_sent_to_nobody_by_guess(floor: Floor) -> None:
    case = await floor.opened()
    await floor.ask(f"/claim {case.id}")
    answer = await floor.ask("/reply A1B2C3 is your order")
    assert (answer.ok, answer.text) == (False, "There is no case A1B2C3.")
    assert (await floor.ask(f"/reply {case.id} A1B2C3 is your order")).ok
    assert floor.messages()[-1].text == "A1B2C3 is your order"


@pytest.mark.parametrize("line", ["/reply", "/note", "/transfer", "/reply {case}", "/transfer {case}"])
async def test_a_command_without_its_text_is_explained(floor: Floor, line: str) -> None:
    case = await floor.opened()
    answer = await floor.ask(line.format(case=case.id))
    assert not answer.ok
    assert answer.text.startswith(f"Please write it so: {line.split()[0]} [CASE]")


async def test_an_unknown_command_is_named(floor: Floor) -> None:
    answer = await floor.ask("/clame")
    assert (answer.ok, "/clame" in answer.text) == (False, True)


# --- claiming ------------------------------------------------------------------------------------------------


async def test_of_fifty_who_claim_at_once_one_gets_it_and_the_others_are_told_who(floor: Floor) -> None:
    case = await floor.opened()
    await asyncio.gather(*(floor.command(f"/claim {case.id}", agent=agent) for agent in AGENTS))
    await floor.deliver()
    answers = {agent: floor.answers(agent)[0] for agent in AGENTS}
    winners = [agent for agent, answer in answers.items() if answer.ok]
    assert len(winners) == 1
    assert (await floor.ended(case)).agent == f"shop/{winners[0]}"
    losers = {answer.text for agent, answer in answers.items() if agent not in winners}
    assert losers == {f"Case {case.id} is already claimed by {winners[0].upper()}."}


async def test_twenty_agents_take_the_next_case_at_once_and_each_gets_another(floor: Floor) -> None:
    for n in range(20):
        await floor.write(who=f"c-{n}")
    await asyncio.gather(*(floor.command("/next", agent=agent) for agent in AGENTS[:20]))
    await floor.deliver()
    answers = [floor.answers(agent)[0] for agent in AGENTS[:20]]
    assert all(answer.ok for answer in answers)
    assert len({answer.case_id for answer in answers}) == 20


async def test_next_takes_the_longest_wait(floor: Floor) -> None:
    first = await floor.opened(who="c-1")
    floor.clock.advance(10)
    await floor.opened(who="c-2")
    assert (await floor.ask("/next")).case_id == first.id


@pytest.mark.parametrize("line", ["/next", "/claim"])
async def test_an_empty_queue_has_no_next(floor: Floor, line: str) -> None:
    answer = await floor.ask(line)
    assert (answer.ok, answer.text) == (False, "No case is waiting.")


async def test_the_claim_shows_what_nobody_has_answered_yet(floor: Floor) -> None:
    case = await floor.opened("Where is my parcel?")
    await floor.ask(f"/reply {case.id} On its way.")
    await floor.ask(f"/release {case.id}")
    await floor.write("It has not come.")
    answer = await floor.ask(f"/claim {case.id}", agent="a-2")
    assert "> It has not come." in answer.text
    assert "parcel" not in answer.text


async def test_claiming_puts_an_agent_on_duty(floor: Floor) -> None:
    await floor.opened()
    assert (await floor.ask("/next")).ok
    assert list(await floor.parts.store.on_duty("support")) == ["shop/a-1"]


async def test_release_gives_the_old_place_back(floor: Floor) -> None:
    cases = []
    for n in range(3):
        cases.append(await floor.opened(who=f"c-{n}"))
        floor.clock.advance(10)
    await floor.ask(f"/claim {cases[0].id}")
    await floor.ask(f"/release {cases[0].id}")
    assert await floor.parts.store.waiting("support", 10) == [case.id for case in cases]


# --- leases --------------------------------------------------------------------------------------------------


async def test_a_vanished_agents_case_returns_to_its_old_place(floor: Floor) -> None:
    first = await floor.opened(who="c-1")
    floor.clock.advance(10)
    second = await floor.opened(who="c-2")
    await floor.ask(f"/claim {first.id}")
    await floor.tick(after_s=899)
    assert await floor.parts.store.waiting("support", 10) == [second.id]
    await floor.tick(after_s=2)
    assert await floor.parts.store.waiting("support", 10) == [first.id, second.id]
    assert await floor.parts.store.on_duty("support") == {}


@pytest.mark.parametrize("sign", ["/claim {other}", "/reply {other} Hello", "/note {case} Looking", "/queue"])
async def test_an_agent_who_shows_a_sign_of_life_keeps_the_case(floor: Floor, sign: str) -> None:
    case, other = await floor.opened(who="c-1"), await floor.opened(who="c-2")
    await floor.ask(f"/claim {case.id}")
    floor.clock.advance(800)
    await floor.ask(sign.format(case=case.id, other=other.id))
    await floor.tick(after_s=200)
    assert (await floor.ended(case)).agent == "shop/a-1"


async def test_a_sign_of_life_in_another_queue_counts(floor: Floor) -> None:
    case = await floor.opened(who="c-1")
    other = await floor.opened(who="c-2", channel="bank")
    await floor.ask(f"/claim {case.id}")
    floor.clock.advance(800)
    await floor.ask(f"/claim {other.id}")
    await floor.tick(after_s=200)
    assert (await floor.ended(case)).agent == "shop/a-1"


# --- replies, notes, transfers, ends -------------------------------------------------------------------------


async def test_a_reply_reaches_the_customer_word_for_word_and_claims_the_case(floor: Floor) -> None:
    case = await floor.opened()
    text = "  First line\n\n   second line {not a placeholder} 😀"
    await floor.ask(f"/reply {case.id} {text}")
    assert (floor.messages()[-1].kind, floor.messages()[-1].text) == ("reply", text.strip())
    assert (await floor.ended(case)).agent == "shop/a-1"


async def test_replies_arrive_in_the_order_they_were_given(floor: Floor) -> None:
    case = await floor.opened()
    for n in range(20):
        await floor.command(f"/reply {case.id} {n}")
    await floor.deliver()
    replies = [message.text for message in floor.messages() if message.kind == "reply"]
    assert replies == [str(n) for n in range(20)]


async def test_a_note_never_reaches_the_customer(floor: Floor) -> None:
    case = await floor.opened()
    await floor.ask(f"/note {case.id} A difficult one")
    assert all("difficult" not in message.text for message in floor.messages())
    assert "A difficult one" in await floor.texts(case)


async def test_a_note_with_the_end_is_kept(floor: Floor) -> None:
    case = await floor.opened()
    await floor.ask(f"/close {case.id} Was spam")
    assert (await floor.texts(case))[-1] == "Was spam"


async def test_a_transfer_to_nowhere_is_refused_with_the_queues_there_are(floor: Floor) -> None:
    case = await floor.opened()
    answer = await floor.ask(f"/transfer {case.id} sales")
    assert not answer.ok
    assert "support, billing" in answer.text
    assert (await floor.ended(case)).state is CaseState.WAITING


@pytest.mark.parametrize(("whose", "ok"), [("own", True), ("another's", False), ("closed", False)])
async def test_a_transfer_to_its_own_queue_puts_the_case_back(floor: Floor, whose: str, ok: bool) -> None:
    before = await arranged(floor, whose)
    assert before is not None
    answer = await floor.ask(f"/transfer {before.id} support")
    assert answer.ok is ok
    after = await floor.ended(before)
    assert (after.state is CaseState.WAITING) if ok else (after == before)


# --- a repeated command --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        *(
            "/queue",
            "/claim {case}",
            "/next",
            "/reply {case} Hi",
            "/note {case} Psst",
            "/close {case}",
            "/on",
        ),
        *("/off", "/transfer {case} billing", "/wait", "/help", "/nonsense", "/release {case}"),
        *("/incident", "/incident 4 now 22:00", "/incident off"),
        "/claim Z9Z9Z9",
    ],
)
async def test_a_repeated_command_is_answered_once_and_does_nothing_twice(floor: Floor, line: str) -> None:
    case = await floor.opened()
    for _ in range(3):
        await floor.command(line.format(case=case.id), command_id="x-1")
    await floor.deliver()
    for _ in range(2):
        await floor.command(line.format(case=case.id), command_id="x-1")
    await floor.deliver()
    assert len(floor.answers()) == 1
    assert [message.text for message in floor.messages()].count("Hi") <= 1
    assert len(await floor.parts.store.transcript("support", case.id)) <= 2


# --- duty and overview ---------------------------------------------------------------------------------------


async def test_on_and_off_duty(floor: Floor) -> None:
    await floor.opened()
    assert (await floor.ask("/on")).text == "You are on duty. 1 case is waiting."
    assert (await floor.parts.store.line("support")).agents == 1
    assert (await floor.ask("/off")).text == "You are off duty."
    assert (await floor.parts.store.line("support")).agents == 0


async def test_going_off_duty_gives_back_what_waits_for_a_reply(floor: Floor) -> None:
    waiting, answered = await floor.opened(who="c-1"), await floor.opened(who="c-2")
    await floor.ask(f"/claim {waiting.id}")
    await floor.ask(f"/reply {answered.id} Hi")
    assert (await floor.ask("/off")).text == "You are off duty. 1 case went back to the queue."
    assert await floor.parts.store.waiting("support", 10) == [waiting.id]
    assert await floor.parts.store.held("support", "shop/a-1") == []


async def test_who_goes_off_duty_and_tidies_up_stays_off_duty(floor: Floor) -> None:
    case = await floor.opened()
    await floor.ask(f"/reply {case.id} Hi")
    await floor.ask("/off")
    await floor.ask(f"/note {case.id} Nice customer")
    await floor.ask(f"/close {case.id}")
    assert await floor.parts.store.on_duty("support") == {}


async def test_the_queue_is_listed_with_names_and_first_words(floor: Floor) -> None:
    case = await floor.opened("Where is my parcel?", name="Aino")
    floor.clock.advance(125)
    answer = await floor.ask("/queue")
    assert "1 case is waiting." in answer.text
    assert f"{case.id} · 2 min · waiting · Aino: Where is my parcel?" in answer.text


async def test_the_team_of_a_queue_is_who_serves_it(store_url: str) -> None:
    async with open_floor(store_url, tables=changed("queues.billing.team", ["bank"])) as floor:
        await floor.opened(channel="bank")
        assert not (await floor.ask("/next")).ok
        assert (await floor.ask("/next", agent="b-1", channel="bank")).ok


@pytest.mark.parametrize("queue", ["", "billing"])
async def test_wait_tells_agents_what_customers_are_told(floor: Floor, queue: str) -> None:
    answer = await floor.ask(f"/wait {queue}".strip())
    assert answer.ok
    assert answer.text.startswith(queue or "support")


async def test_wait_for_no_queue(floor: Floor) -> None:
    assert not (await floor.ask("/wait sales")).ok


async def test_help_lists_every_command_of_agents(floor: Floor) -> None:
    answer = await floor.ask("/help")
    listed = [line.split()[0].removeprefix("/") for line in answer.text.splitlines() if line.startswith("/")]
    assert listed == [command.name for command in COMMANDS if command.who == "agent"]


async def test_the_desk_speaks_its_own_language(store_url: str) -> None:
    async with open_floor(store_url, tables=changed("desk.language", "fi")) as floor:
        english = (await floor.ask("/help")).text
    async with open_floor(store_url, tables=TABLES) as floor:
        assert (await floor.ask("/help")).text != english
