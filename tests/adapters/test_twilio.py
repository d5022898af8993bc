"""Twilio's adapter against the signer of Twilio's own library, and against a server that answers as Twilio does."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from twilio.request_validator import RequestValidator

from adapters.base import (
    AgentCommand,
    Answering,
    Arrival,
    Attachment,
    BadOptions,
    Busy,
    Channel,
    Checked,
    CommandAnswer,
    CustomerGone,
    CustomerMessage,
    EditOut,
    File,
    Malformed,
    Media,
    Person,
    Pushed,
    Refused,
    Rejected,
    Tools,
    Uncertain,
    Undeliverable,
    Undelivered,
    Untrusted,
)
from adapters.twilio import Options, Twilio, open_channel
from bot import config as configuration
from bot.app import running
from bot.clock import Chance, Clock
from tests.adapters.carrying import content_of, holding
from tests.adapters.contract import MESSAGE, NOW, Contract
from tests.fakes.servers import free_port

FIXTURES = Path(__file__).parent / "fixtures" / "twilio"
ACCOUNT = "AC00000000000000000000000000000001"
SERVICE = "MG00000000000000000000000000000001"
SENDER, AINO = "+15005550006", "+358401234567"
TOKEN, OLD, OTHER = "0123456789abcdef0123456789abcdef", "a" * 32, "b" * 32
LOGIN = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
HOOK = "https://wait.example.com/hooks/twilio"
AGENT = "whatsapp:+358409999999"
MAP = "https://www.openstreetmap.org/?mlat=60.169857&mlon=24.938379"


def fixture(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))
    return read


def sid(number: int, kind: str = "SM") -> str:
    return f"{kind}{number:032x}"


def signed(form: Mapping[str, str], token: str = TOKEN, url: str = HOOK) -> dict[str, str]:
    """The headers that Twilio's library makes."""
    return {"X-Twilio-Signature": RequestValidator(token).compute_signature(url, dict(form))}


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        yield session


@pytest.fixture
def tools(http: ClientSession) -> Tools:
    return Tools("twilio", http, lambda: NOW, agents=frozenset({AGENT}), hook_url=HOOK)


@pytest.fixture
def options() -> Options:
    return Options(ACCOUNT, TOKEN, SENDER)


@pytest.fixture
def twilio(options: Options, tools: Tools) -> Twilio:
    return open_channel(options, tools)


def accepted(twilio: Twilio, form: Mapping[str, str], **how: str) -> list[Arrival]:
    return twilio.accept(signed(form, **how), urlencode(form).encode(), NOW)


# --- the other end -------------------------------------------------------------------------------------------


