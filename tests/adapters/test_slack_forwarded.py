"""What a Slack message shows of other messages: a customer's words, and never an agent's."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from adapters.base import CustomerEdit, File
from adapters.slack import Slack
from tests.adapters.test_slack import READ, accepted, far, options, slack, tools, written
from tests.fakes.slack import FIXTURES

__all__ = ["far", "options", "slack", "tools"]

ATTACHMENTS = json.loads(FIXTURES["forwarded"])["event"]["attachments"]
SHOWN = "Parcels <2 kg are free"


def event(name: str, **changes: object) -> bytes:
    """A fixture with keys of its event set."""
    body = json.loads(FIXTURES[name])
    body["event"] |= changes
    return json.dumps(body).encode()


def test_all_that_is_attached_is_read_where_there_is_no_text(slack: Slack) -> None:
    [message] = accepted(slack, event("forwarded", text=""))
    assert message == written(f"{SHOWN}\nWhat we ask")


def test_what_a_customer_forwards_stays_when_they_edit(slack: Slack) -> None:
    edited = json.loads(FIXTURES["forwarded"])["event"] | {"text": "Is it?", "edited": {"ts": "1767614399.0"}}
    [edit] = accepted(slack, event("edited", message=edited))
    assert isinstance(edit, CustomerEdit)
    assert edit.text == f"Is it?\n{SHOWN}"


def test_what_an_agents_link_shows_is_not_sent_to_the_customer(slack: Slack) -> None:
    assert accepted(slack, event("agent_reply", attachments=ATTACHMENTS)) == READ["agent_reply"]


@pytest.mark.parametrize(
    ("mark", "shown"), [("is_share", True), ("is_msg_unfurl", True), ("is_app_unfurl", False)]
)
def test_only_messages_are_shown_beside_a_text(slack: Slack, mark: str, shown: bool) -> None:
    attachments = [
        {mark: True, "text": SHOWN},
        {"is_share": False, "text": "no"},
        "no",
        {"is_share": True, "text": 7},
    ]
    [message] = accepted(slack, event("ordinary", text="Look", attachments=attachments))
    assert message == written(f"Look\n{SHOWN}" if shown else "Look")


PHOTO = {
    "id": "F1",
    "mimetype": "image/png",
    "name": "seam.png",
    "url_private_download": "https://files.slack.com/1",
}
SHARED = {"is_share": True, "text": SHOWN, "files": [PHOTO]}
SENT = (File("photo", "https://files.slack.com/1", "seam.png", "image/png"),)


@pytest.mark.parametrize(
    ("text", "forwarded", "read"),
    [("Look", SHARED, f"Look\n{SHOWN}"), ("", SHARED, SHOWN), ("", SHARED | {"text": ""}, "")],
)
def test_files_of_a_message_that_a_customer_forwards_come_with_it(
    slack: Slack, text: str, forwarded: dict[str, object], read: str
) -> None:
    """https://github.com/NousResearch/hermes-agent/pull/75481 shows where Slack puts them."""
    assert accepted(slack, event("ordinary", text=text, attachments=[forwarded])) == [
        replace(written(read), files=SENT)
    ]


def test_files_of_what_an_agents_link_shows_are_not_sent_to_the_customer(slack: Slack) -> None:
    assert accepted(slack, event("agent_reply", attachments=[SHARED])) == READ["agent_reply"]
