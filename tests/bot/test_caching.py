"""Answers that caches may keep: for how long, what says that nothing changed, and that each is made once."""

from __future__ import annotations

import gzip
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from bot.kept import Kept, Shelf
from bot.published import Published
from bot.web.caching import answer, takes_gzip, until_next, version_of
from status.model import TrackRecord
from tests.bot.signs import NOON, OUTLOOKS, promising
from tests.fakes.desk import HandClock

KNOWN = Published("support", promising(900), NOON + 300, TrackRecord(0, 0, 0))
UNKNOWN = replace(KNOWN, outlook=OUTLOOKS["thin"])
PAGE = Kept.of("<p>Hello</p>" * 100, "text/html")


def asked(**headers: str) -> web.Request:
    return make_mocked_request("GET", "/", {name.replace("_", "-"): text for name, text in headers.items()})


@pytest.mark.parametrize(
    ("figures", "after_s", "told"),
    [
        ([KNOWN], 0, "public, max-age=302, stale-while-revalidate=5, stale-if-error=298"),
        ([KNOWN], 299.5, "public, max-age=3, stale-while-revalidate=5, stale-if-error=298"),
        ([KNOWN], 300, "public, max-age=1"),
        ([KNOWN], 900, "public, max-age=1"),
        ([UNKNOWN], 0, "public, max-age=10, stale-while-revalidate=5, stale-if-error=298"),
        ([UNKNOWN], 297, "public, max-age=5, stale-while-revalidate=5, stale-if-error=298"),
        ([KNOWN, UNKNOWN], 0, "public, max-age=10, stale-while-revalidate=5, stale-if-error=298"),
        ([KNOWN, replace(KNOWN, next_refresh=NOON + 60)], 0, "public, max-age=62, "),
    ],
)
def test_it_is_kept_until_the_first_figure_is_to_be_replaced(
    figures: list[Published], after_s: float, told: str
) -> None:
    assert until_next(figures, HandClock(NOON + after_s)).startswith(told)


@pytest.mark.parametrize("asked_s", [0, 1, 150, 299])
def test_no_cache_shows_a_figure_longer_than_two_refreshes(asked_s: int) -> None:
    """Also not where it never reaches us again, whenever it asked last."""
    told = dict(part.split("=") for part in until_next([KNOWN], HandClock(NOON + asked_s)).split(", ")[1:])
    assert asked_s + int(told["max-age"]) + int(told["stale-if-error"]) <= 2 * 300


def test_a_clock_that_runs_faster_makes_it_expire_sooner() -> None:
    clock = HandClock(NOON)
    clock.speed = 60
    assert until_next([KNOWN], clock) == "public, max-age=7, stale-while-revalidate=5, stale-if-error=3"


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("deflate, *;q=0.1", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("*;q=0", False),
        (";;,,q=", False),
    ],
)
def test_it_is_packed_for_those_who_say_so(accepted: str, takes: bool) -> None:
    assert takes_gzip(accepted) is takes


def test_packed_and_plain_are_the_same_page_under_different_tags() -> None:
    plain, packed = answer(asked(), PAGE, {}), answer(asked(Accept_Encoding="gzip"), PAGE, {})
    assert plain.body == PAGE.body
    assert isinstance(packed.body, bytes)
    assert gzip.decompress(packed.body) == PAGE.body
    assert (plain.headers.get("Content-Encoding"), packed.headers["Content-Encoding"]) == (None, "gzip")
    assert plain.headers["ETag"] != packed.headers["ETag"]
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Language, Accept-Encoding"


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
@pytest.mark.parametrize("known", ["{}", "W/{}", '"other", {}', "*"])
def test_who_has_it_is_told_so_and_nothing_else(encoding: str, known: str) -> None:
    tag = answer(asked(Accept_Encoding=encoding), PAGE, {}).headers["ETag"]
    again = asked(Accept_Encoding=encoding, If_None_Match=known.format(tag))
    told = answer(again, PAGE, {"Cache-Control": "public, max-age=7"})
    assert (told.status, told.body) == (304, None)
    assert (told.headers["ETag"], told.headers["Cache-Control"]) == (tag, "public, max-age=7")


@pytest.mark.parametrize("known", ['"other"', "", "garbage", '"'])
def test_who_has_something_else_gets_it(known: str) -> None:
    assert answer(asked(If_None_Match=known), PAGE, {}).status == 200


def test_what_packing_would_not_shorten_goes_out_as_it_is() -> None:
    short = Kept.of("Hi", "text/plain")
    assert answer(asked(Accept_Encoding="gzip"), short, {}).body == b"Hi"


def test_each_version_is_rendered_once_however_many_ask() -> None:
    shelf, rendered = Shelf(), []

    def render() -> Kept:
        rendered.append(1)
        return PAGE

    for figure in (KNOWN, KNOWN, replace(KNOWN, outlook=promising(1200)), UNKNOWN, UNKNOWN):
        shelf.get(("page", "en"), version_of(figure), render)
    shelf.get(("page", "fi"), version_of(UNKNOWN), render)
    assert len(rendered) == 4
