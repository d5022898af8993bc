"""LINE's events as they are documented, everything hostile, and LINE's side as a real server."""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import random
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from linebot.v3.webhook import SignatureValidator, WebhookParser

from adapters.base import (
    AgentCommand,
    Arrival,
    Busy,
    Channel,
    CustomerEdit,
    CustomerGone,
    CustomerMessage,
    File,
    Malformed,
    Media,
    Person,
    Refused,
    Rejected,
    Tools,
    Typing,
)
from adapters.line import RETRY_KEYS, Line, Options, open_channel, retry_key
from adapters.line.calls import PREPARED_S
from tests.adapters.carrying import content_of
from tests.adapters.contract import NOW, Genuine, PushedContract
from tests.fakes.hostile import NOT_JSON, NOT_UTF8
from tests.fakes.line import TOKEN, LineSide, line_side

SECRET, OLD, OTHER = "0123456789abcdef0123456789abcdef", "a" * 32, "b" * 32
HOOK = "https://jono.example/hooks/line"
CUSTOMER, SECOND = "U4af4980629a1b2c3d4e5f60718293a4b", "U91c2f0e3d4b5a69788796a5b4c3d2e1f"
FIXTURES = Path(__file__).parent / "fixtures" / "line"
BODIES = {path.stem: path.read_bytes() for path in sorted(FIXTURES.glob("*.json"))}


@pytest.fixture
async def side() -> AsyncIterator[LineSide]:
    async with line_side() as listening:
        yield listening


@pytest.fixture
def tools(http: ClientSession, reports: list[str]) -> Tools:
    queues = ("support", "billing")
    return Tools("line", http, lambda: NOW, queues=queues, hook_url=HOOK, report=reports.append)


@pytest.fixture
def line(side: LineSide, tools: Tools) -> Line:
    return opened(side, tools)


def opened(side: LineSide, tools: Tools) -> Line:
    return open_channel(Options((SECRET, OLD), TOKEN, side.url, side.url), tools)


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, "sha256").digest()
    return {"x-line-signature": base64.b64encode(digest).decode()}


def accepted(line: Line, name: str) -> list[Arrival]:
    return line.accept(signed(BODIES[name]), BODIES[name], NOW)


def message(line: Line, name: str) -> CustomerMessage:
    (arrival,) = accepted(line, name)
    assert isinstance(arrival, CustomerMessage)
    return arrival


class TestLine(PushedContract):
    @pytest.fixture
    def channel(self, line: Line) -> Channel:
        return line

    @pytest.fixture
    def genuine(self) -> Genuine:
        """What LINE pushes."""
        return Genuine(
            {**BODIES, "ordinary": BODIES["text"]}, signed, (SECRET, OLD), ("unknown", "echo", "group")
        )


# --- in ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BODIES)
def test_the_vendors_library_takes_our_examples_and_our_signature(name: str) -> None:
    body = BODIES[name].decode()
    signature = signed(BODIES[name])["x-line-signature"]
    assert SignatureValidator(SECRET).validate(body, signature)
    events = WebhookParser(SECRET).parse(body, signature)
    assert len(events) == len(json.loads(body)["events"])


def test_a_text(line: Line) -> None:
    arrival = message(line, "text")
    assert arrival == CustomerMessage(
        id="01KAX7Q2M4T5V6W8Y9Z0ABCD01",
        conversation_id=CUSTOMER,
        customer=Person(CUSTOMER),
        text="Gdzie jest moja paczka? 📦 (moon wink)",
        ref="444354676680000001",
        answer_to="1767614395001:38ef843bde154d9b91c21320ffd10001",
    )


def test_an_empty_batch_is_how_line_tries_the_address(line: Line) -> None:
    assert accepted(line, "verification") == []


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("image", File("photo", "444354676680000002")),
        ("video", File("video", "444354676680000004")),
        ("audio", File("voice", "444354676680000005")),
        ("file", File("document", "444354676680000006", "lasku.pdf", size_bytes=2138)),
        ("sticker", File("sticker", "446/1988", text="thanks")),
    ],
)
def test_a_file(line: Line, name: str, file: File) -> None:
    arrival = message(line, name)
    assert (arrival.text, arrival.files) == ("", (file,))


def test_pictures_sent_together_are_an_album(line: Line) -> None:
    assert message(line, "image").group.startswith("E005D41A")


def test_a_picture_that_line_does_not_keep_is_its_address(line: Line) -> None:
    arrival = message(line, "image_external")
    assert (arrival.text, arrival.files) == ("https://shop.example/picture.jpg", ())


