"""Which light a queue shows, and from when on its wait is a very long one."""

from __future__ import annotations

import pytest

from bot.light import light, very_long
from tests.bot.signs import OUTLOOKS, OVERLOADED_S, TARGET_S, TOMORROW_AT_9, closed, promising


@pytest.mark.parametrize(
    ("within_s", "expected"),
    [
        (TARGET_S, "open"),
        (TARGET_S + 1, "busy"),
        (OVERLOADED_S - 1, "busy"),
        (OVERLOADED_S, "long"),
    ],
)
def test_the_light_of_an_open_desk_follows_its_promise(within_s: float, expected: str) -> None:
    outlook = promising(within_s)

    assert light(outlook, TARGET_S, OVERLOADED_S) == expected
    assert very_long(outlook, OVERLOADED_S) is (expected == "long")


def test_a_wait_beyond_every_promise_is_very_long() -> None:
    assert very_long(OUTLOOKS["too long"], OVERLOADED_S)
    assert light(OUTLOOKS["too long"], TARGET_S, OVERLOADED_S) == "long"


@pytest.mark.parametrize("kind", ["nobody", "thin", "stale", "contradictory"])
def test_a_wait_that_is_not_known_is_not_called_long(kind: str) -> None:
    assert not very_long(OUTLOOKS[kind], OVERLOADED_S)
    assert light(OUTLOOKS[kind], TARGET_S, OVERLOADED_S) == "unknown"


@pytest.mark.parametrize("within_s", [None, 900, 7200])
def test_a_closed_desk_shows_that_it_is_closed_whatever_comes_then(within_s: float | None) -> None:
    assert light(closed(TOMORROW_AT_9, within_s), TARGET_S, OVERLOADED_S) == "closed"


@pytest.mark.parametrize("kind", ["open", "busy", "long", "thin", "too long"])
def test_an_incident_under_way_explains_any_wait_of_an_open_desk(kind: str) -> None:
    assert light(OUTLOOKS[kind], TARGET_S, OVERLOADED_S, incident=True) == "incident"


def test_a_closed_desk_is_closed_in_an_incident_too() -> None:
    assert light(closed(TOMORROW_AT_9), TARGET_S, OVERLOADED_S, incident=True) == "closed"
