"""Every platform now and then wants silence, or fails: all arrives once, in order, and nothing before it may.

A row of `PLATFORMS` is all that a platform needs: its far end, and what an operator would write of it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from adapters.base import MessageOut, Pace
from bot.app import Parts
from bot.clock import Clock
from bot.store.store import StoreDown
from bot.store.wire import Commit, OutEntry
from tests.end_to_end.floor import draw_seed
from tests.fakes import chatwoot, line, matrix, meta, peer, slack, twilio, viber, whatsapp, x
from tests.fakes.desk import MONDAY_NOON
from tests.fakes.desk import SECRET as WEBHOOK_SECRET
from tests.fakes.weather import Watch, Weather, open_parts, pass_time

EACH = 20
"""Messages in a conversation."""
QUEUE, TOKEN, SECRET = "support", "t" * 40, "s" * 32
Place = Callable[[MessageOut], str]


def account(message: MessageOut) -> str:
    """All of it is to be silent."""
    return ""


def conversation(message: MessageOut) -> str:
    """One conversation is to be silent."""
    return message.conversation_id


def on_time(far: x.Far, now: float) -> None:
    """X tells the end of a silence as a moment."""
    far.now = now


def away(far: slack.Far) -> None:
    """Slack fails before it has looked at anything; what it calls an error of its own may have shown the message, so
    the outbox sets that aside as unconfirmed."""
    far.words.append("service_unavailable")


@asynccontextmanager
async def hurried_twilio() -> AsyncIterator[twilio.Far]:
    """Twilio promises no delay; here it tells one."""
    async with twilio.far_end() as far:
        far.busy_s = 7.0
        yield far


@asynccontextmanager
async def shop() -> AsyncIterator[peer.Peer]:
    """A shop that asks for short silences: its library bears no stamp that is five minutes ahead of the real time."""
    async with peer.peer(WEBHOOK_SECRET) as far:
        far.busy_s = 1.0
        yield far


@dataclass(frozen=True)
class Platform:
    """A far end, the operator's options, how the n-th conversation is called, and what of it a silence counts for.
    `address` is the option that leads to the far end; `on_time` tells it the time, `broken` is how it fails where its
    "broken" leaves open what became of the message."""

    far_end: Callable[[], AbstractAsyncContextManager[Any]]
    options: Mapping[str, Any]
    names: str
    silence: Place = account
    address: str = "api_base"
    on_time: Callable[[Any, float], None] | None = None
    broken: Callable[[Any], None] | None = None


META = {"token": TOKEN, "secret": SECRET, "verify_token": "our-own-word"}
X = {
    "consumer_secret": x.CONSUMER_SECRET,
    "consumer_key": x.CONSUMER_KEY,
    "access_token": x.ACCESS_TOKEN,
    "access_secret": x.ACCESS_SECRET,
    "account": x.US,
    "handle": "ExampleUser",
    # Ten times what X allows, and still most of the time is spent with waiting for the next quarter of an hour.
    "paces": {"messages": [150, 900.0]},
}
NUMBERS = META | {"token": whatsapp.TOKEN, "numbers": [whatsapp.NUMBER]}
SLACK = {"token": "xoxb-1-secret", "signing_secret": SECRET}
TWILIO = {"account": twilio.ACCOUNT, "token": twilio.TOKEN, "sender": twilio.SENDER}
PLATFORMS = {
    "messenger": Platform(meta.far_end, META | {"page": "1906385232743451"}, "25059{:05}"),
    "instagram": Platform(meta.far_end, META | {"username": "acme.shop"}, "12544{:05}"),
    "whatsapp": Platform(whatsapp.far_end, NUMBERS, whatsapp.NUMBER + "/1650555{:05}", conversation),
    "x": Platform(lambda: x.far_end(MONDAY_NOON), X, "22222{:05}", on_time=on_time),
    "slack": Platform(slack.workspace, SLACK, "D0{:05}", conversation, broken=away),
    "matrix": Platform(matrix.homeserver, {"token": matrix.TOKEN, "user": matrix.BOT}, "!{:05}:example.org"),
    "chatwoot": Platform(chatwoot.far_end, {"token": TOKEN, "secret": SECRET, "account": 3}, "1{:05}"),
    "line": Platform(line.line_side, {"token": line.TOKEN, "secret": SECRET}, "U" + "4af49806292{:021}"),
    "viber": Platform(viber.far_end, {"token": TOKEN, "sender": "Acme"}, "01234567890A={:05}"),
    "twilio": Platform(hurried_twilio, TWILIO, "+3584012{:05}"),
    "webhook": Platform(shop, {"secret": WEBHOOK_SECRET}, "c-{}", address="url"),
}


def tables(adapter: str, address: str) -> dict[str, Any]:
    """The configuration of a bot with this one channel."""
    platform = PLATFORMS[adapter]
    channel = {"adapter": adapter, "queue": QUEUE, platform.address: address, **platform.options}
    return {
        "bot": {"name": "Acme"},
        "server": {"public_url": twilio.HOOK.partition("/hooks")[0]},
        "outgoing": {"allow_private": True},
        "queues": {QUEUE: {"target_s": 480}},
        "channels": {adapter: channel},
    }


async def put(parts: Parts, adapter: str, count: int) -> dict[int, list[str]]:
    """Replies in many conversations, in turn; gives the texts of each."""
    texts: dict[int, list[str]] = defaultdict(list)
    for number in range(count):
        nth = number % (count // EACH)
        texts[nth].append(f"{nth}: {number}, Zażółć")
        name = PLATFORMS[adapter].names.format(nth)
        customer = name.rpartition("/")[2]
        body = {"kind": "reply", "case": None, "customer": customer, "text": texts[nth][-1]}
        await parts.store.commit(QUEUE, Commit(out=(OutEntry(f"e-{number}", f"{adapter}/{name}", body),)))
    return texts


async def all_settled(parts: Parts, adapter: str) -> None:
    """The outbox runs until nothing is left to send."""
    running = asyncio.create_task(parts.outbox.run(QUEUE, adapter))
    try:
        while await parts.store.outgoing(QUEUE, adapter) and not running.done():
            await pass_time(parts, QUEUE, adapter)
            await asyncio.sleep(0.001)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await parts.outbox.drain(5)


@dataclass(frozen=True)
class Run:
    """What was to be sent, what became of it, and what happened meanwhile."""

    texts: Mapping[int, list[str]]
    delivered: Mapping[int, list[str]]
    dead: Mapping[str, Any]
    weather: Weather
    watch: Watch
    busy_s: float | None
    took_s: float

    @property
    def figures(self) -> str:
        """In words."""
        drawn, watch = self.weather.drawn, self.watch
        return (
            f"{sum(map(len, self.delivered.values()))} delivered in {watch.tries} tries: {drawn['busy']} too many, "
            f"{drawn['broken']} broken; {len(watch.early)} too early; longest silence {watch.longest_s:.1f} s, "
            f"all in {self.took_s / 3600:.2f} h"
        )


async def sent(store_url: str, adapter: str, count: int, seed: int) -> Run:
    """All of it through the weather."""
    platform, clock = PLATFORMS[adapter], Clock()
    async with platform.far_end() as far:
        async with open_parts(store_url, tables(adapter, far.url), clock, seed) as parts:
            watch, delivered = Watch(clock, platform.silence), defaultdict(list)
            watch.over(parts.channels[adapter])
            texts = await put(parts, adapter, count)
            on_time, broken = platform.on_time, platform.broken
            far.faults = weather = Weather(
                seed,
                (lambda: on_time(far, clock.real())) if on_time else None,
                (lambda: broken(far)) if broken else None,
            )
            began = clock.real()
            await all_settled(parts, adapter)
            dead = await parts.store.dead_letters(QUEUE)
        for text in far.delivered:
            delivered[int(text.partition(":")[0])].append(text)
        run = Run(texts, delivered, dead, weather, watch, far.busy_s, clock.real() - began)
    print(f"{adapter}: {run.figures}")
    return run


@pytest.mark.parametrize(
    "count", [60, pytest.param(2_000, marks=[pytest.mark.drill, pytest.mark.timeout(900)])], ids=["", "drill"]
)
@pytest.mark.parametrize("adapter", PLATFORMS)
async def test_all_arrives_once_in_order_and_nothing_before_it_may(
    store_url: str, adapter: str, count: int
) -> None:
    """A tenth of the requests meets "too many", a twentieth an error of the platform's that took nothing."""
    run = await sent(store_url, adapter, count, draw_seed())
    assert run.delivered == run.texts
    assert not run.dead
    assert not run.watch.early
    assert run.watch.tries == run.weather.drawn.total() > count
    if run.busy_s is not None:
        assert len(run.watch.told) >= run.weather.drawn["busy"]
        assert min(run.watch.told, default=run.busy_s) >= run.busy_s - 1.0


async def test_what_was_turned_away_while_the_store_was_away_is_not_uncertain(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The silence that was told cannot be written down at first: it is not known that it was, but nothing arrived."""
    async with (
        whatsapp.far_end() as far,
        open_parts(store_url, tables("whatsapp", far.url), Clock(), 1) as parts,
    ):
        hush, away = parts.store.channels.hush, [StoreDown("gone")]

        async def hush_later(queue: str, channel: str, pace: Pace, for_s: float) -> None:
            if away:
                raise away.pop()
            await hush(queue, channel, pace, for_s)

        monkeypatch.setattr(parts.store.channels, "hush", hush_later)
        texts = await put(parts, "whatsapp", EACH)
        far.faults = ["busy"]
        await all_settled(parts, "whatsapp")
        assert not await parts.store.dead_letters(QUEUE)
    assert not away
    assert far.delivered == texts[0]
