"""Banners: the right size, every word drawn, nothing outside the part that the platforms leave visible."""

from __future__ import annotations

import re
import zlib
from io import BytesIO
from struct import unpack
from xml.etree import ElementTree

import pytest
import resvg_py
from PIL import Image

from bot.banner import COLOURS, banner_svg, render_banner
from bot.font import FONT_FILE, MissingGlyphs
from bot.formats import FORMATS
from bot.jpeg import LOADS_FAST_BYTES
from bot.light import Light
from tests.bot.contrast import contrast
from tests.bot.signs import HOSTILE_NAMES, OUTLOOKS, WORDS, sign

SVG = "{http://www.w3.org/2000/svg}"
PREVIEW_PX = 200
OVERHANG_PX = 2
"""A j reaches a little to the left of where it starts, and drawing softens edges."""
LONG_NAME = "Pohjois-Karjalan Sähkö & Kaukolämpö International Oy"
DARKEST_GROUND, LIGHTEST_GROUND = "#101c31", "#192b48"


def pixels(svg: str, width: int) -> list[bytes]:
    """The rows of a picture drawn at that width, four bytes a pixel: https://www.w3.org/TR/png-3/#9Filters"""
    png: bytes = resvg_py.svg_to_bytes(
        svg_string=svg, width=width, skip_system_fonts=True, font_files=[str(FONT_FILE)]
    )
    (drawn,) = unpack(">L", png[16:20])
    data, rows = zlib.decompress(_image_data(png)), [bytes(4 * drawn)]
    for start in range(0, len(data), 4 * drawn + 1):
        rows.append(_unfilter(data[start], data[start + 1 : start + 1 + 4 * drawn], rows[-1]))
    return rows[1:]


