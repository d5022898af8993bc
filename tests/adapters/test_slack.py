"""The Slack channel takes in: requests as Slack documents them, signed by Slack's own library."""

from __future__ import annotations

import hmac
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession
from slack_sdk.signature import SignatureVerifier

from adapters.base import (
    AgentCommand,
    AgentEdit,
    Answering,
    Arrival,
    BadOptions,
    Channel,
    Checked,
    CommandHelp,
    CustomerEdit,
    CustomerMessage,
    CustomerReaction,
    File,
    Malformed,
    Media,
    OutsideReply,
    Paced,
    Person,
    Profile,
    Pushed,
    Told,
    Tools,
    Untrusted,
)
from adapters.slack import Options, Slack, open_channel
from adapters.slack.text import fitted, measure, plain
from tests.adapters.contract import NOW, FarEnd, Genuine, NamingContract, PushedContract
from tests.fakes.slack import FIXTURES, Far, form, workspace

SECRET, OLD, OTHER = "8f742231b10e8888abcd99yyyzzz85a5", "0ld", "0ther"
TOKEN, APP, PERSON = "xoxb-1-secret", "xapp-1-secret", "xoxp-1-secret"
HOOK = "https://jono.example/hooks/slack"
COMMANDS = (
    CommandHelp("claim", "[CASE]", "take a case", for_agents=True, names={"pl": "przejmij"}),
    CommandHelp("transfer", "[CASE] QUEUE", "hand over", for_agents=True),
    CommandHelp("wait", "[QUEUE]", "the wait", for_agents=True),
    CommandHelp("wait", "", "how long", for_agents=False),
    CommandHelp("start", "", "hello", for_agents=False),
    CommandHelp("help", "", "this list", for_agents=False),
)
AINO, ANNA, STAFF = Person("U2147483697"), Person("U0ANNA"), Person("U0STAFF")
DM, TS, ROOT = "D024BE91L", "1767614398.000005", "1767614300.000001"
FILES = "https://files.slack.com/files-pri/T1-"


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    async with workspace() as slack:
        yield slack


@pytest.fixture
def tools(http: ClientSession, reports: list[str]) -> Tools:
    queues, agents = ("support", "billing"), frozenset({"U0STAFF"})
    return Tools("slack", http, lambda: NOW, COMMANDS, agents, queues, hook_url=HOOK, report=reports.append)


@pytest.fixture
def options(far: Far) -> Options:
    return Options(
        TOKEN,
        (SECRET, OLD),
        customers=("C0CUSTOMERS",),
        agents_channel="C0AGENTS",
        topic_channel="C0TOPIC",
        user_token=PERSON,
        api_base=far.url,
    )


@pytest.fixture
def slack(options: Options, tools: Tools) -> Slack:
    return open_channel(options, tools)


def signed(body: bytes, secret: str = SECRET, at: str = f"{NOW:.0f}") -> dict[str, str]:
    try:
        signature = SignatureVerifier(secret).generate_signature(timestamp=at, body=body)
        assert signature is not None
    except UnicodeDecodeError:
        # Their library signs nothing but UTF-8.
        signature = "v0=" + hmac.new(secret.encode(), f"v0:{at}:".encode() + body, "sha256").hexdigest()
    return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": signature}


def interaction(payload: bytes) -> bytes:
    return urlencode({"payload": payload.decode()}).encode()


def accepted(slack: Slack, body: bytes) -> list[Arrival]:
    return slack.accept(signed(body), body, NOW)


class TestSlack(PushedContract, NamingContract):
    @pytest.fixture
    def channel(self, slack: Slack) -> Channel:
        return slack

    @pytest.fixture
    def far_end(self, far: Far) -> FarEnd:
        return far

    @pytest.fixture
    def secrets(self) -> tuple[str, ...]:
        return (TOKEN, SECRET, PERSON)

    @pytest.fixture
    def genuine(self) -> Genuine:
        events = {name: body for name, body in FIXTURES.items() if name != "pressed"}
        samples = {**events, "asked": form(), "pressed_form": interaction(FIXTURES["pressed"])}
        nothing = tuple(name for name, arrivals in READ.items() if not arrivals)
        return Genuine(samples, signed, (SECRET, OLD), nothing)


