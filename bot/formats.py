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
    platform likes best."""

    width: int
    height: int
    safe: Box
    shape: Literal["wide", "round"] = "wide"
    encoding: Encoding = "png"


INNER_CIRCLE = Box(0.15, 0.15, 0.7, 0.7)

FORMATS: Mapping[str, Format] = {
    # Twice the 680 x 240 that Discord's profile editor asks for; the avatar covers the lower left.
    "discord": Format(1360, 480, Box(0.36, 0.1, 0.58, 0.8)),
    # https://support.discord.com/hc/en-us/articles/360028716472 asks to keep the top edge plain.
    "discord-guild": Format(960, 540, Box(0.08, 0.2, 0.84, 0.7)),
    # Twice the 851 x 315 of https://www.facebook.com/help/125379114252045; phones show the middle 16:9.
    "facebook": Format(1702, 630, Box(0.2, 0.13, 0.6, 0.74), encoding="jpeg"),
    # https://help.x.com/en/managing-your-account/common-issues-when-uploading-profile-photo; the profile
    # picture covers the lower left, phones crop the edges.
    "x": Format(1500, 500, Box(0.32, 0.13, 0.58, 0.74)),
    # Shown as a circle by Telegram, LINE, WhatsApp: https://core.telegram.org/bots/api#setmyprofilephoto
    "square": Format(640, 640, INNER_CIRCLE, "round", "jpeg"),
    # https://discord.com/developers/docs/reference#image-formatting, also shown as a circle.
    "avatar": Format(512, 512, INNER_CIRCLE, "round"),
    # 1.91:1, https://developers.facebook.com/docs/sharing/webmasters/images
    "opengraph": Format(1200, 630, Box(0.09, 0.14, 0.82, 0.72)),
}
