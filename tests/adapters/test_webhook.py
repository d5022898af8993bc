"""The generic channel takes in: against the reference library of Standard Webhooks, and everything hostile."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientSession
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook as Reference

from adapters.base import (
    AgentCommand,
    Arrival,
    BadOptions,
    Channel,
    CustomerMessage,
    Malformed,
    Person,
    Rejected,
    Tools,
    Untrusted,
)
from adapters.webhook import Options, Webhook, open_channel
from tests.adapters.contract import NOW, Genuine, PushedContract
from tests.fakes.hostile import NOT_JSON, NOT_UTF8, forged
from tests.fakes.peer import peer

SECRET, OLD, OTHER = (
    "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3",
    "whsec_YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh",
    "whsec_YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJi",
)
MESSAGE_IN: dict[str, Any] = {
    "type": "message.received",
    "timestamp": "2026-01-05T12:00:00Z",
    "data": {
        "message_id": "m-1",
        "conversation_id": "c-1",
        "customer": {"id": "c-1", "name": "Aino", "language": "fi"},
        "text": "Hei 😀",
    },
}
COMMAND_IN: dict[str, Any] = {
    "type": "command.received",
    "timestamp": "2026-01-05T14:00:00+02:00",
    "data": {
        "command_id": "x-1",
        "agent": {"id": "a-1", "name": "Ann"},
        "command": "claim",
        "arguments": "K7Q2M4",
    },
}
CASE_IN: dict[str, Any] = {
    "type": "case.assigned",
    "timestamp": "2026-01-05T12:00:00Z",
    "data": {"event_id": "e-1", "conversation_id": "case-7", "agent": {"id": "a-1", "name": "Ann"}},
}


@pytest.fixture
def tools(http: ClientSession) -> Tools:
    # The reference library verifies against the wall clock.
    return Tools("shop", http, lambda: datetime.now(UTC).timestamp())


@pytest.fixture
def shop(tools: Tools) -> Webhook:
    return open_channel(Options(SECRET), tools)


def signed(body: bytes, secret: str = SECRET, message_id: str = "m-1", at: float = NOW) -> dict[str, str]:
    """The headers that the reference library makes."""
    signature = Reference(secret).sign(message_id, datetime.fromtimestamp(at, UTC), body.decode("utf-8"))
    return {"webhook-id": message_id, "webhook-timestamp": str(int(at)), "webhook-signature": signature}


def accepted(shop: Webhook, request: Any) -> Arrival:
    body = json.dumps(request).encode()
    (arrival,) = shop.accept(signed(body), body, NOW)
    return arrival


def changed(request: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy with one key set; `path` is its dotted name."""
    name, _, below = path.partition(".")
    return {**request, name: changed(request.get(name, {}), below, value) if below else value}


def without(request: dict[str, Any], path: str) -> dict[str, Any]:
    """A copy with one key taken away."""
    name, _, below = path.partition(".")
    if below:
        return {**request, name: without(request[name], below)}
    return {key: value for key, value in request.items() if key != name}


