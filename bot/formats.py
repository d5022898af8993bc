"""The pictures that platforms take: each format's size, and where text on it survives.

Platforms lay their own furniture over a banner: they crop it on phones, put a profile picture over a corner, mask
it round. What is drawn into them stands in `bot.banner`; this module knows no renderer, so it costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["png", "jpeg"]

SUFFIXES: Mapping[str, Encoding] = {"png": "png", "jpg": "jpeg"}
"""How the file of each encoding is named."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle as parts of a picture's width and height."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Format:
    """The size of a platform's picture in pixels, the part of it that stays visible everywhere, and the encoding its
    platform likes best. `avatar` is about where the platform lays the profile picture."""

    width: int
    height: int
    safe: Box
    shape: Literal["wide", "round"] = "wide"
    encoding: Encoding = "png"
    avatar: Box | None = None


INNER_CIRCLE = Box(0.15, 0.15, 0.7, 0.7)
"""Of a picture that is shown as a circle."""
# Twice the 680 x 240 that Discord's profile editor asks for. Its cards show the middle 600 of 680, and the avatar of
# 92 of 340 pixels, border included, at the lower left.
_DISCORD = Format(1360, 480, Box(0.36, 0.1, 0.57, 0.8), avatar=Box(0.047, 0.62, 0.27, 0.77))
_SQUARE = Format(640, 640, INNER_CIRCLE, "round", "jpeg")

FORMATS: Mapping[str, Format] = {
    "discord": _DISCORD,
    # The bot's own banner on one server: https://discord.com/developers/docs/resources/guild#modify-current-member
    "discord-member": _DISCORD,
    # A server's banner: over the list of channels its uppermost 48 of 135 pixels bear the server's name, and
    # https://support.discord.com/hc/en-us/articles/360028716472 asks to keep them plain.
    "discord-guild": Format(960, 540, Box(0.08, 0.36, 0.84, 0.58)),
    # https://discord.com/developers/docs/reference#image-formatting, shown as a circle.
    "avatar": Format(512, 512, INNER_CIRCLE, "round"),
    # Twice the 851 x 315 of https://www.facebook.com/help/125379114252045, of which computers show 820 x 312, and
    # phones 640 x 360: the middle two thirds of the width.
    "facebook": Format(
        1702, 630, Box(0.2, 0.13, 0.6, 0.74), encoding="jpeg", avatar=Box(0.02, 0.86, 0.21, 0.56)
    ),
    # At least 320 a side, shown as a circle.
    "facebook-profile": _SQUARE,
    # https://help.x.com/en/managing-your-account/common-issues-when-uploading-profile-photo; about 60 pixels at the
    # top and the bottom are hidden on some screens, and the profile picture covers the lower left.
    "x": Format(1500, 500, Box(0.32, 0.13, 0.58, 0.74), avatar=Box(0.027, 0.65, 0.237, 0.71)),
    "x-profile": Format(400, 400, INNER_CIRCLE, "round"),
    # All three show a circle: https://core.telegram.org/bots/api#setmyprofilephoto
    "telegram": _SQUARE,
    "line": _SQUARE,
    "whatsapp": _SQUARE,
    # Any profile that takes a square picture.
    "square": _SQUARE,
    # 1.91:1, https://developers.facebook.com/docs/sharing/webmasters/images
    "opengraph": Format(1200, 630, Box(0.09, 0.14, 0.82, 0.72)),
}


def alike() -> Mapping[str, Format]:
    """One format for all that are laid out alike, by their names joined with commas."""
    names: dict[tuple[object, ...], list[str]] = {}
    for name, one in FORMATS.items():
        names.setdefault((one.shape, one.width / one.height, one.safe), []).append(name)
    return {", ".join(group): FORMATS[group[0]] for group in names.values()}
