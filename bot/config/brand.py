"""The `[brand]` table: how pictures look.

Everything is looked at when the configuration is read: that colours can be told apart and read, that files are there
and of the right kind. A picture is drawn for customers, so nothing in it may be found wrong only then.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import ValidationInfo, field_validator, model_validator

from bot.colours import ACCENT, GROUND, TEXT, faults
from bot.config.kinds import Settings, fault_at, written_as
from bot.logo import read_logo
from bot.look import Look, mark_of
from bot.render import check_templates

Colour = Annotated[
    str, written_as(r"#[0-9a-fA-F]{6}", 'is not a colour; write "#" and six hexadecimal digits')
]


class BrandSettings(Settings):
    """Colours, a logo, own templates and further fonts of banners. Empty paths are ours, or none."""

    ground: Colour = GROUND
    text: Colour = TEXT
    accent: Colour = ACCENT
    logo: str = ""
    template: str = ""
    fonts: tuple[str, ...] = ()

    @field_validator("logo", "template")
    @classmethod
    def _found_from_the_file(cls, path: str, info: ValidationInfo) -> str:
        """A relative path counts from `info.context`, the configuration's folder."""
        return _from(info.context, path) if path else path

    @field_validator("fonts")
    @classmethod
    def _all_found_from_the_file(cls, paths: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return tuple(_from(info.context, path) for path in paths)

    @model_validator(mode="after")
    def _readable(self) -> Self:
        for key, sentence in faults(self.ground, self.text, self.accent):
            raise fault_at(key, sentence)
        return self

    @model_validator(mode="after")
    def _files_are_right(self) -> Self:
        try:
            key = "logo"
            if self.logo:
                read_logo(Path(self.logo))
            key = "template"
            if self.template:
                check_templates(Path(self.template))
            key = "fonts"
            if self.fonts:
                _check_fonts(self.fonts)
        except ValueError as wrong:
            raise fault_at(key, str(wrong)) from None
        return self

    def look(self) -> Look:
        """The look of the brand's pictures, with what stands in its files now."""
        files = [Path(self.logo)] if self.logo else []
        files += sorted(Path(self.template).glob("*.svg")) if self.template else []
        return Look(**self.model_dump(), mark=mark_of(files))


def _from(folder: object, path: str) -> str:
    return str(folder / path) if isinstance(folder, Path) else path


def _check_fonts(paths: tuple[str, ...]) -> None:
    # Reading fonts takes a library that a bot without them does not need to load.
    from bot.glyphs import FontFile, NoFont

    for path in paths:
        try:
            FontFile(Path(path))
        except NoFont as wrong:
            raise NoFont(f"{path} {wrong}; give the path of a .ttf, .otf or .ttc file") from None