def test_a_location(line: Line) -> None:
    (file,) = message(line, "location").files
    assert (file.kind, file.ref, file.name) == (
        "location",
        "60.169900,24.938400",
        "Acme, Mannerheimintie 1, Helsinki",
    )
    assert "mlat=60.169900&mlon=24.938400" in file.text


def test_a_message_that_is_taken_back(line: Line) -> None:
    (arrival,) = accepted(line, "unsend")
    assert isinstance(arrival, CustomerEdit)
    assert (arrival.conversation_id, arrival.ref, arrival.text) == (CUSTOMER, "444354676680000001", None)


def test_who_comes_is_greeted_and_who_blocks_us_is_gone(line: Line) -> None:
    assert message(line, "follow").text == "/start"
    (gone,) = accepted(line, "unfollow")
    assert isinstance(gone, CustomerGone)
    assert gone.conversation_id == CUSTOMER


def test_a_button_may_choose_queue_and_language(line: Line) -> None:
    arrival = message(line, "postback")
    assert (arrival.text, arrival.queue) == ("/start fi", "billing")
    assert accepted(line, "postback_other") == []


@pytest.mark.parametrize("name", ["group", "standby", "echo", "unknown"])
def test_what_is_not_for_us_is_passed_over(line: Line, name: str) -> None:
    assert accepted(line, name) == []


def test_a_batch_keeps_its_order_and_skips_what_it_does_not_know(line: Line) -> None:
    first, wait, gone, second = accepted(line, "batch")
    assert isinstance(first, CustomerMessage)
    assert isinstance(second, CustomerMessage)
    assert (first.text, second.text) == ("first", "second")
    assert isinstance(wait, CustomerMessage)
    assert (wait.conversation_id, wait.text) == (SECOND, "/wait")
    assert isinstance(gone, CustomerGone)


def test_a_redelivered_event_is_the_same_arrival(line: Line) -> None:
    once = json.loads(BODIES["redelivered"])
    once["events"][0]["deliveryContext"]["isRedelivery"] = False
    body = json.dumps(once).encode()
    assert line.accept(signed(body), body, NOW) == accepted(line, "redelivered")


def test_agents_give_commands(side: LineSide, tools: Tools) -> None:
    line = opened(side, replace(tools, agents=frozenset({SECOND})))
    _, wait, *rest = accepted(line, "batch")
    assert isinstance(wait, AgentCommand)
    assert (wait.agent, wait.command, wait.arguments) == (Person(SECOND), "wait", "")
    assert len(rest) == 1


@pytest.mark.parametrize(("text", "command"), [("Hello", ("reply", "Hello")), ("// odd", ("note", "odd"))])
def test_what_agents_write_is_a_reply_or_a_note(
    side: LineSide, tools: Tools, text: str, command: tuple[str, str]
) -> None:
    line = opened(side, replace(tools, agents=frozenset({CUSTOMER})))
    body = changed("text", "message.text", text)
    (arrival,) = line.accept(signed(body), body, NOW)
    assert isinstance(arrival, AgentCommand)
    assert (arrival.command, arrival.arguments) == command


# --- genuine, and wrong --------------------------------------------------------------------------------------

GONE = object()


def changed(name: str, path: str, value: object) -> bytes:
    """A fixture with one field of its first event changed, or taken away."""
    body = json.loads(BODIES[name])
    at: Any = body["events"][0]
    *above, last = path.split(".")
    for part in above:
        at = at[part]
    if value is GONE:
        del at[last]
    else:
        at[last] = value
    return json.dumps(body).encode()


@pytest.mark.parametrize("value", [GONE, None, True, [], {}, ""])
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("text", "type"),
        ("text", "webhookEventId"),
        ("text", "source.type"),
        ("text", "source.userId"),
        ("text", "message.id"),
        ("text", "message.type"),
        ("text", "message.text"),
        ("unsend", "unsend.messageId"),
        ("postback", "postback.data"),
        ("image", "message.contentProvider"),
        ("image", "message.contentProvider.type"),
        ("image", "message.imageSet.id"),
        ("sticker", "message.stickerId"),
        ("location", "message.latitude"),
    ],
)
def test_a_field_that_is_missing_or_wrong_is_named(line: Line, name: str, path: str, value: object) -> None:
    body = changed(name, path, value)
    with pytest.raises(Malformed, match="^" + re.escape(f"events.0.{path}")):
        line.accept(signed(body), body, NOW)


