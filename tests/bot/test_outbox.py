"""What goes out: in order, until it arrived or was given up; a slow or broken platform hurts only itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from adapters.base import Busy, MessageOut, Refused, Uncertain, Undelivered
from bot.cases import DESK_LANE
from bot.store import keys
from bot.store.store import StoreDown
from bot.store.wire import Commit, OutEntry
from bot.supervise import ended
from tests.fakes.desk import Floor, Platform, open_floor
from tests.fakes.servers import client_of
from tests.waiting import until


def entry(number: int, lane: str = "shop/c-1") -> OutEntry:
    who = lane.partition("/")[2]
    return OutEntry(
        f"e-{number}", lane, {"kind": "reply", "case": None, "customer": who, "text": str(number)}
    )


async def put(floor: Floor, *entries: OutEntry) -> None:
    await floor.parts.store.commit("support", Commit(out=entries))


async def reasons(floor: Floor) -> dict[str, str]:
    """The dead letters' reasons, by id."""
    letters = await floor.parts.store.dead_letters("support")
    return {name: letter["reason"] for name, letter in letters.items()}


@pytest.fixture
def shop(floor: Floor) -> Platform:
    return floor.platforms["shop"]


async def test_the_order_of_a_conversation_is_kept_through_trouble(floor: Floor, shop: Platform) -> None:
    shop.troubles.extend([Busy("full"), Uncertain("no answer"), Busy("full")])
    await put(floor, *(entry(number) for number in range(10)))
    await floor.deliver()
    assert [message.text for message in floor.messages()] == [str(number) for number in range(10)]


async def test_many_conversations_are_sent_side_by_side(floor: Floor, shop: Platform) -> None:
    shop.blocked.clear()
    await put(floor, *(entry(number, f"shop/c-{number}") for number in range(shop.limits.sends_at_once)))
    async with floor.sending():
        await until(lambda: shop.waiting == shop.limits.sends_at_once)
        shop.blocked.set()
        await until(lambda: len(shop.sent) == shop.limits.sends_at_once)


async def test_no_more_are_under_way_than_the_platform_allows(store_url: str) -> None:
    shop = Platform(sends_at_once=3)
    async with open_floor(store_url, platforms={"shop": shop, "bank": Platform()}) as floor:
        await put(floor, *(entry(number, f"shop/c-{number}") for number in range(30)))
        shop.blocked.clear()
        async with floor.sending():
            await until(lambda: shop.waiting == 3)
            shop.blocked.set()
            await until(lambda: len(shop.sent) == 30)
        assert shop.most_at_once == 3


async def test_a_slow_channel_does_not_delay_another(floor: Floor, shop: Platform) -> None:
    shop.blocked.clear()
    await put(floor, *(entry(number, f"shop/c-{number}") for number in range(100)))
    await put(floor, entry(100, "bank/c-1"))
    async with floor.sending():
        await until(lambda: floor.messages(channel="bank"))
        assert shop.sent == []
        shop.blocked.set()
        await until(lambda: len(shop.sent) == 100)


async def test_busy_waits_as_long_as_the_platform_says(floor: Floor, shop: Platform) -> None:
    shop.troubles.append(Busy("slow down", retry_after_s=60))
    await put(floor, entry(1))
    async with floor.sending():
        await until(lambda: not shop.troubles)
    await put(floor, entry(2, "shop/c-2"))

    async def all_are_silent() -> bool:
        return 30 < await next_due_s(floor) <= 60

    async with floor.sending():
        # The platform wants silence, not only one conversation.
        await until(all_are_silent)
    assert shop.sent == []


async def next_due_s(floor: Floor) -> float:
    """In how many seconds the next message is due; 0 when one is, or is being sent."""
    _, next_s = await floor.parts.store.take("support", "shop", "me", 0, 30, ())
    return next_s or 0.0


async def test_what_is_refused_is_set_aside_and_the_next_goes_on(floor: Floor, shop: Platform) -> None:
    shop.troubles.append(Refused("no such person"))
    await put(floor, entry(1), entry(2))
    await floor.deliver()
    assert [message.key for message in floor.messages()] == ["e-2"]
    assert await reasons(floor) == {"e-1": "no such person"}


