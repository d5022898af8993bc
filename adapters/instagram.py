"""Instagram: customers who write to a professional account, in private or under its posts.

By the Instagram API with Instagram Login. Meta pushes signed batches; private messages go out by the Send API, public
answers as replies. What it has in common with Messenger stands in `adapters.base.graph`.

Invariant: nothing of a request is read before its signature was found right; the token stands in no text and no
address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from adapters.base import (
    Arrival,
    BadOptions,
    Busy,
    CustomerMessage,
    Finding,
    Limits,
    Person,
    Refused,
    Tools,
    each,
    examine_address,
    maybe_text,
    read_text,
    wanted_object,
)
from adapters.base.graph import (
    BATCH_BYTES,
    UNTOLD,
    VERSION,
    Direct,
    Graph,
    Inbound,
    Rights,
    Ways,
    examine_rights,
    id_at,
)

TEXT_BYTES = 1_000
"""https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api"""
FILE_BYTES = 25_000_000
NAME_CHARS = 30


def utf8(text: str) -> int:
    """The length of a text in bytes."""
    return len(text.encode("utf-8", "replace"))


def cut_bytes(text: str) -> str:
    """The beginning of a text, as much as Instagram takes; that something is missing shows by an "…"."""
    if utf8(text) <= TEXT_BYTES:
        return text
    return text.encode("utf-8", "replace")[: TEXT_BYTES - 3].decode("utf-8", "ignore") + "…"


WAYS = Ways(
    "Instagram",
    node="me",
    plain={},
    under="replies",
    # https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-comment/replies
    under_chars=300,
    metadata=False,
    upload=None,
    fields=("messages", "messaging_postbacks", "messaging_referral", "message_reactions", "comments"),
    links=("https://ig.me/m/", "https://www.ig.me/m/"),
    cut=cut_bytes,
    # https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api/user-profile
    person=("name,username",),
)
LIMITS = Limits(TEXT_BYTES, resend_is_safe=False, measure=utf8, file_bytes=FILE_BYTES, body_bytes=BATCH_BYTES)


@dataclass(frozen=True, slots=True)
class Options:
    """`username`: the account's, by which its own comments are known; `token`: its access token; `secret`: that of the
    Instagram app, or several during rotation; `verify_token`: what Meta has to know to be told that it is our address;
    `app_id`: the app's ids, by which messages of ours are told from those that somebody writes in Meta's inbox;
    `human_agent`: whether Meta lets humans answer for seven days; `api_base`: Instagram's address, with the version of
    the Graph API."""

    username: str
    token: str = field(repr=False)
    secret: str | tuple[str, ...] = field(repr=False)
    verify_token: str = field(repr=False)
    app_id: str | tuple[str, ...] = ""
    human_agent: bool = False
    api_base: str = f"https://graph.instagram.com/{VERSION}"


class Instagram(Direct):
    """One professional account."""

    def __init__(self, options: Options, rights: Rights, tools: Tools) -> None:
        graph = Graph(tools, options.api_base, options.token)
        inbound = Inbound("instagram", rights.apps, tools, partial(read_change, options.username))
        super().__init__(graph, inbound, WAYS, rights, LIMITS, tools)
        self._username = options.username

    async def check(self) -> list[Finding]:
        """Whether it would work."""
        try:
            account = await self._graph.ask("GET", "me?fields=user_id,username")
            apps = await self._graph.ask("GET", "me/subscribed_apps")
        except (Refused, Busy) as error:
            return [Finding("Meta takes the token", str(error))]
        name = str(account.get("username", ""))
        other = "" if name.lower() == self._username.lower() else f"`username` is “{self._username}”"
        return [Finding(f"the token is that of the account “{name}”", other), *self.pushed_to_us(apps)]


def open_channel(options: Options, tools: Tools) -> Instagram:
    """Raises BadOptions when an option cannot work."""
    name = options.username
    if not 0 < len(name) <= NAME_CHARS or not name.replace(".", "").replace("_", "").isalnum():
        raise BadOptions("username", "is no name of an account: letters, digits, “_” and “.”, without the @")
    examine_address("api_base", options.api_base)
    apps = each(options.app_id or ())
    rights = Rights(each(options.secret), options.verify_token, options.human_agent, apps)
    examine_rights(options.token, rights)
    return Instagram(options, rights, tools)


def read_change(
    username: str, account: str, name: str, value: Mapping[str, Any], where: str
) -> list[Arrival]:
    """A comment under a post; what the account itself says is nobody's question. Raises Malformed."""
    if name != "comments":
        return []
    ref, text = id_at(value, "id", where), read_text(value, "text") or UNTOLD
    writer = wanted_object(value, "from", where)
    customer = Person(id_at(writer, "id", f"{where}.from"), maybe_text(writer, "username"))
    if customer.id == account or customer.name.lower() == username.lower():
        return []
    return [CustomerMessage(ref, f"@{customer.id}", customer, text, ref=ref, public=True)]
