"""What agents read in their room: a case's title and card, what was said, and what became of it.

Who speaks is told by us at the head of every post and never by the text itself, so that a customer whose name or
message reads like an agent's is still shown as the customer. Times are clock times: a card that counted minutes
would have to change every minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from babel.dates import format_skeleton, format_time

from adapters.base import File
from bot.bodies import files_in
from bot.case import Case, CaseState
from bot.words.languages import Language
from bot.words.plain import LINE_CHARS, one_line, person_name
from bot.words.states import state_name
from bot.words.times import plain_spaces

SIGNS = {
    CaseState.WAITING: "⏳",
    CaseState.CLAIMED: "✍️",
    CaseState.ANSWERED: "✅",
    CaseState.CLOSED: "🔒",
    CaseState.ABANDONED: "💨",
}
"""Of different shape, so that nobody needs to tell colours apart."""
CUSTOMER, AGENT, NOTE, ALARM = "👤", "💬", "📝", "⚠️"


@dataclass(frozen=True, slots=True)
class RoomWords:
    """The voice in agents' rooms, in one language and one queue's time zone."""

    language: Language
    zone: tzinfo

    # --- the case ------------------------------------------------------------------------------------------

    def title(self, case: Case, most: int) -> str:
        """Sign, id, name, and whose it is or since when it waits; the name gives way when room is short."""
        tail = self._title_tail(case)
        head = f"{SIGNS.get(case.state, '')} {case.id}"
        room = most - len(head) - len(tail) - 6
        name = one_line(case.customer.name, room) if room > 3 else ""
        return " · ".join(filter(None, (head, name, tail)))[:most]

    def label(self, case: Case, most: int) -> str:
        """The id and the name: what never changes."""
        return " · ".join(filter(None, (case.id, one_line(case.customer.name, most - len(case.id) - 3))))

    def _title_tail(self, case: Case) -> str:
        if case.state is CaseState.WAITING and case.turn_at is not None:
            return self.language.say("since {time}", time=self._clock(case.turn_at, case.opened_at))
        return person_name(case.agent_name)

    def card(self, case: Case, queue: str) -> str:
        """All that an agent must know at a glance."""
        say, customer = self.language.say, case.customer
        about = ", ".join(filter(None, (case.channel, customer.language)))
        lines = [
            f"{SIGNS.get(case.state, '')} {case.id} – {state_name(self.language, case.state)}",
            say("From: {name} ({about})", name=self._name(customer.name), about=about),
            say("Queue: {queue}", queue=queue),
        ]
        if case.turn_at is not None and not case.ended:
            since = self._clock(case.turn_at, case.opened_at)
            lines.append(say("Waiting since {time}", time=since))
        lines += self._promise(case)
        if case.agent_name:
            lines.append(say("Agent: {name}", name=self._name(case.agent_name)))
        if not case.ended:
            lines.append(say("What you write here goes to the customer; begin with // for a note."))
        return "\n".join(lines)

    def _promise(self, case: Case) -> list[str]:
        if not case.promises or case.turn_at is None or case.ended:
            return []
        due_at = max(promise.due_at for promise in case.promises)
        return [self.language.say("Promised by {time}", time=self._clock(due_at, case.opened_at))]

    def _clock(self, at: float, opened_at: float) -> str:
        """The time of day; with the date once that is another day than the one the case was opened on."""
        there, opened = datetime.fromtimestamp(at, self.zone), datetime.fromtimestamp(opened_at, self.zone)
        time = plain_spaces(format_time(there, "short", locale=self.language.locale))
        if there.date() == opened.date():
            return time
        return f"{plain_spaces(format_skeleton('MMMd', there, locale=self.language.locale))} {time}"

    # --- buttons -------------------------------------------------------------------------------------------

    def button(self, command: str) -> str:
        """What stands on the button of a command. Raises KeyError for one without a button."""
        say = self.language.say
        return {
            "claim": say("Claim"),
            "next": say("Next case"),
            "release": say("Give back"),
            "close": say("Close"),
            "resend": say("Send again"),
        }[command]

    # --- what was said -------------------------------------------------------------------------------------

    def said(self, entry: Mapping[str, Any], customer: str) -> str:
        """One entry as it is posted: who, and what; `customer` is the customer's name."""
        match entry["by"]:
            case "customer":
                return self._spoken(CUSTOMER, customer, entry)
            case "agent":
                return self._spoken(AGENT, entry["who"], entry)
            case "note":
                return self._spoken(NOTE, entry["who"], entry)
            case "edit" | "change":
                return self._changed(entry)
            case by:
                sign = CUSTOMER if by == "reaction" else ALARM
                return f"{sign} {self._news(entry)}"

    def _changed(self, entry: Mapping[str, Any]) -> str:
        say, text, name = self.language.say, entry["text"], self._name(entry.get("who", ""))
        if entry["by"] == "edit":
            deleted, changed = (
                say("The customer deleted a message."),
                say("The customer changed a message to:"),
            )
            return f"{CUSTOMER} {deleted}" if text is None else f"{CUSTOMER} {changed}\n{text}"
        deleted, changed = (
            say("{name} deleted a reply.", name=name),
            say("{name} changed a reply to:", name=name),
        )
        return f"{AGENT} {deleted}" if text is None else f"{AGENT} {changed}\n{text}"

    def _news(self, entry: Mapping[str, Any]) -> str:
        say, text = self.language.say, one_line(entry["text"], LINE_CHARS)
        match entry["by"]:
            case "reaction":
                return say("The customer reacted: {emoji}", emoji=text or "–")
            case "gone":
                return say("The customer has blocked us or left; nothing can reach them.")
            case _:
                return say("Not delivered to the customer: {reason}", reason=text)

    def _spoken(self, sign: str, name: str, entry: Mapping[str, Any]) -> str:
        who = self._name(name)
        if entry.get("outside"):
            who = self.language.say("{name}, past the bot", name=who)
        files = [self.file(file) for file in files_in(entry.get("files", ()))]
        return "\n".join(filter(None, (f"{sign} {who}:", entry["text"], *files)))

    def file(self, file: File) -> str:
        """A file where it cannot be shown."""
        return f"[{one_line(file.name or file.text, 80) or self._kind(file)}]"

    def _kind(self, file: File) -> str:
        say = self.language.say
        return {
            "photo": say("photo"),
            "video": say("video"),
            "audio": say("audio"),
            "voice": say("voice message"),
            "document": say("document"),
            "sticker": say("sticker"),
            "location": say("location"),
        }[file.kind]

    def cut_short(self, left_out: int) -> str:
        """The oldest part of a long history is not shown."""
        return self.language.count(
            "{n} earlier entry is not shown.", "{n} earlier entries are not shown.", left_out
        )

    def _name(self, name: str) -> str:
        return person_name(name) or self.language.say("no name")
