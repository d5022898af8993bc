"""X: customers in direct messages and in public posts, over https://docs.x.com/x-api.

X asks whether the address is ours before it pushes, and again every hour; each push is signed with the app's consumer
secret. Direct messages are few: fifteen within fifteen minutes, of which automatic texts take nine at most, so that
humans can always answer.

Invariant: nothing of a push is read before its signature was found right, no challenge is answered that could be a
push, and no secret and no text of a customer stands in an error.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from io import BytesIO
from typing import Any, BinaryIO
from urllib.parse import quote, urlsplit

from adapters.base import (
    Arrival,
    Attachment,
    Busy,
    CommandAnswer,
    EventOut,
    File,
    Finding,
    Inbox,
    Limits,
    Malformed,
    MessageOut,
    Outgoing,
    Outlet,
    Pace,
    Pushed,
    Refused,
    Shown,
    Told,
    Tools,
    Troubles,
    Undelivered,
    Untrusted,
    cut,
    download,
    each,
    maybe_object,
    one_by_one,
    read_object,
    utf16,
)
from adapters.x.calls import Calls
from adapters.x.events import Us, arrivals_of
from adapters.x.oauth import Keys
from adapters.x.options import Options, examine
from adapters.x.posts import POST_WEIGHT, cut_post, weight
from adapters.x.profile import OUTLETS, Places

__all__ = ["Options", "X", "open_channel"]

SIGNATURE = "x-twitter-webhooks-signature"
TEXT_UNITS, FILE_BYTES, PICTURE_BYTES = 10_000, 50_000_000, 5_000_000
PICTURES_IN_POST = 4
CHALLENGE = re.compile(r"[\w+/=.~ -]{1,1000}", re.ASCII)
"""No JSON is like this. X signs pushes and has challenges signed with the same secret: whoever could have any text
signed could push."""
# 1,440 within 24 hours are no limit of their own: that is 15 in each quarter of an hour.
MESSAGES = Pace("messages", 15, 900)
MESSAGES_OF_OURS = Pace("automatic-messages", 9, 900)
POSTS = Pace("posts", 100, 900)
POSTS_OF_OURS = Pace("automatic-posts", 60, 900)
"""https://docs.x.com/x-api/fundamentals/rate-limits; budgets of one name must be of one size."""
PRIVATE_HOSTS = frozenset({"ton.twitter.com", "ton.x.com"})
"""Keep what was sent in private, and want to know who asks."""
PUBLIC_HOSTS = frozenset({"pbs.twimg.com", "video.twimg.com"})
LESS = frozenset({"read", "read-write"})
"""What X calls the rights of tokens that have none to direct messages."""
MESSAGE_FILE = re.compile(r"/dm/([0-9]+)/([0-9]+)/([\w.:-]+)")


