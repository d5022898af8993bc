"""The words of the status page: what stands around the sign, and what tells how the last hours and days went.

Figures are short forms and stand apart from the words beside them, so that they need no grammatical case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Literal
from urllib.parse import urlsplit

from babel.dates import format_interval, format_skeleton, get_day_names, get_timezone_location
from babel.numbers import format_decimal, format_percent

from bot.words.sign import SignWords, unbroken
from bot.words.times import DAY_S, HOUR_S, plain_spaces
from status.hours import DAY_MINUTES, Shift
from status.model import Promise, TrackRecord, Wait

CHARTED_SHARE = 0.8
"""The chart's upper line is the p80 of the published waits."""

PLATFORMS = {
    "discord": "Discord",
    "facebook": "Facebook",
    "instagram": "Instagram",
    "line": "LINE",
    "matrix": "Matrix",
    "messenger": "Messenger",
    "slack": "Slack",
    "sms": "SMS",
    "telegram": "Telegram",
    "viber": "Viber",
    "whatsapp": "WhatsApp",
    "x": "X",
}
"""What adapters' platforms call themselves; the same in every language."""

Direction = Literal["shorter", "longer", "same"]


@dataclass(frozen=True, slots=True)
class PageWords(SignWords):
    """The voice of the status page, in one language and one queue's time zone."""

    # --- now -----------------------------------------------------------------------------------------------

    def spread(self, wait: Wait, promise: Promise) -> str:
        """How replies spread below the promise, so that it is not taken for the usual wait."""
        return self.language.say(
            "Half of the replies come within {half}, {share} within {length}",
            half=self.length(min(wait.p50_s, promise.within_s)),
            share=self.share(promise.share),
            length=self.length(promise.within_s),
        )

    def trend(self, direction: Direction, before_s: float) -> str:
        """The wait against that of half an hour ago, `before_s`."""
        say, before = self.language.say, self.length(before_s)
        match direction:
            case "shorter":
                return say("Getting shorter: half an hour ago it was {length}", length=before)
            case "longer":
                return say("Getting longer: half an hour ago it was {length}", length=before)
        return say("About the same as half an hour ago")

    def waiting(self, n: int) -> str:
        """How many people wait."""
        if n == 0:
            return self.language.say("Nobody is waiting")
        return self.language.count("{n} person is waiting", "{n} people are waiting", n)

    def open_until(self, closes_at: float | None, seen_from: float) -> str:
        """Until when the desk stays open; None means it never closes."""
        if closes_at is None or closes_at - seen_from >= DAY_S:
            return self.language.say("Open around the clock")
        return self.language.say("Open until {time}", time=self.clock(closes_at))

    def freshness(self, as_of: float, next_refresh: float) -> str:
        """When the figure was made, and when the next one is due."""
        return self.language.say(
            "As of {time}, next update at {next}", time=self.clock(as_of), next=self.clock(next_refresh)
        )

    def overdue(self, as_of: float) -> str:
        """That the figure is older than it should be."""
        return self.language.say("No update since {time}: these figures are old", time=self.clock(as_of))

    # --- when and where ------------------------------------------------------------------------------------

    def weekday(self, weekday: int) -> str:
        """The name of a day, 0 for Monday, as it stands alone."""
        name: str = get_day_names("wide", "stand-alone", self.language.locale)[weekday]
        return name[:1].upper() + name[1:]

    def shift(self, shift: Shift) -> str:
        """From when until when, on a day's own clock."""
        begin, end = shift
        if (end - begin) % DAY_MINUTES == 0:
            return self.language.say("All day")
        locale = self.language.locale
        fields = "hm" if "a" in locale.time_formats["short"].pattern else "Hm"
        return unbroken(plain_spaces(format_interval(_clock(begin), _clock(end), fields, locale=locale)))

    def contact(self, kind: str, address: str) -> str:
        """What a way to reach us is called. `kind` is "chat", "mailto", "tel" or the name of an adapter; one that is
        no platform's goes by the host it leads to."""
        say = self.language.say
        match kind:
            case "chat":
                return say("Chat with us")
            case "mailto":
                return say("Email")
            case "tel":
                return say("Phone")
        return PLATFORMS.get(kind) or urlsplit(address).hostname or address

    def time_zone(self) -> str:
        """Whose time the times on the page are."""
        place = get_timezone_location(self.zone, locale=self.language.locale, return_city=True)
        return self.language.say("Time zone: {place}", place=place)

    # --- how it went ---------------------------------------------------------------------------------------

    def hours_back(self, length_s: float) -> str:
        """How far the chart of a day looks back, in whole hours."""
        return self.language.count("The last {n} hour", "The last {n} hours", round(length_s / HOUR_S))

    def days_back(self, n: int) -> str:
        """How far the chart of a week looks back."""
        return self.language.count("The last {n} day", "The last {n} days", n)

    def range(self, length_s: float, shortest_s: float, longest_s: float) -> str:
        """What the chart of a day shows, for those who do not see it."""
        return self.language.count(
            "In the last {n} hour the published wait was between {shortest} and {longest}",
            "In the last {n} hours the published wait was between {shortest} and {longest}",
            round(length_s / HOUR_S),
            shortest=self.length(shortest_s),
            longest=self.length(longest_s),
        )

    def range_of_days(self, n: int, shortest_s: float, longest_s: float) -> str:
        """What the chart of a week shows, for those who do not see it."""
        return self.language.count(
            "In the last {n} day the published wait was between {shortest} and {longest}",
            "In the last {n} days the published wait was between {shortest} and {longest}",
            n,
            shortest=self.length(shortest_s),
            longest=self.length(longest_s),
        )

    def day(self, at: float) -> str:
        """A day below a chart: "Tue"."""
        there = datetime.fromtimestamp(at, self.zone)
        name: str = get_day_names("abbreviated", "stand-alone", self.language.locale)[there.weekday()]
        return name

    def date(self, at: float) -> str:
        """A day in a table: "Tue, Nov 24"."""
        there = datetime.fromtimestamp(at, self.zone)
        return plain_spaces(format_skeleton("MMMEd", there, locale=self.language.locale))

    def no_figure(self, state: str) -> str:
        """What stands where a step of the chart has no wait."""
        return self.language.say("Closed") if state == "closed" else self.language.say("Unknown")

    def share(self, share: float) -> str:
        """A part of the whole in percent."""
        return unbroken(plain_spaces(format_percent(share, locale=self.language.locale)))

    def number(self, n: int) -> str:
        """A whole number with its thousands marked."""
        return unbroken(plain_spaces(format_decimal(n, locale=self.language.locale)))

    def part(self, part: int, whole: int) -> str:
        """A part of the whole in numbers, below its share."""
        return self.language.say("{part} of {whole}", part=self.number(part), whole=self.number(whole))

    def replies(self, n: int) -> str:
        """How many replies there were."""
        return self.language.count("{number} reply", "{number} replies", n, number=self.number(n))

    def within_target(self, target_s: float) -> str:
        """What the share of replies within the target is called."""
        return self.language.say("Replies within {length}", length=self.length(target_s))

    def track_record(self, record: TrackRecord) -> str:
        """How many promises were kept."""
        return self.language.count(
            "Of {promises} promises in the last {n} day, {share} were kept",
            "Of {promises} promises in the last {n} days, {share} were kept",
            record.days,
            promises=self.number(record.promises),
            share=self.share(record.kept / record.promises),
        )

    def labels(self) -> dict[str, str]:
        """The page's fixed texts by the name the template knows them by."""
        say = self.language.say
        return {
            "reply_times": say("Reply times"),
            "all_queues": say("All queues"),
            "hours": say("Opening hours"),
            "today": say("today"),
            "closed": say("Closed"),
            "contacts": say("How to reach us"),
            "period": say("Period"),
            "day": say("24 hours"),
            "week": say("7 days"),
            "wait": say("Wait for a reply"),
            "half": say("Half of the replies, as expected"),
            "most": say("{share} of the replies, as expected", share=self.share(CHARTED_SHARE)),
            "promises": say("Promises"),
            "kept": say("Promises kept"),
            "broken": say("Promises broken"),
            "turns": say("Requests and replies"),
            "arrived": say("New requests"),
            "answered": say("Replies"),
            "replied": say("Got a reply"),
            "as_table": say("As a table"),
            # Translators: heads a column of times of day, each the beginning of a row's stretch of time
            "begins": say("From"),
            "nothing_yet": say("Nothing to show yet"),
            "languages": say("Languages"),
            "more": say("More about our reply times"),
            "lost": say("No connection: these figures may be old"),
        }


def _clock(minute: int) -> time:
    """A minute of the day as a clock shows it; the end of the day is midnight."""
    return time(minute // 60 % 24, minute % 60)
