"""What the tests of Meta's channels have in common: proofs by an independent line of code, and their far end."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping

import pytest
from aiohttp import ClientSession

from adapters.base import (
    Answering,
    Arrival,
    Channel,
    CustomerMessage,
    File,
    Person,
    Pushed,
    Told,
    Tools,
    Untrusted,
)
from tests.adapters.contract import NOW, Genuine, NamingContract, PushedContract
from tests.fakes.meta import Far, far_end
from tests.fakes.pushes import pushes_of

TOKEN, SECRET, OLD, VERIFY = "EAAG" + "t" * 40, "c0ffee" * 5, "0ld5ec" * 5, "we-invented-this"
APP = "1517776481860111"
HOOK = "https://jono.example/hooks/meta"


def proof(body: bytes, secret: str = SECRET) -> Mapping[str, str]:
    """The headers of a genuine request."""
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def genuine_of(name: str, nothing: tuple[str, ...]) -> Genuine:
    """All that a platform pushes."""
    samples = pushes_of(name)
    return Genuine(samples | {"ordinary": samples["text"]}, proof, (SECRET, OLD), nothing)


def changed(body: bytes, *path: str | int, value: object) -> bytes:
    """A body with one field set."""
    data = json.loads(body)
    inner = data
    for one in path[:-1]:
        inner = inner[one]
    inner[path[-1]] = value
    return json.dumps(data).encode()


def accepted(channel: Channel, body: bytes) -> list[Arrival]:
    """What the channel takes from a genuine request."""
    return channel.accept(proof(body), body, NOW)


def written(customer: str, name: str, text: str, *files: File, queue: str | None = None) -> CustomerMessage:
    """A private message."""
    return CustomerMessage(
        name,
        customer,
        Person(customer),
        text,
        queue=queue,
        files=files,
        ref=name,
        continues=f"@{customer}",
    )


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    """Meta, on loopback."""
    async with far_end() as meta:
        yield meta


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


def asked(**query: str) -> Pushed:
    """A question of Meta's about our address."""
    return Pushed("GET", "", {f"hub.{name}": value for name, value in query.items()}, {}, b"")


class MetaPushes(PushedContract):
    """The tests that every channel passes that Meta pushes to; it gives `channel` and `genuine`."""

    def test_meta_is_told_that_the_address_is_ours(self, channel: Channel) -> None:
        assert isinstance(channel, Answering)
        right = asked(mode="subscribe", verify_token=VERIFY, challenge="1158201444")
        assert channel.answer(right, NOW) == Told(b"1158201444")
        assert channel.answer(Pushed("POST", "", {}, {}, b"{}"), NOW) is None

    @pytest.mark.parametrize(
        "query",
        [
            {},
            {"mode": "subscribe", "challenge": "1"},
            {"mode": "subscribe", "verify_token": VERIFY + "x", "challenge": "1"},
            {"mode": "subscribe", "verify_token": "ä\udcff", "challenge": "1"},
            {"mode": "unsubscribe", "verify_token": VERIFY, "challenge": "1"},
        ],
    )
    def test_others_are_told_nothing(self, channel: Channel, query: Mapping[str, str]) -> None:
        assert isinstance(channel, Answering)
        with pytest.raises(Untrusted) as caught:
            channel.answer(asked(**query), NOW)
        assert VERIFY not in str(caught.value)


class MetaContract(MetaPushes, NamingContract):
    """The tests that a page and an account pass besides."""

    @pytest.fixture
    def far_end(self, far: Far) -> Far:
        """What it speaks to."""
        return far

    @pytest.fixture
    def secrets(self) -> tuple[str, ...]:
        """What it must not tell."""
        return (TOKEN, SECRET, OLD, VERIFY)
