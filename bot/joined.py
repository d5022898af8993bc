"""Which form each letter of a joined script takes between its neighbours, to measure it by.

Arabic letters are written together, and most are far narrower then than alone. Unicode has a character for each form
of a letter (https://www.unicode.org/charts/PDF/UFE70.pdf), which a font draws as wide as the form itself.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache

FORMS = (range(0xFB50, 0xFDF2), range(0xFE70, 0xFEFD))
NAMES = {(True, True): "medial", (True, False): "final", (False, True): "initial"}
"""The form of a letter by whether it joins the one before and the one after; else it is as it is alone."""


def joined(text: str) -> str:
    """The text with the characters of its letters' forms, as long as before. Other scripts stay as they are."""
    if not any(unicodedata.bidirectional(letter) == "AL" for letter in text):
        return text
    # Marks stand above and below, and do not part letters.
    places = [at for at, letter in enumerate(text) if unicodedata.category(letter) != "Mn"]
    shaped = list(text)
    for before, at, after in zip([None, *places[:-1]], places, [*places[1:], None], strict=True):
        shaped[at] = _form(
            "" if before is None else text[before], text[at], "" if after is None else text[after]
        )
    return "".join(shaped)


def alone(form: str) -> str:
    """The letter that a form is one of, or the character itself."""
    kind, _, letter = unicodedata.decomposition(form).partition("> ")
    return chr(int(letter, 16)) if kind.removeprefix("<") in NAMES.values() and len(letter) == 4 else form


def _form(before: str, letter: str, after: str) -> str:
    forms = _forms()
    joins_before = (before, "initial") in forms and (letter, "final") in forms
    joins_after = (letter, "initial") in forms and (after, "final") in forms
    return forms.get((letter, NAMES.get((joins_before, joins_after), "")), letter)


@cache
def _forms() -> Mapping[tuple[str, str], str]:
    """The character of each letter's forms."""
    characters = [chr(code) for block in FORMS for code in block]
    kinds = {
        form: unicodedata.decomposition(form).partition("> ")[0].removeprefix("<") for form in characters
    }
    return {(alone(form), kinds[form]): form for form in characters if alone(form) != form}
