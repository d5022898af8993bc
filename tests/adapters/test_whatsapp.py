"""The WhatsApp channel takes in: what Meta documents, signed by an independent line of code."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientSession

from adapters.base import (
    AgentCommand,
    Answering,
    Arrival,
    BadOptions,
    Channel,
    Checked,
    CustomerEdit,
    CustomerMessage,
    CustomerReaction,
    File,
    Inviting,
    Malformed,
    Media,
    OutsideReply,
    Paced,
    Person,
    Profile,
    Seeing,
    Tools,
    Typing,
    Undeliverable,
)
from adapters.whatsapp import Options, WhatsApp, open_channel
from tests.adapters.contract import NOW, Genuine
from tests.adapters.meta_side import OLD, SECRET, VERIFY, MetaPushes, accepted, proof
from tests.fakes.whatsapp import CUSTOMER, FIXTURES, NUMBER, SECOND, TOKEN, Far, far_end

OPTIONS = Options((NUMBER, SECOND), TOKEN, (SECRET, OLD), VERIFY)
HOOK = "https://jono.example/hooks/whatsapp"
SHEENA = Person(CUSTOMER, "Sheena Nelson")
PAIR = f"{NUMBER}/{CUSTOMER}"
SCOPED = "US.13491208655302741918"
MAP = "https://www.openstreetmap.org/?mlat=60.169900&mlon=24.938400"


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    async with far_end() as whatsapp:
        yield whatsapp


@pytest.fixture
def tools(http: ClientSession, reports: list[str]) -> Tools:
    queues, agents = ("support", "billing"), frozenset({"358401"})
    return Tools(
        "whatsapp", http, lambda: NOW, queues=queues, agents=agents, hook_url=HOOK, report=reports.append
    )


@pytest.fixture
def whatsapp(tools: Tools, far: Far) -> WhatsApp:
    return open_channel(replace(OPTIONS, api_base=far.url), tools)


def written(name: str, text: str, *files: File, queue: str | None = None) -> CustomerMessage:
    wamid = f"wamid.{name}"
    return CustomerMessage(wamid, PAIR, SHEENA, text, queue=queue, files=files, ref=wamid)


CLOSED = "the customer last wrote more than 24 hours ago; WhatsApp takes only an approved template now"
UNTOLD = "(a message of a kind that WhatsApp does not pass on)"
READ: Mapping[str, list[Arrival]] = {
    "ordinary": [written("ordinary", "Does it come in another colour? Zażółć 😀")],
    "button": [written("button", "/wait")],
    "button_reply": [written("button_reply", "Change")],
    "list_reply": [written("list_reply", "Express")],
    "form": [written("form", "(a form that was filled in)")],
    "image": [written("image", "broken", File("photo", "1003383421387256", mime="image/jpeg"))],
    "voice": [written("voice", "", File("voice", "1908647269898587", mime="audio/ogg"))],
    "audio": [written("audio", "", File("audio", "1908647269898588", mime="audio/mpeg"))],
    "video": [written("video", "", File("video", "1908647269898589", mime="video/mp4"))],
    "document": [
        written("document", "", File("document", "1908647269898590", "lasku ä.pdf", "application/pdf"))
    ],
    "sticker": [written("sticker", "", File("sticker", "798882015472548", mime="image/webp"))],
    "location": [
        written("location", "", File("location", "60.169900,24.938400", "Station, Kaivokatu 1", text=MAP))
    ],
    "location_odd": [written("location_odd", f"Station, Kaivokatu 1\n{UNTOLD}")],
    "contacts": [written("contacts", "Bo Ek: +358401234567")],
    "reaction": [CustomerReaction("wamid.reaction", PAIR, "👍")],
    "reaction_removed": [CustomerReaction("wamid.reaction_removed", PAIR, "")],
    "referral": [written("referral", "(came by ad Chat with us https://fb.me/3cr4Wqqkv)\nHello")],
    "start": [written("start", "/start fi", queue="billing")],
    "start_code": [written("start_code", "/start K7Q2M4-x")],
    "unsupported": [written("unsupported", UNTOLD)],
    "unknown_kind": [written("unknown_kind", UNTOLD)],
    "order": [written("order", "(an order from the catalogue)\nBy Friday, please")],
    "revoke": [CustomerEdit("wamid.revoke", PAIR, "wamid.ordinary", None)],
    "edit": [CustomerEdit("wamid.edit", PAIR, "wamid.ordinary", "In blue, I mean")],
    "scoped": [
        CustomerMessage(
            "wamid.scoped", f"{NUMBER}/{SCOPED}", Person(SCOPED, "Aino"), "Hei", ref="wamid.scoped"
        )
    ],
    "failed": [Undeliverable("wamid.ours-failed", PAIR, f"{CLOSED} (code 131047)")],
    "failed_otherwise": [
        Undeliverable("wamid.ours-failed", PAIR, "Something else is the matter. (code 131999)")
    ],
    "failed_unexplained": [Undeliverable("wamid.ours-failed", PAIR, "WhatsApp does not say why")],
    "echo": [
        OutsideReply("wamid.echo", PAIR, Person("15550783881", "WhatsApp Business app"), "Here is the link")
    ],
    "batch": [
        written("second", "second"),
        written("first", "first"),
        Undeliverable("wamid.ours-failed", PAIR, "WhatsApp does not say why"),
        CustomerMessage(
            "wamid.elsewhere", f"{SECOND}/{CUSTOMER}", SHEENA, "to the other number", ref="wamid.elsewhere"
        ),
    ],
}
NOTHING = (
    "delivered",
    "failed_to_nobody",
    "group",
    "number_changed",
    "other_field",
    "other_number",
    "other_object",
    "read",
    "sent",
)


class TestWhatsApp(MetaPushes):
    @pytest.fixture
    def channel(self, whatsapp: WhatsApp) -> Channel:
        return whatsapp

    @pytest.fixture
    def genuine(self) -> Genuine:
        return Genuine(FIXTURES, proof, (SECRET, OLD), NOTHING)


def test_what_it_can_do_beside(whatsapp: WhatsApp) -> None:
    for ability in (Answering, Checked, Inviting, Media, Paced, Profile, Seeing, Typing):
        assert isinstance(whatsapp, ability)


@pytest.mark.parametrize("name", sorted(READ))
def test_what_is_read(whatsapp: WhatsApp, name: str) -> None:
    assert accepted(whatsapp, FIXTURES[name]) == READ[name]


def test_each_fixture_is_looked_at() -> None:
    assert FIXTURES.keys() == {*READ, *NOTHING, "missing_field"}


def test_a_missing_field_is_named(whatsapp: WhatsApp) -> None:
    with pytest.raises(Malformed, match=r"entry\.0\.changes\.0\.value\.messages\.0\.id"):
        accepted(whatsapp, FIXTURES["missing_field"])


def test_a_file_that_is_wrong_costs_nobody_the_words_beside_it(whatsapp: WhatsApp) -> None:
    pushed = json.loads(FIXTURES["image"])
    del pushed["entry"][0]["changes"][0]["value"]["messages"][0]["image"]["id"]
    assert accepted(whatsapp, json.dumps(pushed).encode()) == [written("image", f"broken\n{UNTOLD}")]


def test_agents_give_commands_and_are_answered_by_the_same_number(whatsapp: WhatsApp) -> None:
    pushed = json.loads(FIXTURES["ordinary"])
    value = pushed["entry"][0]["changes"][0]["value"]
    value["metadata"]["phone_number_id"] = SECOND
    value["messages"][0] |= {"from": "358401", "text": {"body": "/reply K7Q2M4  It does"}}
    [command] = accepted(whatsapp, json.dumps(pushed).encode())
    assert command == AgentCommand(
        "wamid.ordinary", Person("358401"), "reply", "K7Q2M4  It does", answer_to=SECOND
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("numbers", ()),
        ("numbers", ("+1 555",)),
        ("numbers", (NUMBER, NUMBER)),
        ("token", " "),
        ("secret", ""),
        ("verify_token", ""),
        ("template", "late_answer"),
        ("template_language", "en"),
        ("api_base", "graph.facebook.com"),
    ],
)
def test_options_that_cannot_work(tools: Tools, key: str, value: Any) -> None:
    wanted = {"template": "template_language", "template_language": "template"}.get(key, key)
    with pytest.raises(BadOptions) as caught:
        open_channel(replace(OPTIONS, **{key: value}), tools)
    assert caught.value.key == wanted


def test_options_show_no_secret() -> None:
    assert not any(secret in repr(OPTIONS) for secret in (TOKEN, SECRET, OLD, VERIFY))
