"""The one door to the templates: every value is escaped, a missing one is an error.

HTML and SVG share the folder `bot/templates`; what is a text in a template can never become markup.
"""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

_TEMPLATES = Environment(
    loader=PackageLoader("bot"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, **values: object) -> str:
    """The template of that name in `bot/templates`, filled in."""
    return _TEMPLATES.get_template(template).render(values)
