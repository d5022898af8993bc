"""The site chat and the web desk over HTTP, without a screen: who may do what, what is kept, what is refused."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from adapters.base import Person
from bot.app import Bot
from bot.case import Case, changed
from bot.deskview import row_of
from bot.signin import Agent
from status.model import Promise
from tests.fakes.browser import PNG, Browser, conversation_of, link_of, site_bot
from tests.waiting import until

ANNA = Agent("site", "anna", "Anna")


@dataclass
class House:
    """A bot with a site chat, and browsers that know it."""

    bot: Bot
    http: aiohttp.ClientSession
    browsers: list[Browser] = field(default_factory=list)

    def browser(self) -> Browser:
        """A browser that was never here."""
        return Browser(self.http, self.bot.address)

    async def visitor(self) -> Browser:
        """A browser that has opened the chat."""
        browser = self.browser()
        status, _ = await browser.get("/chat/site")
        assert status == 200
        return browser

    async def agent(self, agent: Agent = ANNA) -> Browser:
        """A browser in which an agent is signed in."""
        browser = self.browser()
        secret = (await link_of(self.bot, agent)).partition("#")[2]
        assert (await browser.post("/desk/session", {"secret": secret}))[0] == 200
        return browser

    async def box(self, visitor: Browser) -> list[Any]:
        """What the visitor's conversation shows."""
        conversation = conversation_of(self.bot, visitor.cookies)
        return [item async for _, item in self.bot.parts.boxes["site"].items(conversation)]

    async def case(self) -> str:
        """The id of the one open case."""
        (case_id,) = await until(lambda: self.bot.parts.store.waiting("support", 10))
        return str(case_id)


async def kinds(house: House, visitor: Browser, *wanted: str) -> list[Any]:
    """The items of the visitor's box, once all the wanted kinds are among them."""

    async def read() -> list[Any]:
        items = await house.box(visitor)
        return items if {item["kind"] for item in items} >= set(wanted) else []

    return await until(read, f"{wanted}")


@pytest.fixture
async def house(store_url: str) -> AsyncIterator[House]:
    async with site_bot(store_url) as bot, aiohttp.ClientSession() as http:
        yield House(bot, http)


# --- the customer ----------------------------------------------------------------------------------------------


async def test_a_message_is_acknowledged_and_answered(house: House) -> None:
    visitor, agent = await house.visitor(), await house.agent()
    assert await visitor.writes("Where is my parcel?", name="Aino") == (200, {"accepted": 1})
    case_id = await house.case()
    await agent.commands("claim", case=case_id)
    await agent.commands("reply", "It left this morning.", case=case_id, plain=True)
    items = await kinds(house, visitor, "message", "acknowledgement", "reply")
    assert [item["text"] for item in items if item["kind"] == "reply"] == ["It left this morning."]
    assert "Aino" in next(item["text"] for item in items if item["kind"] == "acknowledgement")


async def test_the_same_message_twice_is_one(house: House) -> None:
    visitor = await house.visitor()
    for _ in range(3):
        message = {"id": "message-1", "text": "Hello"}
        assert (await visitor.post("/chat/site/messages", message))[0] == 200
    items = await kinds(house, visitor, "message", "acknowledgement")
    assert [item["kind"] for item in items].count("message") == 1
    case_id = await house.case()
    said = await house.bot.parts.store.transcript("support", case_id)
    assert [entry["text"] for entry in said] == ["Hello"]


async def test_a_page_is_given_the_cookie_once_and_the_store_never_sees_it(house: House) -> None:
    visitor = await house.visitor()
    (secret,) = visitor.cookies.values()
    await visitor.get("/chat/site")
    assert list(visitor.cookies.values()) == [secret]
    await visitor.writes("Hello")
    await kinds(house, visitor, "acknowledgement")
    client = house.bot.parts.connection.client
    async for key in client.scan_iter(match="jono:*"):
        assert secret not in key


async def test_a_chosen_queue_gets_the_case(house: House) -> None:
    visitor = await house.visitor()
    await visitor.writes("My invoice is wrong", queue="billing")
    assert await until(lambda: house.bot.parts.store.waiting("billing", 10))


