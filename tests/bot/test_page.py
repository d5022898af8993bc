"""The status page: what it says, that it is sound HTML in every state, and that no name can change it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

import bot.page
from bot.card import QueueStatus, Way, trend
from bot.page import Days, render_embed, render_page
from bot.past import LEAST_PROMISES
from bot.points import in_slots
from bot.published import HistoryPoint, Published
from bot.web.answers import PICTURE_HEADERS, SECURITY_HEADERS
from status.hours import Hours, shift
from status.model import Outlook, TrackRecord, Wait
from tests.bot.contrast import contrast
from tests.bot.signs import HELSINKI, HOSTILE_NAMES, NOON, OUTLOOKS, WORDS, closed, promising

STATIC = Path(bot.page.__file__).parent / "static"
A_MONTH = TrackRecord(30, 1204, 975)
OFFICE = Hours(HELSINKI, ((shift("09:00-17:00"),),) * 7)
VOID = {"meta", "link", "path", "circle", "rect", "polygon", "polyline", "br", "img", "input"}


class Reader(HTMLParser):
    """What a browser sees: the elements in order, their attributes, the text outside of them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names)), f"an attribute twice in <{tag}>"
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"</{tag}> closes something else"
        self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, attribute: str) -> list[str]:
        return [value for _, found in self.elements if (value := found.get(attribute))]

    @property
    def words(self) -> str:
        return " ".join(self.text.replace("\N{NO-BREAK SPACE}", " ").split())


def history(p80_s: float = 700.0) -> list[HistoryPoint]:
    """A day at five-minute steps: closed until 9:00 but for the afternoon before, always the same wait."""
    points = []
    for step in range(288, -1, -1):
        at = NOON - step * 300
        if OFFICE.is_open(at):
            points.append(
                HistoryPoint(
                    at,
                    "open",
                    3,
                    2,
                    p80_s / 2,
                    p80_s,
                    promises=2,
                    kept=1,
                    arrived=3,
                    answered=2,
                    left=1,
                    within_target=1,
                )
            )
        else:
            points.append(HistoryPoint(at, "closed", 3, 0, None, None, promises=0, kept=0))
    return points


def queue(
    outlook: Outlook,
    title: str = "Support",
    name: str = "support",
    points: Sequence[HistoryPoint] = (),
    record: TrackRecord = A_MONTH,
    hours: Hours = OFFICE,
    ways: Sequence[Way] = (),
) -> QueueStatus:
    published = Published(name, outlook, NOON + 300, record)
    return QueueStatus(title, hours, 900, 1800, published, points, in_slots(points), ways)


def page(
    *queues: QueueStatus, language: str = "en", now: float = NOON, brand: str = "Acme", days: Days = 1
) -> str:
    return render_page(queues, brand=brand, words=WORDS, language=language, now=now, days=days)


def says(*queues: QueueStatus, language: str = "en", now: float = NOON, days: Days = 1) -> str:
    return Reader(page(*queues, language=language, now=now, days=days)).words


def embed(*queues: QueueStatus, brand: str = "Acme") -> str:
    return render_embed(queues, brand=brand, words=WORDS, language="en", now=NOON)


def test_it_says_in_words_what_a_customer_wants_to_know() -> None:
    words = says(queue(promising(900), points=history()))

    assert "Open Reply within 15 min" in words
    assert "Half of the replies come within 6 min, 80% within 15 min" in words
    assert "7 people are waiting" in words
    assert "Open until 5:00 PM" in words
    assert "As of 12:00 PM, next update at 12:05 PM" in words
    assert "Of 1,204 promises in the last 30 days, 81% were kept" in words


def test_search_engines_and_link_previews_get_the_sentence() -> None:
    html = page(queue(promising(900)))

    assert html.count('content="You should have a reply within 15 minutes"') == 2


