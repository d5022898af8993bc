"""The typeface: known widths, scripts beside each other, and texts that fit the room they are given."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
import simcord
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.banner import drawn
from bot.font import ELLIPSIS, FONT_FAMILY, MissingGlyphs, Room, right_to_left, typeface
from bot.glyphs import BOLD_WEIGHT, FontFile, NoFont
from bot.look import Look

LETTERS = st.text("abcdefgij lmopqWÄÖĄŁ0123456789 -", min_size=1, max_size=60).map(
    lambda text: " ".join(text.split()) or "a"
)
CHINESE = Path(simcord.__file__).parent / "preview/static/fonts/noto-sans-sc-v2.004.ttf"
with_chinese = pytest.mark.skipif(not CHINESE.is_file(), reason="no font with Chinese letters is at hand")

SCRIPTS = {
    "Latin": "Pohjois-Karjalan Sähkö & Żółć (15 min)",
    "Vietnamese": "Hỗ trợ khách hàng",
    "Greek": "Εξυπηρέτηση πελατών",
    "Cyrillic": "Служба поддержки клиентов",
    "Arabic": "خدمة العملاء خلال 15 دقيقة",
    "Persian": "پشتیبانی مشتریان",
    "Hebrew": "שירות לקוחות תוך 15 דק׳",
    "Devanagari": "ग्राहक सहायता केंद्र",
    "Thai": "ฝ่ายบริการลูกค้า น้ำใจ",
}


def ink_px(text: str, bold: bool, fonts: tuple[str, ...] = ()) -> int:
    """How wide the renderer draws a text of 100 pixels."""
    weight = f' font-weight="{BOLD_WEIGHT}"' if bold else ""
    words = f'<text x="200" y="200" font-family="{FONT_FAMILY}" font-size="100"{weight}>{text}</text>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="4000" height="300">{words}</svg>'
    with Image.open(BytesIO(drawn(svg.replace("&", "&amp;"), Look(fonts=fonts)))) as picture:
        box = picture.getchannel("A").getbbox()
    assert box is not None, "nothing was drawn"
    return box[2] - box[0]


def test_a_digit_is_572_thousandths_of_the_size_wide() -> None:
    # Noto Sans sets all digits at the same advance of 572 units of 1000.
    assert typeface().width_px("0", 100) == pytest.approx(57.2)
    assert typeface().width_px("1234567890", 100) == pytest.approx(572)


@pytest.mark.parametrize("bold", [False, True], ids=["regular", "bold"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_text_is_drawn_no_wider_than_it_measures_and_not_much_narrower(script: str, bold: bool) -> None:
    measured_px = typeface().width_px(SCRIPTS[script], 100, bold)

    assert measured_px * 0.8 < ink_px(SCRIPTS[script], bold) <= measured_px + 2


@with_chinese
@pytest.mark.parametrize("bold", [False, True], ids=["regular", "bold"])
def test_a_font_that_the_operator_names_is_measured_and_drawn(bold: bool) -> None:
    fonts = (str(CHINESE),)
    measured_px = typeface(fonts).width_px("客户支持 15 分钟", 100, bold)

    assert measured_px * 0.9 < ink_px("客户支持 15 分钟", bold, fonts) <= measured_px + 2


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_letters_of_many_scripts_are_there(script: str) -> None:
    assert typeface().missing(SCRIPTS[script]) == ""


def test_what_no_font_has_is_named_with_the_way_out() -> None:
    assert typeface().missing("Acme 支持, 支 🚀") == "支持🚀"
    with pytest.raises(MissingGlyphs, match=r"🚀 \(U\+1F680\); name a font file that has one in brand.fonts"):
        typeface().width_px("🚀", 10)


def test_a_script_of_the_extra_is_said_to_come_with_it() -> None:
    assert str(MissingGlyphs("שא")).endswith("install jono[fonts]")
    assert "brand.fonts" in str(MissingGlyphs("ש支"))


def test_what_is_no_font_is_told_so(tmp_path: Path) -> None:
    for content in (b"", b"hello", b"\0\1\0\0" + bytes(60)):
        (tmp_path / "a.ttf").write_bytes(content)
        with pytest.raises(NoFont, match=r"font|read"):
            FontFile(tmp_path / "a.ttf")
    with pytest.raises(NoFont, match="No such file"):
        FontFile(tmp_path / "nothing.ttf")


def test_the_first_strong_letter_says_from_where_a_text_is_read() -> None:
    assert right_to_left("15 דק׳")
    assert right_to_left("خدمة Acme")
    assert not right_to_left("Acme · תמיכה")
    assert not right_to_left("15 · 16")


def test_a_short_text_keeps_its_size() -> None:
    assert typeface().fit("15 min", Room(1000, 40, 20)).size_px == 40


def test_a_long_text_shrinks_before_it_is_cut() -> None:
    block = typeface().fit("Reply within 15 minutes", Room(400, 40, 20))

    assert block.lines == ("Reply within 15 minutes",)
    assert 20 <= block.size_px < 40


def test_a_text_too_long_even_then_ends_in_an_ellipsis() -> None:
    (line,) = typeface().fit("Reply within 15 minutes", Room(100, 40, 30)).lines

    assert line.startswith("Rep")
    assert line.endswith(ELLIPSIS)


def test_a_letter_is_never_cut_off_its_marks() -> None:
    text = "กี่" * 30
    (line,) = typeface().fit(text, Room(300, 40, 40)).lines

    assert len(line.removesuffix(ELLIPSIS)) % 3 == 0


def test_lines_are_evenly_long() -> None:
    assert typeface().fit("tomorrow at 9:00", Room(190, 30, 30, lines=2)).lines == ("tomorrow", "at 9:00")


@with_chinese
def test_where_words_have_no_spaces_lines_end_between_letters() -> None:
    face = typeface((str(CHINESE),))

    assert face.fit("客户支持与服务", Room(170, 40, 40, lines=2)).lines == ("客户支持", "与服务")
    assert face.fit("客户支持（服务）", Room(250, 40, 40, lines=2)).lines == ("客户支持", "（服务）")


@given(LETTERS, st.floats(60, 800), st.integers(1, 3), st.booleans())
def test_whatever_fits_is_never_wider_than_its_room(text: str, width: float, lines: int, bold: bool) -> None:
    block = typeface().fit(text, Room(width, 48, 12, lines, bold))

    assert 1 <= len(block.lines) <= lines
    assert all(typeface().width_px(line, block.size_px, bold) <= width for line in block.lines)


@given(LETTERS)
def test_nothing_is_lost_where_there_is_room(text: str) -> None:
    assert " ".join(typeface().fit(text, Room(10_000, 48, 12, lines=3)).lines) == text