class Side:
    """Twilio's REST interface and the store of its files, on loopback. `answers` are given first, one to each send;
    `files` by their path, where a number is a status."""

    def __init__(self) -> None:
        self.base = ""
        self.sent: list[dict[str, str]] = []
        self.answers: list[web.Response | None] = []
        self.pages: dict[str, Any] = {}
        self.files: dict[str, bytes | int] = {}
        self.seen: list[tuple[str, str | None]] = []

    async def messages(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == LOGIN
        form = dict(await request.post())
        answer = self.answers.pop(0) if self.answers else web.json_response(fixture("rest_sent"), status=201)
        if answer is None:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if answer.status == 201:
            self.sent.append({name: str(value) for name, value in form.items()})
        return answer

    async def read(self, request: web.Request) -> web.Response:
        self.seen.append((request.path_qs, request.headers.get("Authorization")))
        path = request.path
        if path.startswith("/store/"):
            found = self.files[path.removeprefix("/store/")]
            return web.Response(status=found) if isinstance(found, int) else web.Response(body=found)
        if "/Media/" in path:
            name = path.rpartition("/")[2]
            known = name in self.files
            return web.Response(status=307 if known else 404, headers={"Location": f"/store/{name}"})
        if path in self.pages:
            return web.json_response(self.pages[path])
        return web.json_response({"code": 20404, "status": 404}, status=404)


@asynccontextmanager
async def serving() -> AsyncIterator[Side]:
    side, app = Side(), web.Application()
    app.router.add_post(f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", side.messages)
    app.router.add_get("/{path:.*}", side.read)
    async with TestServer(app) as server:
        side.base = str(server.make_url("")).rstrip("/")
        yield side


@pytest.fixture
async def side() -> AsyncIterator[Side]:
    async with serving() as running:
        yield running


@pytest.fixture
def calling(options: Options, tools: Tools, side: Side) -> Twilio:
    return open_channel(replace(options, api_base=side.base), tools)


def failure(status: int, code: int, **headers: str) -> web.Response:
    """An error as Twilio words it, with the customer's number in it."""
    said = {"code": code, "message": f"Invalid 'To' Phone Number: {AINO}", "status": status}
    return web.json_response(said, status=status, headers=headers)


class TestTwilio(Contract):
    @pytest.fixture
    async def channel(self, calling: Twilio) -> Channel:
        return calling


def test_it_can_answer_fetch_and_be_checked(twilio: Twilio) -> None:
    assert isinstance(twilio, Answering)
    assert isinstance(twilio, Media)
    assert isinstance(twilio, Checked)
    assert not twilio.limits.resend_is_safe
    assert twilio.thanks.content_type == "text/xml"
    assert twilio.thanks.body.endswith(b"<Response/>")


# --- genuine -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sms", "whatsapp", "sms_with_pictures"])
def test_what_the_library_signs_is_genuine(twilio: Twilio, name: str) -> None:
    assert accepted(twilio, fixture(name))


def test_both_tokens_count_during_rotation_and_none_else(options: Options, tools: Tools) -> None:
    twilio = open_channel(replace(options, token=(TOKEN, OLD)), tools)
    for token in (TOKEN, OLD):
        assert accepted(twilio, fixture("sms"), token=token)
    with pytest.raises(Untrusted):
        accepted(twilio, fixture("sms"), token=OTHER)


@pytest.mark.parametrize(
    ("hook", "signed_for"),
    [
        (HOOK, HOOK.replace(".com", ".com:443")),
        (HOOK.replace(".com", ".com:8443"), HOOK.replace(".com", ".com:8443")),
        (HOOK.replace(".com", ".com:8443"), HOOK),
        ("http://[2001:db8::1]/hooks/twilio", "http://[2001:db8::1]:80/hooks/twilio"),
        ("http://[2001:db8::1]:8080/hooks/twilio", "http://[2001:db8::1]/hooks/twilio"),
    ],
)
def test_the_address_counts_with_and_without_its_port(
    options: Options, tools: Tools, hook: str, signed_for: str
) -> None:
    assert accepted(open_channel(options, replace(tools, hook_url=hook)), fixture("sms"), url=signed_for)


def test_the_address_is_the_configured_one_whatever_host_is_named(twilio: Twilio) -> None:
    form = fixture("sms")
    elsewhere = signed(form, url="https://evil.example/hooks/twilio")
    with pytest.raises(Untrusted, match=re.escape(HOOK)):
        twilio.accept(elsewhere | {"Host": "evil.example"}, urlencode(form).encode(), NOW)
    assert twilio.accept(signed(form) | {"Host": "evil.example"}, urlencode(form).encode(), NOW)


def pushed(body: bytes, digest: str, **headers: str) -> Pushed:
    return Pushed("POST", "", {"bodySHA256": digest}, {"Content-Type": "application/json", **headers}, body)


def test_json_is_signed_by_the_digest_in_the_address(twilio: Twilio) -> None:
    body, validator = '[{"type": "com.twilio.messaging.message.delivered"}]', RequestValidator(TOKEN)
    digest = validator.compute_hash(body)
    url = f"{HOOK}?bodySHA256={digest}"
    signature = validator.compute_signature(url, {})
    assert validator.validate(url, body, signature)
    genuine = pushed(body.encode(), digest, **{"X-Twilio-Signature": signature})
    assert twilio.answer(genuine, NOW) == twilio.thanks
    for forged in (
        replace(genuine, body=body.encode() + b" "),
        replace(genuine, headers={}),
        replace(genuine, query={"bodySHA256": "0" * 64}),
        replace(genuine, query={"bodySHA256": "\udcff"}),
    ):
        with pytest.raises(Untrusted):
            twilio.answer(forged, NOW)


def test_a_form_is_not_answered_before_it_is_accepted(twilio: Twilio) -> None:
    form = fixture("sms")
    request = Pushed("POST", "", {}, signed(form), urlencode(form).encode())
    assert twilio.answer(request, NOW) is None


@pytest.mark.parametrize(
    "signature", ["", "AAAA", "ä", "\udcff", base64.b64encode(bytes(20)).decode(), "x" * 10_000]
)
def test_another_signature_is_not_trusted(twilio: Twilio, signature: str) -> None:
    with pytest.raises(Untrusted) as caught:
        twilio.accept({"X-Twilio-Signature": signature}, urlencode(fixture("sms")).encode(), NOW)
    assert TOKEN not in str(caught.value)


def test_a_form_is_read_within_bounds(twilio: Twilio) -> None:
    many = {f"Field{number}": "x" for number in range(300)}
    for body in (urlencode(many).encode(), b"Body", b"Body=%ff", b"Body=\xc3\xa4", b"a=1&&b=2"):
        with pytest.raises(Untrusted, match="form"):
            twilio.accept(signed({}), body, NOW)


def mutation(source: random.Random, body: bytes) -> bytes:
    """The body with one to three bytes changed, added or taken out."""
    changed = bytearray(body)
    for _ in range(source.randint(1, 3)):
        at, byte = source.randrange(len(changed)), source.choice(b"abcXYZ0189=&%+-. \x00\xff")
        match source.randrange(4):
            case 0:
                changed[at] = byte
            case 1:
                changed.insert(at, byte)
            case 2:
                del changed[at]
            case 3:
                changed[at : at + 3] = changed[at : at + 3][::-1]
    return bytes(changed)


def test_ten_thousand_forged_requests_are_rejected(twilio: Twilio) -> None:
    source, rejected, said = random.Random(6), Counter[str](), set[str]()
    genuine = [(signed(form), urlencode(form).encode()) for form in map(fixture, ("sms", "whatsapp"))]
    as_before = [twilio.accept(headers, body, NOW) for headers, body in genuine]
    while rejected.total() < 10_000:
        (headers, body), arrivals = source.choice(list(zip(genuine, as_before, strict=True)))
        if source.random() < 0.2:
            signature = mutation(source, headers["X-Twilio-Signature"].encode()).decode("latin-1")
            forged, signature_is_as_before = body, signature == headers["X-Twilio-Signature"]
        else:
            forged, signature, signature_is_as_before = (
                mutation(source, body),
                headers["X-Twilio-Signature"],
                True,
            )
        try:
            taken = twilio.accept({"X-Twilio-Signature": signature}, forged, NOW)
        except Rejected as error:
            rejected[type(error).__name__] += 1
            said.add(str(error))
            continue
        # The same fields may be written in another way (%2b for %2B), which is no forgery.
        assert signature_is_as_before
        assert taken == arrivals
    assert rejected["Untrusted"] > 9_900
    assert not any(text in "".join(said) for text in ("parcel", AINO, TOKEN))


def test_the_border_of_name_and_value_is_not_signed_and_what_is_needed_must_be_there_by_name(
    twilio: Twilio,
) -> None:
    """The scheme joins names and values without a mark between them; TLS has to keep requests from strangers."""
    form = fixture("sms")
    headers = signed(form)
    for name in ("MessageSid", "From", "To", "AccountSid", "NumMedia", "Body"):
        moved = {key: value for key, value in form.items() if key != name}
        moved[name + form[name][:1]] = form[name][1:]
        joined = ["".join(key + value for key, value in sorted(one.items())) for one in (form, moved)]
        assert joined[0] == joined[1], "the signature fits"
        body = urlencode(moved).encode()
        if name == "Body":
            assert twilio.accept(headers, body, NOW) == []
        elif name == "NumMedia":
            assert twilio.accept(headers, body, NOW) == ARRIVALS["sms"]
        else:
            with pytest.raises(Malformed, match=name):
                twilio.accept(headers, body, NOW)


# --- what came in --------------------------------------------------------------------------------------------

AINO_SMS, AINO_WHATSAPP = Person(AINO), Person(f"whatsapp:{AINO}", "Aino Żółć 😀")
ON_WHATSAPP = f"whatsapp:{AINO} whatsapp:{SENDER}"
ARRIVALS: Mapping[str, list[Arrival]] = {
    "sms": [CustomerMessage(sid(1), AINO, AINO_SMS, "Where is my parcel?", ref=sid(1))],
    "sms_to_another_number": [
        CustomerMessage(sid(2), f"{AINO} +15005550009", AINO_SMS, "Where is my parcel?", ref=sid(2))
    ],
    "sms_with_pictures": [
        CustomerMessage(
            sid(3, "MM"),
            AINO,
            AINO_SMS,
            "",
            files=(
                File("photo", f"{sid(3, 'MM')}/Media/{sid(1, 'ME')}", mime="image/jpeg"),
                File("document", f"{sid(3, 'MM')}/Media/{sid(2, 'ME')}", mime="text/vcard"),
                File("audio", f"{sid(3, 'MM')}/Media/{sid(3, 'ME')}", mime="audio/ogg"),
            ),
            ref=sid(3, "MM"),
        )
    ],
    "sms_echo": [],
    "whatsapp": [
        CustomerMessage(sid(6), ON_WHATSAPP, AINO_WHATSAPP, "Hei + terve & kiitos=100% 😀", ref=sid(6))
    ],
    "whatsapp_location": [
        CustomerMessage(
            sid(7),
            ON_WHATSAPP,
            AINO_WHATSAPP,
            "",
            files=(File("location", "60.169857,24.938379", "Central station", text=MAP),),
            ref=sid(7),
        )
    ],
    "whatsapp_button": [CustomerMessage(sid(8), ON_WHATSAPP, AINO_WHATSAPP, "Yes, please", ref=sid(8))],
    "whatsapp_unknown_kind": [],
    "whatsapp_command": [
        AgentCommand(sid(10), Person(AGENT), "claim", "K7Q2M4", answer_to=f"{AGENT} whatsapp:{SENDER}")
    ],
    "stop": [CustomerGone(sid(11), AINO)],
    "stop_by_default": [CustomerGone(sid(12), AINO)],
    "start": [],
    "help": [CustomerMessage(sid(14), AINO, AINO_SMS, "HELP", ref=sid(14))],
    "status_sent": [],
    "status_delivered": [],
    "status_failed": [
        Undeliverable(
            sid(15), AINO, "the customer has opted out with STOP: nothing can be sent until they write START"
        )
    ],
    "status_undelivered": [
        Undeliverable(sid(16), AINO, "the customer's phone is switched off or out of reach")
    ],
    "call": [],
}


@pytest.mark.parametrize("name", ARRIVALS)
def test_what_a_request_brings(twilio: Twilio, name: str) -> None:
    form = fixture(name)
    assert accepted(twilio, form) == ARRIVALS[name]
    assert accepted(twilio, form) == ARRIVALS[name], "redelivered, it is the same"


def test_every_fixture_of_a_request_is_tried() -> None:
    names = {path.stem for path in FIXTURES.glob("*.json")}
    assert names - set(ARRIVALS) == {"sms_missing_sid", "status_window", "rest_sent"}


def test_a_closed_window_is_told_with_the_way_out(twilio: Twilio) -> None:
    (told,) = accepted(twilio, fixture("status_window"))
    assert isinstance(told, Undeliverable)
    assert told.conversation_id == ON_WHATSAPP
    assert "24 hours" in told.reason


def test_a_failure_that_is_not_known_names_the_page_that_explains_it(twilio: Twilio) -> None:
    for code, reason in (
        ("12345", "/12345"),
        ("", "no reason"),
        ("1e9", "no reason"),
        ("9" * 99, "no reason"),
    ):
        (told,) = accepted(twilio, fixture("status_failed") | {"ErrorCode": code})
        assert isinstance(told, Undeliverable)
        assert reason in told.reason


def test_a_service_understands_all_its_numbers(options: Options, tools: Tools) -> None:
    twilio = open_channel(replace(options, sender=SERVICE), tools)
    for name in ("sms", "sms_to_another_number", "whatsapp"):
        (message,) = accepted(twilio, fixture(name))
        assert isinstance(message, CustomerMessage)
        assert message.conversation_id == message.customer.id


@pytest.mark.parametrize(
    ("address", "text", "gone"),
    [
        (AINO, "STOPALL", True),
        (AINO, "cancel", True),
        (AINO, "please stop", False),
        (f"whatsapp:{AINO}", "Stop", True),
        (f"whatsapp:{AINO}", "cancel", False),
    ],
)
def test_who_opts_out_by_a_word_is_gone(twilio: Twilio, address: str, text: str, gone: bool) -> None:
    (arrival,) = accepted(twilio, fixture("sms") | {"From": address, "Body": text})
    assert isinstance(arrival, CustomerGone) is gone


def test_a_command_by_sms_is_not_an_agents(options: Options, tools: Tools) -> None:
    """Anybody can send an SMS in somebody else's name."""
    twilio = open_channel(options, replace(tools, agents=frozenset({AINO})))
    (arrival,) = accepted(twilio, fixture("sms") | {"Body": "/claim K7Q2M4"})
    assert isinstance(arrival, CustomerMessage)


@pytest.mark.parametrize("name", ["MessageSid", "From", "To", "AccountSid"])
def test_what_is_missing_is_named(twilio: Twilio, name: str) -> None:
    for form in (fixture("sms"), fixture("status_failed")):
        del form[name]
        with pytest.raises(Malformed, match=f"^{name}: "):
            accepted(twilio, form)


def test_a_message_without_its_name_is_malformed(twilio: Twilio) -> None:
    with pytest.raises(Malformed, match="MessageSid: is missing"):
        accepted(twilio, fixture("sms_missing_sid"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MessageSid", "SM1"),
        ("MessageSid", sid(1) + "\n"),
        ("From", ""),
        ("From", "+358 40"),
        ("From", "x" * 101),
        ("To", "a\nb"),
        ("AccountSid", ACCOUNT.replace("1", "2")),
        ("Body", "x" * 16_001),
        ("NumMedia", "-1"),
        ("NumMedia", "11"),
        ("NumMedia", "²"),
        ("NumMedia", "one"),
        ("Latitude", "nan"),
        ("Latitude", "181"),
        ("Latitude", "1e2"),
    ],
)
def test_what_is_not_as_documented_is_named_and_not_shown(twilio: Twilio, name: str, value: str) -> None:
    with pytest.raises(Malformed, match=f"^{name}: ") as caught:
        accepted(twilio, fixture("sms") | {name: value})
    assert not value or value not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://evil.example/x.jpg",
        "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/../../Media/x",
        f"https://api.twilio.com/Messages/{sid(3, 'MM')}/Media/{sid(1, 'ME')}\n",
    ],
)
def test_a_file_that_is_none_of_twilios_is_not_taken(twilio: Twilio, url: str) -> None:
    with pytest.raises(Malformed, match=r"^MediaUrl1: "):
        accepted(twilio, fixture("sms_with_pictures") | {"MediaUrl1": url})


