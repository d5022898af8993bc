"""The language asked for is found, and every text in the code is translated whole in every catalogue."""

from __future__ import annotations

import ast
import itertools
import re
from datetime import UTC
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from adapters.x.posts import POST_WEIGHT, weight
from bot.words import Words
from status.model import REASONS, Outlook
from tests.bot.signs import HELSINKI, NOON, promising

BOT = Path(str(files("bot")))
CATALOGUES = sorted(BOT.glob("locale/*/LC_MESSAGES/jono.po"))
KEYWORDS = {"say": None, "count": (1, 2)}

WORDS = Words()

MessageId = str | tuple[str, ...]


def texts_in_code() -> set[MessageId]:
    """What `pybabel extract` finds, as the head of bot/words/languages.py tells translators to call it."""
    found = extract_from_dir(BOT / "words", method_map=[("**.py", "python")], keywords=KEYWORDS)
    return {message for _, _, message, _, _ in found}


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w*)\}", text))


def forms(text: object) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, tuple | list) else (str(text),)


@pytest.fixture(params=CATALOGUES, ids=lambda path: path.parent.parent.name)
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    path: Path = request.param
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name, abort_invalid=True)


def test_finnish_and_polish_are_there() -> None:
    assert {"fi", "pl"} <= {path.parent.parent.name for path in CATALOGUES}


def test_every_text_has_a_translation_and_no_translation_is_left_over(catalogue: Catalog) -> None:
    translated = {message.id for message in catalogue if message.id}

    assert texts_in_code() - translated == set()
    assert translated - texts_in_code() == set()


def test_no_translation_is_empty_or_in_doubt(catalogue: Catalog) -> None:
    for message in catalogue:
        assert not message.fuzzy, message.id
        assert all(form.strip() for form in forms(message.string)), message.id


def test_every_plural_form_is_there(catalogue: Catalog) -> None:
    for message in catalogue:
        if message.pluralizable:
            assert len(forms(message.string)) == catalogue.num_plurals, message.id


def test_every_form_keeps_the_placeholders(catalogue: Catalog) -> None:
    for message in catalogue:
        if message.id:
            wanted = placeholders(forms(message.id)[-1])
            assert all(placeholders(form) == wanted for form in forms(message.string)), message.id


@pytest.mark.parametrize("module", sorted((BOT / "words").glob("*.py")), ids=lambda path: path.stem)
def test_texts_are_literals_so_that_the_collector_finds_them(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            texts = node.args[: {"say": 1, "count": 2}.get(name, 0)]
            assert all(isinstance(text, ast.Constant) for text in texts), f"line {node.lineno}"


PUBLIC = [
    *(promising(within_s) for within_s in (900, 5_400, 3 * 86_400)),
    Outlook("closed", NOON, 0, 0),
    Outlook("closed", NOON, 0, 0, opens_at=NOON + 3 * 86_400),
    *(Outlook("unknown", NOON, 0, 0, reason=reason) for reason in REASONS),
]
"""Outlooks with long words."""


@pytest.mark.parametrize("language", WORDS.languages())
def test_what_is_said_in_public_fits_into_a_post(language: str) -> None:
    """The narrowest public place is X; a link counts the same there however long it is."""
    words = WORDS.customer(language, HELSINKI)
    for outlook, variant in itertools.product(PUBLIC, range(12)):
        address = "https://shop.example.com/chat/" + "x" * 100
        for text in (
            words.in_public(outlook, address, variant),
            words.in_public(outlook, "", variant),
            words.late_in_public(outlook, variant),
        ):
            assert weight(text) <= POST_WEIGHT, text


# --- choosing the language ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "language"),
    [
        (("fi",), "fi"),
        (("fi-FI",), "fi"),
        (("pl_PL",), "pl"),
        (("PL-pl-x-private",), "pl"),
        (("pt", "fi"), "fi"),
        (("", "pt"), "en"),
        (("fil",), "en"),
        ((), "en"),
    ],
)
def test_the_first_tag_that_we_speak_wins(tags: tuple[str, ...], language: str) -> None:
    assert WORDS.negotiate(*tags) == language


@given(st.text())
def test_any_tag_leads_to_some_language(tag: str) -> None:
    assert WORDS.negotiate(tag) in WORDS.languages()


def test_the_default_is_for_the_languages_we_do_not_speak() -> None:
    finnish = Words("fi-FI")

    assert finnish.negotiate("pt") == "fi"
    assert finnish.negotiate("en") == "en"
    assert finnish.match("pt") is None


def test_a_default_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="no words in 'tlh'; there are: en, fi, pl"):
        Words("tlh")


def test_languages_call_themselves_by_their_own_name() -> None:
    assert WORDS.languages() == {"en": "English", "fi": "suomi", "pl": "polski"}
    assert WORDS.customer("fi", UTC).language_set() == "Kieli on nyt suomi."
