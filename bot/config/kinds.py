"""The kinds of value that tables of the configuration are made of.

Answers what a text, a name or a language may look like, each with one sentence that says what is wrong and
the way out. Never repeats a refused value: it may be a secret in the wrong place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import InitErrorDetails


class Settings(BaseModel):
    """One table: frozen, no unknown key, no silent change of type (a quoted number is not a number)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


def written_as(pattern: str, otherwise: str) -> AfterValidator:
    """Takes a text that matches `pattern` as a whole; `otherwise` is the sentence for one that does not."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(otherwise)
        return text

    return AfterValidator(check)


def _distinct(texts: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(texts)) < len(texts):
        raise ValueError("names the same entry twice; keep one of them")
    return texts


def fault_at(key: str, sentence: str) -> ValidationError:
    """What a table's own check raises to blame one of its keys rather than the table."""
    details = InitErrorDetails(
        type="value_error", loc=(key,), input=None, ctx={"error": ValueError(sentence)}
    )
    return ValidationError.from_exception_data("fault", [details])


def listed(names: Iterable[str]) -> str:
    """Names as a sentence shows them."""
    return ", ".join(sorted(names)) or "none"


NAME = r"[a-z0-9][a-z0-9_-]{0,31}"
Name = Annotated[
    str,
    written_as(NAME, "is not a good name; use 1 to 32 of a-z, 0-9, - and _, the first a letter or digit"),
]
"""The name of a queue or a channel; it stands in addresses, store keys and metrics."""

_LINE = r"\S(?:.{0,98}\S)?"
_NO_LINE = "must be one line of at most 100 characters; leave no spaces around them"
Line = Annotated[str, written_as(_LINE, _NO_LINE)]
"""A short text that people read."""
LineOrNone = Annotated[str, written_as(f"(?:{_LINE})?", _NO_LINE)]

# The subset of BCP 47 in use for texts: language, script, region. https://www.rfc-editor.org/rfc/rfc5646
_LANGUAGE = r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-[A-Z]{2})?"
_NO_LANGUAGE = 'is not a language tag; write "en", "fi" or "pt-BR"'
Language = Annotated[str, written_as(_LANGUAGE, _NO_LANGUAGE)]
LanguageOrNone = Annotated[str, written_as(f"(?:{_LANGUAGE})?", _NO_LANGUAGE)]

Identifiers = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], AfterValidator(_distinct)]
"""Distinct texts of a platform's or our own making, such as agents' ids."""
