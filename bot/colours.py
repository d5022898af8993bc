"""The colours of banners: what a brand's three colours become, and whether all of it can be read.

Each light has a colour for dark grounds and one for light grounds; seen with any of the three colour blindnesses they
still differ. On a ground of middling lightness they give way towards white or black, but never so far that they are
no colours any more. Nothing here draws or reads a file.

Invariant: of a palette without faults, every text and every light has a contrast of READABLE or more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from bot.light import Light

READABLE = 4.5
"""https://www.w3.org/TR/WCAG22/#contrast-minimum"""
GROUND, TEXT, ACCENT = "#0e1a2e", "#ffffff", "#5b8def"

ON_DARK: Mapping[Light, str] = {
    "open": "#37e5a4",
    "busy": "#f7d13c",
    "long": "#f0764a",
    "closed": "#c3dcff",
    "unknown": "#9a9fa9",
    "incident": "#ee66ea",
}
ON_LIGHT: Mapping[Light, str] = {
    "open": "#007a57",
    "busy": "#796500",
    "long": "#631c00",
    "closed": "#1540f0",
    "unknown": "#2f384c",
    "incident": "#a51cb0",
}
GLOW, HALO, HALO_CORE = 0.03, 0.07, 0.13
"""How much of the accent is in the three discs behind the dial."""
GIVES_WAY = 0.45
"""How much of a light's colour may become white or black at most."""
QUIET = 0.28
"""How much of the ground is in the text that matters less, where that is still readable."""


@dataclass(frozen=True, slots=True)
class Palette:
    """What a banner is painted with, each as "#rrggbb"."""

    ground: str
    glow: str
    halo: str
    halo_core: str
    text: str
    quiet: str
    track: str
    accent: str
    lights: Mapping[Light, str]


@cache
def palette(ground: str, text: str, accent: str) -> Palette:
    """The palette of a brand."""
    quiet = mixed(text, ground, QUIET)
    halo, halo_core = mixed(ground, accent, HALO), mixed(ground, accent, HALO_CORE)
    return Palette(
        ground=ground,
        glow=mixed(ground, accent, GLOW),
        halo=halo,
        halo_core=halo_core,
        text=text,
        quiet=quiet if _least(quiet, (ground, halo)) >= READABLE else text,
        track=mixed(ground, text, 0.2),
        accent=accent,
        lights=_lights((ground, halo_core)),
    )


def _lights(grounds: Sequence[str]) -> Mapping[Light, str]:
    on_dark = {light: _readable(colour, "#ffffff", grounds) for light, colour in ON_DARK.items()}
    on_light = {light: _readable(colour, "#000000", grounds) for light, colour in ON_LIGHT.items()}
    return max(on_dark, on_light, key=lambda lights: min(_least(lights[light], grounds) for light in lights))


def _readable(colour: str, towards: str, grounds: Sequence[str]) -> str:
    share = 0.0
    while share < GIVES_WAY and _least(mixed(colour, towards, share), grounds) < READABLE:
        share += 0.05
    return mixed(colour, towards, share)


def faults(ground: str, text: str, accent: str) -> Iterator[tuple[str, str]]:
    """What cannot be read: the key to change, and a sentence that names the contrast and the way out."""
    made = palette(ground, text, accent)
    for colour, key in ((ground, "text"), (made.halo_core, "accent")):
        if (ratio := contrast(text, colour)) < READABLE:
            where = "on ground" if key == "text" else "to text where it shines on the ground"
            yield key, f"has a contrast of {ratio:.1f} {where}; take a colour with {READABLE} or more"
            return
    grounds = (ground, made.halo_core)
    light = min(made.lights, key=lambda light: _least(made.lights[light], grounds))
    if (ratio := _least(made.lights[light], grounds)) < READABLE:
        yield (
            "ground",
            f'leaves the colour of "{light}" a contrast of {ratio:.1f}; take a darker or a lighter ground, '
            f"so that it has {READABLE} or more",
        )


def mixed(one: str, other: str, share: float) -> str:
    """The first colour with so much of the other in it."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def contrast(one: str, other: str) -> float:
    """The contrast ratio, 1 to 21: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _least(colour: str, grounds: Sequence[str]) -> float:
    return min(contrast(colour, ground) for ground in grounds)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _parts(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _parts(colour: str) -> list[float]:
    return [channel / 255 for channel in _channels(colour)]
