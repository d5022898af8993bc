"""SMS and WhatsApp through Twilio: signed forms come in at the hook, messages go out by the REST interface.

A request is genuine if its signature fits the configured public address (never the Host that it names) and the fields
of the form. Twilio stamps no time on it: a replay is known by its MessageSid. There is no key for a repeated send
either, so one that got no answer is Uncertain, and what fails later comes back as a status. Who writes an SMS can be
forged, so agents give commands by WhatsApp only.

Invariant: what customers wrote, their numbers and the token never appear in an error.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

from adapters.base import (
    AgentCommand,
    Answered,
    Arrival,
    BadOptions,
    Busy,
    CommandAnswer,
    CustomerGone,
    CustomerMessage,
    EventOut,
    File,
    FileKind,
    Finding,
    Inbox,
    Limits,
    Malformed,
    MessageOut,
    Outgoing,
    Person,
    Pushed,
    Refused,
    Told,
    Tools,
    Uncertain,
    Undeliverable,
    Undelivered,
    Untrusted,
    call,
)

TEXT_CHARS, FIELDS, FILES, NAME_CHARS, MIME_CHARS = 1_600, 250, 10, 200, 100
BODY_CHARS = 16_000
MEDIA_BYTES = 16_000_000
"""The most that WhatsApp carries; MMS carries 5 MB: https://www.twilio.com/docs/messaging/guides/accepted-mime-types"""
PAUSE_S = 60.0
"""How long messages wait for somebody to mend the configuration before they try again."""
ACCOUNT, SERVICE = re.compile(r"AC[0-9a-fA-F]{32}"), re.compile(r"MG[0-9a-fA-F]{32}")
SENDER = re.compile(r"(?:whatsapp:|rcs:)?\+?[A-Za-z0-9_]{3,64}")
ADDRESS = re.compile(r"(?:[a-z]+:)?[A-Za-z0-9_+.@-]{1,100}")
SID = re.compile(r"[A-Z]{2}[0-9a-f]{32}")
MEDIA = re.compile(r"/Messages/([A-Z]{2}[0-9a-f]{32}/Media/ME[0-9a-f]{32})\Z")
DIGEST = re.compile(r"[0-9a-f]{64}")
KINDS: Mapping[str, FileKind] = {"image": "photo", "video": "video", "audio": "audio"}
STOPS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
"""What Twilio itself takes for an opt-out of SMS: https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out"""
SLOWER = frozenset({20429, 21611})
NO_ACCOUNT = "the account or its token is not accepted (account, token)"
MISCONFIGURED: Mapping[int, str] = {20003: NO_ACCOUNT, 20404: NO_ACCOUNT} | dict.fromkeys(
    (21212, 21603, 21606, 21659, 21660, 21703, 63007), "nothing can be sent from this sender (sender)"
)
"""Somebody must mend it, and may: the message waits."""
WHY: Mapping[int, str] = {
    21211: "the customer's number is not valid",
    21408: "messages to the customer's country are not switched on (in the Console: Geo permissions)",
    21610: "the customer has opted out with STOP: nothing can be sent until they write START",
    21614: "the customer's number takes no text messages",
    30003: "the customer's phone is switched off or out of reach",
    30005: "the customer's number is not known any more",
    30006: "the customer's number is a landline, or out of reach",
    30007: "the carrier took it for unwanted and dropped it",
    63016: "the customer last wrote more than 24 hours ago, and WhatsApp takes no free text then: wait until they "
    "write, or reach them another way",
}
"""Codes and their meaning: https://www.twilio.com/docs/api/errors"""


def _units(text: str) -> int:
    """UTF-16 units, so that no way of counting characters comes to more."""
    return len(text.encode("utf-16-le")) // 2


@dataclass(frozen=True, slots=True)
class Options:
    """`account`: its SID; `token`: the auth token, or several during rotation (the first one calls); `sender`: the
    number, WhatsApp address or messaging service that messages come from; `api_base`: the REST interface's address."""

    account: str
    token: str | tuple[str, ...] = field(repr=False)
    sender: str
    api_base: str = "https://api.twilio.com"