def proven(body: bytes, secret: str) -> dict[str, str]:
    """The headers of any body, of which the reference library takes texts alone."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.digest(key, b"m-1.%d.%s" % (NOW, body), "sha256")).decode()
    return {"webhook-id": "m-1", "webhook-timestamp": f"{NOW:.0f}", "webhook-signature": f"v1,{signature}"}


class TestWebhook(PushedContract):
    @pytest.fixture
    async def channel(self, tools: Tools) -> AsyncIterator[Channel]:
        async with peer(SECRET) as listening:
            yield open_channel(Options((SECRET, OLD), listening.url), tools)

    @pytest.fixture
    def genuine(self) -> Genuine:
        """What a peer pushes."""
        samples = {"ordinary": MESSAGE_IN, "command": COMMAND_IN, "case": CASE_IN}
        bodies = {name: json.dumps(sample).encode() for name, sample in samples.items()}
        return Genuine(bodies, proven, (SECRET, OLD))


# --- in ------------------------------------------------------------------------------------------------------


def test_a_message(shop: Webhook) -> None:
    assert accepted(shop, MESSAGE_IN) == CustomerMessage("m-1", "c-1", Person("c-1", "Aino", "fi"), "Hei 😀")


def test_a_message_for_a_queue(shop: Webhook) -> None:
    arrival = accepted(shop, changed(MESSAGE_IN, "data.queue", "billing"))
    assert isinstance(arrival, CustomerMessage)
    assert arrival.queue == "billing"


@pytest.mark.parametrize("path", ["data.customer.name", "data.customer.language"])
def test_name_and_language_may_be_unknown(shop: Webhook, path: str) -> None:
    for request in (
        without(MESSAGE_IN, path),
        changed(MESSAGE_IN, path, ""),
        changed(MESSAGE_IN, path, None),
    ):
        assert isinstance(accepted(shop, request), CustomerMessage)


def test_a_command(shop: Webhook) -> None:
    expected = AgentCommand("x-1", Person("a-1", "Ann"), "claim", "K7Q2M4")
    assert accepted(shop, COMMAND_IN) == expected
    assert accepted(shop, changed(COMMAND_IN, "data.command", "/claim")) == expected


@pytest.mark.parametrize("off_s", [-300, 0, 300])
def test_a_clock_may_be_five_minutes_off(shop: Webhook, off_s: float) -> None:
    body = json.dumps(MESSAGE_IN).encode()
    assert shop.accept(signed(body, at=NOW + off_s), body, NOW)


def test_one_right_signature_among_several_is_enough(shop: Webhook) -> None:
    body = json.dumps(MESSAGE_IN).encode()
    headers = signed(body)
    headers["webhook-signature"] = f"v1a,xyz v1,AAAA {headers['webhook-signature']} v2,abc"
    assert shop.accept(headers, body, NOW)


# --- not genuine ---------------------------------------------------------------------------------------------

FORGED = forged(int(NOW))


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
def test_a_forged_request_is_not_trusted(shop: Webhook, change: Mapping[str, str | None]) -> None:
    body = json.dumps(MESSAGE_IN).encode()
    headers = {name: value for name, value in {**signed(body), **change}.items() if value is not None}
    with pytest.raises(Untrusted) as caught:
        shop.accept(headers, body, NOW)
    assert SECRET not in str(caught.value)


def test_another_body_under_the_same_signature_is_not_trusted(shop: Webhook) -> None:
    body = json.dumps(MESSAGE_IN).encode()
    for other in (body + b" ", body[:-1], b"", b"{}"):
        with pytest.raises(Untrusted):
            shop.accept(signed(body), other, NOW)


def test_what_is_not_genuine_is_not_even_read(shop: Webhook) -> None:
    with pytest.raises(Untrusted):
        shop.accept(signed(b"{}", OTHER), b"\xff not json", NOW)


# --- genuine, and wrong --------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_no_json_is_malformed(shop: Webhook, body: bytes) -> None:
    with pytest.raises(Malformed):
        shop.accept(signed(body), body, NOW)


@pytest.mark.parametrize("body", NOT_UTF8.values(), ids=NOT_UTF8)
def test_what_is_not_utf8_is_malformed(shop: Webhook, body: bytes) -> None:
    with pytest.raises(Malformed, match="UTF-8"):
        shop.accept(proven(body, SECRET), body, NOW)


@pytest.mark.parametrize("value", [None, 0, -1.5, 1e300, True, False, "", [], {}, ["x"], {"x": "y"}])
@pytest.mark.parametrize(
    "path",
    [
        *("type", "timestamp", "data", "data.message_id", "data.conversation_id", "data.customer"),
        *("data.customer.id", "data.text"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(shop: Webhook, path: str, value: object) -> None:
    with pytest.raises(Malformed) as caught:
        accepted(shop, changed(MESSAGE_IN, path, value))
    assert path in str(caught.value)


@pytest.mark.parametrize("value", [0, True, [], {}, ["fi"]])
@pytest.mark.parametrize("path", ["data.queue", "data.customer.name", "data.customer.language"])
def test_what_may_be_left_out_is_a_text_where_it_is_given(shop: Webhook, path: str, value: object) -> None:
    with pytest.raises(Malformed, match=path):
        accepted(shop, changed(MESSAGE_IN, path, value))


@pytest.mark.parametrize(
    "path", ["type", "timestamp", "data", "data.message_id", "data.customer", "data.text"]
)
def test_what_is_missing_is_named(shop: Webhook, path: str) -> None:
    with pytest.raises(Malformed, match=path):
        accepted(shop, without(MESSAGE_IN, path))


@pytest.mark.parametrize("path", ["extra", "data.extra", "data.customer.extra"])
def test_an_unknown_field_is_named(shop: Webhook, path: str) -> None:
    with pytest.raises(Malformed, match="'extra'"):
        accepted(shop, changed(MESSAGE_IN, path, 1))


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("data.message_id", 256),
        ("data.conversation_id", 256),
        ("data.customer.id", 256),
        ("data.customer.name", 256),
        ("data.customer.language", 35),
        ("data.text", 16_000),
    ],
)
def test_a_text_has_a_length(shop: Webhook, path: str, most: int) -> None:
    assert accepted(shop, changed(MESSAGE_IN, path, "x" * most))
    with pytest.raises(Malformed, match=path):
        accepted(shop, changed(MESSAGE_IN, path, "x" * (most + 1)))


@pytest.mark.parametrize(
    "stamp", ["", "now", "2026-01-05", "2026-01-05T12:00:00", "12:00", "2026-13-05T12:00:00Z"]
)
def test_a_time_stamp_is_an_instant(shop: Webhook, stamp: str) -> None:
    with pytest.raises(Malformed, match="timestamp"):
        accepted(shop, changed(MESSAGE_IN, "timestamp", stamp))


@pytest.mark.parametrize("request_", [[], "text", 1, None, True, [MESSAGE_IN]])
def test_a_request_is_an_object(shop: Webhook, request_: object) -> None:
    with pytest.raises(Malformed):
        accepted(shop, request_)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
PATHS = [
    "type",
    "timestamp",
    "data",
    "data.message_id",
    "data.customer",
    "data.customer.id",
    "data.text",
    "data.queue",
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([MESSAGE_IN, COMMAND_IN]), st.sampled_from(PATHS), json_values)
def test_whatever_is_signed_is_taken_or_malformed(
    shop: Webhook, request_: dict[str, Any], path: str, value: object
) -> None:
    if path.startswith("data.customer.") and "customer" not in request_["data"]:
        path = "data.agent.id"
    body = json.dumps(changed(request_, path, value)).encode()
    try:
        told = f"taken: {shop.accept(signed(body), body, NOW)}"
    except Rejected as error:
        told = str(error)
    assert told


# --- options -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3", "whsec_short", "whsec_!!!!", (), (SECRET, "whsec_x")],
)
def test_a_bad_secret_is_refused_and_not_shown(tools: Tools, secret: str | tuple[str, ...]) -> None:
    with pytest.raises(BadOptions) as caught:
        open_channel(Options(secret), tools)
    assert caught.value.key == "secret"
    assert SECRET.removeprefix("whsec_") not in str(caught.value)
    assert SECRET not in repr(Options(SECRET))


@pytest.mark.parametrize(
    "url", ["shop.example/in", "ftp://shop.example", "file:///etc/passwd", "//shop.example"]
)
def test_an_address_is_http(tools: Tools, url: str) -> None:
    with pytest.raises(BadOptions, match="url"):
        open_channel(Options(SECRET, url), tools)