async def test_the_stream_goes_on_where_the_page_is(house: House) -> None:
    visitor = await house.visitor()
    await visitor.writes("One")
    await kinds(house, visitor, "acknowledgement")
    async with visitor.listening("/chat/site/events") as events:
        seen = [data for name, data in [await anext(events) for _ in range(3)] if name == "item"]
    assert [item["kind"] for item in seen] == ["message", "acknowledgement"] or len(seen) == 2
    after = max(item["key"] for item in seen)
    async with visitor.listening(f"/chat/site/events?after={after}") as events:
        name, wait = await anext(events)
        assert (name, wait["light"]) == ("wait", "unknown")
        await visitor.writes("Two")
        name, item = await anext(events)
        assert (name, item["text"]) == ("item", "Two")


async def test_too_many_messages_are_told_to_come_later(house: House) -> None:
    visitor = await house.visitor()
    answers = [await visitor.writes(f"Spam {number}") for number in range(25)]
    assert [status for status, _ in answers].count(200) == 20
    assert {status for status, _ in answers[20:]} == {429}
    assert (await (await house.visitor()).writes("Hello"))[0] == 200


async def test_signs_of_writing_are_never_refused(house: House) -> None:
    visitor = await house.visitor()
    assert {(await visitor.post("/chat/site/typing", b""))[0] for _ in range(30)} == {200}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"[" * 50_000, b'{"id":"message-1","text":"\\ud800"}', b"\xff"]
)
async def test_what_is_no_message_is_refused_with_a_reason(house: House, body: bytes) -> None:
    visitor = await house.visitor()
    status, answer = await visitor.post("/chat/site/messages", body)
    assert status == 400
    assert answer["error"]


async def test_without_the_cookie_nothing_is_taken_or_shown(house: House) -> None:
    stranger = house.browser()
    assert (await stranger.writes("Hello"))[0] == 401
    assert (await stranger.get("/chat/site/events"))[0] == 401
    assert (await stranger.post("/chat/site/files", b"x"))[0] == 401


async def test_a_visitor_of_one_replica_is_answered_through_another(house: House, store_url: str) -> None:
    visitor, agent = await house.visitor(), await house.agent()
    async with site_bot(store_url) as other, visitor.listening("/chat/site/events") as events:
        agent.address = other.address
        await visitor.writes("Where is my parcel?")
        case_id = await house.case()
        await agent.commands("claim", case=case_id)
        await agent.post("/desk/typing", {"case": case_id})
        await anext(data async for name, data in events if name == "typing")
        await agent.commands("reply", "It left this morning.", case=case_id, plain=True)
        reply = await anext(data async for name, data in events if data.get("kind") == "reply")
        assert reply["text"] == "It left this morning."


# --- files -----------------------------------------------------------------------------------------------------


async def test_a_file_is_shown_to_its_visitor_and_to_agents_only(house: House) -> None:
    visitor, other, agent = await house.visitor(), await house.visitor(), await house.agent()
    _, kept = await visitor.post("/chat/site/files", PNG)
    file = {"ref": kept["ref"], "name": "box.png", "mime": "image/png", "size": kept["size"]}
    assert (await visitor.writes("", files=[file]))[0] == 200
    assert await visitor.get(f"/chat/site/files/{kept['ref']}") == (200, PNG)
    assert (await other.get(f"/chat/site/files/{kept['ref']}"))[0] == 404
    assert (await house.browser().get(f"/chat/site/files/{kept['ref']}"))[0] == 401
    case_id = await house.case()
    _, whole = await agent.get(f"/desk/cases/{case_id}")
    (shown,) = whole["said"][0]["files"]
    assert await agent.get(shown["url"]) == (200, PNG)
    assert (await visitor.get(shown["url"]))[0] == 401
    assert (await agent.get(shown["url"] + "9"))[0] == 404


