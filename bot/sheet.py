"""A contact sheet of banners: every format that looks different under every light, for an operator to look at.

It is one SVG that holds all pictures, so it is a page in a browser as well as a picture. Over each banner lies what
platforms lay over it: the part that is safe is framed, the profile picture and what a circle cuts off are shaded.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.banner import banner_svg, drawn
from bot.font import FONT_FAMILY
from bot.formats import Format, alike
from bot.look import Look
from bot.render import render
from bot.words.sign import Sign

CELL_PX, GAP_PX, LABEL_PX = 400, 24, 44
SHARPER = 2
"""So many pixels a side are drawn for each on the sheet, as screens show them."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One banner on the sheet."""

    href: str
    x: float
    y: float
    width: float
    height: float
    format: Format


def sheet_svg(signs: Sequence[Sign], brand: str, title: str, look: Look, told: Callable[[str], None]) -> str:
    """The sheet. `told` hears how far the work is. Raises ValueError where a banner cannot be drawn."""
    cells: list[Cell] = []
    labels: list[tuple[float, str]] = []
    y = float(LABEL_PX + GAP_PX)
    for names, banner in alike().items():
        told(f"{len(cells)} of {len(alike()) * len(signs)} banners drawn; next: {names}")
        labels.append((y + LABEL_PX * 0.6, f"{names}: {banner.width} × {banner.height}"))
        y += LABEL_PX
        width = CELL_PX if banner.shape == "wide" else CELL_PX * 0.75
        height = width * banner.height / banner.width
        for column, sign in enumerate(signs):
            png = drawn(banner_svg(banner, sign, brand, title, look), look, round(width * SHARPER))
            href = f"data:image/png;base64,{b64encode(png).decode()}"
            cells.append(Cell(href, GAP_PX + column * (CELL_PX + GAP_PX), y, width, height, banner))
        y += height + GAP_PX
    return render(
        "banner_sheet.svg",
        title=f"{brand} · {title}" if title else brand,
        cells=cells,
        labels=labels,
        width=GAP_PX + len(signs) * (CELL_PX + GAP_PX),
        height=y,
        gap=GAP_PX,
        family=FONT_FAMILY,
    )


def sheet_page(svg: str) -> str:
    """The sheet as a page that needs nothing else."""
    style = "body{margin:0;background:#e9edf3}"
    head = f'<meta charset="utf-8"><title>Banners</title><style>{style}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{svg}</body></html>\n'
