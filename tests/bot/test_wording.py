"""Words last: what a customer is told is true when it is sent, said once, and recorded as it was said."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.base import Busy, MessageOut, Outgoing
from bot.store.wire import Commit
from bot.words.times import duration
from tests.fakes.desk import Floor, HandClock, Platform, changed, open_floor

CLOSED_ON_MONDAYS = changed("queues.support.hours", {"time_zone": "UTC", "tue": "09:00-17:00"})


async def acknowledged(floor: Floor, who: str = "c-1", **more: Any) -> MessageOut:
    """The acknowledgement of a first message."""
    await floor.write(who=who, **more)
    await floor.deliver()
    (message,) = floor.messages(who)
    assert message.kind == "acknowledgement"
    return message


async def test_a_burst_is_acknowledged_once(floor: Floor) -> None:
    for text in ("Hello", "are you there?", "HELLO"):
        await floor.write(text)
    await floor.deliver()
    await floor.write("one more")
    await floor.deliver()
    assert len(floor.messages()) == 1


@pytest.mark.parametrize(
    ("language", "sign"), [("en", "message"), ("fi", "viesti"), ("pl", "wiadomości"), ("fi-FI", "viesti")]
)
async def test_in_the_customers_language_and_by_their_name(floor: Floor, language: str, sign: str) -> None:
    message = await acknowledged(floor, name="Väinö", language=language)
    assert "Väinö" in message.text
    assert sign in message.text.lower()


@pytest.mark.parametrize("language", ["", "tlh", "x" * 200, "../../etc"])
async def test_in_the_bots_language_to_everybody_else(floor: Floor, language: str) -> None:
    assert "message" in (await acknowledged(floor, language=language)).text


async def test_several_customers_read_different_words(floor: Floor) -> None:
    texts = {(await acknowledged(floor, f"c-{n}", name="")).text.split("\n")[-1] for n in range(20)}
    assert len(texts) > 1


async def test_what_was_said_is_recorded_as_a_promise(floor: Floor) -> None:
    await floor.ask("/on")
    case = await floor.opened()
    floor.clock.advance(20)
    await floor.deliver()
    (promise,) = (await floor.ended(case)).promises
    assert promise.made_at == floor.clock.now()
    assert duration(floor.parts.words.language("en"), promise.within_s) in floor.messages()[0].text


async def test_the_figure_is_that_of_the_moment_it_is_sent(floor: Floor) -> None:
    case = await floor.opened()
    await floor.ask("/on")
    assert (await floor.ended(case)).promises != ()


async def test_without_a_figure_nothing_is_promised(floor: Floor) -> None:
    case = await floor.opened()
    await floor.deliver()
    assert (await floor.ended(case)).promises == ()
    assert "on duty" in floor.messages()[0].text


async def test_a_closed_desk_says_when_it_opens(store_url: str) -> None:
    async with open_floor(store_url, tables=CLOSED_ON_MONDAYS) as floor:
        assert "tomorrow" in (await acknowledged(floor)).text


@pytest.mark.parametrize(("overloaded_s", "sorry"), [(86_400, False), (60, True)])
async def test_a_very_long_wait_is_apologised_for(store_url: str, overloaded_s: int, sorry: bool) -> None:
    tables = changed("queues.support.overloaded_s", overloaded_s)
    async with open_floor(store_url, tables=tables) as floor:
        await floor.ask("/on")
        text = (await acknowledged(floor)).text
        assert ("sorry" in text.lower() or "busy" in text.lower() or "usual" in text.lower()) is sorry


class Sluggish(Platform):
    """A platform that is busy twice, for an hour each time."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__()
        self.attempts: list[Outgoing] = []
        self._clock = clock

    async def send(self, outgoing: Outgoing) -> str:
        self.attempts.append(outgoing)
        if len(self.attempts) <= 2:
            self._clock.advance(3_600)
            raise Busy("not now")
        return await super().send(outgoing)


async def test_a_resend_says_the_same_though_time_went_on(store_url: str) -> None:
    clock = HandClock()
    shop = Sluggish(clock)
    async with open_floor(store_url, clock=clock, platforms={"shop": shop, "bank": Platform()}) as floor:
        await floor.parts.store.commit(
            "support", Commit(duty=("shop/a-1", {"name": "Ann", "seen": clock.now()}))
        )
        case = await floor.opened()
        await floor.deliver()
        assert len(shop.attempts) == 3
        assert len(set(shop.attempts)) == 1
        assert len((await floor.ended(case)).promises) == 1


@pytest.mark.parametrize("line", ["/reply {case} Hi", "/close {case}"])
async def test_an_acknowledgement_overtaken_by_events_is_not_sent(floor: Floor, line: str) -> None:
    case = await floor.opened()
    await floor.ask(line.format(case=case.id))
    assert [message.kind for message in floor.messages()] == (["reply"] if "reply" in line else [])


async def test_robots_and_staff_are_not_acknowledged(floor: Floor) -> None:
    await floor.write(who="robot", from_robot=True)
    await floor.write(who="a-1")
    await floor.deliver()
    assert floor.messages("robot") == floor.messages("a-1") == []


async def test_who_is_being_helped_is_not_acknowledged_again(floor: Floor) -> None:
    case = await floor.opened()
    await floor.ask(f"/reply {case.id} Hi")
    await floor.write("Thanks, and one more thing")
    await floor.deliver()
    assert [message.kind for message in floor.messages()] == ["reply"]


@pytest.mark.parametrize(("after_s", "kept"), [(60, 1), (901, 0)])
async def test_the_promise_is_judged_when_the_reply_comes(floor: Floor, after_s: float, kept: int) -> None:
    await floor.ask("/on")
    case = await floor.opened()
    await floor.deliver()
    floor.clock.advance(after_s)
    await floor.ask(f"/reply {case.id} Hi")
    line = await floor.parts.store.line("support")
    assert (line.judged, line.kept) == (1, kept)


async def test_a_name_that_would_format_or_mark_up_is_only_text(floor: Floor) -> None:
    message = await acknowledged(floor, name="{x} <b>%s</b>\n\n# Hi")
    assert "\n\n#" not in message.text


async def test_the_correction_comes_once_and_before_the_promise_breaks(floor: Floor) -> None:
    await floor.ask("/on")
    case = await floor.opened(who="c-0")
    await floor.deliver()
    (promise,) = (await floor.ended(case)).promises
    while floor.clock.now() < promise.due_at - 30:
        await floor.tick(after_s=30)
        await floor.ask("/help")
        await floor.deliver()
    kinds = [message.kind for message in floor.messages("c-0")]
    assert kinds == ["acknowledgement", "update"]
