"""The badge: two fields as wide as their texts, well-formed whatever the texts are."""

from __future__ import annotations

import re
from typing import get_args
from xml.etree import ElementTree

import pytest

from bot.badge import GROUNDS, badge_json, badge_svg
from bot.light import Light
from tests.bot.contrast import contrast
from tests.bot.signs import HOSTILE_NAMES

SVG = "{http://www.w3.org/2000/svg}"


def parse(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def test_it_shows_both_texts_and_names_itself_for_screen_readers() -> None:
    badge = parse(badge_svg("Acme", "~15 min", "open"))

    assert badge.get("role") == "img"
    assert badge.get("aria-label") == "Acme: ~15 min"
    assert badge.findtext(f"{SVG}title") == "Acme: ~15 min"
    assert [text.text for text in badge.iter(f"{SVG}text")] == ["Acme", "~15 min"]


def test_a_longer_text_makes_a_wider_badge() -> None:
    widths = [
        int(parse(badge_svg("Acme", text, "open")).get("width", "")) for text in ("1 h", "15 min", "unknown")
    ]

    assert widths == sorted(set(widths))


def test_each_text_is_stretched_to_less_than_its_field() -> None:
    badge = parse(badge_svg("Asiakaspalvelu", "15 min", "open"))
    texts = [int(text.get("textLength", "")) for text in badge.iter(f"{SVG}text")]
    (shape,) = badge.iter(f"{SVG}path")
    label = int(re.findall(r"H(\d+)V", shape.get("d", ""))[0])
    fields = [label, int(badge.get("width", "")) - label]

    assert all(0 < text <= field - 8 for text, field in zip(texts, fields, strict=True))


def test_without_a_label_there_is_one_field() -> None:
    badge = parse(badge_svg("", "15 min", "open"))

    assert badge.get("aria-label") == "15 min"
    assert [text.text for text in badge.iter(f"{SVG}text")] == ["15 min"]
    assert not list(badge.iter(f"{SVG}path"))


def test_a_service_that_draws_badges_is_told_the_same() -> None:
    told = badge_json("Acme", "~15 min", "open")

    assert told == {
        "schemaVersion": 1,
        "label": "Acme",
        "message": "~15 min",
        "color": GROUNDS["open"],
        "labelColor": "#3b4657",
        "isError": False,
        "cacheSeconds": 300,
    }


@pytest.mark.parametrize("light", GROUNDS)
def test_bad_news_keeps_its_colour(light: Light) -> None:
    assert badge_json("Acme", "x", light)["isError"] is (light not in ("open", "busy", "closed"))


def test_several_badges_may_stand_in_one_page() -> None:
    assert not [element for element in parse(badge_svg("A", "1 h", "open")).iter() if element.get("id")]


def test_a_text_our_own_font_cannot_draw_still_gets_room() -> None:
    badge = parse(badge_svg("支持中心", "closed", "closed"))
    label = next(badge.iter(f"{SVG}text"))

    assert int(label.get("textLength", "")) >= 4 * 11


def test_every_light_has_its_ground() -> None:
    assert set(GROUNDS) == set(get_args(Light))
    assert len(set(GROUNDS.values())) == len(GROUNDS)


@pytest.mark.parametrize("light", GROUNDS)
def test_white_text_is_readable_on_every_ground(light: Light) -> None:
    assert contrast("#ffffff", GROUNDS[light]) >= 4.5


def test_no_name_becomes_markup() -> None:
    plain = [
        (element.tag, set(element.attrib)) for element in parse(badge_svg("A", "closed", "closed")).iter()
    ]

    for name in HOSTILE_NAMES:
        hostile = parse(badge_svg(name, "closed", "closed"))
        assert [(element.tag, set(element.attrib)) for element in hostile.iter()] == plain
