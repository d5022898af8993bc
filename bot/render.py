"""The one door to the templates: every value is escaped, a missing one is an error.

HTML and SVG share the folder `bot/templates`; what is a text in a template can never become markup. An operator's own
templates of banners run in a sandbox: they fill in values and reach nothing else.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    TemplateError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot import statics
from bot.icons import ICONS
from bot.words.languages import tag_of

OWN_TEMPLATES = ("banner_wide.svg", "banner_round.svg")
"""What an operator may have templates for; one that is not there is ours."""

_FAILS = (TemplateError, TypeError, ValueError, ArithmeticError)
"""What a template of somebody else may raise."""


class BadTemplate(ValueError):
    """An operator's template cannot be filled in; the text says why."""


def _prepared(kind: type[Environment], loader: BaseLoader) -> Environment:
    return kind(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


_TEMPLATES = _prepared(Environment, PackageLoader("bot"))
_TEMPLATES.globals |= {"address": statics.address, "icons": ICONS}
_TEMPLATES.filters["tag"] = tag_of


def render(template: str, **values: object) -> str:
    """The template of that name in `bot/templates`, filled in. Each of them knows the `icons`, the `address` of a
    static file, and how to `tag` a language."""
    return _TEMPLATES.get_template(template).render(values)


def render_own(folder: str, template: str, **values: object) -> str:
    """The operator's template of that name in `folder`, or ours where there is none. Raises BadTemplate."""
    try:
        return _own(folder).get_template(template).render(values)
    except _FAILS as error:
        raise BadTemplate(f"{template} cannot be filled in: {error}") from None


def check_templates(folder: Path) -> None:
    """Whether there are templates in a folder, well-formed ones. Raises BadTemplate."""
    found = [name for name in OWN_TEMPLATES if (folder / name).is_file()]
    if not found:
        raise BadTemplate(f"holds neither {' nor '.join(OWN_TEMPLATES)}; name the folder they are in")
    for name in found:
        try:
            _own(str(folder)).get_template(name)
        except _FAILS as error:
            raise BadTemplate(f"holds a {name} that is no template: {error}; mend it") from None


@cache
def _own(folder: str) -> Environment:
    ours_after = ChoiceLoader([FileSystemLoader(folder), PackageLoader("bot")])
    return _prepared(ImmutableSandboxedEnvironment, ours_after)
