"""The Twilio channel takes in: forms as Twilio documents them, signed by Twilio's own library."""

from __future__ import annotations

import base64
import contextlib
import itertools
import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

import pytest
from twilio.request_validator import RequestValidator

from adapters.base import (
    AgentCommand,
    Answering,
    Arrival,
    Channel,
    Checked,
    CustomerGone,
    CustomerMessage,
    File,
    Inviting,
    Malformed,
    Media,
    Person,
    Pushed,
    Tools,
    Undeliverable,
    Untrusted,
)
from adapters.twilio import Options, Twilio, open_channel
from adapters.twilio.calls import why
from tests.adapters.contract import HUGE, NOW, Genuine, PushedContract
from tests.adapters.twilio_side import (
    AGENT,
    OLD,
    ON_WHATSAPP,
    OTHER,
    PICTURE,
    accepted,
    far,
    options,
    signed,
    tools,
    twilio,
)
from tests.fakes.twilio import ACCOUNT, AINO, FORMS, HOOK, SENDER, SERVICE, TOKEN, sid

__all__ = ["far", "options", "tools", "twilio"]

MAP = "https://www.openstreetmap.org/?mlat=60.169857&mlon=24.938379"
MALFORMED = "sms_missing_sid"
BODIES = {name: urlencode(form).encode() for name, form in FORMS.items()}


def proof(body: bytes, token: str) -> Mapping[str, str]:
    """Twilio signs the address alone where there is no form."""
    name = next((name for name in BODIES if BODIES[name] == body), "")
    return signed(FORMS[name] if name else {}, token)


def same_form(one: bytes, other: bytes) -> bool:
    """Whether two bodies hold the same form, however its characters are written (%2b for %2B)."""
    first, second = (parse_qsl(body.decode(), keep_blank_values=True) for body in (one, other))
    return first == second


class TestTwilio(PushedContract):
    @pytest.fixture
    def channel(self, twilio: Twilio) -> Channel:
        return twilio

    @pytest.fixture
    def genuine(self) -> Genuine:
        nothing = tuple(name for name, arrivals in READ.items() if not arrivals)
        samples = {**BODIES, "ordinary": BODIES["sms"]}
        return Genuine(samples, proof, (TOKEN, OLD), nothing, as_json=False, same=same_form)


def test_what_it_can_do_beside(twilio: Twilio) -> None:
    for ability in (Answering, Checked, Inviting, Media):
        assert isinstance(twilio, ability)
    assert twilio.limits.text_chars == 1_600
    assert not twilio.limits.resend_is_safe
    assert twilio.thanks.content_type == "text/xml"
    assert twilio.thanks.body.endswith(b"<Response/>")


# --- proof ---------------------------------------------------------------------------------------------------


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
    assert accepted(open_channel(options, replace(tools, hook_url=hook)), FORMS["sms"], signed_for)


def test_the_address_is_the_configured_one_whatever_host_is_named(twilio: Twilio) -> None:
    elsewhere = signed(FORMS["sms"], url="https://evil.example/hooks/twilio")
    with pytest.raises(Untrusted, match=re.escape(HOOK)):
        twilio.accept(elsewhere | {"Host": "evil.example"}, BODIES["sms"], NOW)
    assert twilio.accept(signed(FORMS["sms"]) | {"Host": "evil.example"}, BODIES["sms"], NOW)


@pytest.mark.parametrize(
    "signature",
    [
        "AAAA",
        "ä",
        "\udcff",
        base64.b64encode(bytes(20)).decode(),
        "x" * 10_000,
        signed(FORMS["sms"], OTHER)["X-Twilio-Signature"],
        signed(FORMS["whatsapp"])["X-Twilio-Signature"],
    ],
)
def test_another_signature_is_not_trusted(twilio: Twilio, signature: str) -> None:
    with pytest.raises(Untrusted):
        twilio.accept({"X-Twilio-Signature": signature}, BODIES["sms"], NOW)


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
    request = Pushed("POST", "", {}, signed(FORMS["sms"]), BODIES["sms"])
    assert twilio.answer(request, NOW) is None


