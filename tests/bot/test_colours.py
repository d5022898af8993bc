"""The colours of banners: all of it can be read, on any ground that is taken, by people of any colour vision."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.colours import ACCENT, GROUND, ON_DARK, ON_LIGHT, READABLE, TEXT, Palette, faults, palette
from bot.light import SHAPES
from tests.bot.contrast import contrast

COLOUR = st.integers(0, 0xFFFFFF).map("#{:06x}".format)
APART = 20
"""Colours that lie so far apart in CIELAB are told apart at a glance; one that is just noticed lies 2.3 away."""

# How the world looks without one kind of cone, as linear RGB: Machado, Oliveira and Fernandes, "A Physiologically-based
# Model for Simulation of Color Vision Deficiency" (IEEE TVCG 15, 2009), severity 1.
VISIONS = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def seen(colour: str, vision: str) -> tuple[float, float, float]:
    """A colour as that vision sees it, in CIELAB under D65."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    mixed = [sum(a * b for a, b in zip(row, linear, strict=True)) for row in VISIONS[vision]]
    red, green, blue = (min(1.0, max(0.0, part)) for part in mixed)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.0890
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("lights", [ON_DARK, ON_LIGHT], ids=["on dark", "on light"])
def test_no_two_lights_look_alike_to_anybody(lights: dict[str, str], vision: str) -> None:
    assert lights.keys() == SHAPES.keys()
    for one, other in combinations(lights, 2):
        there, here = seen(lights[one], vision), seen(lights[other], vision)
        distance = sum((a - b) ** 2 for a, b in zip(there, here, strict=True)) ** 0.5
        assert distance >= APART, (one, other)


def is_readable(made: Palette) -> bool:
    texts = [made.text, made.quiet, *made.lights.values()]
    return all(contrast(text, made.ground) >= READABLE for text in texts)


@pytest.mark.parametrize(("ground", "text"), [(GROUND, TEXT), ("#ffffff", "#111111"), ("#003366", "#ffffff")])
def test_a_dark_and_a_light_ground_are_taken_and_readable(ground: str, text: str) -> None:
    assert not list(faults(ground, text, ACCENT))
    assert is_readable(palette(ground, text, ACCENT))


@given(COLOUR, COLOUR)
@example("#0028fe", "#000000")
def test_whatever_is_taken_is_readable(ground: str, accent: str) -> None:
    text = max("#ffffff", "#111111", key=lambda one: contrast(one, ground))
    assume(not list(faults(ground, text, accent)))
    made = palette(ground, text, accent)
    assert is_readable(made)
    # The chip bears its text in the colour of the ground, the dial's icon stands on the core of the halo.
    assert all(contrast(colour, made.halo_core) >= READABLE for colour in made.lights.values())


@pytest.mark.parametrize(
    ("ground", "text", "key", "ratio"),
    [
        ("#0e1a2e", "#444444", "text", "1.8"),
        ("#777777", "#ffffff", "text", "4.5"),
        ("#e11d48", "#ffffff", "ground", "2.8"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_contrast(ground: str, text: str, key: str, ratio: str) -> None:
    (fault,) = faults(ground, text, ACCENT)
    assert fault[0] == key
    assert f"a contrast of {ratio}" in fault[1]
