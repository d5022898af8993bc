"""The [brand] table: its files are looked at when it is read, and the pictures follow it."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from bot.banner import banner_svg, render_banner
from bot.config.brand import BrandSettings
from bot.config.faults import ConfigError
from bot.config.load import check
from bot.font import typeface
from bot.formats import FORMATS
from bot.look import OURS, Look
from bot.painter import CannotDraw, Painter, Picture
from bot.render import BadTemplate
from tests.bot.signs import OUTLOOKS, sign

TABLES: dict[str, Any] = {
    "bot": {"name": "Acme"},
    "queues": {"support": {}},
    "channels": {"shop": {"adapter": "webhook", "queue": "support", "secret": "whsec_" + "A" * 32}},
}
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle r="4" fill="{}"/></svg>'
TEMPLATE = """<svg xmlns="http://www.w3.org/2000/svg" width="{{ banner.width }}" height="{{ banner.height }}">
<rect width="9" height="9" fill="{{ colour }}"/><text>{{ sign.figure }} {{ scene.lines[0].text }}</text></svg>"""


def brand(folder: Path, **keys: object) -> BrandSettings:
    return check({**TABLES, "brand": keys}, folder=folder).brand


def fault(folder: Path, **keys: object) -> str:
    with pytest.raises(ConfigError) as refusal:
        brand(folder, **keys)
    return str(refusal.value)


def test_without_the_table_the_look_is_ours(tmp_path: Path) -> None:
    assert brand(tmp_path).look() == OURS


def test_files_are_found_from_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text(LOGO.format("red"))
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "banner_wide.svg").write_text(TEMPLATE)
    font = typeface().files[0]
    look = brand(tmp_path, logo="logo.svg", template="own", fonts=[font]).look()

    assert (look.logo, look.template) == (str(tmp_path / "logo.svg"), str(tmp_path / "own"))
    assert look.fonts == (font,)


def test_another_logo_in_the_same_file_is_another_look(tmp_path: Path) -> None:
    logos = []
    for colour in ("red", "green"):
        (tmp_path / "logo.svg").write_text(LOGO.format(colour))
        logos.append(brand(tmp_path, logo="logo.svg").look())

    assert logos[0] != logos[1]


@pytest.mark.parametrize(
    ("key", "value", "because"),
    [
        ("ground", "navy", "is not a colour"),
        ("text", "#333333", "has a contrast of 1.4 on ground"),
        ("ground", "#e11d48", 'leaves the colour of "long" a contrast of 2.8'),
        ("logo", "nothing.svg", "cannot be read"),
        ("template", "nowhere", "holds neither banner_wide.svg nor banner_round.svg"),
        ("fonts", ["nothing.ttf"], "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_when_it_is_read(tmp_path: Path, key: str, value: object, because: str) -> None:
    assert re.search(rf"brand\.{key}: .*{because}", fault(tmp_path, **{key: value}))


def test_a_template_that_is_none_is_said_when_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "banner_wide.svg").write_text("{% if %}")

    assert "banner_wide.svg that is no template" in fault(tmp_path, template=".")


def test_the_colours_are_painted() -> None:
    svg = banner_svg(FORMATS["x"], sign(OUTLOOKS["open"]), "Acme", "", Look("#ffffff", "#222222", "#aa0000"))

    assert {"#ffffff", "#222222"} <= set(re.findall(r'fill="(#\w+)"', svg))


def test_an_own_template_is_filled_in_and_ours_stands_in_for_the_other(tmp_path: Path) -> None:
    (tmp_path / "banner_wide.svg").write_text(TEMPLATE)
    look = Look(template=str(tmp_path))
    svg = banner_svg(FORMATS["x"], sign(OUTLOOKS["open"]), "A & <b>", "", look)

    assert re.search(r"<text>15.min A &amp; &lt;b&gt;</text>", svg)
    assert "<circle" in banner_svg(FORMATS["square"], sign(OUTLOOKS["open"]), "Acme", "", look)


@pytest.mark.parametrize(
    "text", ["{{ nothing }}", "{{ 1 / 0 }}", "{{ ''.__class__.__mro__ }}", "{{ sign.x.y }}"]
)
def test_an_own_template_that_fails_or_reaches_out_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "banner_wide.svg").write_text(f"<svg>{text}</svg>")

    with pytest.raises(BadTemplate, match=r"banner_wide\.svg cannot be filled in"):
        render_banner("x", sign(OUTLOOKS["open"]), "Acme", "", look=Look(template=str(tmp_path)))


async def test_what_cannot_be_drawn_is_told_by_the_painter(tmp_path: Path) -> None:
    (tmp_path / "banner_wide.svg").write_text("no picture")
    shown = sign(OUTLOOKS["open"])

    with pytest.raises(CannotDraw, match="SVG"):
        await Painter().draw(Picture("x", shown, "Acme", "", look=Look(template=str(tmp_path))))
    with pytest.raises(CannotDraw, match="no font has a glyph for 🚀"):
        await Painter().draw(Picture("x", shown, "🚀", ""))


async def test_the_painter_draws_in_the_brands_look() -> None:
    look = Look("#ffffff", "#222222", "#aa0000")
    picture = Picture("avatar", sign(OUTLOOKS["open"]), "Acme", "", "jpeg", look)

    drawn = await Painter().draw(picture)
    assert drawn == render_banner("avatar", sign(OUTLOOKS["open"]), "Acme", "", "jpeg", look)
    assert drawn.startswith(b"\xff\xd8\xff")
    assert asdict(picture)["look"]["ground"] == "#ffffff"