def test_a_field_is_there_once(twilio: Twilio) -> None:
    form = fixture("sms")
    body = urlencode([*form.items(), ("Body", form["Body"])]).encode()
    with pytest.raises(Malformed, match="twice"):
        twilio.accept(signed(form), body, NOW)


# --- files ---------------------------------------------------------------------------------------------------

PICTURE = File("photo", f"{sid(3, 'MM')}/Media/{sid(1, 'ME')}", mime="image/jpeg")


async def test_a_file_is_fetched_and_the_token_stays_at_twilio(calling: Twilio, side: Side) -> None:
    side.files[sid(1, "ME")] = b"\xff\xd8picture"
    assert await content_of(calling, PICTURE) == b"\xff\xd8picture"
    (first, asked), (second, shown) = side.seen
    assert first == f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{PICTURE.ref}"
    assert asked == LOGIN
    assert (second, shown) == (f"/store/{sid(1, 'ME')}", None)


@pytest.mark.parametrize(
    ("found", "error"), [(None, Refused), (404, Refused), (503, Busy), (b"x" * 16_000_001, Refused)]
)
async def test_a_file_that_cannot_be_had(
    calling: Twilio, side: Side, found: bytes | int | None, error: type[Undelivered]
) -> None:
    if found is not None:
        side.files[sid(1, "ME")] = found
    with pytest.raises(error):
        await content_of(calling, PICTURE)


