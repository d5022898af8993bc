"""Everything a person reads from the bot, in their language.

Several voices share one set of languages: `customer` speaks to those who wait, `agent` to those who answer,
`outlet` in the API and on badges, `sign` on banners, `page` on the status page. A voice turns finished facts (an
outlook, a case id, a name) into a whole text. It decides nothing, reads no clock and, once the languages are
loaded, touches no file: "today" and "tomorrow" are seen from the moment the outlook was made (`as_of`), in
the queue's time zone.

Invariant: the same facts, language and variant give the same text; what a person wrote (a name, a message) is
cleaned on its way in and never read as a pattern.
"""

from __future__ import annotations

from datetime import tzinfo

from bot.words.agent import AgentWords, CaseRow
from bot.words.commands import command_name
from bot.words.customer import CustomerWords
from bot.words.languages import SOURCE_LANGUAGE, Language, load_languages, lookup
from bot.words.outlet import OutletWords
from bot.words.page import PageWords
from bot.words.room import RoomWords
from bot.words.sign import SignWords

__all__ = ["AgentWords", "CaseRow", "CustomerWords", "OutletWords", "PageWords", "SignWords", "Words"]


class Words:
    """The door to all words. `default_language` is spoken to people whose own we do not have."""

    def __init__(self, default_language: str = SOURCE_LANGUAGE) -> None:
        """Load every language. Raises ValueError when there are no words in `default_language`."""
        self._languages = load_languages()
        default = self.match(default_language)
        if default is None:
            raise ValueError(f"no words in {default_language!r}; there are: {', '.join(self._languages)}")
        self._default = default

    def languages(self) -> dict[str, str]:
        """The code of each language, and its name in that language."""
        return {code: language.own_name for code, language in self._languages.items()}

    def match(self, tag: str) -> str | None:
        """The code of the language that a BCP 47 tag such as "fi-FI" or "pl_PL" asks for, if we have it."""
        return lookup(tag, self._languages)

    def negotiate(self, *tags: str) -> str:
        """The first of the tags that we have words for, else the default. Takes any text, also none."""
        return next((code for tag in tags if (code := self.match(tag))), self._default)

    def language(self, tag: str) -> Language:
        """The language a tag asks for, or the default: what every voice speaks through."""
        return self._languages[self.negotiate(tag)]

    def command_name(self, language: str, command: str) -> str:
        """What a command is called in a language. Raises KeyError for one that does not exist."""
        return command_name(self.language(language), command)

    def customer(self, language: str, zone: tzinfo) -> CustomerWords:
        """The voice to a customer; `zone` is the queue's time zone."""
        return CustomerWords(self.language(language), zone)

    def agent(self, language: str, zone: tzinfo) -> AgentWords:
        """The voice to an agent; `zone` is the queue's time zone."""
        return AgentWords(self.language(language), zone)

    def room(self, language: str, zone: tzinfo) -> RoomWords:
        """The voice in agents' rooms; `zone` is the queue's time zone."""
        return RoomWords(self.language(language), zone)

    def outlet(self, language: str, zone: tzinfo) -> OutletWords:
        """The voice in the API and on badges; `zone` is the queue's time zone."""
        return OutletWords(self.language(language), zone)

    def sign(self, language: str, zone: tzinfo) -> SignWords:
        """The voice on banners and wherever else a sign stands; `zone` is the queue's time zone."""
        return SignWords(self.language(language), zone)

    def page(self, language: str, zone: tzinfo) -> PageWords:
        """The voice on the status page; `zone` is the queue's time zone."""
        return PageWords(self.language(language), zone)
