"""Channels are listened to whatever happens: pauses grow, one process reads, nothing is lost, trouble is told."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from structlog.testing import capture_logs

from adapters.base import Channel, Down, Inbox, Malformed, NoBookmarks, Tools, Unusable
from adapters.webhook import Options
from bot import listening as module
from bot import tools
from bot.app import Bot, assemble
from bot.bookmarks import StoredBookmarks
from bot.clock import Clock
from bot.config import check
from bot.lease import Lease
from bot.listening import Listening
from bot.store.channels import ChannelStore
from bot.store.connection import connect
from bot.store.store import StoreDown
from bot.troubles import Troubles
from bot.words import Words
from tests.fakes.desk import AGENTS, SECRET, TABLES, changed
from tests.fakes.source import (
    LEASE_S,
    NAME,
    QUEUE,
    Flaky,
    Impatient,
    Inlet,
    Source,
    brings,
    fails,
    flaky,
    message,
)
from tests.waiting import WITHIN_S, until


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Flaky]:
    async with flaky(store_url) as store:
        yield store


class Process:
    """One process that listens to one channel."""

    def __init__(
        self, source: Channel, store: ChannelStore, inlet: Inlet | None = None, who: str = "one"
    ) -> None:
        clock = Clock()
        self.stop: Callable[[], object] = lambda: None
        self.inlet, self.troubles, self.chance = inlet or Inlet(), Troubles(), Impatient()
        self.bookmarks = StoredBookmarks(store, QUEUE, NAME, clock)
        lease = Lease(store, QUEUE, NAME, who, clock, LEASE_S)
        self.listening = Listening(
            NAME,
            source,
            self.inlet.receive,
            self.bookmarks,
            self.troubles,
            clock,
            self.chance,
            lease if source.limits.one_reader else None,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Process]:
        task = asyncio.create_task(self.listening.run())
        self.stop = task.cancel
        try:
            yield self
        finally:
            self.stop()
            await asyncio.gather(task, return_exceptions=True)
            await self.listening.close()


# --- sessions ------------------------------------------------------------------------------------------------


async def test_after_an_outage_it_is_listened_to_again_and_the_trouble_is_told_meanwhile(
    store: Flaky,
) -> None:
    source = Source(fails(Down("no connection")), fails(Down("no connection")), brings(message(1)))
    with capture_logs() as logs:
        async with Process(source, store).running() as process:
            await until(lambda: process.inlet.taken)
            assert process.troubles.shown() == {}, "an arrival shows that all is well"
    told = [entry["event"] for entry in logs if entry["event"].startswith("channel")]
    assert told == ["channel in trouble", "channel well again"], "once for each change"


async def test_the_reason_is_shown_while_it_lasts(store: Flaky) -> None:
    async with Process(Source(fails(Down("no connection"))), store).running() as process:
        await until(process.troubles.shown)
        assert process.troubles.shown() == {NAME: "no connection"}


@pytest.mark.parametrize("error", [None, RuntimeError("a bug"), asyncio.CancelledError()])
async def test_whatever_ends_a_session_another_follows(store: Flaky, error: BaseException | None) -> None:
    async def ends(inbox: Inbox) -> None:
        if error is not None:
            raise error

    source = Source(ends)
    with capture_logs() as logs:
        async with Process(source, store).running() as process:
            await until(lambda: source.begun == 2)
            assert "session" in process.troubles.of(NAME)
    failed = [entry for entry in logs if entry["event"] == "session failed"]
    assert [type(entry["exc_info"]) for entry in failed] == ([] if error is None else [type(error)])


async def test_pauses_grow_and_a_calm_session_begins_them_afresh(
    store: Flaky, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def calm(inbox: Inbox) -> None:
        await asyncio.sleep(0.2)

    monkeypatch.setattr(module, "CALM_S", 0.1)
    down = fails(Down("no connection"))
    source = Source(down, down, down, calm, down)
    async with Process(source, store).running() as process:
        await until(lambda: source.begun == 6)
        assert process.chance.asked == [(n, 1.0, 300.0) for n in (0, 1, 2, 0, 1)]


async def test_a_session_that_lasts_is_well(store: Flaky, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CALM_S", 0.05)
    source = Source(fails(Down("no connection")))
    async with Process(source, store).running() as process:
        await until(lambda: source.begun == 2)
        await until(lambda: not process.troubles.shown())


async def test_an_adapter_tells_its_own_troubles_and_when_all_is_well(store: Flaky) -> None:
    source = Source(fails(Down("no connection")))
    async with Process(source, store).running() as process:
        await until(lambda: source.begun == 2)
        process.listening.report("few topics are left")
        assert process.troubles.of(NAME) == "no connection; few topics are left"
        process.listening.report("")
        assert process.troubles.shown() == {}


@pytest.mark.parametrize("one_reader", [True, False])
async def test_a_channel_that_cannot_be_used_is_left_alone_and_said_so_once(
    store: Flaky, one_reader: bool
) -> None:
    source = Source(fails(Unusable("the token is not accepted")), one_reader=one_reader)
    with capture_logs() as logs:
        async with Process(source, store).running() as process:
            await until(process.troubles.shown)
            assert await store.behind.hold(QUEUE, NAME, "another", 60), "another one may be configured better"
            assert (source.begun, process.troubles.of(NAME)) == (1, "the token is not accepted")
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == [
        "channel stopped until the next start"
    ]


# --- the inbox of a session ----------------------------------------------------------------------------------


async def test_an_arrival_stays_unconfirmed_until_the_store_is_back(
    store: Flaky, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STORE_AGAIN_S", 0.01)
    confirmed: list[int] = []

    async def session(inbox: Inbox) -> None:
        await inbox(message(1))
        confirmed.append(inlet.tries)
        await asyncio.Event().wait()

    inlet = Inlet(*(StoreDown("away") for _ in range(7)))
    async with Process(Source(session), store, inlet).running():
        await until(lambda: confirmed)
    assert (confirmed, inlet.taken) == ([8], [message(1)])


async def test_what_can_never_be_taken_in_is_dropped_and_its_text_not_told(store: Flaky) -> None:
    inlet = Inlet(Malformed("data.text: longer than 16000 characters"))
    source = Source(brings(message(1, "very private"), message(2)))
    with capture_logs() as logs:
        async with Process(source, store, inlet).running():
            await until(lambda: inlet.taken)
    assert (inlet.taken, source.begun) == ([message(2)], 1)
    dropped = next(entry for entry in logs if entry["event"] == "arrival dropped")
    assert dropped["reason"] == "data.text: longer than 16000 characters"
    assert "very private" not in str(logs)


async def test_a_fault_of_ours_does_not_stop_what_comes_after(store: Flaky) -> None:
    faults = [RuntimeError("a bug") for _ in range(module.TRIES)]
    for errors, taken in ((faults[1:], [1, 2]), (faults, [2])):
        inlet = Inlet(*errors)
        source = Source(brings(message(1), message(2)))
        async with Process(source, store, inlet).running():
            await until(lambda: message(2) in inlet.taken)  # noqa: B023 - done before the next round
        assert (inlet.taken, source.begun) == ([message(n) for n in taken], 1)


# --- one reader ----------------------------------------------------------------------------------------------


async def test_one_process_reads_and_another_follows_at_an_orderly_stop(store: Flaky) -> None:
    first, second = Source(one_reader=True), Source(one_reader=True)
    loop = asyncio.get_running_loop()
    async with Process(first, store, who="one").running() as reader:
        await until(lambda: first.under_way)
        async with Process(second, store, who="two").running() as waiting:
            await asyncio.sleep(1.5 * LEASE_S)
            assert (second.under_way, waiting.troubles.shown()) == (0, {}), (
                "the lease is renewed, and not to be the reader is healthy"
            )
            stopped_at = loop.time()
            reader.stop()
            await until(lambda: second.under_way)
            assert loop.time() - stopped_at < LEASE_S, "it had to wait until the lease ran out"
            assert first.under_way == 0


async def test_all_processes_listen_where_the_platform_does_not_mind(store: Flaky) -> None:
    first, second = Source(), Source()
    async with Process(first, store, who="one").running(), Process(second, store, who="two").running():
        await until(lambda: first.under_way and second.under_way)


async def test_a_reader_that_another_has_replaced_stops_at_once_and_comes_back(store: Flaky) -> None:
    source = Source(fails(Down("no connection")), one_reader=True)
    async with Process(source, store).running() as process:
        await until(lambda: source.under_way and source.begun == 2)
        await store.behind.let_go(QUEUE, NAME, "one")
        assert await store.behind.hold(QUEUE, NAME, "another", 2 * LEASE_S)
        await until(lambda: not source.under_way)
        # The session's end is heard of before its reader's: it is the other one's trouble then.
        await until(lambda: not process.troubles.shown())
        await until(lambda: source.begun == 3)


async def test_without_the_store_a_reader_stops_before_another_may_begin(store: Flaky) -> None:
    source = Source(one_reader=True)
    async with Process(source, store).running():
        for begun in (1, 2):
            await until(lambda: source.under_way)
            store.away = True
            await until(lambda: not source.under_way)
            assert source.ended_at[-1] - store.held_at < LEASE_S, "the lease had run out"
            store.away = False
            assert source.begun == begun


async def test_a_session_that_will_not_end_holds_nobody_up(
    store: Flaky, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.supervise.ENDS_WITHIN_S", 0.05)
    free = asyncio.Event()

    async def stubborn(inbox: Inbox) -> None:
        while not free.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await free.wait()

    source = Source(stubborn)
    with capture_logs() as logs:
        async with asyncio.timeout(WITHIN_S), Process(source, store).running():
            await until(lambda: source.under_way)
    free.set()
    await until(lambda: not source.under_way)
    assert "task does not end" in [entry["event"] for entry in logs]


# --- bookmarks -----------------------------------------------------------------------------------------------


async def test_bookmarks_are_written_soon_and_at_the_end(store: Flaky) -> None:
    async with Process(Source(), store).running() as process:
        process.bookmarks.mark("1", "100")
        process.bookmarks.mark("1", "101")

        async def written() -> bool:
            return await store.behind.bookmarks(QUEUE, NAME) == {"1": "101"}

        await until(written)
        process.bookmarks.mark("2", "99")
        assert dict(await process.bookmarks.all()) == {"1": "101", "2": "99"}, "with those not yet written"
    assert await store.behind.bookmarks(QUEUE, NAME) == {"1": "101", "2": "99"}


async def test_bookmarks_outlast_a_store_that_is_away(store: Flaky, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.bookmarks.TRY_AGAIN_S", 0.01)
    store.away = True
    async with Process(Source(), store).running() as process:
        process.bookmarks.mark("1", "100")
        asked = asyncio.create_task(process.bookmarks.all())
        await asyncio.sleep(0.05)
        assert not asked.done()
        store.away = False
        assert await asyncio.wait_for(asked, WITHIN_S) == {"1": "100"}
    assert await store.behind.bookmarks(QUEUE, NAME) == {"1": "100"}


async def test_the_latest_bookmark_comes_first(store: Flaky) -> None:
    await store.behind.mark(QUEUE, NAME, {"a": "99", "b": "1000", "c": "101"})
    assert list(await StoredBookmarks(store, QUEUE, NAME, Clock()).all()) == ["b", "c", "a"]


# --- the whole bot -------------------------------------------------------------------------------------------


async def test_a_channel_that_fails_takes_no_other_down_and_is_told_at_readyz(store_url: str) -> None:
    failing = Source(*itertools.repeat(fails(Down("no connection")), 100))
    broken, fine = Source(fails(Unusable("the token is not accepted"))), Source(brings(message(1)))
    tables = changed("server.listen", "127.0.0.1:0")
    tables = changed("channels.bank.queue", "support", tables)
    tables = changed(
        "channels.desk",
        {"adapter": "webhook", "queue": "support", "secret": SECRET, "agents": AGENTS},
        tables,
    )
    connection = await connect(store_url)
    async with aiohttp.ClientSession() as session:
        channels = {"shop": failing, "bank": broken, "desk": fine}
        parts = assemble(check(tables), Clock(), Impatient(), connection, session, channels)
        bot = Bot(parts)
        async with bot.working(), bot.serving():
            await asyncio.wait_for(bot.ready.wait(), WITHIN_S)
            await until(lambda: failing.begun > 3 and parts.troubles.of("bank"))
            async with session.get(f"{bot.address}/readyz") as answer:
                status, told = answer.status, json.loads(await answer.text())

            async def opened() -> bool:
                return await parts.handover.find("support", "desk/c-1") != ("support", None)

            await until(opened)
    await connection.aclose()
    assert status == 200, "the others are served, and a restart would not mend it"
    assert told == {
        "status": "ready",
        "degraded": {"shop": "no connection", "bank": "the token is not accepted"},
    }


async def test_an_adapter_gets_its_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    lent: list[Tools] = []

    def open_channel(options: Options, tools: Tools) -> Source:
        lent.append(tools)
        return Source()

    monkeypatch.setattr("adapters.webhook.open_channel", open_channel)
    reports: list[tuple[str, str]] = []
    tables = changed("server.public_url", "https://acme.example/jono/", changed("bot.language", "fi", TABLES))
    marks = {"shop": NoBookmarks(), "bank": NoBookmarks()}
    async with aiohttp.ClientSession() as session:
        tools.open_channels(
            check(tables),
            Words("fi"),
            Clock(),
            session,
            marks,
            lambda name, text: reports.append((name, text)),
        )
    shop, bank = lent
    assert (shop.name, shop.queues, shop.language) == ("shop", ("support", "billing"), "fi")
    assert shop.hook_url == "https://acme.example/jono/hooks/shop"
    assert (shop.bookmarks, bank.bookmarks) == (marks["shop"], marks["bank"])
    shop.report("trouble")
    assert reports == [("shop", "trouble")]
    wait = next(row for row in shop.commands if row.name == "wait" and not row.for_agents)
    assert wait.summaries.keys() == {"en", "fi", "pl"}
    assert len(set(wait.summaries.values())) == 3
    assert wait.summary == wait.summaries["fi"]


def test_without_a_public_address_there_is_no_hook_to_tell() -> None:
    assert tools.hook_url(check(TABLES), "shop") == ""
