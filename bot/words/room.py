"""What agents read in their room: a case's title and card, what was said, and what became of it.

Who speaks is told by us at the head of every post and never by the text itself, so that a customer whose name or
message reads like an agent's is still shown as the customer. Times are clock times: a card that counted minutes
would have to change every minute.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from babel.dates import format_skeleton, format_time, get_datetime_format
from babel.units import format_unit

from adapters.base import File
from bot.bodies import files_in
from bot.case import Case, CaseState
from bot.words.failures import failure
from bot.words.languages import Language
from bot.words.plain import LINE_CHARS, SNIPPET_CHARS, one_line, person_name
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
NO_SIGNS = {ord(sign[0]): None for sign in (CUSTOMER, AGENT, NOTE, ALARM, *SIGNS.values())}
"""Nobody bears a sign in their name."""
SEPARATOR = " · "
MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Said:
    """One entry of what was said: who speaks or what happened, and their text word for word, if there is one."""

    head: str
    text: str = ""

    def lead(self, part: int = 1, parts: int = 1) -> str:
        """What stands above the text, or above a part of it."""
        if not self.text:
            return self.head
        return f"{self.head}:\n" if parts == 1 else f"{self.head} ({part}/{parts}):\n"


@dataclass(frozen=True, slots=True)
class RoomWords:
    """The voice in agents' rooms, in one language and one queue's time zone."""

    language: Language
    zone: tzinfo

    # --- the case ------------------------------------------------------------------------------------------

    def title(self, case: Case, most: int) -> str:
        """Sign, id, name, and whose it is or since when it waits; the name gives way when room is short. `most` counts
        like the strictest platforms: an emoji is two."""
        head, tail = f"{SIGNS.get(case.state, '')} {case.id}".lstrip(), self._title_tail(case)
        return _fitting((head, _without_separator(_name(case.customer.name)), tail), most)

    def label(self, case: Case, most: int) -> str:
        """The id and the name: what never changes."""
        return _fitting((case.id, _name(case.customer.name), ""), most)

    def _title_tail(self, case: Case) -> str:
        if case.state is CaseState.WAITING and case.turn_at is not None:
            return self.language.say("since {time}", time=self._clock(case.turn_at, case.opened_at))
        return _name(case.agent_name)

    def card(self, case: Case, queue: str, until: float | None = None) -> str:
        """All that an agent must know at a glance; `until` is when the platform stops letting us answer, if it does."""
        say = self.language.say
        about = ", ".join(filter(None, (case.channel, self._tongue(case.customer.language))))
        lines = [
            f"{SIGNS.get(case.state, '')} {case.id} – {state_name(self.language, case.state)}".lstrip(),
            say("From: {name} ({about})", name=self._named(case.customer.name), about=about),
            say("Queue: {queue}", queue=queue),
            *self._times(case),
        ]
        if case.agent_name:
            lines.append(say("Agent: {name}", name=self._named(case.agent_name)))
        if until is not None and not case.ended:
            lines.append(say("Can be answered until {time}", time=self._clock(until, case.last_heard_at)))
        if case.ended:
            lines.append(say("What you write here reaches nobody any more."))
        elif case.public:
            public = say("Public: everybody reads what you write here; begin with // for a note.")
            lines.append(f"{ALARM} {public}")
        else:
            lines.append(say("What you write here goes to the customer; begin with // for a note."))
        return "\n".join(lines)

    def _times(self, case: Case) -> list[str]:
        """Since when the customer waits and what they were told, or when the case ended."""
        say = self.language.say
        if case.ended:
            return [say("Ended: {time}", time=self._dated(case.active_at))]
        if case.turn_at is None:
            return []
        lines = [say("Waiting since {time}", time=self._dated(case.turn_at))]
        if case.promises:
            due_at = max(promise.due_at for promise in case.promises)
            lines.append(say("Promised by {time}", time=self._clock(due_at, case.turn_at)))
        elif case.late_since is not None:
            late = say("The promise ran out at {time}", time=self._clock(case.late_since, case.turn_at))
            lines.append(f"{ALARM} {late}")
        if case.warned:
            lines.append(say("The customer was told that it takes longer."))
        return lines

    def _clock(self, at: float, seen_from: float) -> str:
        """The time of day; with the date when that is another day than that of `seen_from`."""
        there, here = datetime.fromtimestamp(at, self.zone), datetime.fromtimestamp(seen_from, self.zone)
        if there.date() != here.date():
            return self._dated(at)
        return plain_spaces(format_time(there, "short", locale=self.language.locale))

    def _dated(self, at: float) -> str:
        there, locale = datetime.fromtimestamp(at, self.zone), self.language.locale
        time, date = format_time(there, "short", locale=locale), format_skeleton("MMMd", there, locale=locale)
        return plain_spaces(str(get_datetime_format("short", locale=locale)).format(time, date))

    def _tongue(self, tag: str) -> str:
        """What agents call the language of a tag."""
        code = tag.replace("_", "-").partition("-")[0].lower()
        return self.language.locale.languages.get(code) or one_line(tag, SNIPPET_CHARS)

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

    def said(self, entry: Mapping[str, Any], customer: str) -> Said:
        """One entry as it is shown; `customer` is the customer's name."""
        say = self.language.say
        match entry["by"]:
            case "customer":
                return self._spoken(CUSTOMER, customer, entry)
            case "agent":
                return self._spoken(AGENT, entry["who"], entry)
            case "note":
                return self._spoken(NOTE, entry["who"], entry)
            case "edit" | "change":
                return self._changed(entry)
            case "reaction":
                emoji = one_line(entry["text"], SNIPPET_CHARS) or "–"
                sign, news = CUSTOMER, say("The customer reacted: {emoji}", emoji=emoji)
            case "gone":
                sign, news = ALARM, say("The customer has blocked us or left; nothing can reach them.")
            case _:
                sign, news = ALARM, failure(self.language, entry["text"])
        return Said(f"{sign} {news}")

    def _changed(self, entry: Mapping[str, Any]) -> Said:
        say, text = self.language.say, entry["text"]
        if entry["by"] == "edit":
            sign, deleted = CUSTOMER, say("The customer deleted a message.")
            changed = say("The customer changed a message to")
        else:
            sign, name = AGENT, self._named(entry["who"])
            deleted = say("{name} deleted a message.", name=name)
            changed = say("{name} changed a message to", name=name)
        return Said(f"{sign} {deleted}") if text is None else Said(f"{sign} {changed}", text or "–")

    def _spoken(self, sign: str, name: str, entry: Mapping[str, Any]) -> Said:
        who = self._named(name)
        if entry.get("outside"):
            who = self.language.say("{name}, past the bot", name=who)
        files = [self.file(file) for file in files_in(entry.get("files", ()))]
        return Said(f"{sign} {who}", "\n".join(filter(None, (entry["text"], *files))) or "–")

    def file(self, file: File) -> str:
        """A file where it cannot be shown: what it is, and what is known of it."""
        size = "" if file.size_bytes is None else self._size(file.size_bytes)
        about = ", ".join(filter(None, (one_line(file.name or file.text, LINE_CHARS), size)))
        return f"[{self._kind(file)}: {about}]" if about else f"[{self._kind(file)}]"

    def _size(self, size_bytes: int) -> str:
        unit, n = ("megabyte", size_bytes / MB) if size_bytes >= MB else ("kilobyte", size_bytes / 1000)
        size = math.ceil(n * 10) / 10 if unit == "megabyte" else math.ceil(n)
        return plain_spaces(format_unit(size, f"digital-{unit}", length="short", locale=self.language.locale))

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

    def _named(self, name: str) -> str:
        return _name(name) or self.language.say("no name")


def _name(name: str) -> str:
    return person_name(name.translate(NO_SIGNS))


def _without_separator(name: str) -> str:
    """A name that cannot be taken for two parts of a title."""
    return name.replace(SEPARATOR, " ")


def _fitting(parts: Sequence[str], most: int) -> str:
    """The parts of a title on one line, the middle one shortened and at last left out."""
    first, middle, last = parts
    while _units(line := _joined(first, middle, last)) > most and middle:
        middle = one_line(middle, len(middle) - 1) if len(middle) > 2 else ""
    return line if _units(line) <= most else one_line(line, most // 2)


def _joined(*parts: str) -> str:
    return SEPARATOR.join(filter(None, parts))


def _units(text: str) -> int:
    """The length in UTF-16 units, as some platforms count."""
    return len(text) + sum(character > "\uffff" for character in text)
