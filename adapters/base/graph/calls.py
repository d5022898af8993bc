"""Calls of the Graph API: what its failures say of a call, and files that Meta keeps.

https://developers.facebook.com/docs/graph-api/guides/error-handling
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO
from urllib.parse import quote, urlsplit

from adapters.base.calling import Answered, call, download
from adapters.base.channel import Tools
from adapters.base.errors import Busy, Refused, Uncertain
from adapters.base.reading import maybe_object, maybe_text

VERSION = "v26.0"
BAD_TOKEN = 190
TRANSIENT = frozenset({1, 2, 1200})
"""Meta is at fault, and asks for another try."""
TOO_MANY = frozenset({4, 17, 32, 613, 80006, 80007})
"""Too many calls of the app, the user or the page."""
RESTRICTED = frozenset({368})
"""The page or the account is blocked for a while: messages wait until somebody has mended it."""
PAUSE_S = 60.0
TOKEN = "the token is not accepted; make a new one in Meta's app"
RIGHTS = "the token has no right to do that: give the app the permission"
RESTRICTION = "Meta has restricted the account for a while; see its support inbox"
REASON_CHARS = 200
MISSING: Mapping[tuple[int, int], str] = {
    (10, 0): RIGHTS,
    (10, 1893063): RESTRICTION,
    (230, 0): "the token has no right to send messages: give the app that permission",
    (200, 2018027): "the app may write to its own testers only: it must be reviewed, and live",
    (200, 2018028): "the app may write to its own testers only: it must be reviewed, and live",
}
"""What somebody must mend, by code and subcode: https://developers.facebook.com/docs/messenger-platform/error-codes"""
HOSTS = (".fbcdn.net", ".fbsbx.com", ".facebook.com", ".cdninstagram.com", ".instagram.com", ".whatsapp.net")
"""Where Meta keeps what people send."""
HOPS = 3


def error_of(answer: Answered) -> Mapping[str, Any]:
    """What the Graph API says is wrong: `code`, `error_subcode`, `message`, `is_transient`; empty where it says
    nothing."""
    return maybe_object(answer.data, "error")


def code_in(error: Mapping[str, Any], name: str) -> int:
    """A code of an error; 0 where it has none."""
    code = error.get(name)
    return code if type(code) is int else 0


def judge(answer: Answered, budget: str = "messages") -> str:
    """What must be mended on our side, "" when all is well; such messages wait. Raises Busy or Refused for all else
    that is wrong; `budget` is the one of which too much was drawn. A platform's own codes are to be looked at before.
    """
    if 200 <= answer.status < 300 and "error" not in answer.data:
        return ""
    error, told_s = error_of(answer), answer.retry_after_s
    code = code_in(error, "code")
    reason = f"{str(error.get('message') or 'refused')[:REASON_CHARS]} (HTTP {answer.status}, code {code})"
    if code in TOO_MANY or answer.status == 429:
        raise Busy(reason, told_s or PAUSE_S, budget)
    if code == BAD_TOKEN or answer.status == 401:
        return TOKEN
    if code in RESTRICTED:
        return RESTRICTION
    if answer.status >= 500 or code in TRANSIENT or error.get("is_transient") is True:
        raise Busy(reason, told_s)
    raise Refused(reason)


def judge_direct(answer: Answered) -> str:
    """The same for a page or an account, whose own codes come first."""
    error = error_of(answer)
    codes = code_in(error, "code"), code_in(error, "error_subcode")
    if codes == (200, 0) and "permission" in maybe_text(error, "message"):
        return RIGHTS
    return MISSING.get(codes) or judge(answer)


class Mend(Busy):
    """Somebody of ours must mend something first: the token, or its rights."""


class Graph:
    """Calls with one token, of which `judge` says what must be mended: that is reported until a call goes well."""

    def __init__(
        self, tools: Tools, base: str, token: str, judge: Callable[[Answered], str] = judge_direct
    ) -> None:
        self._tools = tools
        self._judge = judge
        self._base = base.rstrip("/")
        self._token = token
        self._headers = {"Authorization": f"Bearer {token}"}
        self._trouble = ""

    async def ask(
        self, method: str, path: str, *, json: object = None, data: object = None, sends: bool = False
    ) -> Mapping[str, Any]:
        """What the Graph API answers. Raises Refused, Busy or, where something `sends`, Uncertain."""
        url = f"{self._base}/{path}"
        answer = await call(
            self._tools.http, method, url, json=json, data=data, headers=self._headers, sends=sends
        )
        if sends and answer.status >= 500 and not error_of(answer):
            # Not Meta's own words: somebody in between gave up.
            raise Uncertain(f"HTTP {answer.status}")
        trouble = self._judge(answer)
        if trouble != self._trouble:
            self._trouble = trouble
            self._tools.report(trouble)
        if trouble:
            raise Busy(trouble) if trouble == RESTRICTION else Mend(trouble)
        return answer.data

    async def look(self, path: str, token: str = "") -> Mapping[str, Any] | None:
        """What the Graph API tells of something that it need not tell, perhaps only to another `token`; None where it
        does not, which is nobody's trouble. Raises Refused or Busy."""
        headers = {"Authorization": f"Bearer {token}"} if token else self._headers
        answer = await call(self._tools.http, "GET", f"{self._base}/{path}", headers=headers, sends=False)
        if answer.status == 429 or answer.status >= 500:
            raise Busy(f"HTTP {answer.status}", answer.retry_after_s)
        return answer.data if answer.status == 200 else None

    async def permissions(self, app: str, secrets: tuple[str, ...]) -> frozenset[str] | None:
        """Those that our token has, as Meta tells its app; None where it does not. Meta wants the token in the address
        here. Raises Refused or Busy."""
        path = f"debug_token?input_token={quote(self._token, safe='')}"
        for secret in secrets:
            told = maybe_object(await self.look(path, f"{app}|{secret}") or {}, "data").get("scopes")
            if isinstance(told, list):
                return frozenset(one for one in told if isinstance(one, str))
        return None

    async def fetch(self, address: str, into: BinaryIO, most_bytes: int, *, with_token: bool = False) -> None:
        """Write the file of an address at Meta's; nobody else is asked, nor shown the token. Raises Refused or Busy."""
        headers = self._headers if with_token else None
        for _ in range(HOPS):
            if not self._is_metas(address):
                raise Refused("there is nothing to fetch")
            answer = await download(self._tools.http, address, into, headers=headers, most_bytes=most_bytes)
            if answer.status not in (301, 302, 307):
                break
            address = answer.headers.get("Location", "")
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
        return ours or (where.scheme == "https" and f".{where.hostname}".endswith(HOSTS))
