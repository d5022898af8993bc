"""Twilio as a channel sees it: the REST interface of one account, and the store of what customers sent.

https://www.twilio.com/docs/messaging/api/message-resource and https://www.twilio.com/docs/api/errors
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.adapters.contract import Fault

_FOLDER = Path(__file__).parents[1] / "adapters/fixtures/twilio"
_READ: Mapping[str, Mapping[str, Any]] = {
    path.stem: json.loads(path.read_text("utf-8")) for path in _FOLDER.glob("*.json")
}
TAKEN = _READ["rest_sent"]
"""What a message that was taken is answered with."""
FORMS: Mapping[str, Mapping[str, str]] = {name: form for name, form in _READ.items() if form is not TAKEN}
"""What Twilio pushes, by name."""

ACCOUNT, TOKEN = "AC00000000000000000000000000000001", "0123456789abcdef0123456789abcdef"
SERVICE = "MG00000000000000000000000000000001"
SENDER, AINO = "+15005550006", "+358401234567"
HOOK = "https://wait.example.com/hooks/twilio"
LOGIN = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
API = f"/2010-04-01/Accounts/{ACCOUNT}"
ACCOUNT_PAGE, NUMBERS_PAGE, SERVICE_PAGE = (
    f"{API}.json",
    f"{API}/IncomingPhoneNumbers.json",
    f"/v1/Services/{SERVICE}",
)
NUMBER: Mapping[str, str] = {"phone_number": SENDER, "sms_url": HOOK, "sms_method": "POST"}
TEXT_CHARS = 1_600
FAULTS: Mapping[Fault, tuple[int, int]] = {
    "busy": (429, 20429),
    "broken": (500, 20500),
    "refused": (400, 21610),
    "unauthorised": (401, 20003),
}


def sid(number: int, kind: str = "SM") -> str:
    """A name as Twilio gives it."""
    return f"{kind}{number:032x}"


def failure(status: int, code: int, wait_s: float | None = None) -> web.Response:
    """An error as Twilio words it, with the customer's number in it."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    said = {"code": code, "message": f"Message to {AINO} failed", "more_info": more, "status": status}
    told = {} if wait_s is None else {"Retry-After": f"{wait_s:.0f}"}
    return web.json_response(said, status=status, headers=told)


def _healthy() -> dict[str, Any]:
    return {
        ACCOUNT_PAGE: {"sid": ACCOUNT, "status": "active", "type": "Full"},
        NUMBERS_PAGE: {"incoming_phone_numbers": [NUMBER]},
        SERVICE_PAGE: {"inbound_request_url": HOOK, "inbound_method": "POST"},
    }


@dataclass
class Far:
    """One account. Each of `faults`, and then of `answers`, is given once to a message; None takes it. `sent` are the
    messages that were taken, `delivered` the texts in them, `seen` what was asked for, with its login. `pages` stand by
    their path; of `files`, by their names, a number is a status. Twilio promises no delay when it is busy: `busy_s`
    is one that it tells all the same."""

    url: str = ""
    faults: list[Fault] = field(default_factory=list)
    busy_s: float | None = None
    answers: list[web.Response | None] = field(default_factory=list)
    sent: list[Mapping[str, str]] = field(default_factory=list)
    delivered: list[str] = field(default_factory=list)
    seen: list[tuple[str, str]] = field(default_factory=list)
    pages: dict[str, Any] = field(default_factory=_healthy)
    files: dict[str, bytes | int] = field(default_factory=dict)

    async def message(self, request: web.Request) -> web.Response:
        """A message that is to be sent."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        fault = self.faults.pop(0) if self.faults else None
        if fault == "cut":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if fault is not None:
            return failure(*FAULTS[fault], self.busy_s)
        if self.answers and (answer := self.answers.pop(0)) is not None:
            return answer
        if request.headers.get("Authorization") != LOGIN:
            return failure(*FAULTS["unauthorised"])
        if code := _wrong(form):
            return failure(400, code)
        self.sent.append(form)
        self.delivered += [form["Body"]] if "Body" in form else []
        made = {"sid": sid(len(self.sent)), "to": form["To"], "body": form.get("Body", "")}
        return web.json_response({**TAKEN, **made}, status=201)

    async def read(self, request: web.Request) -> web.Response:
        """A page of the account, or where a file is stored."""
        self._note(request)
        if request.headers.get("Authorization") != LOGIN:
            return failure(*FAULTS["unauthorised"])
        name = request.path.rpartition("/")[2]
        if name in self.files:
            return web.Response(status=307, headers={"Location": f"/store/{name}"})
        if request.path not in self.pages:
            return failure(404, 20404)
        return web.json_response(self.pages[request.path])

    async def stored(self, request: web.Request) -> web.Response:
        """A file, for whoever knows its address."""
        self._note(request)
        found = self.files[request.match_info["name"]]
        return web.Response(status=found) if isinstance(found, int) else web.Response(body=found)

    def _note(self, request: web.Request) -> None:
        self.seen.append((request.path_qs, request.headers.get("Authorization", "")))


def _wrong(form: Mapping[str, str]) -> int:
    """The code of what is wrong with a message; 0 where nothing is."""
    if not form.get("To"):
        return 21604
    if not form.get("From") and not form.get("MessagingServiceSid"):
        return 21603
    if not form.get("Body") and not form.get("MediaUrl"):
        return 21602
    if len(form.get("Body", "")) > TEXT_CHARS:
        return 21617
    return 0 if form.get("StatusCallback") == HOOK else 21609


@asynccontextmanager
async def far_end() -> AsyncIterator[Far]:
    """Run one on loopback."""
    far = Far()
    app = web.Application()
    app.router.add_post(f"{API}/Messages.json", far.message)
    app.router.add_get("/store/{name}", far.stored)
    app.router.add_get("/{path:.+}", far.read)
    async with TestServer(app) as running:
        far.url = str(running.make_url("")).rstrip("/")
        yield far
