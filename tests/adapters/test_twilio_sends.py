"""The Twilio channel sends, carries files, and goes the whole way: against a server as its far end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from aiohttp import ClientSession, web

from adapters.base import (
    Attachment,
    Busy,
    Channel,
    CommandAnswer,
    EditOut,
    File,
    MessageOut,
    Refused,
    Tools,
    Uncertain,
    Undelivered,
)
from adapters.twilio import Options, Twilio, open_channel
from bot import config as configuration
from bot.app import running
from bot.clock import Chance, Clock
from tests.adapters.carrying import content_of, holding
from tests.adapters.contract import MESSAGE, FarEnd, SendingContract
from tests.adapters.twilio_side import (
    AGENT,
    OLD,
    ON_WHATSAPP,
    OTHER,
    PICTURE,
    far,
    options,
    signed,
    tools,
    twilio,
)
from tests.fakes.twilio import (
    ACCOUNT,
    AINO,
    API,
    FORMS,
    HOOK,
    LOGIN,
    SENDER,
    SERVICE,
    TOKEN,
    Far,
    failure,
    sid,
)
from tests.waiting import until

__all__ = ["far", "options", "tools", "twilio"]

TO_AINO = replace(MESSAGE, conversation_id=AINO, customer_id=AINO)


class TestTwilioSends(SendingContract):
    @pytest.fixture
    def channel(self, twilio: Twilio) -> Channel:
        return twilio

    @pytest.fixture
    def far_end(self, far: Far) -> FarEnd:
        far.busy_s = 7.0
        return far

    @pytest.fixture
    def message(self) -> MessageOut:
        return TO_AINO

    @pytest.fixture
    def secrets(self) -> tuple[str, ...]:
        return (TOKEN, OLD, AINO)


# --- messages ------------------------------------------------------------------------------------------------


async def test_what_is_sent_and_from_where(twilio: Twilio, far: Far) -> None:
    assert await twilio.send(TO_AINO) == sid(1)
    assert await twilio.send(replace(TO_AINO, conversation_id=ON_WHATSAPP)) == sid(2)
    body = {"Body": MESSAGE.text, "StatusCallback": HOOK}
    assert far.sent == [
        {"To": AINO, "From": SENDER, **body},
        {"To": f"whatsapp:{AINO}", "From": f"whatsapp:{SENDER}", **body},
    ]


async def test_a_service_chooses_the_number(options: Options, tools: Tools, far: Far) -> None:
    service = open_channel(replace(options, sender=SERVICE), tools)
    await service.send(TO_AINO)
    await service.send(replace(TO_AINO, conversation_id=ON_WHATSAPP))
    assert [form["MessagingServiceSid"] for form in far.sent] == [SERVICE, SERVICE]
    assert not any("From" in form for form in far.sent)


async def test_an_answer_to_an_agent_goes_where_it_was_asked_and_is_cut(twilio: Twilio, far: Far) -> None:
    asked = f"{AGENT} whatsapp:{SENDER}"
    await twilio.send(CommandAnswer("a", "x", AGENT, "😀" * 801, ok=True, case_id=None, answer_to=asked))
    (form,) = far.sent
    assert (form["To"], form["From"], form["Body"]) == (AGENT, f"whatsapp:{SENDER}", "😀" * 799 + "…")


async def test_a_change_is_refused(twilio: Twilio, far: Far) -> None:
    with pytest.raises(Refused):
        await twilio.send(EditOut("k", AINO, AINO, sid(1), "new"))
    assert far.sent == []


@pytest.mark.parametrize(
    ("status", "code", "error", "retry_after_s"),
    [
        (400, 21211, Refused, None),
        (400, 21408, Refused, None),
        (400, 21610, Refused, None),
        (400, 21614, Refused, None),
        (400, 63016, Refused, None),
        (400, 99999, Refused, None),
        (400, 21606, Busy, 60.0),
        (400, 21704, Busy, 60.0),
        (400, 20005, Busy, 60.0),
        (400, 21611, Busy, None),
        (401, 20003, Busy, 60.0),
        (403, 20003, Busy, 60.0),
        (404, 20404, Busy, 60.0),
        (429, 20429, Busy, None),
        (429, 63038, Busy, None),
        (500, 20500, Busy, None),
        (503, 20503, Busy, None),
        (504, 20504, Uncertain, None),
    ],
)
async def test_what_a_failure_means(
    twilio: Twilio, far: Far, status: int, code: int, error: type[Undelivered], retry_after_s: float | None
) -> None:
    far.answers = [failure(status, code)]
    with pytest.raises(error) as caught:
        await twilio.send(TO_AINO)
    if isinstance(caught.value, Busy):
        assert caught.value.retry_after_s == retry_after_s
    if isinstance(caught.value, Refused):
        assert f"(code {code})" in str(caught.value)
    assert AINO not in str(caught.value)


@pytest.mark.parametrize("status", [301, 403, 404, 400])
async def test_somebody_in_between_says_nothing_of_the_message(twilio: Twilio, far: Far, status: int) -> None:
    far.answers = [web.Response(status=status, text="<html>", headers={"Location": "/elsewhere"})]
    with pytest.raises(Busy):
        await twilio.send(TO_AINO)


@pytest.mark.parametrize(
    ("text", "kind"), [("<html>", "text/html"), ('{"sid": 7}', "application/json"), ("{}", "text/json")]
)
async def test_what_was_perhaps_taken_is_uncertain(twilio: Twilio, far: Far, text: str, kind: str) -> None:
    far.answers = [web.Response(text=text, content_type=kind)]
    with pytest.raises(Uncertain):
        await twilio.send(TO_AINO)


async def test_who_does_not_answer_leaves_us_uncertain(options: Options, tools: Tools, silent: str) -> None:
    with pytest.raises(Uncertain):
        await open_channel(replace(options, api_base=silent), tools).send(TO_AINO)


async def test_nobody_there_is_certainly_not_delivered(options: Options, tools: Tools, nobody: str) -> None:
    with pytest.raises(Busy):
        await open_channel(replace(options, api_base=nobody), tools).send(TO_AINO)


# --- files ---------------------------------------------------------------------------------------------------


async def test_files_go_by_their_addresses_one_each(twilio: Twilio, far: Far) -> None:
    one, two = (f"https://jono.example/files/{name}/a.jpg" for name in ("one", "two"))
    place = File("location", "60.1,24.9", text="https://map.example")
    files = (holding(PICTURE, b"x", one), Attachment(PICTURE, url=two), Attachment(place))
    assert await twilio.send(replace(TO_AINO, text="", attachments=files)) == sid(1)
    assert [(form.get("MediaUrl"), form.get("Body")) for form in far.sent] == [
        (one, None),
        (two, None),
        (None, "https://map.example"),
    ]


async def test_files_that_cannot_go_are_refused_with_the_way_out(twilio: Twilio, far: Far) -> None:
    with pytest.raises(Refused, match=r"public_url.*link"):
        await twilio.send(replace(TO_AINO, text="", attachments=(holding(PICTURE, b"x"),)))
    large = Attachment(
        replace(PICTURE, size_bytes=5_000_001), url="https://jono.example/files/token/photo.jpg"
    )
    for conversation in (AINO, ON_WHATSAPP):
        with pytest.raises(Refused, match="5 MB"):
            await twilio.send(replace(TO_AINO, conversation_id=conversation, text="", attachments=(large,)))
    assert far.sent == []


async def test_files_that_went_are_not_sent_again(twilio: Twilio, far: Far) -> None:
    message = replace(TO_AINO, text="", attachments=(holding(PICTURE, b"x", "https://jono.example/a"),) * 2)
    far.answers = [failure(429, 20429)]
    with pytest.raises(Busy):
        await twilio.send(message)
    far.answers = [None, failure(429, 20429)]
    with pytest.raises(Uncertain, match="only 1 of 2"):
        await twilio.send(message)


async def test_a_file_is_fetched_and_the_token_stays_at_twilio(twilio: Twilio, far: Far) -> None:
    far.files[sid(1, "ME")] = b"\xff\xd8picture"
    assert await content_of(twilio, PICTURE) == b"\xff\xd8picture"
    assert far.seen == [(f"{API}/Messages/{PICTURE.ref}", LOGIN), (f"/store/{sid(1, 'ME')}", "")]


@pytest.mark.parametrize(
    ("found", "error"), [(None, Refused), (404, Refused), (503, Busy), (b"x" * 16_000_001, Refused)]
)
async def test_a_file_that_cannot_be_had(
    twilio: Twilio, far: Far, found: bytes | int | None, error: type[Undelivered]
) -> None:
    if found is not None:
        far.files[sid(1, "ME")] = found
    with pytest.raises(error):
        await content_of(twilio, PICTURE)


@pytest.mark.parametrize(
    "ref", ["", "60.169857,24.938379", "../../x", "https://evil.example/", PICTURE.ref + "\n"]
)
async def test_what_is_no_file_of_twilios_is_not_asked_for(twilio: Twilio, far: Far, ref: str) -> None:
    with pytest.raises(Refused):
        await content_of(twilio, replace(PICTURE, ref=ref))
    assert far.seen == []


# --- the whole way -------------------------------------------------------------------------------------------


async def test_a_customer_is_told_the_wait_once_and_nothing_after_stop(
    store_url: str, far: Far, http: ClientSession
) -> None:
    channel = {"adapter": "twilio", "queue": "support", "account": ACCOUNT, "token": [TOKEN, OLD]}
    config = configuration.check(
        {
            "bot": {"name": "Acme"},
            "server": {"listen": "127.0.0.1:0", "public_url": "https://wait.example.com"},
            "store": {"url": store_url},
            "queues": {"support": {}},
            "channels": {"twilio": {**channel, "sender": SENDER, "api_base": far.url}},
            "outgoing": {"allow_private": True},
        }
    )
    async with running(config, Clock(), Chance(7)) as bot:
        await bot.ready.wait()

        async def push(form: Mapping[str, str], token: str = TOKEN) -> tuple[int, str, str]:
            # Behind a proxy the bot is reached at another address than the one that Twilio calls.
            url, headers = f"{bot.address}/hooks/twilio", signed(form, token)
            async with http.post(url, data=dict(form), headers=headers) as answer:
                return answer.status, answer.content_type, await answer.text()

        thanks = (200, "text/xml", '<?xml version="1.0" encoding="UTF-8"?><Response/>')
        for token in (TOKEN, OLD, TOKEN):
            assert await push(FORMS["sms"], token) == thanks
        assert (await push(FORMS["sms"], OTHER))[0] == 401
        assert (await push(FORMS["sms_missing_sid"]))[0] == 400
        await until(lambda: far.sent)
        (case_id,) = await bot.parts.store.waiting("support", 10)
        assert await push(FORMS["status_undelivered"]) == thanks
        assert await push(FORMS["stop"]) == thanks
        assert await bot.parts.store.waiting("support", 10) == []
        case = await bot.parts.store.find(["support"], case_id)
        assert case is not None
        assert not case.is_open
    (told,) = far.sent
    assert (told["To"], told["From"]) == (AINO, SENDER)
    assert "how long a reply will take" in told["Body"]
