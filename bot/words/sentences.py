"""The sentences that texts to waiting customers are put together from.

Each is whole, so that it can be translated by itself. Greetings, apologies, waits and next steps exist in
several wordings; `variant` (any number from 0) picks one, so that customers do not all get the same paste.
None promises more than the outlook does, and an unknown wait is said to be unknown, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from bot.words.languages import Language
from bot.words.plain import person_name
from bot.words.times import moment, short_duration, within_about
from status.model import Outlook, Promise
from status.promise import BOXES_S


@dataclass(frozen=True, slots=True)
class Sentences:
    """Sentences for customers, in one language and one queue's time zone."""

    language: Language
    zone: tzinfo

    def greeting(self, name: str, variant: int) -> str:
        """A thank-you for the message, by name where there is one."""
        say = self.language.say
        if not (shown := person_name(name)):
            return _pick(
                variant,
                say("Hi, thanks for your message."),
                say("Hello, we have your message."),
                say("Thank you for writing to us."),
                say("Your message has reached us."),
            )
        return _pick(
            variant,
            say("Hi {name}, thanks for your message.", name=shown),
            say("Hello {name}, we have your message.", name=shown),
            say("Thank you for writing to us, {name}.", name=shown),
            say("{name}, your message has reached us.", name=shown),
        )

    def apology(self, name: str, variant: int) -> str:
        """The wait got longer than was promised."""
        say = self.language.say
        if not (shown := person_name(name)):
            return _pick(
                variant,
                say("We are sorry: our reply is taking longer than we told you."),
                say("We told you of a shorter wait and have to correct that; we apologise."),
            )
        return _pick(
            variant,
            say("We are sorry, {name}: our reply is taking longer than we told you.", name=shown),
            say("{name}, we told you of a shorter wait and have to correct that; we apologise.", name=shown),
        )

    def wait(self, outlook: Outlook, variant: int) -> str:
        """How long the reply will take, or why that cannot be said."""
        match outlook:
            case Outlook(state="open", promise=Promise() as promise):
                return self._open(promise, variant)
            case Outlook(state="closed", opens_at=opens_at) if opens_at is not None:
                opening = moment(self.language, opens_at, outlook.as_of, self.zone)
                return self._closed_until(opening, outlook.promise, variant)
            case Outlook(state="closed"):
                return self._closed(variant)
        return self._unknown(outlook.reason, variant)

    def overloaded(self, outlook: Outlook, variant: int) -> str:
        """A very long wait, with an apology; like `wait` when the desk is not open."""
        if outlook.state != "open" or outlook.promise is None:
            return self.wait(outlook, variant)
        say, within = self.language.say, within_about(self.language, outlook.promise.within_s)
        return _pick(
            variant,
            say(
                "We are sorry: many more people than usual are waiting, and our reply will take long. "
                "You should have it {within}.",
                within=within,
            ),
            say(
                "We apologise: the queue is unusually long. We expect to answer you {within}, "
                "and would rather tell you so now than keep you guessing.",
                within=within,
            ),
        )

    def position(self, position: int | None) -> str:
        """The place in the queue, counted from 1; nothing for None."""
        if position is None:
            return ""
        if position == 1:
            return self.language.say("You are next in the queue.")
        return self.language.say("You are number {position} in the queue.", position=position)

    def next_steps(self, variant: int) -> str:
        """What happens next, and what the customer can do meanwhile."""
        say = self.language.say
        return _pick(
            variant,
            say(
                "A person from our team will answer you right here. You can add details at any time; "
                "send /wait to see the wait again, or /cancel to give up."
            ),
            say(
                "Someone from our team will reply to you here. Feel free to add anything that helps. "
                "/wait shows the current wait, /cancel withdraws your case."
            ),
            say(
                "There is no need to stay: the answer from our team will come here. Add whatever helps, "
                "send /wait for the latest wait, or /cancel if you no longer need us."
            ),
        )

    def _open(self, promise: Promise, variant: int) -> str:
        say, within = self.language.say, within_about(self.language, promise.within_s)
        return _pick(
            variant,
            say("You should have a reply {within}.", within=within),
            say("We expect to answer you {within}.", within=within),
            say("As the queue stands, you can expect our answer {within}.", within=within),
            say("Our team should get back to you {within}.", within=within),
        )

    def _closed_until(self, opening: str, promise: Promise | None, variant: int) -> str:
        say = self.language.say
        if promise is None:
            return _pick(
                variant,
                say(
                    "We are closed right now and open {moment}. We will answer after that; "
                    "how soon, we cannot say yet.",
                    moment=opening,
                ),
                say(
                    "Our team is away and will be back {moment}. "
                    "It is too early to tell how soon after that we can answer.",
                    moment=opening,
                ),
            )
        within = within_about(self.language, promise.within_s)
        return _pick(
            variant,
            say(
                "We are closed right now and open {moment}; you should then have a reply {within}.",
                moment=opening,
                within=within,
            ),
            say(
                "Our team is away and will be back {moment}. We expect to answer you {within} after that.",
                moment=opening,
                within=within,
            ),
        )

    def _closed(self, variant: int) -> str:
        say = self.language.say
        return _pick(
            variant,
            say(
                "We are closed right now and do not know yet when we open again. "
                "Your message is kept, and we will answer it when we are back."
            ),
            say(
                "Our team is away, and the next opening is not set yet. "
                "We have stored your message and will answer it once we are open."
            ),
        )

    def _unknown(self, reason: str | None, variant: int) -> str:
        say, because = self.language.say, self._reason(reason)
        return _pick(
            variant,
            say("Right now we cannot say honestly how long a reply will take: {reason}.", reason=because),
            say("We would rather not guess how long you will wait: {reason}.", reason=because),
        )

    def _reason(self, reason: str | None) -> str:
        say = self.language.say
        match reason:
            case "nobody_on_duty":
                # Translators: a reason ends a sentence such as "... how long a reply will take: {reason}."
                return say("nobody from our team is on duty at the moment")
            case "thin":
                return say("we have too few recent replies to go by")
            case "stale":
                return say("our latest figures are too old to go by")
            case "contradictory":
                return say("our figures do not agree with one another")
            case "too_long":
                length = short_duration(self.language, BOXES_S[-1])
                return say("it may well take more than {length}", length=length)
        return say("we have no figure that we trust")


def _pick(variant: int, *texts: str) -> str:
    return texts[variant % len(texts)]