class Twilio:
    """One Twilio account with one sender, or with the senders that a messaging service holds."""

    limits = Limits(TEXT_CHARS, resend_is_safe=False, measure=_units)
    wants_events = False
    thanks = Told(b'<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml")

    def __init__(self, options: Options, tokens: tuple[str, ...], tools: Tools) -> None:
        self._options, self._tools = options, tools
        self._keys = tuple(token.encode() for token in tokens)
        self._addresses = _with_and_without_port(tools.hook_url)
        login = base64.b64encode(f"{options.account}:{tokens[0]}".encode()).decode()
        self._auth = {"Authorization": f"Basic {login}"}
        self._base = options.api_base.rstrip("/")
        self._account = f"{self._base}/2010-04-01/Accounts/{options.account}"
        self._service = bool(SERVICE.fullmatch(options.sender))

    # --- in ------------------------------------------------------------------------------------------------

    def answer(self, pushed: Pushed, now: float) -> Told | None:
        """JSON is signed by a digest in the address; none of it is a message. Raises Untrusted."""
        digest = pushed.query.get("bodySHA256")
        if pushed.path or digest is None:
            return None
        if not DIGEST.fullmatch(digest):
            raise Untrusted("bodySHA256 is no digest")
        self._verify(pushed.headers, f"?bodySHA256={digest}")
        if not hmac.compare_digest(hashlib.sha256(pushed.body).hexdigest(), digest):
            raise Untrusted("bodySHA256 does not match")
        return self.thanks

    def accept(self, headers: Mapping[str, str], body: bytes, now: float) -> list[Arrival]:
        """Verify and read one form. Raises Untrusted or Malformed."""
        try:
            pairs = parse_qsl(
                body.decode("ascii"),
                keep_blank_values=True,
                strict_parsing=True,
                errors="strict",
                max_num_fields=FIELDS,
            )
        except ValueError:
            # The fields are what is signed: what has none cannot be genuine.
            raise Untrusted("the body is not a form") from None
        self._verify(headers, "".join(name + value for name, value in sorted(set(pairs))))
        form = dict(pairs)
        if len(form) != len(pairs):
            raise Malformed("a field is there twice")
        return list(self._read(form))

    def _verify(self, headers: Mapping[str, str], signed: str) -> None:
        given = headers.get("X-Twilio-Signature", "").encode("utf-8", "replace")
        for key in self._keys:
            for address in self._addresses:
                digest = hmac.digest(key, f"{address}{signed}".encode(), "sha1")
                if hmac.compare_digest(base64.b64encode(digest), given):
                    return
        raise Untrusted(f"X-Twilio-Signature does not match the token and {self._tools.hook_url}")

    def _read(self, form: Mapping[str, str]) -> Iterator[Arrival]:
        status = form.get("MessageStatus")
        if status is None and "Body" not in form and "NumMedia" not in form:
            return  # a call, or whatever else Twilio can be told to push here
        if form.get("AccountSid") != self._options.account:
            raise Malformed("AccountSid: is not the account of this channel")
        sid = _matching(form, "MessageSid", SID)
        sender, receiver = _matching(form, "From", ADDRESS), _matching(form, "To", ADDRESS)
        if status is None:
            yield from self._message(form, sid, sender, self._conversation(sender, receiver))
        elif status in ("failed", "undelivered"):
            code = form.get("ErrorCode", "")
            why = _why(int(code)) if re.fullmatch("[0-9]{1,6}", code) else "Twilio gives no reason"
            yield Undeliverable(sid, self._conversation(receiver, sender), why)

    def _conversation(self, customer: str, ours: str) -> str:
        """The customer, and the number of ours they wrote to unless it is understood."""
        return customer if self._service or ours == self._options.sender else f"{customer} {ours}"

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
        elif opted == "START" or sender == self._options.sender or not (text or files):
            return  # Twilio confirmed that they are back; our own words; a kind that is not known
        elif not sms and sender in self._tools.agents and text.startswith("/"):
            command, _, arguments = text[1:].partition(" ")
            yield AgentCommand(sid, Person(sender), command, arguments.strip(), answer_to=conversation)
        else:
            customer = Person(sender, form.get("ProfileName", "")[:NAME_CHARS])
            yield CustomerMessage(sid, conversation, customer, text, files=files, ref=sid)

    async def listen(self, inbox: Inbox) -> None:
        """Nothing to pull: Twilio pushes to `accept`."""
        await asyncio.Event().wait()

    async def fetch(self, file: File) -> bytes:
        """A file that a customer sent. Twilio shows who asks with the token where it lies; the token stays here."""
        if not MEDIA.fullmatch(f"/Messages/{file.ref}"):
            raise Refused("there is no such file at Twilio")
        address = f"{self._account}/Messages/{file.ref}"
        answer = await self._get(address, self._auth, MEDIA_BYTES)
        if answer.status in (301, 302, 303, 307, 308):
            there = urljoin(address, answer.headers.get("Location", ""))
            if urlsplit(there).scheme != urlsplit(self._base).scheme:
                raise Refused("the file lies where it cannot be fetched safely")
            answer = await self._get(there, {}, MEDIA_BYTES)
        if answer.status == 200:
            return answer.body
        if answer.status in (404, 410):
            raise Refused("the file is not kept at Twilio any more")
        raise Busy(f"HTTP {answer.status}", answer.retry_after_s)

    async def _get(self, address: str, auth: Mapping[str, str], most_bytes: int = 1_000_000) -> Answered:
        http = self._tools.http
        return await call(http, "GET", address, headers=auth, sends=False, most_bytes=most_bytes)

    # --- out -----------------------------------------------------------------------------------------------

    async def send(self, outgoing: Outgoing) -> str:
        """Send one message. Raises Refused, Busy or Uncertain."""
        match outgoing:
            case MessageOut(attachments=[_, *_]):
                raise Refused(
                    "Twilio takes files from public addresses only: send a link to the file instead"
                )
            case MessageOut(conversation_id=conversation, text=text):
                return await self._deliver(conversation, text)
            case CommandAnswer(agent_id=agent, answer_to=conversation, text=text):
                return await self._deliver(conversation or agent, _cut(text))
            case EventOut(key=key):
                return key
        raise Refused("a text message cannot do that")

    async def _deliver(self, conversation: str, text: str) -> str:
        to, _, ours = conversation.partition(" ")
        sender = self._options.sender if self._service or not ours else ours
        form = {
            "To": to,
            "MessagingServiceSid" if self._service else "From": sender,
            "Body": text,
            "StatusCallback": self._tools.hook_url,
        }
        address = f"{self._account}/Messages.json"
        answer = await call(self._tools.http, "POST", address, data=form, headers=self._auth)
        if not 200 <= answer.status < 300:
            _failed(answer)
        sid = answer.data.get("sid")
        if not isinstance(sid, str) or not sid:
            raise Uncertain("an answer that makes no sense")
        return sid

    async def check(self) -> list[Finding]:
        """Look at the account, and at what the sender calls when a message comes in."""
        found = [
            Finding(
                f"the agent {agent}", "who writes an SMS can be forged: name agents by whatsapp: addresses"
            )
            for agent in sorted(self._tools.agents)
            if not agent.startswith("whatsapp:")
        ]
        try:
            return [*found, *await self._account_and_sender()]
        except Undelivered as error:
            return [*found, Finding("Twilio", str(error))]

    async def _account_and_sender(self) -> list[Finding]:
        answer = await self._get(f"{self._account}.json", self._auth)
        if answer.status != 200:
            wrong = NO_ACCOUNT if answer.status in (401, 404) else f"HTTP {answer.status}"
            return [Finding("the account", wrong)]
        state = answer.data.get("status")
        account = Finding("the account", "" if state == "active" else f"is {state}: see the Console")
        return [account, await self._sender()]

    async def _sender(self) -> Finding:
        sender, what = self._options.sender, f"the sender {self._options.sender}"
        if self._service:
            base = self._base.replace("//api.", "//messaging.", 1)
            answer = await self._get(f"{base}/v1/Services/{sender}", self._auth)
            if answer.status != 200:
                return Finding(what, f"is no messaging service of this account (HTTP {answer.status})")
            if answer.data.get("use_inbound_webhook_on_number"):
                return Finding(f"{what} leaves incoming messages to its numbers: each must call the hook")
            return self._calls(
                what, answer.data.get("inbound_request_url"), answer.data.get("inbound_method")
            )
        if not sender.startswith("+"):
            return Finding(f"{what} cannot be looked at: see in the Console that it calls the hook")
        query = f"IncomingPhoneNumbers.json?PhoneNumber={quote(sender, safe='')}"
        answer = await self._get(f"{self._account}/{query}", self._auth)
        rows = answer.data.get("incoming_phone_numbers")
        if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict):
            return Finding(what, "is no number of this account")
        return self._calls(what, rows[0].get("sms_url"), rows[0].get("sms_method"))

    def _calls(self, what: str, address: object, method: object) -> Finding:
        # What follows a # tells Twilio how to connect.
        if f"{address}".partition("#")[0] == self._tools.hook_url and method == "POST":
            return Finding(what)
        return Finding(what, f"must call {self._tools.hook_url} by HTTP POST when a message comes in")

    async def aclose(self) -> None:
        """Nothing of its own to give back."""


