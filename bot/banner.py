"""The published wait as a picture, for the profile pages of the platforms.

Where everything stands is computed in `bot.layout`, the template only draws it; how large a picture is and where text
survives on it stands in `bot.formats`. Pictures show rounded promises and no time of day, so they change seldom and a
copy that was cached somewhere does not lie.

Invariant: the same sign, brand, look and format give the same bytes, and every word in the picture is readable.
"""

from __future__ import annotations

from pathlib import Path

import resvg_py

from bot.colours import palette
from bot.font import FONT_FAMILY, typeface
from bot.formats import FORMATS, Format
from bot.glyphs import BOLD_WEIGHT
from bot.jpeg import as_jpeg
from bot.layout import arranged
from bot.light import SHAPES
from bot.logo import read_logo
from bot.look import OURS, Look
from bot.render import render_own
from bot.scene import BOLD
from bot.words.plain import NAME_CHARS, one_line
from bot.words.sign import NO_BREAK_SPACE, Sign


def render_banner(
    name: str, sign: Sign, brand: str, title: str, encoding: str = "png", look: Look = OURS
) -> bytes:
    """The banner in the format of that name as PNG, or as "jpeg"; `title` is the queue's.

    Raises KeyError for a name not in FORMATS, ValueError where it cannot be drawn, such as MissingGlyphs for a text
    that no font can draw.
    """
    png = drawn(banner_svg(FORMATS[name], sign, brand, title, look), look)
    return as_jpeg(png) if encoding == "jpeg" else png


def drawn(svg: str, look: Look, width_px: int | None = None) -> bytes:
    """An SVG as PNG, with no fonts but those of the look. Raises ValueError for what is no SVG."""
    files = typeface(look.fonts).files
    try:
        png: bytes = resvg_py.svg_to_bytes(
            svg_string=svg, width=width_px, skip_system_fonts=True, font_files=files
        )
    except ValueError as error:
        raise ValueError(f"the template makes no SVG: {error}") from None
    return png


def banner_svg(banner: Format, sign: Sign, brand: str, title: str, look: Look = OURS) -> str:
    """The banner as SVG, every text inside the safe part. Raises ValueError as `render_banner` does."""
    owner, queue = one_line(brand, NAME_CHARS), one_line(title, NAME_CHARS)
    named = owner if queue in ("", owner) else f"{owner}{NO_BREAK_SPACE}· {queue}"
    logo = read_logo(Path(look.logo)) if look.logo else None
    scene = arranged(banner, sign, named, typeface(look.fonts), logo.aspect if logo else 0.0)
    colours = palette(look.ground, look.text, look.accent)
    return render_own(
        look.template,
        f"banner_{banner.shape}.svg",
        banner=banner,
        scene=scene,
        sign=sign,
        colours=colours,
        colour=colours.lights[sign.light],
        icon=SHAPES[sign.light],
        logo=logo.href if logo else "",
        font={"family": FONT_FAMILY, "bold": BOLD_WEIGHT, "bold_roles": BOLD},
    )
