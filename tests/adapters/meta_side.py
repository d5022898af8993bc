"""What the tests of Meta's channels have in common: proofs by an independent line of code, and their far end."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping

import pytest
from aiohttp import ClientSession

from adapters.base import Tools
from bot.fetch import open_session
from tests.adapters.contract import NOW, Genuine
from tests.fakes.meta import Far, far_end, fixtures

TOKEN, SECRET, OLD, VERIFY = "EAAG" + "t" * 40, "c0ffee" * 5, "0ld5ec" * 5, "we-invented-this"
APP = "1517776481860111"
HOOK = "https://jono.example/hooks/meta"


def proof(body: bytes, secret: str = SECRET) -> Mapping[str, str]:
    """The headers of a genuine request."""
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def genuine_of(name: str, nothing: tuple[str, ...]) -> Genuine:
    """All that a platform pushes."""
    samples = fixtures(name)
    return Genuine(samples | {"ordinary": samples["text"]}, proof, (SECRET, OLD), nothing)


def changed(body: bytes, *path: str | int, value: object) -> bytes:
    """A body with one field set."""
    data = json.loads(body)
    inner = data
    for one in path[:-1]:
        inner = inner[one]
    inner[path[-1]] = value
    return json.dumps(data).encode()


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    """Meta, on loopback."""
    async with far_end() as meta:
        yield meta


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    """The door to it."""
    async with open_session(allow_private=True) as session:
        yield session


@pytest.fixture
def reports() -> list[str]:
    """What was reported."""
    return []


@pytest.fixture
def tools(http: ClientSession, reports: list[str]) -> Tools:
    """What the bot lends."""
    queues, agents = ("support", "billing"), frozenset({"an-agent"})
    return Tools(
        "meta",
        http,
        lambda: NOW,
        queues=queues,
        agents=agents,
        hook_url=HOOK,
        contact="https://m.me/acme",
        report=reports.append,
    )
