"""What goes out to LINE: replies, pushes, every answer LINE may give, and what the operator is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from adapters.base import (
    Attachment,
    BadOptions,
    Busy,
    Checked,
    Down,
    EditOut,
    File,
    MessageOut,
    Outgoing,
    Person,
    Refused,
    Tools,
    Uncertain,
    Undelivered,
    Unusable,
    utf16,
)
from adapters.line import TEXT_UNITS, Line, Options, open_channel
from adapters.line.calls import TOKEN_PAUSE_S
from tests.adapters.carrying import holding
from tests.adapters.contract import ANSWER, MESSAGE, NOW, NamingContract, never
from tests.adapters.test_line import HOOK, SECRET, side, tools
from tests.fakes.line import TOKEN, LineSide, Script
from tests.waiting import until

__all__ = ["side", "tools"]

PUSH, REPLY = "POST /v2/bot/message/push", "POST /v2/bot/message/reply"
HANGS_UP, HANGS_UP_AFTER = Script(hangs_up=True), Script(hangs_up=True, accepted=True)


@pytest.fixture
def line(side: LineSide, tools: Tools) -> Line:
    return open_channel(Options(SECRET, TOKEN, f"{side.url}/", side.url), tools)


class TestLine(NamingContract):
    @pytest.fixture
    def channel(self, line: Line) -> Line:
        return line

    @pytest.fixture
    def far_end(self, side: LineSide) -> LineSide:
        return side

    @pytest.fixture
    def secrets(self) -> tuple[str, ...]:
        return SECRET, TOKEN


def answering(
    side: LineSide, age_s: float = 1.0, token: str = "nHuyWiB7yP5Zw52FIkcQobQuGDXCTA"
) -> MessageOut:
    """An answer to a command whose token LINE still takes."""
    side.reply_tokens[token] = MESSAGE.conversation_id
    return replace(MESSAGE, kind="answer", answer_to=f"{(NOW - age_s) * 1000:.0f}:{token}")


# --- the ways out --------------------------------------------------------------------------------------------


async def test_a_message_is_pushed_and_gives_lines_id(line: Line, side: LineSide) -> None:
    assert await line.send(MESSAGE) == "4001"
    assert side.shown == [(MESSAGE.conversation_id, MESSAGE.text)]


async def test_a_message_sent_a_hundred_times_is_shown_once(line: Line, side: LineSide) -> None:
    assert {await line.send(MESSAGE) for _ in range(100)} == {"4001"}
    assert len(side.shown) == 1


async def test_an_answer_to_a_command_is_a_free_reply(line: Line, side: LineSide) -> None:
    assert await line.send(answering(side)) == "4001"
    assert (side.calls[REPLY], side.calls[PUSH]) == (1, 0)


@pytest.mark.parametrize("age_s", [20.0, 3_600.0, -20.0])
async def test_an_old_token_is_not_tried(line: Line, side: LineSide, age_s: float) -> None:
    await line.send(answering(side, age_s))
    assert (side.calls[REPLY], side.calls[PUSH]) == (0, 1)


async def test_a_token_that_line_does_not_take_any_more_becomes_a_push(line: Line, side: LineSide) -> None:
    answer = answering(side)
    side.reply_tokens.clear()
    await line.send(answer)
    assert (side.calls[REPLY], side.calls[PUSH], len(side.shown)) == (1, 1, 1)


@pytest.mark.parametrize("trouble", [HANGS_UP_AFTER, Script(500, accepted=True)])
async def test_a_reply_that_arrived_without_our_hearing_of_it_is_not_said_twice(
    line: Line, side: LineSide, trouble: Script
) -> None:
    side.script = [trouble]
    assert await line.send(answering(side))
    assert (side.calls[REPLY], side.calls[PUSH], len(side.shown)) == (2, 0, 1)


@pytest.mark.parametrize("trouble", [HANGS_UP, Script(502)])
async def test_a_reply_that_did_not_arrive_is_said_by_the_second(
    line: Line, side: LineSide, trouble: Script
) -> None:
    side.script = [trouble]
    await line.send(answering(side))
    assert (side.calls[REPLY], side.calls[PUSH], len(side.shown)) == (2, 0, 1)


async def test_a_reply_of_which_nobody_knows_after_two_tries_is_uncertain(line: Line, side: LineSide) -> None:
    side.script = [HANGS_UP, HANGS_UP]
    with pytest.raises(Uncertain):
        await line.send(answering(side))


async def test_an_agents_answer_goes_to_the_agent_and_is_cut_to_what_line_takes(
    line: Line, side: LineSide
) -> None:
    await line.send(replace(ANSWER, text="😀" * 3_000))
    ((to, text),) = side.shown
    assert to == ANSWER.agent_id
    assert text == "😀" * 2_499 + "…"
    assert utf16(text) <= TEXT_UNITS


async def test_a_location_from_another_channel_is_one_here(line: Line, side: LineSide) -> None:
    place = File("location", "60.169900,24.938400", "Acme, Mannerheimintie 1")
    await line.send(replace(MESSAGE, text="", attachments=(Attachment(place),)))
    assert side.shown == [(MESSAGE.conversation_id, "Acme, Mannerheimintie 1 at 60.1699 24.9384")]


URL = "https://jono.example/files/token/photo.jpg"


def with_files(*attachments: Attachment) -> MessageOut:
    return replace(MESSAGE, text="", attachments=attachments)


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        (File("photo", "1", mime="image/jpeg", size_bytes=1_000_000), f"picture {URL}"),
        (File("photo", "1", mime="image/jpeg", size_bytes=1_000_001), URL),
        (File("photo", "1", "a.webp", "image/webp", 9), f"a.webp\n{URL}"),
        (File("photo", "1", mime="image/png"), URL),
        (File("document", "1", "bill.pdf", "application/pdf", 9), f"bill.pdf\n{URL}"),
    ],
)
async def test_a_small_picture_is_shown_and_all_else_is_a_link(
    line: Line, side: LineSide, file: File, shown: str
) -> None:
    await line.send(with_files(Attachment(file, url=URL)))
    assert side.shown == [(MESSAGE.conversation_id, shown)]


async def test_more_than_line_takes_at_once_is_said_in_turn_and_once(line: Line, side: LineSide) -> None:
    files = [Attachment(File("document", "1", f"{n}.pdf"), url=URL) for n in range(7)]
    assert [await line.send(with_files(*files)) for _ in range(2)] == ["4005", "4005"]
    assert [text.partition(".")[0] for _, text in side.shown] == [str(n) for n in range(7)]
    assert side.calls[PUSH] == 4


@pytest.mark.parametrize(
    ("outgoing", "reason"),
    [
        (with_files(holding(File("photo", "1"), b"x")), "write a link"),
        (with_files(holding(File("photo", "1"), b"x", URL + "a" * 2_000)), "write a link"),
        (EditOut("K-1", "c-1", "c-1", "4001", None), "changes nothing"),
    ],
)
async def test_what_line_cannot_do_is_refused(
    line: Line, side: LineSide, outgoing: Outgoing, reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        await line.send(outgoing)
    assert not side.calls


# --- what LINE answers ---------------------------------------------------------------------------------------

MONTH = "You have reached your monthly limit."


@pytest.mark.parametrize(
    ("script", "kind", "reason"),
    [
        (Script(400, "The property, 'to', in the request body is invalid"), Refused, "'to'"),
        (Script(403, "Access to this API is not available for your account"), Refused, "not available"),
        (Script(413), Refused, "HTTP 413"),
        (Script(429, MONTH), Refused, "month"),
        (Script(429, "The API rate limit has been exceeded. Try again later."), Busy, "429"),
        (Script(302), Busy, "302"),
        (Script(503), Uncertain, "503"),
    ],
)
async def test_an_error_says_what_is_known_of_the_message(
    line: Line, side: LineSide, script: Script, kind: type[Undelivered], reason: str
) -> None:
    side.script = [script]
    with pytest.raises(kind, match=reason):
        await line.send(MESSAGE)


@pytest.mark.parametrize("trouble", [HANGS_UP_AFTER, Script(500, accepted=True)])
async def test_pushes_that_arrived_without_our_hearing_of_it_are_shown_once(
    line: Line, side: LineSide, trouble: Script
) -> None:
    for number in range(20):
        message = replace(MESSAGE, key=f"key-{number}", text=f"message {number}")
        side.script = [trouble]
        with pytest.raises(Uncertain):
            await line.send(message)
        assert await line.send(message) == f"{4_001 + number}"
    assert side.delivered == [f"message {number}" for number in range(20)]


async def test_what_never_left_waits_and_what_may_have_arrived_is_uncertain(
    tools: Tools, nobody: str, silent: str
) -> None:
    with pytest.raises(Busy):
        await open_channel(Options(SECRET, TOKEN, nobody), tools).send(MESSAGE)
    with pytest.raises(Uncertain, match="Timeout"):
        await open_channel(Options(SECRET, TOKEN, silent), tools).send(MESSAGE)


async def test_a_wrong_token_waits_and_is_told_until_it_is_mended(
    side: LineSide, tools: Tools, reports: list[str]
) -> None:
    wrong = open_channel(Options(SECRET, "wrong", side.url), tools)
    for _ in range(2):
        with pytest.raises(Busy, match="token") as busy:
            await wrong.send(MESSAGE)
        assert busy.value.retry_after_s == TOKEN_PAUSE_S
    assert reports == ["the token is not accepted"]


async def test_used_up_messages_are_told_until_one_goes_out_again(
    line: Line, side: LineSide, reports: list[str]
) -> None:
    side.script = [Script(429, MONTH)]
    with pytest.raises(Refused):
        await line.send(MESSAGE)
    await line.send(MESSAGE)
    assert reports == ["the month's messages are used up: see the account's plan", ""]


async def test_who_a_customer_is_is_asked_and_not_always_told(line: Line, side: LineSide) -> None:
    side.profiles["c-1"] = {"displayName": "Aino", "userId": "c-1", "language": "fi"}
    side.profiles["c-2"] = {"displayName": "Ben", "userId": "c-2"}
    people = [await line.person_of(customer) for customer in ("c-1", "c-2", "c-3")]
    assert people == [Person("c-1", "Aino", "fi"), Person("c-2", "Ben"), Person("c-3")]


# --- the operator --------------------------------------------------------------------------------------------


async def listened(line: Line, condition: Callable[[], object]) -> None:
    """Listen until that is so."""
    listening = asyncio.create_task(line.listen(never))
    await until(lambda: condition() or listening.done())
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening


async def test_line_is_told_where_to_push(line: Line, side: LineSide, reports: list[str]) -> None:
    await listened(line, lambda: side.endpoint == {"endpoint": HOOK, "active": True})
    assert side.endpoint
    assert reports == []


async def test_an_old_address_is_replaced_and_a_switch_that_is_off_is_told(
    line: Line, side: LineSide, reports: list[str]
) -> None:
    side.endpoint = {"endpoint": "https://old.example/in", "active": False}
    await listened(line, lambda: reports)
    assert side.endpoint == {"endpoint": HOOK, "active": False}
    assert reports == ["“Use webhook” is off in LINE's console: nothing comes in"]


async def test_an_address_without_tls_is_told(side: LineSide, tools: Tools, reports: list[str]) -> None:
    line = open_channel(
        Options(SECRET, TOKEN, side.url), replace(tools, hook_url="http://127.0.0.1/hooks/line")
    )
    await listened(line, lambda: reports)
    assert reports == ["LINE pushes to https:// only: see server.public_url"]
    assert not side.calls


async def test_a_wrong_token_is_unusable_and_a_line_that_is_away_is_down(
    side: LineSide, tools: Tools, nobody: str
) -> None:
    with pytest.raises(Unusable, match="token"):
        await open_channel(Options(SECRET, "wrong", side.url), tools).listen(never)
    with pytest.raises(Down):
        await open_channel(Options(SECRET, TOKEN, nobody), tools).listen(never)


async def findings(line: Line) -> tuple[list[str], list[str]]:
    assert isinstance(line, Checked)
    found = await line.check()
    return [one.what for one in found if not one.wrong], [one.wrong for one in found if one.wrong]


async def test_check_finds_all_well(line: Line, side: LineSide) -> None:
    side.endpoint = {"endpoint": HOOK, "active": True}
    side.quota, side.used = {"type": "limited", "value": 200}, 13
    assert await findings(line) == (
        [
            "the token is that of “Acme” (@216ru)",
            "events are pushed to us",
            "13 of the month's 200 messages are used",
        ],
        [],
    )
    side.endpoint, side.quota = None, {"type": "none"}
    good, wrong = await findings(line)
    assert good[1:] == [f"events will be pushed to {HOOK}", "the month's messages have no limit"]
    assert not wrong
    assert side.endpoint is None


async def test_check_names_what_is_missing(side: LineSide, line: Line, tools: Tools) -> None:
    side.endpoint, side.quota, side.used = {"endpoint": HOOK, "active": False}, {"value": 200}, 200
    _, wrong = await findings(line)
    assert ["“Use webhook”" in wrong[0], "plan" in wrong[1]] == [True, True]
    _, wrong = await findings(open_channel(Options(SECRET, "wrong", side.url), tools))
    assert wrong == ["the token is not accepted; take it anew from LINE's console (token)"]
    _, wrong = await findings(open_channel(Options(SECRET, TOKEN, side.url), replace(tools, hook_url="")))
    assert "server.public_url" in wrong[0]


@pytest.mark.parametrize(
    ("options", "key"),
    [
        (Options("", TOKEN), "secret"),
        (Options((), TOKEN), "secret"),
        (Options((SECRET, ""), TOKEN), "secret"),
        (Options(SECRET, ""), "token"),
        (Options(SECRET, "two\nlines"), "token"),
        (Options(SECRET, TOKEN, "api.line.me"), "api_base"),
        (Options(SECRET, TOKEN, data_base="ftp://x"), "data_base"),
    ],
)
def test_options_that_cannot_work_are_named(tools: Tools, options: Options, key: str) -> None:
    with pytest.raises(BadOptions) as caught:
        open_channel(options, tools)
    assert caught.value.key == key


def test_options_do_not_show_their_secrets() -> None:
    assert SECRET not in repr(Options(SECRET, TOKEN))
    assert TOKEN not in repr(Options(SECRET, TOKEN))
