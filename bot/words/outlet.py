"""The outlook in few words, for the places that show one figure to everybody.

From long to short: the sentence in previews of the page and on profiles, the promise's text in the API, the badge.
None of them is a sentence with a full stop, and none speaks of one customer's place in the queue.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from bot.words.languages import Language
from bot.words.times import moment, short_duration, within
from status.model import Outlook, Promise
from status.promise import BOXES_S


@dataclass(frozen=True, slots=True)
class OutletWords:
    """The voice of the API, of link previews and badges, in one language and one queue's time zone."""

    language: Language
    zone: tzinfo

    def headline(self, outlook: Outlook) -> str:
        """For previews of the page, and in a sentence: "You should have a reply within 15 minutes"."""
        say = self.language.say
        match outlook:
            case Outlook(state="open", promise=Promise(within_s=within_s)):
                return say("You should have a reply {within}", within=within(self.language, within_s))
            case Outlook(state="closed", opens_at=opens_at, promise=Promise(within_s=within_s)) if (
                opens_at is not None
            ):
                return say(
                    "We open {moment}; you should then have a reply {within}",
                    moment=self._moment(opens_at, outlook),
                    within=within(self.language, within_s),
                )
            case Outlook(state="closed", opens_at=opens_at) if opens_at is not None:
                return say("We open {moment}", moment=self._moment(opens_at, outlook))
            case Outlook(state="closed"):
                return say("We are closed right now")
            case Outlook(reason="too_long"):
                return say("A reply may well take more than {length}", length=self._longest)
        return say("We cannot say right now how long a reply takes")

    def promise_text(self, outlook: Outlook) -> str:
        """For the API: "within 15 minutes"."""
        say = self.language.say
        match outlook:
            case Outlook(state="open", promise=Promise(within_s=within_s)):
                return within(self.language, within_s)
            case Outlook(state="closed", opens_at=opens_at, promise=Promise(within_s=within_s)) if (
                opens_at is not None
            ):
                return say(
                    "opens {moment}, then {within}",
                    moment=self._moment(opens_at, outlook),
                    within=within(self.language, within_s),
                )
            case Outlook(state="closed", opens_at=opens_at) if opens_at is not None:
                return say("opens {moment}", moment=self._moment(opens_at, outlook))
            case Outlook(state="closed"):
                return say("closed")
            case Outlook(reason="too_long"):
                return say("perhaps more than {length}", length=self._longest)
        return say("wait unknown right now")

    def badge_text(self, outlook: Outlook) -> str:
        """For a badge: "~15 min", "closed", "very long" or "unknown"."""
        match outlook:
            case Outlook(state="open", promise=Promise(within_s=within_s)):
                return f"~{short_duration(self.language, within_s)}"
            case Outlook(state="closed"):
                return self.language.say("closed")
            case Outlook(reason="too_long"):
                return self.language.say("very long")
        return self.language.say("unknown")

    def within_chars(self, outlook: Outlook, most_chars: int) -> str:
        """For a profile: the longest of the above that fits."""
        badge = self.badge_text(outlook)
        texts = (self.headline(outlook), self.promise_text(outlook), badge)
        return next((text for text in texts if len(text) <= most_chars), badge[:most_chars])

    @property
    def _longest(self) -> str:
        """The longest wait there is a promise for."""
        return short_duration(self.language, BOXES_S[-1])

    def _moment(self, at: float, outlook: Outlook) -> str:
        return moment(self.language, at, outlook.as_of, self.zone)
