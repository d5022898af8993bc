"""The Chatwoot channel sends, hands off, fetches and looks at itself: against a server as its far end."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.base import (
    Attachment,
    Busy,
    Channel,
    CommandAnswer,
    EditOut,
    File,
    MessageOut,
    Outgoing,
    Refused,
    Tools,
    Uncertain,
    Undelivered,
)
from adapters.chatwoot import Chatwoot, Options, open_channel
from tests.adapters.carrying import content_of
from tests.adapters.contract import ANSWER, EVENT, MESSAGE, SendingContract
from tests.adapters.test_chatwoot import BOT, HOOK, SENDABLE, TOKEN, WEBHOOK, chatwoot, far, options, tools
from tests.fakes.chatwoot import PICTURE, Far

__all__ = ["chatwoot", "far", "options", "tools"]

OWN = {"sent_by": "jono"}
OPEN = ("c-1/toggle_status", {"status": "open"})
REPLY = replace(MESSAGE, kind="reply")


class TestSending(SendingContract):
    @pytest.fixture
    def channel(self, chatwoot: Chatwoot) -> Channel:
        return chatwoot

    @pytest.fixture
    def far_end(self, far: Far) -> Far:
        return far

    @pytest.fixture
    def message(self) -> MessageOut:
        return REPLY

    @pytest.fixture
    def sendable(self) -> Sequence[Outgoing]:
        return SENDABLE

    @pytest.fixture
    def secrets(self) -> tuple[str, ...]:
        return (TOKEN, BOT, WEBHOOK)


# --- messages ------------------------------------------------------------------------------------------------


async def test_what_is_sent_is_what_chatwoot_documents(chatwoot: Chatwoot, far: Far) -> None:
    assert await chatwoot.send(REPLY) == "8001"
    said = {"content": REPLY.text, "message_type": "outgoing", "private": False, "content_attributes": OWN}
    assert far.calls == [("c-1/messages", said)]
    assert far.tokens == {TOKEN}


async def test_an_answer_to_a_command_is_a_private_note_beside_it(chatwoot: Chatwoot, far: Far) -> None:
    assert await chatwoot.send(replace(ANSWER, answer_to="10")) == "8001"
    [(place, said)] = far.calls
    assert (place, said["private"], said["content"]) == ("10/messages", True, ANSWER.text)


@pytest.mark.parametrize(
    "outgoing", [ANSWER, EditOut("k", "c-1", "c-1", "8001", None)], ids=["answer", "edit"]
)
async def test_what_has_no_place_is_refused(
    chatwoot: Chatwoot, far: Far, outgoing: CommandAnswer | EditOut
) -> None:
    with pytest.raises(Refused):
        await chatwoot.send(outgoing)
    assert not far.calls


async def test_events_are_not_told(chatwoot: Chatwoot, far: Far) -> None:
    assert await chatwoot.send(EVENT) == EVENT.key
    assert not far.calls


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (302, Busy),
        (400, Refused),
        (401, Busy),
        (403, Busy),
        (404, Refused),
        (413, Refused),
        (422, Refused),
        (429, Busy),
        (500, Uncertain),
        (502, Uncertain),
        (503, Busy),
        (504, Uncertain),
    ],
)
async def test_what_chatwoot_answers_is_told_for_what_it_is(
    chatwoot: Chatwoot, far: Far, reports: list[str], status: int, error: type[Undelivered]
) -> None:
    far.statuses["messages"] = status
    with pytest.raises(error) as caught:
        await chatwoot.send(REPLY)
    assert type(caught.value) is error
    if isinstance(caught.value, Busy):
        mended = status in (302, 401, 403)
        assert caught.value.retry_after_s == (300.0 if mended else 7.0)
        assert bool(reports) is mended
    assert len(far.calls) == 1


async def test_a_token_that_is_not_taken_is_told_until_it_is(
    chatwoot: Chatwoot, far: Far, reports: list[str]
) -> None:
    far.faults = ["unauthorised", "unauthorised"]
    for _ in range(2):
        with pytest.raises(Busy):
            await chatwoot.send(REPLY)
    await chatwoot.send(REPLY)
    assert [bool(one) for one in reports] == [True, False]
    assert "Invalid Access Token" in reports[0]


async def test_what_never_left_waits(tools: Tools, options: Options, nobody: str) -> None:
    with pytest.raises(Busy):
        await open_channel(replace(options, api_base=nobody), tools).send(REPLY)


async def test_what_may_have_arrived_is_uncertain(tools: Tools, options: Options, silent: str) -> None:
    slow = open_channel(replace(options, api_base=silent), tools)
    with pytest.raises(Uncertain):
        await slow.send(REPLY)
    await slow.show_typing("10", "")
    assert not slow.limits.resend_is_safe


@pytest.mark.parametrize("told", [b"", b"<html>", b"[]", b'{"id": "x"}'])
async def test_an_answer_that_makes_no_sense_is_uncertain(
    tools: Tools, options: Options, told: bytes
) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=told)

    app = web.Application()
    app.router.add_post("/{anything:.*}", answer)
    async with TestServer(app) as running:
        odd = open_channel(replace(options, api_base=str(running.make_url("")).rstrip("/")), tools)
        with pytest.raises(Uncertain):
            await odd.send(REPLY)


# --- hand-off, typing ----------------------------------------------------------------------------------------


async def test_what_is_acknowledged_is_opened_for_agents(
    chatwoot: Chatwoot, tools: Tools, options: Options, far: Far
) -> None:
    await chatwoot.send(MESSAGE)
    assert [far.calls[0][0], far.calls[1]] == ["c-1/messages", OPEN]
    far.calls.clear()
    await chatwoot.send(REPLY)
    await open_channel(replace(options, hand_off=False), tools).send(MESSAGE)
    assert OPEN not in far.calls


@pytest.mark.parametrize("status", [302, 401, 404, 429, 500, 503])
async def test_a_hand_off_that_fails_is_told_and_does_not_repeat_the_message(
    chatwoot: Chatwoot, far: Far, reports: list[str], status: int
) -> None:
    far.statuses["toggle_status"] = status
    assert await chatwoot.send(MESSAGE) == "8001"
    await chatwoot.send(REPLY)
    assert len(reports) == 1
    assert "not opened for agents" in reports[0]
    far.statuses.clear()
    await chatwoot.send(MESSAGE)
    assert reports[-1] == ""
    assert far.delivered == [MESSAGE.text] * 3


@pytest.mark.parametrize(
    ("status", "error"),
    [(413, Refused), (422, Refused), (500, Uncertain), (502, Uncertain), (504, Uncertain)],
)
async def test_what_will_not_be_acknowledged_again_is_opened_for_agents_too(
    chatwoot: Chatwoot, far: Far, status: int, error: type[Undelivered]
) -> None:
    far.statuses["messages"] = status
    with pytest.raises(error):
        await chatwoot.send(MESSAGE)
    assert far.calls[1:] == [OPEN]
    far.statuses["toggle_status"] = 503
    with pytest.raises(error):
        await chatwoot.send(MESSAGE)


async def test_an_acknowledgement_that_is_tried_again_opens_nothing_yet(chatwoot: Chatwoot, far: Far) -> None:
    for status in (302, 401, 429, 503):
        far.statuses["messages"] = status
        with pytest.raises(Busy):
            await chatwoot.send(MESSAGE)
    assert OPEN not in far.calls
    far.statuses.clear()
    far.faults = ["cut"]
    with pytest.raises(Uncertain):
        await chatwoot.send(MESSAGE)
    assert far.calls[-1] == OPEN


async def test_only_an_acknowledgement_opens(
    chatwoot: Chatwoot, tools: Tools, options: Options, far: Far
) -> None:
    far.statuses["messages"] = 422
    for channel, message in (
        (chatwoot, REPLY),
        (open_channel(replace(options, hand_off=False), tools), MESSAGE),
    ):
        with pytest.raises(Refused):
            await channel.send(message)
    assert OPEN not in far.calls


async def test_typing_is_shown_and_fails_silently(chatwoot: Chatwoot, far: Far) -> None:
    await chatwoot.show_typing("10", "1201")
    assert far.calls == [("10/toggle_typing_status", {"typing_status": "on"})]
    far.statuses["toggle_typing_status"] = 500
    await chatwoot.show_typing("10", "")


async def test_an_id_cannot_lead_elsewhere(chatwoot: Chatwoot, far: Far) -> None:
    await chatwoot.send(replace(REPLY, conversation_id="../../profile?x=1"))
    assert far.calls[0][0] == "../../profile?x=1/messages"


# --- files ---------------------------------------------------------------------------------------------------


def attached(*attachments: Attachment) -> Outgoing:
    return replace(REPLY, text="", attachments=attachments)


async def test_files_go_as_a_form(chatwoot: Chatwoot, far: Far) -> None:
    picture = File("photo", "r", "rikki ruukku.png", "image/png", len(PICTURE))
    files = (Attachment(picture, io.BytesIO(PICTURE)), Attachment(File("document", "r"), io.BytesIO(b"abc")))
    assert await chatwoot.send(attached(*files)) == "8001"
    assert far.files == [
        ("rikki ruukku.png", "image/png", PICTURE),
        ("document", "application/octet-stream", b"abc"),
    ]
    said = {"content": "", "message_type": "outgoing", "private": "false", "content_attributes": OWN}
    assert far.calls == [("c-1/messages", said)]


async def test_places_and_what_has_an_address_go_as_text(chatwoot: Chatwoot, far: Far) -> None:
    place = File.located(60.1699, 24.9384, "Asema")
    kept = File("photo", "https://chat.example.com/blob/a.png")
    await chatwoot.send(attached(Attachment(place), Attachment(kept)))
    assert far.delivered == [f"Asema\n{place.text}\nhttps://chat.example.com/blob/a.png"]


async def test_a_file_is_fetched_from_where_chatwoot_leads_to(chatwoot: Chatwoot, far: Far) -> None:
    kept = File("photo", f"{far.url}/rails/active_storage/blobs/redirect/a.png")
    assert await content_of(chatwoot, kept) == PICTURE


@pytest.mark.parametrize(
    ("ref", "error"),
    [
        ("{own}/rails/active_storage/disk/404", Refused),
        ("{own}/rails/active_storage/disk/302", Refused),
        ("{own}/rails/active_storage/disk/429", Busy),
        ("{own}/rails/active_storage/disk/503", Busy),
        ("http://elsewhere.example/a.png", Refused),
        ("file:///etc/passwd", Refused),
        ("60.169900,24.938400", Refused),
    ],
)
async def test_a_file_that_cannot_be_had(
    chatwoot: Chatwoot, far: Far, ref: str, error: type[Undelivered]
) -> None:
    into = io.BytesIO()
    with pytest.raises(error) as caught:
        await chatwoot.fetch(File("photo", ref.replace("{own}", far.url)), into)
    assert not into.getvalue()
    assert not isinstance(caught.value, Busy) or caught.value.retry_after_s == 9.0


# --- check ---------------------------------------------------------------------------------------------------

MEMBER = {"name": "Eeva", "accounts": [{"id": 3, "role": "administrator"}, {"id": 4, "role": "agent"}]}


@pytest.mark.parametrize(
    ("profile", "account", "wrong"),
    [
        ((401, {"error": "Access to this endpoint is not authorized for bots"}), 3, ""),
        ((401, {"error": "Invalid Access Token"}), 3, "Invalid Access Token"),
        ((200, MEMBER), 3, ""),
        ((200, MEMBER), 4, "agent bot's token"),
        ((200, MEMBER), 5, "account 5"),
        ((200, {"accounts": None}), 3, "account 3"),
        ((404, None), 3, "api_base"),
        ((302, None), 3, "api_base"),
    ],
)
async def test_the_check_names_what_is_missing(
    tools: Tools, options: Options, far: Far, profile: tuple[int, object], account: int, wrong: str
) -> None:
    far.profile = profile
    whose, where, _ = await open_channel(replace(options, account=account), tools).check()
    assert wrong in whose.wrong
    assert bool(whose.wrong) is bool(wrong)
    assert HOOK in where.what
    assert not where.wrong
    assert TOKEN not in str((whose, where))


@pytest.mark.parametrize("assignments", [True, False])
async def test_the_check_reminds_of_what_an_assignment_means(
    tools: Tools, options: Options, assignments: bool
) -> None:
    findings = await open_channel(replace(options, assignments=assignments), tools).check()
    assert any("assignments" in one.what for one in findings) is assignments
    assert not any(one.wrong for one in findings)


async def test_the_check_tells_that_nobody_is_there(tools: Tools, options: Options, nobody: str) -> None:
    [finding] = await open_channel(replace(options, api_base=nobody), tools).check()
    assert "api_base" in finding.wrong