def test_it_speaks_finnish_and_polish() -> None:
    finnish, polish = (page(queue(promising(900)), language=code) for code in ("fi", "pl"))

    assert '<html lang="fi">' in finnish
    assert "Vastausaika enintään 15 min" in Reader(finnish).words
    assert "7 asiakasta jonossa" in Reader(finnish).words
    assert '<html lang="pl">' in polish
    assert "Odpowiedź w ciągu 15 min" in Reader(polish).words
    assert "Czeka 7 osób" in Reader(polish).words


def test_a_closed_desk_says_when_it_opens() -> None:
    words = says(queue(closed(NOON + 21 * 3600, 900)))

    assert "Closed We open tomorrow at 9:00 AM Then a reply within 15 min" in words
    assert "Open until" not in words


def test_an_unknown_wait_is_said_to_be_unknown_with_its_reason() -> None:
    assert "Unknown Reply time Not known right now Nobody is on duty" in says(queue(OUTLOOKS["nobody"]))


def test_a_wait_beyond_every_promise_is_said_to_be_that_long() -> None:
    words = says(queue(OUTLOOKS["too long"]))

    assert "Very long wait Reply time More than 14 days The queue is too long to promise a time" in words


@pytest.mark.parametrize(
    ("within_s", "light"), [(900, "open"), (1200, "busy"), (1800, "long"), (2700, "long")]
)
def test_the_light_follows_the_target_and_the_apology(within_s: float, light: str) -> None:
    assert f'class="sign {light}"' in page(queue(promising(within_s)))


def test_a_figure_that_is_overdue_is_called_old() -> None:
    shown = queue(promising(900))

    assert "these figures are old" not in says(shown, now=NOON + 600)
    assert "No update since 12:00 PM: these figures are old" in says(shown, now=NOON + 601)


def test_a_handful_of_promises_is_no_track_record() -> None:
    few = queue(promising(900), points=history(), record=TrackRecord(30, LEAST_PROMISES - 1, 20))
    enough = queue(promising(900), points=history(), record=TrackRecord(30, LEAST_PROMISES, 20))

    assert "were kept" not in says(few)
    assert "were kept" in says(enough)


def test_the_trend_compares_with_half_an_hour_ago() -> None:
    assert trend(queue(promising(900), points=history(1700))) == ("shorter", 1800)
    assert trend(queue(promising(900), points=history(290))) == ("longer", 300)
    assert trend(queue(promising(900), points=history(800))) == ("same", 900)


def test_a_wait_that_only_crossed_into_the_next_box_is_no_trend() -> None:
    # 13.5 minutes now are shown as 15; 14.8 then were shown as 15 too, 15.1 then as 20.
    assert trend(queue(promising(900), points=history(890))) == ("same", 900)
    assert trend(queue(promising(900), points=history(906))) == ("shorter", 1200)
    # Now 14.7 minutes, also shown as 15: hardly less than the 15.1 shown as 20.
    hardly = Wait(400, 880, 1200, 120, "throughput", NOON)
    assert trend(queue(replace(promising(900), wait=hardly), points=history(906))) == ("same", 1200)


def test_without_a_figure_of_half_an_hour_ago_there_is_no_trend() -> None:
    fresh = [point for point in history() if point.at > NOON - 900]

    assert trend(queue(promising(900), points=fresh)) is None
    assert trend(queue(OUTLOOKS["nobody"], points=history())) is None
    assert "half an hour ago" not in says(queue(promising(900), points=fresh))


def test_several_queues_have_a_card_each_and_a_link_to_themselves() -> None:
    shown = Reader(page(queue(promising(900)), queue(OUTLOOKS["nobody"], "Billing", "billing")))

    assert shown.words.count("Reply within") == 1
    assert [link for link in shown.all("href") if "queue=" in link] == [
        "/?queue=support&lang=en",
        "/?queue=billing&lang=en",
    ]
    assert "Opening hours" not in shown.words


