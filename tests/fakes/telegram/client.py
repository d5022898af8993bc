"""What tests hold in hand: the process, the acts of people as methods, and the ledger.

    async with telegram_fake() as telegram:
        aino = await telegram.person("Aino", language="fi")
        await telegram.says(aino, "hello")
        await telegram.until(lambda ledger: ledger.texts(aino), "an answer")

Many tests may share a process: `with telegram_process() as process`, then `async with process.bot() as telegram`.

Invariant: neither process nor bot outlives its block.
"""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.fakes.telegram.faults import Kind
from tests.fakes.telegram.ledger import JSON, Ledger
from tests.waiting import WITHIN_S

TOKEN = "123456:AAbbCCdd-eeffGGhh_iijjKKllMMnnOOppQQ"
ROOT = Path(__file__).parents[3]
JPEG = b"\xff\xd8\xff\xe0" + bytes(60)
WAIT_S = 5.0
RIGHTS = {"can_reply": True, "can_delete_sent_messages": True}


class TelegramFake:
    """One bot's world, seen from outside. Numbers of chats are those of people where nothing else is said.

    `where` of an act: `chat`, `topic`, `reply_to`, `anonymous` (the title of an administrator who writes as the
    group), `business` (a connection; `chat` is the customer then, when the owner writes).
    """

    def __init__(self, http: aiohttp.ClientSession, api: str, control: str, token: str, number: int) -> None:
        self.api = api
        self.token = token
        self.ledger = Ledger()
        self._http = http
        self._control = control
        self._number = number
        self._reading = asyncio.Lock()

    @property
    def bot_id(self) -> int:
        """The bot's own id."""
        return int(self.token.partition(":")[0])

    # --- people --------------------------------------------------------------------------------------------

    async def person(self, name: str, **more: str) -> int:
        """Somebody new: `last_name`, `username`, `language`."""
        return int(await self._act("person", name=name, **more))

    async def customer(self, name: str, **more: str) -> int:
        """Somebody new who has pressed Start before; the bot was told then and has forgotten it."""
        person = await self.person(name, **more)
        await self._act("starts", person=person)
        return person

    async def group(self, title: str, members: Sequence[int] = (), **more: Any) -> int:
        """A supergroup with topics; `forum=False` has none, `basic=True` is a basic group. The bot is administrator
        with all `rights`, or what `bot` says."""
        return int(await self._act("group", title=title, members=list(members), **more))

    async def make_bot(self, chat: int, status: str, **more: Any) -> None:
        """The bot becomes "administrator" with some `rights`, "member", "left" or "kicked"."""
        await self._act("make_bot", chat=chat, status=status, **more)

    async def set_forum(self, chat: int, forum: bool) -> None:
        """An owner turns topics on or off."""
        await self._act("set_forum", chat=chat, forum=forum)

    async def migrates(self, chat: int) -> int:
        """A basic group becomes a supergroup: its new id."""
        return int(await self._act("migrates", chat=chat))

    async def blocks(self, person: int, blocked: bool = True) -> None:
        """A customer blocks the bot, or unblocks it."""
        await self._act("blocks", person=person, blocked=blocked)

    async def leaves_telegram(self, person: int) -> None:
        """An account is deleted."""
        await self._act("leaves_telegram", person=person)

    # --- what they do --------------------------------------------------------------------------------------

    async def says(self, person: int, text: str, **where: Any) -> int:
        """Somebody writes; gives the message's id. `entities` are those the writer made."""
        return int(await self._act("says", person=person, text=text, **where))

    async def sends(
        self, person: int, kind: str, content: bytes | None = None, caption: str = "", **more: Any
    ) -> int:
        """Somebody sends a file: a photo, document, video, audio, voice, sticker, animation or video note. Instead of
        `content` it may have a `size`; further `name`, `mime`, `emoji`, `group` (an album), and `where`."""
        file = {"kind": kind, "size": more.pop("size", 1000)}
        file |= {name: more.pop(name) for name in ("name", "mime", "emoji") if name in more}
        if content is not None:
            file["content"] = base64.b64encode(content).decode()
        return int(await self._act("sends", person=person, file=file, caption=caption, **more))

    async def locates(self, person: int, latitude: float, longitude: float, **where: Any) -> int:
        """Somebody sends a location."""
        point = {"latitude": latitude, "longitude": longitude}
        return await self.content(person, {"location": point}, **where)

    async def content(self, person: int, part: JSON, **where: Any) -> int:
        """Somebody sends anything else, as the vendor writes it."""
        return int(await self._act("content", person=person, part=part, **where))

    async def edits(self, person: int, message: int, text: str, **where: Any) -> None:
        """Somebody changes a message of theirs."""
        await self._act("edits", person=person, message_id=message, text=text, **where)

    async def deletes(self, person: int, *messages: int, **where: Any) -> None:
        """Somebody deletes messages; the bot hears of it in business chats only."""
        await self._act("deletes", person=person, message_ids=messages, **where)

    async def reacts(self, person: int, message: int, emoji: str, **where: Any) -> None:
        """Somebody reacts to a message; an empty emoji takes it back."""
        await self._act("reacts", person=person, message_id=message, emoji=emoji, **where)

    async def presses(
        self, person: int, message: int, data: str, chat: int = 0, *, forged: bool = False
    ) -> str:
        """Somebody presses a button of the bot's; gives the id of the query."""
        told = {"person": person, "message_id": message, "data": data, "chat": chat, "forged": forged}
        return str(await self._act("presses", **told))

    async def makes_topic(self, person: int, chat: int, name: str) -> int:
        """An agent makes a topic."""
        return int(await self._act("makes_topic", person=person, chat=chat, name=name))

    async def closes_topic(self, person: int, chat: int, topic: int, *, closed: bool = True) -> None:
        """An agent closes a topic, or opens it again."""
        await self._act("closes_topic", person=person, chat=chat, topic=topic, closed=closed)

    async def deletes_topic(self, chat: int, topic: int) -> None:
        """An agent deletes a topic with all in it."""
        await self._act("deletes_topic", chat=chat, topic=topic)

    async def connects(self, owner: int, rights: Mapping[str, bool] = RIGHTS) -> str:
        """An owner lets the bot answer for their business account: the connection."""
        return str(await self._act("connects", owner=owner, rights=dict(rights)))

    async def disconnects(self, connection: str) -> None:
        """An owner takes that back."""
        await self._act("disconnects", connection=connection)

    async def photographs(self, picture: bytes) -> None:
        """The operator gives the bot a photo at @BotFather's."""
        await self._act("photographs", content=base64.b64encode(picture).decode())

    async def emits(self, kind: str, payload: JSON) -> int:
        """An update of the test's own making; gives its id."""
        return int(await self._act("emits", kind=kind, payload=payload))

    # --- trouble -------------------------------------------------------------------------------------------

    async def fault(self, kind: Kind, *methods: str, **more: Any) -> None:
        """Something is to go wrong, see `faults.Fault`: once, unless `times` or `share` say otherwise."""
        if "share" in more:
            more.setdefault("times", None)
        await self._post(f"{self._number}/fault", {"kind": kind, "methods": methods, **more})

    async def calm(self) -> None:
        """Nothing is to go wrong any more."""
        await self._post(f"{self._number}/calm", {})

    async def limits(self, **limits: Any) -> None:
        """Other limits, see `pacing.Limits`; `enforced=True` answers too fast a bot with 429."""
        await self._post(f"{self._number}/set", {"limits": limits})

    async def later(self, seconds: float) -> None:
        """Time passes."""
        await self._post(f"{self._number}/set", {"ahead_s": seconds})

    async def revoke(self, revoked: bool = True) -> None:
        """The token is not accepted any more, or again."""
        await self._post(f"{self._number}/set", {"revoked": revoked})

    async def bot_is(self, **me: Any) -> None:
        """Change what getMe says, such as can_read_all_group_messages."""
        await self._post(f"{self._number}/set", {"me": me})

    async def pending(self) -> int:
        """How many updates wait for the bot."""
        return int(await self._post(f"{self._number}/set", {}))

    async def down(self) -> None:
        """Connections are refused, open ones are reset."""
        await self._post("door/shut", {})

    async def up(self) -> None:
        """Connections are taken again, at the same address."""
        await self._post("door/open", {})

    # --- the ledger ----------------------------------------------------------------------------------------

    async def read(self, wait_s: float = 0.0) -> Ledger:
        """Bring the ledger up to date, waiting for news for so long."""
        async with self._reading:
            query = {"after": str(len(self.ledger.events)), "wait_s": str(wait_s)}
            async with self._http.get(f"{self._control}/{self._number}/ledger", params=query) as answer:
                self.ledger.add(await answer.json())
        return self.ledger

    async def until(
        self, condition: Callable[[Ledger], object], what: str, within_s: float = WITHIN_S
    ) -> Ledger:
        """Wait until `condition` holds of the ledger."""
        ends = time.monotonic() + within_s
        await self.read()
        while not condition(self.ledger):
            assert time.monotonic() < ends, f"{what}: not within {within_s:.0f} s"
            await self.read(min(WAIT_S, max(0.0, ends - time.monotonic())))
        return self.ledger

    async def _act(self, act: str, **arguments: Any) -> Any:
        return await self._post(f"{self._number}/act/{act}", arguments)

    async def _post(self, path: str, arguments: JSON) -> Any:
        async with self._http.post(f"{self._control}/{path}", json=arguments) as answer:
            assert answer.status == 200, f"{path}: {await answer.text()}"
            return await answer.json()