async def test_nobody_can_send_a_file_of_somebody_else(house: House) -> None:
    visitor, thief = await house.visitor(), await house.visitor()
    _, kept = await visitor.post("/chat/site/files", b"secret")
    file = {"ref": kept["ref"], "name": "x", "mime": "", "size": 6}
    status, answer = await thief.writes("", files=[file])
    assert (status, "ref" in answer["error"]) == (400, True)


async def test_a_page_that_somebody_sends_is_never_shown_as_one(house: House) -> None:
    visitor = await house.visitor()
    _, kept = await visitor.post("/chat/site/files", b"<script>alert(1)</script>")
    url = f"{house.bot.address}/chat/site/files/{kept['ref']}?name=x.html"
    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())}
    async with house.http.get(url, headers=cookie) as answer:
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_a_file_that_is_too_large_is_not_kept(store_url: str) -> None:
    channels = {"site": {"adapter": "web", "queue": "support", "file_bytes": 1_000}}
    async with site_bot(store_url, channels=channels) as bot, aiohttp.ClientSession() as http:
        visitor = await House(bot, http).visitor()
        assert (await visitor.post("/chat/site/files", bytes(1_000)))[0] == 200
        assert (await visitor.post("/chat/site/files", bytes(1_001)))[0] == 413


# --- agents ----------------------------------------------------------------------------------------------------


async def test_a_link_signs_in_once_of_all_who_use_it_at_the_same_time(house: House) -> None:
    secret = (await link_of(house.bot, ANNA)).partition("#")[2]
    browsers = [house.browser() for _ in range(10)]
    answers = await asyncio.gather(*(one.post("/desk/session", {"secret": secret}) for one in browsers))
    assert sorted(status for status, _ in answers) == [200] + [401] * 9


@pytest.mark.parametrize("secret", ["", "x", "0" * 64, "../../x", None, ["a"]])
async def test_what_is_no_link_signs_nobody_in(house: House, secret: object) -> None:
    browser = house.browser()
    status, _ = await browser.post("/desk/session", {"secret": secret})
    assert status in (400, 401)
    assert browser.cookies == {}


async def test_who_guesses_links_keeps_no_agent_out(house: House) -> None:
    guesser = house.browser()
    statuses = [(await guesser.post("/desk/session", {"secret": "0" * 64}))[0] for _ in range(50)]
    assert statuses == [401] * 50
    assert (await (await house.agent()).get("/desk"))[0] == 200


DESK_ROUTES = [
    ("GET", "/desk/session"),
    ("GET", "/desk/events"),
    ("GET", "/desk/cases/K7Q2M4"),
    ("GET", "/desk/cases/K7Q2M4/files/0/0"),
    ("POST", "/desk/commands"),
    ("POST", "/desk/typing"),
    ("POST", "/desk/files"),
    ("DELETE", "/desk/session"),
]


@pytest.mark.parametrize(("method", "path"), DESK_ROUTES)
async def test_the_desk_is_for_agents_only(house: House, method: str, path: str) -> None:
    for browser in (house.browser(), await house.visitor()):
        browser.cookies["__Host-jono-desk"] = "0" * 64
        status, _ = await browser.ask(method, path, b"{}" if method == "POST" else None)
        assert status == 401


async def test_who_is_no_agent_any_more_is_out_at_once(house: House, store_url: str) -> None:
    agent = await house.agent()
    assert (await agent.get("/desk"))[0] == 200
    channels = {"site": {"adapter": "web", "queue": "support", "agents": ["ben"]}}
    async with site_bot(store_url, channels=channels) as bot:
        agent.address = bot.address
        assert (await agent.get("/desk"))[0] == 401
        assert (await agent.commands("on"))[0] == 401


async def test_signing_out_ends_the_session_in_the_store(house: House) -> None:
    agent = await house.agent()
    cookies = dict(agent.cookies)
    assert (await agent.ask("DELETE", "/desk/session"))[0] == 200
    agent.cookies = cookies
    assert (await agent.get("/desk"))[0] == 401


