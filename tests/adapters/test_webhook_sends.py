"""The generic channel sends: against a peer that verifies with the reference library of Standard Webhooks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.base import Busy, Refused, Tools, Uncertain, Undelivered
from adapters.webhook import Options, Webhook, open_channel
from bot.fetch import open_session
from tests.adapters.contract import ANSWER, EVENT, EVERYTHING, MESSAGE, NOW, SendingContract
from tests.adapters.test_webhook import OLD, SECRET, tools
from tests.fakes.peer import Peer, peer

__all__ = ["tools"]


@pytest.fixture
async def far() -> AsyncIterator[Peer]:
    async with peer(SECRET) as running:
        yield running


@pytest.fixture
def shop(far: Peer, tools: Tools) -> Webhook:
    return open_channel(Options((SECRET, OLD), far.url), tools)


@asynccontextmanager
async def answering(status: int, **headers: str) -> AsyncIterator[str]:
    """The address of somebody who always answers that."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, headers=headers)

    app = web.Application()
    app.router.add_post("/in", answer)
    async with TestServer(app) as running:
        yield str(running.make_url("/in"))


class TestWebhook(SendingContract):
    @pytest.fixture
    def channel(self, shop: Webhook) -> Webhook:
        return shop

    @pytest.fixture
    def far_end(self, far: Peer) -> Peer:
        return far

    @pytest.fixture
    def secrets(self) -> tuple[str, ...]:
        return SECRET, OLD


# --- what is said --------------------------------------------------------------------------------------------


async def test_what_is_sent_is_what_the_contract_says(shop: Webhook, far: Peer) -> None:
    for outgoing in EVERYTHING:
        assert await shop.send(outgoing) == outgoing.key
    message, answer, event = far.ledger
    assert (message.id, message.type) == (MESSAGE.key, "message.send")
    assert message.data == {
        "message_id": MESSAGE.key,
        "conversation_id": "c-1",
        "customer": {"id": "c-1"},
        "case_id": "K7Q2M4",
        "kind": "acknowledgement",
        "text": MESSAGE.text,
    }
    assert (answer.id, answer.type) == (ANSWER.key, "command.answer")
    assert answer.data == {
        "command_id": "x-1",
        "agent": {"id": "a-1"},
        "text": ANSWER.text,
        "ok": True,
        "case_id": "K7Q2M4",
    }
    assert (event.id, event.type, event.data) == (EVENT.key, "wait.updated", EVENT.data)


async def test_what_is_to_be_read_by_everybody_names_the_message(shop: Webhook, far: Peer) -> None:
    await shop.send(replace(MESSAGE, public="m-1"))
    assert far.ledger[0].data["public"] == "m-1"


async def test_a_resend_has_the_same_id(shop: Webhook, far: Peer) -> None:
    await shop.send(MESSAGE)
    await shop.send(MESSAGE)
    assert far.repeats == {MESSAGE.key: 1}


# --- what is answered ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 202, 204])
async def test_a_good_answer_is_one_that_took_it(tools: Tools, status: int) -> None:
    async with answering(status) as url:
        assert await open_channel(Options(SECRET, url), tools).send(MESSAGE) == MESSAGE.key


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (301, Busy),
        (307, Busy),
        (400, Refused),
        (401, Busy),
        (403, Busy),
        (404, Busy),
        (410, Refused),
        (413, Refused),
        (422, Refused),
        (429, Busy),
        (500, Busy),
        (503, Busy),
    ],
)
async def test_what_an_answer_means(tools: Tools, status: int, error: type[Undelivered]) -> None:
    async with answering(status, Location="/elsewhere") as url:
        with pytest.raises(error):
            await open_channel(Options(SECRET, url), tools).send(MESSAGE)


@pytest.mark.parametrize(
    ("told", "retry_after_s"),
    [("7", 7.0), ("0", 0.0), ("-7", None), ("soon", None), ("", None), ("1e9", None), ("nan", None)],
)
async def test_the_platform_says_when_to_come_back(
    tools: Tools, told: str, retry_after_s: float | None
) -> None:
    async with answering(429, **{"Retry-After": told}) as url:
        with pytest.raises(Busy) as caught:
            await open_channel(Options(SECRET, url), tools).send(MESSAGE)
    assert caught.value.retry_after_s == retry_after_s


# --- where it goes -------------------------------------------------------------------------------------------


async def test_what_never_left_waits_and_what_may_have_arrived_is_uncertain(
    tools: Tools, nobody: str, silent: str
) -> None:
    with pytest.raises(Busy):
        await open_channel(Options(SECRET, nobody), tools).send(MESSAGE)
    with pytest.raises(Uncertain):
        await open_channel(Options(SECRET, silent), tools).send(MESSAGE)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_an_address_inside_is_refused_for_good(far: Peer, host: str) -> None:
    async with open_session(allow_private=False) as session:
        url = far.url.replace("127.0.0.1", host)
        shop = open_channel(Options(SECRET, url), Tools("shop", session, lambda: NOW))
        with pytest.raises(Refused, match=r"outgoing\.allow_private"):
            await shop.send(MESSAGE)
    assert far.ledger == []


async def test_without_an_address_nothing_can_be_sent(tools: Tools) -> None:
    shop = open_channel(Options(SECRET), tools)
    assert not shop.wants_events
    with pytest.raises(Refused):
        await shop.send(MESSAGE)
