"""Telegram's adapter against the wire fake: the contract, its options, and how updates come in."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace

import pytest
from aiohttp import ClientSession, web

from adapters.base import (
    BadOptions,
    Channel,
    CommandAnswer,
    CustomerMessage,
    Down,
    Malformed,
    Media,
    OpenRoom,
    Outgoing,
    Outlet,
    Paced,
    Profile,
    Tools,
    Typing,
    Untrusted,
    Unusable,
)
from adapters.telegram import Options, inlet, open_channel
from tests.adapters.contract import EVENT, NOW, Contract, never
from tests.adapters.telegram_side import Side, message, proxy, side
from tests.fakes.telegram.client import TOKEN, TelegramFake, TelegramProcess, telegram_process
from tests.platforms.test_telegram_fake import listening
from tests.waiting import WITHIN_S

SECRET = "s3cret_-"


@pytest.fixture(scope="module")
def process() -> Iterator[TelegramProcess]:
    with telegram_process() as started:
        yield started


@pytest.fixture
async def fake(process: TelegramProcess) -> AsyncIterator[TelegramFake]:
    async with process.bot() as telegram:
        yield telegram


@pytest.fixture
async def tg(fake: TelegramFake) -> AsyncIterator[Side]:
    async with side(fake) as made:
        yield made


class TestTelegram(Contract):
    @pytest.fixture
    def channel(self, tg: Side) -> Channel:
        return tg.channel

    @pytest.fixture
    async def sendable(self, fake: TelegramFake) -> Sequence[Outgoing]:
        """Telegram's chats have ids of its own making."""
        aino = await fake.person("Aino")
        asked = await fake.says(aino, "/wait")
        answer = CommandAnswer("c-1", "x-1", str(aino), "About 5 min.", True, None, f"m{aino}:0:{asked}")
        return message(aino, "Zażółć 😀\n{x} <b>"), answer, EVENT

    def test_it_can_do_all_of_this(self, tg: Side) -> None:
        assert isinstance(tg.channel, Paced)
        assert isinstance(tg.channel, Media)
        assert isinstance(tg.channel, Typing)
        assert isinstance(tg.channel, Profile)
        assert all(isinstance(outlet, Outlet) for outlet in tg.channel.outlets)


async def test_an_invitation_is_a_link_to_the_bot() -> None:
    async with ClientSession() as http:
        tools = Tools("telegram", http, lambda: NOW, contact="https://t.me/acme_support_bot")
        bot, elsewhere = (
            open_channel(Options(TOKEN), one)
            for one in (tools, replace(tools, contact="https://acme.example"))
        )
        assert bot.invitation("") == "https://t.me/acme_support_bot"
        assert bot.invitation("ABC") == "https://t.me/acme_support_bot?start=ABC"
        assert elsewhere.invitation("ABC") == ""


# --- options -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("token", Options("no token")),
        ("token", Options("１２３:abc")),
        ("api_base", Options(TOKEN, api_base="ftp://localhost")),
        ("agents_chat", Options(TOKEN, agents_chat=5_000_000_001)),
        ("webhook_secret", Options(TOKEN, "webhook")),
        ("webhook_secret", Options(TOKEN, "webhook", "geheim ä")),
    ],
)
async def test_options_that_cannot_work_are_named(key: str, options: Options) -> None:
    async with ClientSession() as http:
        with pytest.raises(BadOptions) as told:
            open_channel(options, Tools("tg", http, lambda: NOW, hook_url="https://jono.example/hooks/tg"))
    assert told.value.key == key
    assert SECRET not in str(told.value)


@pytest.mark.parametrize(
    ("hook_url", "works"),
    [
        ("", False),
        ("http://jono.example/hooks/tg", False),
        ("https://jono.example:8080/hooks/tg", False),
        ("https://jono.example/hooks/tg", True),
        ("https://jono.example:8443/hooks/tg", True),
    ],
)
async def test_telegram_pushes_only_to_some_addresses(hook_url: str, works: bool) -> None:
    async with ClientSession() as http:
        tools = Tools("tg", http, lambda: NOW, hook_url=hook_url)
        options = Options(TOKEN, "webhook", SECRET)
        if works:
            await open_channel(options, tools).aclose()
        else:
            with pytest.raises(BadOptions, match="mode: "):
                open_channel(options, tools)


def test_options_show_no_secret() -> None:
    assert TOKEN not in repr(Options(TOKEN))
    assert SECRET not in repr(Options(TOKEN, "webhook", SECRET))


# --- pulled ------------------------------------------------------------------------------------------------