@pytest.mark.parametrize(
    "ref", ["", "60.169857,24.938379", "../../x", "https://evil.example/", PICTURE.ref + "\n"]
)
async def test_what_is_no_file_of_twilios_is_not_asked_for(calling: Twilio, side: Side, ref: str) -> None:
    with pytest.raises(Refused):
        await content_of(calling, replace(PICTURE, ref=ref))
    assert side.seen == []


# --- out -----------------------------------------------------------------------------------------------------

TO_AINO = replace(MESSAGE, conversation_id=AINO, customer_id=AINO)


async def test_what_is_sent(calling: Twilio, side: Side) -> None:
    assert await calling.send(TO_AINO) == sid(99)
    assert await calling.send(replace(TO_AINO, conversation_id=ON_WHATSAPP)) == sid(99)
    body = {"Body": MESSAGE.text, "StatusCallback": HOOK}
    assert side.sent == [
        {"To": AINO, "From": SENDER, **body},
        {"To": f"whatsapp:{AINO}", "From": f"whatsapp:{SENDER}", **body},
    ]


async def test_a_service_chooses_the_number(options: Options, tools: Tools, side: Side) -> None:
    twilio = open_channel(replace(options, sender=SERVICE, api_base=side.base), tools)
    await twilio.send(TO_AINO)
    await twilio.send(replace(TO_AINO, conversation_id=ON_WHATSAPP))
    assert [form["MessagingServiceSid"] for form in side.sent] == [SERVICE, SERVICE]
    assert not any("From" in form for form in side.sent)


