"""The words of signs: what stands on the status page and on a banner, read at a glance.

A sign is a caption over one large figure ("Reply within" / "15 min"), the light's name and a note. The rest
are the page's short sentences. Figures are short forms, so that they need no grammatical case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal

from babel.dates import format_time, get_timezone_location
from babel.numbers import format_decimal, format_percent

from bot.light import Light
from bot.words.languages import Language
from bot.words.times import DAY_S, HOUR_S, moment, plain_spaces, short_duration
from status.model import Outlook, Promise, TrackRecord, Wait
from status.promise import BOXES_S

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
CHARTED_SHARE = 0.8
"""The chart's upper line is the p80 of the published waits."""

Direction = Literal["shorter", "longer", "same"]


@dataclass(frozen=True, slots=True)
class Sign:
    """One outlook in the words of a sign. `share_of_hour` is the promise as a part of a full dial, 0 to 1."""

    light: Light
    state: str
    caption: str
    figure: str
    note: str
    share_of_hour: float


@dataclass(frozen=True, slots=True)
class SignWords:
    """The voice of signs, in one language and one queue's time zone."""

    language: Language
    zone: tzinfo

    def sign(self, outlook: Outlook, light: Light, quick_s: float = 0.0) -> Sign:
        """What the sign of this outlook says under this light; up to `quick_s` it says how short the wait is."""
        caption, figure, note = self._texts(outlook)
        within_s = outlook.promise.within_s if outlook.state == "open" and outlook.promise else 0.0
        if light == "incident":
            note = self.language.say("There are more requests than usual")
        elif light == "open" and 0 < within_s <= quick_s:
            note = self.language.say("Hardly any wait right now")
        return Sign(light, self.state(light), caption, figure, note, min(1.0, within_s / HOUR_S))

    def state(self, light: Light) -> str:
        """The name of the light."""
        say = self.language.say
        match light:
            case "open":
                return say("Open")
            case "busy":
                return say("Busy")
            case "long":
                return say("Very long wait")
            case "closed":
                return say("Closed")
            case "incident":
                # Translators: something is wrong, and more people write than usual
                return say("Disruption")
        return say("Unknown")

    def _texts(self, outlook: Outlook) -> tuple[str, str, str]:
        say = self.language.say
        match outlook:
            case Outlook(state="open", promise=Promise(within_s=within_s)):
                return say("Reply within"), self.length(within_s), ""
            case Outlook(state="closed", opens_at=opens_at) if opens_at is not None:
                opening = moment(self.language, opens_at, outlook.as_of, self.zone)
                # Translators: stands alone over a moment such as "tomorrow at 9:00"
                return say("We open"), opening, self._then(outlook.promise)
            case Outlook(state="closed"):
                return say("Reply time"), say("We are closed"), say("The next opening is not planned yet")
            case Outlook(reason="too_long"):
                longest = say("More than {length}", length=self.length(BOXES_S[-1]))
                return say("Reply time"), longest, self.reason("too_long")
        return say("Reply time"), say("Not known right now"), self.reason(outlook.reason)

    def _then(self, promise: Promise | None) -> str:
        if promise is None:
            return ""
        return self.language.say("Then a reply within {length}", length=self.length(promise.within_s))

    def reason(self, reason: str | None) -> str:
        """Why there is no figure, one of status.model.REASONS."""
        say = self.language.say
        match reason:
            case "nobody_on_duty":
                return say("Nobody is on duty at the moment")
            case "thin":
                return say("Too few replies yet to say")
            case "stale":
                return say("The latest figures are too old to go by")
            case "too_long":
                return say("The queue is too long to promise a time")
        return say("The latest figures do not fit together")

    def length(self, seconds: float) -> str:
        """A length of time, short: "15 min"."""
        return _unbroken(short_duration(self.language, seconds))

    def clock(self, at: float) -> str:
        """The time of day in the queue's zone: "14:05"."""
        there = datetime.fromtimestamp(at, self.zone)
        return _unbroken(plain_spaces(format_time(there, "short", locale=self.language.locale)))

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

    def no_figure(self, state: str) -> str:
        """What stands where a step of the chart has no wait."""
        return self.language.say("Closed") if state == "closed" else self.language.say("Unknown")

    def share(self, share: float) -> str:
        """A part of the whole in percent."""
        return _unbroken(plain_spaces(format_percent(share, locale=self.language.locale)))

    def number(self, n: int) -> str:
        """A whole number with its thousands marked."""
        return _unbroken(plain_spaces(format_decimal(n, locale=self.language.locale)))

    def track_record(self, record: TrackRecord) -> str:
        """How many promises were kept."""
        return self.language.count(
            "Of {promises} promises in the last {n} day, {share} were kept",
            "Of {promises} promises in the last {n} days, {share} were kept",
            record.days,
            promises=self.number(record.promises),
            share=self.share(record.kept / record.promises),
        )

    def time_zone(self) -> str:
        """Whose time the times on the page are."""
        place = get_timezone_location(self.zone, locale=self.language.locale, return_city=True)
        return self.language.say("Time zone: {place}", place=place)

    def period(self, length_s: float) -> str:
        """How far the chart looks back, in whole hours."""
        return self.language.count("The last {n} hour", "The last {n} hours", round(length_s / HOUR_S))

    def range(self, length_s: float, shortest_s: float, longest_s: float) -> str:
        """What the chart shows, for those who do not see it."""
        return self.language.count(
            "In the last {n} hour the published wait was between {shortest} and {longest}",
            "In the last {n} hours the published wait was between {shortest} and {longest}",
            round(length_s / HOUR_S),
            shortest=self.length(shortest_s),
            longest=self.length(longest_s),
        )

    def labels(self) -> dict[str, str]:
        """The page's fixed texts by the name the template knows them by."""
        say = self.language.say
        return {
            "reply_times": say("Reply times"),
            "all_queues": say("All queues"),
            "wait": say("Wait for a reply"),
            "half": say("Half of the replies"),
            "most": say("{share} of the replies", share=self.share(CHARTED_SHARE)),
            "closed": say("Closed"),
            "kept": say("Promises kept"),
            "broken": say("Promises broken"),
            "as_table": say("As a table"),
            # Translators: heads a column of times of day, each the beginning of a row's stretch of time
            "begins": say("From"),
            "nothing_yet": say("Nothing to show yet"),
            "languages": say("Languages"),
            "lost": say("No connection: these figures may be old"),
        }


def _unbroken(figure: str) -> str:
    """A figure and its unit stay on one line; pages and our own font know the no-break space."""
    return figure.replace(" ", NO_BREAK_SPACE)
