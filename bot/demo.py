"""`jono demo`: a bot and a simulated support floor in one process, with a live page and an honest balance. Whoever
watches may be a customer and an agent, too, each at an address of its own.

Nothing is needed and nothing stays: the store is an embedded server in a directory of its own, both gone at
the end, however it comes. The floor reaches the bot by signed HTTP over loopback only. The exit code is 0
when no message was lost and none was shown twice.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import errno
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from adapters.base import AgentCommand, Person
from bot import config as configuration
from bot.app import Bot, running
from bot.clock import Chance, Clock
from bot.config import Config, ConfigError, Fault
from bot.fetch import open_session
from bot.floor import DAY_S, Floor
from bot.floor_ledger import Ledger
from bot.floor_peer import Peer
from bot.floor_report import balance, progress
from bot.signin import Agent, enter_url
from bot.store.store import StoreDown
from bot.words import Words

Answer = TypeVar("Answer")

QUEUE, CHANNEL = "support", "shop"
OWN_QUEUE, SITE, YOU = "yours", "site", "you"
"""The queue and the site chat of whoever watches; none of the simulated agents serves it."""
TARGET_S, OVERLOADED_S = 600, 1_800
OPENS_AT_S = 9 * 3600.0
"""The desk's time of day when the demo begins: a rush follows soon."""
LEASE_S = 3_600
"""A real person needs longer than simulated ones at sixty times the speed: a real minute."""
LINK_FOR_S = 86_400
DRAIN_S = 20.0
STORE_AGAIN_S = 0.25
"""Real seconds between two tries while the store does not answer."""
LINE_EVERY_S, PLAIN_LINE_EVERY_S = 0.5, 10.0
"""Real seconds between two progress lines, rewritten in place on a terminal."""


async def demo(
    stop: asyncio.Event, *, minutes: float | None, speed: float, port: int, keep: Path | None, seed: int
) -> int:
    """Run until `stop`, or for real `minutes`, at `speed` desk seconds a second. Gives the exit code.

    Raises ConfigError when the port is taken or `keep` is in use, EmbeddedError when no server can start.
    """
    secret = "whsec_" + base64.b64encode(Chance(seed).random.randbytes(24)).decode()
    ledger, clock = Ledger(Words()), _morning(speed)
    floor = Floor(ledger, clock, seed)
    async with contextlib.AsyncExitStack() as stack:
        directory = stack.enter_context(_directory(keep))
        session = await stack.enter_async_context(open_session(allow_private=True))
        floor.peer = Peer(secret, clock, session, floor.take)
        url = await stack.enter_async_context(floor.peer.serving())
        config = _config(directory, port, url, secret, [agent.id for agent in floor.agents])
        bot = await stack.enter_async_context(_bot(config, clock, Chance(seed)))
        if not await _is_ready(bot, stop):
            return 0
        floor.peer.hook_url = f"{bot.address}/hooks/{CHANNEL}"
        await floor.open()
        await _command(bot, "on")
        print(f"Live page: {bot.address}  ({_pace(speed)}; Ctrl-C ends)")
        print(f"Be a customer: {bot.address}/chat/{SITE}")
        print(f"Be an agent: {await _desk_link(bot)}  (a link that works once)", flush=True)
        opened_at = clock.now()
        closed_at = await _day(bot, floor, ledger, clock, stop, minutes)
        missing, extra = ledger.compared(await _recorded(bot, ledger))
    lost, twice = ledger.owed() + missing, ledger.twice() + extra
    rows = [*balance(floor, ledger, opened_at, closed_at), ("lost", str(lost)), ("twice", str(twice))]
    print("\n".join(f"  {name:<17} {text}" for name, text in rows))
    return 0 if lost == twice == 0 else 1


# --- what is needed ----------------------------------------------------------------------------------------


def _morning(speed: float) -> Clock:
    """A clock on which the desk's day has just begun."""
    now = Clock().real()
    return Clock(speed, now - now % DAY_S + OPENS_AT_S)


@contextlib.contextmanager
def _directory(keep: Path | None) -> Iterator[Path]:
    """A directory for the data, thrown away at the end unless it is to be kept."""
    if keep is None:
        # A server that could not be stopped may still write here; that must not hide what went wrong.
        with tempfile.TemporaryDirectory(prefix="jono-demo-", ignore_cleanup_errors=True) as name:
            yield Path(name)
    elif keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise ConfigError([Fault("--keep", "is in use; name a new or empty directory")])
    else:
        yield keep.absolute()


