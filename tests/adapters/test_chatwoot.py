"""The Chatwoot channel takes in: events as Chatwoot's own code makes them, signed by an independent line of code."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from aiohttp import ClientSession

from adapters.base import (
    AgentCommand,
    Arrival,
    BadOptions,
    Channel,
    Checked,
    CustomerEdit,
    CustomerMessage,
    File,
    Malformed,
    Media,
    Outgoing,
    OutsideAct,
    OutsideReply,
    Person,
    Tools,
    Typing,
    Untrusted,
)
from adapters.chatwoot import Chatwoot, Options, open_channel
from tests.adapters.contract import ANSWER, EVENT, MESSAGE, NOW, Genuine, PushedContract
from tests.fakes.chatwoot import FIXTURES, Far, far_end

TOKEN, BOT, WEBHOOK, OTHER = "t" * 24, "bot-secret", "webhook-secret", "other-secret"
AINO, EEVA, OTSO = Person("contact-14", "Aino", "fi"), Person("5", "Eeva"), Person("6", "Otso")
HOOK = "https://jono.example/hooks/chatwoot"
SENDABLE = MESSAGE, replace(ANSWER, answer_to="10"), EVENT
"""An answer to a command goes where the command was noted: without that it has no place."""
BLOB = json.loads(FIXTURES["files"])["attachments"][0]["data_url"].rpartition("/")[0]
MAP = "https://www.openstreetmap.org/?mlat=60.169900&mlon=24.938400"


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    async with far_end() as chatwoot:
        yield chatwoot


@pytest.fixture
def tools(http: ClientSession, reports: list[str]) -> Tools:
    agents = frozenset({"6"})
    return Tools("chatwoot", http, lambda: NOW, agents=agents, hook_url=HOOK, report=reports.append)


@pytest.fixture
def options(far: Far) -> Options:
    return Options(TOKEN, (BOT, WEBHOOK), 3, assignments=True, api_base=f"{far.url}/")


@pytest.fixture
def chatwoot(tools: Tools, options: Options) -> Chatwoot:
    return open_channel(options, tools)


def signed(body: bytes, secret: str = BOT, stamp: str = f"{NOW:.0f}") -> dict[str, str]:
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Chatwoot-Timestamp": stamp, "X-Chatwoot-Signature": f"sha256={digest}"}


def accepted(chatwoot: Chatwoot, body: bytes) -> list[Arrival]:
    return chatwoot.accept(signed(body), body, NOW)


def changed(name: str, path: str, value: object) -> bytes:
    """A fixture with one key set; `path` is its dotted name. A value of `...` takes it away."""
    event = json.loads(FIXTURES[name])
    *above, last = path.split(".")
    inner: Any = event
    for one in above:
        inner = inner[int(one) if one.isdecimal() else one]
    inner[last] = value
    if value is ...:
        del inner[last]
    return json.dumps(event).encode()


def written(message_id: str, text: str, *files: File) -> CustomerMessage:
    return CustomerMessage(message_id, "10", AINO, text, files=files, ref=message_id)


FIRST = written("1201", "Hei 😀, missä tilaukseni on?")
READ: Mapping[str, list[Arrival]] = {
    "ordinary": [FIRST],
    "from_agent_bot": [FIRST],
    "files": [
        written(
            "1203",
            f"kuva\n{BLOB}/x",
            File("photo", f"{BLOB}/rikki%20ruukku.jpg", "rikki ruukku.jpg", size_bytes=204_800),
            File("audio", f"{BLOB}/voice.ogg", "voice.ogg", size_bytes=9_000),
            File("document", f"{BLOB}/lasku.pdf", "lasku.pdf", size_bytes=10_000),
        )
    ],
    "place_and_card": [
        written(
            "1204",
            "+358401234567\nTarina\nhttps://shop.example/item/7",
            File("location", "60.169900,24.938400", "Asema", text=MAP),
        )
    ],
    "empty": [],
    "from_agent": [OutsideReply("1206", "10", EEVA, "Hei, tilaus on matkalla.")],
    "from_a_phone": [
        OutsideReply(
            "1214", "10", Person("beside-chatwoot", "app beside Chatwoot"), "Hei, vastaan puhelimesta."
        )
    ],
    "echo_of_bot": [],
    "echo_with_a_humans_token": [],
    "by_a_rule": [],
    "by_a_campaign": [],
    "template": [],
    "private_note": [],
    "command": [AgentCommand("1213", OTSO, "queue", "support", answer_to="10")],
    "deleted": [CustomerEdit("deleted-1201", "10", "1201", None)],
    "updated": [],
    "assigned": [OutsideAct("claim-10-5-2026-01-05T12:00:50.500Z", "10", EEVA, "claim")],
    "passed_on": [OutsideAct("claim-10-6-2026-01-05T12:01:00.500Z", "10", OTSO, "claim")],
    "released": [OutsideAct("release-10-2026-01-05T12:01:10.500Z", "10", Person("6"), "release")],
    "labelled": [],
    "assigned_to_a_bot": [],
    "resolved": [OutsideAct("close-10-1767614480.5", "10", EEVA, "close")],
    "resolved_by_nobody": [
        OutsideAct("close-10-1767614480.5", "10", Person("chatwoot", "Chatwoot"), "close")
    ],
    "opened": [],
    "typing": [],
    "created": [],
    "unknown_event": [],
}


class TestChatwoot(PushedContract):
    @pytest.fixture
    def channel(self, chatwoot: Chatwoot) -> Channel:
        return chatwoot

    @pytest.fixture
    def genuine(self) -> Genuine:
        nothing = tuple(name for name, arrivals in READ.items() if not arrivals)
        return Genuine(FIXTURES, signed, (BOT, WEBHOOK), nothing)

    @pytest.fixture
    def sendable(self) -> Sequence[Outgoing]:
        return SENDABLE


def test_what_it_can_do_beside(chatwoot: Chatwoot) -> None:
    assert isinstance(chatwoot, Checked)
    assert isinstance(chatwoot, Media)
    assert isinstance(chatwoot, Typing)


@pytest.mark.parametrize("name", READ)
def test_an_event_is_read(chatwoot: Chatwoot, name: str) -> None:
    assert accepted(chatwoot, FIXTURES[name]) == READ[name]


def test_every_fixture_is_read() -> None:
    assert FIXTURES.keys() - READ.keys() == {"missing_field"}


# --- genuine, and in time ------------------------------------------------------------------------------------


def test_agent_bot_and_webhook_tell_of_one_message_as_one(chatwoot: Chatwoot) -> None:
    by_bot = chatwoot.accept(signed(FIXTURES["from_agent_bot"], BOT), FIXTURES["from_agent_bot"], NOW)
    by_webhook = chatwoot.accept(signed(FIXTURES["ordinary"], WEBHOOK), FIXTURES["ordinary"], NOW)
    assert by_bot == by_webhook
    later = json.loads(FIXTURES["assigned"]) | {"updated_at": 1.0, "timestamp": 2}
    assert accepted(chatwoot, json.dumps(later).encode()) == READ["assigned"]


def test_only_known_secrets_count(chatwoot: Chatwoot) -> None:
    with pytest.raises(Untrusted, match="does not match"):
        chatwoot.accept(signed(FIXTURES["ordinary"], OTHER), FIXTURES["ordinary"], NOW)


@pytest.mark.parametrize(("off_s", "taken"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_a_stamp_counts_for_five_minutes(chatwoot: Chatwoot, off_s: int, taken: bool) -> None:
    headers = signed(FIXTURES["ordinary"], stamp=f"{NOW + off_s:.0f}")
    if taken:
        assert chatwoot.accept(headers, FIXTURES["ordinary"], NOW) == [FIRST]
    else:
        with pytest.raises(Untrusted, match="five minutes"):
            chatwoot.accept(headers, FIXTURES["ordinary"], NOW)


@pytest.mark.parametrize(
    "stamp", ["", "now", "1767614400.0", "-1", "+1767614400", " 1767614400", "١٧٦٧٦١٤٤٠٠", "9" * 13]
)
def test_a_stamp_that_is_no_number_is_not_trusted(chatwoot: Chatwoot, stamp: str) -> None:
    with pytest.raises(Untrusted, match="number of seconds"):
        chatwoot.accept(signed(FIXTURES["ordinary"], stamp=stamp), FIXTURES["ordinary"], NOW)


# --- whose, and who ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ordinary", "deleted", "assigned", "resolved"])
def test_only_chosen_inboxes_count(tools: Tools, options: Options, name: str) -> None:
    for inboxes, read in (((7, 9), READ[name]), ((9,), [])):
        assert accepted(open_channel(replace(options, inboxes=inboxes), tools), FIXTURES[name]) == read


def test_another_account_is_not_ours(chatwoot: Chatwoot) -> None:
    assert not accepted(chatwoot, changed("ordinary", "account.id", 4))


def test_assignments_that_chatwoot_makes_by_itself_can_be_left_out(tools: Tools, options: Options) -> None:
    deaf = open_channel(replace(options, assignments=False), tools)
    assert not accepted(deaf, FIXTURES["assigned"])
    assert not accepted(deaf, FIXTURES["released"])
    assert accepted(deaf, FIXTURES["resolved"]) == READ["resolved"]


@pytest.mark.parametrize(
    ("path", "value", "language"),
    [
        ("sender.custom_attributes", {"language": "sv"}, "sv"),
        ("conversation.meta.sender.custom_attributes", {"language": "sv"}, "sv"),
        ("sender.additional_attributes", {"language_code": "pt_BR"}, "pt-BR"),
        ("sender.custom_attributes", {"language": 7}, "fi"),
        ("sender.custom_attributes", {"language": "x" * 36}, "fi"),
        ("conversation.additional_attributes", {"conversation_language": "de"}, "de"),
        ("conversation.additional_attributes", {}, ""),
    ],
)
def test_the_language_is_the_first_that_is_known(
    chatwoot: Chatwoot, path: str, value: object, language: str
) -> None:
    [message] = accepted(chatwoot, changed("ordinary", path, value))
    assert isinstance(message, CustomerMessage)
    assert message.customer.language == language


def test_notes_are_commands_of_agents_alone(chatwoot: Chatwoot) -> None:
    assert not accepted(chatwoot, changed("command", "sender.id", 5))
    assert not accepted(chatwoot, changed("command", "content", "no command"))
    assert not accepted(chatwoot, changed("from_agent", "private", ...))
    customer = changed("ordinary", "content", "/wait")
    assert accepted(chatwoot, customer) == [replace(FIRST, text="/wait")]
    namesake = accepted(chatwoot, changed("ordinary", "sender.id", 6))
    assert namesake == [replace(FIRST, customer=replace(AINO, id="contact-6"))]


@pytest.mark.parametrize("kind", ["agent_bot", "captain_assistant", "contact", None])
def test_robots_do_not_reply_for_humans(chatwoot: Chatwoot, kind: str | None) -> None:
    assert not accepted(chatwoot, changed("from_agent", "sender.type", kind))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("content_attributes", {}),
        ("content_attributes.external_echo", "true"),
        ("content_attributes", {"external_echo": True, "sent_by": "jono"}),
        ("content_attributes", {"external_echo": True, "automation_rule_id": 4}),
        ("sender", {"id": 2, "name": "Jono", "type": "agent_bot"}),
        ("private", True),
        ("message_type", "template"),
    ],
)
def test_what_no_human_wrote_elsewhere_is_no_reply(chatwoot: Chatwoot, path: str, value: object) -> None:
    assert not accepted(chatwoot, changed("from_a_phone", path, value))


def test_an_assignee_who_has_changed_again_is_known_by_number(chatwoot: Chatwoot) -> None:
    [act] = accepted(chatwoot, changed("assigned", "meta.assignee.id", 6))
    assert isinstance(act, OutsideAct)
    assert act.agent == Person("5")


def test_disorder_and_repeats_give_the_same(chatwoot: Chatwoot) -> None:
    names = ("assigned", "released", "resolved")
    order: tuple[str, ...]
    for order in permutations(names):
        assert {name: accepted(chatwoot, FIXTURES[name]) for name in order} == {
            one: READ[one] for one in names
        }
    acts = [arrival for name in names for arrival in READ[name] if isinstance(arrival, OutsideAct)]
    assert len({act.id for act in acts}) == 3


# --- what is wrong -------------------------------------------------------------------------------------------

NO_NUMBER: tuple[object, ...] = (..., None, "", "x", 1.5, 0, True, [])
NO_OBJECT: tuple[object, ...] = (..., None, [], "x")
NO_TEXT: tuple[object, ...] = (..., None, 7)
NO_DEGREES: tuple[object, ...] = (..., None, "1", True, 91, 10**400)
WRONG: list[tuple[str, str, object]] = [
    *(("ordinary", path, one) for path in ("id", "conversation.id", "sender.id") for one in NO_NUMBER),
    *(("ordinary", path, one) for path in ("conversation", "sender") for one in NO_OBJECT),
    *(("ordinary", path, one) for path in ("event", "message_type") for one in NO_TEXT),
    *(("ordinary", path, 7) for path in ("content", "sender.name")),
    ("files", "attachments.0.data_url", 7),
    *(("place_and_card", "attachments.0.coordinates_lat", one) for one in NO_DEGREES),
    *(("assigned", "id", one) for one in NO_NUMBER),
    ("assigned", "changed_attributes.0.assignee_id.current_value", "x"),
    ("resolved", "updated_at", []),
    ("resolved", "status", ...),
]


@pytest.mark.parametrize(("name", "path", "value"), WRONG)
def test_what_is_wrong_is_named(chatwoot: Chatwoot, name: str, path: str, value: object) -> None:
    body = changed(name, path, value)
    if path == "updated_at":
        body = body.replace(b'"timestamp": 1767614399', b'"timestamp": null')
    with pytest.raises(Malformed) as caught:
        accepted(chatwoot, body)
    wanted = path.removesuffix(".current_value").rpartition(".")[2]
    assert wanted in str(caught.value)


def test_a_field_that_is_missing_is_named(chatwoot: Chatwoot) -> None:
    with pytest.raises(Malformed, match="id"):
        accepted(chatwoot, FIXTURES["missing_field"])


# --- options -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"token": ""}, "token"),
        ({"token": "töken"}, "token"),
        ({"token": f"{TOKEN}\n"}, "token"),
        ({"secret": ""}, "secret"),
        ({"secret": ()}, "secret"),
        ({"secret": (BOT, "")}, "secret"),
        ({"account": 0}, "account"),
        ({"inboxes": (7, 0)}, "inboxes"),
        ({"api_base": "chat.example.com"}, "api_base"),
    ],
)
def test_what_cannot_work_is_named_and_no_secret_shown(
    tools: Tools, options: Options, wrong: Mapping[str, Any], key: str
) -> None:
    given = replace(options, **wrong)
    with pytest.raises(BadOptions) as caught:
        open_channel(given, tools)
    assert caught.value.key == key
    told = str(caught.value) + repr(given) + repr(options)
    assert not any(secret in told for secret in (TOKEN, BOT, WEBHOOK))