class X:
    """One account."""

    wants_events = False
    thanks = Told()
    limits = Limits(TEXT_UNITS, resend_is_safe=False, measure=utf16, file_bytes=PICTURE_BYTES)

    def __init__(self, options: Options, tools: Tools) -> None:
        secrets = each(options.consumer_secret)
        self._secrets = tuple(one.encode() for one in secrets)
        self._tools = tools
        self._account, self._handle = options.account, options.handle.removeprefix("@")
        self._troubles = Troubles(tools.report)
        self._us = Us(
            options.account,
            self._handle.lower(),
            options.app_id,
            tuple(one.lower() for one in options.keywords),
            tools.agents,
            tools.queues,
            quiet=options.acknowledge == "never",
        )
        keys = Keys(options.consumer_key, secrets[0], options.access_token, options.access_secret)
        self._token = options.token
        self._calls = Calls(
            tools.http,
            options.api_base,
            options.token or keys,
            tools.now,
            partial(self._troubles.report, "sending"),
        )
        self._places = Places(self._calls, tools.http, partial(self._troubles.report, "profile"))
        self.outlets: Sequence[Outlet] = OUTLETS if options.profile else ()

    # --- in ------------------------------------------------------------------------------------------------

    def answer(self, pushed: Pushed, now: float) -> Told | None:
        """Prove that we know the secret; X asks with a GET. Raises Malformed."""
        if pushed.method != "GET":
            return None
        challenge = pushed.query.get("crc_token", "")
        if not CHALLENGE.fullmatch(challenge):
            raise Malformed("crc_token: a word is wanted")
        return Told(
            json.dumps({"response_token": self._signed(challenge.encode())[0]}).encode(), "application/json"
        )

    def accept(self, headers: Mapping[str, str], body: bytes, now: float) -> list[Arrival]:
        """Verify and read what X pushes. Raises Untrusted or Malformed."""
        given = headers.get(SIGNATURE) or headers.get(SIGNATURE.title()) or ""
        proof = given.encode("utf-8", "replace")
        if not any(hmac.compare_digest(one.encode(), proof) for one in self._signed(body)):
            raise Untrusted(f"{SIGNATURE} does not match")
        return arrivals_of(read_object(body), self._us)

    def _signed(self, what: bytes) -> list[str]:
        """The signature with each secret."""
        digests = (hmac.digest(secret, what, "sha256") for secret in self._secrets)
        return [f"sha256={base64.b64encode(digest).decode()}" for digest in digests]

    async def listen(self, inbox: Inbox) -> None:
        """X pushes to where the app was told to; see docs/channels/x.md."""
        await asyncio.Event().wait()

    # --- out -----------------------------------------------------------------------------------------------

    def paces(self, outgoing: Outgoing) -> Sequence[Pace]:
        """What is written by humans draws on the whole, all else on a part of it first."""
        match outgoing:
            case MessageOut(public=post) if post:
                whole, part = POSTS, POSTS_OF_OURS
            case MessageOut() | CommandAnswer():
                whole, part = MESSAGES, MESSAGES_OF_OURS
            case _:
                return ()
        if isinstance(outgoing, CommandAnswer) or outgoing.kind != "reply":
            return part, whole
        # In private each picture is a message.
        draws = 1 if outgoing.public else min(max(len(outgoing.attachments), 1), whole.most)
        return (replace(whole, draws=draws),)

    async def send(self, outgoing: Outgoing) -> str:
        """Say it, in private or below a post. Raises Refused, Busy or Uncertain."""
        match outgoing:
            case MessageOut(public=post) if post:
                return await self._post(outgoing)
            case MessageOut():
                return await self._message(outgoing)
            case CommandAnswer():
                said = {"text": cut(outgoing.text, TEXT_UNITS)}
                return await self._tell(outgoing.agent_id, said, outgoing.key)
            case EventOut():
                return outgoing.key
        raise Refused("X changes nothing that was sent")

    async def _post(self, outgoing: MessageOut) -> str:
        post: dict[str, Any] = {"reply": {"in_reply_to_tweet_id": outgoing.public}}
        if text := _text_of(outgoing):
            if outgoing.kind == "reply" and weight(text) > POST_WEIGHT:
                # Nobody's words are cut behind their back.
                raise Refused(
                    f"a public answer holds {POST_WEIGHT} characters: write it shorter, or ask for a message"
                )
            post["text"] = cut_post(text)
        elif outgoing.attachments:
            pictures = [await self._picture(one) for one in outgoing.attachments]
            uploaded = [await self._calls.upload(one, "tweet_image") for one in pictures]
            post["media"] = {"media_ids": uploaded}
        sent = await self._calls.send("/2/tweets", post, outgoing.key)
        return str(sent.get("id") or outgoing.key)

    async def _message(self, outgoing: MessageOut) -> str:
        """A text, or a picture in a message of its own."""
        customer, text = outgoing.conversation_id, _text_of(outgoing)
        if customer.startswith("@"):
            raise Refused("there is no post to answer to")
        if text or not outgoing.attachments:
            return await self._tell(customer, {"text": text}, outgoing.key)
        return await one_by_one(outgoing.attachments, partial(self._show, customer, outgoing.key))

    async def _show(self, customer: str, key: str, attachment: Attachment) -> str:
        picture = await self._calls.upload(await self._picture(attachment), "dm_image")
        return await self._tell(customer, {"attachments": [{"media_id": picture}]}, f"{key} {picture}")

    async def _picture(self, attachment: Attachment) -> bytes:
        """A picture; one that came from X is got back from there."""
        if attachment.content is not None:
            return attachment.content.read()
        picture = BytesIO()
        await self.fetch(attachment.file, picture)
        return picture.getvalue()

    async def _tell(self, account: str, said: Mapping[str, Any], key: str) -> str:
        path = f"/2/dm_conversations/with/{quote(account, safe='')}/messages"
        sent = await self._calls.send(path, said, key)
        return str(sent.get("dm_event_id") or key)

    # --- beside --------------------------------------------------------------------------------------------

    def invitation(self, payload: str) -> str:
        """The address that opens a message to us, with the words in it; who opens it sends them."""
        opens = self._tools.contact
        if "recipient_id=" not in opens:
            opens = f"https://x.com/messages/compose?recipient_id={self._account}"
        return f"{opens}&text={quote(f'/start {payload}', safe='/')}" if payload else opens

    async def fetch(self, file: File, into: BinaryIO) -> None:
        """What a customer sent, from X's own servers only. Raises Refused or Busy."""
        address, private = self._kept_at(file.ref)
        proof = self._calls.proof("GET", address, "") if private else {}
        answer = await download(self._tools.http, address, into, headers=proof, most_bytes=FILE_BYTES)
        if answer.status in (404, 410):
            raise Refused("X does not keep the file any more")
        self._calls.judge(answer, sends=False)
        if answer.status != 200:
            raise Busy(f"HTTP {answer.status}")

    def _kept_at(self, ref: str) -> tuple[str, bool]:
        """Where a file is asked for, and whether X wants to know by whom. Raises Refused."""
        try:
            where = urlsplit(ref)
        except ValueError:
            raise Refused("the address is not valid") from None
        private = ref.startswith(f"{self._calls.base}/") or where.hostname in PRIVATE_HOSTS
        if not private and where.hostname not in PUBLIC_HOSTS:
            raise Refused("it is not kept by X")
        if where.scheme != "https" and not ref.startswith(f"{self._calls.base}/"):
            raise Refused("X keeps nothing where nobody can be sure of it")
        kept = MESSAGE_FILE.search(where.path)
        if kept and self._token:
            # Tokens of OAuth 2.0 are taken here only.
            return f"{self._calls.base}/2/dm_conversations/media/{'/'.join(kept.groups())}", True
        return ref, private

    async def read_outlet(self, name: str) -> Shown:
        """What stands in the profile. Raises Refused or Busy."""
        return await self._places.read(name)

    async def show_outlet(self, name: str, shown: Shown) -> None:
        """Put it into the profile. Raises Refused, Busy or Uncertain."""
        await self._places.show(name, shown)

    async def check(self) -> list[Finding]:
        """Whether the tokens are taken, and are those of the account that is configured."""
        pushed = Finding(f"X must be told to push to {self._tools.hook_url}")
        try:
            answer = await self._calls.look("/2/users/me")
        except Undelivered as error:
            return [Finding("X takes the tokens", str(error)), pushed]
        me = maybe_object(answer.data, "data")
        name, number = me.get("username", ""), me.get("id", "")
        same = number == self._account and str(name).lower() == self._us.handle
        wrong = f"they are those of @{name}, {number}: mend handle and account" if not same else ""
        told = _level(answer.headers.get("x-access-level", ""))
        return [Finding(f"the tokens are those of @{self._handle}", wrong), *told, pushed]

    async def aclose(self) -> None:
        """Nothing was opened."""


def _level(told: str) -> list[Finding]:
    """What X tells of the rights of tokens, if it does: of those of OAuth 1.0a."""
    unable = f"only “{told}”: give the app “Read and write and Direct message”, then make new tokens"
    return [Finding("they may read and send direct messages", unable if told in LESS else "")] if told else []


def _text_of(message: MessageOut) -> str:
    """What is said, places as links; "" where pictures are sent instead. Raises Refused."""
    kinds = {one.file.kind for one in message.attachments}
    if kinds == {"location"}:
        return "\n".join(one.file.text or one.file.ref for one in message.attachments)
    if not kinds <= {"photo"} or (message.public and len(message.attachments) > PICTURES_IN_POST):
        raise Refused("X takes pictures only, and four at most in public: write a link")
    return "" if kinds else message.text


def open_channel(options: Options, tools: Tools) -> X:
    """Raises BadOptions when an option cannot work."""
    examine(options, tools.hook_url)
    return X(options, tools)
