"""A replay as one page: an overview, and for each trace its pictures and how it stands to the targets.

The page needs nothing but itself: no script, no font, no other file; it follows the reader's light or dark. The
same pictures are given one by one for other papers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from markupsafe import Markup

from bot.render import render
from bot.replay.queries import KINDS
from bot.replay.report import TITLES, Result, duration, number, remark, share, worst
from bot.replay.report_charts import Bars, Calendar, Cloud, bars, calendar, cloud
from bot.replay.report_data import Drawn
from bot.replay.report_targets import Check, checks, together


@dataclass(frozen=True, slots=True)
class Chapter:
    """What the page says of one trace."""

    result: Result
    checks: tuple[Check, ...]
    cloud: Cloud
    calendar: Calendar
    bars: Bars

    @property
    def asked(self) -> int:
        """How many targets there are for it."""
        return sum(check.asked for check in self.checks)

    @property
    def met(self) -> int:
        """How many of them are met."""
        return sum(check.asked and not check.missed for check in self.checks)


def chapter(result: Result, drawn: Drawn) -> Chapter:
    """Everything of one trace, ready to be drawn."""
    return Chapter(result, tuple(checks(result)), cloud(drawn), calendar(drawn), bars(drawn))


def to_html(drawn: Sequence[tuple[Result, Drawn]]) -> str:
    """The page."""
    results = [result for result, _ in drawn]
    return render(
        "replay.html",
        style=_style(),
        chapters=[chapter(*one) for one in drawn],
        together=[check for check in together(results) if check.value is not None],
        cases=sum(result.cases for result in results),
        kinds=KINDS,
        titles=TITLES,
        duration=duration,
        number=number,
        share=share,
        worst=worst,
        remark=remark,
    )


def to_svg(picture: str, one: Chapter) -> str:
    """One picture of a trace, "cloud", "calendar" or "bars", as a file of its own."""
    return render("replay_picture.svg", style=_style(), picture=picture, chapter=one)


def _style() -> Markup:
    """The style sheet, ours and thus safe."""
    return Markup((files("bot") / "static" / "replay.css").read_text("utf-8"))  # noqa: S704
