"""The Slack channel sends, shows cases, carries files, listens and looks at itself: against a server as its far end."""

from __future__ import annotations

import asyncio
import io
import json
from contextlib import suppress
from dataclasses import replace

import pytest

from adapters.base import (
    AgentCommand,
    Arrival,
    Attachment,
    Busy,
    Button,
    CustomerMessage,
    Down,
    EditOut,
    File,
    Gone,
    NameRoom,
    OpenRoom,
    Person,
    Post,
    Receipt,
    Refused,
    RoomOut,
    ShowCard,
    Tools,
    Uncertain,
    Undelivered,
    Unusable,
)
from adapters.slack import Options, Slack, open_channel
from adapters.slack.room import LITERAL
from tests.adapters.contract import ANSWER, MESSAGE, never
from tests.adapters.test_slack import APP, PERSON, ROOT, TOKEN, far, options, slack, tools
from tests.fakes.slack import FIXTURES, PICTURE, Far
from tests.waiting import until

__all__ = ["far", "options", "slack", "tools"]

CLAIM = Button("Claim", "claim", "K7Q2M4")
IN_CHANNEL = replace(MESSAGE, conversation_id=f"C0CUSTOMERS/{ROOT}")


# --- messages ------------------------------------------------------------------------------------------------


async def test_an_answer_goes_into_its_thread_word_for_word(slack: Slack, far: Far) -> None:
    assert await slack.send(replace(IN_CHANNEL, text="<!channel> & *so*")) == "1767614400.000001"
    text = "&lt;!channel&gt; &amp; *so*"
    assert far.calls == [
        (
            "chat.postMessage",
            {"channel": "C0CUSTOMERS", "text": text, "thread_ts": ROOT, **LITERAL},
            f"Bearer {TOKEN}",
        )
    ]


async def test_who_a_member_is_is_asked_and_a_missing_right_is_no_trouble(
    slack: Slack, far: Far, reports: list[str]
) -> None:
    assert await slack.person_of("U1") == Person("U1", "aino", "fi-FI")
    assert far.last("users.info") == {"user": "U1", "include_locale": "true"}
    far.words = ["missing_scope"]
    assert await slack.person_of("U1") == Person("U1")
    assert reports == []


async def test_what_was_sent_is_changed_and_deleted(slack: Slack, far: Far) -> None:
    edit = EditOut("k", "D1", "U1", ROOT, "new <b>")
    assert await slack.send(edit) == ROOT
    assert far.last("chat.update") == {
        "channel": "D1",
        "ts": ROOT,
        "text": "new &lt;b&gt;",
        "parse": "none",
        "link_names": False,
    }
    await slack.send(replace(edit, text=None))
    assert far.last("chat.delete") == {"channel": "D1", "ts": ROOT}


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("ratelimited", Busy),
        ("service_unavailable", Busy),
        ("internal_error", Uncertain),
        ("fatal_error", Uncertain),
        ("", Uncertain),
        ("channel_not_found", Refused),
        ("is_archived", Refused),
        ("not_in_channel", Refused),
        ("msg_too_long", Refused),
        ("a_word_of_tomorrow", Refused),
        ("invalid_auth", Busy),
        ("token_revoked", Busy),
        ("missing_scope", Busy),
    ],
)
async def test_what_slacks_words_mean(slack: Slack, far: Far, word: str, error: type[Undelivered]) -> None:
    far.words = [word]
    with pytest.raises(error, match=r"\w") as caught:
        await slack.send(MESSAGE)
    assert type(caught.value) is error or error is Refused


async def test_what_the_operator_must_mend_is_reported_until_it_is(
    slack: Slack, far: Far, reports: list[str]
) -> None:
    far.words = ["missing_scope", "missing_scope"]
    for _ in range(2):
        with pytest.raises(Busy):
            await slack.send(MESSAGE)
    await slack.send(MESSAGE)
    [trouble, well] = reports
    assert "files:write" in trouble
    assert well == ""


async def test_what_never_left_waits_and_what_may_have_arrived_is_uncertain(
    options: Options, tools: Tools, nobody: str, silent: str
) -> None:
    with pytest.raises(Busy):
        await open_channel(replace(options, api_base=nobody), tools).send(MESSAGE)
    with pytest.raises(Uncertain):
        await open_channel(replace(options, api_base=silent), tools).send(MESSAGE)


# --- answers to commands -------------------------------------------------------------------------------------


async def test_a_command_is_answered_at_its_address_for_one_alone(slack: Slack, far: Far) -> None:
    for out in (
        replace(ANSWER, answer_to=f"{far.host}/respond"),
        replace(MESSAGE, answer_to=f"{far.host}/respond"),
    ):
        assert await slack.send(out) == out.key
        assert slack.paces(out) == ()
    assert far.calls == []
    assert {one["response_type"] for one in far.responses} == {"ephemeral"}
    assert {one["replace_original"] for one in far.responses} == {False}


