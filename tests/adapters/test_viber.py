"""The Viber channel takes in: events as Viber documents them, signed by an independent line of code."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import replace

import pytest
from aiohttp import ClientSession

from adapters.base import (
    AgentCommand,
    Answering,
    Arrival,
    BadOptions,
    Channel,
    Checked,
    CustomerGone,
    CustomerMessage,
    File,
    Malformed,
    Media,
    Person,
    Pushed,
    Told,
    Tools,
    Undeliverable,
    Untrusted,
)
from adapters.viber import SIGNATURE, Options, Viber, open_channel
from tests.adapters.contract import NOW, Genuine, PushedContract
from tests.fakes.hostile import NOT_JSON, NOT_UTF8
from tests.fakes.viber import FIXTURES, Far, far_end

TOKEN, OLD, OTHER = (f"{letter * 16}-{letter * 16}-{letter * 16}" for letter in "abc")
AINO = Person("aW5vPT0rL0FpbjEyMzQ1Ng==", "Aino", "fi")
HOOK = "https://jono.example/hooks/viber"
FIRST = 5741311803571721087
"""The message token of the first fixture; each further one has the next number."""


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    async with far_end() as viber:
        yield viber


@pytest.fixture
def tools(http: ClientSession, reports: list[str]) -> Tools:
    queues, agents = ("support", "billing"), frozenset({"an-agent"})
    return Tools(
        "viber", http, lambda: NOW, queues=queues, agents=agents, hook_url=HOOK, report=reports.append
    )


@pytest.fixture
def viber(tools: Tools, far: Far) -> Viber:
    return open_channel(Options(TOKEN, "Acme", api_base=far.url), tools)


def signed(body: bytes, token: str = TOKEN) -> dict[str, str]:
    return {SIGNATURE: hmac.new(token.encode(), body, hashlib.sha256).hexdigest()}


def accepted(viber: Viber, body: bytes) -> list[Arrival]:
    return viber.accept(signed(body), body, NOW)


def changed(name: str, path: str, value: object) -> bytes:
    """A fixture with one key set; `path` is its dotted name. A value of `...` takes it away."""
    event = json.loads(FIXTURES[name])
    *above, last = path.split(".")
    inner = event
    for one in above:
        inner = inner[one]
    inner[last] = value
    if value is ...:
        del inner[last]
    return json.dumps(event).encode()


class TestViber(PushedContract):
    @pytest.fixture
    def channel(self, tools: Tools, far: Far) -> Channel:
        return open_channel(Options((TOKEN, OLD), "Acme", api_base=far.url), tools)

    @pytest.fixture
    def genuine(self) -> Genuine:
        """What Viber pushes."""
        nothing = ("conversation_started", "delivered", "seen", "subscribed", "unknown_event", "webhook")
        return Genuine({**FIXTURES, "ordinary": FIXTURES["text"]}, signed, (TOKEN, OLD), nothing)


def test_what_it_can_do_beside(viber: Viber) -> None:
    assert isinstance(viber, Answering)
    assert isinstance(viber, Checked)
    assert isinstance(viber, Media)


# --- in ------------------------------------------------------------------------------------------------------


def written(number: int, text: str, *files: File, queue: str | None = None) -> CustomerMessage:
    return CustomerMessage(str(FIRST + number), AINO.id, AINO, text, queue=queue, files=files)


def link(name: str) -> str:
    return str(json.loads(FIXTURES[name])["message"]["media"])


MAP = "https://www.openstreetmap.org/?mlat=60.169900&mlon=24.938400"
READ: Mapping[str, list[Arrival]] = {
    "text": [written(0, "Hei 😀, missä tilaukseni on?")],
    "text_after_welcome": [written(1, "Lasku on väärin", queue="billing")],
    "picture": [written(2, "rikki", File("photo", link("picture"), "IMG-1.jpg", size_bytes=204_800))],
    "video": [written(3, "", File("video", link("video"), size_bytes=2_048_000))],
    "file": [written(4, "", File("document", link("file"), "lasku.pdf", size_bytes=10_000))],
    "sticker": [written(5, "", File("sticker", link("sticker")))],
    "contact": [written(6, "Bo Ek: +358401234567")],
    "url": [written(7, "https://shop.example/item/7")],
    "location": [written(8, "", File("location", "60.169900,24.938400", text=MAP))],
    "unknown_kind": [],
    "conversation_started": [],
    "subscribed": [],
    "unsubscribed": [CustomerGone(str(FIRST + 13), AINO.id)],
    "delivered": [],
    "seen": [],
    "failed": [Undeliverable(f"failed-{FIRST + 15}", AINO.id, "failure description")],
    "webhook": [],
    "unknown_event": [],
}


@pytest.mark.parametrize("name", READ)
def test_an_event_is_read_and_read_again_as_the_same(viber: Viber, name: str) -> None:
    assert accepted(viber, FIXTURES[name]) == READ[name]
    assert accepted(viber, FIXTURES[name]) == READ[name]


def test_every_fixture_of_an_event_is_read() -> None:
    assert FIXTURES.keys() - READ.keys() == {"account_info", "missing_field"}


def test_a_link_and_what_is_said_of_it_are_told_once(viber: Viber) -> None:
    there = "https://shop.example/item/7"
    for said, told in (("this one", f"this one\n{there}"), (f"see {there}", f"see {there}"), ("", there)):
        [message] = accepted(viber, changed("url", "message.text", said))
        assert isinstance(message, CustomerMessage)
        assert message.text == told


def test_an_address_of_a_file_fits_what_the_contract_allows() -> None:
    assert 400 < len(link("picture")) <= 1_000


def test_only_known_queues_are_chosen_by_a_link(viber: Viber) -> None:
    for mark in ("queue:secrets", "tracking data", ""):
        [message] = accepted(viber, changed("text", "message.tracking_data", mark))
        assert message == READ["text"][0]


def test_an_agent_gives_commands(viber: Viber) -> None:
    event = json.loads(changed("text", "sender.id", "an-agent"))
    event["message"]["text"] = "/claim K7Q2M4 "
    agent = replace(AINO, id="an-agent")
    [command] = accepted(viber, json.dumps(event).encode())
    assert command == AgentCommand(str(FIRST), agent, "claim", "K7Q2M4")


def test_a_token_that_is_text_names_the_message_too(viber: Viber) -> None:
    [message] = accepted(viber, changed("text", "message_token", str(FIRST)))
    assert message == READ["text"][0]


@pytest.mark.parametrize("body", [*NOT_JSON.values(), *NOT_UTF8.values()], ids=[*NOT_JSON, *NOT_UTF8])
def test_what_is_signed_and_no_json_is_malformed(viber: Viber, body: bytes) -> None:
    with pytest.raises(Malformed):
        accepted(viber, body)


NO_NAME: tuple[object, ...] = (..., None, [], 1.5, "")
NO_TEXT: tuple[object, ...] = (..., None, 7, "", {})
NO_OBJECT: tuple[object, ...] = (..., None, [], "x")
NO_DEGREES: tuple[object, ...] = (..., None, "1", True, 181, -181, 1e999, 10**400)
WRONG = [
    *(("text", path, value) for path in ("event", "message_token") for value in NO_NAME),
    *(("text", path, value) for path in ("sender", "message") for value in NO_OBJECT),
    *(("text", path, value) for path in ("sender.id", "message.type") for value in NO_TEXT),
    *(("text", path, 7) for path in ("sender.name", "sender.language", "message.text", "message.tracking_data")),
    *(("location", f"message.location.{name}", value) for name in ("lat", "lon") for value in NO_DEGREES),
    *(("picture", path, 7) for path in ("message.media", "message.file_name")),
    *(("contact", "message.contact", value) for value in NO_OBJECT),
    *((name, "user_id", value) for name in ("failed", "unsubscribed") for value in NO_TEXT),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "path", "value"), WRONG, ids=[f"{path}-{number}" for number, (_, path, _) in enumerate(WRONG)]
)
def test_what_is_wrong_is_named(viber: Viber, name: str, path: str, value: object) -> None:
    body = changed(name, path, value).replace(b"Infinity", b"1e999")
    with pytest.raises(Malformed) as caught:
        accepted(viber, body)
    assert path.rpartition(".")[2] in str(caught.value)


def test_a_missing_field_is_named_and_a_batch_is_none_of_vibers(viber: Viber) -> None:
    with pytest.raises(Malformed, match="sender"):
        accepted(viber, FIXTURES["missing_field"])
    with pytest.raises(Malformed, match="object"):
        accepted(viber, b"[" + FIXTURES["text"] + b"]")


@pytest.mark.parametrize("name", READ)
def test_whatever_is_signed_is_read_or_malformed(viber: Viber, name: str) -> None:
    chance = random.Random(name)
    for _ in range(300):
        body = bytearray(FIXTURES[name])
        for _ in range(chance.randrange(1, 4)):
            body[chance.randrange(len(body))] = chance.choice(b'"{}[]:,0123456789-.eEtfn\\ \xff')
        with suppress(Malformed):
            accepted(viber, bytes(body))


# --- the welcome ---------------------------------------------------------------------------------------------


def pushed(body: bytes, token: str = TOKEN) -> Pushed:
    return Pushed("POST", "", {}, signed(body, token), body)


@pytest.mark.parametrize(("context", "tracked"), [("billing", "queue:billing"), ("other", None), ("", None)])
def test_who_opens_the_chat_is_welcomed(tools: Tools, context: str, tracked: str | None) -> None:
    viber = open_channel(Options(TOKEN, "Acme", "Hei, miten voimme auttaa?"), tools)
    told = viber.answer(pushed(changed("conversation_started", "context", context)), NOW)
    assert told is not None
    welcome = {"sender": {"name": "Acme"}, "type": "text", "text": "Hei, miten voimme auttaa?"}
    assert told.content_type == "application/json"
    assert json.loads(told.body) == (welcome | {"tracking_data": tracked} if tracked else welcome)


def test_nobody_else_is_welcomed(viber: Viber, tools: Tools) -> None:
    assert viber.answer(pushed(FIXTURES["conversation_started"]), NOW) is None
    assert viber.thanks == Told(b"")
    welcoming = open_channel(Options(TOKEN, "Acme", "Hei!"), tools)
    assert welcoming.answer(pushed(changed("text", "message.text", "conversation_started")), NOW) is None
    assert welcoming.answer(pushed(FIXTURES["text"]), NOW) is None
    with pytest.raises(Untrusted):
        welcoming.answer(pushed(FIXTURES["conversation_started"], OTHER), NOW)


# --- options -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "key"),
    [
        (Options("", "Acme"), "token"),
        (Options((), "Acme"), "token"),
        (Options((TOKEN, ""), "Acme"), "token"),
        (Options("töken", "Acme"), "token"),
        (Options(f"{TOKEN}\n", "Acme"), "token"),
        (Options(TOKEN, ""), "sender"),
        (Options(TOKEN, "A" * 29), "sender"),
        (Options(TOKEN, "Acme", "x" * 7_001), "welcome"),
        (Options(TOKEN, "Acme", api_base="chatapi.viber.com"), "api_base"),
    ],
)
def test_what_cannot_work_is_named_and_no_token_shown(tools: Tools, options: Options, key: str) -> None:
    with pytest.raises(BadOptions) as caught:
        open_channel(options, tools)
    assert caught.value.key == key
    assert TOKEN not in str(caught.value) + repr(options)


@pytest.mark.parametrize("hook_url", ["", "http://jono.example/hooks/viber"])
def test_viber_pushes_to_https_only(tools: Tools, hook_url: str) -> None:
    with pytest.raises(BadOptions, match="public_url"):
        open_channel(Options(TOKEN, "Acme"), replace(tools, hook_url=hook_url))
