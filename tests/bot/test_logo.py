"""The logo: what is taken, what is refused and why, and that it is drawn in the safe part."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from bot.banner import banner_svg, drawn
from bot.formats import FORMATS
from bot.logo import MOST_BYTES, BadLogo, read_logo
from bot.look import Look
from tests.bot.signs import OUTLOOKS, sign

SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100">
<rect width="200" height="100" fill="red"/>{}</svg>"""


def saved(folder: Path, content: str | bytes) -> Path:
    path = folder / "logo"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def png(width: int, height: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), "red").save(out, "PNG")
    return out.getvalue()


def test_its_width_by_its_height_is_told(tmp_path: Path) -> None:
    assert read_logo(saved(tmp_path, SVG.format(""))).aspect == 2
    assert read_logo(saved(tmp_path, png(30, 60))).aspect == 0.5
    assert (
        read_logo(saved(tmp_path, SVG.replace('viewBox="0 0 200 100"', 'width="90px" height="30"'))).aspect
        == 3
    )


@pytest.mark.parametrize(
    ("content", "because"),
    [
        (b"", "neither a PNG nor an SVG"),
        (b"GIF89a", "neither a PNG nor an SVG"),
        (b"<html/>", "neither a PNG nor an SVG"),
        (b"\x89PNG\r\n\x1a\n", "not a whole PNG"),
        (png(8, 5000), "5000 pixels"),
        (png(900, 10), "90.00 times as wide"),
        (b" " * (MOST_BYTES + 1), "larger than 256 KiB"),
        (SVG.replace('viewBox="0 0 200 100"', ""), "does not tell its size"),
        (SVG.replace("0 0 200 100", "0 0 0 0"), "does not tell its size"),
        (SVG.format("<script>1</script>"), "holds a script"),
        (SVG.format('<g onload="x()"/>'), "holds a script"),
        (SVG.format("<text>Acme</text>"), "holds text"),
        (SVG.format("<style>@import url(//x.example)</style>"), "holds a style sheet"),
        (SVG.format("<foreignObject/>"), "holds a page"),
        (SVG.format('<image href="https://x.example/a.png"/>'), "points to something outside"),
        (SVG.format('<image href="/etc/passwd"/>'), "points to something outside"),
        (SVG.format('<use xmlns:l="http://www.w3.org/1999/xlink" l:href="other.svg#a"/>'), "points to something"),
        (SVG.format('<rect fill="url(other.svg#a)"/>'), "points to something outside"),
        ('<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.format("&a;"), "declares a document type"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_logo_is_refused_with_the_reason(
    tmp_path: Path, content: str | bytes, because: str
) -> None:
    with pytest.raises(BadLogo, match=because):
        read_logo(saved(tmp_path, content))


def test_no_file_is_no_logo(tmp_path: Path) -> None:
    with pytest.raises(BadLogo, match="No such file"):
        read_logo(tmp_path / "nothing.svg")


def test_a_reference_within_and_an_embedded_picture_are_taken(tmp_path: Path) -> None:
    inside = '<use href="#a"/><rect fill="url(#a)"/><image href="data:image/png;base64,AA=="/>'
    assert read_logo(saved(tmp_path, SVG.format(inside))).href.startswith("data:image/svg+xml;base64,")


@pytest.mark.parametrize("content", [SVG.format(""), png(60, 30)], ids=["svg", "png"])
@pytest.mark.parametrize("name", FORMATS)
def test_it_is_drawn_within_the_safe_part(tmp_path: Path, name: str, content: str | bytes) -> None:
    banner, look = FORMATS[name], Look(logo=str(saved(tmp_path, content)))
    svg = banner_svg(banner, sign(OUTLOOKS["open"]), "Acme", "Support", look)
    (image,) = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}image")
    x, y, width, height = (float(image.get(key, "")) for key in ("x", "y", "width", "height"))
    with Image.open(BytesIO(drawn(svg, look))) as picture:
        inside = picture.convert("RGB").getpixel((round(x + width / 2), round(y + height / 2)))

    assert inside == (255, 0, 0)
    assert x >= banner.safe.left * banner.width
    assert y >= banner.safe.top * banner.height
    assert x + width <= (banner.safe.left + banner.safe.width) * banner.width
    assert y + height <= (banner.safe.top + banner.safe.height) * banner.height
