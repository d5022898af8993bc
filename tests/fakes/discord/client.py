"""What tests hold in hand: the process, the acts of people as methods, and the ledger.

    async with discord_fake() as discord:
        aino = await discord.person("Aino", locale="fi")
        await discord.says(aino, "hello")

Invariant: the process does not outlive the block.
"""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.fakes.discord.faults import Kind
from tests.fakes.discord.ledger import Asked, Ledger
from tests.fakes.discord.serve import serve
from tests.fakes.discord.things import JSON
from tests.waiting import WITHIN_S

TOKEN = "MTAw.fake.token-of-a-bot"
ROOT = Path(__file__).parents[3]
WAIT_S = 5.0


class DiscordFake:
    """One application's world, seen from outside."""

    def __init__(self, http: aiohttp.ClientSession, address: str, control: str) -> None:
        self.api = f"{address}/api/v10"
        self.gateway = f"{address.replace('http', 'ws', 1)}/gateway"
        self.token = TOKEN
        self.ledger = Ledger()
        self._http = http
        self._control = control
        self._reading = asyncio.Lock()

    # --- who and where -------------------------------------------------------------------------------------

    async def person(self, name: str, **more: Any) -> int:
        """Somebody new: `locale`, `installed`."""
        return int(await self._act("person", name=name, **more))

    async def reachable(self, person: int, reachable: bool) -> None:
        """Somebody takes no messages from the bot, or takes them again."""
        await self._act("reachable", person=person, reachable=reachable)

    async def guild(self, name: str, owner: int, **more: Any) -> int:
        """A server with the bot in it; `thread_cap`."""
        return int(await self._act("guild", name=name, owner=owner, **more))

    async def role(self, guild: int, name: str, *permissions: str) -> int:
        """A role."""
        return int(await self._act("role", guild=guild, name=name, permissions=permissions))

    async def joins(self, person: int, guild: int, *roles: int) -> None:
        """Somebody is in a server, with these roles from now on."""
        await self._act("joins", person=person, guild=guild, roles=roles)

    async def channel(self, guild: int, name: str, **more: Any) -> int:
        """A text channel, or a `forum` with `tags`."""
        return int(await self._act("channel", guild=guild, name=name, **more))

    async def private(self, person: int) -> int:
        """The private conversation with the bot."""
        return int(await self._act("private", person=person))

    async def deletes_channel(self, channel: int) -> None:
        """Somebody deletes a channel or a thread."""
        await self._act("deletes_channel", channel=channel)

    # --- what they do --------------------------------------------------------------------------------------

    async def says(
        self, person: int, text: str, channel: int = 0, files: Sequence[tuple[str, bytes, str]] = ()
    ) -> int:
        """Somebody writes, to the bot where no channel is named. Files have a name, a content, a media type."""
        sent = [
            {"name": name, "content": base64.b64encode(content).decode(), "mime": mime}
            for name, content, mime in files
        ]
        return int(await self._act("says", person=person, text=text, channel=channel, files=sent))

    async def edits(self, person: int, message: int, text: str, channel: int = 0) -> None:
        """Somebody changes a message of theirs."""
        await self._act("edits", person=person, message=message, text=text, channel=channel)

    async def deletes(self, person: int, message: int, channel: int = 0) -> None:
        """Somebody deletes a message of theirs."""
        await self._act("deletes", person=person, message=message, channel=channel)

    async def reacts(self, person: int, message: int, emoji: str, channel: int = 0, **more: Any) -> None:
        """Somebody puts a mark at a message; `on=False` takes it away."""
        await self._act("reacts", person=person, message=message, emoji=emoji, channel=channel, **more)

    async def types(self, person: int, channel: int = 0) -> None:
        """Somebody is writing."""
        await self._act("types", person=person, channel=channel)

    async def commands(self, person: int, name: str, channel: int = 0, **options: str) -> int:
        """Somebody gives a command; gives the interaction's id."""
        return int(await self._act("commands", person=person, name=name, channel=channel, options=options))

    async def presses(self, person: int, channel: int, message: int, custom_id: str) -> int:
        """Somebody presses a button; gives the interaction's id."""
        told = {"person": person, "channel": channel, "message": message, "custom_id": custom_id}
        return int(await self._act("presses", **told))

    async def submits(self, person: int, channel: int, interaction: int, text: str) -> int:
        """Somebody fills in the form that answered an interaction."""
        told = {"person": person, "channel": channel, "interaction": interaction, "text": text}
        return int(await self._act("submits", **told))

    async def answer(self, interaction: int) -> str:
        """The text that answers an interaction, once it is there."""
        ledger = await self.until(lambda led: led.answers(interaction), "the answer to an interaction")
        return ledger.answers(interaction)[0].text

    async def form(self, interaction: int) -> Asked:
        """The interaction, once a form answers it."""
        ledger = await self.until(lambda led: led.asked[interaction].modal, "a form")
        return ledger.asked[interaction]

    # --- trouble -------------------------------------------------------------------------------------------

    async def fault(self, kind: Kind, route: str = "", **more: Any) -> None:
        """Something is to go wrong, see `faults.Fault`: once, unless `times` or `share` say otherwise."""
        if "share" in more:
            more.setdefault("times", None)
        await self._post("fault", {"kind": kind, "route": route, **more})

    async def calm(self) -> None:
        """Nothing is to go wrong any more."""
        await self._post("calm", {})

    async def set(self, **what: Any) -> None:
        """`limits`, `gateway` settings, `ahead_s`, `revoked`."""
        await self._post("set", what)

    async def gateway_does(self, what: str, **more: Any) -> None:
        """`drop` (with a `code`), `invalidate`, `reconnect`, `forget`, `freeze`, `plan` (see `gateway.Planned`),
        `unplan`."""
        await self._post(f"gateway/{what}", more)

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
            async with self._http.get(f"{self._control}/ledger", params=query) as answer:
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
        return await self._post(f"act/{act}", arguments)

    async def _post(self, path: str, arguments: JSON) -> Any:
        async with self._http.post(f"{self._control}/{path}", json=arguments) as answer:
            assert answer.status == 200, f"{path}: {await answer.text()}"
            return await answer.json()


@asynccontextmanager
async def discord_within(seed: int = 0) -> AsyncIterator[DiscordFake]:
    """Discord in this very process, until the block ends: for tests that start no bot, as it is there at once."""
    async with (
        serve(TOKEN, seed) as (address, control),
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http,
    ):
        yield DiscordFake(http, address, control)


@asynccontextmanager
async def discord_fake(seed: int = 0) -> AsyncIterator[DiscordFake]:
    """A process that is Discord, until the block ends."""
    command = (sys.executable, "-m", "tests.fakes.discord", TOKEN, str(seed))
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            address, control = (await asyncio.to_thread(process.stdout.readline)).decode().split()
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:
                yield DiscordFake(http, address, control)
        finally:
            process.kill()