def test_what_it_can_do_beside(slack: Slack) -> None:
    for ability in (Answering, Checked, Media, Paced, Profile):
        assert isinstance(slack, ability)
    assert slack.limits.room
    assert [one.name for one in slack.outlets] == ["topic", "status"]


# --- events --------------------------------------------------------------------------------------------------


def written(text: str, *files: File, place: str = DM) -> CustomerMessage:
    channel = place.partition("/")[0]
    return CustomerMessage(f"{channel}:{TS}", place, AINO, text, files=files, ref=TS)


def by_agent(command: str, arguments: str, ref: str = TS) -> AgentCommand:
    return AgentCommand(
        f"C0AGENTS:{TS}",
        ANNA,
        command,
        arguments,
        place=ROOT,
        member=True,
        answer_to=f"mC0AGENTS:{ROOT}",
        ref=ref,
    )


MARKED = (
    "@U024BE7LH and @bo in #general: https://a.example/x?a=1&b=2, http://b.example, our shop (https://c.example),"
    " a@b.example @here @team &lt; 😄 :own_one:"
)
READ: Mapping[str, list[Arrival]] = {
    "ordinary": [written("Hi <3 where is my order?")],
    "entities": [written(MARKED)],
    "channel_top": [written("Hi <3 where is my order?", place=f"C0CUSTOMERS/{TS}")],
    "channel_reply": [written("/wait please", place=f"C0CUSTOMERS/{ROOT}")],
    "channel_foreign": [],
    "staff_in_channel": [OutsideReply(f"C0CUSTOMERS:{TS}", f"C0CUSTOMERS/{ROOT}", STAFF, "I take it")],
    "staff_in_private": [AgentCommand(f"{DM}:{TS}", STAFF, "claim", "K7Q2M4", answer_to=f"m{DM}:")],
    "files": [
        written(
            "https://drive.example/4",
            File("photo", f"{FILES}F0RDC39U1/download/photo.png", "photo.png", "image/png", 66_864),
            File("voice", f"{FILES}F2/clip.m4a", "clip.m4a", "audio/mp4", 1_000),
            File("document", "F5"),
        )
    ],
    "forwarded": [written("Is this still so?\nParcels <2 kg are free")],
    "edited": [CustomerEdit(f"{DM}:{TS}:1767614399.000000", DM, TS, "Hi, where is it?")],
    "unfolded": [],
    "tombstone": [CustomerEdit(f"{DM}:{TS}:deleted", DM, TS, None)],
    "deleted": [CustomerEdit(f"{DM}:{TS}:deleted", DM, TS, None)],
    "deleted_in_channel": [CustomerEdit(f"C0CUSTOMERS:{TS}:deleted", f"C0CUSTOMERS/{ROOT}", TS, None)],
    "deleted_of_ours": [],
    "reaction_in_channel": [],
    "own_echo": [],
    "own_file": [],
    "robot": [],
    "joined": [],
    "unknown_kind": [],
    "rate_limited": [],
    "challenge": [],
    "agent_reply": [by_agent("reply", "It is on its way.")],
    "agent_note": [by_agent("note", "angry")],
    "agent_command": [by_agent("transfer", "billing", ref="")],
    "agent_talk": [],
    "agent_edit": [AgentEdit(f"C0AGENTS:{TS}:1767614399.000000", ANNA, ROOT, TS, "It is here.", member=True)],
    "agent_deleted": [AgentEdit(f"C0AGENTS:{TS}:deleted", ANNA, ROOT, TS, None, member=True)],
}


@pytest.mark.parametrize("name", READ)
def test_an_event_is_read_also_under_another_event_id(slack: Slack, name: str) -> None:
    assert accepted(slack, FIXTURES[name]) == READ[name]
    again = json.loads(FIXTURES[name]) | {"event_id": "EvANOTHER"}
    assert accepted(slack, json.dumps(again).encode()) == READ[name]


