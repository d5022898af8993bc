"""A Twilio channel and the account it talks to, for the tests of the adapter; Twilio's own library signs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession
from twilio.request_validator import RequestValidator

from adapters.base import Arrival, File, Tools
from adapters.twilio import Options, Twilio, open_channel
from tests.adapters.contract import NOW
from tests.fakes.twilio import ACCOUNT, AINO, HOOK, SENDER, TOKEN, Far, far_end, sid

OLD, OTHER = "a" * 32, "b" * 32
AGENT, ON_WHATSAPP = "whatsapp:+358409999999", f"whatsapp:{AINO} whatsapp:{SENDER}"
PICTURE = File("photo", f"{sid(3, 'MM')}/Media/{sid(1, 'ME')}", mime="image/jpeg")


def signed(form: Mapping[str, str], token: str = TOKEN, url: str = HOOK) -> dict[str, str]:
    """The headers that Twilio's library makes."""
    return {"X-Twilio-Signature": RequestValidator(token).compute_signature(url, dict(form))}


def accepted(twilio: Twilio, form: Mapping[str, str], url: str = HOOK) -> list[Arrival]:
    """What the channel takes from a genuine form."""
    return twilio.accept(signed(form, url=url), urlencode(form).encode(), NOW)


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    """Twilio, on loopback."""
    async with far_end() as account:
        yield account


@pytest.fixture
def tools(http: ClientSession) -> Tools:
    """What the bot lends."""
    queues, agents = ("support", "billing"), frozenset({AGENT})
    return Tools("twilio", http, lambda: NOW, agents=agents, queues=queues, hook_url=HOOK)


@pytest.fixture
def options(far: Far) -> Options:
    """A number, while its token is being replaced."""
    return Options(ACCOUNT, (TOKEN, OLD), SENDER, far.url)


@pytest.fixture
def twilio(options: Options, tools: Tools) -> Twilio:
    """The channel."""
    return open_channel(options, tools)