async def test_an_address_that_has_ended_or_is_not_slacks_is_not_needed(slack: Slack, far: Far) -> None:
    far.response_status = 404
    await slack.send(replace(ANSWER, answer_to=f"{far.host}/respond"))
    await slack.send(replace(ANSWER, answer_to="https://evil.example/respond"))
    assert [name for name, _, _ in far.calls] == ["chat.postEphemeral"] * 2
    assert far.last("chat.postEphemeral")["channel"] == "C0AGENTS"
    assert far.last("chat.postEphemeral")["user"] == "a-1"


async def test_a_customers_command_in_a_channel_is_answered_late_for_them_alone(
    slack: Slack, far: Far
) -> None:
    far.response_status = 404
    asked = replace(MESSAGE, conversation_id="C0CUSTOMERS/U0ANNA", answer_to=f"{far.host}/respond")
    assert await slack.send(asked)
    [(method, said, _)] = far.calls
    assert (method, said["channel"], said["user"]) == ("chat.postEphemeral", "C0CUSTOMERS", "U0ANNA")
    assert "thread_ts" not in said
    await slack.send(replace(asked, conversation_id="D7"))
    assert far.last("chat.postMessage")["channel"] == "D7"


async def test_answers_stand_where_the_command_was_written(slack: Slack, far: Far) -> None:
    await slack.send(replace(ANSWER, answer_to=f"mC0AGENTS:{ROOT}"))
    assert far.last("chat.postEphemeral")["thread_ts"] == ROOT
    await slack.send(replace(ANSWER, answer_to="mD7:"))
    assert far.last("chat.postMessage")["channel"] == "D7"


@pytest.mark.parametrize(("status", "error"), [(429, Busy), (503, Busy), (500, Uncertain)])
async def test_an_address_that_is_out_of_order(
    slack: Slack, far: Far, status: int, error: type[Undelivered]
) -> None:
    far.response_status = status
    with pytest.raises(error):
        await slack.send(replace(ANSWER, answer_to=f"{far.host}/respond"))


# --- the room ------------------------------------------------------------------------------------------------


async def test_a_case_is_shown_as_a_card_and_a_thread(slack: Slack, far: Far) -> None:
    opened = await slack.send(OpenRoom("k", "K7Q2M4", "t", "l", "waiting", "*Aino* <waits>", (CLAIM,)))
    place, _, card = opened.partition(" ")
    assert place == card
    posted = far.last("chat.postMessage")
    text, actions = posted["blocks"]
    assert text["elements"][0]["elements"] == [{"type": "text", "text": "*Aino* <waits>"}]
    assert actions["elements"][0]["value"] == "claim K7Q2M4"
    assert (posted["channel"], posted["text"]) == ("C0AGENTS", "*Aino* &lt;waits&gt;")
    assert await slack.send(ShowCard("k2", place, card, "Aino is answered")) == card
    assert far.last("chat.update")["ts"] == card
    assert len(far.last("chat.update")["blocks"]) == 1
    before = len(far.calls)
    assert await slack.send(NameRoom("k3", place, "t", "answered", open=True)) == ""
    assert len(far.calls) == before
    assert await slack.send(Post("k4", place, "Where?", loud=True))
    assert far.last("chat.postMessage") == {
        "channel": "C0AGENTS",
        "thread_ts": place,
        "reply_broadcast": True,
        "text": "Where?",
        **LITERAL,
    }
    await slack.send(Post("k5", place, "x" * 4_000, buttons=(CLAIM,)))
    assert [len(str(one)) < 3_200 for one in far.last("chat.postMessage")["blocks"]] == [True] * 4
    for fate, name in (("delivered", "white_check_mark"), ("failed", "x"), ("noted", "memo")):
        assert await slack.send(Receipt("k6", place, "17.1", fate)) == ""  # type: ignore[arg-type]
        assert far.last("reactions.add") == {"channel": "C0AGENTS", "timestamp": "17.1", "name": name}
    far.words = ["already_reacted"]
    await slack.send(Receipt("k7", place, "17.1", "noted"))


SHOWN: tuple[RoomOut, ...] = (
    ShowCard("k", ROOT, ROOT, "text"),
    Post("k", ROOT, "text"),
    Receipt("k", ROOT, "17.1", "noted"),
)


@pytest.mark.parametrize("out", SHOWN, ids=lambda out: type(out).__name__)
async def test_a_card_that_is_gone_is_told(slack: Slack, far: Far, out: RoomOut) -> None:
    far.words = ["message_not_found"]
    with pytest.raises(Gone):
        await slack.send(out)


async def test_a_channel_that_is_closed_to_us_can_be_mended(
    slack: Slack, options: Options, tools: Tools, far: Far, reports: list[str]
) -> None:
    far.words = ["not_in_channel"]
    with pytest.raises(Busy):
        await slack.send(SHOWN[1])
    await slack.send(SHOWN[1])
    assert "agents' channel" in reports[0]
    assert reports[-1] == ""
    with pytest.raises(Refused, match="agents_channel"):
        await open_channel(replace(options, agents_channel=""), tools).send(SHOWN[1])


