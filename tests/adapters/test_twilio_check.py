"""The Twilio channel as it is configured: its options, links that lead to it, and what `jono check` finds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.base import BadOptions, Tools
from adapters.twilio import Options, Twilio, open_channel
from tests.adapters.twilio_side import far, options, tools, twilio
from tests.fakes.servers import free_port
from tests.fakes.twilio import (
    ACCOUNT_PAGE,
    AINO,
    NUMBER,
    NUMBERS_PAGE,
    SENDER,
    SERVICE,
    SERVICE_PAGE,
    TOKEN,
    Far,
    sid,
)

__all__ = ["far", "options", "tools", "twilio"]

WHATSAPP = f"whatsapp:{SENDER}"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("account", "AC1"),
        ("account", sid(1)),
        ("token", "short"),
        ("token", ()),
        ("token", (TOKEN, "has a space in it")),
        ("sender", "+"),
        ("sender", "sms:+15005550006"),
        ("sender", "+1 500"),
        ("api_base", "api.twilio.com"),
    ],
)
def test_a_bad_option_is_named_and_no_token_shown(
    options: Options, tools: Tools, key: str, value: object
) -> None:
    with pytest.raises(BadOptions) as caught:
        open_channel(replace(options, **{key: value}), tools)  # type: ignore[arg-type]
    assert caught.value.key == key
    assert TOKEN not in str(caught.value)
    assert TOKEN not in repr(options)


def test_without_a_public_address_nothing_could_be_verified(options: Options, tools: Tools) -> None:
    with pytest.raises(BadOptions, match=r"server\.public_url"):
        open_channel(options, replace(tools, hook_url=""))


@pytest.mark.parametrize(("sender", "window_s"), [(SENDER, 0.0), (SERVICE, 0.0), (WHATSAPP, 86_400.0)])
def test_a_whatsapp_sender_may_answer_for_a_day(
    options: Options, tools: Tools, sender: str, window_s: float
) -> None:
    assert open_channel(replace(options, sender=sender), tools).limits.reply_window_s == window_s


@pytest.mark.parametrize(
    ("sender", "contact", "payload", "link"),
    [
        (WHATSAPP, "", "K7-x_1", "https://wa.me/15005550006?text=%2Fstart%20K7-x_1"),
        (WHATSAPP, "https://wa.me/message/ABC", "K7", "https://wa.me/15005550006?text=%2Fstart%20K7"),
        (WHATSAPP, "", "", "https://wa.me/15005550006"),
        (WHATSAPP, "https://acme.example/help", "", "https://acme.example/help"),
        (SERVICE, "https://wa.me/15005550006", "K7", "https://wa.me/15005550006?text=%2Fstart%20K7"),
        (SENDER, f"tel:{SENDER}", "K7", ""),
        (SENDER, f"tel:{SENDER}", "", f"tel:{SENDER}"),
        (SENDER, "", "", ""),
    ],
)
def test_an_invitation_leads_to_whatsapp(
    options: Options, tools: Tools, sender: str, contact: str, payload: str, link: str
) -> None:
    channel = open_channel(replace(options, sender=sender), replace(tools, contact=contact))
    assert channel.invitation(payload) == link


# --- check ---------------------------------------------------------------------------------------------------


async def wrongs(twilio: Twilio) -> str:
    return "; ".join(finding.wrong for finding in await twilio.check() if finding.wrong)


async def test_a_channel_that_would_work(twilio: Twilio, far: Far) -> None:
    found = await twilio.check()
    assert [finding.what for finding in found] == ["the account", f"the sender {SENDER}"]
    assert not await wrongs(twilio)
    assert f"{NUMBERS_PAGE}?PhoneNumber=%2B15005550006" in [path for path, _ in far.seen]


@pytest.mark.parametrize(
    ("path", "page", "wrong"),
    [
        (ACCOUNT_PAGE, {"status": "suspended"}, "suspended"),
        (NUMBERS_PAGE, {"incoming_phone_numbers": []}, "no number of this account"),
        (NUMBERS_PAGE, {"incoming_phone_numbers": ["x"]}, "no number of this account"),
        (NUMBERS_PAGE, [], "no number of this account"),
        (NUMBERS_PAGE, {"incoming_phone_numbers": [{**NUMBER, "sms_url": "https://x.example"}]}, "must call"),
        (NUMBERS_PAGE, {"incoming_phone_numbers": [{**NUMBER, "sms_method": "GET"}]}, "POST"),
    ],
)
async def test_what_is_missing_is_found(
    twilio: Twilio, far: Far, path: str, page: object, wrong: str
) -> None:
    far.pages[path] = page
    assert wrong in await wrongs(twilio)


async def test_an_account_that_is_not_there_is_found(twilio: Twilio, far: Far) -> None:
    del far.pages[ACCOUNT_PAGE]
    assert await wrongs(twilio) == "the account or its token is not accepted (account, token)"


async def test_a_token_that_is_not_accepted_is_found(options: Options, tools: Tools) -> None:
    assert "token" in await wrongs(open_channel(replace(options, token="c" * 32), tools))


async def test_a_service_is_looked_at(options: Options, tools: Tools, far: Far) -> None:
    service = open_channel(replace(options, sender=SERVICE), tools)
    assert not await wrongs(service)
    far.pages[SERVICE_PAGE] = {"use_inbound_webhook_on_number": True}
    assert not await wrongs(service)
    assert "each must call the hook" in (await service.check())[-1].what
    far.pages[SERVICE_PAGE] = {"inbound_request_url": None, "inbound_method": "POST"}
    assert "must call" in await wrongs(service)
    del far.pages[SERVICE_PAGE]
    assert "is none of this account" in await wrongs(service)


async def test_a_number_that_an_app_answers_for_is_told(twilio: Twilio, far: Far) -> None:
    far.pages[NUMBERS_PAGE] = {
        "incoming_phone_numbers": [{"sms_application_sid": sid(1, "AP"), "sms_url": ""}]
    }
    assert "TwiML app" in (await twilio.check())[-1].what
    assert not await wrongs(twilio)


async def test_a_whatsapp_sender_cannot_be_looked_at(options: Options, tools: Tools) -> None:
    found = await open_channel(replace(options, sender=WHATSAPP), tools).check()
    assert "Console" in found[-1].what
    assert not any(finding.wrong for finding in found)


async def test_agents_who_write_sms_are_found(options: Options, tools: Tools) -> None:
    assert "forged" in await wrongs(open_channel(options, replace(tools, agents=frozenset({AINO}))))


async def test_a_platform_that_is_down_is_found(options: Options, tools: Tools) -> None:
    nowhere = replace(options, api_base=f"http://127.0.0.1:{free_port()}")
    assert await wrongs(open_channel(nowhere, tools))