async def test_an_update_is_confirmed_after_all_of_its_batch_was_taken_in(tg: Side) -> None:
    aino = await tg.fake.person("Aino")
    for number in range(3):
        await tg.fake.says(aino, f"text {number}")
    may_go_on = asyncio.Event()
    begun = asyncio.Event()

    async def slow(arrival: object) -> None:
        assert isinstance(arrival, CustomerMessage)
        if arrival.text == "text 2":
            begun.set()
            await may_go_on.wait()

    reading = asyncio.create_task(tg.channel.listen(slow))
    await asyncio.wait_for(begun.wait(), WITHIN_S)
    assert (await tg.fake.read()).confirmed == set()
    may_go_on.set()
    await tg.fake.until(lambda ledger: len(ledger.confirmed) == 3, "all confirmed")
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


async def test_what_was_not_taken_in_comes_again_with_the_same_id(tg: Side) -> None:
    await tg.fake.says(await tg.fake.person("Aino"), "hello")
    async with tg.listening():
        first = await tg.one(CustomerMessage)
    tg.arrivals.clear()
    async with tg.listening():
        assert await tg.one(CustomerMessage) == first


async def test_an_update_that_nobody_can_read_does_not_stop_the_others(
    tg: Side, caplog: pytest.LogCaptureFixture
) -> None:
    aino = await tg.fake.person("Aino")
    await tg.fake.emits("message", {"text": "no id, no chat"})
    await tg.fake.emits("something_new", {"a": [1]})
    await tg.fake.says(aino, "hello")
    async with tg.listening():
        assert (await tg.one(CustomerMessage)).text == "hello"
        await tg.fake.until(lambda ledger: len(ledger.confirmed) >= 2, "confirmed")
    assert "no id, no chat" not in caplog.text


async def test_a_second_reader_is_told_of(tg: Side) -> None:
    async with side(tg.fake) as other:
        first = asyncio.create_task(tg.channel.listen(tg.inbox))
        await tg.fake.until(lambda ledger: ledger.calls["getupdates"], "a poll")
        async with other.listening():
            with pytest.raises(Down, match="another program reads with the same token"):
                await first


@pytest.mark.parametrize("kind", ["error", "html", "list", "reset"])
async def test_trouble_at_telegram_ends_the_session_and_the_next_one_goes_on(tg: Side, kind: str) -> None:
    await tg.fake.fault(kind, "getUpdates")  # type: ignore[arg-type]
    with pytest.raises(Down):
        await tg.channel.listen(tg.inbox)
    await tg.fake.says(await tg.fake.person("Aino"), "hello")
    async with tg.listening():
        await tg.one(CustomerMessage)


async def test_telegram_is_down_and_comes_back(tg: Side) -> None:
    await tg.fake.down()
    with pytest.raises(Down, match="cannot be reached"):
        await tg.channel.listen(tg.inbox)
    await tg.fake.up()
    await tg.fake.says(await tg.fake.person("Aino"), "hello")
    async with tg.listening():
        await tg.one(CustomerMessage)


async def test_a_revoked_token_needs_somebody(tg: Side) -> None:
    await tg.fake.revoke()
    with pytest.raises(Unusable, match="@BotFather") as told:
        await tg.channel.listen(tg.inbox)
    assert TOKEN not in str(told.value)


@pytest.mark.parametrize(
    "status", [b"403 Forbidden", b"404 Not Found", b"400 Bad Request", b"502 Bad Gateway"]
)
async def test_a_proxy_that_says_no_is_no_reason_to_stop_for_good(status: bytes) -> None:
    async with proxy(status) as address, ClientSession() as http:
        channel = open_channel(Options(TOKEN, api_base=address), Tools("tg", http, lambda: NOW))
        with pytest.raises(Down):
            await channel.listen(never)
        await channel.aclose()


async def test_a_webhook_that_was_set_is_taken_away_before_pulling(tg: Side) -> None:
    async with ClientSession() as http:
        await http.post(f"{tg.fake.api}/bot{TOKEN}/setWebhook", data={"url": "http://127.0.0.1:9/x"})
    await tg.fake.says(await tg.fake.person("Aino"), "hello")
    async with tg.listening():
        await tg.one(CustomerMessage)
    assert tg.fake.ledger.hook == ""
    assert tg.reports == [""]