class TelegramProcess:
    """The process: `bot` gives worlds in it, one after the other or several at a time."""

    def __init__(self, api: str, control: str) -> None:
        self.api = api
        self._control = control

    @asynccontextmanager
    async def bot(
        self, token: str = TOKEN, seed: int = 0, conflict_s: float = 0.2
    ) -> AsyncIterator[TelegramFake]:
        """A new bot and its world. Two of the same time need tokens of their own."""
        wanted = {"token": token, "seed": seed, "conflict_s": conflict_s}
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:
            async with http.post(f"{self._control}/bots", json=wanted) as answer:
                number = int(await answer.json())
            try:
                yield TelegramFake(http, self.api, self._control, token, number)
            finally:
                await http.post(f"{self._control}/door/open")
                await http.delete(f"{self._control}/{number}")


@contextmanager
def telegram_process() -> Iterator[TelegramProcess]:
    """A process for several tests."""
    command = (sys.executable, "-m", "tests.fakes.telegram")
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield TelegramProcess(*process.stdout.readline().decode().split())
        finally:
            process.kill()


@asynccontextmanager
async def telegram_fake(token: str = TOKEN, seed: int = 0) -> AsyncIterator[TelegramFake]:
    """A process of its own with one bot."""
    with telegram_process() as process:
        async with process.bot(token, seed) as fake:
            yield fake
