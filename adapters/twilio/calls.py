"""Twilio's REST interface, and what a failure there says of a message, at once or afterwards.

Codes: https://www.twilio.com/docs/api/errors. Twilio's own words hold the customer's number and are not passed on.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import BinaryIO, NoReturn

import aiohttp

from adapters.base import Answered, Busy, Refused, Uncertain, call, download

PAUSE_S = 60.0
"""How long messages wait for somebody to mend the configuration before they try again."""
SLOWER = frozenset({20429, 21611})
NO_ACCOUNT = "the account or its token is not accepted (account, token)"
MISCONFIGURED: Mapping[int, str] = dict.fromkeys((10001, 20003, 20005, 20404), NO_ACCOUNT) | dict.fromkeys(
    (21212, 21603, 21606, 21659, 21660, 21701, 21703, 21704, 21705, 63007),
    "nothing can be sent from this sender (sender)",
)
"""Somebody must mend it, and may: the message waits."""
WHY: Mapping[int, str] = {
    21211: "the customer's number is not valid",
    21408: "messages to the customer's country are not switched on (in the Console: Geo permissions)",
    21608: "a trial account reaches verified numbers only",
    21610: "the customer has opted out with STOP: nothing can be sent until they write START",
    21612: "there is no way from our number to the customer's",
    21614: "the customer's number takes no text messages",
    30003: "the customer's phone is switched off or out of reach",
    30004: "the customer's number is blocked",
    30005: "the customer's number is not known any more",
    30006: "the customer's number is a landline, or out of reach",
    30007: "the carrier took it for unwanted and dropped it",
    30034: "our number is not registered for messages to the United States (A2P 10DLC)",
    63014: "the customer has blocked our number",
    63016: "the customer last wrote more than 24 hours ago, and WhatsApp takes no free text then: wait until they "
    "write, or reach them another way",
    63018: "more is being sent than WhatsApp lets our number send: try again later",
    63024: "the customer's number is not on WhatsApp",
}


class Rest:
    """The interface as one account sees it; `account` is its address there."""

    def __init__(self, http: aiohttp.ClientSession, base: str, account: str, token: str) -> None:
        self.base = base.rstrip("/")
        self.account = f"{self.base}/2010-04-01/Accounts/{account}"
        self._http = http
        login = base64.b64encode(f"{account}:{token}".encode()).decode()
        self._login = {"Authorization": f"Basic {login}"}

    async def get(self, address: str) -> Answered:
        """Read an address. Raises Refused or Busy."""
        return await call(self._http, "GET", address, headers=self._login, sends=False)

    async def download(self, address: str, into: BinaryIO, *, login: bool, most_bytes: int) -> Answered:
        """Write a file, as ourselves or as anybody. Raises Refused or Busy."""
        headers = self._login if login else {}
        return await download(self._http, address, into, headers=headers, most_bytes=most_bytes)

    async def send(self, form: Mapping[str, str]) -> str:
        """Send a message; gives its id. Raises Refused, Busy or Uncertain."""
        address = f"{self.account}/Messages.json"
        answer = await call(self._http, "POST", address, data=form, headers=self._login)
        if not 200 <= answer.status < 300:
            _failed(answer)
        sid = answer.data.get("sid")
        if not isinstance(sid, str) or not sid:
            raise Uncertain("an answer that makes no sense")
        return sid


def why(code: int) -> str:
    """What a code means, in words for agents."""
    return WHY.get(code) or MISCONFIGURED.get(code) or f"see https://www.twilio.com/docs/api/errors/{code}"


def _failed(answer: Answered) -> NoReturn:
    told = answer.data.get("code")
    code = told if isinstance(told, int) else 0
    if answer.status == 504:
        raise Uncertain("no answer: gateway timeout")
    if answer.status == 429 or code in SLOWER:
        raise Busy("Twilio wants it slower", answer.retry_after_s)
    if code in MISCONFIGURED:
        raise Busy(MISCONFIGURED[code], PAUSE_S)
    if answer.status in (401, 403):
        raise Busy(NO_ACCOUNT, PAUSE_S)
    if answer.status >= 500 or not code:
        # One that names no code is somebody's in between, and says nothing of the message.
        raise Busy(f"HTTP {answer.status}", answer.retry_after_s)
    raise Refused(f"{why(code)} (code {code})")