def test_a_channel_takes_one_message_a_second(slack: Slack) -> None:
    names = [[pace.name for pace in slack.paces(out)] for out in (IN_CHANNEL, *SHOWN, ANSWER)]
    assert names == [["channel:C0CUSTOMERS"], ["changes"], ["channel:C0AGENTS"], ["changes"], []]


# --- files ---------------------------------------------------------------------------------------------------


async def test_files_go_out_in_three_steps_and_places_as_words(slack: Slack, far: Far) -> None:
    file = Attachment(File("photo", "r", "a.png", "image/png", len(PICTURE)), io.BytesIO(PICTURE))
    own = Attachment(File("photo", f"{far.host}/files/picture", "own.png", "image/png"))
    out = replace(IN_CHANNEL, text="", attachments=(file, own))
    assert await slack.send(out) == "F1"
    assert far.uploads == [PICTURE, PICTURE]
    kept = [{"id": "F1", "title": "a.png"}, {"id": "F1", "title": "own.png"}]
    shared = {"files": kept, "channel_id": "C0CUSTOMERS", "thread_ts": ROOT}
    assert far.last("files.completeUploadExternal") == shared
    assert far.last("files.getUploadURLExternal") == {"filename": "own.png", "length": str(len(PICTURE))}
    assert await slack.send(Post("k", ROOT, "", (replace(file, content=io.BytesIO(PICTURE)),))) == "F1"
    await slack.send(replace(MESSAGE, text="", attachments=(Attachment(File.located(60.0, 24.0, "Here")),)))
    assert far.delivered[-1].startswith("Here https://www.openstreetmap.org/")


async def test_files_are_fetched_with_the_token_from_slack_alone(slack: Slack, far: Far) -> None:
    for ref in (f"{far.host}/files/picture", "F5"):
        into = io.BytesIO()
        await slack.fetch(File("photo", ref, mime="image/png"), into)
        assert into.getvalue() == PICTURE
    refused = (
        "https://evil.example/a.png",
        "http://files.slack.com/a.png",
        f"{far.host}/files/302",
        f"{far.host}/files/signin",
        f"{far.host}/files/404",
    )
    for ref in refused:
        with pytest.raises(Refused, match=r"\w"):
            await slack.fetch(File("photo", ref), io.BytesIO())
    with pytest.raises(Busy) as caught:
        await slack.fetch(File("photo", f"{far.host}/files/429"), io.BytesIO())
    assert caught.value.retry_after_s == 9.0


# --- outlets, listening -------------------------------------------------------------------------------


async def test_topic_and_status_show_the_wait(slack: Slack, far: Far) -> None:
    assert await slack.read_outlet("topic") == {"": "a & b"}
    await slack.show_outlet("topic", {"": "about 5 min & more"})
    assert far.last("conversations.setTopic") == {"channel": "C0TOPIC", "topic": "about 5 min &amp; more"}
    assert await slack.read_outlet("status") == {"": "out & about"}
    await slack.show_outlet("status", {"": "5 min"})
    assert far.last("users.profile.set") == {"profile": {"status_text": "5 min", "status_expiration": 0}}
    assert far.calls[-1][2] == f"Bearer {PERSON}"
    await slack.show_outlet("status", None)
    assert far.last("users.profile.set")["profile"]["status_emoji"] == ""
    with pytest.raises(Refused):
        await slack.show_outlet("topic", b"png")


async def test_listening_waits_once_the_token_is_taken(slack: Slack, far: Far) -> None:
    listening = asyncio.create_task(slack.listen(never))
    await until(lambda: far.calls)
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening
    for words, error in ((["invalid_auth"], Unusable), (["service_unavailable"], Down)):
        far.words = words
        with pytest.raises(error):
            await slack.listen(never)


async def test_socket_mode_confirms_what_was_taken_in(options: Options, tools: Tools, far: Far) -> None:
    slack = open_channel(replace(options, app_token=APP, signing_secret=""), tools)
    taken: list[Arrival] = []

    async def inbox(arrival: Arrival) -> None:
        assert len(far.confirmed) == len(taken)
        taken.append(arrival)

    asked = {"command": "/wait", "text": "", "user_id": "U1", "channel_id": "D1", "trigger_id": "1.2"}
    far.envelopes = [
        {"envelope_id": "e1", "type": "events_api", "payload": json.loads(FIXTURES["ordinary"])},
        {"envelope_id": "e2", "type": "interactive", "payload": json.loads(FIXTURES["pressed"])},
        {"envelope_id": "e3", "type": "slash_commands", "payload": asked},
        {"envelope_id": "e4", "type": "events_api", "payload": json.loads(FIXTURES["missing_field"])},
    ]
    await slack.listen(inbox)
    assert [type(one) for one in taken] == [CustomerMessage, AgentCommand, CustomerMessage]
    assert far.confirmed == ["e1", "e2", "e3", "e4"]
    assert far.calls[-1][2] == f"Bearer {APP}"
