"""The states of a case, in a word or two each, as agents read them."""

from __future__ import annotations

from bot.case import CaseState
from bot.words.languages import Language


def state_name(language: Language, state: CaseState) -> str:
    """A state as it stands after a case's name."""
    say = language.say
    return {
        CaseState.WAITING: say("waiting"),
        CaseState.CLAIMED: say("claimed"),
        CaseState.ANSWERED: say("answered"),
        CaseState.CLOSED: say("closed"),
        CaseState.ABANDONED: say("abandoned"),
        CaseState.MOVING: say("being transferred"),
    }[state]
