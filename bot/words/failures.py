"""Why a message did not arrive, for agents: the bot's own reasons in their language, a platform's as it gave them."""

from __future__ import annotations

import re

from bot.words.languages import Language
from bot.words.plain import LINE_CHARS, one_line

UNCONFIRMED = "unconfirmed: "
"""Begins the reason of a message that perhaps arrived (see `bot.outbox`)."""
_TOO_LARGE = re.compile(r"the file is larger than the (\d+) MB that this channel takes")


def failure(language: Language, reason: str) -> str:
    """What to tell agents about a message to the customer that was given up for this `reason`."""
    say = language.say
    if reason.startswith(UNCONFIRMED):
        doubt = one_line(reason.removeprefix(UNCONFIRMED), LINE_CHARS)
        return say(
            "A message to the customer is unconfirmed ({reason}). It may have arrived: sent again, it may be there "
            "twice.",
            reason=doubt,
        )
    return say("Not delivered to the customer: {reason}", reason=_in_words(language, reason))


def _in_words(language: Language, reason: str) -> str:
    """A reason of our own, translated; any other as it is."""
    say = language.say
    if (found := _TOO_LARGE.fullmatch(reason)) is not None:
        return say("the file is larger than the {n} MB that the customer's channel takes", n=found[1])
    own = {
        "this channel takes no files": say("the customer's channel takes no files"),
        "the file cannot be fetched from where it was sent": say(
            "the file cannot be fetched from where it was sent"
        ),
        "what was to be changed has not reached the customer": say(
            "what was to be changed has not reached the customer"
        ),
        "tried too often": say("tried too often"),
    }
    return own.get(reason) or one_line(reason, LINE_CHARS)