def test_reactions_come_and_go(slack: Slack) -> None:
    [added] = accepted(slack, FIXTURES["reaction_added"])
    [removed] = accepted(slack, FIXTURES["reaction_removed"])
    assert isinstance(added, CustomerReaction)
    assert isinstance(removed, CustomerReaction)
    assert (added.conversation_id, added.emoji, removed.emoji) == (DM, "👍", "")
    assert added.id != removed.id


def test_what_is_missing_is_named(slack: Slack) -> None:
    with pytest.raises(Malformed, match="ts: a text"):
        accepted(slack, FIXTURES["missing_field"])
    with pytest.raises(Malformed, match="trigger_id"):
        accepted(slack, form(trigger_id=""))


# --- commands and buttons ------------------------------------------------------------------------------------


URL = "https://hooks.slack.com/commands/1234/5678"
ASKED = "asked-13345224609.738474920.8088930838d88f008e0"


@pytest.mark.parametrize(
    ("fields", "command", "arguments", "member"),
    [
        ({}, "claim", "K7Q2M4", True),
        ({"command": "/claim", "text": "K7Q2M4"}, "claim", "K7Q2M4", True),
        ({"command": "/przejmij", "text": ""}, "przejmij", "", True),
        ({"text": ""}, "help", "", True),
        ({"text": "/wait billing"}, "wait", "billing", True),
        ({"text": "dance"}, "dance", "", True),
        ({"channel_id": DM, "user_id": "U0STAFF", "text": "wait"}, "wait", "", False),
        # What only agents may do is refused by the desk, in words.
        ({"channel_id": DM}, "claim", "K7Q2M4", False),
    ],
)
def test_an_agents_slash_command(
    slack: Slack, fields: dict[str, str], command: str, arguments: str, member: bool
) -> None:
    agent = Person(fields.get("user_id", "U0ANNA"), "anna")
    expected = AgentCommand(ASKED, agent, command, arguments, member=member, answer_to=URL)
    assert accepted(slack, form(**fields)) == [expected]


@pytest.mark.parametrize(
    ("fields", "conversation", "text", "queue"),
    [
        ({"command": "/wait", "text": ""}, DM, "/wait", None),
        ({"text": "start billing__fi"}, DM, "/start fi", "billing"),
        ({"text": "where is it?"}, DM, "/help", None),
        ({"channel_id": "C0CUSTOMERS", "text": "wait"}, "C0CUSTOMERS/U0ANNA", "/wait", None),
        # It would be chosen for a conversation that nobody can write in.
        ({"channel_id": "C0CUSTOMERS", "text": "start billing"}, "C0CUSTOMERS/U0ANNA", "/help", None),
    ],
)
def test_a_customers_slash_command(
    slack: Slack, fields: dict[str, str], conversation: str, text: str, queue: str | None
) -> None:
    expected = CustomerMessage(
        ASKED, conversation, Person("U0ANNA", "anna"), text, queue=queue, answer_to=URL
    )
    assert accepted(slack, form(**({"channel_id": DM} | fields))) == [expected]


def test_a_queue_is_chosen_at_the_top_of_a_channel(slack: Slack) -> None:
    top = json.loads(FIXTURES["channel_top"])
    top["event"]["text"] = "!start billing"
    [message] = accepted(slack, json.dumps(top).encode())
    assert message == replace(written("/start", place=f"C0CUSTOMERS/{TS}"), queue="billing")


