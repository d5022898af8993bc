"""Whoever is not named by what they send is asked about, once, when the acknowledgement gets its words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.base import Busy, Person, Refused, Undelivered
from bot import names
from tests.fakes.desk import Floor, HandClock, Platform, open_floor

AINO = Person("c-1", "Aino", "fi")


class Knowing(Platform):
    """A platform that tells who its customers are when it is asked; `trouble` is raised instead, `silent` never."""

    def __init__(self) -> None:
        super().__init__()
        self.people = {AINO.id: AINO}
        self.asked: list[str] = []
        self.trouble: Undelivered | None = None
        self.silent = False

    async def person_of(self, customer_id: str) -> Person:
        """Whom it knows."""
        self.asked.append(customer_id)
        if self.trouble:
            raise self.trouble
        if self.silent:
            await asyncio.Event().wait()
        return self.people.get(customer_id, Person(customer_id))


@pytest.fixture
def platform() -> Knowing:
    return Knowing()


@pytest.fixture
async def floor(store_url: str, platform: Knowing) -> AsyncIterator[Floor]:
    async with open_floor(store_url, platforms={"shop": platform, "bank": Platform()}) as made:
        yield made


async def acknowledged(floor: Floor, who: str = "c-1", name: str = "", language: str = "") -> str:
    """What somebody is told who writes for the first time."""
    await floor.write(who=who, name=name, language=language)
    await floor.deliver()
    return floor.messages(who)[-1].text


async def test_a_customer_is_greeted_by_name_and_in_their_language(floor: Floor, platform: Knowing) -> None:
    assert "Aino" in (text := await acknowledged(floor))
    assert "viesti" in text.lower()
    case = await floor.case()
    assert case is not None
    assert case.customer == AINO
    assert platform.asked == ["c-1"]


async def test_agents_see_the_name(floor: Floor) -> None:
    await acknowledged(floor)
    assert "Aino" in (await floor.ask("/queue")).text


async def test_what_came_with_the_message_is_not_asked_for(floor: Floor, platform: Knowing) -> None:
    assert "Ben" in await acknowledged(floor, name="Ben", language="en")
    assert platform.asked == []


async def test_the_language_of_the_message_counts_more_than_that_of_the_profile(floor: Floor) -> None:
    text = await acknowledged(floor, language="en")
    assert "Aino" in text
    assert "message" in text


async def test_the_language_that_was_chosen_stays(floor: Floor) -> None:
    await floor.write("/language pl")
    await acknowledged(floor)
    case = await floor.case()
    assert case is not None
    assert (case.customer.name, case.customer.language) == ("Aino", "pl")


async def test_nobody_is_asked_about_twice_within_the_hour(
    platform: Knowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = names.Names({"shop": platform, "bank": Platform()}, HandClock(), 64)
    for _ in range(3):
        assert await asking.of("shop", Person("c-1")) == AINO
        assert await asking.of("shop", Person("c-2")) == Person("c-2")
        assert await asking.of("bank", Person("c-1")) == Person("c-1")
    assert platform.asked == ["c-1", "c-2"]
    monkeypatch.setattr(names, "ASK_AGAIN_S", 0.0)
    await asking.of("shop", Person("c-1"))
    assert platform.asked == ["c-1", "c-2", "c-1"]


async def test_few_are_remembered(platform: Knowing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "REMEMBERED", 2)
    asking = names.Names({"shop": platform}, HandClock(), 64)
    for who in ("c-1", "c-2", "c-3", "c-3", "c-1"):
        await asking.of("shop", Person(who))
    assert platform.asked == ["c-1", "c-2", "c-3", "c-1"]


@pytest.mark.parametrize(
    "trouble", [Busy("later", 60.0), Refused("never"), None], ids=["busy", "refused", "silent"]
)
async def test_a_platform_that_tells_nothing_stops_nobody(
    floor: Floor, platform: Knowing, monkeypatch: pytest.MonkeyPatch, trouble: Undelivered | None
) -> None:
    monkeypatch.setattr(names, "WITHIN_S", 0.05)
    platform.trouble, platform.silent = trouble, trouble is None
    assert "Aino" not in await acknowledged(floor)
    platform.trouble, platform.silent = None, False
    await floor.write("/cancel")
    assert "Aino" in await acknowledged(floor)


async def test_a_name_without_end_is_cut(floor: Floor, platform: Knowing) -> None:
    platform.people[AINO.id] = Person("c-1", "x" * 10_000)
    await acknowledged(floor)
    case = await floor.case()
    assert case is not None
    assert len(case.customer.name) == floor.parts.config.limits.name_chars
