"""The site chat and the web desk against those who want too much: ways around the page, floods, sessions that last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from adapters.base import Busy
from bot.mailbox import StoredMailbox
from bot.signin import Agent, SignIn
from bot.store.mail import ITEMS_AT_ONCE, NEWS_AT_ONCE
from bot.web.guard import Bodies
from tests.end_to_end.test_site_chat import ANNA, House
from tests.fakes.browser import PNG, SAME_ORIGIN, conversation_of, link_of, site_bot
from tests.waiting import WITHIN_S, until

MEMBER = Agent("site", "999", "Mia", member=True)
"""An agent by their role on a platform, whom no list names."""


@pytest.fixture
async def house(store_url: str) -> AsyncIterator[House]:
    async with site_bot(store_url) as bot, aiohttp.ClientSession() as http:
        yield House(bot, http)


def sign_in_of(house: House) -> SignIn:
    """What keeps the sessions."""
    assert house.bot.parts.sign_in is not None
    return house.bot.parts.sign_in


def box_of(house: House) -> StoredMailbox:
    """The boxes of the site chat."""
    return house.bot.parts.boxes["site"]


# --- ways around the page --------------------------------------------------------------------------------------


async def test_a_message_comes_in_by_the_page_alone(house: House) -> None:
    """By the hook another site of the same domain could write in the visitor's name, and nobody would ask how often."""
    visitor = await house.visitor()
    status, _ = await visitor.post("/hooks/site", {"id": "message-1", "text": "Hello"}, {"Origin": "null"})
    assert status == 404
    assert await house.bot.parts.store.waiting("support", 10) == []


@pytest.mark.parametrize("after", ["abc", "$", "1-1-1", "9" * 30 + "-0", "%00", "٣-٣"])
async def test_a_place_in_the_stream_that_is_none_is_not_asked_for(house: House, after: str) -> None:
    visitor, agent = await house.visitor(), await house.agent()
    await visitor.writes("Hello")
    async with visitor.listening(f"/chat/site/events?after={after}") as events:
        assert (await anext(data async for name, data in events if name == "item"))["text"] == "Hello"
    async with agent.listening(f"/desk/events?after={after}") as events:
        assert (await anext(events))[0] == "desk"


