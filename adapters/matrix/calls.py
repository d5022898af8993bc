"""A call to the homeserver, and what its answer says of the message.

https://spec.matrix.org/latest/client-server-api/#standard-error-response
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import ClientSession

from adapters.base import Answered, Busy, Refused, Uncertain, call, maybe_text
from adapters.matrix.lenient import object_in

CLIENT = "/_matrix/client/v3"
ANSWER_BYTES = 1_000_000
MEND_S, LONGEST_S = 60.0, 3_600.0
MENDABLE: Mapping[str, str] = {
    "M_UNKNOWN_TOKEN": "the token is not accepted; make a new one",
    "M_MISSING_TOKEN": "the token is not accepted; make a new one",
    "M_USER_DEACTIVATED": "the bot's account is deactivated",
    "M_USER_LOCKED": "the bot's account is locked",
    "M_USER_SUSPENDED": "the bot's account is suspended",
    "M_EXCLUSIVE": "the bot's name is not in the namespace of the application service's registration",
}
"""What somebody must mend, and may: messages wait for it."""


class Forbidden(Refused):
    """The bot is not in that room, or may not do that in it."""


class Unaccepted(Busy):
    """The homeserver does not take the bot for who it is."""


class Calls:
    """The calls of one bot. `acting` is the bot where the token is that of an application service, "" else; `report`
    takes what is wrong with sending, "" when nothing is."""

    def __init__(
        self, http: ClientSession, base: str, token: str, acting: str, report: Callable[[str], None]
    ) -> None:
        self.http = http
        self.proof = {"Authorization": f"Bearer {token}"}
        self._base = base.rstrip("/")
        self._acting = {"user_id": acting} if acting else {}
        self._report = report

    def url(self, path: str, query: Mapping[str, object] | None = None) -> str:
        """The address of a call."""
        asked = urlencode({**self._acting, **(query or {})})
        return f"{self._base}{path}{'?' if asked else ''}{asked}"

    async def send(self, path: str, json: object) -> Mapping[str, Any]:
        """PUT something that people are shown; the same path is done once. Raises Busy, Uncertain or Refused."""
        answer = await call(self.http, "PUT", self.url(path), json=json, headers=self.proof)
        judge(answer, self._report)
        self._report("")
        return answer.data

    async def ask(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        query: Mapping[str, object] | None = None,
        most_bytes: int = ANSWER_BYTES,
    ) -> Mapping[str, Any]:
        """A call that says nothing to anybody. Raises Busy or Refused."""
        answer = await call(
            self.http,
            method,
            self.url(path, query),
            json=json,
            headers=self.proof,
            sends=False,
            most_bytes=most_bytes,
        )
        judge(answer, self._report, sends=False)
        return object_in(answer.body)

    async def join(self, room_id: str) -> None:
        """Go into a room that the bot was invited to. Raises Busy or Refused."""
        await self.ask("POST", f"{CLIENT}/join/{quoted(room_id)}", json={})


def quoted(name: str) -> str:
    """A name as a part of a path."""
    return quote(name, safe="")


def judge(answer: Answered, report: Callable[[str], None], *, sends: bool = True) -> None:
    """Raises what an answer says of the message: nothing where it was taken. Of the homeserver's words only the code is
    told, as the others may quote people."""
    status = answer.status
    if 200 <= status < 300:
        return
    code = maybe_text(answer.data, "errcode")
    reason = f"{code[:60] or 'no code'} (HTTP {status})"
    if status == 429 or code == "M_LIMIT_EXCEEDED":
        raise Busy(reason, _delay(answer))
    if status == 401 or code in MENDABLE:
        trouble = MENDABLE.get(code, "the token is not accepted; make a new one")
        report(trouble)
        raise Unaccepted(trouble, MEND_S)
    if status >= 500:
        raise Uncertain(reason) if sends else Busy(reason, answer.retry_after_s)
    if status == 413 or code == "M_TOO_LARGE":
        raise Refused("it is larger than the homeserver takes")
    if status < 400 or not code:
        raise Busy(f"that is no homeserver's answer: {reason}")
    raise (Forbidden if code == "M_FORBIDDEN" else Refused)(reason)


def _delay(answer: Answered) -> float | None:
    """How long the homeserver wants silence; older ones tell it in the body."""
    told_ms = answer.data.get("retry_after_ms")
    if type(told_ms) is int and told_ms >= 0:
        return min(told_ms / 1000, LONGEST_S)
    return answer.retry_after_s