def test_buttons_of_ours_are_read_and_others_passed_over(slack: Slack) -> None:
    [pressed] = accepted(slack, interaction(FIXTURES["pressed"]))
    assert isinstance(pressed, AgentCommand)
    assert pressed == AgentCommand(
        f"pressed-{ROOT}-U0ANNA-1767614399.548268-0",
        Person("U0ANNA", "anna"),
        "claim",
        "K7Q2M4",
        place=ROOT,
        member=True,
        answer_to="https://hooks.slack.com/actions/T123ABC456/1232321423432/D09sSasdasdAS9091209",
    )
    elsewhere = FIXTURES["pressed"].replace(b"C0AGENTS", b"C0OTHER")
    assert [
        one.member for one in accepted(slack, interaction(elsewhere)) if isinstance(one, AgentCommand)
    ] == [False]
    assert accepted(slack, interaction(b'{"type":"view_closed"}')) == []
    assert accepted(slack, b"ssl_check=1&token=x") == []


# --- proof ---------------------------------------------------------------------------------------------------


def test_each_secret_proves_and_no_other(slack: Slack) -> None:
    body = FIXTURES["ordinary"]
    for secret in (SECRET, OLD):
        assert slack.accept(signed(body, secret), body, NOW + 299)
    with pytest.raises(Untrusted):
        slack.accept(signed(body, OTHER), body, NOW)


@pytest.mark.parametrize(
    "stamp", ["", "soon", "1e9", "-1", "٣", f"{NOW - 301:.0f}", f"{NOW + 301:.0f}", "9" * 5000]
)
def test_a_time_that_is_none_or_far_away_is_not_trusted(slack: Slack, stamp: str) -> None:
    body = FIXTURES["ordinary"]
    with pytest.raises(Untrusted):
        slack.accept(signed(body, at=stamp), body, NOW)


def test_the_challenge_is_given_back_when_it_is_signed(slack: Slack) -> None:
    body = FIXTURES["challenge"]
    asked = Pushed("POST", "", {}, signed(body), body)
    assert slack.answer(asked, NOW) == Told(b"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P")
    with pytest.raises(Untrusted):
        slack.answer(replace(asked, headers=signed(body, OTHER)), NOW)
    ordinary = FIXTURES["ordinary"].replace(b"order", b"url_verification")
    assert slack.answer(Pushed("POST", "", {}, signed(ordinary), ordinary), NOW) is None
    assert slack.answer(Pushed("POST", "/commands", {}, {}, form()), NOW) is None
    assert slack.thanks == Told()


# --- texts and options ---------------------------------------------------------------------------------------


def test_texts_are_escaped_and_cut_to_size() -> None:
    assert fitted("a < b & c") == "a &lt; b &amp; c"
    assert plain(fitted("&lt; <@U1> &amp;")) == "&lt; <@U1> &amp;"
    for text in ("&" * 4_000, "😀" * 4_000, "x<" * 3_000):
        short = fitted(text)
        assert short.endswith("…")
        assert 3_990 <= len(short.encode("utf-16-le")) // 2 <= 4_000
    assert measure("&") == 5


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("token", {"token": "xoxp-1"}),
        ("app_token", {"app_token": "xoxb-1"}),
        ("user_token", {"user_token": "xoxb-1"}),
        ("signing_secret", {"signing_secret": ""}),
        ("signing_secret", {"signing_secret": ("a", "")}),
        ("customers", {"customers": ("general",)}),
        ("customers", {"customers": ("C0AGENTS",)}),
        ("agents_channel", {"agents_channel": "#desk"}),
        ("api_base", {"api_base": "slack.com"}),
    ],
)
def test_an_option_that_cannot_work_is_named(
    options: Options, tools: Tools, key: str, changes: dict[str, str]
) -> None:
    with pytest.raises(BadOptions) as caught:
        open_channel(replace(options, **changes), tools)  # type: ignore[arg-type]
    assert caught.value.key == key


def test_no_public_address_is_needed_with_socket_mode_alone(options: Options, tools: Tools) -> None:
    bare = replace(tools, hook_url="")
    with pytest.raises(BadOptions, match="app_token"):
        open_channel(options, bare)
    slack = open_channel(replace(options, app_token=APP, signing_secret=""), bare)
    assert slack.limits.one_reader
    with pytest.raises(Untrusted):
        accepted(slack, FIXTURES["ordinary"])
    assert not any(secret in repr(options) for secret in (TOKEN, SECRET, OLD, PERSON))