async def test_a_command_that_is_sent_again_is_carried_out_once(house: House) -> None:
    visitor, agent = await house.visitor(), await house.agent()
    await visitor.writes("Hello")
    case_id = await house.case()
    for _ in range(3):
        agent.sent = 0
        assert (await agent.commands("reply", "Once", case=case_id, plain=True))[0] == 200
    await kinds(house, visitor, "reply")
    said = await house.bot.parts.store.transcript("support", case_id)
    assert [entry["text"] for entry in said if entry["by"] == "agent"] == ["Once"]


async def test_a_case_of_a_queue_that_others_serve_is_not_shown(store_url: str) -> None:
    queues = {"support": {}, "billing": {"team": ["bank"]}}
    channels = {
        "site": {"adapter": "web", "queue": "support", "agents": ["anna"]},
        "bank": {"adapter": "web", "queue": "billing", "agents": ["ben"]},
    }
    async with (
        site_bot(store_url, queues=queues, channels=channels) as bot,
        aiohttp.ClientSession() as http,
    ):
        house = House(bot, http)
        anna, ben = await house.agent(), await house.agent(Agent("bank", "ben", "Ben"))
        visitor = await house.visitor()
        await visitor.writes("My invoice is wrong", queue="billing")
        (case_id,) = await until(lambda: bot.parts.store.waiting("billing", 10))
        assert (await ben.get(f"/desk/cases/{case_id}"))[0] == 200
        assert (await anna.get(f"/desk/cases/{case_id}"))[0] == 404
        async with anna.listening("/desk/events") as events:
            _, overview = await anext(events)
        assert [queue["name"] for queue in overview["queues"]] == ["support"]
        assert overview["cases"] == []


# --- other sites ----------------------------------------------------------------------------------------------

HEADERS = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "{us}"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "{us}.evil.example"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
]
UNSAFE = [
    ("POST", "/chat/site/messages"),
    ("POST", "/chat/site/files"),
    ("POST", "/chat/site/typing"),
    ("POST", "/desk/session"),
    ("DELETE", "/desk/session"),
    ("POST", "/desk/commands"),
    ("POST", "/desk/typing"),
    ("POST", "/desk/files"),
]
BODIES = [b"{}", b'{"id":"message-1","text":"x","command":"on"}', b"x", b""]


async def test_no_other_site_can_change_anything(house: House) -> None:
    """256 requests as a foreign page could have the agent's and the customer's browser send them."""
    agent = await house.agent()
    agent.cookies |= (await house.visitor()).cookies
    before = await house.bot.parts.store.desk.changes(["support", "billing"])
    tried = 0
    for (method, path), headers, body in itertools.product(UNSAFE, HEADERS, BODIES):
        named = {name: value.replace("{us}", agent.address) for name, value in headers.items()}
        status, answer = await agent.ask(method, path, body, named)
        assert (status, "another site" in answer["error"]) == (403, True), (method, path, named)
        tried += 1
    assert tried == 256
    assert await house.bot.parts.store.desk.changes(["support", "billing"]) == before
    assert (await agent.get("/desk"))[0] == 200


@pytest.mark.parametrize("path", ["/chat/site", "/desk", "/desk/enter"])
async def test_pages_are_guarded_by_their_headers(house: House, path: str) -> None:
    async with house.http.get(house.bot.address + path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert "unsafe-inline" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        for cookie in answer.headers.getall("Set-Cookie", []):
            assert cookie.startswith("__Host-")
            assert all(flag in cookie for flag in ("HttpOnly", "Secure", "SameSite=", "Path=/"))


def test_a_broken_promise_stays_to_be_seen_at_the_desk() -> None:
    case = Case(
        "K7Q2M4",
        "support",
        "site",
        "c-1",
        Person("c-1", "A\N{RIGHT-TO-LEFT OVERRIDE}ino"),
        100.0,
        turn_at=100.0,
    )
    row = row_of(changed(case, late_since=700.0), [])
    assert (row["due_at"], row["name"]) == (700.0, "Aino")
    promised = changed(case, late_since=700.0, promises=(Promise(700.0, 700.0, 600.0),))
    assert row_of(promised, [])["due_at"] == 1_300.0
