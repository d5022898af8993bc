"""A call to the Messaging API, and what LINE's answer says of the message.

https://developers.line.biz/en/reference/messaging-api/#status-codes
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from aiohttp import ClientSession

from adapters.base import Answered, Busy, Refused, Uncertain, call, download

FETCH_BYTES = 50_000_000
"""LINE does not tell how large a file may be; a larger one than this is not carried on."""
PREPARED_S, TOKEN_PAUSE_S = 5.0, 60.0
REASON_CHARS = 200
QUOTA_WORDS = "monthly limit"
"""In what LINE says when the month's messages are used up; with the same status it asks for fewer requests."""


class Calls:
    """The calls of one account. `report` takes what is wrong with sending, "" when nothing is."""

    def __init__(
        self, http: ClientSession, token: str, bases: tuple[str, str], report: Callable[[str], None]
    ) -> None:
        self._http = http
        self._proof = {"Authorization": f"Bearer {token}"}
        self._base, self._data_base = (base.rstrip("/") for base in bases)
        self._report = report

    async def post(self, path: str, json: object, headers: Mapping[str, str] | None = None) -> Answered:
        """A call that says something to somebody; `judge` what it answers. Raises Busy, Uncertain or Refused."""
        proof = {**self._proof, **(headers or {})}
        return await call(self._http, "POST", self._base + path, json=json, headers=proof)

    async def ask(
        self, method: str, path: str, json: object = None, *, unset_is_fine: bool = False
    ) -> Mapping[str, Any]:
        """A call that delivers nothing; 404 is {} where `unset_is_fine`. Raises Refused or Busy."""
        answer = await call(
            self._http, method, self._base + path, json=json, headers=self._proof, sends=False
        )
        if answer.status == 401:
            raise Refused("the token is not accepted; take it anew from LINE's console (token)")
        if answer.status == 404 and unset_is_fine:
            return {}
        self.judge(answer, sends=False)
        return answer.data

    async def content(self, path: str, into: BinaryIO) -> None:
        """Write what a customer sent. Raises Refused or Busy."""
        url = self._data_base + path
        answer = await download(self._http, url, into, headers=self._proof, most_bytes=FETCH_BYTES)
        if answer.status == 202:
            raise Busy("LINE still prepares the file", PREPARED_S)
        if answer.status in (404, 410):
            raise Refused("LINE does not keep the file any more")
        self.judge(answer, sends=False)

    def judge(self, answer: Answered, *, sends: bool = True) -> None:
        """Raises what an answer says of the message: nothing where it was taken."""
        status, words = answer.status, words_of(answer)
        if 200 <= status < 300:
            if sends:
                self._report("")
            return
        if status == 401:
            # Somebody must mend it, and may: the message waits.
            self._report("the token is not accepted")
            raise Busy("the token is not accepted", TOKEN_PAUSE_S)
        if status == 429 and QUOTA_WORDS in words.lower():
            self._report("the month's messages are used up: see the account's plan")
            raise Refused("the month's messages are used up")
        if status >= 500 and sends:
            # LINE: it may have been delivered all the same.
            raise Uncertain(f"LINE answers with an error (HTTP {status})")
        if status >= 500 or status < 400 or status == 429:
            raise Busy(f"HTTP {status}", answer.retry_after_s)
        raise Refused(f"{words or 'refused'} (HTTP {status})")


def words_of(answer: Answered) -> str:
    """LINE's own words for what is wrong: they name fields, never what stands in them."""
    words = answer.data.get("message")
    return words[:REASON_CHARS] if isinstance(words, str) else ""


def sent_id(answer: Answered) -> str:
    """The id of the message that was taken; "" if none is told."""
    sent = answer.data.get("sentMessages")
    first = sent[0] if isinstance(sent, list) and sent else None
    return str(first.get("id", "")) if isinstance(first, dict) else ""