def test_a_form_written_in_another_way_is_the_same_form(twilio: Twilio) -> None:
    form, as_before = FORMS["whatsapp"], accepted(twilio, FORMS["whatsapp"])
    every_byte = "&".join(
        "=".join("".join(f"%{byte:02x}" for byte in part.encode()) for part in pair) for pair in form.items()
    )
    for body in (every_byte.encode(), BODIES["whatsapp"].replace(b"+", b"%20")):
        assert twilio.accept(signed(form), body, NOW) == as_before


@pytest.mark.parametrize(
    "body",
    [
        b"Body",
        b"Body=%ff",
        b"Body=\xc3\xa4",
        b"a=1&&b=2",
        urlencode({f"F{n}": n for n in range(300)}).encode(),
    ],
)
def test_what_is_not_wholly_a_form_is_none(twilio: Twilio, body: bytes) -> None:
    with pytest.raises(Malformed, match="form"):
        twilio.accept(signed({}), body, NOW)
    fields = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    with pytest.raises(Untrusted):
        twilio.accept(signed(fields), body, NOW)


def test_the_border_of_name_and_value_is_not_signed_and_what_is_needed_must_be_there_by_name(
    twilio: Twilio,
) -> None:
    """The scheme joins names and values without a mark between them; TLS has to keep requests from strangers."""
    form = FORMS["sms"]
    for name in ("MessageSid", "From", "To", "AccountSid", "NumMedia", "Body"):
        moved = {key: value for key, value in form.items() if key != name}
        moved[name + form[name][:1]] = form[name][1:]
        assert signed(moved) == signed(form)
        body = urlencode(moved).encode()
        if name == "Body":
            assert twilio.accept(signed(form), body, NOW) == []
        elif name == "NumMedia":
            assert twilio.accept(signed(form), body, NOW) == READ["sms"]
        else:
            with pytest.raises(Malformed, match=name):
                twilio.accept(signed(form), body, NOW)


def test_a_field_is_there_once(twilio: Twilio) -> None:
    form = FORMS["sms"]
    body = urlencode([*form.items(), ("Body", form["Body"])]).encode()
    with pytest.raises(Malformed, match="twice"):
        twilio.accept(signed(form), body, NOW)


# --- what a form brings --------------------------------------------------------------------------------------


def written(name: str, text: str, *files: File, lane: str = AINO) -> CustomerMessage:
    customer = Person(f"whatsapp:{AINO}", "Aino Żółć 😀") if lane == ON_WHATSAPP else Person(AINO)
    return CustomerMessage(name, lane, customer, text, files=files, ref=name)


READ: Mapping[str, list[Arrival]] = {
    "sms": [written(sid(1), "Where is my parcel?")],
    "sms_to_another_number": [written(sid(2), "Where is my parcel?", lane=f"{AINO} +15005550009")],
    "sms_with_pictures": [
        written(
            sid(3, "MM"),
            "",
            PICTURE,
            File("document", PICTURE.ref[:-1] + "2", mime="text/vcard"),
            File("audio", PICTURE.ref[:-1] + "3", mime="audio/ogg"),
        )
    ],
    "sms_echo": [],
    "whatsapp": [written(sid(6), "Hei + terve & kiitos=100% 😀", lane=ON_WHATSAPP)],
    "whatsapp_location": [
        written(
            sid(7),
            "",
            File("location", "60.169857,24.938379", "Central station", text=MAP),
            lane=ON_WHATSAPP,
        )
    ],
    "whatsapp_button": [written(sid(8), "Yes, please", lane=ON_WHATSAPP)],
    "whatsapp_unknown_kind": [],
    "whatsapp_command": [
        AgentCommand(sid(10), Person(AGENT), "claim", "K7Q2M4", answer_to=f"{AGENT} whatsapp:{SENDER}")
    ],
    "stop": [CustomerGone(sid(11), AINO)],
    "stop_by_default": [CustomerGone(sid(12), AINO)],
    "start": [],
    "help": [written(sid(14), "HELP")],
    "status_sent": [],
    "status_delivered": [],
    "status_failed": [Undeliverable(sid(15), AINO, why(21610))],
    "status_undelivered": [Undeliverable(sid(16), AINO, why(30003))],
    "status_window": [Undeliverable(sid(17), ON_WHATSAPP, why(63016))],
    "call": [],
}


