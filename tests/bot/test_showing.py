"""What an outlet should show, and how bad that news is: the same words are always the same news."""

from __future__ import annotations

from datetime import UTC
from typing import cast

import pytest

from adapters.base import Outlet
from adapters.discord import outlet as discord
from adapters.telegram import profile as telegram
from bot.board import Board
from bot.light import light
from bot.outlet import NOTHING, Wanted
from bot.painter import Picture
from bot.published import Published
from bot.showing import Showing, rank_of
from bot.words import Words
from status.model import Outlook, TrackRecord
from status.promise import BOXES_S
from tests.bot.test_words import SITUATIONS, open_desk

WORDS = Words()
ALL = [*SITUATIONS, *(open_desk(box_s) for box_s in BOXES_S)]
OUTLETS = [*discord.OUTLETS.values(), *telegram.OUTLETS.values()]


class Still:
    """A board that shows one outlook."""

    def __init__(self, outlook: Outlook, incident: bool) -> None:
        self._published = Published(
            "support", outlook, outlook.as_of + 300, TrackRecord(0, 0, 0), incident=incident
        )

    def published(self, queue: str) -> Published:
        return self._published


async def as_it_is(picture: Picture) -> bytes:
    return picture.encoding.encode()


def showing(outlook: Outlook, *, incident: bool = False) -> Showing:
    def picture(queue: str, name: str, language: str) -> Picture:
        shown = light(outlook, 600, 1800, incident)
        return Picture(name, WORDS.sign(language, UTC).sign(outlook, shown), "Acme", "Support")

    board = cast(Board, Still(outlook, incident))
    return Showing(board, WORDS, "en", lambda queue: UTC, picture, as_it_is)


@pytest.mark.parametrize("outlet", OUTLETS, ids=lambda outlet: outlet.name)
def test_what_is_said_in_the_same_way_is_as_bad(outlet: Outlet) -> None:
    """Without this, "worse news" could mean one thing today and another tomorrow, and profiles could flicker."""
    ranks: dict[str, set[float]] = {}
    for outlook in ALL:
        for incident in (False, True):
            wanted = showing(outlook, incident=incident).wanted("support", outlet)
            ranks.setdefault(wanted.key, set()).add(wanted.rank)
    assert [found for found in ranks.values() if len(found) > 1] == []
    assert len(ranks) > len(BOXES_S), "and different waits are different news"


def test_longer_is_worse_and_to_know_nothing_is_worst_but_for_nothing_at_all() -> None:
    closed = Outlook("closed", 0.0, 0, 0)
    unknown = Outlook("unknown", 0.0, 3, 0, reason="nobody_on_duty")
    too_long = Outlook("unknown", 0.0, 900, 2, reason="too_long")
    waits = [rank_of(open_desk(box_s)) for box_s in BOXES_S]
    disrupted = [rank_of(open_desk(box_s), incident=True) for box_s in BOXES_S]
    ranks = [*waits, *disrupted, rank_of(too_long), rank_of(closed), rank_of(unknown), NOTHING]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)


@pytest.mark.parametrize("outlet", [one for one in OUTLETS if one.format], ids=lambda outlet: outlet.name)
async def test_a_picture_comes_in_the_encoding_that_its_platform_takes(outlet: Outlet) -> None:
    there = showing(open_desk(900))
    wanted = there.wanted("support", outlet)
    assert await there.shown(wanted) == outlet.encoding.encode()
    assert wanted.label == "Reply within: 15\N{NO-BREAK SPACE}min"


def test_a_text_comes_in_every_language_that_its_platform_tells_apart() -> None:
    said: dict[str, Wanted] = {}
    for outlet in (telegram.SHORT_DESCRIPTION, discord.ABOUT):
        said[outlet.name] = showing(open_desk(900)).wanted("support", outlet)
    assert said["short_description"].texts.keys() == {"", "en", "fi", "pl"}
    assert said["about"].texts == {"": "You should have a reply within 15 minutes"}
    assert said["about"].label == "You should have a reply within 15 minutes"
    assert "We cannot say right now how long a reply takes" in said["about"].fallback


def test_an_incident_is_told_where_there_is_room_for_it() -> None:
    there = showing(open_desk(900), incident=True)
    about, presence = (
        there.wanted("support", outlet) for outlet in (discord.ABOUT, Outlet("tiny", 0, chars=30))
    )
    assert about.label == "You should have a reply within 15 minutes; there are more requests than usual"
    assert presence.label == "within 15 minutes"
    usual = showing(open_desk(900))
    assert about.rank > usual.wanted("support", discord.ABOUT).rank
    assert presence.rank == usual.wanted("support", Outlet("tiny", 0, chars=30)).rank