async def test_no_end_of_a_text_goes_out_without_its_beginning(floor: Floor, shop: Platform) -> None:
    shop.limits = replace(shop.limits, text_chars=10)
    who = {"kind": "reply", "case": None, "customer": "c-1"}
    long = OutEntry("e-1", "shop/c-1", {**who, "text": "We pay back. But only if you have not used it."})
    shop.troubles.append(Refused("too long for a comment"))
    await put(floor, long, entry(2))
    await floor.deliver()
    assert [message.text for message in floor.messages()] == ["2"]
    told = await reasons(floor)
    assert len(told) > 2
    assert set(told.values()) == {"too long for a comment"}


@pytest.mark.parametrize(("resend_is_safe", "sent"), [(True, ["e-1", "e-2"]), (False, ["e-2"])])
async def test_the_uncertain_is_sent_again_only_where_that_is_safe(
    store_url: str, resend_is_safe: bool, sent: list[str]
) -> None:
    shop = Platform(resend_is_safe=resend_is_safe)
    async with open_floor(store_url, platforms={"shop": shop, "bank": Platform()}) as floor:
        shop.troubles.append(Uncertain("no answer"))
        await put(floor, entry(1), entry(2))
        await floor.deliver()
        assert [message.key for message in floor.messages()] == sent
        assert ("e-1" in await reasons(floor)) is not resend_is_safe


@pytest.mark.parametrize(("resend_is_safe", "sent"), [(True, ["e-1", "e-2"]), (False, ["e-2"])])
async def test_what_a_dead_process_was_sending(store_url: str, resend_is_safe: bool, sent: list[str]) -> None:
    shop = Platform(resend_is_safe=resend_is_safe)
    async with open_floor(store_url, platforms={"shop": shop, "bank": Platform()}) as floor:
        await put(floor, entry(1), entry(2))
        [one], _ = await floor.parts.store.take("support", "shop", "dead", 10, 0.5, ())
        assert await floor.parts.store.begin("support", "dead", one)
        await asyncio.sleep(0.51)
        await floor.deliver()
        assert [message.key for message in floor.messages()] == sent
        assert ("e-1" in await reasons(floor)) is not resend_is_safe


@pytest.fixture
async def once(store_url: str) -> AsyncIterator[Floor]:
    """A floor whose shop is on a platform that shows a repeated message twice."""
    platforms = {"shop": Platform(resend_is_safe=False), "bank": Platform()}
    async with open_floor(store_url, platforms=platforms) as floor:
        yield floor


async def test_what_a_dead_process_had_only_taken_is_sent(once: Floor) -> None:
    await put(once, entry(1), entry(2))
    await once.parts.store.take("support", "shop", "dead", 10, 0.001, ())
    await asyncio.sleep(0.002)
    await once.deliver()
    assert [message.key for message in once.messages()] == ["e-1", "e-2"]
    assert await reasons(once) == {}


def unheard(monkeypatch: pytest.MonkeyPatch, part: object, name: str) -> None:
    """The first call about the shop is carried out, but its answer gets lost."""
    usual, losing = getattr(part, name), True

    async def call(*arguments: Any, **more: Any) -> Any:
        nonlocal losing
        answer = await usual(*arguments, **more)
        if losing and not any(one in ("bank", DESK_LANE) for one in arguments):
            losing = False
            raise StoreDown("no answer in time")
        return answer

    monkeypatch.setattr(part, name, call)


