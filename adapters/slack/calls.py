"""A call to Slack's Web API, and what the answer says of the message.

Most failures are answered with HTTP 200 and `ok: false`; the words for them are told on the page of each method, such
as https://docs.slack.dev/reference/methods/chat.postMessage#errors.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession

from adapters.base import Answered, Busy, Refused, Uncertain, call

TOKEN_PAUSE_S = 60.0
REASON_CHARS = 100
LATER = (
    "ratelimited",
    "rate_limited",
    "service_unavailable",
    "team_added_to_org",
    "accesslimited",
    "message_limit_exceeded",
    "request_timeout",
    "external_channel_migrating",
)
"""Not now: nothing was done."""
UNSURE = ("internal_error", "fatal_error")
"""Slack: some aspect of it may have succeeded all the same."""
OURS: Mapping[str, str] = {
    "invalid_auth": "the token is not accepted; take it anew from the app's settings, OAuth & Permissions",
    "not_authed": "the token is missing",
    "token_revoked": "the token was revoked: install the app anew, and take its token",
    "token_expired": "the token has expired: install the app anew, and take its token",
    "account_inactive": "the app is not installed any more: install it anew, and take its token",
    "not_allowed_token_type": "the token is of the wrong kind: a bot's begins with xoxb-",
    "no_permission": "the app lacks a right: install it anew from the manifest",
    "org_login_required": "the workspace is being moved by Slack",
    "ekm_access_denied": "the workspace's administrators have suspended the app",
    "team_access_not_granted": "the organisation has not let the app into this workspace",
}
"""What somebody must mend, and may: messages wait for it."""
SCOPE = "missing_scope"
NEVER: Mapping[str, str] = {
    "channel_not_found": "the app cannot see the channel",
    "is_archived": "the channel is archived",
    "not_in_channel": "the app is not in the channel",
    "user_not_in_channel": "whoever asked is not in the channel",
    "msg_too_long": "the message is too long for Slack",
    "restricted_action": "the workspace lets apps write nothing there",
    "cannot_dm_bot": "it is an app's own chat",
    "messages_tab_disabled": "the app takes no private messages: turn on App Home, Messages Tab",
}


class Denied(Refused):
    """Slack will never do it; `word` is its own word for why."""

    def __init__(self, word: str) -> None:
        super().__init__(NEVER.get(word, f"Slack refuses it ({word})"))
        self.word = word


@dataclass(frozen=True, slots=True, eq=False)
class Calls:
    """The calls with one token. `report` takes what is wrong with it, "" when nothing is."""

    http: ClientSession
    base: str
    proof: Mapping[str, str]
    report: Callable[[str], None]

    async def post(self, method: str, what: Mapping[str, Any], *, sends: bool = True) -> Mapping[str, Any]:
        """A call that changes something. Raises Denied, Busy, Uncertain, or Refused where nothing can be reached."""
        headers = {**self.proof, "Content-Type": "application/json; charset=utf-8"}
        body = json.dumps(what).encode()
        answer = await call(
            self.http, "POST", f"{self.base}/{method}", data=body, headers=headers, sends=sends
        )
        return self._judged(answer, sends=sends)

    async def ask(self, method: str, **what: str) -> Mapping[str, Any]:
        """A call that only asks; most of them take forms alone. Raises Denied, Busy or Refused."""
        return self._judged(await self.answered(method, **what), sends=False)

    async def answered(self, method: str, **what: str) -> Answered:
        """The same, not judged yet. Raises Busy or Refused."""
        url = f"{self.base}/{method}"
        return await call(self.http, "POST", url, data=what, headers=self.proof, sends=False)

    def _judged(self, answer: Answered, *, sends: bool) -> Mapping[str, Any]:
        data, word = answer.data, str(answer.data.get("error", ""))[:REASON_CHARS]
        if answer.status != 200:
            raise _unanswered(answer, sends=sends)
        if data.get("ok") is True:
            self.report("")
            return data
        trouble = OURS.get(word, "")
        if word == SCOPE:
            trouble = f"the app lacks the right {str(data.get('needed', ''))[:REASON_CHARS]}: {HOW_SCOPES}"
        if trouble:
            self.report(trouble)
            raise Busy(trouble, TOKEN_PAUSE_S)
        if word in LATER:
            raise Busy(f"Slack wants to be asked later ({word})", answer.retry_after_s)
        if word and word not in UNSURE:
            raise Denied(word)
        reason = f"Slack answers with an error of its own ({word or 'no answer that makes sense'})"
        raise (Uncertain if sends else Busy)(reason)


HOW_SCOPES = "add it under OAuth & Permissions, and install the app anew"


def _unanswered(answer: Answered, *, sends: bool) -> Busy | Uncertain:
    """What is not the Web API's own answer: too many calls, or somebody in between."""
    if answer.status in (500, 502, 504) and sends:
        return Uncertain(f"HTTP {answer.status}")
    reason = "Slack wants fewer calls" if answer.status == 429 else f"HTTP {answer.status}"
    return Busy(reason, answer.retry_after_s)