def test_one_of_several_queues_links_back_to_all_and_keeps_itself_in_other_languages() -> None:
    html = render_page(
        [queue(promising(900))], brand="Acme", words=WORDS, language="en", now=NOON, selected="support"
    )

    links = set(Reader(html).all("href"))
    assert {"/?lang=en", "/?queue=support&lang=fi", "/?queue=support&lang=pl"} <= links
    assert "All queues" in Reader(html).words


def test_the_picture_of_the_day_is_also_told_in_words_and_as_a_table() -> None:
    words = says(queue(promising(900), points=history()))

    assert "In the last 24 hours the published wait was between 12 min and 12 min" in words
    assert "11:00 AM 6 min 12 min 36 24 12 / 24" in words
    assert "3:00 AM Closed Closed 0 0 –" in words


def test_a_manager_sees_how_the_last_day_went() -> None:
    words = says(queue(promising(900), points=history()))

    # The chart's day begins at 13:00: four hours of yesterday and three of today, of twelve points each, and one more.
    assert "Promises kept 50% 85 of 170" in words
    assert "Got a reply 67% 170 of 255" in words
    assert "Replies within 15 min 50% 85 of 170" in words
    assert "New requests 255 170 replies" in words


def test_a_manager_sees_how_the_last_week_went() -> None:
    words = says(queue(promising(900), points=history()), days=7)

    assert "The last 7 days 24 hours 7 days Promises kept 50% 97 of 194" in words
    assert "In the last 7 days the published wait was between 12 min and 12 min" in words
    assert "Tue, Nov 24 6 min 12 min 111 74 37 / 74 Mon, Nov 23 6 min 12 min 180 120 60 / 120" in words


def test_a_share_of_nothing_is_no_share() -> None:
    nothing = [HistoryPoint(NOON, "open", 0, 1, 100, 200, 0, 0)]

    assert "Promises kept – Got a reply – Replies within 15 min – New requests 0 0 replies" in says(
        queue(promising(900), points=nothing)
    )


def test_the_hours_of_the_coming_week_are_listed_with_today_marked() -> None:
    week = ((shift("09:00-12:00"), shift("13:00-17:00")),) * 5 + ((shift("10:00-14:00"),), ())
    holiday = {date(2026, 11, 25): (), date(2026, 11, 23): (), date(2026, 11, 30): (shift("11:00-12:00"),)}
    words = says(queue(promising(900), hours=Hours(HELSINKI, week, holiday)))

    # Of Mondays the one to come counts, which differs; the one that was a day off is over.
    assert (
        "Opening hours Monday 11:00 AM – 12:00 PM Tuesday (today) 9:00 AM – 12:00 PM , 1:00 – 5:00 PM"
        in words
    )
    assert "Wednesday Closed Thursday 9:00 AM – 12:00 PM" in words
    assert "Saturday 10:00 AM – 2:00 PM Sunday Closed" in words


def test_a_day_around_the_clock_is_said_in_words() -> None:
    week = ((shift("00:00-24:00"),), *((),) * 6)

    assert "Monday All day Tuesday (today) Closed" in says(queue(promising(900), hours=Hours(HELSINKI, week)))


def test_other_ways_to_reach_us_are_linked_by_their_names() -> None:
    ways = [
        Way("chat", "/chat/site"),
        Way("telegram", "https://t.me/acme"),
        Way("webhook", "https://shop.example/help"),
        Way("mailto", "mailto:help@acme.example"),
        Way("tel", "tel:+358401234567"),
    ]
    html = page(queue(promising(900), ways=ways))

    assert "How to reach us Chat with us Telegram shop.example Email Phone" in Reader(html).words
    assert {way.address for way in ways} <= set(Reader(html).all("href"))
    assert "How to reach us" not in says(queue(promising(900)))


def test_a_choice_of_period_keeps_queue_and_language() -> None:
    html = render_page(
        [queue(promising(900))],
        brand="Acme",
        words=WORDS,
        language="fi",
        now=NOON,
        selected="support",
        days=7,
    )
    links = set(Reader(html).all("href"))

    assert {"/?queue=support&lang=fi", "/?queue=support&lang=fi&days=7"} <= links
    assert {"/?queue=support&lang=en&days=7", "/?lang=fi&days=7"} <= links


