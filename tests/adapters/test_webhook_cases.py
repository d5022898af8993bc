"""The generic channel reads what is public, what goes on in private, and what happens to cases of other systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from adapters.base import (
    Arrival,
    CustomerGone,
    CustomerMessage,
    Malformed,
    OutsideAct,
    OutsideReply,
    Person,
)
from adapters.webhook import CASE_EVENTS, Webhook
from tests.adapters.test_webhook import (
    MESSAGE_IN,
    accepted,
    changed,
    shop,
    tools,
    without,
)

__all__ = ["shop", "tools"]

ANNA = Person("a-1", "Anna")


def event(kind: str, **more: Any) -> dict[str, Any]:
    about = {} if kind in ("case.arrived", "case.abandoned") else {"agent": {"id": "a-1", "name": "Anna"}}
    data = {"event_id": "e-1", "conversation_id": "case-7"} | about | more
    return {"type": kind, "timestamp": "2026-01-05T12:00:00Z", "data": data}


# --- messages ------------------------------------------------------------------------------------------------


def test_a_public_message_is_answered_below_itself(shop: Webhook) -> None:
    arrival = accepted(shop, changed(MESSAGE_IN, "data.public", True))
    assert isinstance(arrival, CustomerMessage)
    assert (arrival.public, arrival.ref) == (True, "m-1")


def test_a_private_message_goes_on_with_a_public_one(shop: Webhook) -> None:
    arrival = accepted(shop, changed(MESSAGE_IN, "data.continues", "@c-1"))
    assert isinstance(arrival, CustomerMessage)
    assert (arrival.public, arrival.ref, arrival.continues) == (False, "", "@c-1")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("data.public", "yes"),
        ("data.public", 1),
        ("data.public", None),
        ("data.continues", 7),
        ("data.continues", "x" * 257),
    ],
)
def test_what_is_wrong_in_a_message_is_named(shop: Webhook, path: str, value: object) -> None:
    with pytest.raises(Malformed, match=path):
        accepted(shop, changed(MESSAGE_IN, path, value))


# --- cases of other systems ----------------------------------------------------------------------------------

READ: Mapping[str, Arrival] = {
    "case.arrived": CustomerMessage("e-1", "case-7", Person("case-7"), "", quiet=True),
    "case.assigned": OutsideAct("e-1", "case-7", ANNA, "claim"),
    "case.released": OutsideAct("e-1", "case-7", ANNA, "release"),
    "case.replied": OutsideReply("e-1", "case-7", ANNA, ""),
    "case.closed": OutsideAct("e-1", "case-7", ANNA, "close"),
    "case.abandoned": CustomerGone("e-1", "case-7"),
}


@pytest.mark.parametrize("kind", CASE_EVENTS)
def test_what_happened_to_a_case_is_read(shop: Webhook, kind: str) -> None:
    assert accepted(shop, event(kind)) == READ[kind]


def test_of_a_case_that_arrived_more_may_be_told(shop: Webhook) -> None:
    who = {"id": "c-1", "name": "Aino", "language": "fi"}
    arrival = accepted(shop, event("case.arrived", customer=who, queue="billing"))
    expected = CustomerMessage("e-1", "case-7", Person("c-1", "Aino", "fi"), "", queue="billing", quiet=True)
    assert arrival == expected


@pytest.mark.parametrize("kind", CASE_EVENTS)
@pytest.mark.parametrize("path", ["data.event_id", "data.conversation_id"])
def test_what_every_event_needs_is_named(shop: Webhook, kind: str, path: str) -> None:
    for request in (
        without(event(kind), path),
        changed(event(kind), path, 7),
        changed(event(kind), path, ""),
    ):
        with pytest.raises(Malformed, match=path):
            accepted(shop, request)


@pytest.mark.parametrize("kind", ["case.assigned", "case.released", "case.replied", "case.closed"])
def test_what_an_agent_did_names_the_agent(shop: Webhook, kind: str) -> None:
    with pytest.raises(Malformed, match=r"data\.agent"):
        accepted(shop, without(event(kind), "data.agent"))
    with pytest.raises(Malformed, match=r"data\.agent\.id"):
        accepted(shop, event(kind, agent={"name": "Anna"}))


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("case.replied", {"text": "Hei"}),
        ("case.arrived", {"agent": {"id": "a-1"}}),
        ("case.closed", {"why": 1}),
    ],
)
def test_what_is_not_wanted_is_named(shop: Webhook, kind: str, more: Mapping[str, Any]) -> None:
    [name] = more
    with pytest.raises(Malformed, match=f"unknown field '{name}'"):
        accepted(shop, event(kind, **more))


def test_another_type_hears_which_there_are(shop: Webhook) -> None:
    with pytest.raises(Malformed) as refused:
        accepted(shop, event("case.reopened"))
    assert all(kind in str(refused.value) for kind in CASE_EVENTS)
    assert "case-7" not in str(refused.value)