def open_channel(options: Options, tools: Tools) -> Twilio:
    """Raises BadOptions when an option cannot work, or nobody knows where Twilio reaches us."""
    tokens = (options.token,) if isinstance(options.token, str) else options.token
    if not ACCOUNT.fullmatch(options.account):
        raise BadOptions("account", "is no account SID: AC and 32 characters, at the top of the Console")
    if not tokens or not all(re.fullmatch("[!-~]{8,128}", token) for token in tokens):
        raise BadOptions("token", "is no auth token; the Console shows it below the account SID")
    if not SERVICE.fullmatch(options.sender) and not SENDER.fullmatch(options.sender):
        raise BadOptions("sender", "is none; such are +15005550006, whatsapp:+15005550006 and MG0123...")
    if not options.api_base.startswith(("http://", "https://")):
        raise BadOptions("api_base", "must begin with https:// or http://")
    if not tools.hook_url:
        raise BadOptions("adapter", 'is "twilio", but server.public_url does not say where Twilio reaches us')
    return Twilio(options, tokens, tools)


def _with_and_without_port(address: str) -> tuple[str, str]:
    """Twilio signs one of the two: https://www.twilio.com/docs/usage/security"""
    parts = urlsplit(address)
    host = parts.netloc.removesuffix(f":{parts.port}")
    port = parts.port or {"https": 443, "http": 80}[parts.scheme]
    return parts._replace(netloc=host).geturl(), parts._replace(netloc=f"{host}:{port}").geturl()


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
        yield File(KINDS.get(mime.partition("/")[0], "document"), found[1], mime=mime)
    if "Latitude" in form:
        point = ",".join(f"{_degrees(form, name):.6f}" for name in ("Latitude", "Longitude"))
        latitude, _, longitude = point.partition(",")
        link = f"https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}"
        name = form.get("Label") or form.get("Address") or ""
        yield File("location", point, name[:NAME_CHARS], text=link)