def _config(directory: Path, port: int, url: str, secret: str, agents: Sequence[str]) -> Config:
    return configuration.check(
        {
            "bot": {"name": "Acme Outdoor"},
            "server": {"listen": f"127.0.0.1:{port}"},
            "store": {"url": f"embedded:{directory / 'store'}"},
            "queues": {
                QUEUE: {"title": "Customer support", "target_s": TARGET_S, "overloaded_s": OVERLOADED_S},
                OWN_QUEUE: {"title": "Your own desk", "team": [SITE]},
            },
            "channels": {
                CHANNEL: {
                    "adapter": "webhook",
                    "queue": QUEUE,
                    "secret": secret,
                    "url": url,
                    "agents": list(agents),
                },
                SITE: {"adapter": "web", "queue": OWN_QUEUE, "agents": [YOU]},
            },
            "desk": {"claim_lease_s": LEASE_S},
            "outgoing": {"allow_private": True},
        }
    )


@contextlib.asynccontextmanager
async def _bot(config: Config, clock: Clock, chance: Chance) -> AsyncIterator[Bot]:
    async with contextlib.AsyncExitStack() as stack:
        try:
            bot = await stack.enter_async_context(running(config, clock, chance))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            fault = Fault("--port", f"{config.server.port} cannot be used; --port 0 takes any free one")
            raise ConfigError([fault]) from error
        yield bot


async def _is_ready(bot: Bot, stop: asyncio.Event) -> bool:
    """Wait for the store; false when the demo was ended before."""
    waits = [asyncio.create_task(event.wait()) for event in (bot.ready, stop)]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    return not stop.is_set()


async def _patiently(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """What the store answers, however busy the machine is. Raises StoreDown once none has come for `DRAIN_S`."""
    loop = asyncio.get_running_loop()
    until = loop.time() + DRAIN_S
    while True:
        try:
            return await ask()
        except StoreDown:
            if loop.time() >= until:
                raise
        await asyncio.sleep(STORE_AGAIN_S)


async def _command(bot: Bot, command: str) -> None:
    """Whoever watches comes on duty at the beginning, and goes at the end."""
    arrival = AgentCommand(f"demo-{command}", Person(YOU, "You"), command)
    await _patiently(partial(bot.parts.inbox.receive, SITE, arrival))


async def _desk_link(bot: Bot) -> str:
    """Where whoever watches becomes an agent."""
    assert bot.parts.sign_in is not None
    secret = await _patiently(partial(bot.parts.sign_in.link, Agent(SITE, YOU, "You"), LINK_FOR_S))
    return enter_url(bot.address, secret)


# --- the day -----------------------------------------------------------------------------------------------


async def _day(
    bot: Bot, floor: Floor, ledger: Ledger, clock: Clock, stop: asyncio.Event, minutes: float | None
) -> float:
    """Live the day, then answer everyone who is left. Gives the moment (desk time) at which it was closed."""
    try:
        async with asyncio.TaskGroup() as group:
            work = group.create_task(floor.run())
            telling = group.create_task(_tell(floor, ledger, clock))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if minutes is None else minutes * 60):
                    await bot.until(stop)
            closed_at = clock.now()
            telling.cancel()
            print(
                f"{_end_of_line()}Closing: whoever still waits ({len(floor.waiting)}) is answered now.",
                flush=True,
            )
            floor.close()
            # What whoever watches has claimed goes back to the others.
            await _command(bot, "off")
            await asyncio.wait([work], timeout=DRAIN_S)
            work.cancel()
            await _settle(ledger, clock)
    except ExceptionGroup as errors:
        # What went wrong first; a store that does not answer is told in a line.
        raise errors.exceptions[0] from errors
    return closed_at


async def _settle(ledger: Ledger, clock: Clock) -> None:
    """Wait until everything that is under way has arrived; what does not within the time is lost."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            while ledger.owed():
                await clock.pause(0.05)


async def _recorded(bot: Bot, ledger: Ledger) -> Mapping[str, list[str]]:
    """What the bot's own records say that customers wrote, by conversation."""
    recorded: dict[str, list[str]] = {}
    for case_id, conversation_id in ledger.cases.items():
        said = await _patiently(partial(bot.parts.store.transcript, QUEUE, case_id))
        texts = [entry["text"] for entry in said if entry["by"] == "customer"]
        recorded.setdefault(conversation_id, []).extend(texts)
    return recorded


# --- what the terminal shows -------------------------------------------------------------------------------


def _pace(speed: float) -> str:
    return "one second here is one minute at the desk" if speed == 60 else f"the desk's time runs {speed:g}x"


def _end_of_line() -> str:
    """What ends the progress line where it is rewritten in place."""
    return "\n" if sys.stdout.isatty() else ""


async def _tell(floor: Floor, ledger: Ledger, clock: Clock) -> None:
    """Say how things stand, again and again, until cancelled."""
    live = sys.stdout.isatty()
    while True:
        await clock.pause(LINE_EVERY_S if live else PLAIN_LINE_EVERY_S)
        line = progress(floor, ledger, clock.now())
        if live:
            # To the line's start, then clear the rest of it: https://en.wikipedia.org/wiki/ANSI_escape_code
            line = f"\r{line[: shutil.get_terminal_size().columns - 1]}\x1b[K"
        print(line, end="" if live else "\n", flush=True)