def _image_data(png: bytes) -> bytes:
    at, parts = 8, []
    while at < len(png):
        (length,) = unpack(">L", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            parts.append(png[at + 8 : at + 8 + length])
        at += length + 12
    return b"".join(parts)


def _unfilter(kind: int, row: bytes, above: bytes) -> bytes:
    out = bytearray(row)
    for index, value in enumerate(row):
        left = out[index - 4] if index >= 4 else 0
        corner = above[index - 4] if index >= 4 else 0
        up = above[index]
        nearest = min((left, up, corner), key=lambda near: abs(left + up - corner - near))
        out[index] = (value + (0, left, up, (left + up) // 2, nearest)[kind]) & 255
    return bytes(out)


def ink(svg: str, width: int) -> tuple[int, int, int, int]:
    """The left, top, right and bottom pixel that the words change, found by drawing once without them."""
    with_words = pixels(svg, width)
    without = pixels(re.sub(r"<text.*?</text>", "", svg, flags=re.DOTALL), width)
    changed = [
        (x, y)
        for y, (row, bare) in enumerate(zip(with_words, without, strict=True))
        if row != bare
        for x in range(width)
        if row[4 * x : 4 * x + 4] != bare[4 * x : 4 * x + 4]
    ]
    columns, rows = [x for x, _ in changed], [y for _, y in changed]
    return min(columns), min(rows), max(columns), max(rows)


def parse(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def words_in(svg: str) -> str:
    return " ".join(text.text or "" for text in parse(svg).iter(f"{SVG}text"))


@pytest.mark.parametrize("name", FORMATS)
def test_a_banner_has_exactly_the_size_its_platform_asks_for(name: str) -> None:
    png = render_banner(name, sign(OUTLOOKS["open"]), "Acme", "Support")

    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert unpack(">LL", png[16:24]) == (FORMATS[name].width, FORMATS[name].height)


def test_the_same_figure_gives_the_same_bytes() -> None:
    first, second = (render_banner("discord", sign(OUTLOOKS["busy"]), "Acme", "Support") for _ in range(2))

    assert first == second


@pytest.mark.parametrize("name", FORMATS)
def test_as_jpeg_it_has_the_same_size_and_nothing_but_the_picture(name: str) -> None:
    first, second = (
        render_banner(name, sign(OUTLOOKS["closed"]), "Acme", "Support", "jpeg") for _ in range(2)
    )

    assert first == second
    assert len(first) < LOADS_FAST_BYTES
    with Image.open(BytesIO(first)) as picture:
        assert (picture.format, picture.mode) == ("JPEG", "RGB")
        assert picture.size == (FORMATS[name].width, FORMATS[name].height)
        assert not picture.getexif()
        assert "icc_profile" not in picture.info


def test_another_figure_gives_another_picture() -> None:
    pictures = {render_banner("avatar", sign(outlook), "Acme", "Support") for outlook in OUTLOOKS.values()}

    # The three reasons for an unknown wait look alike where there is no room for a note.
    assert len(pictures) == len(OUTLOOKS) - 3


@pytest.mark.parametrize("language", WORDS.languages())
@pytest.mark.parametrize("kind", OUTLOOKS)
@pytest.mark.parametrize("name", FORMATS)
def test_what_matters_is_never_cut(name: str, kind: str, language: str) -> None:
    shown = sign(OUTLOOKS[kind], language)
    words = words_in(banner_svg(FORMATS[name], shown, LONG_NAME, "Laskutus ja sopimukset"))

    for text in (shown.caption, shown.figure, shown.state):
        assert all(word in words for word in text.split()), (text, words)
    assert FORMATS[name].shape == "round" or all(word in words for word in shown.note.split())


@pytest.mark.parametrize("kind", ["open", "closed until Saturday", "nobody"])
@pytest.mark.parametrize("name", [name for name, banner in FORMATS.items() if banner.shape == "wide"])
def test_words_are_drawn_and_stay_in_the_safe_part(name: str, kind: str) -> None:
    banner = FORMATS[name]
    svg = banner_svg(banner, sign(OUTLOOKS[kind], "fi"), LONG_NAME, "Laskutus")
    left, top, right, bottom = ink(svg, PREVIEW_PX)
    scale = PREVIEW_PX / banner.width
    safe = banner.safe

    assert left >= safe.left * banner.width * scale - OVERHANG_PX
    assert top >= safe.top * banner.height * scale - OVERHANG_PX
    assert right <= (safe.left + safe.width) * banner.width * scale + OVERHANG_PX
    assert bottom <= (safe.top + safe.height) * banner.height * scale + OVERHANG_PX


@pytest.mark.parametrize("kind", ["open", "closed until Saturday", "too long"])
@pytest.mark.parametrize("name", ["square", "avatar"])
def test_round_pictures_keep_their_words_off_the_rim(name: str, kind: str) -> None:
    svg = banner_svg(FORMATS[name], sign(OUTLOOKS[kind], "pl"), LONG_NAME, "Laskutus")
    left, top, right, bottom = ink(svg, PREVIEW_PX)

    assert min(left, top) >= 0.15 * PREVIEW_PX - OVERHANG_PX
    assert max(right, bottom) <= 0.85 * PREVIEW_PX + OVERHANG_PX


def test_a_name_the_font_cannot_draw_is_refused_not_dropped() -> None:
    with pytest.raises(MissingGlyphs, match=r"U\+652F U\+6301") as refusal:
        render_banner("x", sign(OUTLOOKS["open"]), "Acme 支持", "Support")

    assert refusal.value.characters == "支持"


def test_an_unknown_format_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        render_banner("myspace", sign(OUTLOOKS["open"]), "Acme", "Support")


def test_the_dial_is_the_promise_as_part_of_an_hour() -> None:
    quarter = banner_svg(FORMATS["square"], sign(OUTLOOKS["open"]), "Acme", "")
    dash, turn = map(float, re.findall(r'stroke-dasharray="([\d.]+) ([\d.]+)"', quarter)[0])

    assert dash / turn == pytest.approx(0.25)
    assert "stroke-dasharray" not in banner_svg(FORMATS["square"], sign(OUTLOOKS["closed"]), "Acme", "")


def test_no_name_becomes_markup() -> None:
    shown = sign(OUTLOOKS["open"])
    plain = {element.tag for element in parse(banner_svg(FORMATS["x"], shown, "Acme", "Support")).iter()}

    for name in HOSTILE_NAMES:
        hostile = parse(banner_svg(FORMATS["x"], shown, name, name))
        assert {element.tag for element in hostile.iter()} == plain
        assert not any(name.startswith("on") for element in hostile.iter() for name in element.attrib)


@pytest.mark.parametrize("light", COLOURS)
@pytest.mark.parametrize("ground", [DARKEST_GROUND, LIGHTEST_GROUND])
def test_every_light_is_readable_on_the_ground(light: Light, ground: str) -> None:
    assert contrast(COLOURS[light], ground) >= 7
