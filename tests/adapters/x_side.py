"""The X channel and its far end, for the tests of the adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count

import pytest
from aiohttp import ClientSession

from adapters.base import Tools
from adapters.x import Options, X, open_channel
from tests.adapters.contract import NOW
from tests.fakes.x import (
    ACCESS_SECRET,
    ACCESS_TOKEN,
    CONSUMER_KEY,
    CONSUMER_SECRET,
    OLD_SECRET,
    TOKEN,
    US,
    Far,
    far_end,
)

SECRETS = (CONSUMER_SECRET, OLD_SECRET)
OPTIONS = Options(SECRETS, US, "@ExampleUser", CONSUMER_KEY, ACCESS_TOKEN, ACCESS_SECRET, profile=True)
BY_TOKEN = Options(SECRETS, US, "ExampleUser", token=TOKEN)
HOOK = "https://jono.example/hooks/x"
AGENT = "3333333333333333333"


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    """X, on loopback."""
    async with far_end(NOW) as x:
        yield x


@pytest.fixture
def tools(http: ClientSession, reports: list[str]) -> Tools:
    """What the bot lends; no moment comes twice."""
    moments = count()
    return Tools(
        "x",
        http,
        lambda: NOW + next(moments) / 100_000,
        agents=frozenset({AGENT}),
        queues=("support", "billing"),
        hook_url=HOOK,
        report=reports.append,
    )


@pytest.fixture
def x(tools: Tools, far: Far) -> X:
    """The channel, proven by keys."""
    return open_channel(replace(OPTIONS, api_base=far.url), tools)


@pytest.fixture
def x_by_token(tools: Tools, far: Far) -> X:
    """The channel, proven by a token."""
    return open_channel(replace(BY_TOKEN, api_base=far.url + "/"), tools)