async def test_nothing_of_the_token_and_the_texts_is_logged(
    tg: Side, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    aino = await tg.fake.customer("Aino")
    await tg.fake.says(aino, "between us")
    async with tg.listening():
        await tg.got(1)
    await tg.channel.send(message(aino, "between us"))
    await tg.fake.fault("garbled", "sendMessage")
    with pytest.raises(Exception, match=r"\w"):
        await tg.channel.send(message(aino, "between us"))
    assert TOKEN.partition(":")[2] not in caplog.text
    assert "between us" not in caplog.text


# --- pushed ------------------------------------------------------------------------------------------------


async def test_a_webhook_is_set_and_what_it_gets_is_read(fake: TelegramFake) -> None:
    taken: list[object] = []

    async def take(request: web.Request) -> web.Response:
        taken.extend(pushed.channel.accept(request.headers, await request.read(), NOW))
        return web.Response()

    async with (
        listening(take) as url,
        side(fake, hook_url=url, mode="webhook", webhook_secret=SECRET) as pushed,
        pushed.listening(),
    ):
        await fake.until(lambda ledger: ledger.hook == url, "the webhook")
        aino = await fake.person("Aino", language="fi")
        await fake.says(aino, "hello")
        await fake.reacts(aino, await fake.says(aino, "again"), "👍")
        await fake.until(lambda ledger: len(ledger.confirmed) == 3, "all taken")
    first = taken[0]
    assert isinstance(first, CustomerMessage)
    assert (first.text, first.customer.language, len(taken)) == ("hello", "fi", 3)


@pytest.mark.parametrize("secret", ["", "s3cret", "s3cret_-x", "S3CRET_-", "ä", "\udcff"])
async def test_only_telegram_knows_the_secret(fake: TelegramFake, secret: str) -> None:
    async with side(fake, hook_url="http://x", mode="webhook", webhook_secret=SECRET) as pushed:
        with pytest.raises(Untrusted):
            pushed.channel.accept({"X-Telegram-Bot-Api-Secret-Token": secret}, b"{}", NOW)


@pytest.mark.parametrize("body", [b"", b"hello", b"[]", b"[" * 100_000, b"\xff", b"7"])
async def test_garbage_with_the_secret_is_malformed(fake: TelegramFake, body: bytes) -> None:
    async with side(fake, hook_url="http://x", mode="webhook", webhook_secret=SECRET) as pushed:
        with pytest.raises(Malformed):
            pushed.channel.accept({"X-Telegram-Bot-Api-Secret-Token": SECRET}, body, NOW)


@pytest.mark.parametrize(
    "update",
    [{}, {"update_id": 1}, {"update_id": 1, "message": {}}, {"update_id": 1, "message": {"chat": []}}],
)
async def test_an_update_without_sense_is_taken_and_means_nothing(
    fake: TelegramFake, update: dict[str, object]
) -> None:
    """Telegram would push it again and again otherwise, and nothing after it."""
    async with side(fake, hook_url="http://x", mode="webhook", webhook_secret=SECRET) as pushed:
        headers = {"x-telegram-bot-api-secret-token": SECRET}
        assert pushed.channel.accept(headers, json.dumps(update).encode(), NOW) == []


async def test_a_pulling_channel_takes_nothing_pushed(tg: Side) -> None:
    with pytest.raises(Untrusted):
        tg.channel.accept({"X-Telegram-Bot-Api-Secret-Token": ""}, b"{}", NOW)


async def test_it_is_noticed_when_the_webhook_is_gone(
    fake: TelegramFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inlet, "WATCH_S", 0.05)
    url = f"{fake.api}/nobody"
    async with side(fake, hook_url=url, mode="webhook", webhook_secret=SECRET) as pushed:
        reading = asyncio.create_task(pushed.channel.listen(pushed.inbox))
        await fake.until(lambda ledger: ledger.hook == url, "the webhook")
        await fake.says(await fake.person("Aino"), "hello")
        await fake.until(lambda ledger: len(ledger.pushed) >= 2, "attempts")
        await fake.until(lambda ledger: ledger.calls["getwebhookinfo"] >= 3, "a look at it")
        async with ClientSession() as http:
            await http.post(f"{fake.api}/bot{TOKEN}/deleteWebhook")
        with pytest.raises(Down, match="another program has taken the webhook away"):
            await asyncio.wait_for(reading, WITHIN_S)
    assert any("cannot push 1 updates" in report for report in pushed.reports)


# --- the agents' group is closed to the bot ----------------------------------------------------------------


async def test_customers_are_served_while_the_agents_group_is_closed(fake: TelegramFake) -> None:
    group = await fake.group("Desk", bot="kicked")
    async with side(fake, agents_chat=group) as tg:
        await fake.says(await fake.person("Aino"), "hello")
        async with tg.listening():
            await tg.one(CustomerMessage)
        assert set(tg.reports) == {"the agents' group: Forbidden: bot was kicked from the supergroup chat"}
        room = OpenRoom("k", "K7Q2M4", "Aino", "Aino", "waiting", "card")
        with pytest.raises(Exception, match="kicked"):
            await tg.channel.send(room)
        await fake.make_bot(group, "administrator")
        await tg.channel.send(replace(room, key="l"))
        assert tg.reports[-1] == ""
