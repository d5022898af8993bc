"""Help that is coming: what an agent may write, and that all queues, processes and times agree on it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.incident import Incident, announced
from tests.fakes.desk import MONDAY_NOON, Floor, changed, open_floor

HELSINKI = ZoneInfo("Europe/Helsinki")
HOUR_S = 3600.0


def local(day: int, hour: int, minute: int = 0, month: int = 11) -> float:
    """A moment of 2026 in Helsinki."""
    return datetime(2026, month, day, hour, minute, tzinfo=HELSINKI).timestamp()


# --- what is written -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "written", "start", "end"),
    [
        (10, "4 15:30 22:00", (10, 15, 30), (10, 22)),  # later today
        (16, "4 15:30 22:00", (10, 15, 30), (10, 22)),  # under way
        (23, "4 15:30 22:00", (11, 15, 30), (11, 22)),  # tomorrow
        (10, "4 22:00 6:00", (10, 22), (11, 6)),  # over midnight
        (3, "4 22:00 06:00", (9, 22), (10, 6)),  # over midnight, under way
        (10, "4 9.00 9.30", (11, 9), (11, 9, 30)),
        (10, "4 18:00 24:00", (10, 18), (11, 0)),
        (10, "4 now 22:00", (10, 10), (10, 22)),
        (10, "4 NOW 9:00", (10, 10), (11, 9)),
        (10, "  4   15:30\n22:00 ", (10, 15, 30), (10, 22)),
    ],
)
def test_times_mean_the_span_under_way_or_the_next(
    hour: int, written: str, start: tuple[int, ...], end: tuple[int, ...]
) -> None:
    found = announced(written, local(10, hour), HELSINKI, "Ann")
    assert found == Incident(4, local(*start), local(*end), "Ann")


def test_a_night_on_which_the_clocks_change_has_its_true_length() -> None:
    found = announced("2 22:00 6:00", local(24, 20, month=10), HELSINKI)
    assert found is not None
    assert found.until_at - found.from_at == 9 * HOUR_S


@pytest.mark.parametrize(
    "written",
    [
        *("4", "4 22:00", "now 22:00", "0 now 22:00", "-1 now 22:00", "1000 now 22:00", "four now 22:00"),
        *("4 now 25:00", "4 now 24:30", "4 now 9:60", "4 now 22", "4 22:00 now", "4 soon 22:00"),
        *("4 now 22:00 please", "٤ now 22:00"),
    ],
)
def test_what_says_nothing_is_not_guessed(written: str) -> None:
    assert announced(written, local(10, 10), HELSINKI) is None


# --- at the desk ---------------------------------------------------------------------------------------------


async def test_help_is_announced_shown_and_taken_back(floor: Floor) -> None:
    assert (await floor.ask("/incident")).text == "No help is announced."
    said = "Help is announced: 4 more agents (today at 3:30 PM – today at 10:00 PM)."
    answer = await floor.ask("/incident 4 15:30 22:00")
    assert (answer.ok, answer.text) == (True, said)
    assert (await floor.ask("/incident", agent="a-2")).text == said
    assert await floor.parts.store.incident("support") == Incident(
        4, MONDAY_NOON + 3.5 * HOUR_S, MONDAY_NOON + 10 * HOUR_S, "A-1"
    )
    assert (await floor.ask("/incident off", agent="a-2")).text == "No help is announced."
    assert await floor.parts.store.incident("support") is None


async def test_help_under_way_is_told_so(floor: Floor) -> None:
    await floor.ask("/incident 1 now 1:00")
    floor.clock.advance(HOUR_S)
    said = "Help is announced: 1 more agent (now – tomorrow at 1:00 AM)."
    assert (await floor.ask("/incident")).text == said


async def test_a_wrong_form_is_explained_and_changes_nothing(floor: Floor) -> None:
    await floor.ask("/incident 4 15:30 22:00")
    answer = await floor.ask("/incident 5 soon")
    assert not answer.ok
    assert answer.text == "Please write it so: /incident [AGENTS FROM UNTIL | off]"
    standing = await floor.parts.store.incident("support")
    assert standing is not None
    assert standing.agents == 4


async def test_a_stranger_announces_nothing(floor: Floor) -> None:
    assert not (await floor.ask("/incident 4 now 22:00", agent="stranger")).ok
    assert await floor.parts.store.incident("support") is None


async def test_it_holds_wherever_the_agents_serve_and_for_every_process(floor: Floor, store_url: str) -> None:
    await floor.ask("/incident 4 now 22:00")
    async with open_floor(store_url, clock=floor.clock, seed=2) as other:
        for queue in ("support", "billing"):
            assert await other.parts.store.incident(queue) is not None


async def test_a_queue_of_another_team_is_left_alone(store_url: str) -> None:
    async with open_floor(store_url, tables=changed("queues.billing.team", ["bank"])) as floor:
        await floor.ask("/incident 4 now 22:00")
        assert await floor.parts.store.incident("support") is not None
        assert await floor.parts.store.incident("billing") is None


async def test_it_ends_by_itself(floor: Floor) -> None:
    await floor.ask("/incident 4 now 12:30")
    key = "jono:{q:support}:incident"
    assert 0 < await floor.parts.connection.client.pttl(key) <= 30 * 60 * 1000
    floor.clock.advance(30 * 60)
    assert (await floor.ask("/incident")).text == "No help is announced."


async def test_the_same_command_again_does_not_bring_back_what_was_taken_back(floor: Floor) -> None:
    assert (await floor.ask("/incident 4 now 22:00", command_id="x-1")).ok
    await floor.ask("/incident off")
    await floor.command("/incident 4 now 22:00", command_id="x-1")
    await floor.deliver()
    for queue in ("support", "billing"):
        assert await floor.parts.store.incident(queue) is None
