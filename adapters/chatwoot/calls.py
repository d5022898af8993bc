"""Calls to Chatwoot's REST interface: https://developers.chatwoot.com/api-reference

Invariant: no token and no text of a customer stands in an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import aiohttp

from adapters.base import Answered, Attachment, Busy, Refused, Uncertain, call
from adapters.chatwoot.events import OWN

REASON_CHARS = 200
ECHO_BYTES = 4_000_000
"""Chatwoot answers with the whole message, which may be the longest."""
MEND_S = 300.0
"""How long a message waits for a token that is not accepted."""
UNCERTAIN = frozenset({500, 502, 504})
"""Chatwoot fails after it has stored a message, too; of 503 it is certain that nothing was done."""
UNTOUCHED = frozenset({401, 403})


class Calls:
    """One account of one Chatwoot, with one token."""

    def __init__(self, http: aiohttp.ClientSession, api_base: str, account: int, token: str) -> None:
        self._http = http
        self.base = api_base.rstrip("/")
        self._conversations = f"{self.base}/api/v1/accounts/{account}/conversations"
        self._headers = {"api_access_token": token}

    async def profile(self) -> Answered:
        """Whose token it is. Raises Busy or Refused."""
        return await call(
            self._http, "GET", f"{self.base}/api/v1/profile", headers=self._headers, sends=False
        )

    async def tell(self, conversation_id: str, action: str, what: Mapping[str, Any]) -> Answered:
        """Change something about a conversation that nobody is shown as a message. Raises Busy or Refused."""
        url = f"{self._conversations}/{quote(conversation_id, safe='')}/{action}"
        return await call(self._http, "POST", url, json=what, headers=self._headers, sends=False)

    async def write(
        self, conversation_id: str, text: str, files: tuple[Attachment, ...] = (), *, private: bool = False
    ) -> Answered:
        """Write into a conversation. Raises Busy, Uncertain or Refused."""
        url = f"{self._conversations}/{quote(conversation_id, safe='')}/messages"
        if files:
            return await call(
                self._http, "POST", url, data=_form(text, files), headers=self._headers, most_bytes=ECHO_BYTES
            )
        what = {"content": text, "message_type": "outgoing", "private": private, "content_attributes": OWN}
        body = json.dumps(what, ensure_ascii=False).encode()
        headers = {**self._headers, "Content-Type": "application/json"}
        return await call(self._http, "POST", url, data=body, headers=headers, most_bytes=ECHO_BYTES)


def _form(text: str, files: tuple[Attachment, ...]) -> aiohttp.FormData:
    """Files go as a form, piece by piece."""
    form = aiohttp.FormData()
    fields = {
        "content": text,
        "message_type": "outgoing",
        "private": "false",
        "content_attributes": json.dumps(OWN),
    }
    for name, value in fields.items():
        form.add_field(name, value)
    for one in files:
        mime = one.file.mime or "application/octet-stream"
        form.add_field(
            "attachments[]", one.content, filename=one.file.name or one.file.kind, content_type=mime
        )
    return form


def judge(answer: Answered) -> str:
    """What must be mended on our side, "" when all is well. Raises Busy, Uncertain or Refused for all else."""
    if 200 <= answer.status < 300:
        return ""
    if answer.status in UNTOUCHED:
        return f"Chatwoot does not accept the token for this (HTTP {answer.status}): {reason_of(answer)}"
    if 300 <= answer.status < 400:
        return "Chatwoot's address has changed: api_base leads to another one"
    if answer.status in UNCERTAIN:
        raise Uncertain(f"Chatwoot failed (HTTP {answer.status})")
    if answer.status == 429 or answer.status >= 500:
        raise Busy(f"HTTP {answer.status}", answer.retry_after_s)
    if answer.status == 404:
        raise Refused("Chatwoot has no such conversation any more (HTTP 404)")
    raise Refused(f"Chatwoot refuses it (HTTP {answer.status})")


def reason_of(answer: Answered) -> str:
    """What Chatwoot says of a right that is missing."""
    said = answer.data.get("error") or answer.data.get("errors") or "it gives no reason"
    return str(said)[:REASON_CHARS]
