"""The outlook in few words, for the places that show one figure to everybody.

From long to short: the sentence in previews of the page and on profiles, the widget on other people's pages, the
promise's text in the API, the badge. None of them is a sentence with a full stop, and none speaks of one customer's
place in the queue.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from bot.light import Light
from bot.words.languages import Language
from bot.words.sign import SignWords
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

    def badge_text(self, outlook: Outlook, light: Light | None = None) -> str:
        """For a badge: "~15 min", "closed", "very long" or "unknown"; an incident is named before it."""
        if light == "incident":
            return f"{SignWords(self.language, self.zone).state(light)} · {self.badge_text(outlook)}"
        match outlook:
            case Outlook(state="open", promise=Promise(within_s=within_s)):
                return f"~{short_duration(self.language, within_s)}"
            case Outlook(state="closed"):
                return self.language.say("closed")
            case Outlook(reason="too_long"):
                return self.language.say("very long")
        return self.language.say("unknown")

    def widget_text(self, outlook: Outlook, light: Light) -> str:
        """For the widget: "Reply within 15 minutes", behind the light's name where that says more."""
        say = self.language.say
        match outlook:
            case Outlook(state="open", promise=Promise(within_s=within_s)):
                text = say("Reply {within}", within=within(self.language, within_s))
            case Outlook(state="closed", opens_at=opens_at) if opens_at is not None:
                text = say("We open {moment}", moment=self._moment(opens_at, outlook))
            case Outlook(state="unknown", reason=reason) if reason != "too_long":
                text = say("Reply time not known right now")
            case _:
                text = self.headline(outlook)
        if light in ("busy", "long", "incident"):
            return f"{SignWords(self.language, self.zone).state(light)} · {text}"
        return text

    def widget_action(self, outlook: Outlook, chat: bool) -> str:
        """What the widget leads to: a site's chat, where there is one, or the status page."""
        say = self.language.say
        if not chat:
            return say("See our reply times")
        return say("Leave us a message") if outlook.state == "closed" else say("Chat with us")

    def widget_labels(self) -> dict[str, str]:
        """What the widget says to those who do not see it."""
        say = self.language.say
        # Translators: follows the text of a link
        return {"name": say("Reply times"), "hide": say("Hide"), "new_tab": say("(opens in a new tab)")}

    def calendar_labels(self, title: str) -> dict[str, str]:
        """What stands in the calendar of opening hours."""
        say = self.language.say
        return {
            "name": say("Opening hours: {queue}", queue=title),
            "open": f"{title} · {say('Open')}",
            "closed": f"{title} · {say('Closed')}",
            "always": f"{title} · {say('Open around the clock')}",
        }

    def page_labels(self, origin: str) -> dict[str, str]:
        """The fixed texts of the operator's page about all this, by the name the template knows them by."""
        say = self.language.say
        return {
            "title": say("The wait on your own pages"),
            "lead": say(
                "Everything here shows the published wait and stays fresh by itself. It sets no cookie."
            ),
            "widget": say("Widget"),
            "in_corner": say("In the corner of every page"),
            "in_place": say("In place, where the tag stands"),
            "light": say("On a light page"),
            "dark": say("On a dark page"),
            "policy": say(
                "Pages with a content security policy must allow {origin} in script-src and connect-src.",
                origin=origin,
            ),
            "badge": say("Badge"),
            "feed": say("What changed, as a feed"),
            "hours": say("Opening hours, as a calendar"),
            "data": say("The figures, as JSON"),
            "languages": say("Languages"),
        }

    def within_chars(self, outlook: Outlook, most_chars: int, incident: bool = False) -> str:
        """For a profile: the longest of the above that fits; in an `incident` with the reason for the wait."""
        badge = self.badge_text(outlook)
        texts = [self.headline(outlook), self.promise_text(outlook), badge]
        if incident and outlook.state == "open":
            reason = self.language.say("{headline}; there are more requests than usual", headline=texts[0])
            texts.insert(0, reason)
        return next((text for text in texts if len(text) <= most_chars), badge[:most_chars])

    @property
    def _longest(self) -> str:
        """The longest wait there is a promise for."""
        return short_duration(self.language, BOXES_S[-1])

    def _moment(self, at: float, outlook: Outlook) -> str:
        return moment(self.language, at, outlook.as_of, self.zone)
