"""The WhatsApp channel sends, fetches, shows and looks at itself: against a server as its far end."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from adapters.base import (
    Attachment,
    Busy,
    EditOut,
    File,
    MessageOut,
    Refused,
    Tools,
    Uncertain,
    Undelivered,
)
from adapters.whatsapp import WhatsApp, open_channel
from tests.adapters.carrying import content_of, holding
from tests.adapters.contract import ANSWER, EVENT, MESSAGE, NOW, SendingContract
from tests.adapters.meta_side import OLD, SECRET, VERIFY
from tests.adapters.test_whatsapp import OPTIONS, far, tools, whatsapp
from tests.fakes.whatsapp import CUSTOMER, NUMBER, PICTURE, SECOND, TOKEN, Far, Planned, error

__all__ = ["far", "tools", "whatsapp"]

TO_SECOND = replace(MESSAGE, conversation_id=f"{SECOND}/{CUSTOMER}", customer_id=CUSTOMER)
LATE = replace(TO_SECOND, kind="reply", heard_at=NOW - 86_401.0)
DAY = "24 hours"


class TestSending(SendingContract):
    @pytest.fixture
    def channel(self, whatsapp: WhatsApp) -> WhatsApp:
        return whatsapp

    @pytest.fixture
    def far_end(self, far: Far) -> Far:
        return far

    @pytest.fixture
    def message(self) -> MessageOut:
        return TO_SECOND

    @pytest.fixture
    def secrets(self) -> tuple[str, ...]:
        return TOKEN, SECRET, OLD, VERIFY


async def test_what_is_sent_is_what_whatsapp_documents(whatsapp: WhatsApp, far: Far) -> None:
    assert await whatsapp.send(TO_SECOND) == "wamid.1"
    await whatsapp.send(replace(ANSWER, answer_to=SECOND))
    await whatsapp.send(ANSWER)
    await whatsapp.send(replace(TO_SECOND, conversation_id=f"{NUMBER}/US.1349"))
    common = {"messaging_product": "whatsapp", "recipient_type": "individual", "type": "text"}
    said = common | {"text": {"body": MESSAGE.text}, "biz_opaque_callback_data": MESSAGE.key}
    answer = common | {"to": "a-1", "text": {"body": ANSWER.text}, "biz_opaque_callback_data": ANSWER.key}
    assert far.sent == [
        (SECOND, said | {"to": CUSTOMER}),
        (SECOND, answer),
        (NUMBER, answer),
        (NUMBER, said | {"recipient": "US.1349"}),
    ]


@pytest.mark.parametrize(
    "outgoing",
    [
        EditOut("k", f"{NUMBER}/1", "1", "wamid.1", "new"),
        replace(TO_SECOND, conversation_id="999/1"),
        replace(TO_SECOND, public="post"),
    ],
)
async def test_what_has_no_place(whatsapp: WhatsApp, far: Far, outgoing: MessageOut | EditOut) -> None:
    with pytest.raises(Refused, match=r"\w"):
        await whatsapp.send(outgoing)
    assert not far.calls


WAITS: dict[int, float | None] = {
    131000: None, 131016: None, 130429: 10.0, 131056: 6.0, 131048: 900.0, 133004: 60.0,
    1: None, 2: None, 4: 60.0, 80007: 60.0, 131031: None, 131042: None, 133010: None, 190: None, 368: None,
    3: None, 10: None, 131005: None, 131037: None, 131045: None, 200: None, 299: None,
}  # fmt: skip
NEVER = (131047, 131026, 131051, 131053, 130472, 130497, 131049, 131030, 132000, 132001, 132015, 100, 7, 300)
OF_NUMBER = {130429, 131048, 80007, 4}
MENDED = {131031, 131042, 133010, 190, 368, 3, 10, 131005, 131037, 131045, 200, 299}


@pytest.mark.parametrize("code", [*WAITS, *NEVER])
async def test_what_a_code_means(whatsapp: WhatsApp, far: Far, reports: list[str], code: int) -> None:
    far.plan = [error(code)]
    with pytest.raises(Busy if code in WAITS else Refused, match=r"\w") as caught:
        await whatsapp.send(TO_SECOND)
    if isinstance(caught.value, Busy):
        assert caught.value.retry_after_s == WAITS[code]
        assert caught.value.budget == ("number" if code in OF_NUMBER else "")
    await whatsapp.send(TO_SECOND)
    assert [bool(one) for one in reports] == ([True, False] if code in MENDED else [])


@pytest.mark.parametrize(
    ("code", "words"),
    [(0, "no right"), (131999, "no right"), (190, "not accepted"), (368, "restricted"), (131031, "locked")],
)
async def test_what_is_forbidden_waits_until_it_is_mended(
    whatsapp: WhatsApp, far: Far, reports: list[str], code: int, words: str
) -> None:
    far.plan = [error(code, 403)]
    with pytest.raises(Busy, match=words):
        await whatsapp.send(TO_SECOND)
    await whatsapp.send(TO_SECOND)
    assert [words in one for one in reports] == [True, False]


@pytest.mark.parametrize(
    ("planned", "wrong"),
    [
        ((429, {}), Busy),
        ((500, {}), Uncertain),
        ((504, {}), Uncertain),
        ((404, {}), Refused),
        ((200, {}), Uncertain),
        ((200, {"messages": [{"id": 7}]}), Uncertain),
        (error(131999, is_transient=True), Busy),
    ],
)
async def test_what_is_no_code(
    whatsapp: WhatsApp, far: Far, planned: Planned, wrong: type[Undelivered]
) -> None:
    far.plan = [planned]
    with pytest.raises(wrong):
        await whatsapp.send(TO_SECOND)


async def test_what_never_left_waits(tools: Tools, nobody: str) -> None:
    with pytest.raises(Busy):
        await open_channel(replace(OPTIONS, api_base=nobody), tools).send(TO_SECOND)


def test_its_pace_is_that_of_the_number_and_of_the_pair(whatsapp: WhatsApp) -> None:
    number, pair = whatsapp.paces(TO_SECOND)
    assert (number.name, number.most, number.per_s) == (f"number:{SECOND}", 80, 1.0)
    assert (pair.name, pair.most, pair.per_s, pair.draws) == (f"pair:{SECOND}/{CUSTOMER}", 45, 270.0, 1)
    files = (Attachment(File("photo", "1")),) * 3
    assert [one.draws for one in whatsapp.paces(replace(TO_SECOND, attachments=files))] == [3, 3]
    assert whatsapp.paces(ANSWER)[0].name == f"number:{NUMBER}"
    assert whatsapp.paces(EVENT) == ()


# --- after 24 hours ------------------------------------------------------------------------------------------


@pytest.fixture
def with_template(tools: Tools, far: Far) -> WhatsApp:
    options = replace(OPTIONS, template="late_answer", template_language="en_US", api_base=far.url)
    return open_channel(options, tools)


async def test_a_human_answers_late_by_a_template(with_template: WhatsApp, far: Far) -> None:
    assert with_template.limits.reply_window_s == 86_400.0
    await with_template.send(replace(LATE, text="  It has\n\n1\t2     left  "))
    [(number, body)] = far.sent
    assert (number, body["type"]) == (SECOND, "template")
    assert body["template"] == {
        "name": "late_answer",
        "language": {"code": "en_US"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "It has 1 2 left"}]}],
    }
    await with_template.send(replace(LATE, heard_at=NOW - 86_399.0))
    assert far.sent[1][1]["type"] == "text"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "acknowledgement"}, DAY),
        ({"kind": "update"}, DAY),
        ({"text": "x" * 1_025}, "1024"),
        ({"text": "", "attachments": (Attachment(File("photo", "1")),)}, DAY),
    ],
)
async def test_nothing_else_goes_late(
    with_template: WhatsApp, far: Far, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(Refused, match=words):
        await with_template.send(replace(LATE, **changes))
    assert not far.calls


async def test_without_a_template_the_agent_is_told_how_to_have_one(whatsapp: WhatsApp) -> None:
    with pytest.raises(Refused, match="set `template`"):
        await whatsapp.send(LATE)


# --- files ---------------------------------------------------------------------------------------------------


def with_files(*attachments: Attachment) -> MessageOut:
    return replace(TO_SECOND, text="", attachments=attachments)


@pytest.mark.parametrize(
    ("file", "size", "kind"),
    [
        (File("photo", "", "a.jpg", "image/jpeg"), 5_000_000, "image"),
        (File("photo", "", "a.jpg", "image/jpeg"), 5_000_001, "document"),
        (File("photo", "", "a.gif", "image/gif"), 10, "document"),
        (File("video", "", "a.mp4", "video/mp4"), 10, "video"),
        (File("voice", "", "a.ogg", "audio/ogg"), 10, "audio"),
        (File("sticker", "", "a.webp", "image/webp"), 10, "sticker"),
        (File("sticker", "", "a.png", "image/png"), 10, "image"),
        (File("document", "", "lasku.pdf", "application/pdf"), 10, "document"),
    ],
)
async def test_a_file_is_uploaded_and_sent_by_its_id(
    whatsapp: WhatsApp, far: Far, file: File, size: int, kind: str
) -> None:
    await whatsapp.send(with_files(holding(file, b"x" * size)))
    [(number, body)] = far.sent
    assert far.uploads == [(file.name, file.mime, size)]
    named = {"filename": file.name} if kind == "document" else {}
    assert (number, body["type"], body[kind]) == (SECOND, kind, {"id": "media-1"} | named)


async def test_our_own_file_and_a_place_need_no_upload(whatsapp: WhatsApp, far: Far) -> None:
    await whatsapp.send(
        with_files(Attachment(File("voice", "77")), Attachment(File.located(1.5, -2.5, "Station")))
    )
    assert far.sent[0][1]["audio"] == {"id": "77"}
    place = {"latitude": 1.5, "longitude": -2.5, "name": "Station", "address": "Station"}
    assert far.sent[1][1]["location"] == place
    assert not far.uploads


async def test_files_that_went_are_not_sent_again(whatsapp: WhatsApp, far: Far) -> None:
    pair = with_files(*[holding(File("document", "", "a.pdf", "application/pdf"), b"x") for _ in range(2)])
    far.plan = [error(131056)]
    with pytest.raises(Busy):
        await whatsapp.send(pair)
    pair = with_files(Attachment(File("photo", "1")), Attachment(File("photo", "2")))
    far.plan = [(200, {"messages": [{"id": "wamid.1"}]}), error(131056)]
    with pytest.raises(Uncertain, match="only 1 of 2"):
        await whatsapp.send(pair)
    with pytest.raises(Refused, match="100 MB"):
        await whatsapp.send(with_files(replace_size(holding(File("document", ""), b"x"), 100_000_001)))


def replace_size(attachment: Attachment, size: int) -> Attachment:
    return replace(attachment, file=replace(attachment.file, size_bytes=size))


async def test_a_file_is_fetched_with_the_token(whatsapp: WhatsApp, far: Far) -> None:
    assert await content_of(whatsapp, File("photo", "1003383421387256")) == PICTURE
    assert far.calls == ["GET 1003383421387256", "GET files/1003383421387256"]


@pytest.mark.parametrize(
    "address",
    ["https://elsewhere.example/a", "http://lookaside.fbsbx.com/a", "https://fbsbx.com.example/", "["],
)
async def test_the_token_goes_nowhere_else(whatsapp: WhatsApp, far: Far, address: str) -> None:
    far.media_url = address
    with pytest.raises(Refused):
        await content_of(whatsapp, File("photo", "1"))


@pytest.mark.parametrize(
    ("planned", "wrong"), [((404, {}), Refused), ((410, {}), Refused), ((500, {}), Busy), ((429, {}), Busy)]
)
async def test_a_file_that_is_not_there(
    whatsapp: WhatsApp, far: Far, planned: Planned, wrong: type[Undelivered]
) -> None:
    for plan in ([planned], [(200, {"url": f"{far.url}/files/1"}), planned]):
        far.plan = plan
        with pytest.raises(wrong):
            await content_of(whatsapp, File("photo", "1"))
    with pytest.raises(Refused):
        await content_of(whatsapp, File("location", "1.0,2.0"))


# --- beside --------------------------------------------------------------------------------------------------


async def test_signs_go_with_the_message_they_are_about(whatsapp: WhatsApp, far: Far) -> None:
    await whatsapp.show_typing(TO_SECOND.conversation_id, "wamid.x")
    await whatsapp.show_seen(TO_SECOND.conversation_id, "wamid.x")
    await whatsapp.show_typing(TO_SECOND.conversation_id, "")
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.x"}
    assert far.sent == [(SECOND, read | {"typing_indicator": {"type": "text"}}), (SECOND, read)]
    far.plan = [error(100), (500, {})]
    await whatsapp.show_seen(TO_SECOND.conversation_id, "wamid.x")
    await whatsapp.show_typing(TO_SECOND.conversation_id, "wamid.x")


@pytest.mark.parametrize(
    ("contact", "payload", "link"),
    [
        ("https://wa.me/15550783881", "K7-x_1", "https://wa.me/15550783881?text=%2Fstart%20K7-x_1"),
        ("https://wa.me/15550783881", "", "https://wa.me/15550783881"),
        ("https://acme.example", "K7", ""),
        ("", "", ""),
    ],
)
def test_an_invitation(tools: Tools, contact: str, payload: str, link: str) -> None:
    assert open_channel(OPTIONS, replace(tools, contact=contact)).invitation(payload) == link


async def test_the_text_under_the_name_is_an_outlet_of_each_number(
    whatsapp: WhatsApp, tools: Tools, far: Far
) -> None:
    assert [one.name for one in whatsapp.outlets] == [f"about-{NUMBER}", f"about-{SECOND}"]
    assert await whatsapp.read_outlet(f"about-{SECOND}") is None
    await whatsapp.show_outlet(f"about-{SECOND}", {"": "About 5 minutes"})
    assert far.about == {SECOND: "About 5 minutes"}
    assert await whatsapp.read_outlet(f"about-{SECOND}") == {"": "About 5 minutes"}
    with pytest.raises(Refused, match="empty"):
        await whatsapp.show_outlet(f"about-{SECOND}", None)
    [alone] = open_channel(replace(OPTIONS, numbers=(NUMBER,)), tools).outlets
    assert (alone.name, alone.chars, alone.least_s, alone.per_language) == ("about", 139, 3_600.0, False)


async def test_it_looks_at_itself(whatsapp: WhatsApp, far: Far) -> None:
    far.secret = SECRET
    assert not any(one.wrong for one in await whatsapp.check())
    far.plan = [error(190, 401), error(100)]
    findings = await whatsapp.check()
    assert [bool(one.wrong) for one in findings] == [False, True, True, False]
    assert TOKEN not in json.dumps([one.wrong for one in findings])


async def test_it_names_the_permissions_that_its_token_lacks(whatsapp: WhatsApp, far: Far) -> None:
    for secret, scopes, told in (
        (OLD, ["whatsapp_business_messaging"], "not whatsapp_business_management"),
        ("other", [], "not to this app and secret"),
    ):
        far.secret, far.scopes = secret, scopes
        assert told in (await whatsapp.check())[-1].wrong
    far.app = ""
    assert not any(one.wrong for one in await whatsapp.check()), "Meta does not tell whose app it is"
