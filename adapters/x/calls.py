"""A call to X's interface, and what X's answer says of what was to be sent.

https://docs.x.com/x-api/fundamentals/response-codes-and-errors and https://docs.x.com/x-api/fundamentals/rate-limits
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from aiohttp import ClientSession, FormData

from adapters.base import Answered, Busy, Refused, Uncertain, call, maybe_object
from adapters.x.oauth import Keys, authorization, nonce_of

LONGEST_S = 3_600.0
"""The longest silence that is believed; X says so again where it means more."""
PAUSE_S, MEND_S = 60.0, 300.0
REASON_CHARS = 200
OURS = ("client-forbidden", "oauth1-permissions", "unsupported-authentication")
"""How the `type` of an error ends that the app's rights are the cause of, whatever is sent to whomever."""
TOKEN_TROUBLE = "the tokens are not accepted: make new ones in X's console"
CREDITS_TROUBLE = "the credits are used up: buy some in X's console"
RIGHTS_TROUBLE = "the app may not do this: see its permissions in X's console, then make new tokens"


class Calls:
    """The calls of one account, proven by `keys` or by a `token` of OAuth 2.0. `report` takes what is wrong with
    sending, "" when nothing is."""

    def __init__(
        self,
        http: ClientSession,
        base: str,
        proof: Keys | str,
        now: Callable[[], float],
        report: Callable[[str], None],
    ) -> None:
        self._http = http
        self._proof = proof
        self._now = now
        self._report = report
        self.base = base.rstrip("/")

    def proof(
        self, method: str, url: str, what: str, form: Mapping[str, str] | None = None
    ) -> Mapping[str, str]:
        """The header that proves a call; `what` tells it from others of this moment."""
        if isinstance(self._proof, str):
            return {"Authorization": f"Bearer {self._proof}"}
        now = self._now()
        nonce = nonce_of(f"{method} {url} {what}", now)
        proven = authorization(self._proof, method, url, form or {}, nonce=nonce, timestamp=int(now))
        return {"Authorization": proven}

    async def send(self, path: str, what: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        """Say something to somebody; gives X's `data`. Raises Busy, Uncertain or Refused."""
        url = self.base + path
        answer = await call(self._http, "POST", url, json=what, headers=self.proof("POST", url, key))
        self.judge(answer)
        self._report("")
        data = answer.data.get("data")
        if isinstance(data, dict):
            return data
        if "errors" in answer.data:
            raise Refused("X has not taken it, and does not say why")
        raise Uncertain("an answer that makes no sense")

    async def look(self, path: str) -> Answered:
        """A call that delivers nothing. Raises Busy or Refused."""
        url = self.base + path
        answer = await call(self._http, "GET", url, headers=self.proof("GET", url, ""), sends=False)
        self.judge(answer, sends=False)
        return answer

    async def ask(self, path: str) -> Mapping[str, Any]:
        """The same; gives X's `data`."""
        return maybe_object((await self.look(path)).data, "data")

    async def upload(self, picture: bytes, category: str) -> str:
        """Lay a picture ready, for a day; gives its id. Raises Busy or Refused."""
        answer = await self.put(
            "/2/media/upload", {"media_category": category}, ("media", picture), sends=False
        )
        try:
            self.judge(answer)
        except Uncertain as error:
            raise Busy(str(error)) from error
        number = maybe_object(answer.data, "data").get("id")
        if not isinstance(number, str):
            raise Refused("X has not taken the picture")
        return number

    async def put(
        self, path: str, form: Mapping[str, str], file: tuple[str, bytes] | None = None, *, sends: bool = True
    ) -> Answered:
        """A form, with a file or without. Raises Busy, Uncertain where it `sends`, or Refused; what X answers is not
        judged."""
        url = self.base + path
        if file is None:
            proof = self.proof("POST", url, path, form)
            return await call(self._http, "POST", url, data=form, headers=proof, sends=sends)
        # What is sent in parts is not signed.
        parts, proof = FormData(), self.proof("POST", url, path)
        for name, value in form.items():
            parts.add_field(name, value)
        parts.add_field(file[0], file[1], filename=file[0], content_type="application/octet-stream")
        return await call(self._http, "POST", url, data=parts, headers=proof, sends=sends)

    def judge(self, answer: Answered, *, sends: bool = True) -> None:
        """Raises what an answer says of the call: nothing where all is well."""
        status, kind = answer.status, answer.data.get("type")
        if 200 <= status < 300:
            return
        if status == 401:
            self._wait_for_help(TOKEN_TROUBLE, sends=sends)
        if status == 402 or (isinstance(kind, str) and kind.endswith("usage-capped")):
            self._wait_for_help(CREDITS_TROUBLE, sends=sends)
        if status == 403 and isinstance(kind, str) and kind.endswith(OURS):
            self._wait_for_help(RIGHTS_TROUBLE, sends=sends)
        if status == 429:
            raise Busy("too many requests", self._delay_s(answer))
        if status in (500, 502, 504) and sends:
            raise Uncertain(f"X answers with an error (HTTP {status})")
        if status >= 500 or status < 400:
            raise Busy(f"HTTP {status}", answer.retry_after_s)
        raise Refused(f"{words_of(answer)} (HTTP {status})")

    def _wait_for_help(self, trouble: str, *, sends: bool) -> NoReturn:
        """Somebody must mend it, and may: what was to be sent waits."""
        if not sends:
            raise Refused(trouble)
        self._report(trouble)
        raise Busy(trouble, MEND_S)

    def _delay_s(self, answer: Answered) -> float:
        """Until the budget is renewed; X tells the moment, in epoch seconds."""
        for name in ("x-user-limit-24hour-reset", "x-rate-limit-reset"):
            spent = answer.headers.get(name.replace("reset", "remaining"), "0") == "0"
            moment = answer.headers.get(name, "")
            if spent and moment.isdecimal() and len(moment) < REASON_CHARS:
                return min(max(float(moment) - self._now(), 1.0), LONGEST_S)
        return answer.retry_after_s or PAUSE_S


def words_of(answer: Answered) -> str:
    """X's own words for what is wrong."""
    words = answer.data.get("detail") or answer.data.get("title")
    return words[:REASON_CHARS] if isinstance(words, str) else "X refuses it"