async def test_a_file_that_cannot_be_had_is_told_with_its_reason(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor, agent = await house.visitor(), await house.agent()
    _, kept = await visitor.post("/chat/site/files", PNG)
    await visitor.writes("", files=[{"ref": kept["ref"], "name": "box.png", "mime": "image/png", "size": 70}])
    case_id = await house.case()
    assert (await agent.get(f"/desk/cases/{case_id}/files/{'9' * 5_000}/0"))[0] == 404

    async def busy(file: object, into: object) -> None:
        raise Busy("the platform wants us to wait")

    monkeypatch.setattr(house.bot.parts.channels["site"], "fetch", busy)
    assert (await agent.get(f"/desk/cases/{case_id}/files/0/0"))[0] == 503


# --- who stays signed in ---------------------------------------------------------------------------------------


async def test_a_page_that_was_being_opened_does_not_undo_signing_out(house: House) -> None:
    sign_in = sign_in_of(house)
    entered = await sign_in.enter(await sign_in.link(ANNA))
    assert entered is not None
    secret, agent = entered
    await sign_in.leave(secret)
    await sign_in.stay(secret, agent)
    assert await sign_in.agent(secret) is None


@pytest.mark.parametrize(("agent", "lasts_longer"), [(ANNA, True), (MEMBER, False)])
async def test_a_member_must_prove_again_that_they_are_one(
    house: House, agent: Agent, lasts_longer: bool
) -> None:
    """Whoever has lost the role may not stay at the desk for ever by opening it every day."""
    browser, client = await house.agent(agent), house.bot.parts.connection.client
    (key,) = [key async for key in client.scan_iter(match="jono:*:session:*")]
    await client.expire(key, 100)
    assert (await browser.get("/desk"))[0] == 200
    assert (await client.ttl(key) > 100) is lasts_longer


async def test_agents_of_a_channel_that_is_gone_are_out(house: House) -> None:
    browser = await house.agent(Agent("closed-down", "7", "Ida", member=True))
    assert (await browser.get("/desk"))[0] == 401


# --- floods ----------------------------------------------------------------------------------------------------


async def test_files_fill_no_more_than_their_room(store_url: str) -> None:
    limits = {"visitor_files_bytes": 2_000, "all_files_bytes": 3_000}
    async with site_bot(store_url, limits=limits) as bot, aiohttp.ClientSession() as http:
        house = House(bot, http)
        aino, otso, agent = await house.visitor(), await house.visitor(), await house.agent()
        upload = "/chat/site/files"
        assert [(await aino.post(upload, bytes(800)))[0] for _ in range(3)] == [200, 200, 507]
        # What was refused takes no room.
        assert (await aino.post(upload, bytes(400)))[0] == 200
        assert (await otso.post(upload, bytes(1_500)))[0] == 507
        assert (await otso.post(upload, bytes(1_000)))[0] == 200
        assert (await agent.post("/desk/files", bytes(5_000)))[0] == 200


async def test_room_is_there_again_once_files_are_forgotten(house: House) -> None:
    store = house.bot.parts.store.mail
    keep_s, most = 10 * 86_400, (100, 1_000)

    async def take(day: int) -> bool:
        return await store.take_room("support", "site", "b0c5", 100, day, keep_s, most)

    assert [await take(day) for day in (1_000, 1_000, 1_011, 1_012, 1_012)] == [
        True,
        False,
        False,
        True,
        False,
    ]
    async for key in house.bot.parts.connection.client.scan_iter(match="jono:*:filed:*"):
        assert await house.bot.parts.connection.client.hlen(key) == 2
        assert await house.bot.parts.connection.client.ttl(key) > keep_s


async def test_a_body_that_does_not_come_is_not_waited_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat: Any = next(part for part in house.bot.parts.web._parts if type(part).__name__ == "Chat")
    monkeypatch.setattr(chat, "_letters", Bodies(1_000, 0.1))
    visitor = await house.visitor()
    never = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b'{"id":'
        await never.wait()

    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())}
    url = f"{house.bot.address}/chat/site/messages"
    async with house.http.post(url, data=slow(), headers={**SAME_ORIGIN, **cookie}) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
    never.set()


