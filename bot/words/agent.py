"""What an agent reads: the answers to the desk's commands.

Short and to the point; every answer names the case, so that it is still clear when it is read late.
`case` is always the case's id as cards and answers show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from adapters.base import CommandHelp
from bot.case import CaseState
from bot.incident import Incident
from bot.words.commands import command_rows, desk_summary
from bot.words.languages import Language
from bot.words.outlet import OutletWords
from bot.words.plain import LINE_CHARS, SNIPPET_CHARS, one_line, person_name
from bot.words.states import state_name
from bot.words.times import elapsed, moment, short_duration
from status.model import Outlook


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One line of the queue's list; `snippet` is the start of what the customer wrote."""

    case: str
    name: str
    waiting_s: float
    state: CaseState
    snippet: str


@dataclass(frozen=True, slots=True)
class AgentWords:
    """The voice to agents, in one language and one queue's time zone."""

    language: Language
    zone: tzinfo

    # --- taking and giving back ----------------------------------------------------------------------------

    def claimed(self, case: str, name: str, messages: Iterable[str]) -> str:
        """The agent took the case; `messages` is what the customer wrote and nobody answered yet."""
        lead = self.language.say("Case {case} is yours. From: {name}", case=case, name=self._name(name))
        lines = (line for message in messages for line in message.splitlines())
        quoted = (f"> {shown}" for line in lines if (shown := one_line(line, LINE_CHARS)))
        hint = self.language.say("Answer with /reply {case} TEXT", case=case)
        return "\n".join((lead, *quoted, hint))

    def already_claimed(self, case: str, holder: str) -> str:
        """Another agent was faster."""
        return self.language.say(
            "Case {case} is already claimed by {name}.", case=case, name=self._name(holder)
        )

    def already_yours(self, case: str) -> str:
        """The agent claims what they hold."""
        return self.language.say("You hold case {case} already.", case=case)

    def released(self, case: str) -> str:
        """The agent gave the case back."""
        return self.language.say("Case {case} is back in the queue.", case=case)

    def transferred_to(self, case: str, queue: str) -> str:
        """The agent handed the case to another queue."""
        return self.language.say("Case {case} now waits in {queue}.", case=case, queue=queue)

    def invited(self, case: str, channel: str) -> str:
        """The customer was sent a link to another channel."""
        say = self.language.say
        return say(
            "The customer of case {case} can now continue on {channel}, by a link.",
            case=case,
            channel=channel,
        )

    def no_invitation(self, channel: str, others: Sequence[str]) -> str:
        """Nobody can be invited to this channel; `others` are those where it works."""
        say = self.language.say
        if not others:
            return say("No other channel has an address that a link could lead to: see `contact`.")
        return say(
            "Customers cannot be invited to “{channel}”. These work: {channels}",
            channel=one_line(channel, SNIPPET_CHARS),
            channels=", ".join(others),
        )

    def not_in_public(self, case: str) -> str:
        """What is asked for would be seen by everybody."""
        return self.language.say(
            "Case {case} is public: a link would be for everybody. Ask the customer to write in private first.",
            case=case,
        )

    def nothing_waiting(self) -> str:
        """The queue is empty."""
        return self.language.say("No case is waiting.")

    # --- answering -----------------------------------------------------------------------------------------

    def replied(self, case: str) -> str:
        """The reply is on its way to the customer."""
        return self.language.say("Your reply in case {case} is on its way.", case=case)

    def noted(self, case: str) -> str:
        """The note is kept; the customer does not see it."""
        return self.language.say("The note on case {case} is saved. Only agents see it.", case=case)

    def closed(self, case: str) -> str:
        """The agent closed the case."""
        return self.language.say("Case {case} is closed.", case=case)

    def desk_link(self, url: str) -> str:
        """A link that signs the agent in at the web desk."""
        return self.language.say(
            "This link opens the desk in your browser, as you and only once, for ten minutes: {url}", url=url
        )

    def only_in_private(self) -> str:
        """A link that others must not read cannot be given here."""
        return self.language.say(
            "This is for you alone, and I cannot write to you yet: open a chat with me, press Start, and ask here "
            "again."
        )

    def no_web_desk(self) -> str:
        """There is no desk in the browser."""
        return self.language.say(
            "There is no desk in the browser here: it takes a channel with the adapter web, and server.public_url."
        )

    def resent(self) -> str:
        """A message that was given up goes out again."""
        return self.language.say("It is on its way again.")

    def nothing_to_resend(self, message: str) -> str:
        """`message` is whatever the agent typed."""
        return self.language.say(
            "There is no failed message {message}; perhaps it was sent again already.",
            message=one_line(message, SNIPPET_CHARS),
        )

    # --- what cannot be done -------------------------------------------------------------------------------

    def no_such_case(self, case: str) -> str:
        """`case` is whatever the agent typed."""
        return self.language.say("There is no case {case}.", case=one_line(case, SNIPPET_CHARS))

    def already_closed(self, case: str) -> str:
        """The case has ended."""
        return self.language.say("Case {case} is closed already.", case=case)

    def not_yours(self, case: str, holder: str) -> str:
        """Only the agent who holds the case may do this; `holder` is empty when nobody does."""
        if not holder:
            return self.language.say("Nobody holds case {case}. Take it with /claim {case}", case=case)
        return self.language.say(
            "Case {case} is held by {name}, not by you.", case=case, name=self._name(holder)
        )

    def which_case(self, held: Sequence[str]) -> str:
        """The agent left the case out and holds none, or several."""
        if not held:
            return self.language.say("You hold no case. Take one with /next or /claim CASE")
        return self.language.say("You hold several cases, please name one: {cases}", cases=", ".join(held))

    def no_such_queue(self, queue: str, queues: Sequence[str]) -> str:
        """`queue` is whatever the agent typed, `queues` are those that exist."""
        return self.language.say(
            "There is no queue “{queue}”. The queues: {queues}",
            queue=one_line(queue, SNIPPET_CHARS),
            queues=", ".join(queues),
        )

    def not_an_agent(self) -> str:
        """The command is for agents, and this person is not one."""
        return self.language.say("This command is for agents only.")

    def unknown_command(self, command: str) -> str:
        """The command does not exist; `command` is without its slash."""
        return self.language.say(
            "There is no command /{command}. Send /help for the list.",
            command=one_line(command, SNIPPET_CHARS),
        )

    def usage(self, command: str, arguments: str) -> str:
        """The command was given in a wrong form; `arguments` is the right one."""
        return self.language.say("Please write it so: {form}", form=f"/{command} {arguments}".rstrip())

    # --- duty, queue and wait ------------------------------------------------------------------------------

    def on_duty(self, waiting: int) -> str:
        """The agent is on duty; `waiting` cases stand in the queue."""
        return " ".join((self.language.say("You are on duty."), self._waiting(waiting)))

    def off_duty(self, returned: int) -> str:
        """The agent is off duty; `returned` cases that they held went back to the queue."""
        off = self.language.say("You are off duty.")
        if not returned:
            return off
        back = self.language.count(
            "{n} case went back to the queue.", "{n} cases went back to the queue.", returned
        )
        return f"{off} {back}"

    def queue_list(self, waiting: int, rows: Sequence[CaseRow]) -> str:
        """How many cases wait, and the first of them."""
        return "\n".join((self._waiting(waiting), *map(self._row, rows)))

    def wait_report(self, queue: str, outlook: Outlook) -> str:
        """What customers of the queue are told, and the figures behind it."""
        told = OutletWords(self.language, self.zone).promise_text(outlook)
        on_duty = self.language.count("{n} agent is on duty.", "{n} agents are on duty.", outlook.agents)
        lines = [f"{queue}: {told}", f"{self._waiting(outlook.waiting)} {on_duty}"]
        if outlook.wait is not None:
            lines.append(
                self.language.say(
                    "Of those who write now, half get a reply within {p50}, "
                    "80% within {p80}, 90% within {p90}.",
                    p50=short_duration(self.language, outlook.wait.p50_s),
                    p80=short_duration(self.language, outlook.wait.p80_s),
                    p90=short_duration(self.language, outlook.wait.p90_s),
                )
            )
        return "\n".join(lines)

    def incident(self, incident: Incident | None, now: float) -> str:
        """The help that was announced, as it stands at `now`, or that there is none."""
        if incident is None:
            return self.language.say("No help is announced.")
        begun = incident.from_at <= now
        start = self.language.say("now") if begun else moment(self.language, incident.from_at, now, self.zone)
        return self.language.count(
            "Help is announced: {n} more agent ({start} – {end}).",
            "Help is announced: {n} more agents ({start} – {end}).",
            incident.agents,
            start=start,
            end=moment(self.language, incident.until_at, now, self.zone),
        )

    def help(self, commands: Sequence[CommandHelp]) -> str:
        """The agents' commands among `commands`, one a line."""
        hint = self.language.say("CASE may be left out while you hold exactly one.")
        return "\n".join((*command_rows(commands, for_agents=True), hint))

    def command_summary(self, command: str) -> str:
        """What a desk command does. Raises KeyError for one that does not exist."""
        return desk_summary(self.language, command)

    # --- parts ---------------------------------------------------------------------------------------------

    def _waiting(self, n: int) -> str:
        if not n:
            return self.nothing_waiting()
        return self.language.count("{n} case is waiting.", "{n} cases are waiting.", n)

    def _row(self, row: CaseRow) -> str:
        length = elapsed(self.language, row.waiting_s)
        facts = " · ".join((row.case, length, state_name(self.language, row.state), self._name(row.name)))
        return f"{facts}: {one_line(row.snippet, SNIPPET_CHARS)}"

    def _name(self, name: str) -> str:
        return person_name(name) or self.language.say("no name")
