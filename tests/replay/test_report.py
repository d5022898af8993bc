"""What a replay's table, JSON, targets and page say, on figures known beforehand."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest

from bot.replay.baselines import BASELINES
from bot.replay.queries import KINDS
from bot.replay.replay_job import Job, Outcome, do
from bot.replay.report import OURS, Result, duration, remark, to_json, to_text
from bot.replay.report_charts import bars, calendar, cloud
from bot.replay.report_data import Cell, Column, Day, Drawn, Size, cell
from bot.replay.report_html import chapter, to_html, to_svg
from bot.replay.report_targets import Check, checks, together
from bot.replay.run import Cost
from bot.replay.verdict import Figures
from tests.replay.tiny import DAY, case, trace

NOTHING = Figures(0, 0, None, None, None, None)


def figures(mae_s: float, **others: Any) -> Figures:
    return replace(NOTHING, **{"n": 100, "mae_s": mae_s, "log_mae": mae_s / 1000} | others)


def result(name: str = "steady-1", *, simulated: bool = True, **ours: Any) -> Result:
    """A result in which the best vendor, HOL, errs by 200 s and the handle-time formula by 300 s."""
    verdict = {key: dict.fromkeys(KINDS, figures(400.0)) for key in (OURS, *BASELINES)}
    verdict["hol"] = dict.fromkeys(KINDS, figures(200.0))
    verdict["ewt"] = dict.fromkeys(KINDS, figures(300.0))
    verdict["fluid"] = dict.fromkeys(KINDS, figures(10.0))
    verdict["window_100"] = dict.fromkeys(KINDS, figures(400.0, pinball_p80=100.0))
    verdict["window_7d"] = dict.fromkeys(KINDS, figures(400.0, pinball_p80=150.0))
    verdict[OURS] = dict.fromkeys(KINDS, figures(**{"mae_s": 100.0, **ours}))
    return Result(name, 1000, 42.0, 900.0, simulated, verdict, 2.0, Cost(1.0, 0.01, 5000))


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    """Ten days of a desk that answers after two to nine minutes."""
    cases = [
        case(f"{number}", number * 600.0, number * 600.0 + 120 + 60 * (number % 8))
        for number in range(int(10 * DAY / 600))
    ]
    return do(Job(trace(*cases), predictions=True, pictures=True))


# --- comparing ---------------------------------------------------------------------------------------------


def test_the_best_vendor_is_chosen_afterwards_and_only_among_vendors() -> None:
    assert result().best("live", "mae_s") == ("hol", 200.0)
    assert result().against_best("live", "mae_s") == 0.5


def test_a_length_is_shown_in_its_unit() -> None:
    lengths = (None, 0.0, 9.96, 42.0, 89.0, 90.0, 5000.0, 5400.0, 100_000.0, 200_000.0)
    shown = ["-", "0.0 s", "10.0 s", "42 s", "89 s", "1.5 min", "83.3 min", "1.5 h", "27.8 h", "2.3 d"]
    assert [duration(length) for length in lengths] == shown


# --- JSON and text -----------------------------------------------------------------------------------------


def test_json_gives_every_figure_of_every_estimator_and_kind(outcome: Outcome) -> None:
    data = json.loads(json.dumps(to_json([outcome.result]), allow_nan=False))
    (one,) = data["traces"]
    assert (data["version"], one["trace"], one["cases"]) == (1, "tiny-1", 1440)
    assert set(one["estimators"]) == {OURS, *BASELINES}
    for kinds in one["estimators"].values():
        assert set(kinds) == set(KINDS)
        for flat in kinds.values():
            assert set(flat) >= {
                "n",
                "mae_s",
                "median_ae_s",
                "log_mae",
                "pinball_p50",
                "pinball_p80",
                "pinball_p90",
                "coverage_p80",
                "coverage_p90",
                "week_p80_worst",
                "week_p80_best",
                "day_p80_worst",
                "day_p80_best",
                "mean_p80_s",
                "oracle_ratio",
            }
    # The last eight waits are 2, 3 ... 9 minutes in some order, so the mean of many is five and a half.
    mean = one["estimators"]["last_100"]["live"]
    assert mean["mae_s"] == pytest.approx(120, rel=0.02)
    assert mean["coverage_p80"] is None
    assert one["estimators"]["window_100"]["live"]["coverage_p80"] == pytest.approx(7 / 8, abs=0.01)


def test_a_range_becomes_two_figures() -> None:
    flat = to_json([result(week_p80=(0.7, 0.9))])["traces"][0]["estimators"][OURS]["live"]
    assert (flat["week_p80_worst"], flat["week_p80_best"], flat["day_p80_worst"]) == (0.7, 0.9, None)


def test_the_table_has_a_line_a_trace_and_one_trace_is_told_in_full(outcome: Outcome) -> None:
    two = to_text([result("steady-1", coverage_p80=0.8), result("crisis-2")])
    assert re.search(r"^steady-1 +1,000 +15.0 min +1.7 min +3.3 min hol +0.50 .* 80.0%", two, re.MULTILINE)
    assert re.search(r"^crisis-2 ", two, re.MULTILINE)
    assert "median of 7 days" not in two
    assert to_text([outcome.result]).count("median of 7 days") == len(KINDS)


def test_a_vendors_short_name_is_explained() -> None:
    assert "\nhol: head of the line.\n" in to_text([result("steady-1"), result("crisis-2")])


@pytest.mark.parametrize(
    ("days", "n", "unknown", "why"),
    [
        (42.0, 5, 0, ""),
        (6.9, 0, 0, "It ends within its first 7 days"),
        (42.0, 0, 1200, "Jono could not say anything to all 1,200 who were answered"),
        (42.0, 0, 0, "Nobody was answered after the first 7 days"),
    ],
)
def test_where_there_is_nothing_to_judge_the_reason_is_told(
    days: float, n: int, unknown: int, why: str
) -> None:
    one = replace(result(n=n, unknown=unknown), days=days)
    assert remark(one).startswith(why)
    assert bool(remark(one)) is bool(why)
    assert remark(one) in to_text([one])


# --- targets -----------------------------------------------------------------------------------------------


def check(one: Result, name: str) -> Check:
    return next(found for found in checks(one) if found.name == name)


def test_a_figure_is_held_against_its_limits() -> None:
    held = Check("x", 0.81, 0.78, 0.82, as_share=True)
    short = Check("x", 0.75, 0.78, 0.82, as_share=True)
    over = Check("x", 1.5, high=1.25)
    assert [(one.missed, round(one.shortfall, 3)) for one in (held, short, over)] == [
        (False, 0),
        (True, 0.03),
        (True, 0.25),
    ]
    assert (held.shown, held.limit, over.shown, over.limit) == (
        "81.0%",
        "78.0% to 82.0%",
        "1.50",
        "at most 1.25",
    )


def test_a_miss_never_reads_like_its_limit() -> None:
    assert Check("x", 0.604, high=0.6).shown == "0.604"
    assert Check("x", 0.596, high=0.6).shown == "0.60"
    assert Check("x", 0.7797, 0.78, as_share=True).shown == "77.97%"


def test_what_is_not_known_is_neither_met_nor_missed() -> None:
    unknown, unasked = Check("x", None, 0.78), Check("x", 0.5)
    assert [one.asked for one in (unknown, unasked)] == [False, False]
    assert [one.missed for one in (unknown, unasked)] == [False, False]


def test_limits_go_by_the_kind_of_desk() -> None:
    name = "80 % promises kept in the worst 7 days, live"
    assert check(result("steady-1", week_p80=(0.73, 0.8)), name).missed
    assert not check(result("crisis-1", week_p80=(0.73, 0.8)), name).missed
    assert check(result("crisis-1", week_p80=(0.71, 0.8)), name).missed
    oracle = "error over the best possible"
    limits = {
        desk: check(result(f"{desk}-9", oracle=1.2), oracle).high for desk in ("claiming", "churn", "messy")
    }
    assert limits == {"claiming": 1.05, "churn": 1.25, "messy": None}


def test_of_a_recorded_desk_only_honesty_is_asked() -> None:
    recorded = result("steady-1", simulated=False, coverage_p80=0.5)
    assert not check(recorded, "error over the best vendor's").asked
    assert check(recorded, "80 % promises kept, waiting").missed
    assert "error over the best possible" not in {one.name for one in checks(recorded)}


def test_the_published_figure_is_held_against_the_live_one() -> None:
    one = result()
    verdict = {**one.verdict, OURS: {**one.verdict[OURS], "published": figures(104.0)}}
    found = check(replace(one, verdict=verdict), "error of the published figure over the live one's")
    assert (found.value, found.missed) == (1.04, True)


def test_the_geometric_mean_is_over_simulated_traces() -> None:
    traces = [result(mae_s=50.0), result(mae_s=200.0), result(mae_s=9999.0, simulated=False)]
    best, vendor = together(traces)
    assert best.value == pytest.approx((0.25 * 1.0) ** 0.5)
    assert vendor.value == pytest.approx((50 / 300 * 200 / 300) ** 0.5)
    assert not best.missed


# --- pictures ----------------------------------------------------------------------------------------------

DAYS = tuple(
    Day(number, 50, 0.8, 0.8 if number > 6 else None, 0.9 if number > 6 else None) for number in range(21)
)
DRAWN = Drawn(
    (Cell(0, 0, 1), Cell(8, 8, 100)),
    (Column(8, 100.0, 1000.0, 1000.0),),
    DAYS,
    (Size(60.0, 10, 50.0, 100.0), Size(None, 1, 90.0, None)),
    "hol",
)


def test_cells_are_eighths_of_a_decade_from_ten_seconds_on() -> None:
    assert [cell(seconds) for seconds in (0.0, 10.0, 13.0, 14.0, 100.0, 1000.0)] == [0, 0, 0, 1, 8, 16]


def test_the_cloud_puts_right_answers_on_the_diagonal() -> None:
    found = cloud(DRAWN)
    box = found.box
    for x, y, _ in found.cells:
        assert x - box.left == pytest.approx(box.bottom - (y + found.cell), abs=0.1)
    assert found.cells[0][2] < found.cells[1][2]
    assert [tick.label for tick in found.across] == ["10 s", "1 min"]
    # True 80 % quantile and p80 are the same here: the ring is on the line.
    assert found.p80 == f"{found.p80s[0].x:.1f},{found.p80s[0].y:.1f}"


def test_the_calendar_shows_the_band_and_breaks_where_days_are_missing() -> None:
    gap = tuple(day for day in DAYS if day.number != 17)
    whole = calendar(DRAWN)
    assert len(whole.p80) == 1
    (top, height), _ = whole.bands
    assert all(top < dot.y < top + height for dot in whole.days)
    assert whole.learning == pytest.approx(whole.box.width / 3, abs=0.1)
    missing = replace(DRAWN, days=(*gap[:17], Day(17, 0, None, None, None), *gap[17:]))
    assert [len(line.split()) for line in calendar(missing).p80] == [4, 3]


def test_the_longer_bar_fills_the_plot() -> None:
    short, long = bars(DRAWN).bars
    assert (short.ours, short.vendor) == (200.0, 400.0)
    assert (short.label, short.cases, short.ours_text) == ("up to 1 min", "10 cases", "50 s")
    assert (long.label, long.cases, long.vendor, long.vendor_text) == ("over 1 min", "1 case", 0.0, "-")


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


def test_the_page_needs_nothing_but_itself(outcome: Outcome) -> None:
    assert outcome.drawn is not None
    second = replace(outcome.result, name="<b>&")
    text = to_html([(outcome.result, outcome.drawn), (second, outcome.drawn)])
    page = Page()
    page.feed(text)
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert page.links == ["#trace-1", "#trace-2"]
    assert "url(" not in text
    assert "@import" not in text
    assert page.tags.count("svg") == 6
    assert "<b>&" not in text
    assert "&lt;b&gt;&amp;" in text


@pytest.mark.parametrize("picture", ["cloud", "calendar", "bars"])
def test_a_picture_alone_is_an_svg_with_its_colours(outcome: Outcome, picture: str) -> None:
    assert outcome.drawn is not None
    text = to_svg(picture, chapter(outcome.result, outcome.drawn))
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "prefers-color-scheme: dark" in text
    assert root.get("width")


def test_a_replay_of_one_case_can_be_drawn() -> None:
    found = do(Job(trace(case("a", 0, 50)), pictures=True))
    assert found.drawn is not None
    assert "tiny-1" in to_html([(found.result, found.drawn)])
    assert found.lines == ""


def test_all_of_a_replay_is_drawn_from_what_jono_told(outcome: Outcome) -> None:
    assert outcome.drawn is not None
    assert sum(one.cases for one in outcome.drawn.cells) == outcome.result.ours("live").n
    assert sum(one.cases for one in outcome.drawn.sizes) == outcome.result.ours("live").n
    assert len(outcome.drawn.days) == 10
