"""Calls of the Cloud API, and what its failures say. They are told by `code` and `error_data.details`, not by titles.

https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO
from urllib.parse import quote, urlsplit

from adapters.base import Answered, Busy, Refused, Tools, Uncertain, call, download
from adapters.base.graph import REASON_CHARS, Mend, error_of, judge

PASSING: Mapping[int, float | None] = {
    131000: None,
    131016: None,
    130429: 10.0,
    131056: 6.0,
    131048: 900.0,
    133004: 60.0,
}
"""What passes by itself, and after how many seconds it is worth another try: our fault is none, or to be too fast."""
OURS: Mapping[int, str] = {
    131031: "Meta has locked the account; see the support inbox of its Business Manager",
    131042: "Meta could not charge the account; see its payment settings",
    133010: "the number is not registered with the Cloud API",
}
"""What somebody must mend, and may: messages wait for it."""
CLOSED = 131047
NEVER: Mapping[int, str] = {
    CLOSED: "the customer last wrote more than 24 hours ago; WhatsApp takes only an approved template now",
    131026: "it cannot be brought to the customer: no WhatsApp there, an old one, or its terms are not accepted",
    131051: "WhatsApp does not support this kind of message",
    131053: "WhatsApp does not take the file",
    130472: "WhatsApp did not bring it: the customer is part of an experiment of Meta's",
    131049: "WhatsApp did not bring it, so that the customer is not written to too often",
    131030: "the number is a test number, and the customer is not on its list",
    132000: "the template has not exactly one parameter in its body: see `template`",
    132001: "there is no such template in that language, or it is not approved: see `template`",
    132015: "Meta has paused the template: see `template`",
}
MEDIA_HOSTS = (".fbsbx.com", ".facebook.com", ".fbcdn.net", ".whatsapp.net")
"""Where Meta keeps what customers send; the token goes nowhere else."""


def reason_of(error: Mapping[str, Any]) -> str:
    """What an error says, for agents: our own words where we have some, else Meta's."""
    code, data = _code(error), error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else None
    told = next(
        (one for one in (details, error.get("message"), error.get("title")) if isinstance(one, str)), ""
    )
    words = NEVER.get(code) or OURS.get(code) or told[:REASON_CHARS] or "refused"
    return f"{words} (code {code})"


class Calls:
    """Calls with one token. What must be mended is reported until a call goes well."""

    def __init__(self, tools: Tools, base: str, token: str) -> None:
        self._tools = tools
        self._base = base.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        self._trouble = ""

    async def ask(
        self, method: str, path: str, *, json: object = None, data: object = None, sends: bool = False
    ) -> Mapping[str, Any]:
        """What the Cloud API answers. Raises Refused, Busy or, where something `sends`, Uncertain."""
        url = f"{self._base}/{path}"
        answer = await call(
            self._tools.http, method, url, json=json, data=data, headers=self._headers, sends=sends
        )
        trouble = _judge(answer, sends=sends)
        if trouble != self._trouble:
            self._trouble = trouble
            self._tools.report(trouble)
        if trouble:
            raise Mend(trouble)
        return answer.data

    async def fetch(self, media: str, into: BinaryIO, most_bytes: int) -> None:
        """Write a file by its id. Its address is good for five minutes: it is asked for each time. Raises Refused or
        Busy."""
        address = (await self.ask("GET", quote(media, safe=""))).get("url")
        if not isinstance(address, str) or not self._is_metas(address):
            raise Refused("there is nothing to fetch")
        answer = await download(self._tools.http, address, into, headers=self._headers, most_bytes=most_bytes)
        if answer.status == 429 or answer.status >= 500:
            raise Busy(f"HTTP {answer.status}", answer.retry_after_s)
        if answer.status != 200:
            raise Refused(f"Meta does not keep the file any more (HTTP {answer.status})")

    def _is_metas(self, address: str) -> bool:
        try:
            where, own = urlsplit(address), urlsplit(self._base)
        except ValueError:
            return False
        ours = (where.scheme, where.netloc) == (own.scheme, own.netloc)
        return ours or (where.scheme == "https" and f".{where.hostname}".endswith(MEDIA_HOSTS))


def _code(error: Mapping[str, Any]) -> int:
    code = error.get("code")
    return code if type(code) is int else 0


def _judge(answer: Answered, *, sends: bool) -> str:
    """What must be mended on our side, "" when all is well. Raises Busy, Refused or Uncertain."""
    error = error_of(answer)
    code = _code(error)
    if sends and answer.status >= 500 and not error:
        # Not Meta's own words: somebody in between gave up.
        raise Uncertain(f"HTTP {answer.status}")
    if code in PASSING:
        raise Busy(reason_of(error), answer.retry_after_s or PASSING[code])
    if code in OURS:
        return OURS[code]
    if code in NEVER:
        raise Refused(reason_of(error))
    return judge(answer)
