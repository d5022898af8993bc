"""Banners look as they did when somebody last looked at them: every light in the main formats, beside kept pictures.

After a change that is meant, look at what becomes of them and keep that:

    .venv/bin/python -m tests.bot.test_banner_pictures
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from bot.banner import banner_svg, drawn, render_banner
from bot.formats import FORMATS
from bot.look import OURS, Look
from bot.samples import samples
from bot.words import Words
from bot.words.sign import NO_BREAK_SPACE, Sign

KEPT = Path(__file__).parents[1] / "pictures" / "banners"
WIDE_PX, ROUND_PX = 340, 170
"""About as large as a profile shows them."""
MAIN_FORMATS = ("discord", "facebook", "x", "square", "opengraph")
DIFFERS = 40
"""A channel that is so far off, of 255, is another colour and not another rounding."""
MOST_DIFFERING = 0.0005
KEPT_BYTES = 600_000
LIGHT_LOOK = Look("#fffaf2", "#221a10", "#ff9e5e")


def shown() -> Iterator[tuple[str, str, Sign, str, Look]]:
    """The pictures by name: format, sign, title and look."""
    signs = samples(Words().sign("en", UTC))
    for name in MAIN_FORMATS:
        for place, sign in enumerate(signs):
            yield f"{name}-{'quick' if place == 0 else sign.light}", name, sign, "Support", OURS
    hebrew = replace(signs[1], caption="תשובה תוך", figure=f"10{NO_BREAK_SPACE}דק׳", state="פתוח")
    yield "opengraph-hebrew", "opengraph", hebrew, "תמיכה", OURS
    yield "opengraph-on-light", "opengraph", signs[2], "Support", LIGHT_LOOK
    polish = samples(Words().sign("pl", UTC))
    yield "discord-long-title", "discord", polish[4], "Reklamacje, zwroty i faktury", OURS


PICTURES = list(shown())


def picture(name: str, sign: Sign, title: str, look: Look) -> Image.Image:
    """A banner as small as it is kept."""
    banner = FORMATS[name]
    width_px = WIDE_PX if banner.shape == "wide" else ROUND_PX
    png = drawn(banner_svg(banner, sign, "Acme", title, look), look, width_px)
    with Image.open(BytesIO(png)) as image:
        return image.convert("RGB")


def differing(one: Image.Image, other: Image.Image) -> float:
    """The share of pixels that differ to the eye."""
    channels = ImageChops.difference(one, other).split()
    most = ImageChops.lighter(ImageChops.lighter(channels[0], channels[1]), channels[2])
    return sum(most.histogram()[DIFFERS:]) / (one.width * one.height)


def kept(name: str) -> Image.Image:
    with Image.open(KEPT / f"{name}.png") as image:
        return image.convert("RGB")


@pytest.mark.parametrize(
    ("kept_as", "name", "sign", "title", "look"), PICTURES, ids=[row[0] for row in PICTURES]
)
def test_a_banner_looks_as_it_did(kept_as: str, name: str, sign: Sign, title: str, look: Look) -> None:
    now, then = picture(name, sign, title, look), kept(kept_as)
    assert now.size == then.size
    assert differing(now, then) <= MOST_DIFFERING, "look at it, then renew it as this module says"


def test_the_comparison_sees_what_people_would_see() -> None:
    signs = samples(Words().sign("en", UTC))
    then = kept("x-open")
    changes = [
        picture("x", replace(signs[1], figure=f"12{NO_BREAK_SPACE}min"), "Support", OURS),
        picture("x", replace(signs[1], state="Opem"), "Support", OURS),
        picture("x", replace(signs[1], caption=""), "Support", OURS),
        picture("x", replace(signs[1], share_of_hour=0.25), "Support", OURS),
        picture("x", signs[1], "Support", replace(OURS, text="#ffe0c0")),
    ]
    for change in changes:
        assert differing(change, then) > MOST_DIFFERING


def test_the_kept_pictures_are_small_and_all_are_used() -> None:
    files = list(KEPT.glob("*"))
    assert {path.stem for path in files} == {row[0] for row in PICTURES}
    assert sum(path.stat().st_size for path in files) < KEPT_BYTES


async def test_another_process_gives_the_same_bytes() -> None:
    """In whatever order its sets and dictionaries are."""
    code = (
        "import sys; from datetime import UTC; from bot.banner import render_banner; from bot.words import Words\n"
        "from bot.samples import samples; sign = samples(Words().sign('fi', UTC))[4]\n"
        "for encoding in ('png', 'jpeg'):\n"
        "    sys.stdout.buffer.write(render_banner('discord', sign, 'Acme', 'Tuki', encoding))"
    )
    sign = samples(Words().sign("fi", UTC))[4]
    here = b"".join(render_banner("discord", sign, "Acme", "Tuki", encoding) for encoding in ("png", "jpeg"))
    for seed in ("1", "2"):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", code),
            cwd=Path(__file__).parents[2],
            env={"PYTHONHASHSEED": seed},
            stdout=asyncio.subprocess.PIPE,
        )
        there, _ = await process.communicate()
        assert there == here


def renew() -> None:
    """Keep what the banners look like now."""
    KEPT.mkdir(parents=True, exist_ok=True)
    for path in KEPT.glob("*.png"):
        path.unlink()
    for kept_as, name, sign, title, look in PICTURES:
        picture(name, sign, title, look).save(KEPT / f"{kept_as}.png", optimize=True)
        print(KEPT / f"{kept_as}.png")


if __name__ == "__main__":
    renew()
