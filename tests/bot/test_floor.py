"""The simulated floor's own figures: when customers come, and what its ledger makes of what was shown to them."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any, cast

import pytest

from bot.clock import Chance, Clock
from bot.floor import (
    CYCLE_S,
    DAY_S,
    HOUR_S,
    RUSH_FACTOR,
    RUSH_LENGTH_S,
    RUSHES_S,
    Floor,
    agents_planned,
    arrivals_per_s,
    next_arrival,
    ordinary_per_s,
)
from bot.floor_ledger import Ledger, Turn
from bot.floor_peer import Peer
from bot.floor_people import AGENTS, LANGUAGES, Customer, draw_customer
from bot.words import Words
from bot.words.times import within_about
from status.promise import BOXES_S
from tests.waiting import WITHIN_S, until

MONDAY = 1_750_032_000.0
"""2025-06-16 00:00 UTC."""

# --- who comes when ----------------------------------------------------------------------------------------


def arrivals(begin: float, end: float, seed: int) -> list[float]:
    chance, found, at = Chance(seed), [], begin
    while (at := next_arrival(at, chance)) < end:
        found.append(at)
    return found


def test_a_rush_brings_six_times_as_many_and_then_ends() -> None:
    for rush_s in RUSHES_S:
        begin, end = MONDAY + rush_s, MONDAY + rush_s + RUSH_LENGTH_S
        assert arrivals_per_s(begin) == pytest.approx(RUSH_FACTOR * ordinary_per_s(begin))
        assert arrivals_per_s(begin - 1) == ordinary_per_s(begin - 1)
        assert arrivals_per_s(end) == ordinary_per_s(end)


def test_the_day_goes_on_smoothly_from_hour_to_hour_and_over_midnight() -> None:
    for hour in range(25):
        at = MONDAY + hour * HOUR_S
        assert ordinary_per_s(at - 1) == pytest.approx(ordinary_per_s(at + 1), rel=0.02)
    assert ordinary_per_s(MONDAY + 3 * HOUR_S) < ordinary_per_s(MONDAY + 10 * HOUR_S) / 10


def test_as_many_customers_come_as_the_curve_says() -> None:
    """Over five days the count is within four standard deviations of its mean."""
    expected = sum(arrivals_per_s(MONDAY + second) for second in range(0, int(DAY_S), 10)) * 10
    came = [len(arrivals(MONDAY, MONDAY + DAY_S, seed)) for seed in range(5)]
    assert abs(sum(came) - 5 * expected) < 4 * (5 * expected) ** 0.5


def test_the_plan_has_enough_agents_for_an_ordinary_day_and_too_few_for_a_rush() -> None:
    for minute in range(24 * 60):
        at = MONDAY + minute * 60
        assert ordinary_per_s(at) * CYCLE_S < agents_planned(at) <= len(AGENTS)
    rush = MONDAY + RUSHES_S[0]
    assert arrivals_per_s(rush) * CYCLE_S > 2 * len(AGENTS)


def test_a_seed_gives_the_same_people_and_another_one_others() -> None:
    def people(seed: int) -> list[Customer]:
        chance = Chance(seed)
        return [draw_customer(chance, number) for number in range(300)]

    assert people(7) == people(7)
    assert people(7) != people(8)
    assert Counter(one.language for one in people(7)).keys() == LANGUAGES.keys()


# --- the end of the day ------------------------------------------------------------------------------------


class SlowBot:
    """A bot that accepts at once and is slow to tell: of a new case, and what became of a command."""

    def __init__(self, ledger: Ledger, slow_s: float) -> None:
        self._ledger = ledger
        self._slow_s = slow_s
        self._events = itertools.count()
        self._telling: set[asyncio.Task[None]] = set()
        self._waiting: deque[str] = deque()
        self.floor: Floor

    async def post(self, request_id: str, kind: str, data: Mapping[str, Any]) -> None:
        work = self._message(data) if kind == "message.received" else self._command(data)
        task = asyncio.create_task(work)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _message(self, data: Mapping[str, Any]) -> None:
        case = {"case_id": data["message_id"], "conversation_id": data["conversation_id"]}
        await asyncio.sleep(self._slow_s)
        self._waiting.append(case["conversation_id"])
        self._tell("case.opened", case)

    async def _command(self, data: Mapping[str, Any]) -> None:
        await asyncio.sleep(0.001)
        case_id, _, text = data["arguments"].partition(" ")
        ok = data["command"] != "next" or bool(self._waiting)
        if data["command"] == "next" and ok:
            next_one = self._waiting.popleft()
            case_id = next(case for case, talk in self._ledger.cases.items() if talk == next_one)
        if data["command"] == "reply":
            talk = self._ledger.cases[case_id]
            reply = {"conversation_id": talk, "case_id": case_id, "kind": "reply", "text": text}
            self._tell("message.send", reply)
        self._tell("command.answer", {"command_id": data["command_id"], "ok": ok, "case_id": case_id})

    def _tell(self, kind: str, data: Mapping[str, Any]) -> None:
        self.floor.take(f"e-{next(self._events)}", kind, data)


async def test_agents_stay_until_a_case_that_has_yet_to_appear_is_answered(ledger: Ledger) -> None:
    clock = Clock(3600, MONDAY + 10 * HOUR_S)
    bot = SlowBot(ledger, slow_s=0.2)
    floor = bot.floor = Floor(ledger, clock, seed=1)
    floor.peer = cast("Peer", bot)
    await floor.open()
    work = asyncio.create_task(floor.run())
    await until(lambda: ledger.unanswered)
    assert not ledger.cases
    floor.close()
    await asyncio.wait_for(work, WITHIN_S)
    assert (ledger.unanswered, floor.on_duty) == (0, 0)
    assert ledger.count("reply") == len(ledger.conversations) > 0


# --- the ledger --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def words() -> Words:
    return Words()


@pytest.fixture
def ledger(words: Words) -> Ledger:
    return Ledger(words)


@pytest.fixture
def customer() -> Customer:
    return draw_customer(Chance(1), 1)


def message(customer: Customer, kind: str, text: str) -> dict[str, Any]:
    return {"conversation_id": customer.id, "case_id": "K7Q2M4", "kind": kind, "text": text}


def write(ledger: Ledger, customer: Customer, at: float) -> None:
    ledger.begins(customer, at, at)
    ledger.wrote(customer, customer.first)


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_promise_is_read_from_the_text_in_every_language_and_length(ledger: Ledger, tag: str) -> None:
    language = Words().language(tag)
    for within_s in BOXES_S:
        assert ledger.told_s(f"Hi! {within_about(language, within_s)}. Bye.", tag) == within_s
    assert ledger.told_s("We are closed.", tag) is None


def test_a_turn_lasts_from_the_first_message_to_the_reply(ledger: Ledger, customer: Customer) -> None:
    write(ledger, customer, at=100)
    write(ledger, customer, at=130)
    assert ledger.owed() == 1
    ledger.shown(message(customer, "reply", "Done."), at=400, real_s=0)
    assert [turn.wait_s(until=400) for turn in ledger.turns] == [300]
    assert [turn.wait_s(until=399) for turn in ledger.turns] == [None]
    assert ledger.owed() == 0


def test_a_promise_is_kept_broken_or_not_yet_to_be_judged() -> None:
    answered = Turn(began_at=0, began_real_s=0, ended_at=300, due=[200, 300, 900])
    assert list(answered.verdicts(until=1000)) == [False, True, True]
    assert list(answered.verdicts(until=250)) == [False]
    waiting = Turn(began_at=0, began_real_s=0, due=[200, 900])
    assert list(waiting.verdicts(until=500)) == [False]
    gone = Turn(began_at=0, began_real_s=0, ended_at=300, left=True, due=[200, 900])
    assert list(gone.verdicts(until=1000)) == [False]


def test_an_acknowledgement_tells_how_fast_it_came_and_what_it_promised(
    ledger: Ledger, words: Words, customer: Customer
) -> None:
    ledger.begins(customer, at=1000, real_s=5.0)
    text = within_about(words.language(customer.language), 900)
    ledger.shown(message(customer, "acknowledgement", text), at=1002, real_s=5.03)
    (turn,) = ledger.turns
    assert turn.acknowledged_after_s == pytest.approx(0.03)
    assert (turn.told_s, turn.due) == (900, [1902])


def test_what_arrives_again_under_its_id_is_known(ledger: Ledger) -> None:
    assert ledger.is_new("one")
    assert not ledger.is_new("one")
    assert ledger.is_new("two")


def test_what_is_said_twice_under_two_ids_is_counted(ledger: Ledger, customer: Customer) -> None:
    write(ledger, customer, at=0)
    for _ in range(2):
        ledger.shown(message(customer, "acknowledgement", "Hello."), at=1, real_s=1)
    ledger.shown(message(customer, "reply", "Done."), at=2, real_s=2)
    assert ledger.twice() == 1
    ledger.shown(message(customer, "reply", "Done."), at=3, real_s=3)
    assert ledger.twice() == 2
    ledger.shown(message(customer, "answer", "Soon."), at=4, real_s=4)
    assert ledger.twice() == 3


def test_everything_accepted_owes_a_consequence(ledger: Ledger, customer: Customer) -> None:
    write(ledger, customer, at=0)
    ledger.asked(customer, "/wait", at=1)
    ledger.commanded("a-1-1")
    ledger.replied("K7Q2M4", "Done.")
    assert ledger.owed() == 4
    ledger.shown(message(customer, "answer", "Soon."), at=2, real_s=2)
    ledger.answered("a-1-1")
    ledger.shown(message(customer, "reply", "Done."), at=3, real_s=3)
    assert (ledger.owed(), ledger.twice()) == (0, 0)


def test_who_gives_up_is_owed_the_answer_only(ledger: Ledger, customer: Customer) -> None:
    write(ledger, customer, at=0)
    ledger.asked(customer, "/cancel", at=60)
    assert ledger.owed() == 1
    ledger.shown(message(customer, "answer", "Cancelled."), at=61, real_s=61)
    assert ledger.owed() == 0
    assert [turn.left for turn in ledger.turns] == [True]


def test_the_bots_records_are_compared_text_by_text(ledger: Ledger, customer: Customer) -> None:
    write(ledger, customer, at=0)
    assert ledger.compared({customer.id: [customer.first]}) == (0, 0)
    assert ledger.compared({}) == (1, 0)
    assert ledger.compared({customer.id: [customer.first, customer.first]}) == (0, 1)
