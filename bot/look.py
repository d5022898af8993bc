"""How a brand's banners look: its colours, logo, own templates and further fonts, as plain data.

It travels with every picture to the process that draws, so it names files instead of holding them; `mark` changes with
what stands in them, so that a picture of an old logo is not taken for one of the new. Knows no renderer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from bot.colours import ACCENT, GROUND, TEXT


@dataclass(frozen=True, slots=True)
class Look:
    """The look of a brand; empty paths are ours or none."""

    ground: str = GROUND
    text: str = TEXT
    accent: str = ACCENT
    logo: str = ""
    template: str = ""
    fonts: tuple[str, ...] = ()
    mark: str = ""


OURS = Look()
"""What a configuration without [brand] asks for."""


def mark_of(files: Iterable[Path]) -> str:
    """A short text that differs when the files do; empty without files."""
    contents = [file.read_bytes() for file in files]
    return sha256(b"\0".join(contents)).hexdigest()[:16] if contents else ""