@pytest.mark.parametrize("name", FORMS)
def test_what_a_form_brings(twilio: Twilio, name: str) -> None:
    if name == MALFORMED:
        with pytest.raises(Malformed, match="MessageSid: is missing"):
            accepted(twilio, FORMS[name])
    else:
        assert accepted(twilio, FORMS[name]) == READ[name]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("21610", "until they write START"),
        ("30003", "switched off"),
        ("63016", "24 hours"),
        ("12345", "/12345"),
        ("", "no reason"),
        ("1e9", "no reason"),
        ("9" * 99, "no reason"),
    ],
)
def test_what_did_not_arrive_is_told_with_the_reason(twilio: Twilio, code: str, reason: str) -> None:
    (told,) = accepted(twilio, {**FORMS["status_failed"], "ErrorCode": code})
    assert isinstance(told, Undeliverable)
    assert reason in told.reason


def test_a_service_understands_all_its_numbers(options: Options, tools: Tools) -> None:
    service = open_channel(replace(options, sender=SERVICE), tools)
    for name in ("sms", "sms_to_another_number", "whatsapp"):
        (message,) = accepted(service, FORMS[name])
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
    (arrival,) = accepted(twilio, {**FORMS["sms"], "From": address, "Body": text})
    assert isinstance(arrival, CustomerGone) is gone


@pytest.mark.parametrize(
    ("address", "text", "meant", "queue"),
    [
        (AINO, "Start", "/start", None),
        (AINO, "unstop", "/start", None),
        (AINO, "YES", "YES", None),
        (f"whatsapp:{AINO}", "START", "START", None),
        (f"whatsapp:{AINO}", "/start ABCDEFGHIJKLMNOP", "/start ABCDEFGHIJKLMNOP", None),
        (f"whatsapp:{AINO}", "/start billing__fi", "/start fi", "billing"),
        (AINO, "/start billing", "/start", "billing"),
        (AINO, "/wait", "/wait", None),
    ],
)
def test_who_comes_back_or_by_a_link_is_greeted(
    twilio: Twilio, address: str, text: str, meant: str, queue: str | None
) -> None:
    (arrival,) = accepted(twilio, {**FORMS["sms"], "From": address, "Body": text})
    assert isinstance(arrival, CustomerMessage)
    assert (arrival.text, arrival.queue) == (meant, queue)


def test_a_command_by_sms_is_not_an_agents(options: Options, tools: Tools) -> None:
    """Anybody can send an SMS in somebody else's name."""
    channel = open_channel(options, replace(tools, agents=frozenset({AINO})))
    (arrival,) = accepted(channel, {**FORMS["sms"], "Body": "/claim K7Q2M4"})
    assert isinstance(arrival, CustomerMessage)


# --- what is not as it should be -----------------------------------------------------------------------------


def test_a_field_that_is_missing_or_strange_breaks_nothing(twilio: Twilio) -> None:
    strange = (None, "", HUGE, "\x00", "-1", "²", "nan", "a\nb", "😀")
    for form in FORMS.values():
        for name, value in itertools.product(form, strange):
            changed = {**form, name: value}
            changed_form = {key: text for key, text in changed.items() if text is not None}
            with contextlib.suppress(Malformed):
                accepted(twilio, changed_form)


@pytest.mark.parametrize("name", ["MessageSid", "From", "To", "AccountSid"])
def test_what_is_missing_is_named(twilio: Twilio, name: str) -> None:
    for form in (FORMS["sms"], FORMS["status_failed"]):
        with pytest.raises(Malformed, match=f"^{name}: "):
            accepted(twilio, {key: value for key, value in form.items() if key != name})


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
        ("Body", HUGE),
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
        accepted(twilio, {**FORMS["sms"], name: value})
    assert not value or value not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://evil.example/x.jpg",
        "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/../../Media/x",
        f"https://api.twilio.com/Messages/{PICTURE.ref}\n",
    ],
)
def test_a_file_that_is_none_of_twilios_is_not_taken(twilio: Twilio, url: str) -> None:
    with pytest.raises(Malformed, match=r"^MediaUrl0: "):
        accepted(twilio, {**FORMS["sms_with_pictures"], "MediaUrl0": url})