def test_the_short_form_leads_nowhere_inside_its_frame() -> None:
    shown = Reader(embed(queue(promising(900), points=history()), queue(OUTLOOKS["nobody"], name="two")))

    assert "Reply within 15 min" in shown.words
    assert "promises in the last" not in shown.words
    links = [found for tag, found in shown.elements if tag == "a"]
    assert [link["href"] for link in links] == ["/?queue=support&lang=en", "/?queue=two&lang=en"]
    assert all((link["target"], link["rel"]) == ("_blank", "noopener") for link in links)
    assert not [tag for tag, _ in shown.elements if tag in ("form", "button", "input")]


def test_without_a_history_the_page_says_so() -> None:
    words = says(queue(promising(900)))
    assert "The last 2 hours" in words
    assert "Nothing to show yet" in words


@pytest.mark.parametrize(
    ("language", "hours", "titles"),
    [
        ("en", 1, ("The last 2 hours", "In the last 2 hours the published")),
        ("fi", 1, ("Viimeiset 2 tuntia", "Viimeisten 2 tunnin aikana")),
        ("pl", 1, ("Ostatnie 2 godziny", "W ciągu ostatnich 2 godzin podawany")),
        ("pl", 3, ("Ostatnie 6 godzin", "W ciągu ostatnich 6 godzin podawany")),
    ],
)
def test_a_young_history_is_told_of_the_hours_it_has(
    language: str, hours: int, titles: tuple[str, str]
) -> None:
    young = [point for point in history() if point.at > NOON - hours * 3600]
    words = says(queue(promising(900), points=young), language=language)

    assert all(title in words for title in titles)


def test_a_young_historys_table_has_a_row_each_quarter_of_an_hour() -> None:
    words = says(queue(promising(900), points=[point for point in history() if point.at >= NOON - 900]))

    assert "12:00 PM 6 min 12 min 3 2 1 / 2 11:45 AM 6 min 12 min 9 6 3 / 6" in words


def test_a_page_left_open_can_take_over_whatever_changes() -> None:
    """The script exchanges parts by their ids, so a page without a history has the parts of one with it."""

    def parts(*points: HistoryPoint) -> set[str | None]:
        shown = Reader(page(queue(promising(900), points=points)))
        return {found["id"] for _, found in shown.elements if "data-live" in found}

    assert parts() == parts(*history())
    assert {"period-support", "past-support", "table-support", "week-support", "choose"} <= parts()


def test_link_previews_have_a_picture_where_the_public_address_is_known() -> None:
    html = render_page(
        [queue(promising(900))],
        brand="Acme",
        words=WORDS,
        language="en",
        now=NOON,
        public_url="https://status.example/",
    )

    assert 'content="https://status.example/banner/support/opengraph.png"' in html
    assert "og:image" not in page(queue(promising(900)))


@pytest.mark.parametrize("language", WORDS.languages())
@pytest.mark.parametrize("kind", OUTLOOKS)
def test_every_state_is_sound_html_that_loads_nothing_from_elsewhere(kind: str, language: str) -> None:
    one, two = queue(OUTLOOKS[kind], points=history()), queue(OUTLOOKS[kind], name="two")
    for html in (
        page(one, language=language),
        page(one, two, language=language),
        page(one, language=language, days=7),
        embed(one, two),
    ):
        shown = Reader(html)
        assert len(shown.all("id")) == len(set(shown.all("id")))
        referred = " ".join([*shown.all("aria-labelledby"), *shown.all("aria-describedby")]).split()
        assert set(referred) <= set(shown.all("id"))
        assert all(address.startswith("/") for address in (*shown.all("href"), *shown.all("src")))


