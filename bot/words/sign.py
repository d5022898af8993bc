"""The words of signs: what stands on the status page and on a banner, read at a glance.

A sign is a caption over one large figure ("Reply within" / "15 min"), the light's name and a note. Figures are short
forms, so that they need no grammatical case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from babel.dates import format_time

from bot.light import Light
from bot.words.languages import Language
from bot.words.times import HOUR_S, moment, plain_spaces, short_duration
from status.model import Outlook, Promise
from status.promise import BOXES_S

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


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
        return unbroken(short_duration(self.language, seconds))

    def clock(self, at: float) -> str:
        """The time of day in the queue's zone: "14:05"."""
        there = datetime.fromtimestamp(at, self.zone)
        return unbroken(plain_spaces(format_time(there, "short", locale=self.language.locale)))


def unbroken(figure: str) -> str:
    """A figure and its unit stay on one line; pages and our own font know the no-break space."""
    return figure.replace(" ", NO_BREAK_SPACE)
