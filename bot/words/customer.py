"""What a waiting customer reads: the acknowledgement, a correction of it, and answers to their commands.

A text is a row of whole sentences. The acknowledgement says in this order: your message is here, how long it
will take (or why we cannot say), your place in the queue, what happens next. `variant` (any number from 0)
chooses among its wordings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from adapters.base import CommandHelp
from bot.case import ENDED, CaseState
from bot.words.commands import command_rows, customer_summary
from bot.words.languages import Language
from bot.words.outlet import OutletWords
from bot.words.plain import SNIPPET_CHARS, one_line, person_name
from bot.words.sentences import Sentences
from status.model import Outlook


@dataclass(frozen=True, slots=True)
class CustomerWords:
    """The voice to customers, in one language and one queue's time zone."""

    language: Language
    zone: tzinfo

    # --- of the bot's own accord ---------------------------------------------------------------------------

    def acknowledgement(
        self, name: str, outlook: Outlook, position: int | None, variant: int, overloaded: bool = False
    ) -> str:
        """The first answer to a new turn. `position` counts from 1; None leaves it out.

        `overloaded` adds an apology for a very long wait; it matters only while the desk is open.
        """
        write = self._sentences
        wait = write.overloaded(outlook, variant) if overloaded else write.wait(outlook, variant)
        told = _row(write.greeting(name, variant), wait, write.position(position))
        return f"{told}\n{write.next_steps(variant)}"

    def greeting(self, name: str, brand: str, outlook: Outlook) -> str:
        """Somebody looks in, without a message yet."""
        say = self.language.say
        shown, here = person_name(name), one_line(brand, SNIPPET_CHARS)
        hello = (
            say("Hello {name}, this is {brand}.", name=shown, brand=here)
            if shown
            else say("Hello, this is {brand}.", brand=here)
        )
        write = say("Write your question here, and a person from our team will answer it.")
        return _row(hello, write, OutletWords(self.language, self.zone).headline(outlook) + ".")

    def update(self, name: str, outlook: Outlook, variant: int) -> str:
        """A correction with an apology: the wait got clearly worse than was promised, or the promise broke."""
        write = self._sentences
        calm = self.language.say("There is nothing you need to do; we have not forgotten you.")
        return _row(write.apology(name, variant), write.wait(outlook, variant), calm)

    def transferred(self, queue: str, outlook: Outlook, variant: int) -> str:
        """The case went to another queue, whose outlook this is."""
        moved = self.language.say(
            "We have passed your case on to {queue}. There is no need to write anything again.",
            queue=one_line(queue, SNIPPET_CHARS),
        )
        return _row(moved, self._sentences.wait(outlook, variant))

    def in_public(self, outlook: Outlook, address: str, variant: int) -> str:
        """The first answer where everybody reads: no name, nothing of the case, and the way to write in private."""
        say = self.language.say
        thanks = say("Thank you for writing to us!")
        private = say("Please write to us in private, so that we can help you: {address}", address=address)
        without = say("Please send us a private message, so that we can help you.")
        return _row(thanks, self._sentences.wait(outlook, variant), private if address else without)

    def late_in_public(self, outlook: Outlook, variant: int) -> str:
        """A correction where everybody reads."""
        return _row(self._sentences.apology("", variant), self._sentences.wait(outlook, variant))

    def goes_on(self, outlook: Outlook | None, variant: int) -> str:
        """The case goes on in this conversation; `outlook` where the customer waits for an answer."""
        here = self.language.say("We go on with your case here. There is no need to write anything again.")
        return here if outlook is None else _row(here, self._sentences.wait(outlook, variant))

    def invited(self, address: str) -> str:
        """An agent offers to go on somewhere else."""
        return self.language.say(
            "If you like, you can go on with us here: {address} The link is for you alone, and works once.",
            address=address,
        )

    # --- answers to the customer's commands ----------------------------------------------------------------

    def wait_answer(self, outlook: Outlook, position: int | None, state: CaseState | None) -> str:
        """The answer to /wait. `state` is that of the customer's case, None when they have none."""
        say, wait = self.language.say, self._sentences.wait(outlook, variant=0)
        if state is None or state in ENDED:
            no_case = say("You have no open case with us; write here to start one.")
            return _row(no_case, OutletWords(self.language, self.zone).headline(outlook) + ".")
        if state is CaseState.ANSWERED:
            return say("We have answered your latest message. If you need anything else, just write here.")
        if state is CaseState.CLAIMED:
            return _row(say("A member of our team has taken up your case."), wait)
        return _row(wait, self._sentences.position(position))

    def cancelled(self) -> str:
        """The customer gave up the case."""
        return self.language.say(
            "Your case is cancelled, as you asked. You can write to us again at any time."
        )

    def nothing_to_cancel(self) -> str:
        """The customer gave up, but has no open case."""
        return self.language.say("You have no open case, so there is nothing to cancel.")

    def language_set(self) -> str:
        """The customer chose this language."""
        return self.language.say("The language is now {language}.", language=self.language.own_name)

    def language_list(self, languages: Mapping[str, str]) -> str:
        """The languages to choose from: names by code, as `Words.languages` gives them."""
        choose = self.language.say("Choose the language of our automatic messages:")
        return "\n".join((choose, *(f"/language {code} – {name}" for code, name in languages.items())))

    def unknown_language(self, tag: str, languages: Mapping[str, str]) -> str:
        """The customer asked for a language that we have no words in."""
        sorry = self.language.say(
            "We have no automatic messages in “{language}”, sorry.", language=one_line(tag, SNIPPET_CHARS)
        )
        return _row(sorry, self.language_list(languages))

    def unknown_command(self, command: str) -> str:
        """The customer sent a command that does not exist; `command` is without its slash."""
        return self.language.say(
            "We do not know the command /{command}. Send /help to see what you can use.",
            command=one_line(command, SNIPPET_CHARS),
        )

    def help(self, commands: Sequence[CommandHelp]) -> str:
        """The customers' commands among `commands`, one a line."""
        lead = self.language.say(
            "Just write here, and a person from our team will answer. You can also send:"
        )
        return "\n".join((lead, *command_rows(commands, for_agents=False)))

    def command_summary(self, command: str) -> str:
        """What a customers' command does. Raises KeyError for one that does not exist."""
        return customer_summary(self.language, command)

    @property
    def _sentences(self) -> Sentences:
        return Sentences(self.language, self.zone)


def _row(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