async def test_an_answer_to_an_agent_goes_where_it_was_asked_and_is_cut(calling: Twilio, side: Side) -> None:
    asked = f"{AGENT} whatsapp:{SENDER}"
    await calling.send(CommandAnswer("a", "x", AGENT, "😀" * 801, ok=True, case_id=None, answer_to=asked))
    (form,) = side.sent
    assert (form["To"], form["From"], form["Body"]) == (AGENT, f"whatsapp:{SENDER}", "😀" * 799 + "…")


def test_a_text_is_measured_so_that_no_count_comes_to_more(twilio: Twilio) -> None:
    assert twilio.limits.text_chars == 1_600
    assert [twilio.limits.measure(text) for text in ("", "ab", "ż", "😀")] == [0, 2, 1, 2]


async def test_files_and_changes_are_refused_with_the_way_out(calling: Twilio, side: Side) -> None:
    with pytest.raises(Refused, match=r"public_url.*link"):
        await calling.send(replace(TO_AINO, text="", attachments=(holding(PICTURE, b"x"),)))
    url = "https://jono.example/files/token/photo.jpg"
    for to, size in ((AINO, 5_000_001), (ON_WHATSAPP, 5_000_001)):
        large = Attachment(replace(PICTURE, size_bytes=size), url=url)
        with pytest.raises(Refused, match="5 MB"):
            await calling.send(replace(TO_AINO, conversation_id=to, text="", attachments=(large,)))
    with pytest.raises(Refused):
        await calling.send(EditOut("k", AINO, AINO, sid(99), "new"))
    assert side.sent == []


