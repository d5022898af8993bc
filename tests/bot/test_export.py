"""What an export tells of a desk's past: every turn that stood in the queue, whole, and nobody's name."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from bot.export import Past, export, hidden, openly
from bot.replay.trace import Trace, TracedCase, read
from status.model import Happened, Observation
from tests.fakes.desk import MONDAY_NOON, Floor

DAY_S = 86_400.0


def told(happened: Happened, at: float, case: str = "K7Q2M4", agent: str = "", **more: object) -> Observation:
    """One observation; what an export does not look at is of no matter."""
    seen = Observation(at, happened, waiting=0, agents=1, case=case, agent=agent, channel="shop")
    return dataclasses.replace(seen, **more)  # type: ignore[arg-type]  # fields of an Observation


def traced(*seen: Observation, since: float = 0.0) -> Trace:
    past = Past()
    for one in seen:
        past.see(one)
    return past.trace("support", openly, since)


# --- one case ------------------------------------------------------------------------------------------------


def test_a_turn_comes_is_answered_and_done_with() -> None:
    trace = traced(
        told("arrived", 100.0),
        told("claimed", 130.0, agent="shop/a-1"),
        told("answered", 160.04, agent="shop/a-1"),
        told("closed", 200.0, agent="shop/a-1"),
    )
    assert trace.cases == (TracedCase("K7Q2M4", 100.0, 160.0, "shop/a-1", "shop", None, 200.0),)


def test_a_customer_who_left_has_a_time_and_no_agent() -> None:
    trace = traced(told("arrived", 100.0), told("left", 160.0))
    assert trace.cases == (TracedCase("K7Q2M4", 100.0, None, "", "shop", left_at=160.0),)


def test_a_turn_still_open_has_no_end() -> None:
    assert traced(told("arrived", 100.0)).cases == (TracedCase("K7Q2M4", 100.0, None, "", "shop"),)


def test_a_further_turn_of_a_case_is_a_line_of_its_own() -> None:
    trace = traced(
        told("arrived", 100.0),
        told("answered", 160.0, agent="shop/a-1"),
        told("released", 170.0, agent="shop/a-1", queued=False),
        told("arrived", 300.0),
        told("answered", 360.0, agent="shop/a-2"),
    )
    assert [(case.case_id, case.agent, case.closed_at) for case in trace.cases] == [
        ("K7Q2M4", "shop/a-1", 170.0),
        ("K7Q2M4-2", "shop/a-2", None),
    ]


def test_a_follow_up_to_who_holds_the_case_is_no_line_and_keeps_the_hand_full() -> None:
    trace = traced(
        told("arrived", 100.0),
        told("answered", 160.0, agent="shop/a-1"),
        told("arrived", 200.0, agent="shop/a-1", queued=False),
        told("answered", 220.0, agent="shop/a-1", queued=False),
        told("closed", 240.0, agent="shop/a-1"),
    )
    assert trace.cases == (TracedCase("K7Q2M4", 100.0, 160.0, "shop/a-1", "shop", None, 240.0),)


def test_a_follow_up_that_is_given_back_stands_in_the_queue() -> None:
    trace = traced(
        told("arrived", 100.0),
        told("answered", 160.0, agent="shop/a-1"),
        told("arrived", 200.0, agent="shop/a-1", queued=False),
        told("released", 220.0, agent="shop/a-1"),
        told("left", 240.0),
    )
    assert [(case.case_id, case.arrived_at, case.left_at, case.closed_at) for case in trace.cases] == [
        ("K7Q2M4", 100.0, None, 220.0),
        ("K7Q2M4-2", 200.0, 240.0, None),
    ]


def test_silence_does_not_tell_when_the_agent_was_done() -> None:
    seen = told("arrived", 100.0), told("answered", 160.0, agent="shop/a-1")
    [case] = traced(*seen, told("closed", 259_360.0)).cases
    assert (case.replied_at, case.closed_at) == (160.0, None)


# --- what was not seen ---------------------------------------------------------------------------------------


def test_a_turn_whose_beginning_was_not_seen_is_left_out() -> None:
    trace = traced(
        told("claimed", 50.0, agent="shop/a-1"),
        told("answered", 60.0, agent="shop/a-1"),
        told("answered", 70.0, case="", agent=""),
        told("arrived", 300.0),
    )
    assert [case.arrived_at for case in trace.cases] == [300.0]


def test_clocks_that_differ_by_a_little_bend_no_turn() -> None:
    seen = told("arrived", 100.0), told("answered", 99.9, agent="shop/a-1")
    closed = told("closed", 99.8, agent="shop/a-1")
    [case] = traced(*seen, closed, told("duty", 99.0, case="", agents=2)).cases
    assert (case.replied_at, case.closed_at) == (100.0, 100.0)


def test_what_began_too_early_is_left_out_but_keeps_its_number() -> None:
    seen = [told("arrived", 100.0), told("answered", 160.0), told("arrived", 300.0)]
    assert [case.case_id for case in traced(*seen, since=200.0).cases] == ["K7Q2M4-2"]


def test_staff_changes_are_told_once_and_those_on_duty_at_the_beginning() -> None:
    seen = [told("duty", at, case="", agents=agents) for at, agents in ((1, 1), (2, 1), (3, 2), (4, 1))]
    assert traced(*seen).staff == ((1, 1), (3, 2), (4, 1))
    assert traced(*seen, since=3.5).staff == ((3.5, 2), (4, 1))


# --- nobody's name -------------------------------------------------------------------------------------------


def test_hidden_names_are_equal_where_names_are_and_tell_nothing() -> None:
    hide = hidden(b"a key")
    assert hide("shop/a-1") == hide("shop/a-1") != hide("shop/a-2")
    assert hide("shop/a-1") != hidden(b"another key")("shop/a-1")
    assert "a-1" not in hide("shop/a-1")
    assert hide("") == ""


# --- a desk on a real store ----------------------------------------------------------------------------------


def at(floor: Floor, second: float) -> None:
    """Let time pass until so many seconds after noon."""
    floor.clock.advance(MONDAY_NOON + second - floor.clock.now())


@pytest.mark.parametrize("key", [None, b"a key"])
async def test_a_day_at_the_desk_is_told_as_it_was(floor: Floor, tmp_path: Path, key: bytes | None) -> None:
    hide = hidden(key) if key else openly
    at(floor, 0)
    await floor.ask("/on")
    at(floor, 10)
    first = await floor.opened(who="c-1")
    at(floor, 20)
    second = await floor.opened(who="c-2", channel="shop")
    at(floor, 30)
    moved = await floor.opened(who="c-3")
    at(floor, 40)
    await floor.ask(f"/claim {first.id}", agent="a-2")
    at(floor, 50)
    await floor.ask(f"/reply {first.id} Hello", agent="a-2")
    await floor.ask(f"/release {first.id}", agent="a-2")
    at(floor, 60)
    await floor.write("/cancel", who="c-2")
    await floor.ask(f"/transfer {moved.id} billing", agent="a-1")
    at(floor, 70)
    await floor.write("And another thing", who="c-1")
    await floor.ask("/off", agent="a-2")
    await floor.deliver()
    path = await export(floor.parts.store, "support", tmp_path, key, 0.0)
    assert path == tmp_path / "support.csv.gz"
    noon, ann = MONDAY_NOON, hide("shop/a-2")
    assert read(path) == Trace(
        "support",
        (
            TracedCase(hide(first.id), noon + 10, noon + 50, ann, "shop", None, noon + 50),
            TracedCase(hide(second.id), noon + 20, None, "", "shop", noon + 60),
            TracedCase(hide(moved.id), noon + 30, None, "", "shop", noon + 60),
            TracedCase(f"{hide(first.id)}-2", noon + 70, None, "", "shop"),
        ),
        ((noon, 1), (noon + 40, 2), (noon + 70, 1)),
    )
    billing = await export(floor.parts.store, "billing", tmp_path, key, 0.0)
    assert billing is not None
    assert read(billing).cases == (TracedCase(hide(moved.id), noon + 60, None, "", "shop"),)


async def test_a_case_closed_by_silence_has_no_close_and_one_closed_by_its_agent_has(
    floor: Floor, tmp_path: Path
) -> None:
    at(floor, 0)
    for who in ("c-1", "c-2"):
        case = await floor.opened(who=who)
        await floor.ask(f"/reply {case.id} Hello")
    at(floor, 10)
    await floor.ask(f"/close {case.id}")
    await floor.tick(after_s=4 * DAY_S)
    assert await floor.parts.store.held("support", "shop/a-1") == []
    path = await export(floor.parts.store, "support", tmp_path, None, 0.0)
    assert path is not None
    assert {one.closed_at for one in read(path).cases} == {None, MONDAY_NOON + 10}


async def test_no_text_and_no_customer_leaves_with_a_trace(floor: Floor, tmp_path: Path) -> None:
    await floor.opened("between us", who="c-77", name="Aino")
    for key in (None, b"a key"):
        path = await export(floor.parts.store, "support", tmp_path, key, 0.0)
        assert path is not None
        assert not [word for word in ("between", "c-77", "Aino") if word in repr(read(path))]


async def test_a_queue_without_a_turn_makes_no_file(floor: Floor, tmp_path: Path) -> None:
    await floor.ask("/on")
    assert await export(floor.parts.store, "support", tmp_path / "out", None, 0.0) is None
    await floor.opened()
    later = floor.clock.now() + DAY_S
    assert await export(floor.parts.store, "support", tmp_path / "out", None, later) is None
    assert not (tmp_path / "out").exists()