@pytest.mark.parametrize("call", ["take", "pace", "begin", "set_link", "settle_delivered"])
async def test_a_store_that_is_down_for_a_moment_costs_nobody_a_message(
    once: Floor, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Whatever is asked of it meanwhile: what surely was not sent is sent, what was is not sent again."""
    store = once.parts.store
    [part] = [one for one in (store, store.channels, store.rooms) if hasattr(one, call)]
    unheard(monkeypatch, part, call)
    monkeypatch.setattr("bot.outbox.LEASE_S", 0.3)
    told = {"kind": "reply", "case": "none", "customer": "c-1", "source": "shop/1", "place": "1"}
    await put(once, OutEntry("e-1", "shop/c-1", {**told, "text": "1"}), entry(2))
    await once.deliver()
    assert [message.key for message in once.messages()] == ["e-1", "e-2"]
    assert await reasons(once) == {}


async def test_a_stop_leaves_uncertain_what_a_dead_process_had_begun(once: Floor) -> None:
    """It is taken, and given back in the same moment: that nobody knows whether it arrived is not forgotten."""
    await put(once, entry(1))
    store = once.parts.store
    [one], _ = await store.take("support", "shop", "dead", 10, 0.5, ())
    await store.begin("support", "dead", one)
    await asyncio.sleep(0.51)
    outbox, found, take = once._new_outbox(), asyncio.Event(), store.take
    # Nothing is begun any more; what is taken all the same is given back.
    await outbox.drain(0)

    async def taking(*arguments: Any, **more: Any) -> Any:
        answer = await take(*arguments, **more)
        if answer[0]:
            found.set()
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.outbox.LEASE_S", 0.2)
        patch.setattr(store, "take", taking)
        running = asyncio.create_task(outbox.run("support", "shop"))
        await found.wait()
        await ended(running)
        await outbox.drain(1)
    await once.deliver()
    assert once.messages() == []
    assert "unconfirmed" in (await reasons(once))["e-1"]


async def test_what_another_process_has_by_now_is_not_sent_here(
    once: Floor, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This one stood still for longer than its lease, between taking a message and its turn."""
    await put(once, entry(1))
    pace, lost = once.parts.store.channels.pace, asyncio.Event()

    async def slowly(*arguments: Any, **more: Any) -> Any:
        with client_of(store_url) as client:
            client.hset(keys.prefix("support") + "holder:shop", "shop/c-1", "another process")
        lost.set()
        return await pace(*arguments, **more)

    monkeypatch.setattr(once.parts.store.channels, "pace", slowly)
    async with once.sending():
        await lost.wait()
    assert once.messages() == []
    assert (await once.outgoing(), await reasons(once)) == (1, {})


async def test_after_the_last_attempt_a_message_is_given_up(floor: Floor, shop: Platform) -> None:
    shop.troubles.extend(Busy("full") for _ in range(3))
    floor.attempts = 3
    await put(floor, entry(1), entry(2))
    await floor.deliver()
    assert [message.key for message in floor.messages()] == ["e-2"]
    assert await reasons(floor) == {"e-1": "tried too often"}


@pytest.mark.parametrize("trouble", [Busy("full"), Uncertain("no answer"), Refused("no")])
async def test_trouble_of_one_conversation_does_not_stop_another(
    floor: Floor, shop: Platform, trouble: Undelivered
) -> None:
    shop.troubles.append(trouble)
    await put(floor, *(entry(number, f"shop/c-{number}") for number in range(20)))
    await floor.deliver()
    assert len(shop.sent) >= 19


async def test_two_processes_send_everything_once(floor: Floor, store_url: str) -> None:
    async with open_floor(store_url, clock=floor.clock, platforms=floor.platforms) as other:
        await put(floor, *(entry(number, f"shop/c-{number % 20}") for number in range(200)))
        await asyncio.gather(floor.deliver(), other.deliver())
    for who in range(20):
        texts = [message.text for message in floor.messages(f"c-{who}")]
        assert texts == [str(number) for number in range(who, 200, 20)]


async def test_a_stop_finishes_what_is_being_sent(floor: Floor, shop: Platform) -> None:
    shop.blocked.clear()
    await put(floor, entry(1), entry(2, "shop/c-2"))
    async with floor.sending():
        await until(lambda: shop.waiting == 2)
        shop.blocked.set()
    assert {message.key for message in shop.sent if isinstance(message, MessageOut)} == {"e-1", "e-2"}
    assert await floor.outgoing() == 0


async def test_a_stop_between_lease_and_send_gives_the_message_back(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would be taken for one that was being sent, and on some platforms never be sent again."""
    await put(floor, entry(1))
    store, leased = floor.parts.store, asyncio.Event()
    take = store.take

    async def slowly(*arguments: Any, **more: Any) -> Any:
        taken = await take(*arguments, **more)
        leased.set()
        await asyncio.sleep(0.05)
        return taken

    monkeypatch.setattr(store, "take", slowly)
    running = asyncio.create_task(floor._new_outbox().run("support", "shop"))
    await leased.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    [one], _ = await take("support", "shop", "another process", 10, 60)
    assert (one.entry.id, one.attempt, one.lapsed) == ("e-1", 1, False)
