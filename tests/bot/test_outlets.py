"""A profile shows the published wait and, in the end, what the operator had there; time is in the test's hands."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from adapters.base import Busy, Outlet, Refused, Shown, Uncertain, Undelivered
from bot import outlets as module
from bot.board import GRACE_S, Board
from bot.bookmarks import StoredBookmarks
from bot.clock import Clock
from bot.formats import FORMATS, SUFFIXES
from bot.lease import Lease
from bot.light import light
from bot.listening import Listening
from bot.metrics import Metrics
from bot.outlet import CALM_S
from bot.outlets import Outlets
from bot.painter import CannotDraw, Picture
from bot.published import Published
from bot.showing import Showing
from bot.store.store import Store
from bot.troubles import Troubles
from bot.words import Words
from bot.writer import OWN as OWN_LABEL
from bot.writer import Writer
from status.model import Outlook, Promise, TrackRecord, Wait
from status.promise import BOXES_S
from tests.bot.test_words import LANGUAGES, SITUATIONS, WORDS, open_desk
from tests.fakes.source import LEASE_S, NAME, QUEUE, Flaky, Impatient, Inlet, Source, flaky, until

ABOUT = Outlet("about", least_s=300, chars=120, per_language=True)
BANNER = Outlet("banner", least_s=900, format="discord")
PRESENCE = Outlet("presence", least_s=30, chars=128, in_session=True)
OWN = {"": "We sell shoes", "en": "", "fi": "Myymme kenkiä", "pl": ""}
OWN_PICTURE = b"\x89PNG theirs \x00\xff"
MINUTE_S = 60


class Wall(Clock):
    """Real time, which a test may let jump."""

    ahead_s = 0.0

    def real(self) -> float:
        return super().real() + self.ahead_s

    def now(self) -> float:
        return super().now() + self.ahead_s


class Page(Source):
    """A platform with a profile: what stands in its outlets, and every change that was asked for."""

    def __init__(self, *outlets: Outlet, one_reader: bool = True) -> None:
        super().__init__(one_reader=one_reader)
        self.outlets: Sequence[Outlet] = outlets
        self.stands: dict[str, Shown] = {"about": OWN, "banner": OWN_PICTURE, "presence": {"": ""}}
        self.changes: list[tuple[str, Shown]] = []
        self.reads: list[str] = []
        self.troubles: deque[Undelivered | None] = deque()

    async def read_outlet(self, name: str) -> Shown:
        self.reads.append(name)
        return self.stands[name]

    async def show_outlet(self, name: str, shown: Shown) -> None:
        self.changes.append((name, shown))
        trouble = self.troubles.popleft() if self.troubles else None
        if trouble is None or isinstance(trouble, Uncertain):
            self.stands[name] = shown
        if trouble is not None:
            raise trouble

    def about(self, language: str = "") -> str:
        """What customers read."""
        stands = self.stands["about"]
        assert isinstance(stands, dict)
        return str(stands[language])


@dataclass
class Refreshed:
    """What was published last: all that a board asks a store for."""

    clock: Wall
    last: Published | None = None

    def publish(self, outlook: Outlook | None = None, *, minutes: float = 15) -> None:
        now = self.clock.now()
        if outlook is None:
            wait = Wait(minutes * 20, minutes * 50, minutes * 60, 100, "test", now)
            outlook = Outlook("open", now, 3, 2, wait=wait, promise=Promise(now, now, minutes * MINUTE_S))
        self.last = Published(QUEUE, replace(outlook, as_of=now), now + 300, TrackRecord(0, 0, 0))

    async def published(self, queue: str) -> Published | None:
        return self.last

    async def history(self, queue: str, since: float) -> list[Any]:
        return []


async def no_drawing(picture: Picture) -> bytes:
    return f"{picture.format}: {picture.sign.figure}".encode()


@dataclass
class Process:
    """One process of the bot that reads one channel."""

    page: Page
    store: Flaky
    refreshed: Refreshed
    who: str = "one"
    draw: Callable[[Picture], Any] = no_drawing
    troubles: Troubles = field(default_factory=Troubles)
    task: asyncio.Task[Any] | None = None

    def __post_init__(self) -> None:
        clock, words, chance = self.refreshed.clock, Words(), Impatient()
        self.board = Board(cast(Store, self.refreshed), clock, Metrics(), {QUEUE: None})

        def picture(queue: str, name: str, language: str) -> Picture:
            outlook = self.board.published(queue).outlook
            sign = words.sign(language, UTC).sign(outlook, light(outlook, 600, 1800))
            return Picture(name, sign, "Acme", "Support")

        showing = Showing(self.board, words, "en", lambda queue: UTC, picture, self.draw)
        self.lease = Lease(self.store, QUEUE, NAME, self.who, clock, LEASE_S)
        self.metrics = Metrics()
        self.writer = Writer(
            NAME, self.page, QUEUE, self.store, self.lease, clock, self.troubles, self.metrics
        )
        self.outlets = Outlets(NAME, QUEUE, self.store, showing, self.lease, clock, self.writer)
        self.listening = Listening(
            NAME,
            self.page,
            Inlet().receive,
            StoredBookmarks(self.store, QUEUE, NAME, clock),
            self.troubles,
            clock,
            chance,
            self.lease,
            self.outlets,
        )

    async def start(self) -> Process:
        async def follow() -> None:
            while True:
                await self.board.look()
                await asyncio.sleep(0.01)

        async def both() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(follow())
                group.create_task(self.listening.run())

        self.task = asyncio.create_task(both())
        return self

    async def refresh(self, minutes: float, after_s: float = 0.0) -> None:
        """Time passes, and there is a new figure at once: the board has no moment to call the old one stale."""
        self.refreshed.clock.ahead_s += after_s
        self.refreshed.publish(minutes=minutes)
        await self.board.look()

    async def crash(self) -> None:
        """Nothing is given back; the lease runs out, as far as others can tell."""
        assert self.task is not None
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        self.task = None

    async def stop(self) -> None:
        """An orderly stop."""
        if self.task is not None:
            await self.crash()
            await self.listening.close()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.01)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Flaky]:
    async with flaky(store_url) as store:
        yield store


@pytest.fixture
def refreshed() -> Refreshed:
    return Refreshed(Wall())


@asynccontextmanager
async def process(page: Page, store: Flaky, refreshed: Refreshed, **more: Any) -> AsyncIterator[Process]:
    one = await Process(page, store, refreshed, **more).start()
    try:
        yield one
    finally:
        await one.stop()


async def a_while() -> None:
    """Long enough for many rounds."""
    await asyncio.sleep(0.2)


# --- what is shown -------------------------------------------------------------------------------------------


async def test_the_wait_is_shown_in_every_language_and_the_operators_own_is_kept(
    store: Flaky, refreshed: Refreshed
) -> None:
    page = Page(ABOUT)
    refreshed.publish(minutes=15)
    async with process(page, store, refreshed):
        await until(lambda: page.changes)
        assert page.stands["about"] == {
            "": "You should have a reply within 15 minutes",
            "en": "You should have a reply within 15 minutes",
            "fi": "Sinun pitäisi saada vastaus 15 minuutin kuluessa",
            "pl": "Odpowiedź powinna nadejść w ciągu 15 minut",
        }
        kept = (await store.behind.outlets(QUEUE, NAME))["about"]
        assert kept["own"] == {"texts": OWN}


async def test_the_same_box_is_not_shown_again(store: Flaky, refreshed: Refreshed) -> None:
    page = Page(ABOUT, BANNER)
    refreshed.publish(minutes=15)
    async with process(page, store, refreshed) as one:
        await until(lambda: len(page.changes) == 2)
        for _ in range(3):
            await one.refresh(15, after_s=4_000)
            await a_while()
        assert len(page.changes) == 2


async def test_a_change_waits_for_its_time_and_then_shows_the_latest(
    store: Flaky, refreshed: Refreshed
) -> None:
    page = Page(ABOUT)
    refreshed.publish(minutes=15)
    async with process(page, store, refreshed):
        await until(lambda: page.changes)
        for minutes in (20, 30):
            refreshed.clock.ahead_s += 140
            refreshed.publish(minutes=minutes)
            await a_while()
        assert page.about() == "You should have a reply within 15 minutes"
        refreshed.clock.ahead_s += 30
        await until(lambda: len(page.changes) == 2)
        assert page.about() == "You should have a reply within 30 minutes"


async def test_when_the_feed_dies_the_operators_own_comes_back_and_the_figure_with_the_feed(
    store: Flaky, refreshed: Refreshed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_FIGURE_S", 1_000.0)
    page = Page(ABOUT, BANNER, PRESENCE)
    refreshed.publish(minutes=15)
    async with process(page, store, refreshed) as one:
        await until(lambda: len(page.changes) == 3)
        refreshed.clock.ahead_s += 300 + GRACE_S + 1
        await until(lambda: len(page.changes) == 6)
        assert (page.stands["about"], page.stands["banner"]) == (OWN, OWN_PICTURE)
        assert page.stands["presence"] == {"": "We cannot say right now how long a reply takes"}
        await one.refresh(15, after_s=CALM_S - 60)
        await a_while()
        assert page.stands["about"] == OWN, "what comes and goes within ten minutes flickers"
        await one.refresh(15, after_s=60)
        await until(lambda: page.stands["about"] != OWN)
        assert page.about() == "You should have a reply within 15 minutes"
    assert page.stands["about"] == OWN


async def test_a_new_reader_waits_for_a_first_figure(store: Flaky, refreshed: Refreshed) -> None:
    page = Page(ABOUT)
    async with process(page, store, refreshed):
        await until(lambda: page.under_way)
        await a_while()
        assert not page.reads
        assert not page.changes
        refreshed.publish(minutes=15)
        await until(lambda: page.changes)
        assert page.about() == "You should have a reply within 15 minutes"


async def test_a_reader_that_finds_an_old_figure_of_ours_and_no_new_one_gives_the_profile_back(
    store: Flaky, refreshed: Refreshed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_FIGURE_S", 0.1)
    page = Page(ABOUT)
    refreshed.publish(minutes=15)
    async with process(page, store, refreshed, who="one") as one:
        await until(lambda: page.changes)
        await one.crash()
    refreshed.last = None
    refreshed.clock.ahead_s += 1_000
    async with process(page, store, refreshed, who="two"):
        await until(lambda: len(page.changes) == 2)
        assert page.stands["about"] == OWN


async def test_as_long_as_it_is_left_to_the_operator_nothing_of_ours_stands_there(
    store: Flaky, refreshed: Refreshed
) -> None:
    page = Page(ABOUT, BANNER, PRESENCE)
    refreshed.publish(minutes=15)
    async with process(page, store, refreshed, who="one") as one:
        await until(lambda: len(page.changes) == 3)
        await store.behind.leave_outlets(QUEUE, NAME, refreshed.clock.real())
        await one.refresh(15, after_s=40)
        await until(lambda: len(page.changes) == 6)
        assert page.stands == {"about": OWN, "banner": OWN_PICTURE, "presence": {"": ""}}
        await one.refresh(30, after_s=4_000)
        await a_while()
        assert len(page.changes) == 6
    async with process(page, store, refreshed, who="two") as two:
        await until(lambda: len(page.changes) == 7)
        await two.refresh(45, after_s=4_000)
        await a_while()
        assert page.changes[6:] == [("presence", {"": ""})], "a restart does not take it back"
        await store.behind.resume_outlets(QUEUE, NAME)
        await two.refresh(45, after_s=4_000)
        await until(lambda: len(page.changes) == 10)
        assert page.about() == "You should have a reply within 45 minutes"


# --- the record ----------------------------------------------------------------------------------------------


async def test_every_change_that_is_tried_is_on_record(store: Flaky, refreshed: Refreshed) -> None:
    page = Page(ABOUT)
    page.troubles.extend([Busy("too many changes", 518), Uncertain("no answer"), Refused("a link"), None])
    refreshed.publish(minutes=15)
    async with process(page, store, refreshed) as one:
        for number, minutes in enumerate((15, 15, 60), 1):
            await until(lambda: len(page.changes) == number)  # noqa: B023 - done before the next round
            await a_while()
            await one.refresh(minutes, after_s=1_000)
        await until(lambda: len(page.changes) == 4)
    short, long = [f"You should have a reply within {length}" for length in ("15 minutes", "1 hour")]
    writes = await store.behind.writes(QUEUE, NAME)
    assert [(one.label, one.result, one.reason, one.retry_after_s) for one in reversed(writes)] == [
        (short, "busy", "too many changes", 518),
        (short, "uncertain", "no answer", None),
        (short, "refused", "a link", None),
        (long, "ok", "", None),
        (OWN_LABEL, "ok", "", None),
    ]
    assert {one.outlet for one in writes} == {"about"}
    assert len({one.key for one in writes}) == 3
    assert (
        'jono_outlet_writes_total{channel="chat",outlet="about",result="ok"} 2.0'
        in one.metrics.text().decode()
    )


# --- limits --------------------------------------------------------------------------------------------------


async def test_a_busy_platform_is_not_asked_before_it_said_not_even_by_the_next_process(
    store: Flaky, refreshed: Refreshed
) -> None:
    page = Page(ABOUT)
    page.troubles.append(Busy("too many changes", 518))
    refreshed.publish(minutes=15)
    async with process(page, store, refreshed) as one:
        await until(lambda: page.changes)
        refreshed.clock.ahead_s += 400
        await a_while()
        await one.crash()
        async with process(page, store, refreshed) as two:
            await until(lambda: page.under_way)
            await a_while()
            assert len(page.changes) == 1
            await two.refresh(15, after_s=120)
            await until(lambda: len(page.changes) == 2)
            assert page.about() == "You should have a reply within 15 minutes"


async def test_what_is_refused_is_told_once_and_left_until_something_changes(
    store: Flaky, refreshed: Refreshed
) -> None:
    page = Page(ABOUT)
    page.troubles.append(Refused("a link is not allowed"))
    refreshed.publish(minutes=15)
    with capture_logs() as logs:
        async with process(page, store, refreshed) as one:
            await until(lambda: page.changes)
            await one.refresh(15, after_s=400)
            await a_while()
            assert len(page.changes) == 1
            await one.refresh(20)
            await until(lambda: len(page.changes) == 2)
            assert one.troubles.shown() == {}
    assert [entry["reason"] for entry in logs if entry["event"] == "outlet refused"] == [
        "a link is not allowed"
    ]


async def test_three_refusals_turn_an_outlet_off_and_are_told(store: Flaky, refreshed: Refreshed) -> None:
    page = Page(ABOUT)
    page.troubles.extend([Refused("not yours")] * 3)
    async with process(page, store, refreshed) as one:
        for number, minutes in enumerate((15, 20, 30, 45), 1):
            await one.refresh(minutes, after_s=400)
            await until(lambda: len(page.changes) >= min(number, 3))  # noqa: B023 - done before the next round
            await a_while()
        assert len(page.changes) == 3
        assert one.troubles.of(NAME) == "about was refused too often to be changed any more: not yours"
        assert page.begun == 1, "the channel itself goes on"


async def test_an_uncertain_change_is_looked_at_and_made_again(store: Flaky, refreshed: Refreshed) -> None:
    page = Page(BANNER)
    page.troubles.append(Uncertain("no answer"))
    refreshed.publish(minutes=15)
    async with process(page, store, refreshed) as one:
        await until(lambda: page.changes)
        await one.refresh(15, after_s=800)
        await a_while()
        assert len(page.changes) == 1
        await one.refresh(15, after_s=101)
        await until(lambda: len(page.changes) == 2)


async def test_a_fault_of_the_adapter_is_not_repeated_at_once(store: Flaky, refreshed: Refreshed) -> None:
    page = Page(ABOUT)
    page.stands = {}
    refreshed.publish(minutes=15)
    async with process(page, store, refreshed):
        await until(lambda: page.reads)
        await a_while()
        assert len(page.reads) == 1
        page.stands["about"] = OWN
        refreshed.clock.ahead_s += 61
        await until(lambda: page.changes)


async def test_a_picture_that_cannot_be_drawn_is_left(store: Flaky, refreshed: Refreshed) -> None:
    async def draw(picture: Picture) -> bytes:
        raise CannotDraw("the font lacks a letter")

    page = Page(BANNER, ABOUT)
    refreshed.publish(minutes=15)
    with capture_logs() as logs:
        async with process(page, store, refreshed, draw=draw):
            await until(lambda: page.changes)
            await a_while()
    assert [name for name, _ in page.changes] == ["about", "about"], "shown, and restored"
    assert len([entry for entry in logs if entry["event"] == "outlet refused"]) == 1


# --- the end, crashes, other processes -----------------------------------------------------------------------


async def test_at_an_orderly_stop_the_operators_own_stands_there_again(
    store: Flaky, refreshed: Refreshed
) -> None:
    page = Page(ABOUT, BANNER, PRESENCE)
    refreshed.publish(minutes=15)
    async with process(page, store, refreshed):
        await until(lambda: len(page.changes) == 3)
    assert (page.stands["about"], page.stands["banner"]) == (OWN, OWN_PICTURE)
    assert page.reads == ["about", "banner"]
    async with process(page, store, refreshed):
        await until(lambda: page.under_way)
        await a_while()
        assert len(page.changes) == 5 + 1, "only the new session's presence: the others changed a moment ago"


async def test_when_another_process_takes_over_nothing_flickers(store: Flaky, refreshed: Refreshed) -> None:
    page = Page(ABOUT)
    refreshed.publish(minutes=15)
    async with process(page, store, refreshed, who="one") as first:
        await until(lambda: page.changes)
        async with process(page, store, refreshed, who="two") as second:
            await first.stop()
            await until(lambda: second.lease.mine and page.reads == ["about", "about"])
            await a_while()
            assert len(page.changes) == 1
        assert page.stands["about"] == OWN, "the last one gives back what the first one kept"


async def test_after_a_crash_the_next_process_knows_whose_is_whose(
    store: Flaky, refreshed: Refreshed
) -> None:
    page = Page(ABOUT, BANNER)
    refreshed.publish(minutes=15)
    async with process(page, store, refreshed, who="one") as one:
        await until(lambda: len(page.changes) == 2)
        await one.crash()
    refreshed.clock.ahead_s += 4_000
    refreshed.publish(minutes=20)
    async with process(page, store, refreshed, who="two"):
        await until(lambda: len(page.changes) == 4)
        assert page.about() == "You should have a reply within 20 minutes"
    assert (page.stands["about"], page.stands["banner"]) == (OWN, OWN_PICTURE)


async def test_what_the_operator_writes_meanwhile_is_what_they_get_back(
    store: Flaky, refreshed: Refreshed
) -> None:
    page = Page(ABOUT)
    refreshed.publish(minutes=15)
    async with process(page, store, refreshed) as one:
        await until(lambda: page.changes)
        page.stands["about"] = {"": "We sell boots", "en": "", "fi": "", "pl": ""}
        await one.refresh(20, after_s=4_000)
        await until(lambda: len(page.changes) == 2)
        assert page.about() == "You should have a reply within 20 minutes"
    assert page.about() == "We sell boots"


async def test_what_the_operator_wrote_last_is_seen_at_the_stop_too(
    store: Flaky, refreshed: Refreshed
) -> None:
    page = Page(ABOUT)
    refreshed.publish(minutes=15)
    async with process(page, store, refreshed) as one:
        await until(lambda: page.changes)
        page.stands["about"] = {"": "We sell boots", "en": "", "fi": "", "pl": ""}
        await one.refresh(15, after_s=4_000)
    assert page.about() == "We sell boots"


async def test_what_cannot_be_given_back_is_left_to_the_next_start(
    store: Flaky, refreshed: Refreshed
) -> None:
    page = Page(ABOUT)
    page.troubles.extend([None, Busy("too many changes", 10)])
    refreshed.publish(minutes=15)
    async with process(page, store, refreshed):
        await until(lambda: page.changes)
    assert page.about() == "You should have a reply within 15 minutes"
    refreshed.clock.ahead_s += 20
    async with process(page, store, refreshed) as one:
        await until(lambda: one.lease.mine and len(page.reads) == 2)
    assert page.stands["about"] == OWN


async def test_at_a_stop_a_failure_is_not_the_end_of_it(store: Flaky, refreshed: Refreshed) -> None:
    page = Page(ABOUT, BANNER)
    page.troubles.extend([None, None, Busy("an error"), Uncertain("no answer"), Busy("an error"), None])
    refreshed.publish(minutes=15)
    async with process(page, store, refreshed):
        await until(lambda: len(page.changes) == 2)
    assert (page.stands["about"], page.stands["banner"]) == (OWN, OWN_PICTURE)
    assert len(page.changes) == 2 + 2 + 2 + 1, "the text twice in vain, the picture once more"


async def test_a_session_of_its_own_is_shown_anew_in_each_and_never_restored(
    store: Flaky, refreshed: Refreshed
) -> None:
    page = Page(PRESENCE)
    refreshed.publish(minutes=15)
    async with process(page, store, refreshed) as one:
        await until(lambda: page.changes)
        refreshed.clock.ahead_s += 31
        await a_while()
        assert len(page.changes) == 1
        one.listening.report("")
        await until(lambda: len(page.changes) == 2)
    assert len(page.changes) == 2
    assert page.reads == []
    assert await store.behind.outlets(QUEUE, NAME) == {}


async def test_where_every_process_listens_one_shows(store: Flaky, refreshed: Refreshed) -> None:
    page = Page(ABOUT, one_reader=False)
    refreshed.publish(minutes=15)
    async with process(page, store, refreshed, who="one"), process(page, store, refreshed, who="two"):
        await until(lambda: page.under_way == 2 and page.changes)
        await a_while()
        assert len(page.changes) == 1


# --- without the store ---------------------------------------------------------------------------------------


async def test_without_a_store_the_last_reader_takes_the_old_figure_down(
    store: Flaky, refreshed: Refreshed
) -> None:
    page = Page(ABOUT, BANNER)
    refreshed.publish(minutes=15)
    async with process(page, store, refreshed) as one:
        await until(lambda: len(page.changes) == 2)
        store.away = True
        await until(lambda: not page.under_way)
        await a_while()
        assert len(page.changes) == 2, "the figure is still fresh"
        refreshed.clock.ahead_s += 1_000
        await until(lambda: len(page.changes) == 4)
        assert (page.stands["about"], page.stands["banner"]) == (OWN, OWN_PICTURE)
        await a_while()
        assert len(page.changes) == 4, "once"
        await one.refresh(15)
        store.away = False
        await until(lambda: page.under_way)
        await one.refresh(15, after_s=1_000)
        await until(lambda: len(page.changes) == 6)
        assert page.about() == "You should have a reply within 15 minutes"
    assert (page.stands["about"], page.stands["banner"]) == (OWN, OWN_PICTURE)


async def test_whoever_cannot_reach_the_store_leaves_alone_what_another_wrote(
    store: Flaky, refreshed: Refreshed
) -> None:
    page = Page(ABOUT)
    refreshed.publish(minutes=15)
    async with process(page, store, refreshed):
        await until(lambda: page.changes)
        store.away = True
        await until(lambda: not page.under_way)
        theirs = {"": "You should have a reply within 8 minutes"}
        page.stands["about"] = theirs
        refreshed.clock.ahead_s += 1_000
        await until(lambda: len(page.reads) == 2)
        await a_while()
        assert (len(page.changes), page.stands["about"]) == (1, theirs)
        store.away = False


# --- words and formats ---------------------------------------------------------------------------------------

PLATFORMS_CHARS = (120, 128, 140, 400)


@pytest.mark.parametrize("language", LANGUAGES)
def test_whole_sentences_fit_the_profiles_of_the_platforms(language: str) -> None:
    voice = WORDS.outlet(language, UTC)
    for outlook in (*SITUATIONS, *(open_desk(box_s) for box_s in BOXES_S)):
        for chars in PLATFORMS_CHARS:
            assert voice.within_chars(outlook, chars) == voice.headline(outlook)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_narrow_place_gets_fewer_words_and_never_too_many(language: str) -> None:
    voice, outlook = WORDS.outlet(language, UTC), open_desk()
    for chars in range(1, 121):
        assert len(voice.within_chars(outlook, chars)) <= chars
    assert voice.within_chars(outlook, 30) == voice.promise_text(outlook)
    assert voice.within_chars(outlook, 10) == voice.badge_text(outlook)


def test_every_platform_that_shows_a_picture_names_a_format_there_is() -> None:
    from adapters.discord import outlet as discord
    from adapters.telegram import profile as telegram

    named = [*discord.OUTLETS.values(), *telegram.OUTLETS.values()]
    assert {one.format for one in named} - {""} <= FORMATS.keys()
    assert {one.encoding for one in named} <= set(SUFFIXES.values())
    assert all(one.chars or one.format for one in named)
