"""A form that Twilio pushed, as what it says of customers: messages, opt-outs, and what did not arrive.

Twilio adds fields without notice, so what is not known is passed over; what a case is made of must be as documented:
https://www.twilio.com/docs/messaging/guides/webhook-request
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adapters.base import (
    AgentCommand,
    Arrival,
    CustomerGone,
    CustomerMessage,
    File,
    Malformed,
    Person,
    Undeliverable,
    kind_of,
    start,
)
from adapters.twilio.calls import why

BODY_CHARS, NAME_CHARS, MIME_CHARS, FILES = 16_000, 200, 100, 10
ADDRESS = re.compile(r"(?:[a-z]+:)?[A-Za-z0-9_+.@-]{1,100}")
SID = re.compile(r"[A-Z]{2}[0-9a-f]{32}")
MEDIA = re.compile(r"/Messages/([A-Z]{2}[0-9a-f]{32}/Media/ME[0-9a-f]{32})\Z")
STOPS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
"""What Twilio itself takes for an opt-out of SMS: https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out"""
STARTS = frozenset({"START", "UNSTOP"})
"""What it takes for the way back. YES is another one, and an answer to too many questions to be passed over."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the forms of one channel. An empty `sender` is a messaging service, which knows by itself from which of its
    numbers a customer is answered."""

    account: str
    sender: str
    agents: frozenset[str]
    queues: tuple[str, ...]

    def read(self, form: Mapping[str, str]) -> Iterator[Arrival]:
        """What the form brings. Raises Malformed."""
        status = form.get("MessageStatus")
        if status is None and "Body" not in form and "NumMedia" not in form:
            return  # a call, or whatever else Twilio can be told to push here
        if form.get("AccountSid") != self.account:
            raise Malformed("AccountSid: is not the account of this channel")
        sid = _matching(form, "MessageSid", SID)
        sender, receiver = _matching(form, "From", ADDRESS), _matching(form, "To", ADDRESS)
        if status is None:
            yield from self._message(form, sid, sender, self._conversation(sender, receiver))
        elif status in ("failed", "undelivered"):
            code = form.get("ErrorCode", "")
            reason = why(int(code)) if re.fullmatch("[0-9]{1,6}", code) else "Twilio gives no reason"
            yield Undeliverable(sid, self._conversation(receiver, sender), reason)

    def _conversation(self, customer: str, ours: str) -> str:
        """The customer, and the number of ours they wrote to unless it is understood."""
        return customer if self.sender in ("", ours) else f"{customer} {ours}"

    def _message(
        self, form: Mapping[str, str], sid: str, sender: str, conversation: str
    ) -> Iterator[Arrival]:
        text, opted, sms = form.get("Body", "").strip(), form.get("OptOutType", ""), ":" not in sender
        if len(text) > BODY_CHARS:
            raise Malformed(f"Body: longer than {BODY_CHARS} characters")
        files = tuple(_files(form))
        text = text or form.get("ButtonText", "").strip()
        if opted == "STOP" or (not opted and text.upper() in (STOPS if sms else {"STOP"})):
            yield CustomerGone(sid, conversation)
        elif opted == "START" or sender == self.sender or not (text or files):
            return  # Twilio confirmed that they are back; our own words; a kind that is not known
        elif not sms and sender in self.agents and text.startswith("/"):
            command, _, arguments = text[1:].partition(" ")
            yield AgentCommand(sid, Person(sender), command, arguments.strip(), answer_to=conversation)
        else:
            customer = Person(sender, form.get("ProfileName", "")[:NAME_CHARS])
            text, queue = self._meant(text, sms)
            yield CustomerMessage(sid, conversation, customer, text, queue=queue, files=files, ref=sid)

    def _meant(self, text: str, sms: bool) -> tuple[str, str | None]:
        """What a customer says, and the queue that the link named by which they came. Who is back after STOP is greeted
        and waits for nobody: Twilio does not tell whether it has answered."""
        if sms and text.upper() in STARTS:
            return "/start", None
        payload = text.removeprefix("/start ")
        return (text, None) if payload == text else start(payload.strip(), self.queues)


def _matching(form: Mapping[str, str], name: str, pattern: re.Pattern[str]) -> str:
    value = form.get(name)
    if value is None:
        raise Malformed(f"{name}: is missing")
    if not pattern.fullmatch(value):
        raise Malformed(f"{name}: is not what Twilio documents")
    return value


def _files(form: Mapping[str, str]) -> Iterator[File]:
    count = form.get("NumMedia", "0")
    if not re.fullmatch("[0-9]{1,2}", count) or int(count) > FILES:
        raise Malformed(f"NumMedia: a number up to {FILES} is wanted")
    for number in range(int(count)):
        name = f"MediaUrl{number}"
        found = MEDIA.search(form.get(name, ""))
        if found is None:
            raise Malformed(f"{name}: is not what Twilio documents")
        mime = form.get(f"MediaContentType{number}", "")[:MIME_CHARS]
        yield File(kind_of(mime), found[1], mime=mime)
    if "Latitude" in form:
        name = form.get("Label") or form.get("Address") or ""
        yield File.located(_degrees(form, "Latitude"), _degrees(form, "Longitude"), name[:NAME_CHARS])


def _degrees(form: Mapping[str, str], name: str) -> float:
    value = form.get(name, "")
    if not re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{1,20})?", value) or abs(float(value)) > 180:
        raise Malformed(f"{name}: degrees are wanted")
    return float(value)