async def test_many_large_bodies_at_once_are_not_all_held(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat: Any = next(part for part in house.bot.parts.web._parts if type(part).__name__ == "Chat")
    monkeypatch.setattr(chat, "_parcels", Bodies(300_000, 10))
    visitor, other = await house.visitor(), await house.visitor()
    more = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield bytes(250_000)
        await more.wait()

    async with asyncio.TaskGroup() as group:
        first = group.create_task(visitor.ask("POST", "/chat/site/files", slow()))  # type: ignore[arg-type]
        await until(lambda: chat._parcels._held == 250_000, "the first body comes as far as it does")
        assert (await other.post("/chat/site/files", bytes(100_000)))[0] == 503
        more.set()
    assert first.result()[0] == 200
    assert (await other.post("/chat/site/files", bytes(100_000)))[0] == 200


async def test_a_long_conversation_is_not_read_all_at_once(house: House) -> None:
    visitor, box = await house.visitor(), box_of(house)
    await visitor.writes("Hello")
    conversation = conversation_of(house.bot, visitor.cookies)
    for number in range(3 * ITEMS_AT_ONCE):
        item = {"at": 0, "kind": "reply", "text": str(number), "files": []}
        await box.put(conversation, f"line-{number}", item)
    store = house.bot.parts.store.mail
    assert len(await store.items("support", "site", conversation, "0-0")) == ITEMS_AT_ONCE
    async with visitor.listening("/chat/site/events") as events:
        texts: list[str] = []
        while "299" not in texts:
            texts += [data["text"] for name, data in [await anext(events)] if name == "item"]
    assert [text for text in texts if text.isdecimal()] == [str(number) for number in range(300)]


async def test_news_that_passed_unread_wake_everyone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """More may happen elsewhere while this process is busy than the store remembers."""
    visitor, client = await house.visitor(), house.bot.parts.connection.client
    read, followed = house.bot.parts.store.mail.news, asyncio.Event()

    async def noted(*arguments: str) -> Any:
        followed.set()
        return await read(*arguments)

    async with visitor.listening("/chat/site/events") as events:
        await anext(events)
        conversation = conversation_of(house.bot, visitor.cookies)
        monkeypatch.setattr(house.bot.parts.store.mail, "news", noted)
        await followed.wait()
        pipe = client.pipeline(transaction=True)
        item = '{"at":0,"kind":"reply","text":"From elsewhere","files":[]}'
        pipe.xadd(f"jono:{{q:support}}:mail:site/{conversation}", {"key": "k", "item": item})
        pipe.xadd("jono:{q:support}:mailed:site", {"box": conversation, "sign": ""})
        for _ in range(NEWS_AT_ONCE):
            pipe.xadd(
                "jono:{q:support}:mailed:site",
                {"box": "x", "sign": ""},
                maxlen=NEWS_AT_ONCE,
                approximate=False,
            )
        await pipe.execute()
        async with asyncio.timeout(WITHIN_S):
            seen = await anext(data async for name, data in events if name == "item")
        assert seen["text"] == "From elsewhere"


# --- many agents -----------------------------------------------------------------------------------------------


async def test_what_many_agents_look_at_is_read_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor, browsers = await house.visitor(), [await house.agent() for _ in range(8)]
    store, reads = house.bot.parts.store.desk, 0
    heads = store.heads

    async def counted(*arguments: Any) -> Any:
        nonlocal reads
        reads += 1
        await asyncio.sleep(0.01)
        return await heads(*arguments)

    monkeypatch.setattr(store, "heads", counted)
    async with asyncio.timeout(WITHIN_S):
        streams = [browser.listening("/desk/events") for browser in browsers]
        events = [await stream.__aenter__() for stream in streams]
        for one in events:
            await anext(one)
        await asyncio.sleep(0.5)
        reads = 0
        await visitor.writes("Hello")
        for one in events:
            await anext(data async for name, data in one if name == "desk" and data["cases"])
        for stream in streams:
            await stream.__aexit__(None, None, None)
    # Once for each of two queues; a second time, where the acknowledgement was a change of its own.
    assert reads <= 4


async def test_what_changes_while_the_desk_is_read_is_seen(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor, agent = await house.visitor(), await house.agent()
    store = house.bot.parts.store.desk
    heads, read, go_on = store.heads, asyncio.Event(), asyncio.Event()

    async def slow(queue: str, ids: Any) -> Any:
        found = await heads(queue, ids)
        if found and queue == "support":
            read.set()
            await go_on.wait()
        return found

    async with agent.listening("/desk/events") as events:
        await anext(events)
        monkeypatch.setattr(store, "heads", slow)
        await visitor.writes("Hello")
        await read.wait()
        before = house.bot.parts.watch.changes
        case_id = await house.case()
        await agent.commands("claim", case=case_id)
        await until(lambda: house.bot.parts.watch.changes != before, "the change is noticed")
        monkeypatch.setattr(store, "heads", heads)
        go_on.set()
        async with asyncio.timeout(WITHIN_S):
            await anext(
                data
                async for name, data in events
                if name == "desk" and [row["state"] for row in data["cases"]] == ["claimed"]
            )


async def test_a_link_for_somebody_else_is_no_use_at_another_desk(house: House) -> None:
    secret = (await link_of(house.bot, Agent("site", "nobody", "Nobody"))).partition("#")[2]
    browser = house.browser()
    await browser.post("/desk/session", {"secret": secret})
    assert (await browser.get("/desk"))[0] == 401
