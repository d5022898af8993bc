"""Banners: the right size, every word drawn, nothing outside the part that the platforms leave visible."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from struct import unpack
from xml.etree import ElementTree

import pytest
from PIL import Image, ImageChops

from bot.banner import banner_svg, drawn, render_banner
from bot.font import MissingGlyphs
from bot.formats import FORMATS
from bot.jpeg import LOADS_FAST_BYTES
from bot.layout import FROM_RIGHT
from bot.look import OURS
from bot.words.sign import NO_BREAK_SPACE, Sign
from tests.bot.signs import HOSTILE_NAMES, OUTLOOKS, WORDS, sign

SVG = "{http://www.w3.org/2000/svg}"
PREVIEW_PX = 200
OVERHANG_PX = 2
"""A j reaches a little to the left of where it starts, and drawing softens edges."""
LONG_NAME = "Pohjois-Karjalan Sähkö & Kaukolämpö International Oy"


def picture(svg: str, width_px: int) -> Image.Image:
    """A banner drawn at that width."""
    with Image.open(BytesIO(drawn(svg, OURS, width_px))) as image:
        return image.convert("RGB")


def ink(svg: str, width_px: int) -> tuple[int, int, int, int]:
    """The left, top, right and bottom edge of what the words change, found by drawing once without them."""
    with_words = picture(svg, width_px)
    without = picture(re.sub(r"<text.*?</text>", "", svg, flags=re.DOTALL), width_px)
    box = ImageChops.difference(with_words, without).getbbox()
    assert box is not None, "no word was drawn"
    return box


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

    # The reasons for an unknown wait look alike where there is no room for a note.
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


@pytest.mark.parametrize("language", WORDS.languages())
@pytest.mark.parametrize("kind", ["open", "days", "closed until Saturday", "nobody", "too long"])
@pytest.mark.parametrize("name", FORMATS)
def test_words_are_drawn_and_stay_in_the_safe_part(name: str, kind: str, language: str) -> None:
    banner = FORMATS[name]
    svg = banner_svg(banner, sign(OUTLOOKS[kind], language), LONG_NAME, "Laskutus ja sopimukset")
    left, top, right, bottom = ink(svg, PREVIEW_PX)
    scale, safe = PREVIEW_PX / banner.width, banner.safe

    assert left >= safe.left * banner.width * scale - OVERHANG_PX
    assert top >= safe.top * banner.height * scale - OVERHANG_PX
    assert right <= (safe.left + safe.width) * banner.width * scale + OVERHANG_PX
    assert bottom <= (safe.top + safe.height) * banner.height * scale + OVERHANG_PX


def words_at(svg: str) -> list[tuple[str, float, str]]:
    """Text, place and anchor of each line."""
    texts = parse(svg).iter(f"{SVG}text")
    return [(text.text or "", float(text.get("x", "")), text.get("text-anchor", "")) for text in texts]


def hebrew(shown: Sign) -> Sign:
    return replace(
        shown, caption="תשובה תוך", figure=f"15{NO_BREAK_SPACE}דק׳", state="פתוח", note="כמעט אין המתנה"
    )


@pytest.mark.parametrize("name", [name for name, banner in FORMATS.items() if banner.shape == "wide"])
def test_a_sign_that_is_read_from_the_right_is_laid_out_from_there(name: str) -> None:
    banner, shown = FORMATS[name], sign(OUTLOOKS["open"])
    here = parse(banner_svg(banner, shown, "Acme", ""))
    svg = banner_svg(banner, hebrew(shown), "Acme", "תמיכה")
    middle = (banner.safe.left + banner.safe.width / 2) * banner.width
    dials = [float(next(drawn.iter(f"{SVG}circle")).get("cx", "")) for drawn in (here, parse(svg))]

    assert dials[0] > middle > dials[1]
    assert sum(dials) / 2 == pytest.approx(middle)
    assert {anchor for _, _, anchor in words_at(svg)} == {"end"}
    (caption,) = [text for text, _, _ in words_at(svg) if "תוך" in text]
    assert caption.startswith(FROM_RIGHT)
    left, _, right, _ = ink(svg, PREVIEW_PX)
    assert left >= banner.safe.left * PREVIEW_PX - OVERHANG_PX
    assert right <= (banner.safe.left + banner.safe.width) * PREVIEW_PX + OVERHANG_PX


def test_a_number_stands_before_its_unit_from_whichever_side_it_is_read() -> None:
    def places(svg: str) -> list[float]:
        return [x for text, x, _ in words_at(svg) if text == "15" or text == "min" or "דק" in text]

    shown = sign(OUTLOOKS["open"])
    number, unit = places(banner_svg(FORMATS["x"], shown, "Acme", ""))
    assert number < unit
    number, unit = places(banner_svg(FORMATS["x"], hebrew(shown), "Acme", ""))
    assert number > unit


def test_a_name_the_font_cannot_draw_is_refused_not_dropped() -> None:
    with pytest.raises(MissingGlyphs, match=r"支 \(U\+652F\) 持 \(U\+6301\)") as refusal:
        render_banner("x", sign(OUTLOOKS["open"]), "Acme 支持", "Support")

    assert refusal.value.characters == "支持"


def test_an_unknown_format_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        render_banner("myspace", sign(OUTLOOKS["open"]), "Acme", "Support")


def test_the_dial_is_the_promise_as_part_of_an_hour() -> None:
    quarter = banner_svg(FORMATS["square"], sign(OUTLOOKS["open"]), "Acme", "")
    (arc,) = re.findall(r'stroke-dasharray="([\d.]+) ([\d.]+)"', quarter)
    dash, turn = map(float, arc)

    assert dash / turn == pytest.approx(0.25)
    assert "stroke-dasharray" not in banner_svg(FORMATS["square"], sign(OUTLOOKS["closed"]), "Acme", "")


def test_no_name_becomes_markup() -> None:
    shown = sign(OUTLOOKS["open"])
    plain = {element.tag for element in parse(banner_svg(FORMATS["x"], shown, "Acme", "Support")).iter()}

    for name in HOSTILE_NAMES:
        hostile = parse(banner_svg(FORMATS["x"], shown, name, name))
        assert {element.tag for element in hostile.iter()} == plain
        assert not any(name.startswith("on") for element in hostile.iter() for name in element.attrib)


def test_the_operators_page_lists_every_format() -> None:
    page = (Path(__file__).parents[2] / "docs" / "banners.md").read_text("utf-8")
    table = page[page.index("<!-- formats -->") : page.index("<!-- end of formats -->")]
    listed = re.findall(r"^\| `([\w-]+)` \| (\d+) × (\d+) \|", table, re.MULTILINE)

    assert listed == [(name, str(one.width), str(one.height)) for name, one in FORMATS.items()]
