"""Messenger: customers who write to a Facebook page, in private or in public.

Meta pushes signed batches; private messages go out by the Send API, public answers as comments. What both have in
common with Instagram stands in `adapters.base.graph`.

    feed    comments and posts of visitors
    cover   the page's cover as an outlet

Invariant: nothing of a request is read before its signature was found right; the token stands in no text, and in an
address only where Meta is asked what it may do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import BinaryIO

from aiohttp import FormData

from adapters.base import (
    BadOptions,
    Busy,
    Finding,
    Limits,
    Refused,
    Shown,
    Tools,
    cut,
    each,
    examine_address,
    utf16,
)
from adapters.base.graph import (
    BATCH_BYTES,
    VERSION,
    Direct,
    Graph,
    Inbound,
    Rights,
    Ways,
    examine_rights,
    permitted,
)
from adapters.messenger.cover import COVER, Cover
from adapters.messenger.feed import read_change

__all__ = ["Messenger", "Options", "open_channel"]

TEXT_UNITS = 2_000
"""https://developers.facebook.com/docs/messenger-platform/reference/send-api/#message; in which units it does not say:
Jono counts in the largest."""
FILE_BYTES = 25_000_000
FIELDS = (
    "messages",
    "messaging_postbacks",
    "messaging_referrals",
    "message_echoes",
    "message_edits",
    "message_reactions",
    "feed",
)


def form_of(fields: Mapping[str, str], name: str, mime: str, content: BinaryIO) -> FormData:
    """A message that brings its file along."""
    form = FormData(fields)
    form.add_field("filedata", content, filename=name, content_type=mime)
    return form


NEEDED = ("pages_messaging", "pages_manage_metadata", "pages_read_engagement", "pages_manage_engagement")
"""Permissions for messages, for what is pushed, for comments and for answers to them."""
FOR_COVER = "pages_manage_posts"
WAYS = Ways(
    "Messenger",
    node="me",
    plain={"messaging_type": "RESPONSE"},
    under="comments",
    under_chars=8_000,
    metadata=True,
    upload=form_of,
    fields=FIELDS,
    links=("https://m.me/", "https://www.m.me/"),
    cut=partial(cut, most=TEXT_UNITS),
    # https://developers.facebook.com/docs/messenger-platform/identity/user-profile: the language is a right of its own.
    person=("name,locale", "name"),
)
LIMITS = Limits(
    TEXT_UNITS, resend_is_safe=False, measure=utf16, file_bytes=FILE_BYTES, body_bytes=BATCH_BYTES
)


@dataclass(frozen=True, slots=True)
class Options:
    """`page`: the page's id; `token`: its access token; `secret`: the app's, or several during rotation;
    `verify_token`: what Meta has to know to be told that the address is ours; `app_id`: the app's id, by which messages
    of ours are told from those that somebody writes in Meta's inbox; `human_agent`: whether Meta lets humans answer for
    seven days; `api_base`: Meta's address, with the version of the Graph API."""

    page: str
    token: str = field(repr=False)
    secret: str | tuple[str, ...] = field(repr=False)
    verify_token: str = field(repr=False)
    app_id: str = ""
    human_agent: bool = False
    api_base: str = f"https://graph.facebook.com/{VERSION}"


class Messenger(Direct):
    """One page."""

    outlets = (COVER,)

    def __init__(self, options: Options, rights: Rights, tools: Tools) -> None:
        graph = Graph(tools, options.api_base, options.token)
        inbound = Inbound("page", rights.apps, tools, read_change, account=options.page)
        super().__init__(graph, inbound, replace(WAYS, node=options.page), rights, LIMITS, tools)
        self._page = options.page
        self._cover = Cover(graph, options.page, tools.bookmarks)

    async def read_outlet(self, name: str) -> Shown:
        """The page's cover. Raises Refused or Busy."""
        return await self._cover.read()

    async def show_outlet(self, name: str, shown: Shown) -> None:
        """Change the page's cover. Raises Refused, Busy or Uncertain."""
        await self._cover.show(shown)

    async def check(self) -> list[Finding]:
        """Whether it would work."""
        try:
            page = await self._graph.ask("GET", f"{self._page}?fields=name")
            apps = await self._graph.ask("GET", f"{self._page}/subscribed_apps")
            may = [await self._may(app) for app in self._rights.apps]
        except (Refused, Busy) as error:
            return [Finding("Meta takes the token", str(error))]
        name = page.get("name", "")
        return [Finding(f"the token is that of the page “{name}”"), *self.pushed_to_us(apps), *may]

    async def _may(self, app: str) -> Finding:
        """Whether the token has its permissions; who wants no cover may do without one of them."""
        granted = await self._graph.permissions(app, self._rights.secrets)
        finding = permitted(granted, NEEDED)
        if granted is None or FOR_COVER in granted:
            return finding
        return replace(finding, what=f"{finding.what} (not {FOR_COVER}, for the cover)")


def open_channel(options: Options, tools: Tools) -> Messenger:
    """Raises BadOptions when an option cannot work."""
    if not options.page.isdecimal():
        raise BadOptions("page", "is no id of a page: a number, which stands in the page's settings")
    examine_address("api_base", options.api_base)
    apps = each(options.app_id or ())
    rights = Rights(each(options.secret), options.verify_token, options.human_agent, apps)
    examine_rights(options.token, rights)
    return Messenger(options, rights, tools)