async def test_files_go_by_their_addresses_one_each(calling: Twilio, side: Side) -> None:
    one, two = (f"https://jono.example/files/{name}/a.jpg" for name in ("one", "two"))
    place = File("location", "60.1,24.9", text="https://map.example")
    files = (holding(PICTURE, b"x", one), Attachment(PICTURE, url=two), Attachment(place))
    assert await calling.send(replace(TO_AINO, text="", attachments=files)) == sid(99)
    assert [(form.get("MediaUrl"), form.get("Body")) for form in side.sent] == [
        (one, None),
        (two, None),
        (None, "https://map.example"),
    ]
    assert {form["StatusCallback"] for form in side.sent} == {HOOK}


async def test_files_that_went_are_not_sent_again(calling: Twilio, side: Side) -> None:
    message = replace(TO_AINO, text="", attachments=(holding(PICTURE, b"x", "https://jono.example/a"),) * 2)
    side.answers = [failure(429, 20429)]
    with pytest.raises(Busy):
        await calling.send(message)
    taken = web.json_response(fixture("rest_sent"), status=201)
    side.answers = [taken, failure(429, 20429)]
    with pytest.raises(Uncertain, match="only 1 of 2"):
        await calling.send(message)


ENDS = [
    (400, 21211, Refused, None),
    (400, 21408, Refused, None),
    (400, 21610, Refused, None),
    (400, 21614, Refused, None),
    (400, 63016, Refused, None),
    (400, 99999, Refused, None),
    (400, 21606, Busy, 60.0),
    (400, 21611, Busy, None),
    (401, 20003, Busy, 60.0),
    (403, 20003, Busy, 60.0),
    (404, 20404, Busy, 60.0),
    (429, 20429, Busy, None),
    (500, 20500, Busy, None),
    (503, 20503, Busy, None),
    (504, 20504, Uncertain, None),
]


@pytest.mark.parametrize(("status", "code", "error", "retry_after_s"), ENDS)
async def test_what_a_failure_means(
    calling: Twilio,
    side: Side,
    status: int,
    code: int,
    error: type[Undelivered],
    retry_after_s: float | None,
) -> None:
    side.answers = [failure(status, code)]
    with pytest.raises(error) as caught:
        await calling.send(TO_AINO)
    if isinstance(caught.value, Busy):
        assert caught.value.retry_after_s == retry_after_s
    if isinstance(caught.value, Refused):
        assert f"(code {code})" in str(caught.value)
    assert AINO not in str(caught.value)
    assert TOKEN not in str(caught.value)


async def test_twilio_says_when_to_come_back(calling: Twilio, side: Side) -> None:
    side.answers = [failure(429, 20429, **{"Retry-After": "7"})]
    with pytest.raises(Busy) as caught:
        await calling.send(TO_AINO)
    assert caught.value.retry_after_s == 7.0


@pytest.mark.parametrize("status", [301, 403, 404, 400])
async def test_somebody_in_between_says_nothing_of_the_message(
    calling: Twilio, side: Side, status: int
) -> None:
    side.answers = [web.Response(status=status, text="<html>", headers={"Location": "/elsewhere"})]
    with pytest.raises(Busy):
        await calling.send(TO_AINO)


