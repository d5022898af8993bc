"""Telegram's webhook path against telemelya, an emulator of the Bot API that nobody here wrote.

It needs `telemelya-server` (`pip install telemelya`, best into an environment of its own) on the PATH or named by
JONO_TELEMELYA, and is skipped without. It wants a Redis, and storage for files even where none are sent. The header
with the secret, which Telegram sends and it does not, is added on the way.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession, web

from adapters.base import AgentCommand, Arrival, CommandAnswer, CustomerMessage, EditOut, Tools
from adapters.telegram import Options, Telegram, open_channel
from tests.adapters.contract import NOW
from tests.adapters.telegram_side import message
from tests.fakes.servers import free_port, valkey
from tests.waiting import until

SERVER = os.environ.get("JONO_TELEMELYA") or shutil.which("telemelya-server")
TOKEN, SECRET, KEY = "123456789:AAbbCC", "s3cret", "between-tests"
AINO = 5_000_000_001
pytestmark = pytest.mark.skipif(SERVER is None, reason="telemelya-server is not installed")


class Emulator:
    """The emulator, a channel on it, and what came in through its webhook."""

    def __init__(self, http: ClientSession, address: str, channel: Telegram) -> None:
        self.channel = channel
        self.arrivals: list[Arrival] = []
        self._http = http
        self._address = f"{address}/api/v1/test"

    async def sends(self, **what: Any) -> Arrival:
        """Somebody does something; gives what the channel made of it."""
        body = {"chat_id": AINO, "from_user": {"id": AINO, "first_name": "Aino"}, **what}
        answer = await self._call("POST", "send_update", bot_token=TOKEN, json=body)
        assert answer["delivery"]["status_code"] == 200, answer
        return self.arrivals[-1]

    async def calls(self, method: str) -> list[Mapping[str, Any]]:
        """The bot's calls of a method, oldest first."""
        answer = await self._call("GET", "responses", session_id="default")
        return [one for one in answer["responses"] if one["method"] == method]

    async def _call(self, verb: str, path: str, json: object = None, **query: str) -> Any:
        headers = {"Authorization": f"Bearer {KEY}"}
        async with self._http.request(
            verb, f"{self._address}/{path}", params=query, json=json, headers=headers
        ) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def nothing(request: web.Request) -> web.Response:
    """The storage for files: everything is there, and nothing is in it."""
    return web.Response()


@asynccontextmanager
async def telemelya(redis_url: str, storage: str) -> AsyncIterator[str]:
    """The emulator's process, once it answers."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    settings = {
        "MOCK_SERVER_HOST": "127.0.0.1",
        "MOCK_SERVER_PORT": str(port),
        "REDIS_URL": redis_url,
        "MINIO_ENDPOINT": storage,
        "AUTH_KEYS": KEY,
    }
    assert SERVER is not None
    with subprocess.Popen([SERVER], env=os.environ | settings, stderr=subprocess.DEVNULL) as process:
        try:
            async with ClientSession() as http:

                async def up() -> bool:
                    assert process.poll() is None, "telemelya-server ended"
                    return await answers(http, address)

                await until(up, "telemelya-server answers", every_s=0.1)
            yield address
        finally:
            process.kill()


async def answers(http: ClientSession, address: str) -> bool:
    try:
        async with http.get(address) as answer:
            return answer.status == 200
    except ClientError:
        return False


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    storage, hooks = web.Application(), web.Application()
    storage.router.add_route("*", "/{path:.*}", nothing)

    async def take(request: web.Request) -> web.Response:
        headers = {**request.headers, "X-Telegram-Bot-Api-Secret-Token": SECRET}
        made.arrivals.extend(made.channel.accept(headers, await request.read(), NOW))
        return web.Response()

    hooks.router.add_post("/hook", take)
    with valkey() as redis:
        async with (
            served(storage) as files,
            served(hooks) as hook,
            telemelya(redis.url, files) as address,
            ClientSession() as http,
        ):
            tools = Tools("tg", http, lambda: NOW, queues=("billing",), hook_url=f"http://{hook}/hook")
            channel = open_channel(Options(TOKEN, "webhook", SECRET, api_base=address), tools)
            made = Emulator(http, address, channel)
            listening = asyncio.create_task(channel.listen(ignore))
            await webhook_set(http, address, hook)
            yield made
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await channel.aclose()


async def ignore(arrival: Arrival) -> None:
    raise AssertionError(f"pulled: {arrival}")


async def webhook_set(http: ClientSession, address: str, hook: str) -> None:
    """Wait until the channel has told the emulator where to push."""

    async def told() -> bool:
        async with http.post(f"{address}/bot{TOKEN}/getWebhookInfo") as answer:
            return bool((await answer.json())["result"]["url"] == f"http://{hook}/hook")

    await until(told, "the webhook", every_s=0.05)


async def test_a_customer_writes_and_is_answered(emulator: Emulator) -> None:
    started = await emulator.sends(command="/start billing__fi")
    assert isinstance(started, CustomerMessage)
    assert (started.text, started.queue, started.customer.name) == ("/start fi", "billing", "Aino")
    asked = await emulator.sends(text="Missä pakettini on? 😀")
    assert isinstance(asked, CustomerMessage)
    assert (asked.text, asked.conversation_id) == ("Missä pakettini on? 😀", str(AINO))
    sent = await emulator.channel.send(message(AINO, "Huomenna <b>."))
    await emulator.channel.send(EditOut("k", str(AINO), str(AINO), sent, "Tänään."))
    (first,) = await emulator.calls("sendMessage")
    assert (first["chat_id"], first["text"]) == (AINO, "Huomenna <b>.")
    (edit,) = await emulator.calls("editMessageText")
    assert (f"m{edit['message_id']}", edit["text"]) == (sent, "Tänään.")


async def test_a_button_is_pressed_and_answered(emulator: Emulator) -> None:
    pressed = await emulator.sends(callback_data="claim K7Q2M4")
    assert isinstance(pressed, AgentCommand)
    assert (pressed.command, pressed.arguments, pressed.member) == ("claim", "K7Q2M4", False)
    await emulator.channel.send(
        CommandAnswer("k", pressed.id, str(AINO), "yours", True, None, pressed.answer_to)
    )
    (answer,) = await emulator.calls("answerCallbackQuery")
    assert answer["raw"]["text"] == "yours"