@pytest.mark.parametrize("value", ["1e999", "-1e999", "9" * 400, "1e16"])
@pytest.mark.parametrize(("name", "path"), [("text", "timestamp"), ("location", "message.longitude")])
def test_a_number_beyond_all_sense_is_named(line: Line, name: str, path: str, value: str) -> None:
    body = changed(name, path, "here").replace(b'"here"', value.encode())
    with pytest.raises(Malformed, match=re.escape(path)):
        line.accept(signed(body), body, NOW)


def test_without_a_reply_token_it_is_a_message_all_the_same(line: Line) -> None:
    body = changed("text", "replyToken", GONE)
    (arrival,) = line.accept(signed(body), body, NOW)
    assert isinstance(arrival, CustomerMessage)
    assert arrival.answer_to == ""


@pytest.mark.parametrize("body", [*NOT_JSON.values(), *NOT_UTF8.values()], ids=[*NOT_JSON, *NOT_UTF8])
def test_what_is_no_object_with_events_is_malformed(line: Line, body: bytes) -> None:
    with pytest.raises(Malformed):
        line.accept(signed(body), body, NOW)


# --- not genuine ---------------------------------------------------------------------------------------------


def test_genuine_requests_full_of_nonsense_raise_nothing_but_rejected(line: Line) -> None:
    chance = random.Random(7)
    for _ in range(3_000):
        body = bytearray(BODIES[chance.choice(sorted(BODIES))])
        for _ in range(chance.randrange(1, 4)):
            body[chance.randrange(len(body))] = chance.choice(b'{}[]",:0e-.\\ntrue\x00\xff')
        with contextlib.suppress(Rejected):
            line.accept(signed(bytes(body)), bytes(body), NOW)


# --- beside --------------------------------------------------------------------------------------------------


def test_the_retry_key_is_a_uuid_made_of_the_messages_key() -> None:
    space = uuid.UUID(bytes=RETRY_KEYS)
    for key in ("K7Q2M4-1-0", "answer-ż😀", *(f"case-{number}" for number in range(200))):
        assert retry_key(key) == str(uuid.uuid5(space, key))
    # A bot of another version, which takes up where this one stopped, must make the same one.
    assert retry_key("K7Q2M4-1-0") == "09d1e0d2-d858-5f92-a19d-db5f2c0708d5"


async def test_a_file_is_fetched(line: Line, side: LineSide) -> None:
    assert isinstance(line, Media)
    (file,) = message(line, "image").files
    side.contents[file.ref] = (202, b"")
    with pytest.raises(Busy) as busy:
        await content_of(line, file)
    assert busy.value.retry_after_s == PREPARED_S
    side.contents[file.ref] = (200, b"\xff\xd8picture")
    assert await content_of(line, file) == b"\xff\xd8picture"
    side.contents[file.ref] = (410, b"")
    with pytest.raises(Refused, match="keep"):
        await content_of(line, file)


async def test_a_sticker_has_no_content_and_a_ref_leads_nowhere_else(line: Line) -> None:
    with pytest.raises(Refused, match="sticker"):
        await content_of(line, File("sticker", "446/1988"))
    with pytest.raises(Refused):
        await content_of(line, File("photo", "../../info?"))


async def test_a_file_too_large_is_not_carried(
    line: Line, side: LineSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.line.calls.FETCH_BYTES", 100)
    side.contents["1"] = (200, b"x" * 101)
    with pytest.raises(Refused, match="larger than"):
        await content_of(line, File("video", "1"))


async def test_typing_is_line_s_dots_and_fails_silently(
    line: Line, side: LineSide, tools: Tools, nobody: str
) -> None:
    assert isinstance(line, Typing)
    await line.show_typing(CUSTOMER, "")
    assert side.dots == [{"chatId": CUSTOMER, "loadingSeconds": 10}]
    await open_channel(Options(SECRET, TOKEN, nobody), tools).show_typing(CUSTOMER, "")


@pytest.mark.parametrize(
    ("contact", "payload", "address"),
    [
        ("https://line.me/R/ti/p/@acme", "", "https://line.me/R/ti/p/@acme"),
        ("https://line.me/R/ti/p/@acme", "ABC", "https://line.me/R/oaMessage/%40acme/?/start%20ABC"),
        ("https://acme.example", "ABC", ""),
    ],
)
def test_an_invitation_opens_the_chat_with_a_text_to_send(
    side: LineSide, tools: Tools, contact: str, payload: str, address: str
) -> None:
    assert opened(side, replace(tools, contact=contact)).invitation(payload) == address
