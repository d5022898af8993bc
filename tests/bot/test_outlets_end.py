"""In the end a profile shows what the operator had there: at a stop, after a crash, without the store."""

from __future__ import annotations

from adapters.base import Busy, Uncertain
from tests.fakes.profile import (
    ABOUT,
    BANNER,
    OWN,
    OWN_PICTURE,
    PRESENCE,
    Page,
    Refreshed,
    a_while,
    process,
    refreshed,
    soon,
    store,
)
from tests.fakes.source import NAME, QUEUE, Flaky
from tests.waiting import until

__all__ = ["refreshed", "soon", "store"]


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
        await until(lambda: len(page.changes) == 5 + 1)
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
    await refreshed.later(4_000)
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
    await refreshed.later(20)
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
        await refreshed.later(31)
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
        await refreshed.later(0)
        store.away = True
        await until(lambda: not page.under_way)
        await a_while()
        assert len(page.changes) == 2, "the figure is still fresh"
        await refreshed.later(1_000)
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
        await refreshed.later(0)
        store.away = True
        await until(lambda: not page.under_way)
        theirs = {"": "You should have a reply within 8 minutes"}
        page.stands["about"] = theirs
        await refreshed.later(1_000)
        await until(lambda: len(page.reads) == 2)
        await a_while()
        assert (len(page.changes), page.stands["about"]) == (1, theirs)
        store.away = False
