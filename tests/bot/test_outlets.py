"""A profile shows the published wait, as fast as its platform takes it, and every change is on record."""

from __future__ import annotations

from datetime import UTC

import pytest
from structlog.testing import capture_logs

from adapters.base import Busy, Refused, Uncertain
from bot import outlets as module
from bot.board import GRACE_S
from bot.formats import FORMATS, SUFFIXES
from bot.outlet import CALM_S
from bot.painter import CannotDraw, Picture
from bot.writer import OWN as OWN_LABEL
from status.promise import BOXES_S
from tests.bot.test_words import LANGUAGES, SITUATIONS, WORDS, open_desk
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
    async with process(page, store, refreshed) as one:
        await until(lambda: page.changes)
        for minutes in (20, 30):
            await one.refresh(minutes, after_s=140)
            await a_while()
        assert page.about() == "You should have a reply within 15 minutes"
        await refreshed.later(30)
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
        await refreshed.later(300 + GRACE_S + 1)
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
    await refreshed.later(1_000)
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
        await refreshed.later(0)
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
        await refreshed.later(400)
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
        await refreshed.later(61)
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