@pytest.mark.parametrize("answer", [None, web.Response(text="<html>"), web.json_response({"sid": 7})])
async def test_what_perhaps_arrived_is_uncertain(
    calling: Twilio, side: Side, answer: web.Response | None
) -> None:
    side.answers = [answer]
    with pytest.raises(Uncertain):
        await calling.send(TO_AINO)


async def test_who_does_not_answer_leaves_us_uncertain(
    options: Options, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.base.calling.TIMEOUT", aiohttp.ClientTimeout(total=0.2))
    gone = asyncio.Event()

    async def never(request: web.Request) -> web.Response:
        await gone.wait()
        return web.Response()

    app = web.Application()
    app.router.add_post("/{path:.*}", never)
    async with TestServer(app) as server:
        twilio = open_channel(replace(options, api_base=str(server.make_url(""))), tools)
        with pytest.raises(Uncertain):
            await twilio.send(TO_AINO)
        gone.set()


async def test_nobody_there_is_certainly_not_delivered(options: Options, tools: Tools) -> None:
    twilio = open_channel(replace(options, api_base=f"http://127.0.0.1:{free_port()}"), tools)
    with pytest.raises(Busy):
        await twilio.send(TO_AINO)


async def test_in_bad_weather_all_is_delivered_and_nothing_before_its_time(
    calling: Twilio, side: Side
) -> None:
    """Every tenth send is told to wait, every twentieth fails: the wait told is the wait raised."""
    source, told, raised = random.Random(6), Counter[float | None](), Counter[float | None]()
    for number in range(300):
        while True:
            chance = source.random()
            if chance < 0.10:
                wait_s = source.randint(1, 5)
                side.answers = [failure(429, 20429, **{"Retry-After": str(wait_s)})]
                told[float(wait_s)] += 1
            elif chance < 0.15:
                side.answers = [failure(source.choice((500, 502, 503)), 20500)]
                told[None] += 1
            try:
                await calling.send(replace(TO_AINO, key=f"k-{number}", text=f"message {number}"))
            except Busy as busy:
                raised[busy.retry_after_s] += 1
                continue
            break
    assert raised == told
    assert raised.total() > 30
    assert [form["Body"] for form in side.sent] == [f"message {number}" for number in range(300)]


# --- the whole way -------------------------------------------------------------------------------------------


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_customer_is_told_the_wait_once_and_nothing_after_stop(
    store_url: str, side: Side, http: ClientSession
) -> None:
    channel = {"adapter": "twilio", "queue": "support", "account": ACCOUNT, "token": [TOKEN, OLD]}
    config = configuration.check(
        {
            "bot": {"name": "Acme"},
            "server": {"listen": "127.0.0.1:0", "public_url": "https://wait.example.com"},
            "store": {"url": store_url},
            "queues": {"support": {}},
            "channels": {"twilio": {**channel, "sender": SENDER, "api_base": side.base}},
            "outgoing": {"allow_private": True},
        }
    )
    async with running(config, Clock(), Chance(7)) as bot:
        await bot.ready.wait()

        async def push(form: Mapping[str, str], token: str = TOKEN) -> tuple[int, str, str]:
            # Behind a proxy the bot is reached at another address than the one that Twilio calls.
            url, headers = f"{bot.address}/hooks/twilio", signed(form, token)
            async with http.post(url, data=dict(form), headers=headers) as answer:
                return answer.status, answer.content_type, await answer.text()

        thanks = (200, "text/xml", '<?xml version="1.0" encoding="UTF-8"?><Response/>')
        for token in (TOKEN, OLD, TOKEN):
            assert await push(fixture("sms"), token) == thanks
        assert (await push(fixture("sms"), OTHER))[0] == 401
        assert (await push(fixture("sms_missing_sid")))[0] == 400
        await until(lambda: side.sent)
        (case_id,) = await bot.parts.store.waiting("support", 10)
        assert await push(fixture("status_undelivered")) == thanks
        assert await push(fixture("stop")) == thanks
        assert await bot.parts.store.waiting("support", 10) == []
        case = await bot.parts.store.find(["support"], case_id)
        assert case is not None
        assert not case.is_open
    (told,) = side.sent
    assert (told["To"], told["From"]) == (AINO, SENDER)
    assert "how long a reply will take" in told["Body"]


# --- check ---------------------------------------------------------------------------------------------------

NUMBERS = f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json"
NUMBER = {"phone_number": SENDER, "sms_url": HOOK, "sms_method": "POST"}


async def wrongs(twilio: Twilio) -> str:
    return "; ".join(finding.wrong for finding in await twilio.check() if finding.wrong)


@pytest.fixture
def account(side: Side) -> Side:
    side.pages[f"/2010-04-01/Accounts/{ACCOUNT}.json"] = {"sid": ACCOUNT, "status": "active", "type": "Full"}
    side.pages[NUMBERS] = {"incoming_phone_numbers": [NUMBER]}
    side.pages[f"/v1/Services/{SERVICE}"] = {"inbound_request_url": HOOK, "inbound_method": "POST"}
    return side


async def test_a_channel_that_would_work(calling: Twilio, account: Side) -> None:
    found = await calling.check()
    assert [finding.what for finding in found] == ["the account", f"the sender {SENDER}"]
    assert not await wrongs(calling)
    assert (NUMBERS + "?PhoneNumber=%2B15005550006") in [path for path, _ in account.seen]


@pytest.mark.parametrize(
    ("path", "page", "wrong"),
    [
        (f"/2010-04-01/Accounts/{ACCOUNT}.json", {"status": "suspended"}, "suspended"),
        (NUMBERS, {"incoming_phone_numbers": []}, "no number of this account"),
        (NUMBERS, {"incoming_phone_numbers": ["x"]}, "no number of this account"),
        (NUMBERS, [], "no number of this account"),
        (NUMBERS, {"incoming_phone_numbers": [NUMBER | {"sms_url": "https://x.example"}]}, HOOK),
        (NUMBERS, {"incoming_phone_numbers": [NUMBER | {"sms_method": "GET"}]}, "POST"),
    ],
)
async def test_what_is_missing_is_found(
    calling: Twilio, account: Side, path: str, page: object, wrong: str
) -> None:
    account.pages[path] = page
    assert wrong in await wrongs(calling)


async def test_an_account_that_is_not_there_is_found(calling: Twilio, side: Side) -> None:
    assert await wrongs(calling) == "the account or its token is not accepted (account, token)"


async def test_a_service_is_looked_at(options: Options, tools: Tools, account: Side) -> None:
    twilio = open_channel(replace(options, sender=SERVICE, api_base=account.base), tools)
    assert not await wrongs(twilio)
    account.pages[f"/v1/Services/{SERVICE}"] = {"use_inbound_webhook_on_number": True}
    assert not await wrongs(twilio)
    assert "each must call the hook" in (await twilio.check())[-1].what
    account.pages[f"/v1/Services/{SERVICE}"] = {"inbound_request_url": None, "inbound_method": "POST"}
    assert HOOK in await wrongs(twilio)
    del account.pages[f"/v1/Services/{SERVICE}"]
    assert "is none of this account" in await wrongs(twilio)


async def test_a_whatsapp_sender_cannot_be_looked_at(options: Options, tools: Tools, account: Side) -> None:
    twilio = open_channel(replace(options, sender=f"whatsapp:{SENDER}", api_base=account.base), tools)
    assert not await wrongs(twilio)
    assert "Console" in (await twilio.check())[-1].what


async def test_agents_who_write_sms_are_found(options: Options, tools: Tools, account: Side) -> None:
    made = replace(tools, agents=frozenset({AINO}))
    twilio = open_channel(replace(options, api_base=account.base), made)
    assert "forged" in await wrongs(twilio)


async def test_a_platform_that_is_down_is_found(options: Options, tools: Tools) -> None:
    twilio = open_channel(replace(options, api_base=f"http://127.0.0.1:{free_port()}"), tools)
    assert await wrongs(twilio)


# --- options -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("account", "AC1"),
        ("account", sid(1)),
        ("token", "short"),
        ("token", ()),
        ("token", (TOKEN, "has a space in it")),
        ("sender", "+"),
        ("sender", "sms:+15005550006"),
        ("sender", "+1 500"),
        ("api_base", "api.twilio.com"),
    ],
)
def test_a_bad_option_is_named_and_no_token_shown(
    options: Options, tools: Tools, key: str, value: object
) -> None:
    with pytest.raises(BadOptions) as caught:
        open_channel(replace(options, **{key: value}), tools)  # type: ignore[arg-type]
    assert caught.value.key == key
    assert TOKEN not in str(caught.value)


def test_without_a_public_address_nothing_could_be_verified(options: Options, tools: Tools) -> None:
    with pytest.raises(BadOptions, match=r"server\.public_url"):
        open_channel(options, replace(tools, hook_url=""))


def test_the_token_is_not_shown(options: Options, twilio: Twilio) -> None:
    assert TOKEN not in repr(options)
    assert TOKEN not in repr(twilio)
