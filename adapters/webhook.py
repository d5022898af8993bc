"""The generic channel: signed JSON in and out, by Standard Webhooks.

Any system that can POST a message and receive one is a channel with this adapter: a shop's own chat, a helpdesk,
an intranet. Both directions are signed the same way (https://www.standardwebhooks.com): headers `webhook-id`,
`webhook-timestamp`, `webhook-signature`; the id is the idempotency key, so a resend is safe.

Invariant: a request is read only after its signature was found right; the body never appears in an error.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

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
    Inbox,
    Limits,
    Malformed,
    MessageOut,
    Outgoing,
    OutsideAct,
    OutsideReply,
    Person,
    Refused,
    Tools,
    Untrusted,
    call,
    each,
    examine_address,
    read_json,
)

TOLERANCE_S = 300
"""How old or new a time stamp may be: the five minutes of the Standard Webhooks libraries."""
ID_CHARS, NAME_CHARS, LANGUAGE_CHARS, TEXT_CHARS = 256, 256, 35, 16_000
ACTS: Mapping[str, Literal["claim", "release", "close"]] = {
    "case.assigned": "claim",
    "case.released": "release",
    "case.closed": "close",
}
CASE_EVENTS = ("case.arrived", "case.replied", *ACTS, "case.abandoned")
"""What another system tells of cases that are answered there."""
NEVER = frozenset({400, 410, 413, 422})
"""Answers that mean this very message will not be taken, however often it is sent."""


@dataclass(frozen=True, slots=True)
class Options:
    """`secret`: `whsec_...`, or several during rotation (the first one signs); `url`: where messages go out; `stream`:
    a stream in our store where another system adds what it would post, as the field `event`."""

    secret: str | tuple[str, ...] = field(repr=False)
    url: str = ""
    stream: str = ""


class Webhook:
    """One Standard Webhooks peer."""

    limits = Limits(TEXT_CHARS, resend_is_safe=True, sends_at_once=64, hears_refusals=True)

    def __init__(self, keys: tuple[bytes, ...], url: str, stream: str, tools: Tools) -> None:
        self._keys = keys
        self._url = url
        self._stream = stream
        self._tools = tools
        self.limits = replace(self.limits, one_reader=bool(stream))
        self.wants_events = bool(url)

    def accept(self, headers: Mapping[str, str], body: bytes, now: float) -> list[Arrival]:
        """Verify and read one request. Raises Untrusted or Malformed."""
        self._verify(headers, body, now)
        return [_read(read_json(body))]

    def _verify(self, headers: Mapping[str, str], body: bytes, now: float) -> None:
        message_id, stamp = headers.get("webhook-id"), headers.get("webhook-timestamp")
        signatures = headers.get("webhook-signature")
        if not message_id or not stamp or not signatures:
            raise Untrusted("webhook-id, webhook-timestamp and webhook-signature are needed")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
            raise Untrusted("webhook-timestamp is not a number of seconds")
        if abs(now - int(stamp)) > TOLERANCE_S:
            raise Untrusted("webhook-timestamp is more than five minutes off")
        signed = b"%s.%s.%s" % (message_id.encode("utf-8", "replace"), stamp.encode(), body)
        given = [
            part[3:].encode("utf-8", "replace") for part in signatures.split(" ") if part.startswith("v1,")
        ]
        for key in self._keys:
            expected = binascii.b2a_base64(hmac.digest(key, signed, "sha256"), newline=False)
            if any(hmac.compare_digest(expected, one) for one in given):
                return
        raise Untrusted("webhook-signature does not match")

    async def listen(self, inbox: Inbox) -> None:
        """Requests are pushed to `accept`; a stream is followed, where there is one, from its first entry. What it
        holds is as good as signed: only who may write into our store can write there."""
        if not self._stream:
            await asyncio.Event().wait()
        after, trouble = (await self._tools.bookmarks.all()).get(self._stream, "0"), ""
        while True:
            for entry_id, fields in await self._tools.streams.read(self._stream, after):
                try:
                    arrival = _read(read_json(fields.get("event", "").encode()))
                except Malformed as error:
                    trouble = f"{self._stream}: entry {entry_id} was passed over: {error}"
                    self._tools.report(trouble)
                else:
                    await inbox(arrival)
                    if trouble:
                        self._tools.report(trouble := "")
                self._tools.bookmarks.mark(self._stream, entry_id)
                after = entry_id

    async def send(self, outgoing: Outgoing) -> str:
        """POST one signed message. Raises Refused, Busy or Uncertain."""
        if not self._url:
            raise Refused("this channel has no url: nothing can be sent")
        body = json.dumps(
            _payload(outgoing, self._tools.now()), ensure_ascii=False, separators=(",", ":")
        ).encode()
        headers = self._signed(outgoing.key, body)
        answer = await call(self._tools.http, "POST", self._url, data=body, headers=headers)
        _judge(answer)
        return outgoing.key

    def _signed(self, key: str, body: bytes) -> dict[str, str]:
        stamp = str(int(self._tools.now()))
        digest = hmac.digest(self._keys[0], b"%s.%s.%s" % (key.encode(), stamp.encode(), body), "sha256")
        return {
            "Content-Type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": stamp,
            "webhook-signature": "v1," + base64.b64encode(digest).decode(),
        }

    async def aclose(self) -> None:
        """Nothing of its own to give back."""


def open_channel(options: Options, tools: Tools) -> Webhook:
    """Raises BadOptions when a secret is not `whsec_` and base64, or the url not http(s)."""
    secrets = each(options.secret)
    if not secrets:
        raise BadOptions("secret", "is empty; give a secret such as whsec_ followed by base64")
    if options.url:
        examine_address("url", options.url)
    return Webhook(tuple(_key(secret) for secret in secrets), options.url, options.stream, tools)


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith("whsec_") or not 16 <= len(key) <= 128:
        raise BadOptions(
            "secret",
            "is not whsec_ followed by 16 to 128 bytes in base64; make one with: "
            "echo whsec_$(head -c 24 /dev/urandom | base64)",
        )
    return key


# --- in ----------------------------------------------------------------------------------------------------


def _read(request: Any) -> Arrival:
    _only(request, "body", {"type", "timestamp", "data"})
    _instant(request.get("timestamp"))
    kind, data = request.get("type"), request.get("data")
    if kind == "message.received":
        return _message(data)
    if kind == "command.received":
        return _command(data)
    if kind in CASE_EVENTS:
        return _happened(kind, data)
    raise Malformed(f"type: must be message.received, command.received, {', '.join(CASE_EVENTS)}")


def _happened(kind: str, data: Any) -> Arrival:
    """What happened to a case of another system, which speaks with the customer itself."""
    about = "customer" if kind == "case.arrived" else "agent"
    _only(data, "data", {"event_id", "conversation_id", "queue", about})
    event_id = _text(data, "data", "event_id", ID_CHARS)
    conversation_id = _text(data, "data", "conversation_id", ID_CHARS)
    if kind == "case.arrived":
        unnamed = {"id": conversation_id}
        known = {"id", "name", "language"}
        customer = _person(data.get("customer", unnamed), "data.customer", known)
        queue = _text(data, "data", "queue", ID_CHARS, may_be_empty=True) or None
        return CustomerMessage(event_id, conversation_id, customer, "", queue=queue, quiet=True)
    if kind == "case.abandoned":
        return CustomerGone(event_id, conversation_id)
    agent = _person(data.get("agent"), "data.agent", {"id", "name"})
    if kind == "case.replied":
        return OutsideReply(event_id, conversation_id, agent, "")
    return OutsideAct(event_id, conversation_id, agent, ACTS[kind])


def _message(data: Any) -> CustomerMessage:
    known = {"message_id", "conversation_id", "customer", "text", "queue", "public", "continues"}
    _only(data, "data", known)
    public = data.get("public", False)
    if type(public) is not bool:
        raise Malformed("data.public: must be true or false")
    message_id = _text(data, "data", "message_id", ID_CHARS)
    return CustomerMessage(
        id=message_id,
        ref=message_id if public else "",
        public=public,
        continues=_text(data, "data", "continues", ID_CHARS, may_be_empty=True),
        conversation_id=_text(data, "data", "conversation_id", ID_CHARS),
        customer=_person(data.get("customer"), "data.customer", {"id", "name", "language"}),
        text=_text(data, "data", "text", TEXT_CHARS),
        queue=_text(data, "data", "queue", ID_CHARS) if data.get("queue") is not None else None,
    )


def _command(data: Any) -> AgentCommand:
    _only(data, "data", {"command_id", "agent", "command", "arguments"})
    return AgentCommand(
        id=_text(data, "data", "command_id", ID_CHARS),
        agent=_person(data.get("agent"), "data.agent", {"id", "name"}),
        command=_text(data, "data", "command", 64).removeprefix("/"),
        arguments=_text(data, "data", "arguments", TEXT_CHARS, may_be_empty=True),
    )


def _person(data: Any, path: str, known: set[str]) -> Person:
    _only(data, path, known)
    return Person(
        _text(data, path, "id", ID_CHARS),
        _text(data, path, "name", NAME_CHARS, may_be_empty=True),
        _text(data, path, "language", LANGUAGE_CHARS, may_be_empty=True),
    )


def _only(data: Any, path: str, known: set[str]) -> None:
    if type(data) is not dict:
        raise Malformed(f"{path}: must be an object")
    if not data.keys() <= known:
        unknown = sorted(data.keys() - known)[0][:40]
        raise Malformed(f"{path}: unknown field {unknown!a}")


def _text(data: dict[str, Any], path: str, name: str, most: int, *, may_be_empty: bool = False) -> str:
    value = data.get(name)
    if value is None and may_be_empty:
        return ""
    if type(value) is not str:
        raise Malformed(f"{path}.{name}: must be a string")
    if not may_be_empty and not value.strip():
        raise Malformed(f"{path}.{name}: must not be empty")
    if len(value) > most:
        raise Malformed(f"{path}.{name}: longer than {most} characters")
    return value


def _instant(value: Any) -> None:
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Malformed("timestamp: must be an RFC 3339 time such as 2026-01-31T12:00:00Z") from None
    if at.tzinfo is None:
        raise Malformed("timestamp: must tell its offset, such as Z or +02:00")


# --- out ---------------------------------------------------------------------------------------------------


def _payload(outgoing: Outgoing, now: float) -> dict[str, Any]:
    data: dict[str, Any]
    match outgoing:
        case MessageOut():
            kind, data = (
                "message.send",
                {
                    "message_id": outgoing.key,
                    "conversation_id": outgoing.conversation_id,
                    "customer": {"id": outgoing.customer_id},
                    "case_id": outgoing.case_id,
                    "kind": outgoing.kind,
                    "text": outgoing.text,
                },
            )
            if outgoing.public:
                data["public"] = outgoing.public
        case CommandAnswer():
            kind, data = (
                "command.answer",
                {
                    "command_id": outgoing.command_id,
                    "agent": {"id": outgoing.agent_id},
                    "text": outgoing.text,
                    "ok": outgoing.ok,
                },
            )
            if outgoing.case_id is not None:
                data["case_id"] = outgoing.case_id
        case EventOut():
            kind, data = outgoing.type, dict(outgoing.data)
    stamp = datetime.fromtimestamp(int(now), UTC).isoformat().replace("+00:00", "Z")
    return {"type": kind, "timestamp": stamp, "data": data}


def _judge(answer: Answered) -> None:
    if 200 <= answer.status < 300:
        return
    if answer.status in NEVER:
        raise Refused(f"HTTP {answer.status}")
    raise Busy(f"HTTP {answer.status}", answer.retry_after_s)
