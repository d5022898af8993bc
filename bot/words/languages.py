"""The languages we have words in: the source texts, and one gettext catalogue for each translation.

English is the source and stands in the code; a translation is a file `bot/locale/<code>/LC_MESSAGES/jono.po`
and nothing else. The catalogues are compiled in memory when they are first asked for.

The texts are collected for translators with
`pybabel extract -k say -k count:1,2 -c "Translators:" -o jono.pot bot/words`,
and a translation is brought up to date with `pybabel update -D jono -i jono.pot -d bot/locale`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

SOURCE_LANGUAGE = "en"
LONGEST_TAG_CHARS = 35
"""Enough for every language tag in use: https://www.rfc-editor.org/rfc/rfc5646#section-4.4.1"""


class Language:
    """One language: its texts, its plurals, and its customs for times and units (`locale`)."""

    def __init__(self, code: str, translations: NullTranslations) -> None:
        self.code = code
        self.locale = Locale.parse(code)
        self._translations = translations

    @property
    def tag(self) -> str:
        """Its name for browsers and feeds."""
        return tag_of(self.code)

    @property
    def own_name(self) -> str:
        """What its speakers call it."""
        return self.locale.get_display_name() or self.code

    def say(self, text: str, /, **values: object) -> str:
        """The translation of `text`, its {placeholders} filled in."""
        return self._translations.gettext(text).format(**values)

    def count(self, one: str, many: str, n: int, /, **values: object) -> str:
        """The translation in the plural form that `n` needs; `n` fills {n}."""
        return self._translations.ngettext(one, many, n).format(n=n, **values)


def tag_of(code: str) -> str:
    """The tag of a language's code: https://www.rfc-editor.org/rfc/rfc5646"""
    return code.replace("_", "-")


@cache
def load_languages() -> dict[str, Language]:
    """Every language by its code, the source first. Raises PoFileError for a broken catalogue."""
    languages = {SOURCE_LANGUAGE: Language(SOURCE_LANGUAGE, NullTranslations())}
    for folder in sorted(files("bot").joinpath("locale").iterdir(), key=lambda folder: folder.name):
        catalogue = folder.joinpath("LC_MESSAGES", "jono.po")
        if catalogue.is_file():
            languages[folder.name] = Language(folder.name, _compile(catalogue, folder.name))
    return languages


def _compile(catalogue: Traversable, code: str) -> GNUTranslations:
    compiled = BytesIO()
    with catalogue.open("rb") as text:
        write_mo(compiled, read_po(text, locale=code, abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)


def lookup(tag: str, codes: Iterable[str]) -> str | None:
    """The code that a language tag asks for, or None; the tag is shortened subtag by subtag until one fits.

    This is the lookup of RFC 4647, section 3.4: https://www.rfc-editor.org/rfc/rfc4647#section-3.4
    """
    by_tag = {tag_of(code).lower(): code for code in codes}
    subtags = tag_of(tag[:LONGEST_TAG_CHARS].strip()).lower().split("-")
    while subtags:
        if code := by_tag.get("-".join(subtags)):
            return code
        subtags.pop()
    return None