@pytest.mark.parametrize("kind", OUTLOOKS)
def test_it_keeps_its_own_content_security_policy(kind: str) -> None:
    shown = Reader(page(queue(OUTLOOKS[kind], points=history())))

    assert "style" not in [tag for tag, _ in shown.elements]
    assert all(attributes.get("src") for tag, attributes in shown.elements if tag == "script")
    assert not [name for _, found in shown.elements for name in found if name == "style" or name[:2] == "on"]


def test_no_name_becomes_markup() -> None:
    def skeleton(name: str) -> list[tuple[str, set[str]]]:
        shown = queue(promising(900), title=name, points=history()[-20:])
        html = page(shown, brand=name) + embed(shown, brand=name)
        return [(tag, set(attributes)) for tag, attributes in Reader(html).elements]

    plain = skeleton("Acme")
    assert all(skeleton(name) == plain for name in HOSTILE_NAMES)


def test_names_are_shown_as_they_are_meant() -> None:
    assert "Tom & Jerry <Ltd>" in says(queue(promising(900), title="Tom & Jerry <Ltd>"))


def test_a_short_day_closes_early() -> None:
    hours = replace(OFFICE, exceptions={date(2026, 11, 24): (shift("09:00-13:00"),)})

    assert "Open until 1:00 PM" in says(queue(promising(900), hours=hours))


def test_a_desk_that_never_closes_says_so() -> None:
    words = says(queue(promising(900), hours=Hours.always()))

    assert "Open around the clock" in words
    assert "Time zone: UTC" in words


def test_of_queues_in_different_zones_each_names_its_own() -> None:
    here, there = queue(promising(900)), queue(promising(900), name="night", hours=Hours.always())
    words = says(here, there)
    assert words.count("Time zone: UTC") == 1
    assert words.count("Time zone: ") == 2
    assert says(here, here).count("Time zone: ") == 1


def test_the_overview_offers_the_ways_to_reach_each_queue() -> None:
    ways = [Way("chat", "/chat/site?queue=support")]
    read = Reader(page(queue(promising(900), ways=ways), queue(promising(900), name="billing")))
    assert read.all("href").count("/chat/site?queue=support") == 1


def test_the_headers_allow_what_the_page_needs_and_nothing_else() -> None:
    policy = dict(
        part.strip().split(" ", 1) for part in SECURITY_HEADERS["Content-Security-Policy"].split(";")
    )

    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "img-src", "connect-src")} == {"'self'"}
    assert SECURITY_HEADERS["Cache-Control"] == "no-store"
    assert SECURITY_HEADERS["X-Content-Type-Options"] == "nosniff"
    assert PICTURE_HEADERS["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_the_script_is_small() -> None:
    assert (STATIC / "live.js").stat().st_size <= 4096


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_text_colour_is_readable_wherever_it_may_stand(scheme: int) -> None:
    base, chart = colours("base.css", scheme), colours("page.css", scheme)

    for name in ("text", "quiet", "accent", "open", "busy", "long", "closed", "unknown", "incident"):
        for ground in ("card", "ground", f"{name}-soft"):
            assert contrast(base[name], base.get(ground, base["card"])) >= 4.5, (name, ground)
        assert contrast(base["text"], base.get(f"{name}-soft", base["card"])) >= 4.5, name
        assert contrast(base["quiet"], base.get(f"{name}-soft", base["card"])) >= 4.5, name
    assert contrast(base["on-accent"], base["accent"]) >= 4.5
    for name in ("wait", "kept", "broken", "arrived", "answered"):
        assert contrast(chart[name], base["card"]) >= 3, name
    for one, other in (("kept", "broken"), ("arrived", "answered")):
        assert contrast(chart[one], chart[other]) >= 1.6, "told apart by lightness, not by hue alone"


def colours(sheet: str, scheme: int) -> dict[str, str]:
    """A style sheet's colours by name; scheme 0 is the light one, 1 the dark one."""
    css = (STATIC / sheet).read_text()
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", css.split(":root {")[1 + scheme].split("}")[0]))