def _degrees(form: Mapping[str, str], name: str) -> float:
    value = form.get(name, "")
    if not re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{1,20})?", value) or abs(float(value)) > 180:
        raise Malformed(f"{name}: degrees are wanted")
    return float(value)


def _cut(text: str) -> str:
    """As much of an answer as one message holds."""
    return text.encode("utf-16-le")[: TEXT_CHARS * 2].decode("utf-16-le", "ignore")


def _why(code: int) -> str:
    return WHY.get(code) or MISCONFIGURED.get(code) or f"see www.twilio.com/docs/api/errors/{code}"


def _failed(answer: Answered) -> NoReturn:
    code = answer.data.get("code")
    if answer.status == 504:
        raise Uncertain("no answer: gateway timeout")
    if answer.status == 429 or code in SLOWER:
        raise Busy("Twilio wants it slower", answer.retry_after_s)
    if answer.status in (401, 403) or code in MISCONFIGURED:
        raise Busy(_why(code if code in MISCONFIGURED else 20003), PAUSE_S)
    if answer.status >= 500 or not isinstance(code, int):
        # One that names no code is somebody's in between, and says nothing of the message.
        raise Busy(f"HTTP {answer.status}", answer.retry_after_s)
    raise Refused(f"{_why(code)} (code {code})")
