"""What stands on a banner, in pixels: what templates are given to draw, as docs/banners.md tells operators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Role = Literal["brand", "caption", "figure", "unit", "note", "state"]
Anchor = Literal["start", "middle", "end"]
BOLD: frozenset[Role] = frozenset({"figure", "state"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text in place: `x` is its left, middle or right, as `anchor` says; `y` is the baseline."""

    text: str
    role: Role
    x: float
    y: float
    size_px: float
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Dial:
    """A clock face whose arc is the promise: a quarter for 15 minutes, all of it for an hour and more."""

    x: float
    y: float
    radius: float
    share: float


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle on the picture."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything in place: the chip is what the state stands on, the icon is the light's. There may be no logo."""

    dial: Dial
    lines: Sequence[Line]
    chip: Area
    icon: Area
    logo: Area | None
